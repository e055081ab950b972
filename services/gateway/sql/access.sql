-- name: lock_stream(stream)!
SELECT pg_advisory_xact_lock(hashtextextended(:stream, 0));

-- name: place_of_environment(thing_id, operator)^
-- Of a removed one too: its backups are still listed.
SELECT environment_id, app_id, coalesce(organisation_id, :operator) AS organisation_id
FROM read.environment LEFT JOIN gateway.app_owner USING (app_id)
WHERE environment_id = :thing_id;

-- name: place_of_app(thing_id, operator)^
SELECT NULL::uuid AS environment_id, app_id, coalesce(organisation_id, :operator) AS organisation_id
FROM read.app LEFT JOIN gateway.app_owner USING (app_id)
WHERE app_id = :thing_id;

-- name: place_of_new_app(thing_id, operator)^
-- Of one that is not in the read model yet.
SELECT NULL::uuid AS environment_id, app_id, coalesce(organisation_id, :operator) AS organisation_id
FROM gateway.app_owner
WHERE app_id = :thing_id;

-- name: place_of_backup(thing_id, operator)^
SELECT environment_id, app_id, coalesce(organisation_id, :operator) AS organisation_id
FROM read.backup JOIN read.environment USING (environment_id) LEFT JOIN gateway.app_owner USING (app_id)
WHERE backup_id = :thing_id;

-- name: place_of_restore(thing_id, operator)^
-- The destination.
SELECT environment_id, app_id, coalesce(organisation_id, :operator) AS organisation_id
FROM read.restore JOIN read.environment USING (environment_id) LEFT JOIN gateway.app_owner USING (app_id)
WHERE restore_id = :thing_id;

-- name: place_of_upload(thing_id, operator)^
SELECT environment_id, app_id, coalesce(organisation_id, :operator) AS organisation_id
FROM read.upload JOIN read.environment USING (environment_id) LEFT JOIN gateway.app_owner USING (app_id)
WHERE upload_id = :thing_id;

-- name: place_of_parcel(thing_id, operator)^
SELECT environment_id, app_id, coalesce(organisation_id, :operator) AS organisation_id
FROM gateway.parcel LEFT JOIN gateway.app_owner USING (app_id)
WHERE parcel_id = :thing_id;

-- name: place_of_preflight(thing_id, operator)^
SELECT environment_id, app_id, coalesce(organisation_id, :operator) AS organisation_id
FROM read.preflight JOIN read.environment USING (environment_id) LEFT JOIN gateway.app_owner USING (app_id)
WHERE preflight_id = :thing_id;

-- name: place_of_archive(thing_id, operator)^
SELECT environment_id, app_id, coalesce(organisation_id, :operator) AS organisation_id
FROM gateway.archive LEFT JOIN gateway.app_owner USING (app_id)
WHERE archive_id = :thing_id;

-- name: place_of_policy_change(thing_id, operator)^
SELECT environment_id, app_id, coalesce(organisation_id, :operator) AS organisation_id
FROM read.policy_change LEFT JOIN gateway.app_owner USING (app_id)
WHERE policy_change_id = :thing_id;

-- name: place_of_organisation(thing_id, operator)^
SELECT NULL::uuid AS environment_id, NULL::uuid AS app_id, organisation_id
FROM gateway.organisation WHERE organisation_id = :thing_id AND :operator::uuid IS NOT NULL;

-- name: own_app(app_id, organisation_id)$
-- Whoever registers an app owns it; handed over, it stays so when the registration is repeated.
INSERT INTO gateway.app_owner (app_id, organisation_id) VALUES (:app_id, :organisation_id)
ON CONFLICT (app_id) DO NOTHING
RETURNING true;

-- name: revoke_in_app(app_id, organisation_id, operator)
-- What users of the app's organisation until now may there and in its environments, where it is another from now on.
DELETE FROM gateway.access USING gateway.person
WHERE access.user_id = person.user_id
    AND (
        kind = 'app' AND place_id = :app_id
        OR kind = 'environment' AND place_id IN (SELECT environment_id FROM read.environment WHERE app_id = :app_id)
    )
    AND person.organisation_id <> :organisation_id
    AND person.organisation_id = coalesce(
        (SELECT organisation_id FROM gateway.app_owner WHERE app_id = :app_id), :operator
    )
RETURNING access.user_id, kind, place_id AS id;

-- name: hand_over_app(app_id, organisation_id)!
INSERT INTO gateway.app_owner (app_id, organisation_id) VALUES (:app_id, :organisation_id)
ON CONFLICT (app_id) DO UPDATE SET organisation_id = :organisation_id;

-- name: add_organisation(organisation_id, name, now)$
INSERT INTO gateway.organisation (organisation_id, name, added_at) VALUES (:organisation_id, :name, :now)
ON CONFLICT DO NOTHING
RETURNING true;

-- name: organisation(organisation_id)^
SELECT organisation_id, name, added_at FROM gateway.organisation WHERE organisation_id = :organisation_id;

-- name: organisations(among, after, after_id, count)
SELECT organisation_id, name, added_at, name AS spelling, organisation_id AS id FROM gateway.organisation
WHERE (:among::uuid[] IS NULL OR organisation_id = ANY (:among::uuid[]))
    AND (:after::text IS NULL OR (name COLLATE "C", organisation_id) > (:after, :after_id::uuid))
ORDER BY name COLLATE "C", organisation_id
LIMIT :count;

-- name: add_user(user_id, name, organisation_id, now)$
INSERT INTO gateway.person (user_id, name, organisation_id, created_at)
VALUES (:user_id, :name, :organisation_id, :now)
ON CONFLICT DO NOTHING
RETURNING true;

-- name: user(user_id)^
SELECT user_id, name, organisation_id, created_at AS added_at FROM gateway.person
WHERE user_id = :user_id AND removed_at IS NULL;

-- name: users(name, organisation_id, after, after_id, count)
SELECT user_id, name, organisation_id, created_at AS added_at, name AS spelling, user_id AS id FROM gateway.person
WHERE removed_at IS NULL
    AND (:name::text IS NULL OR lower(name) = lower(:name))
    AND (:organisation_id::uuid IS NULL OR organisation_id = :organisation_id)
    AND (:after::text IS NULL OR (name COLLATE "C", user_id) > (:after, :after_id::uuid))
ORDER BY name COLLATE "C", user_id
LIMIT :count;

-- name: lock_people()!
LOCK TABLE gateway.person IN SHARE ROW EXCLUSIVE MODE;

-- name: remove_user(user_id, now)$
WITH gone AS (DELETE FROM gateway.access WHERE user_id = :user_id),
    closed AS (UPDATE gateway.api_key SET revoked_at = :now WHERE user_id = :user_id AND revoked_at IS NULL),
    taken_back AS (DELETE FROM gateway.invitation WHERE user_id = :user_id)
UPDATE gateway.person SET removed_at = :now, password_hash = NULL, openid_subject = NULL
WHERE user_id = :user_id AND removed_at IS NULL
RETURNING name;

-- name: has_another_admin(user_id)$
-- Somebody else who may do everything everywhere, so that nobody locks the last one out.
SELECT EXISTS (
    SELECT FROM gateway.access WHERE kind = 'platform' AND 'admin' = ANY (rights) AND user_id <> :user_id
);

-- name: invite(invitation_id, user_id, hash, ends_at, invited_by)!
INSERT INTO gateway.invitation (invitation_id, user_id, hash, ends_at, invited_by)
VALUES (:invitation_id, :user_id, :hash, :ends_at, :invited_by);

-- name: withdraw_invitations(user_id)!
-- They stay known, so that a late repeat of what made one makes no other.
UPDATE gateway.invitation SET ends_at = least(ends_at, clock_timestamp())
WHERE user_id = :user_id AND accepted_at IS NULL;

-- name: invitation(invitation_id)^
SELECT user_id, ends_at FROM gateway.invitation WHERE invitation_id = :invitation_id;

-- name: find_invitation(invitation_id, repeat_seconds)^
-- One that can be accepted, or was a moment ago.
SELECT user_id, hash, invited_by FROM gateway.invitation
WHERE invitation_id = :invitation_id AND (
    accepted_at IS NULL AND ends_at > clock_timestamp()
    OR accepted_at > clock_timestamp() - make_interval(secs => :repeat_seconds)
);

-- name: accept_invitation(invitation_id)$
UPDATE gateway.invitation SET accepted_at = clock_timestamp()
WHERE invitation_id = :invitation_id AND accepted_at IS NULL AND ends_at > clock_timestamp()
RETURNING accepted_at;

-- name: access_at(kind, place_id)
SELECT user_id, name AS "user", kind, place_id, rights, granted_at, granted_by
FROM gateway.access JOIN gateway.person USING (user_id)
WHERE kind = :kind AND place_id = :place_id
ORDER BY name COLLATE "C", user_id;

-- name: access_of(user_id, kind, place_id)^
SELECT user_id, name AS "user", kind, place_id, rights, granted_at, granted_by
FROM gateway.access JOIN gateway.person USING (user_id)
WHERE user_id = :user_id AND kind = :kind AND place_id = :place_id;

-- name: grant(user_id, kind, place_id, rights, now, granted_by)!
INSERT INTO gateway.access (user_id, kind, place_id, rights, granted_at, granted_by)
VALUES (:user_id, :kind, :place_id, :rights, :now, :granted_by)
ON CONFLICT (user_id, kind, place_id)
    DO UPDATE SET rights = :rights, granted_at = :now, granted_by = :granted_by;

-- name: revoke(user_id, kind, place_id)!
DELETE FROM gateway.access WHERE user_id = :user_id AND kind = :kind AND place_id = :place_id;

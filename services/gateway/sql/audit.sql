-- name: plan_anew()!
-- What is not asked for is left out of the plan, and an index found for what is: a plan for all questions would scan.
SET LOCAL plan_cache_mode = force_custom_plan;

-- name: of_organisation(organisation_id, operator)^
-- Its apps and people now. Told to the query itself, they find an index; asked for inside it, all entries are read.
SELECT
    ARRAY(SELECT app_id FROM read.app LEFT JOIN gateway.app_owner USING (app_id)
          WHERE coalesce(organisation_id, :operator) = :organisation_id) AS owned_apps,
    ARRAY(SELECT user_id::text FROM gateway.person WHERE organisation_id = :organisation_id) AS people;

-- name: audit(environment_id, app_id, organisation_id, owned_apps, people, backup_id, correlation_id, actor, key_id, what, since, until, after, after_sequence, after_id, count)
-- An organisation has the entries about its apps and itself, and of its users that they are there and sign in, and what
-- they may do in it. Where else they have rights, and what they do there, is not its affair.
SELECT audit.*, audit.event_id AS id FROM read.audit
WHERE (:environment_id::uuid IS NULL OR environment_id = :environment_id)
    AND (:app_id::uuid IS NULL OR app_id = :app_id)
    AND (:backup_id::uuid IS NULL OR backup_id = :backup_id)
    AND (:correlation_id::uuid IS NULL OR correlation_id = :correlation_id)
    AND (:actor::text IS NULL OR actor = :actor)
    AND (:key_id::text IS NULL OR key_id = :key_id)
    AND (:what::text[] IS NULL OR what = ANY (:what))
    AND (:since::timestamptz IS NULL OR at >= :since)
    AND (:until::timestamptz IS NULL OR at < :until)
    AND (:organisation_id::uuid IS NULL
        OR app_id = ANY (:owned_apps::uuid[])
        OR access_of = :organisation_id::text
        OR (access_of = ANY (:people::text[])
            AND (what IN ('UserAdded', 'UserRemoved', 'UserInvited', 'InvitationAccepted', 'KeyRevoked',
                          'PasswordChanged', 'SignedIn', 'SignedOut')
                OR document #>> '{told,place,id}' = :organisation_id::text
                OR (what = 'KeyCreated' AND document #>> '{told,places}' = '[]'))))
    AND (:after::timestamptz IS NULL
        OR (at, sequence, event_id) < (:after, :after_sequence::bigint, :after_id::uuid))
ORDER BY at DESC, sequence DESC, event_id DESC
LIMIT :count;

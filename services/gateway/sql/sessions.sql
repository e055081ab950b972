-- name: person_named(name)^
SELECT user_id, name, password_hash FROM gateway.person WHERE lower(name) = lower(:name) AND removed_at IS NULL;

-- name: name_of_person(user_id)$
-- Also of one who was removed.
SELECT name FROM gateway.person WHERE user_id = :user_id;

-- name: password_of(user_id)$
SELECT password_hash FROM gateway.person WHERE user_id = :user_id AND removed_at IS NULL;

-- name: set_password(user_id, hash)!
UPDATE gateway.person SET password_hash = :hash WHERE user_id = :user_id;

-- name: person_of_subject(subject)^
SELECT user_id, name FROM gateway.person WHERE openid_subject = :subject AND removed_at IS NULL;

-- name: bind_subject(user_id, subject)$
-- The first subject stays: another one with the same name is somebody else.
UPDATE gateway.person SET openid_subject = coalesce(openid_subject, :subject)
WHERE user_id = :user_id AND (openid_subject IS NULL OR openid_subject = :subject)
RETURNING true;

-- name: begin_session(hash, session_id, user_id, seconds)$
INSERT INTO gateway.session (hash, session_id, user_id, ends_at)
VALUES (:hash, :session_id, :user_id, clock_timestamp() + make_interval(secs => :seconds))
RETURNING ends_at;

-- name: find_session(hash, idle_seconds)^
SELECT session_id, user_id, name AS "user", organisation_id, ends_at,
    seen_at < clock_timestamp() - interval '1 minute' AS is_stale
FROM gateway.session JOIN gateway.person USING (user_id)
WHERE hash = :hash AND removed_at IS NULL AND ends_at > clock_timestamp()
    AND seen_at > clock_timestamp() - make_interval(secs => :idle_seconds);

-- name: see_session(hash)!
UPDATE gateway.session SET seen_at = clock_timestamp() WHERE hash = :hash;

-- name: end_session(hash)^
DELETE FROM gateway.session WHERE hash = :hash RETURNING session_id, user_id;

-- name: end_sessions_of(user_id)!
DELETE FROM gateway.session WHERE user_id = :user_id;

-- name: forget_sessions()!
DELETE FROM gateway.session WHERE ends_at < clock_timestamp();

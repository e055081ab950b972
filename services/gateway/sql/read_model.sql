-- name: is_there()$
-- Asked of the system's tables: naming what may not be there, or may not be read, would be an error.
SELECT count(*) = 5
FROM pg_class
JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE (nspname, relname) IN
        (
            ('read', 'stream_position'), ('read', 'listed_day'), ('read', 'audit'), ('catalog', 'command_outcome'),
            ('catalog', 'event')
        )
    AND has_schema_privilege(relnamespace, 'usage') AND has_table_privilege(pg_class.oid, 'select');

-- name: lag_of_environment(environment_id)^
-- The newest accepted outcome of an environment, where the read model has not reached it.
SELECT newest.stream, newest.sequence
FROM (
    SELECT stream, sequence FROM catalog.command_outcome
    WHERE environment_id = :environment_id AND outcome = 'accepted' ORDER BY position DESC LIMIT 1
) newest
LEFT JOIN read.stream_position USING (stream)
WHERE coalesce(stream_position.sequence, 0) < newest.sequence;

-- name: accepted(stream)^
-- Where a stream ends, and the environment and the app that it began with, where it named them.
SELECT
    (SELECT max(sequence) FROM catalog.event WHERE stream = :stream) AS sequence,
    (body::json ->> 'environment_id')::uuid AS environment_id, (body::json ->> 'app_id')::uuid AS app_id
FROM catalog.event WHERE stream = :stream AND sequence = 1;

-- name: positions(streams)
SELECT stream, sequence FROM read.stream_position WHERE stream = ANY (:streams::text[]);

-- name: apps(name, granted, of_key, after, after_id, count)
SELECT document, slug AS spelling, app_id AS id FROM read.app
WHERE NOT removed
    AND (:name::text IS NULL OR lower(:name) IN (lower(slug), lower(document ->> 'name')))
    AND (gateway.is_within(NULL, app_id, :granted) OR app_id IN (
        SELECT app_id FROM read.environment WHERE environment_id = ANY (:granted) AND NOT removed
    ))
    AND (gateway.is_within(NULL, app_id, :of_key) OR app_id IN (
        SELECT app_id FROM read.environment WHERE environment_id = ANY (:of_key) AND NOT removed
    ))
    AND (:after::text IS NULL OR (slug COLLATE "C", app_id) > (:after, :after_id::uuid))
ORDER BY slug COLLATE "C", app_id
LIMIT :count;

-- name: app(app_id, gone)$
SELECT document FROM read.app WHERE app_id = :app_id AND (:gone OR NOT removed);

-- name: environments(app_id, name, granted, of_key, after, after_id, count)
SELECT environment.document, app.slug, app.slug || '/' || environment.name AS spelling, environment_id AS id,
    (SELECT slot.document FROM read.slot WHERE slot.environment_id = environment.environment_id
     ORDER BY slot_date DESC LIMIT 1) AS newest_slot
FROM read.environment JOIN read.app USING (app_id)
WHERE NOT environment.removed
    AND (:app_id::uuid IS NULL OR app_id = :app_id)
    AND (:name::text IS NULL OR lower(environment.name) = lower(:name))
    AND gateway.is_within(environment_id, app_id, :granted) AND gateway.is_within(environment_id, app_id, :of_key)
    AND (:after::text IS NULL
        OR ((app.slug || '/' || environment.name) COLLATE "C", environment_id) > (:after, :after_id::uuid))
ORDER BY (app.slug || '/' || environment.name) COLLATE "C", environment_id
LIMIT :count;

-- name: environment(environment_id, gone)^
SELECT environment.document, app.slug,
    (SELECT slot.document FROM read.slot WHERE slot.environment_id = environment.environment_id
     ORDER BY slot_date DESC LIMIT 1) AS newest_slot
FROM read.environment JOIN read.app USING (app_id)
WHERE environment_id = :environment_id AND (:gone OR NOT environment.removed);

-- name: app_of_environment(environment_id)$
-- Of a removed one too: its backups are still listed.
SELECT app_id FROM read.environment WHERE environment_id = :environment_id;

-- name: shredding(environment_id)$
-- Of a removed one too.
SELECT document -> 'shredding' FROM read.environment WHERE environment_id = :environment_id;

-- name: backups(environment_id, after, after_id, count)
SELECT document, created_at AS at, backup_id AS id FROM read.backup
WHERE environment_id = :environment_id AND state IN ('queued', 'running', 'completed', 'failed')
    AND (:after::timestamptz IS NULL OR (created_at, backup_id) < (:after, :after_id::uuid))
ORDER BY created_at DESC, backup_id DESC
LIMIT :count;

-- name: place_of_snapshot(environment_id, top, top_id, offset)^
-- The day in which the backup with this number is, and how many to pass over from the day's end or, where that is
-- older, from `top`; null beyond the end of the list. Days are added up, so that only backups of one day are counted.
WITH newer AS (
    SELECT count(*) AS backups FROM read.backup
    WHERE environment_id = :environment_id AND state IN ('queued', 'running', 'completed', 'failed')
        AND (created_at, backup_id) > (:top::timestamptz, :top_id::uuid)
), days AS (
    SELECT day, backups, (sum(backups) OVER (ORDER BY day DESC))::bigint AS through
    FROM read.listed_day WHERE environment_id = :environment_id
)
SELECT coalesce((SELECT max(through) FROM days), 0) - newer.backups AS total, place.until,
    :offset::bigint - greatest(place.before - newer.backups, 0) AS skipped
FROM newer LEFT JOIN LATERAL (
    SELECT (day + 1)::timestamp AT TIME ZONE 'UTC' AS until, through - days.backups AS before FROM days
    WHERE through > :offset::bigint + newer.backups ORDER BY day DESC LIMIT 1
) place ON true;

-- name: snapshots(environment_id, top, top_id, until, skipped, count)
SELECT document, created_at AS at, backup_id AS id FROM read.backup
WHERE environment_id = :environment_id AND state IN ('queued', 'running', 'completed', 'failed')
    AND created_at < :until
    AND (:top::timestamptz IS NULL OR (created_at, backup_id) <= (:top, :top_id::uuid))
ORDER BY created_at DESC, backup_id DESC
OFFSET :skipped LIMIT :count;

-- name: backup(backup_id, gone)$
SELECT document FROM read.backup
WHERE backup_id = :backup_id AND (:gone OR state IN ('queued', 'running', 'completed', 'failed'));

-- name: accepted_backup(backup_id, stream)^
-- One that was accepted, in the list or not, and the event that said so.
SELECT
    (SELECT document FROM read.backup WHERE backup_id = :backup_id) AS document, body
FROM catalog.event WHERE stream = :stream AND sequence = 1;

-- name: app_of_backup(backup_id)$
-- Of one that has gone, too.
SELECT document ->> 'app_id' FROM read.backup WHERE backup_id = :backup_id;

-- name: told_of_backup(backup_id)^
-- The whole history, of one that has gone, too.
SELECT history, clock_timestamp() AS postgres_time,
    (environment.document #>> '{stopped_sweep,stopped_at}')::timestamptz AS sweep_stopped_at
FROM read.backup LEFT JOIN read.environment USING (environment_id)
WHERE backup_id = :backup_id;

-- name: slots(environment_id, after, after_id, count)
-- Of a removed one too.
SELECT slot.document, slot_date AS day, environment_id AS id, environment.document -> 'region' AS region,
    environment.document -> 'cloud_version' AS cloud_version, environment.document -> 'schedule' AS schedule
FROM read.slot JOIN read.environment USING (environment_id)
WHERE environment_id = :environment_id
    AND (:after::date IS NULL OR (slot_date, environment_id) < (:after, :after_id::uuid))
ORDER BY slot_date DESC
LIMIT :count;

-- name: policy_change(policy_change_id)$
SELECT document FROM read.policy_change WHERE policy_change_id = :policy_change_id;

-- name: pending_change(app_id, environment_id)$
SELECT document FROM read.policy_change
WHERE app_id = :app_id AND environment_id IS NOT DISTINCT FROM :environment_id::uuid
    AND document ->> 'application' IN ('waiting', 'approved')
ORDER BY changed_at DESC, policy_change_id DESC
LIMIT 1;

-- name: policies_of_environment(environment_id)^
SELECT environment.app_id, environment.document -> 'policy' AS own, app.document -> 'policy' AS of_app,
    (environment.document ->> 'policy_version')::int AS newest_version
FROM read.environment JOIN read.app USING (app_id)
WHERE environment_id = :environment_id AND NOT environment.removed;

-- name: policies_of_app(app_id)^
SELECT app_id, NULL::jsonb AS own, document -> 'policy' AS of_app,
    (document ->> 'policy_version')::int AS newest_version
FROM read.app
WHERE app_id = :app_id AND NOT removed;

-- name: simulated_of_environment(environment_id, states)
SELECT document FROM read.backup WHERE environment_id = :environment_id AND state = ANY (:states::text[]);

-- name: simulated_of_app(app_id, states)
-- Of the environments that have no policy of their own.
SELECT backup.document
FROM read.backup JOIN read.environment USING (environment_id)
WHERE environment.app_id = :app_id AND NOT environment.removed AND environment.document -> 'policy' = 'null'
    AND backup.state = ANY (:states::text[]);

-- name: restores(environment_id, after, after_id, count)
SELECT document, requested_at AS at, restore_id AS id FROM read.restore
WHERE environment_id = :environment_id
    AND (:after::timestamptz IS NULL OR (requested_at, restore_id) < (:after, :after_id::uuid))
ORDER BY requested_at DESC, restore_id DESC
LIMIT :count;

-- name: restore(restore_id)$
SELECT document FROM read.restore WHERE restore_id = :restore_id;

-- name: uploads(environment_id, after, after_id, count)
SELECT document, requested_at AS at, upload_id AS id FROM read.upload
WHERE environment_id = :environment_id
    AND (:after::timestamptz IS NULL OR (requested_at, upload_id) < (:after, :after_id::uuid))
ORDER BY requested_at DESC, upload_id DESC
LIMIT :count;

-- name: upload(upload_id)$
SELECT document FROM read.upload WHERE upload_id = :upload_id;

-- name: preflight(preflight_id)$
SELECT document FROM read.preflight WHERE preflight_id = :preflight_id;

-- name: counts(granted, of_key)
WITH seen AS (
    SELECT environment_id, app_id, removed FROM read.environment
    WHERE gateway.is_within(environment_id, app_id, :granted) AND gateway.is_within(environment_id, app_id, :of_key)
)
SELECT 'apps' AS what, '' AS state, count(*) FROM read.app
WHERE NOT removed AND (app_id IN (SELECT app_id FROM seen WHERE NOT removed)
    OR (gateway.is_within(NULL, app_id, :granted) AND gateway.is_within(NULL, app_id, :of_key)))
UNION ALL SELECT 'environments', '', count(*) FROM seen WHERE NOT removed
UNION ALL SELECT 'backups', state, count(*) FROM read.backup JOIN seen USING (environment_id) GROUP BY state
UNION ALL SELECT 'restores', state, count(*) FROM read.restore JOIN seen USING (environment_id) GROUP BY state;

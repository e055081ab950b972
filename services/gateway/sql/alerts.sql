-- name: add_alert(alert_id, app_id, environment_id, raised_at, document)$
INSERT INTO gateway.alert (alert_id, app_id, environment_id, raised_at, document)
VALUES (:alert_id, :app_id, :environment_id, :raised_at, :document)
ON CONFLICT (alert_id) DO NOTHING
RETURNING true;

-- name: alerts(environment_id, granted, of_key, after, after_id, count)
SELECT document, raised_at AS at, alert_id AS id FROM gateway.alert
WHERE (:environment_id::uuid IS NULL OR environment_id = :environment_id)
    AND gateway.is_within(environment_id, app_id, :granted) AND gateway.is_within(environment_id, app_id, :of_key)
    AND (:after::timestamptz IS NULL OR (raised_at, alert_id) < (:after, :after_id::uuid))
ORDER BY raised_at DESC, alert_id DESC
LIMIT :count;

-- name: name_of_environment(environment_id)^
-- For people; of a removed one too.
SELECT app.slug || '/' || environment.name AS name, environment.removed
FROM read.environment JOIN read.app USING (app_id)
WHERE environment_id = :environment_id;

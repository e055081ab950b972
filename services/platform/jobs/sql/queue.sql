-- name: put(job_id, kind, environment_id, host, key, payload, cause, held_by)!
INSERT INTO job (job_id, kind, environment_id, host, key, payload, cause, held_by)
VALUES (:job_id, :kind, :environment_id, :host, :key, :payload, :cause, :held_by)
ON CONFLICT (job_id) DO NOTHING;

-- name: release(held_by, after_seconds)$
WITH released AS (
    UPDATE job SET held_by = NULL
    WHERE held_by = :held_by AND created_at <= clock_timestamp() - make_interval(secs => :after_seconds)
    RETURNING job_id
)
SELECT count(*) FROM released;

-- name: cancel(job_id, by)$
-- A cancelled job is leased at once, so that its kind can end it.
UPDATE job SET cancelled_by = coalesce(cancelled_by, :by), held_by = NULL, run_after = clock_timestamp()
WHERE job_id = :job_id AND state IN ('waiting', 'running') AND NOT refuses_cancel
RETURNING true;

-- name: cancel_all(kind, environment_id, by)!
UPDATE job SET cancelled_by = coalesce(cancelled_by, :by), held_by = NULL, run_after = clock_timestamp()
WHERE kind = :kind AND environment_id = :environment_id AND state IN ('waiting', 'running') AND NOT refuses_cancel;

-- name: wake(channel)!
SELECT pg_notify(:channel, '');

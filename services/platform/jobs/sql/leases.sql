-- name: lock_leasing()!
-- One worker leases at a time: so the limits of `lease` hold.
SELECT pg_advisory_xact_lock(hashtextextended('nightkeep jobs ' || current_schema(), 0));

-- name: lease(kinds, worker, lease_seconds, per_environment, per_host, only_cancelled)^
-- The oldest job that may run: one that waits, or whose worker was not heard of. A cancelled one needs no place.
WITH running AS (
    SELECT environment_id, host FROM job WHERE state = 'running' AND lease_until >= clock_timestamp()
), next AS (
    SELECT job_id FROM job
    WHERE kind = ANY (:kinds::text[])
      AND (   (state = 'waiting' AND held_by IS NULL AND run_after <= clock_timestamp())
           OR (state = 'running' AND lease_until < clock_timestamp()))
      AND (   cancelled_by IS NOT NULL
           OR (    NOT :only_cancelled::boolean
               AND (SELECT count(*) FROM running r WHERE r.environment_id = job.environment_id) < :per_environment
               AND (SELECT count(*) FROM running r WHERE r.host = job.host) < :per_host))
    ORDER BY position
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
UPDATE job SET
    state = 'running',
    epoch = epoch + 1,
    attempt = attempt + 1,
    leased_by = :worker,
    lease_until = clock_timestamp() + make_interval(secs => :lease_seconds),
    progressed_at = clock_timestamp()
FROM next WHERE job.job_id = next.job_id
RETURNING job.job_id, kind, environment_id, key, payload, cause, epoch, attempt, memo, cancelled_by,
    last_code, last_reason;

-- name: heartbeat(job_id, epoch, lease_seconds, moved, no_progress_seconds)^
UPDATE job SET
    lease_until = clock_timestamp() + make_interval(secs => :lease_seconds),
    progressed_at = CASE WHEN :moved::boolean THEN clock_timestamp() ELSE progressed_at END
WHERE job_id = :job_id AND epoch = :epoch AND state = 'running'
RETURNING cancelled_by, progressed_at < clock_timestamp() - make_interval(secs => :no_progress_seconds) AS stalled;

-- name: remember(job_id, epoch, memo)$
UPDATE job SET memo = :memo, progressed_at = clock_timestamp()
WHERE job_id = :job_id AND epoch = :epoch AND state = 'running'
RETURNING true;

-- name: lock_run(job_id, epoch)$
SELECT true FROM job WHERE job_id = :job_id AND epoch = :epoch AND state = 'running' FOR UPDATE;

-- name: refuse_cancel(job_id, epoch)^
-- Whichever came first holds: the refusal, or the cancellation that is returned.
UPDATE job SET refuses_cancel = (cancelled_by IS NULL)
WHERE job_id = :job_id AND epoch = :epoch AND state = 'running'
RETURNING cancelled_by;

-- name: end_job(job_id, state, code, reason)!
UPDATE job SET state = :state, ended_at = clock_timestamp(), leased_by = NULL, lease_until = NULL,
    last_code = :code, last_reason = :reason
WHERE job_id = :job_id;

-- name: try_later(job_id, epoch, pause_seconds, code, reason)!
UPDATE job SET state = 'waiting', leased_by = NULL, lease_until = NULL,
    run_after = clock_timestamp() + make_interval(secs => :pause_seconds), last_code = :code, last_reason = :reason
WHERE job_id = :job_id AND epoch = :epoch AND state = 'running';

-- name: hand_back(job_id, epoch)!
UPDATE job SET state = 'waiting', leased_by = NULL, lease_until = NULL, run_after = clock_timestamp(),
    attempt = attempt - 1
WHERE job_id = :job_id AND epoch = :epoch AND state = 'running';

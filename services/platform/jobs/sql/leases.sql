-- name: lock_leasing()!
-- One worker leases at a time: so the limits of `lease` hold.
SELECT pg_advisory_xact_lock(hashtextextended('nightkeep jobs ' || current_schema(), 0));

-- name: next_job(kinds, per_environment, per_host)$
-- The oldest job that may run: one that waits, or whose worker was not heard of, where there is a place.
WITH running AS (
    SELECT environment_id, host FROM job WHERE state = 'running' AND lease_until >= clock_timestamp()
)
SELECT job_id FROM job
WHERE kind = ANY (:kinds::text[]) AND held_by IS NULL
  AND (   (state = 'waiting' AND run_after <= clock_timestamp())
       OR (state = 'running' AND lease_until < clock_timestamp()))
  AND environment_id NOT IN (SELECT environment_id FROM running GROUP BY 1 HAVING count(*) >= :per_environment)
  AND host NOT IN (SELECT host FROM running GROUP BY 1 HAVING count(*) >= :per_host)
ORDER BY position
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: next_cancelled(kinds)$
-- The same of the cancelled ones, which need no place.
SELECT job_id FROM job
WHERE kind = ANY (:kinds::text[]) AND cancelled_by IS NOT NULL
  AND (   (state = 'waiting' AND run_after <= clock_timestamp())
       OR (state = 'running' AND lease_until < clock_timestamp()))
ORDER BY position
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: lease(job_id, worker, lease_seconds)^
UPDATE job SET
    state = 'running',
    epoch = epoch + 1,
    attempt = attempt + 1,
    leased_by = :worker,
    lease_until = clock_timestamp() + make_interval(secs => :lease_seconds),
    progressed_at = clock_timestamp()
WHERE job_id = :job_id
RETURNING job_id, kind, environment_id, key, payload, cause, epoch, attempt, memo, cancelled_by,
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
-- A cancellation that came while the attempt ended waits for nothing.
UPDATE job SET state = 'waiting', leased_by = NULL, lease_until = NULL, last_code = :code, last_reason = :reason,
    run_after = clock_timestamp()
        + CASE WHEN cancelled_by IS NULL THEN make_interval(secs => :pause_seconds) ELSE interval '0' END
WHERE job_id = :job_id AND epoch = :epoch AND state = 'running';

-- name: hand_back(job_id, epoch)!
UPDATE job SET state = 'waiting', leased_by = NULL, lease_until = NULL, run_after = clock_timestamp(),
    attempt = attempt - 1
WHERE job_id = :job_id AND epoch = :epoch AND state = 'running';

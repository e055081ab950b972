-- name: know_environment(environment_id, key, check_from)!
INSERT INTO environment (environment_id, key, check_from) VALUES (:environment_id, :key, :check_from)
ON CONFLICT DO NOTHING;

-- name: note_garbage(environment_id, now, cause)!
-- A mark that is under way may have looked already: another one follows.
UPDATE environment SET has_garbage = true, cause = :cause, work_from = coalesce(work_from, :now)
WHERE environment_id = :environment_id;

-- name: environments_to_work_on(now, page)
SELECT environment_id, key, mark_id, condemned_contents, condemned_bytes, cause FROM environment
WHERE work_from <= :now AND job_id IS NULL
ORDER BY work_from
LIMIT :page
FOR UPDATE SKIP LOCKED;

-- name: note_environment_job(environment_id, job_id)!
UPDATE environment SET job_id = :job_id WHERE environment_id = :environment_id;

-- name: note_mark(environment_id, mark_id)!
-- What becomes garbage from here on may be overlooked by this mark.
UPDATE environment SET has_garbage = false, mark_id = :mark_id WHERE environment_id = :environment_id;

-- name: note_condemned(environment_id, contents, bytes, work_from)!
UPDATE environment SET job_id = NULL, condemned_contents = :contents, condemned_bytes = :bytes, work_from = :work_from
WHERE environment_id = :environment_id;

-- name: note_reclaimed(environment_id, now)!
UPDATE environment SET job_id = NULL, mark_id = NULL, condemned_contents = NULL, condemned_bytes = NULL,
    work_from = CASE WHEN has_garbage THEN :now::timestamptz END
WHERE environment_id = :environment_id;

-- name: reclaim_again(environment_id, work_from)!
-- What was to be erased could not be, or not all of it.
UPDATE environment SET work_from = :work_from WHERE environment_id = :environment_id;

-- name: end_environment_job(environment_id, work_from)!
UPDATE environment SET job_id = NULL, work_from = :work_from WHERE environment_id = :environment_id;

-- name: environments_to_check(now, page)
SELECT environment_id, key, check_seed FROM environment
WHERE check_from <= :now AND check_job_id IS NULL
ORDER BY check_from
LIMIT :page
FOR UPDATE SKIP LOCKED;

-- name: jobs_under_way(environment_id)
SELECT under_way.job_id FROM environment CROSS JOIN unnest(ARRAY[environment.job_id, check_job_id]) AS under_way (job_id)
WHERE environment_id = :environment_id AND under_way.job_id IS NOT NULL;

-- name: note_check_job(environment_id, job_id)!
UPDATE environment SET check_job_id = :job_id WHERE environment_id = :environment_id;

-- name: end_check(environment_id, check_from, seed)!
UPDATE environment SET check_job_id = NULL, check_from = :check_from, check_seed = :seed
WHERE environment_id = :environment_id;

-- name: find_backup(backup_id)^
SELECT * FROM backup WHERE backup_id = :backup_id FOR UPDATE;

-- name: find_asked(command_id)^
SELECT * FROM backup WHERE command_id = :command_id AND waits_for = 'answer' FOR UPDATE;

-- name: going_backups(environment_id)
SELECT * FROM backup WHERE environment_id = :environment_id AND state IN ('expired', 'deleting')
ORDER BY backup_id FOR UPDATE;

-- name: delete_unworked(environment_id, work_from)!
UPDATE backup SET work_from = :work_from
WHERE environment_id = :environment_id AND state = 'deleting' AND work_from IS NULL AND job_id IS NULL;

-- name: save_backup(backup_id, environment_id, key, created_at, expires_at, state, ask_from, round, waits_for, reason, asked_sweep_id, asked_expires_at, asked_at, work_from)!
INSERT INTO backup
    (backup_id, environment_id, key, created_at, expires_at, state, ask_from, round, waits_for, reason,
    asked_sweep_id, asked_expires_at, asked_at, work_from)
VALUES
    (:backup_id, :environment_id, :key, :created_at, :expires_at, :state, :ask_from, :round, :waits_for, :reason,
    :asked_sweep_id, :asked_expires_at, :asked_at, :work_from)
ON CONFLICT (backup_id) DO UPDATE SET
    expires_at = excluded.expires_at,
    state = excluded.state,
    ask_from = excluded.ask_from,
    round = excluded.round,
    waits_for = excluded.waits_for,
    reason = excluded.reason,
    asked_sweep_id = excluded.asked_sweep_id,
    asked_expires_at = excluded.asked_expires_at,
    asked_at = excluded.asked_at,
    work_from = excluded.work_from;

-- name: forget_backup(backup_id)!
-- Unless somebody wants it erased since: then that comes first.
DELETE FROM backup WHERE backup_id = :backup_id AND NOT erase;

-- name: unsent(at_once, answer_seconds)
-- What was asked for and not sent yet, or sent long ago without an answer; no more than that `at_once` are open.
SELECT backup_id, key, round, asked_sweep_id, asked_expires_at, asked_at FROM backup
WHERE waits_for = 'answer'
  AND (sent_at IS NULL OR sent_at <= clock_timestamp() - make_interval(secs => :answer_seconds))
ORDER BY sent_at NULLS FIRST
LIMIT greatest(0, :at_once - (
    SELECT count(*) FROM backup
    WHERE waits_for = 'answer' AND sent_at > clock_timestamp() - make_interval(secs => :answer_seconds)
))
FOR UPDATE SKIP LOCKED;

-- name: note_sent(backup_ids, command_ids)!
UPDATE backup SET command_id = sent.command_id, sent_at = clock_timestamp()
FROM unnest(:backup_ids::uuid[], :command_ids::uuid[]) AS sent (backup_id, command_id)
WHERE backup.backup_id = sent.backup_id;

-- name: backups_to_work_on(now, page)
SELECT backup_id, environment_id, key, state, cause, erase FROM backup
WHERE work_from <= :now AND job_id IS NULL AND NOT (erase AND state = 'deleted')
ORDER BY work_from
LIMIT :page
FOR UPDATE SKIP LOCKED;

-- name: note_backup_job(backup_id, job_id)!
UPDATE backup SET job_id = :job_id WHERE backup_id = :backup_id;

-- name: end_backup_job(backup_id, work_from)!
UPDATE backup SET job_id = NULL, work_from = :work_from WHERE backup_id = :backup_id;

-- name: note_cause(backup_id, cause)!
UPDATE backup SET cause = :cause WHERE backup_id = :backup_id;

-- name: note_pinned(backup_id, pinned)!
UPDATE backup SET pinned = :pinned WHERE backup_id = :backup_id;

-- name: note_erase(backup_id, cause)!
-- One that had been forgotten has no cause of its own.
UPDATE backup SET erase = true, erase_cause = :cause, cause = coalesce(cause, :cause) WHERE backup_id = :backup_id;

-- name: to_be_erased(environment_id, mark_id)!
-- A mark that begins takes with it what is deleted by then; what is deleted later waits for the next one.
UPDATE backup SET erase_mark = :mark_id
WHERE environment_id = :environment_id AND erase AND state = 'deleted';

-- name: erased_by(environment_id, mark_id)
SELECT backup_id, key, coalesce(erase_cause, cause) AS cause FROM backup
WHERE environment_id = :environment_id AND erase AND erase_mark = :mark_id
ORDER BY backup_id;

-- name: erasures_wait(environment_id)$
SELECT EXISTS (SELECT FROM backup WHERE environment_id = :environment_id AND erase AND state = 'deleted');

-- name: note_not_erased(environment_id, mark_id)!
-- A dump that cannot be stored anew must not keep all other room from being given back: the mark goes on as a plain one.
UPDATE backup SET erase_mark = NULL WHERE environment_id = :environment_id AND erase_mark = :mark_id;

-- name: note_erased(environment_id, mark_id)!
UPDATE backup SET erase = false, erase_mark = NULL, erase_cause = NULL
WHERE environment_id = :environment_id AND erase AND erase_mark = :mark_id;

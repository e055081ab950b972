-- name: open_slots(environment_ids, slot_dates, keys, calendar_offsets, due_ats, not_afters, ask_ats, command_ids, backup_ids)!
INSERT INTO open_slot
    (environment_id, slot_date, key, calendar_offset, due_at, not_after, ask_at, try_number, tries, state,
     command_id, backup_id)
SELECT fired.environment_id, fired.slot_date, fired.key, fired.calendar_offset, fired.due_at, fired.not_after,
    fired.ask_at, 1, '[]', 'waiting', fired.command_id, fired.backup_id
FROM unnest(
    :environment_ids::uuid[], :slot_dates::date[], :keys::text[], :calendar_offsets::text[], :due_ats::timestamptz[],
    :not_afters::timestamptz[], :ask_ats::timestamptz[], :command_ids::uuid[], :backup_ids::uuid[]
) AS fired (environment_id, slot_date, key, calendar_offset, due_at, not_after, ask_at, command_id, backup_id);

-- name: unanswered()$
SELECT count(*) FROM open_slot WHERE state = 'asked';

-- name: ask(now, most)
-- Not before the log has how the environment's earlier slots ended: by that the catalog knows which gap this one fills.
WITH untold AS (
    SELECT split_part(split_part(stream, '/', 3), '.', 1) AS environment_id FROM event
    WHERE published_at IS NULL AND starts_with(stream, 'snapshot/slot/')
        AND split_part(headers ->> 'ce_type', '.', 3) = 'SlotEnded'
)
UPDATE open_slot SET state = 'asked', asked_at = :now, sent_at = clock_timestamp()
FROM (
    SELECT environment_id, slot_date FROM open_slot WHERE state = 'waiting' AND ask_at <= :now
        AND environment_id::text NOT IN (SELECT untold.environment_id FROM untold)
    ORDER BY ask_at, environment_id LIMIT :most FOR UPDATE SKIP LOCKED
) AS chosen
WHERE open_slot.environment_id = chosen.environment_id AND open_slot.slot_date = chosen.slot_date
RETURNING open_slot.*;

-- name: ask_again(after_seconds)
UPDATE open_slot SET sent_at = clock_timestamp()
WHERE state = 'asked' AND sent_at < clock_timestamp() - make_interval(secs => :after_seconds)
RETURNING *;

-- name: asked_by_command(command_id)^
SELECT * FROM open_slot WHERE command_id = :command_id AND state = 'asked' FOR UPDATE;

-- name: asked_by_backup(backup_id)^
SELECT * FROM open_slot WHERE backup_id = :backup_id AND state <> 'waiting' FOR UPDATE;

-- name: accept(environment_id, slot_date, late, channel)!
-- The schedulers wake up at commit: there is room for another one.
WITH accepted AS (
    UPDATE open_slot SET state = 'accepted', late = :late
    WHERE environment_id = :environment_id AND slot_date = :slot_date
)
SELECT pg_notify(:channel, '');

-- name: try_again(environment_id, slot_date, try_number, ask_at, tries, command_id, backup_id)!
UPDATE open_slot SET
    state = 'waiting', try_number = :try_number, ask_at = :ask_at, tries = :tries, command_id = :command_id,
    backup_id = :backup_id, asked_at = NULL, sent_at = NULL
WHERE environment_id = :environment_id AND slot_date = :slot_date;

-- name: close(environment_id, slot_date, channel)!
-- The schedulers wake up at commit: there is room for another one.
WITH closed AS (
    DELETE FROM open_slot WHERE environment_id = :environment_id AND slot_date = :slot_date
)
SELECT pg_notify(:channel, '');

-- name: take_turn()$
-- Whether this transaction may plan and ask; any number of schedulers take turns, so that none exceeds the window.
SELECT pg_try_advisory_xact_lock(hashtextextended('nightkeep nights', 0));

-- name: expect(environment_id, key, known_since)!
INSERT INTO night (environment_id, key, known_since, look_at) VALUES (:environment_id, :key, :known_since, 'epoch')
ON CONFLICT DO NOTHING;

-- name: look_now(environment_id)!
UPDATE night SET look_at = 'epoch' WHERE environment_id = :environment_id;

-- name: wake(channel)!
SELECT pg_notify(:channel, '');

-- name: to_look_at(now, most)
SELECT environment_id, key, known_since, slot_date, due_at, calendar_offset FROM night
WHERE look_at <= :now ORDER BY look_at, environment_id LIMIT :most FOR UPDATE SKIP LOCKED;

-- name: plan(environment_ids, slot_dates, due_ats, calendar_offsets)!
UPDATE night SET
    slot_date = planned.slot_date, due_at = planned.due_at, calendar_offset = planned.calendar_offset,
    look_at = planned.due_at
FROM unnest(:environment_ids::uuid[], :slot_dates::date[], :due_ats::timestamptz[], :calendar_offsets::text[])
    AS planned (environment_id, slot_date, due_at, calendar_offset)
WHERE night.environment_id = planned.environment_id;

-- name: expect_no_more(environment_ids)!
DELETE FROM night WHERE environment_id = ANY (:environment_ids::uuid[]);

-- name: next_instant(now)$
SELECT least(
    (SELECT min(look_at) FROM night),
    (SELECT min(ask_at) FROM open_slot WHERE state = 'waiting' AND ask_at > :now)
);

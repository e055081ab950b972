-- name: take_turn()$
-- Whether this transaction may plan and ask; any number of schedulers take turns, so that none exceeds the window.
SELECT pg_try_advisory_xact_lock(hashtextextended('nightkeep nights', 0));

-- name: clocks_agree(now, within_seconds)$
-- Whether as much time has passed by PostgreSQL's clock as by the business clock since they were noted.
SELECT abs(extract(epoch FROM :now::timestamptz - clock_timestamp() - ahead)) <= :within_seconds FROM clocks;

-- name: note_clocks(now)!
-- Not while a schedule waits for a person to say which of them is right.
INSERT INTO clocks (ahead)
SELECT :now::timestamptz - clock_timestamp() WHERE NOT EXISTS (SELECT FROM night WHERE stop_id IS NOT NULL)
ON CONFLICT (one) DO UPDATE SET ahead = excluded.ahead
WHERE abs(extract(epoch FROM clocks.ahead - excluded.ahead)) > 60;

-- name: expect(environment_id, key, known_since)!
INSERT INTO night (environment_id, key, known_since, look_at) VALUES (:environment_id, :key, :known_since, 'epoch')
ON CONFLICT DO NOTHING;

-- name: look_now(environment_id)!
UPDATE night SET look_at = 'epoch' WHERE environment_id = :environment_id;

-- name: stop(environment_ids, stop_ids, now)!
UPDATE night SET stop_id = stopped.stop_id, stopped_at = :now
FROM unnest(:environment_ids::uuid[], :stop_ids::uuid[]) AS stopped (environment_id, stop_id)
WHERE night.environment_id = stopped.environment_id;

-- name: leave_stopped(environment_ids)!
UPDATE night SET look_at = 'infinity' WHERE environment_id = ANY (:environment_ids::uuid[]);

-- name: wake_stopped(now, cap_days)!
-- Those that the present clock lets go on.
UPDATE night SET look_at = 'epoch'
WHERE stop_id IS NOT NULL AND look_at = 'infinity'
    AND :now <= greatest(due_at, approved_until) + make_interval(days => :cap_days);

-- name: approve(environment_id, stop_id)!
UPDATE night SET approved_until = stopped_at, look_at = 'epoch'
WHERE environment_id = :environment_id AND stop_id = :stop_id;

-- name: go_on(environment_ids)!
UPDATE night SET stop_id = NULL, stopped_at = NULL WHERE environment_id = ANY (:environment_ids::uuid[]);

-- name: wake(channel)!
SELECT pg_notify(:channel, '');

-- name: to_look_at(now, most)
SELECT environment_id, key, known_since, slot_date, due_at, calendar_offset,
    stop_id, approved_until, stopped_at FROM night
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
    (SELECT nullif(min(look_at), 'infinity') FROM night),
    (SELECT min(ask_at) FROM open_slot WHERE state = 'waiting' AND ask_at > :now)
);

-- What decisions on expiry look for across rows. Rows of an earlier release have neither `held` nor `leases`: then both
-- conditions are unknown, which is as good as none.
CREATE INDEX aggregate_completed ON aggregate
    ((state ->> 'environment_id'), (rtrim(state ->> 'created_at', 'Z') COLLATE "C"), id)
    WHERE kind = 'backup' AND state ->> 'state' = 'completed';
CREATE INDEX aggregate_restoring ON aggregate ((state ->> 'backup_id'))
    WHERE kind = 'restore' AND state ->> 'state' IN ('queued', 'running');
CREATE INDEX aggregate_held ON aggregate ((state ->> 'environment_id'))
    WHERE kind = 'backup' AND state -> 'held' <> '[]';
CREATE INDEX aggregate_leased ON aggregate ((state -> 'leases' -> 0 ->> 'until'))
    WHERE kind = 'backup' AND state -> 'leases' <> '[]';
CREATE INDEX aggregate_governed ON aggregate ((state ->> 'environment_id'))
    WHERE kind = 'backup' AND state ->> 'state' IN ('queued', 'running', 'completed');
CREATE INDEX aggregate_open_policy_change ON aggregate (app_id)
    WHERE kind = 'policy_change' AND state ->> 'application' IN ('waiting', 'approved');

-- A failed backup's own expiry is on its row from here on.
UPDATE aggregate
SET state = jsonb_set(state, '{expires_at}', to_jsonb(
    to_char((state ->> 'created_at')::timestamptz + interval '14 days', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
))
WHERE kind = 'backup' AND state ->> 'state' = 'failed';

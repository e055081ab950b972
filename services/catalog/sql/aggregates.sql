-- name: lock_aggregates(kinds, ids)
-- Locked in the order in which they are given.
SELECT kind, id, sequence, state
FROM unnest(:kinds::text[], :ids::uuid[]) WITH ORDINALITY AS wanted (kind, id, place) JOIN aggregate USING (kind, id)
ORDER BY wanted.place FOR UPDATE OF aggregate;

-- name: save_aggregates(kinds, ids, app_ids, sequences, states)!
INSERT INTO aggregate (kind, id, app_id, sequence, state)
SELECT * FROM unnest(:kinds::text[], :ids::uuid[], :app_ids::uuid[], :sequences::bigint[], :states::jsonb[])
ON CONFLICT (kind, id) DO UPDATE SET sequence = excluded.sequence, state = excluded.state;

-- name: slug_owner(slug)$
SELECT id FROM aggregate WHERE kind = 'app' AND state ->> 'slug' = :slug AND NOT (state ->> 'removed')::boolean;

-- name: belonging(ids)
-- Of environments and backups: the app and, of a backup, the environment.
SELECT app_id, (state ->> 'environment_id')::uuid AS environment_id FROM aggregate
WHERE kind IN ('environment', 'backup') AND id = ANY (:ids::uuid[]);

-- name: database_now()$
SELECT clock_timestamp();

-- name: newest_completed(environment_id, besides)^
-- A backup's instants are written in UTC; without their Z they sort as text, whatever their fractions.
SELECT id, state ->> 'created_at' AS created_at FROM aggregate
WHERE kind = 'backup' AND state ->> 'state' = 'completed' AND state ->> 'environment_id' = (:environment_id::uuid)::text
    AND id <> ALL (:besides::uuid[])
ORDER BY rtrim(state ->> 'created_at', 'Z') COLLATE "C" DESC, id DESC LIMIT 1;

-- name: running_restores(backup_id, besides)
SELECT id FROM aggregate
WHERE kind = 'restore' AND state ->> 'state' IN ('queued', 'running')
    AND state ->> 'backup_id' = (:backup_id::uuid)::text
    AND id <> ALL (:besides::uuid[])
ORDER BY id;

-- name: restores_reading(environment_id, besides)
SELECT id, state ->> 'backup_id' AS backup_id FROM aggregate
WHERE kind = 'restore' AND state ->> 'state' IN ('queued', 'running')
    AND state ->> 'source_environment_id' = (:environment_id::uuid)::text
    AND id <> ALL (:besides::uuid[])
ORDER BY id;

-- name: listed_backups(environment_id, besides)
-- In two halves, since each has an index.
SELECT id FROM aggregate
WHERE kind = 'backup' AND state ->> 'state' IN ('queued', 'running', 'completed')
    AND state ->> 'environment_id' = (:environment_id::uuid)::text AND id <> ALL (:besides::uuid[])
UNION ALL
SELECT id FROM aggregate
WHERE kind = 'backup' AND state ->> 'state' = 'failed'
    AND state ->> 'environment_id' = (:environment_id::uuid)::text AND id <> ALL (:besides::uuid[])
ORDER BY id;

-- name: held_backups(environment_id, besides)
SELECT id FROM aggregate
WHERE kind = 'backup' AND state -> 'held' <> '[]' AND state ->> 'environment_id' = (:environment_id::uuid)::text
    AND id <> ALL (:besides::uuid[])
ORDER BY id;

-- name: lapsed_leases()
-- Backups with a lease whose time is over, which nobody has said yet. The order is one that only the index of leased
-- backups has: else the planner, who cannot know how few they are, would read all backups to find the first of them.
SELECT id, app_id FROM aggregate
WHERE kind = 'backup' AND state -> 'leases' <> '[]' AND EXISTS (
    SELECT FROM jsonb_array_elements(state -> 'leases') AS lease
    WHERE (lease ->> 'until')::timestamptz <= clock_timestamp()
)
ORDER BY state -> 'leases' -> 0 ->> 'until'
LIMIT 100;

-- name: governed_backups(environment_ids, besides)
SELECT state FROM aggregate
WHERE kind = 'backup' AND state ->> 'state' IN ('queued', 'running', 'completed')
    AND state ->> 'environment_id' = ANY ((:environment_ids::uuid[])::text[]) AND id <> ALL (:besides::uuid[])
ORDER BY id;

-- name: open_policy_change(app_id, environment_id, environment_ids, besides)$
SELECT id FROM aggregate
WHERE kind = 'policy_change' AND state ->> 'application' IN ('waiting', 'approved') AND app_id = :app_id
    AND (
        state ->> 'environment_id' IS NOT DISTINCT FROM (:environment_id::uuid)::text
        OR state -> 'environment_ids' ?| :environment_ids::text[]
    )
    AND id <> ALL (:besides::uuid[])
LIMIT 1;

-- name: due_policy_changes(now)
-- Approved, cooled off, and not applied yet.
SELECT id, app_id FROM aggregate
WHERE kind = 'policy_change' AND state ->> 'application' = 'approved'
    AND (state ->> 'not_before')::timestamptz <= :now
LIMIT 100;

-- name: undoable_restores(now)
-- Restores whose time to undo is over and that nobody has said it of.
SELECT id, app_id FROM aggregate
WHERE kind = 'restore' AND state ->> 'state' = 'completed' AND NOT (state ->> 'grace_ended')::boolean
    AND (state ->> 'undo_until')::timestamptz <= :now
LIMIT 100;

-- name: origin_of(stream)^
-- The event that began a stream: what happens to it by itself later follows from there.
SELECT event_id, headers ->> 'ce_correlationid' AS correlation_id, key FROM event
WHERE stream = :stream AND sequence = 1;

-- name: hold_partitions(consumer, topic, partitions)!
-- Who decides about apps of these partitions, and who follows what others say of them, take turns.
SELECT FROM consumer_offset WHERE consumer = :consumer AND topic = :topic AND partition = ANY (:partitions::int[])
ORDER BY partition FOR UPDATE;

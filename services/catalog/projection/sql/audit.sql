-- name: lock_places(environment_ids)!
-- What lies in an environment whose app is not told is written before the environment's row, which then tells it, or
-- after that: never while another replica writes it and neither sees the other.
SELECT pg_advisory_xact_lock_shared(hashtextextended('read audit ' || environment_id::text, 0))
FROM unnest(:environment_ids::uuid[]) AS environment_id;

-- name: save_audit(event_ids, ats, sequences, whats, actors, key_ids, access_ofs, app_ids, environment_ids, backup_ids, command_ids, correlation_ids, documents)!
-- An event that names no app lies in that of its environment, a refusal where its command would have had its effect.
-- A refusal may come twice.
INSERT INTO read.audit
    (event_id, at, sequence, what, actor, key_id, access_of, app_id, environment_id, backup_id, correlation_id, document)
SELECT event_id, at, new.sequence, what, actor, key_id, access_of, coalesce(new.app_id, environment.app_id),
    coalesce(new.environment_id, command_outcome.environment_id), backup_id, correlation_id, new.document
FROM unnest(
    :event_ids::uuid[], :ats::timestamptz[], :sequences::bigint[], :whats::text[], :actors::text[], :key_ids::text[],
    :access_ofs::text[], :app_ids::uuid[], :environment_ids::uuid[], :backup_ids::uuid[], :command_ids::uuid[],
    :correlation_ids::uuid[], :documents::text[]::jsonb[]
) AS new (event_id, at, sequence, what, actor, key_id, access_of, app_id, environment_id, backup_id, command_id,
    correlation_id, document)
LEFT JOIN catalog.command_outcome USING (command_id)
LEFT JOIN read.environment ON environment.environment_id = new.environment_id
ON CONFLICT (event_id) DO NOTHING;

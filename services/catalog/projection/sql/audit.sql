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

-- name: place_entries()!
UPDATE read.audit SET app_id = environment.app_id FROM read.environment
WHERE audit.environment_id = environment.environment_id AND audit.app_id IS NULL;

-- name: save_audits(event_id, at, sequence, what, actor, key_id, access_of, app_id, environment_id, backup_id, command_id, correlation_id, document)*!
-- An event that names no app lies in that of its environment, a refusal where its command would have had its effect.
-- A refusal may come twice.
INSERT INTO read.audit
    (event_id, at, sequence, what, actor, key_id, access_of, app_id, environment_id, backup_id, correlation_id, document)
SELECT :event_id::uuid, :at::timestamptz, :sequence::bigint, :what::text, :actor::text, :key_id::text, :access_of::text,
    coalesce(:app_id::uuid, (SELECT app_id FROM read.environment WHERE environment_id = place.environment_id)),
    place.environment_id, :backup_id::uuid, :correlation_id::uuid, :document::jsonb
FROM (SELECT coalesce(:environment_id::uuid, (
    SELECT environment_id FROM catalog.command_outcome WHERE command_id = :command_id::uuid
)) AS environment_id) place
ON CONFLICT (event_id) DO NOTHING;

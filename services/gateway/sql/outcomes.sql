-- name: find_outcomes(command_ids)
select command_id, body_hash, outcome, decided_at, stream, sequence, environment_id, code, reason, field
from catalog.command_outcome
where command_id = any (:command_ids::uuid[]);

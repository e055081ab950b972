-- name: outcomes(command_ids)
SELECT command_id, body_hash, outcome, decided_at, stream, sequence, environment_id, code, reason, field
FROM command_outcome WHERE command_id = ANY (:command_ids::uuid[]);

-- name: put_outcome(command_id, body_hash, outcome, decided_at, stream, sequence, environment_id, code, reason, field)!
INSERT INTO command_outcome
    (command_id, body_hash, outcome, decided_at, stream, sequence, environment_id, code, reason, field)
VALUES (:command_id, :body_hash, :outcome, :decided_at, :stream, :sequence, :environment_id, :code, :reason, :field);

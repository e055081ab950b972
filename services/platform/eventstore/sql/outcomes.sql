-- name: outcomes(command_ids)
SELECT command_id, body_hash, outcome, decided_at, stream, sequence, environment_id, code, reason, field
FROM command_outcome WHERE command_id = ANY (:command_ids::uuid[]);

-- name: put_outcome(command_id, body_hash, outcome, decided_at, stream, sequence, environment_id, code, reason, field)!
INSERT INTO command_outcome
    (command_id, body_hash, outcome, decided_at, stream, sequence, environment_id, code, reason, field)
VALUES (:command_id, :body_hash, :outcome, :decided_at, :stream, :sequence, :environment_id, :code, :reason, :field);

-- name: put_outcomes(command_ids, body_hashes, outcomes, decided_ats, streams, sequences, environment_ids, codes, reasons, fields)!
INSERT INTO command_outcome
    (command_id, body_hash, outcome, decided_at, stream, sequence, environment_id, code, reason, field)
SELECT command_id, body_hash, outcome, decided_at, stream, sequence, environment_id, code, reason, field
FROM unnest(
    :command_ids::uuid[], :body_hashes::text[], :outcomes::text[], :decided_ats::timestamptz[], :streams::text[],
    :sequences::bigint[], :environment_ids::uuid[], :codes::text[], :reasons::text[], :fields::text[]
) WITH ORDINALITY
    AS new (command_id, body_hash, outcome, decided_at, stream, sequence, environment_id, code, reason, field, place)
ORDER BY place;

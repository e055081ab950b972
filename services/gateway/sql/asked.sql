-- name: asked(command_id, hash)$
-- What this command asked for when it came first.
INSERT INTO gateway.asked (command_id, hash) VALUES (:command_id, :hash)
ON CONFLICT (command_id) DO UPDATE SET hash = asked.hash
RETURNING hash;

-- name: was_asked(command_id)$
SELECT hash FROM gateway.asked WHERE command_id = :command_id;

-- name: is_asked(command_id)$
SELECT EXISTS (SELECT FROM gateway.asked WHERE command_id = :command_id);

-- name: forget_asked(kept_days)!
DELETE FROM gateway.asked WHERE asked_at < clock_timestamp() - make_interval(days => :kept_days);

-- name: begin_restore(restore_id, environment_id, database_only, places)!
INSERT INTO restore (restore_id, environment_id, database_only, places)
VALUES (:restore_id, :environment_id, :database_only, :places)
ON CONFLICT (restore_id) DO NOTHING;

-- name: find_restore(restore_id)^
SELECT environment_id, database_only, places FROM restore WHERE restore_id = :restore_id;

-- name: forget_restore(restore_id)!
DELETE FROM restore WHERE restore_id = :restore_id;

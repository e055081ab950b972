-- name: begin_restore(restore_id, environment_id, database_only, places)!
INSERT INTO restore (restore_id, environment_id, database_only, places)
VALUES (:restore_id, :environment_id, :database_only, :places)
ON CONFLICT (restore_id) DO NOTHING;

-- name: find_restore(restore_id)^
SELECT environment_id, database_only, places FROM restore WHERE restore_id = :restore_id;

-- name: note_told(restore_id, told)$
-- True the first time only.
UPDATE restore SET told = told || :told::text WHERE restore_id = :restore_id AND :told::text <> ALL (told)
RETURNING true;

-- name: forget_restore(restore_id)!
DELETE FROM restore WHERE restore_id = :restore_id;

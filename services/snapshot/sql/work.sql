-- name: open_work(environment_id, work)!
INSERT INTO open_work (environment_id, work) VALUES (:environment_id, :work) ON CONFLICT DO NOTHING;

-- name: close_work(environment_id, work)!
DELETE FROM open_work WHERE environment_id = :environment_id AND work = :work;

-- name: work_in(environment_id)$
SELECT work FROM open_work WHERE environment_id = :environment_id ORDER BY work LIMIT 1;

-- name: last_backup(environment_id)^
SELECT backup_id, manifest_hash FROM last_backup WHERE environment_id = :environment_id;

-- name: remember_backup(environment_id, backup_id, manifest_hash)!
INSERT INTO last_backup (environment_id, backup_id, manifest_hash)
VALUES (:environment_id, :backup_id, :manifest_hash)
ON CONFLICT (environment_id) DO UPDATE SET backup_id = excluded.backup_id, manifest_hash = excluded.manifest_hash;

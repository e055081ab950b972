-- name: open_work(environment_id, work)!
INSERT INTO open_work (environment_id, work) VALUES (:environment_id, :work) ON CONFLICT DO NOTHING;

-- name: close_work(environment_id, work)!
DELETE FROM open_work WHERE environment_id = :environment_id AND work = :work;

-- name: work_in(environment_id)$
SELECT work FROM open_work WHERE environment_id = :environment_id ORDER BY work LIMIT 1;

-- name: last_backup(environment_id)^
SELECT backup_id, manifest_hash, read_all_at, list_all_at FROM last_backup WHERE environment_id = :environment_id;

-- name: remember_backup(environment_id, backup_id, manifest_hash, now, read_all, list_all)!
-- The first one of an environment has listed and read everything, whether it was told to or not.
INSERT INTO last_backup AS l (environment_id, backup_id, manifest_hash, read_all_at, list_all_at)
VALUES (:environment_id, :backup_id, :manifest_hash, :now, :now)
ON CONFLICT (environment_id) DO UPDATE SET
    backup_id = excluded.backup_id,
    manifest_hash = excluded.manifest_hash,
    read_all_at = CASE WHEN :read_all THEN excluded.read_all_at ELSE l.read_all_at END,
    list_all_at = CASE WHEN :list_all THEN excluded.list_all_at ELSE l.list_all_at END;

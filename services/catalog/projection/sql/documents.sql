-- name: find_app(entity_id)$
SELECT document FROM read.app WHERE app_id = :entity_id FOR UPDATE;

-- name: save_apps(entity_id, slug, removed, document)*!
INSERT INTO read.app (app_id, slug, removed, document) VALUES (:entity_id, :slug, :removed, :document)
ON CONFLICT (app_id) DO UPDATE SET slug = excluded.slug, removed = excluded.removed, document = excluded.document;

-- name: find_environment(entity_id)$
SELECT document FROM read.environment WHERE environment_id = :entity_id FOR UPDATE;

-- name: save_environments(entity_id, app_id, name, removed, document)*!
INSERT INTO read.environment (environment_id, app_id, name, removed, document)
VALUES (:entity_id, :app_id, :name, :removed, :document)
ON CONFLICT (environment_id)
DO UPDATE SET name = excluded.name, removed = excluded.removed, document = excluded.document;

-- name: find_backup(entity_id)$
SELECT document FROM read.backup WHERE backup_id = :entity_id FOR UPDATE;

-- name: save_backups(entity_id, environment_id, state, created_at, document)*!
INSERT INTO read.backup (backup_id, environment_id, state, created_at, document)
VALUES (:entity_id, :environment_id, :state, :created_at, :document)
ON CONFLICT (backup_id) DO UPDATE SET state = excluded.state, document = excluded.document;

-- name: find_restore(entity_id)$
SELECT document FROM read.restore WHERE restore_id = :entity_id FOR UPDATE;

-- name: save_restores(entity_id, environment_id, state, requested_at, document)*!
INSERT INTO read.restore (restore_id, environment_id, state, requested_at, document)
VALUES (:entity_id, :environment_id, :state, :requested_at, :document)
ON CONFLICT (restore_id) DO UPDATE SET state = excluded.state, document = excluded.document;

-- name: find_preflight(entity_id)$
SELECT document FROM read.preflight WHERE preflight_id = :entity_id FOR UPDATE;

-- name: save_preflights(entity_id, environment_id, document)*!
INSERT INTO read.preflight (preflight_id, environment_id, document)
VALUES (:entity_id, :environment_id, :document)
ON CONFLICT (preflight_id) DO UPDATE SET document = excluded.document;

-- name: tell(channel)!
SELECT pg_notify(:channel, '');

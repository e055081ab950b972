-- name: find_app(app_id)$
SELECT document FROM read.app WHERE app_id = :app_id FOR UPDATE;

-- name: save_apps(app_id, slug, removed, document)*!
INSERT INTO read.app (app_id, slug, removed, document) VALUES (:app_id, :slug, :removed, :document)
ON CONFLICT (app_id) DO UPDATE SET slug = excluded.slug, removed = excluded.removed, document = excluded.document;

-- name: find_environment(environment_id)$
SELECT document FROM read.environment WHERE environment_id = :environment_id FOR UPDATE;

-- name: save_environments(environment_id, app_id, name, removed, document)*!
INSERT INTO read.environment (environment_id, app_id, name, removed, document)
VALUES (:environment_id, :app_id, :name, :removed, :document)
ON CONFLICT (environment_id)
DO UPDATE SET name = excluded.name, removed = excluded.removed, document = excluded.document;

-- name: find_backup(backup_id)$
SELECT document FROM read.backup WHERE backup_id = :backup_id FOR UPDATE;

-- name: save_backups(backup_id, environment_id, state, created_at, document, lines)*!
-- The lines are new ones: they are put behind those that the history has.
INSERT INTO read.backup (backup_id, environment_id, state, created_at, document, history)
VALUES (:backup_id, :environment_id, :state, :created_at, :document, :lines)
ON CONFLICT (backup_id) DO UPDATE
SET state = excluded.state, document = excluded.document, history = backup.history || excluded.history;

-- name: find_restore(restore_id)$
SELECT document FROM read.restore WHERE restore_id = :restore_id FOR UPDATE;

-- name: save_restores(restore_id, environment_id, state, requested_at, document)*!
INSERT INTO read.restore (restore_id, environment_id, state, requested_at, document)
VALUES (:restore_id, :environment_id, :state, :requested_at, :document)
ON CONFLICT (restore_id) DO UPDATE SET state = excluded.state, document = excluded.document;

-- name: find_preflight(preflight_id)$
SELECT document FROM read.preflight WHERE preflight_id = :preflight_id FOR UPDATE;

-- name: save_preflights(preflight_id, environment_id, document)*!
INSERT INTO read.preflight (preflight_id, environment_id, document)
VALUES (:preflight_id, :environment_id, :document)
ON CONFLICT (preflight_id) DO UPDATE SET document = excluded.document;

-- name: find_slot(environment_id, slot_date)$
SELECT document FROM read.slot WHERE environment_id = :environment_id AND slot_date = :slot_date FOR UPDATE;

-- name: save_slots(environment_id, slot_date, state, document)*!
INSERT INTO read.slot (environment_id, slot_date, state, document)
VALUES (:environment_id, :slot_date, :state, :document)
ON CONFLICT (environment_id, slot_date) DO UPDATE SET state = excluded.state, document = excluded.document;

-- name: find_policy_change(policy_change_id)$
SELECT document FROM read.policy_change WHERE policy_change_id = :policy_change_id FOR UPDATE;

-- name: save_policy_changes(policy_change_id, app_id, environment_id, changed_at, document)*!
INSERT INTO read.policy_change (policy_change_id, app_id, environment_id, changed_at, document)
VALUES (:policy_change_id, :app_id, :environment_id, :changed_at, :document)
ON CONFLICT (policy_change_id) DO UPDATE SET document = excluded.document;

-- name: tell(channel)!
SELECT pg_notify(:channel, '');

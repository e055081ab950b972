-- name: find_apps(app_ids)
SELECT app_id, document FROM read.app WHERE app_id = ANY (:app_ids::uuid[]) ORDER BY app_id FOR UPDATE;

-- name: save_apps(app_ids, slugs, removeds, documents)!
INSERT INTO read.app (app_id, slug, removed, document)
SELECT * FROM unnest(
    :app_ids::uuid[], :slugs::text[], :removeds::boolean[], :documents::text[]::jsonb[]
)
ON CONFLICT (app_id) DO UPDATE SET slug = excluded.slug, removed = excluded.removed, document = excluded.document;

-- name: find_environments(environment_ids)
SELECT environment_id, document FROM read.environment WHERE environment_id = ANY (:environment_ids::uuid[]) ORDER BY environment_id FOR UPDATE;

-- name: save_environments(environment_ids, app_ids, names, removeds, documents)!
INSERT INTO read.environment (environment_id, app_id, name, removed, document)
SELECT * FROM unnest(
    :environment_ids::uuid[], :app_ids::uuid[], :names::text[], :removeds::boolean[], :documents::text[]::jsonb[]
)
ON CONFLICT (environment_id)
DO UPDATE SET name = excluded.name, removed = excluded.removed, document = excluded.document;

-- name: find_backups(backup_ids)
SELECT backup_id, document FROM read.backup WHERE backup_id = ANY (:backup_ids::uuid[]) ORDER BY backup_id FOR UPDATE;

-- name: save_backups(backup_ids, environment_ids, states, created_ats, documents, lines)!
-- Each `lines` is a list of new ones: they are put behind those that the history has.
INSERT INTO read.backup (backup_id, environment_id, state, created_at, document, history)
SELECT * FROM unnest(
    :backup_ids::uuid[], :environment_ids::uuid[], :states::text[], :created_ats::timestamptz[],
    :documents::text[]::jsonb[], :lines::text[]::jsonb[]
)
ON CONFLICT (backup_id) DO UPDATE
SET state = excluded.state, document = excluded.document, history = backup.history || excluded.history;

-- name: find_restores(restore_ids)
SELECT restore_id, document FROM read.restore WHERE restore_id = ANY (:restore_ids::uuid[]) ORDER BY restore_id FOR UPDATE;

-- name: save_restores(restore_ids, environment_ids, states, requested_ats, documents)!
INSERT INTO read.restore (restore_id, environment_id, state, requested_at, document)
SELECT * FROM unnest(
    :restore_ids::uuid[], :environment_ids::uuid[], :states::text[], :requested_ats::timestamptz[],
    :documents::text[]::jsonb[]
)
ON CONFLICT (restore_id) DO UPDATE SET state = excluded.state, document = excluded.document;

-- name: find_preflights(preflight_ids)
SELECT preflight_id, document FROM read.preflight WHERE preflight_id = ANY (:preflight_ids::uuid[]) ORDER BY preflight_id FOR UPDATE;

-- name: save_preflights(preflight_ids, environment_ids, documents)!
INSERT INTO read.preflight (preflight_id, environment_id, document)
SELECT * FROM unnest(
    :preflight_ids::uuid[], :environment_ids::uuid[], :documents::text[]::jsonb[]
)
ON CONFLICT (preflight_id) DO UPDATE SET document = excluded.document;

-- name: find_uploads(upload_ids)
SELECT upload_id, document FROM read.upload WHERE upload_id = ANY (:upload_ids::uuid[]) ORDER BY upload_id FOR UPDATE;

-- name: save_uploads(upload_ids, environment_ids, states, requested_ats, documents)!
INSERT INTO read.upload (upload_id, environment_id, state, requested_at, document)
SELECT * FROM unnest(
    :upload_ids::uuid[], :environment_ids::uuid[], :states::text[], :requested_ats::timestamptz[],
    :documents::text[]::jsonb[]
)
ON CONFLICT (upload_id) DO UPDATE SET state = excluded.state, document = excluded.document;

-- name: find_slots(environment_ids, slot_dates)
SELECT environment_id, slot_date, document FROM read.slot
WHERE (environment_id, slot_date) IN (SELECT * FROM unnest(:environment_ids::uuid[], :slot_dates::date[]))
ORDER BY environment_id, slot_date FOR UPDATE;

-- name: save_slots(environment_ids, slot_dates, states, documents)!
INSERT INTO read.slot (environment_id, slot_date, state, document)
SELECT * FROM unnest(
    :environment_ids::uuid[], :slot_dates::date[], :states::text[], :documents::text[]::jsonb[]
)
ON CONFLICT (environment_id, slot_date) DO UPDATE SET state = excluded.state, document = excluded.document;

-- name: find_policy_changes(policy_change_ids)
SELECT policy_change_id, document FROM read.policy_change WHERE policy_change_id = ANY (:policy_change_ids::uuid[]) ORDER BY policy_change_id FOR UPDATE;

-- name: save_policy_changes(policy_change_ids, app_ids, environment_ids, changed_ats, documents)!
INSERT INTO read.policy_change (policy_change_id, app_id, environment_id, changed_at, document)
SELECT * FROM unnest(
    :policy_change_ids::uuid[], :app_ids::uuid[], :environment_ids::uuid[], :changed_ats::timestamptz[],
    :documents::text[]::jsonb[]
)
ON CONFLICT (policy_change_id) DO UPDATE SET document = excluded.document;

-- name: tell(channel)!
SELECT pg_notify(:channel, '');

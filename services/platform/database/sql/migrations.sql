-- name: lock_schema(name)!
-- Two processes that start together migrate one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('nightkeep migrate ' || :name, 0));

-- name: schema_exists(name)$
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = :name);

-- name: create_history()!
CREATE TABLE IF NOT EXISTS schema_migration (
    package text NOT NULL,
    version int NOT NULL,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (package, version)
);

-- name: applied_version(package)$
SELECT coalesce(max(version), 0) FROM schema_migration WHERE package = :package;

-- name: note_migration(package, version, name)!
INSERT INTO schema_migration (package, version, name) VALUES (:package, :version, :name);

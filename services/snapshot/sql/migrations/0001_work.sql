-- What keeps an environment busy besides backups: restores and their undoing, from their request to their end.
CREATE TABLE open_work (
    environment_id uuid NOT NULL,
    work text NOT NULL,
    PRIMARY KEY (environment_id, work)
);

-- The backup that the next one of the same environment builds upon.
CREATE TABLE last_backup (
    environment_id uuid PRIMARY KEY,
    backup_id uuid NOT NULL,
    manifest_hash text NOT NULL
);

-- Where a restore went, as it was when it began: what it replaced is found and removed there, whatever the environment
-- is told to be later. Secrets in `places` are references.
CREATE TABLE restore (
    restore_id uuid PRIMARY KEY,
    environment_id uuid NOT NULL,
    database_only boolean NOT NULL,
    places jsonb NOT NULL
);

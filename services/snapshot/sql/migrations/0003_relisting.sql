-- When every directory of documents was last listed, whatever its state said; for backups from before, today.
ALTER TABLE last_backup ADD COLUMN list_all_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE last_backup ALTER COLUMN list_all_at DROP DEFAULT;

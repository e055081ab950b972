-- When every document was last read, whatever its stamp said; for backups from before, from today on.
ALTER TABLE last_backup ADD COLUMN read_all_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE last_backup ALTER COLUMN read_all_at DROP DEFAULT;

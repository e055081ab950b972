-- When an environment's stored backups are looked at next, and which of its packs are read then.
ALTER TABLE environment ADD COLUMN check_from timestamptz;
ALTER TABLE environment ADD COLUMN check_seed int NOT NULL DEFAULT 0;
ALTER TABLE environment ADD COLUMN check_job_id uuid;
-- Those that are there are spread over a week.
UPDATE environment SET check_from = clock_timestamp() + random() * interval '7 days';
CREATE INDEX environment_to_check ON environment (check_from) WHERE check_job_id IS NULL;

-- What a webhook is called about. Those of earlier releases are called about alerts, as ever.
ALTER TABLE webhook ADD COLUMN about text[] NOT NULL DEFAULT '{alert}';

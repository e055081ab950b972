-- Nights and expiry: slots, policy changes, and every backup's whole history, which stays when the backup has gone.
ALTER TABLE backup ADD COLUMN history jsonb NOT NULL DEFAULT '[]';
DROP INDEX backup_newest_first;
CREATE INDEX backup_listed ON backup (environment_id, created_at DESC, backup_id DESC)
    WHERE state IN ('queued', 'running', 'completed', 'failed');

CREATE TABLE slot (
    environment_id uuid NOT NULL,
    slot_date date NOT NULL,
    state text NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (environment_id, slot_date)
);

CREATE TABLE policy_change (
    policy_change_id uuid PRIMARY KEY,
    app_id uuid NOT NULL,
    environment_id uuid,
    changed_at timestamptz NOT NULL,
    document jsonb NOT NULL
);
CREATE INDEX policy_change_newest_first ON policy_change (app_id, changed_at DESC, policy_change_id DESC);

GRANT SELECT ON ALL TABLES IN SCHEMA read TO gateway;

-- What was projected before has no history: the log is read again from its beginning.
TRUNCATE app, environment, backup, restore, preflight;
DELETE FROM catalog.parked_record WHERE consumer = 'projection';
DELETE FROM catalog.stream_position WHERE consumer = 'projection';
DELETE FROM catalog.consumer_offset WHERE consumer = 'projection';

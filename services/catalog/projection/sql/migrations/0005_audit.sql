-- What an auditor reads: one row for each event on the log, whoever said it. `document` is what a reader gets beside the
-- columns. For ever, like the log itself.
CREATE TABLE audit (
    event_id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    sequence bigint NOT NULL,
    what text NOT NULL,
    actor text NOT NULL,
    key_id text,
    access_of text,          -- whose stream of the gateway it is on: a user's or an organisation's
    app_id uuid,
    environment_id uuid,
    backup_id uuid,
    correlation_id uuid NOT NULL,
    document jsonb NOT NULL
);
-- Lists go on by (at, sequence, event_id): few share one instant, so the first is enough of an index.
CREATE INDEX audit_newest_first ON audit (at DESC);
CREATE INDEX audit_of_app ON audit (app_id, at DESC) WHERE app_id IS NOT NULL;
CREATE INDEX audit_of_environment ON audit (environment_id, at DESC) WHERE environment_id IS NOT NULL;
CREATE INDEX audit_of_backup ON audit (backup_id, at DESC) WHERE backup_id IS NOT NULL;
CREATE INDEX audit_by ON audit (actor, at DESC);
CREATE INDEX audit_called ON audit (what, at DESC);
CREATE INDEX audit_of_key ON audit (key_id, at DESC) WHERE key_id IS NOT NULL;
CREATE INDEX audit_correlated ON audit (correlation_id);
CREATE INDEX audit_without_app ON audit (environment_id) WHERE app_id IS NULL AND environment_id IS NOT NULL;

-- What the gateway says of an environment is on another partition than the environment's own events, and may be read
-- before them: then its app is told with the environment.
CREATE FUNCTION tell_app() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE read.audit SET app_id = NEW.app_id WHERE environment_id = NEW.environment_id AND app_id IS NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER told AFTER INSERT ON environment FOR EACH ROW EXECUTE FUNCTION tell_app();

GRANT SELECT ON ALL TABLES IN SCHEMA read TO gateway;

-- What was projected before is in no audit: the log is read again from its beginning.
TRUNCATE app, environment, backup, restore, preflight, slot, policy_change, upload;
DELETE FROM catalog.parked_record WHERE consumer = 'projection';
DELETE FROM catalog.stream_position WHERE consumer = 'projection';
DELETE FROM catalog.consumer_offset WHERE consumer = 'projection';

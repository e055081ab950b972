-- Two replicas that write an environment and what the gateway says of it at the same time do not see each other: see
-- `lock_places`. Under that lock the statement behind it sees what the other one has committed.
CREATE OR REPLACE FUNCTION tell_app() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('read audit ' || NEW.environment_id::text, 0));
    UPDATE read.audit SET app_id = NEW.app_id WHERE environment_id = NEW.environment_id AND app_id IS NULL;
    RETURN NULL;
END
$$;

-- What was left without its app until now.
UPDATE audit SET app_id = environment.app_id FROM environment
WHERE audit.environment_id = environment.environment_id AND audit.app_id IS NULL;

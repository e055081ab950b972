-- How many backups of an environment are in the list, by the day (UTC) they were made on: whoever asks for the total,
-- or for the page that begins at the millionth backup, adds up days instead of counting backups.
CREATE TABLE listed_day (
    environment_id uuid NOT NULL,
    day date NOT NULL,
    backups bigint NOT NULL,
    PRIMARY KEY (environment_id, day)
);

-- A trigger, so that it is true whoever writes: the live projection, the replayer, a release of yesterday beside this.
CREATE FUNCTION count_listed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    listed CONSTANT text[] := ARRAY['queued', 'running', 'completed', 'failed'];
    moved CONSTANT int := coalesce(NEW.state = ANY (listed), false)::int - coalesce(OLD.state = ANY (listed), false)::int;
    of_day CONSTANT date := (coalesce(NEW.created_at, OLD.created_at) AT TIME ZONE 'UTC')::date;
BEGIN
    IF moved <> 0 THEN
        INSERT INTO read.listed_day AS kept (environment_id, day, backups)
        VALUES (coalesce(NEW.environment_id, OLD.environment_id), of_day, moved)
        ON CONFLICT (environment_id, day) DO UPDATE SET backups = kept.backups + excluded.backups;
    END IF;
    IF moved < 0 THEN
        DELETE FROM read.listed_day WHERE environment_id = OLD.environment_id AND day = of_day AND backups = 0;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER counted AFTER INSERT OR DELETE OR UPDATE OF state ON backup FOR EACH ROW EXECUTE FUNCTION count_listed();

CREATE FUNCTION forget_listed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE read.listed_day;
    RETURN NULL;
END
$$;
CREATE TRIGGER forgotten AFTER TRUNCATE ON backup EXECUTE FUNCTION forget_listed();

INSERT INTO listed_day
SELECT environment_id, (created_at AT TIME ZONE 'UTC')::date, count(*) FROM backup
WHERE state IN ('queued', 'running', 'completed', 'failed')
GROUP BY 1, 2;

GRANT SELECT ON ALL TABLES IN SCHEMA read TO gateway;

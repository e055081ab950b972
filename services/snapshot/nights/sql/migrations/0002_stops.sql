-- A schedule that stopped, since too many nights were overdue at once, waits for a person or for another clock. Whoever
-- stopped is looked at again only then. Instants are business time.
ALTER TABLE night
    ADD COLUMN stop_id uuid,
    ADD COLUMN stopped_at timestamptz,
    ADD COLUMN approved_until timestamptz,
    ADD CHECK ((stop_id IS NULL) = (stopped_at IS NULL));
CREATE INDEX night_stopped ON night (environment_id) WHERE stop_id IS NOT NULL;

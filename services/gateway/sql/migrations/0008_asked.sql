-- What an idempotency key asked for, as a hash, where nothing that is kept tells all of it: what was sent of a file goes
-- when it was worked off. One row for each upload, import, tried webhook or replayed dead letter, kept for as long as
-- a command is.
CREATE TABLE asked (
    command_id uuid PRIMARY KEY,
    hash bytea NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX asked_by_time ON asked (asked_at);

-- What an idempotency key asked for, as a hash, where nothing that is kept tells all of it: what was sent of a file goes
-- when it was worked off. One row for each upload, import, tried webhook or replayed dead letter.
CREATE TABLE asked (
    command_id uuid PRIMARY KEY,
    hash bytea NOT NULL
);

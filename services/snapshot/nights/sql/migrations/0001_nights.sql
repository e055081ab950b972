-- Every environment that has nights: its next slot, planned and not fired yet. Instants here are business time.
CREATE TABLE night (
    environment_id uuid PRIMARY KEY,
    key text NOT NULL,                 -- of all messages about its app
    known_since timestamptz NOT NULL,  -- the first slot is the first one behind it
    look_at timestamptz NOT NULL,      -- when something is to be done: its slot is due; `epoch` means now
    slot_date date,
    due_at timestamptz,
    calendar_offset text,
    CHECK ((slot_date IS NULL) = (due_at IS NULL) AND (slot_date IS NULL) = (calendar_offset IS NULL))
);
CREATE INDEX night_look_at ON night (look_at, environment_id);

-- Environments that were registered before there were nights have them from now on.
INSERT INTO night (environment_id, key, known_since, look_at)
SELECT environment_id, app_id::text, clock_timestamp(), 'epoch' FROM environment_place WHERE NOT removed;

-- Slots that have fired and not ended: waiting to be asked for, asked for and unanswered, accepted by the catalog.
CREATE TABLE open_slot (
    environment_id uuid NOT NULL,
    slot_date date NOT NULL,
    key text NOT NULL,
    calendar_offset text NOT NULL,
    due_at timestamptz NOT NULL,
    not_after timestamptz NOT NULL,
    ask_at timestamptz NOT NULL,
    try_number int NOT NULL,
    asked_at timestamptz,
    late boolean,
    tries jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'asked', 'accepted')),
    command_id uuid NOT NULL UNIQUE,
    backup_id uuid NOT NULL UNIQUE,
    sent_at timestamptz,               -- by PostgreSQL's clock: without an answer it is sent again
    PRIMARY KEY (environment_id, slot_date),
    CHECK ((state = 'waiting') = (sent_at IS NULL) AND (state = 'waiting') = (asked_at IS NULL))
);
CREATE INDEX open_slot_waiting ON open_slot (ask_at, environment_id) WHERE state = 'waiting';
CREATE INDEX open_slot_asked ON open_slot (sent_at) WHERE state = 'asked';

-- The service's own events: UNIQUE (stream, sequence) is the optimistic lock, `published_at IS NULL` the outbox.
CREATE TABLE event (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- the order in which the relay publishes
    event_id uuid NOT NULL UNIQUE,
    stream text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    key text NOT NULL,
    headers json NOT NULL,   -- name to text, as they travel
    body text NOT NULL,      -- the JSON exactly as it travels
    appended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at timestamptz,
    log_partition int,
    log_offset bigint,
    UNIQUE (stream, sequence),
    CHECK ((published_at IS NULL) = (log_offset IS NULL) AND (log_partition IS NULL) = (log_offset IS NULL))
);
CREATE INDEX event_unpublished ON event (position) WHERE published_at IS NULL;
CREATE INDEX event_place ON event (log_partition, log_offset) WHERE published_at IS NOT NULL;

-- The last record of each partition that was compared with the table, whoever wrote it.
CREATE TABLE log_mark (
    partition int PRIMARY KEY,
    log_offset bigint NOT NULL,
    event_id text NOT NULL
);

-- How each command ended. Never pruned: a command that comes again after years has no second effect.
CREATE TABLE command_outcome (
    command_id uuid PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    body_hash text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('accepted', 'rejected')),
    code text,
    reason text,
    field text,
    environment_id uuid,
    stream text NOT NULL,
    sequence bigint NOT NULL,
    decided_at timestamptz NOT NULL,
    CHECK ((outcome = 'rejected') = (code IS NOT NULL) AND (code IS NULL) = (reason IS NULL))
);
CREATE INDEX command_outcome_of_environment ON command_outcome (environment_id, position DESC)
    WHERE outcome = 'accepted';

-- How far each consumer of this service has come.
CREATE TABLE stream_position (
    consumer text NOT NULL,
    stream text NOT NULL,
    sequence bigint NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (consumer, stream)
);
CREATE TABLE consumer_offset (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (consumer, topic, partition)
);
CREATE TABLE parked_record (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    log_offset bigint NOT NULL,
    stream text NOT NULL,
    sequence bigint NOT NULL,
    event_id uuid NOT NULL,
    lane text NOT NULL,
    key bytea,
    value bytea,
    header_names text[] NOT NULL,
    header_values bytea[] NOT NULL,
    reason text NOT NULL,
    poisonous boolean NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, topic, partition, log_offset)
);
CREATE INDEX parked_record_lane ON parked_record (consumer, lane, partition, log_offset);

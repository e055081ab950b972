-- The read model. `document` is what a reader gets; the columns beside it are what lists are found and ordered by.
CREATE TABLE app (
    app_id uuid PRIMARY KEY,
    slug text NOT NULL,
    removed boolean NOT NULL,
    document jsonb NOT NULL
);
CREATE INDEX app_slug ON app (lower(slug)) WHERE NOT removed;

CREATE TABLE environment (
    environment_id uuid PRIMARY KEY,
    app_id uuid NOT NULL,
    name text NOT NULL,
    removed boolean NOT NULL,
    document jsonb NOT NULL
);
CREATE INDEX environment_of_app ON environment (app_id, lower(name)) WHERE NOT removed;

CREATE TABLE backup (
    backup_id uuid PRIMARY KEY,
    environment_id uuid NOT NULL,
    state text NOT NULL,
    created_at timestamptz NOT NULL,
    document jsonb NOT NULL
);
CREATE INDEX backup_newest_first ON backup (environment_id, created_at DESC, backup_id DESC);
CREATE INDEX backup_state ON backup (state);

CREATE TABLE restore (
    restore_id uuid PRIMARY KEY,
    environment_id uuid NOT NULL,
    state text NOT NULL,
    requested_at timestamptz NOT NULL,
    document jsonb NOT NULL
);
CREATE INDEX restore_newest_first ON restore (environment_id, requested_at DESC, restore_id DESC);
CREATE INDEX restore_state ON restore (state);

CREATE TABLE preflight (
    preflight_id uuid PRIMARY KEY,
    environment_id uuid NOT NULL,
    document jsonb NOT NULL
);

-- How far the read model is, by stream and by partition: it moves in the transaction that changes the rows above.
CREATE VIEW stream_position AS
    SELECT stream, sequence, event_id FROM catalog.stream_position WHERE consumer = 'projection';
CREATE VIEW partition_offset AS
    SELECT partition, next_offset FROM catalog.consumer_offset WHERE consumer = 'projection';

GRANT USAGE ON SCHEMA read TO gateway;
GRANT SELECT ON ALL TABLES IN SCHEMA read TO gateway;

-- Uploads of data.
CREATE TABLE upload (
    upload_id uuid PRIMARY KEY,
    environment_id uuid NOT NULL,
    state text NOT NULL,
    requested_at timestamptz NOT NULL,
    document jsonb NOT NULL
);
CREATE INDEX upload_newest_first ON upload (environment_id, requested_at DESC, upload_id DESC);

GRANT SELECT ON ALL TABLES IN SCHEMA read TO gateway;

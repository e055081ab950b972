-- Which archive a command found that another one had asked for: the same request repeated is told of the same.
CREATE TABLE archive_found (
    command_id uuid PRIMARY KEY,
    archive_id uuid NOT NULL REFERENCES archive,
    found_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON archive_found (found_at);

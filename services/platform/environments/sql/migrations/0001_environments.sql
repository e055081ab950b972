-- This service's own copy of where environments are: what the log said last. Secrets are references, never values.
CREATE TABLE environment_place (
    environment_id uuid PRIMARY KEY,
    app_id uuid NOT NULL,
    described jsonb NOT NULL,
    removed boolean NOT NULL DEFAULT false
);

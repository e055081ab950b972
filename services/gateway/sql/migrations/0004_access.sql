-- Customers. The first is whoever runs the platform: what belongs to nobody else is theirs.
CREATE TABLE organisation (
    organisation_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    added_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX organisation_name ON organisation (lower(name));
INSERT INTO organisation VALUES ('5b0e4bb4-8a94-4be1-a6d4-8a0b3f0a7e10', 'operator', clock_timestamp());

CREATE TABLE app_owner (
    app_id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisation
);

-- The name of a removed person stays taken: what the log says of it is never somebody else's.
ALTER TABLE person
    ADD COLUMN organisation_id uuid NOT NULL DEFAULT '5b0e4bb4-8a94-4be1-a6d4-8a0b3f0a7e10' REFERENCES organisation,
    ADD COLUMN removed_at timestamptz;

-- A key with places works nowhere else; each is `<kind>/<id>`.
ALTER TABLE api_key
    ADD COLUMN name text NOT NULL DEFAULT '',
    ADD COLUMN places text[] NOT NULL DEFAULT '{}',
    ADD COLUMN last_used_at timestamptz;

-- Who may do what where, and in all that lies within; the platform's id is nil.
CREATE TABLE access (
    user_id uuid NOT NULL REFERENCES person,
    kind text NOT NULL CHECK (kind IN ('platform', 'organisation', 'app', 'environment')),
    place_id uuid NOT NULL,
    rights text[] NOT NULL CHECK (rights <> '{}'),
    granted_at timestamptz NOT NULL,
    granted_by text NOT NULL,
    PRIMARY KEY (user_id, kind, place_id)
);
CREATE INDEX access_at ON access (kind, place_id);

-- Until now a key alone said what it may, everywhere.
INSERT INTO access
SELECT DISTINCT user_id, 'platform', '00000000-0000-0000-0000-000000000000'::uuid,
    '{admin,create,delete,read,restore}'::text[], clock_timestamp(), 'migration'
FROM api_key WHERE revoked_at IS NULL;

-- Whoever shows the token is this person. Only its hash is kept.
CREATE TABLE invitation (
    invitation_id text PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES person,
    hash text NOT NULL,
    ends_at timestamptz NOT NULL,
    accepted_at timestamptz
);
CREATE INDEX invitation_of ON invitation (user_id);

-- Whether an environment, or an app where there is none, lies within one of these places; NULL is anywhere.
CREATE FUNCTION is_within(environment uuid, app uuid, places uuid[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT places IS NULL OR coalesce(
        environment = ANY (places) OR app = ANY (places)
        OR coalesce(
            (SELECT organisation_id FROM gateway.app_owner WHERE app_id = app),
            '5b0e4bb4-8a94-4be1-a6d4-8a0b3f0a7e10'
        ) = ANY (places),
        false)
$$;

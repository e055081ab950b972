-- A password is kept as an argon2 hash; `openid_subject` is who the user is at the provider, since the first time.
ALTER TABLE person
    ADD COLUMN password_hash text,
    ADD COLUMN openid_subject text UNIQUE;

-- A browser session is found by a hash of what its cookie holds: who reads this table opens none.
CREATE TABLE session (
    hash bytea PRIMARY KEY,
    session_id text NOT NULL,
    user_id uuid NOT NULL REFERENCES person,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz NOT NULL
);
CREATE INDEX session_of ON session (user_id);
CREATE INDEX session_ends ON session (ends_at);

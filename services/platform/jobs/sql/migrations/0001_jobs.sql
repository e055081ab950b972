-- Work to be done and who is doing it. The epoch rises with every lease: an older one may change nothing.
CREATE TABLE job (
    job_id uuid PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,  -- first put, first leased
    kind text NOT NULL,
    environment_id uuid NOT NULL,
    host text NOT NULL,
    key text NOT NULL,
    payload jsonb NOT NULL,
    cause jsonb NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'completed', 'failed')),
    held_by text,
    run_after timestamptz NOT NULL DEFAULT clock_timestamp(),
    epoch int NOT NULL DEFAULT 0,
    attempt int NOT NULL DEFAULT 0,
    leased_by text,
    lease_until timestamptz,
    progressed_at timestamptz,
    memo jsonb NOT NULL DEFAULT '{}',
    cancelled_by text,
    refuses_cancel boolean NOT NULL DEFAULT false,
    last_code text,
    last_reason text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('completed', 'failed')) = (ended_at IS NOT NULL)),
    CHECK (NOT (refuses_cancel AND cancelled_by IS NOT NULL))
);
CREATE INDEX job_open ON job (position) WHERE state IN ('waiting', 'running');
CREATE INDEX job_held ON job (held_by) WHERE held_by IS NOT NULL;

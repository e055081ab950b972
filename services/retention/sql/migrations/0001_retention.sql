-- What this service knows of every backup whose manifest or tombstone may be there: what the log said last.
CREATE TABLE backup (
    backup_id uuid PRIMARY KEY,
    environment_id uuid NOT NULL,
    key text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    state text NOT NULL,
    ask_from timestamptz,
    round int NOT NULL,
    waits_for text,
    reason text,
    asked_sweep_id uuid,
    asked_expires_at timestamptz,
    asked_at timestamptz,
    command_id uuid,
    sent_at timestamptz,  -- by PostgreSQL's clock
    work_from timestamptz,
    job_id uuid,
    cause jsonb
);
CREATE INDEX backup_there ON backup (environment_id) WHERE state IN ('queued', 'running', 'completed', 'failed');
CREATE INDEX backup_to_ask ON backup (environment_id, ask_from, expires_at) WHERE ask_from IS NOT NULL;
CREATE INDEX backup_asked ON backup (sent_at NULLS FIRST) WHERE waits_for = 'answer';
CREATE UNIQUE INDEX backup_command ON backup (command_id) WHERE command_id IS NOT NULL;
CREATE INDEX backup_to_work_on ON backup (work_from) WHERE work_from IS NOT NULL AND job_id IS NULL;

-- One row per environment that ever had a backup: its sweep that stands stopped, and its space.
CREATE TABLE environment (
    environment_id uuid PRIMARY KEY,
    key text NOT NULL,
    stopped_sweep_id uuid,
    stopped_at timestamptz,
    approved_until timestamptz,
    mark_id uuid,
    condemned_contents bigint,
    condemned_bytes bigint,
    has_garbage boolean NOT NULL DEFAULT false,
    work_from timestamptz,
    job_id uuid,
    cause jsonb,
    CHECK ((stopped_sweep_id IS NULL) = (stopped_at IS NULL))
);
CREATE INDEX environment_stopped ON environment (environment_id)
    WHERE stopped_sweep_id IS NOT NULL OR approved_until IS NOT NULL;
CREATE INDEX environment_approved ON environment (environment_id) WHERE approved_until IS NOT NULL;
CREATE INDEX environment_to_work_on ON environment (work_from) WHERE work_from IS NOT NULL AND job_id IS NULL;

-- When a sweep was begun last, by business time: however many services run, each interval has one.
CREATE TABLE sweep (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    swept_at timestamptz
);
INSERT INTO sweep DEFAULT VALUES;

-- What links are signed with: whoever has it can read every archive that lives.
CREATE TABLE link_key (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    key bytea NOT NULL
);

-- A downloadable form of a backup. Its bytes are kept nowhere: `head` and the pages tell how they are made again.
CREATE TABLE archive (
    archive_id uuid PRIMARY KEY,
    backup_id uuid NOT NULL,
    environment_id uuid NOT NULL,
    app_id uuid NOT NULL,
    data_type text NOT NULL,
    file_name text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'completed', 'expired', 'failed')),
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL,
    updated_at timestamptz NOT NULL,
    finished_at timestamptz,
    estimated_bytes bigint,
    size_bytes bigint,
    sha256 text,
    encoder text,
    head bytea,
    link_ends_at timestamptz,
    failure jsonb,
    CHECK ((state IN ('completed', 'expired')) = (link_ends_at IS NOT NULL)),
    CHECK ((state = 'failed') = (failure IS NOT NULL))
);
-- Asked for again, the one that lives is the answer.
CREATE UNIQUE INDEX archive_lives ON archive (backup_id, data_type) WHERE state IN ('queued', 'running', 'completed');
CREATE INDEX archive_ends ON archive (link_ends_at) WHERE state IN ('completed', 'expired');

-- `start` is where the page's first segment begins in the archive.
CREATE TABLE archive_page (
    archive_id uuid NOT NULL REFERENCES archive ON DELETE CASCADE,
    start bigint NOT NULL,
    page bytea NOT NULL,
    PRIMARY KEY (archive_id, start)
);

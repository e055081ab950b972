-- Files that somebody sends in parts; the parts are in the object store, which says which of them are there. A parcel
-- that an upload or an import works off is held by it. Times are PostgreSQL's.
CREATE TABLE parcel (
    parcel_id uuid PRIMARY KEY,
    environment_id uuid NOT NULL,
    app_id uuid NOT NULL,
    size_bytes bigint NOT NULL,
    part_bytes int NOT NULL,
    sha256 text NOT NULL,
    expires_at timestamptz NOT NULL,
    held_by uuid
);
CREATE INDEX parcel_of_environment ON parcel (environment_id);
CREATE INDEX parcel_of_work ON parcel (held_by) WHERE held_by IS NOT NULL;

-- name: lock_parcels(environment_id)$
-- Who counts an environment's parcels and adds one takes turns.
SELECT pg_advisory_xact_lock(hashtextextended('parcels of ' || :environment_id, 0));

-- name: open_parcels(environment_id, besides)$
SELECT count(*) FROM parcel
WHERE environment_id = :environment_id AND parcel_id <> :besides AND expires_at > clock_timestamp();

-- name: put_parcel(parcel_id, environment_id, app_id, size_bytes, part_bytes, sha256, keep_seconds)!
INSERT INTO parcel (parcel_id, environment_id, app_id, size_bytes, part_bytes, sha256, expires_at)
VALUES (
    :parcel_id, :environment_id, :app_id, :size_bytes, :part_bytes, :sha256,
    clock_timestamp() + make_interval(secs => :keep_seconds)
)
ON CONFLICT (parcel_id) DO UPDATE SET expires_at = excluded.expires_at WHERE parcel.held_by IS NULL;

-- name: find_parcel(parcel_id)^
SELECT *, held_by IS NULL AND expires_at <= clock_timestamp() AS over FROM parcel WHERE parcel_id = :parcel_id;

-- name: parcels(environment_id)
-- Those that count, and those that are worked off.
SELECT * FROM parcel
WHERE environment_id = :environment_id AND (held_by IS NOT NULL OR expires_at > clock_timestamp())
ORDER BY expires_at DESC, parcel_id;

-- name: keep_parcel(parcel_id, keep_seconds)$
UPDATE parcel SET expires_at = clock_timestamp() + make_interval(secs => :keep_seconds)
WHERE parcel_id = :parcel_id AND held_by IS NULL AND expires_at > clock_timestamp()
RETURNING true;

-- name: hold_parcel(parcel_id, work_id)!
UPDATE parcel SET held_by = :work_id WHERE parcel_id = :parcel_id;

-- name: let_go_of_parcel(work_id)!
UPDATE parcel SET held_by = NULL, expires_at = clock_timestamp() WHERE held_by = :work_id;

-- name: give_up_parcel(parcel_id)$
UPDATE parcel SET expires_at = least(expires_at, clock_timestamp())
WHERE parcel_id = :parcel_id AND held_by IS NULL
RETURNING true;

-- name: ended_parcels(linger_seconds)
SELECT parcel_id, environment_id, expires_at FROM parcel
WHERE held_by IS NULL AND expires_at <= clock_timestamp() - make_interval(secs => :linger_seconds)
LIMIT 100;

-- name: forget_parcel(parcel_id, expires_at)!
DELETE FROM parcel WHERE parcel_id = :parcel_id AND expires_at = :expires_at AND held_by IS NULL;

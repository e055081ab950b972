-- name: link_key(fresh)$
-- The key that is there, or `fresh` from now on.
WITH added AS (
    INSERT INTO gateway.link_key (key) VALUES (:fresh) ON CONFLICT (only_one) DO NOTHING RETURNING key
)
SELECT key FROM added UNION ALL SELECT key FROM gateway.link_key LIMIT 1;

-- name: postgres_time()$
SELECT clock_timestamp();

-- name: lock_archives(backup_id)!
SELECT pg_advisory_xact_lock(hashtextextended('archives of ' || :backup_id, 0));

-- name: find_archive(archive_id)^
SELECT archive_id, backup_id, environment_id, app_id, data_type, file_name, state, requested_at, requested_by,
    updated_at, finished_at, estimated_bytes, size_bytes, sha256, encoder, link_ends_at, failure, cancel_command
FROM gateway.archive WHERE archive_id = :archive_id;

-- name: hold_archive(archive_id)!
SELECT FROM gateway.archive WHERE archive_id = :archive_id FOR UPDATE;

-- name: archive_asked_with(command_id, archive_id)$
-- The archive that this command has made as `archive_id`, or has found.
SELECT archive_id FROM gateway.archive WHERE archive_id = :archive_id
UNION ALL SELECT archive_id FROM gateway.archive_found WHERE command_id = :command_id
LIMIT 1;

-- name: keep_found(command_id, archive_id)!
INSERT INTO gateway.archive_found (command_id, archive_id) VALUES (:command_id, :archive_id);

-- name: forget_found(kept_days)!
DELETE FROM gateway.archive_found WHERE found_at < clock_timestamp() - make_interval(days => :kept_days);

-- name: living_archive(backup_id, data_type)^
SELECT archive_id, backup_id, environment_id, app_id, data_type, file_name, state, requested_at, requested_by,
    updated_at, finished_at, estimated_bytes, size_bytes, sha256, encoder, link_ends_at, failure
FROM gateway.archive
WHERE backup_id = :backup_id AND data_type = :data_type AND state IN ('queued', 'running', 'completed');

-- name: archives(backup_id, after, after_id, count)
SELECT archive_id, backup_id, environment_id, app_id, data_type, file_name, state, requested_at, requested_by,
    updated_at, finished_at, estimated_bytes, size_bytes, sha256, encoder, link_ends_at, failure,
    requested_at AS at, archive_id AS id
FROM gateway.archive
WHERE backup_id = :backup_id
    AND (:after::timestamptz IS NULL OR (requested_at, archive_id) < (:after, :after_id::uuid))
ORDER BY requested_at DESC, archive_id DESC
LIMIT :count;

-- name: add_archive(archive_id, backup_id, environment_id, app_id, data_type, file_name, requested_at, requested_by)!
INSERT INTO gateway.archive
    (archive_id, backup_id, environment_id, app_id, data_type, file_name, requested_at, requested_by, updated_at)
VALUES
    (:archive_id, :backup_id, :environment_id, :app_id, :data_type, :file_name, :requested_at, :requested_by,
    :requested_at);

-- name: start_archive(archive_id, now)!
UPDATE gateway.archive SET state = 'running', updated_at = :now WHERE archive_id = :archive_id;

-- name: estimate_archive(archive_id, estimated_bytes)!
UPDATE gateway.archive SET estimated_bytes = :estimated_bytes WHERE archive_id = :archive_id;

-- name: keep_head(archive_id, head)!
UPDATE gateway.archive SET head = :head WHERE archive_id = :archive_id;

-- name: complete_archive(archive_id, now, size_bytes, sha256, encoder, link_ends_at)!
UPDATE gateway.archive SET state = 'completed', updated_at = :now, finished_at = :now, size_bytes = :size_bytes,
    sha256 = :sha256, encoder = :encoder, link_ends_at = :link_ends_at
WHERE archive_id = :archive_id;

-- name: renew_archive(archive_id, link_ends_at)!
-- Only a link that works still, and never to less than it has.
UPDATE gateway.archive SET link_ends_at = greatest(archive.link_ends_at, :link_ends_at)
WHERE archive_id = :archive_id AND state = 'completed' AND archive.link_ends_at > clock_timestamp();

-- name: fail_archive(archive_id, now, failure)!
UPDATE gateway.archive SET state = 'failed', updated_at = :now, finished_at = :now, failure = :failure
WHERE archive_id = :archive_id;

-- name: keep_cancel_command(archive_id, command_id)!
UPDATE gateway.archive SET cancel_command = :command_id WHERE archive_id = :archive_id;

-- name: is_cancel_command(command_id)$
SELECT EXISTS (SELECT FROM gateway.archive WHERE cancel_command = :command_id);

-- name: expire_archive(archive_id, now, at_once)$
-- The lease on its backup was given until its link ends, and is let go of before where that is early.
UPDATE gateway.archive SET state = 'expired', updated_at = :now, let_go = archive.link_ends_at <= clock_timestamp(),
    link_ends_at = CASE WHEN :at_once::boolean THEN least(archive.link_ends_at, clock_timestamp())
                   ELSE archive.link_ends_at END
WHERE archive_id = :archive_id AND state = 'completed'
RETURNING true;

-- name: ended_archives(count)
-- Links end by PostgreSQL's clock, as the leases do that keep their backups.
SELECT archive_id FROM gateway.archive
WHERE state = 'completed' AND link_ends_at <= clock_timestamp()
ORDER BY link_ends_at LIMIT :count;

-- name: held_for_nothing(count)
SELECT archive_id, backup_id, app_id, requested_by FROM gateway.archive
WHERE state = 'expired' AND NOT let_go ORDER BY updated_at LIMIT :count;

-- name: has_let_go(archive_id)!
UPDATE gateway.archive SET let_go = true WHERE archive_id = :archive_id;

-- name: forget_pages(grace_seconds)!
-- Downloads that began while the link worked may go on for a while.
DELETE FROM gateway.archive_page USING gateway.archive
WHERE archive_page.archive_id = archive.archive_id
    AND (   (archive.state = 'expired' AND link_ends_at < clock_timestamp() - make_interval(secs => :grace_seconds))
         OR archive.state = 'failed');

-- name: wipe_pages(environment_id)!
DELETE FROM gateway.archive_page USING gateway.archive
WHERE archive_page.archive_id = archive.archive_id AND archive.environment_id = :environment_id;

-- name: wipe_heads(environment_id)!
UPDATE gateway.archive SET head = NULL WHERE environment_id = :environment_id AND head IS NOT NULL;

-- name: clear_pages(archive_id)!
DELETE FROM gateway.archive_page WHERE archive_id = :archive_id;

-- name: put_page(archive_id, start, page)!
INSERT INTO gateway.archive_page (archive_id, start, page) VALUES (:archive_id, :start, :page);

-- name: page_at(archive_id, position)$
SELECT page FROM gateway.archive_page
WHERE archive_id = :archive_id AND start <= :position
ORDER BY start DESC LIMIT 1;

-- name: head_of(archive_id)$
SELECT head FROM gateway.archive WHERE archive_id = :archive_id;

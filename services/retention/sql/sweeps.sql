-- name: claim_sweep(now, interval_seconds)$
-- Whether a sweep is to be begun now: one per interval, whichever way the clock went, and at once after an approval.
UPDATE sweep SET swept_at = :now
WHERE swept_at IS NULL
   OR abs(extract(epoch FROM :now::timestamptz - swept_at)) >= :interval_seconds
   OR EXISTS (SELECT FROM environment WHERE approved_until IS NOT NULL)
RETURNING true;

-- name: lock_environments(now, after, page)
-- The next environments in which something is due or a sweep stands stopped: one sweep at a time judges each. What it
-- judges is looked at by a statement of its own: this one may have waited for another sweep, and saw what was before.
-- min and not EXISTS: PostgreSQL would look through the backups of all environments for each page, and keep a hash.
SELECT environment_id FROM environment
WHERE environment_id > :after
  AND (   stopped_sweep_id IS NOT NULL
       OR approved_until IS NOT NULL
       OR (SELECT min(ask_from) FROM backup WHERE backup.environment_id = environment.environment_id) <= :now)
ORDER BY environment_id
LIMIT :page
FOR UPDATE;

-- name: standings(environment_ids, now, cap_count)
-- How these environments stand.
SELECT environment_id, key, stopped_sweep_id, approved_until,
    due.due_count, due.held_count, due.approved_count,
    CASE WHEN due.due_count > :cap_count THEN (
        SELECT count(*) FROM backup
        WHERE backup.environment_id = environment.environment_id
          AND state IN ('queued', 'running', 'completed', 'failed')
    ) ELSE 0 END AS backup_count
FROM environment
LEFT JOIN LATERAL (
    SELECT backup_id FROM backup
    WHERE backup.environment_id = environment.environment_id AND state = 'completed'
    ORDER BY created_at DESC, backup_id DESC LIMIT 1
) AS newest ON true
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE NOT stays) AS due_count, count(*) FILTER (WHERE stays) AS held_count,
        count(*) FILTER (WHERE NOT stays AND expires_at <= environment.approved_until) AS approved_count
    FROM (
        SELECT expires_at, pinned OR backup_id IS NOT DISTINCT FROM newest.backup_id AS stays
        FROM backup WHERE backup.environment_id = environment.environment_id AND ask_from <= :now
    ) AS one
) AS due
WHERE environment_id = ANY (:environment_ids::uuid[])
ORDER BY environment_id;

-- name: ask(environment_ids, sweep_ids, untils, mosts, now)$
-- See domain.backup.Backup.ask. No more than was counted: what the log made due meanwhile is measured by the next sweep.
WITH asked AS (
    UPDATE backup SET ask_from = NULL, waits_for = 'answer', reason = NULL,
        asked_sweep_id = chosen.sweep_id, asked_expires_at = expires_at, asked_at = :now,
        command_id = NULL, sent_at = NULL
    FROM (
        SELECT due.backup_id, allowed.sweep_id
        FROM unnest(:environment_ids::uuid[], :sweep_ids::uuid[], :untils::timestamptz[], :mosts::bigint[])
            AS allowed (environment_id, sweep_id, until, most)
        CROSS JOIN LATERAL (
            SELECT backup_id FROM backup
            WHERE backup.environment_id = allowed.environment_id AND ask_from <= :now AND expires_at <= allowed.until
            ORDER BY expires_at, backup_id LIMIT allowed.most
        ) AS due
    ) AS chosen
    WHERE backup.backup_id = chosen.backup_id AND ask_from <= :now
    RETURNING backup.backup_id
)
SELECT count(*) FROM asked;

-- name: first_due(environment_id, now, approved_until, count)
-- Those that nobody approved and that would really go.
SELECT backup_id FROM backup
WHERE environment_id = :environment_id AND ask_from <= :now AND NOT pinned
  AND backup_id IS DISTINCT FROM (
      SELECT newest.backup_id FROM backup AS newest
      WHERE newest.environment_id = :environment_id AND newest.state = 'completed'
      ORDER BY newest.created_at DESC, newest.backup_id DESC LIMIT 1)
  AND (:approved_until::timestamptz IS NULL OR expires_at > :approved_until)
ORDER BY expires_at, backup_id
LIMIT :count;

-- name: note_standings(environment_ids, sweep_ids, stopped_ats)!
-- An approval serves one sweep. No row is written where nothing is news.
UPDATE environment SET approved_until = NULL, stopped_sweep_id = noted.sweep_id, stopped_at = noted.stopped_at
FROM unnest(:environment_ids::uuid[], :sweep_ids::uuid[], :stopped_ats::timestamptz[])
    AS noted (environment_id, sweep_id, stopped_at)
WHERE environment.environment_id = noted.environment_id
  AND (approved_until IS NOT NULL OR environment.stopped_sweep_id IS DISTINCT FROM noted.sweep_id);

-- name: approve(environment_id, sweep_id)!
UPDATE environment SET approved_until = stopped_at, stopped_sweep_id = NULL, stopped_at = NULL
WHERE environment_id = :environment_id AND stopped_sweep_id = :sweep_id;

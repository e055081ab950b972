-- name: keep_top(key_id, environment_id, page, top_at, top_id, seconds)!
-- Also as the last one with this key, whatever was on its pages.
INSERT INTO gateway.steady_list (key_id, environment_id, page, top_at, top_id, until)
SELECT :key_id, :environment_id, one.page, :top_at, :top_id, clock_timestamp() + make_interval(secs => :seconds)
FROM unnest(ARRAY[:page::integer, 0]) AS one (page)
ON CONFLICT (key_id, environment_id, page)
DO UPDATE SET top_at = excluded.top_at, top_id = excluded.top_id, until = excluded.until;

-- name: forget_top(key_id, environment_id, page)!
DELETE FROM gateway.steady_list
WHERE key_id = :key_id AND environment_id = :environment_id AND page IN (:page, 0);

-- name: find_top(key_id, environment_id, page)^
SELECT top_at, top_id FROM gateway.steady_list
WHERE key_id = :key_id AND environment_id = :environment_id AND page IN (:page, 0) AND until > clock_timestamp()
ORDER BY page DESC LIMIT 1;

-- name: sweep_tops(key_id, kept, count)!
-- What is over, and what is too much of one key; what somebody writes at this moment is left to the next sweep.
DELETE FROM gateway.steady_list WHERE (key_id, environment_id, page) IN (
    SELECT key_id, environment_id, page FROM gateway.steady_list
    WHERE until <= clock_timestamp()
        OR (key_id = :key_id AND until <= (
            SELECT until FROM gateway.steady_list WHERE key_id = :key_id ORDER BY until DESC OFFSET :kept LIMIT 1))
    LIMIT :count FOR UPDATE SKIP LOCKED);

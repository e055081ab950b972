-- name: keep_top(key_id, environment_id, top_at, top_id, seconds)!
-- Never an earlier one than there is: two lists that begin at once would pass over what lies between their tops.
-- One for all sizes of a page, which is the 0.
INSERT INTO gateway.steady_list (key_id, environment_id, page, top_at, top_id, until)
VALUES (:key_id, :environment_id, 0, :top_at, :top_id, clock_timestamp() + make_interval(secs => :seconds))
ON CONFLICT (key_id, environment_id, page) DO UPDATE SET
    (top_at, top_id) = (SELECT newest.* FROM (
        VALUES (excluded.top_at, excluded.top_id), (steady_list.top_at, steady_list.top_id)
    ) newest (at, id) ORDER BY at DESC, id DESC LIMIT 1),
    until = excluded.until;

-- name: forget_top(key_id, environment_id)!
DELETE FROM gateway.steady_list WHERE key_id = :key_id AND environment_id = :environment_id AND page = 0;

-- name: find_top(key_id, environment_id, seconds)^
-- With every page that is read it is kept for so long again.
UPDATE gateway.steady_list SET until = clock_timestamp() + make_interval(secs => :seconds)
WHERE key_id = :key_id AND environment_id = :environment_id AND page = 0 AND until > clock_timestamp()
RETURNING top_at, top_id;

-- name: sweep_tops(key_id, kept, count)!
-- What is over, and what is too much of one key; what somebody writes at this moment is left to the next sweep.
DELETE FROM gateway.steady_list WHERE (key_id, environment_id, page) IN (
    SELECT key_id, environment_id, page FROM gateway.steady_list
    WHERE until <= clock_timestamp()
        OR (key_id = :key_id AND until <= (
            SELECT until FROM gateway.steady_list WHERE key_id = :key_id ORDER BY until DESC OFFSET :kept LIMIT 1))
    LIMIT :count FOR UPDATE SKIP LOCKED);

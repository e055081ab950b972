-- name: movement(application)$
-- Something that differs whenever a session of this name has begun another statement or come further with its own.
SELECT string_agg(concat_ws(' ', s.pid, s.query_start, s.wait_event, c.bytes_processed, c.tuples_processed,
                            i.phase, i.blocks_done, i.tuples_done, a.phase, a.sample_blks_scanned), ',' ORDER BY s.pid)
FROM pg_catalog.pg_stat_activity AS s
LEFT JOIN pg_catalog.pg_stat_progress_copy AS c USING (pid)
LEFT JOIN pg_catalog.pg_stat_progress_create_index AS i USING (pid)
LEFT JOIN pg_catalog.pg_stat_progress_analyze AS a USING (pid)
WHERE s.application_name = :application AND s.datname = pg_catalog.current_database();

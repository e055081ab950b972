-- name: end_silent(seconds)
-- They wait for the rest of what their client was saying: nothing else that is active waits for its client.
-- Found first and ended then: among conditions, PostgreSQL begins with whatever it takes for the cheapest.
WITH silent AS MATERIALIZED (
    SELECT pid FROM pg_stat_activity
    WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()
        AND state = 'active' AND wait_event = 'ClientRead' AND state_change < now() - make_interval(secs => :seconds)
)
SELECT pid, pg_terminate_backend(pid) FROM silent;

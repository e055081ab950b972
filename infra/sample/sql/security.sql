-- Grants to a second role, row-level security, default privileges. Variables: reader, clerk.
GRANT USAGE ON SCHEMA sales, warehouse, office, "Büro" TO :"reader";
GRANT USAGE ON SCHEMA office TO :"clerk";
GRANT SELECT ON ALL TABLES IN SCHEMA sales TO :"reader";
GRANT SELECT ON sales.turnover, "Büro"."Überblick" TO :"reader" WITH GRANT OPTION;
GRANT SELECT (id, title, done), UPDATE (done) ON office.task TO :"clerk";
GRANT SELECT ON office.my_task TO :"clerk";
GRANT USAGE, SELECT ON SEQUENCE sales.ticket_number TO :"reader";
GRANT USAGE ON TYPE sales.order_state TO :"reader";
REVOKE EXECUTE ON FUNCTION office.write_audit() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION sales.orders_of(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sales.orders_of(bigint) TO :"reader";
GRANT EXECUTE ON PROCEDURE office.close_tasks(integer[]) TO :"clerk";
ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT SELECT ON TABLES TO :"reader";

ALTER TABLE office.task ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody_sees_done ON office.task FOR SELECT USING (done);
CREATE POLICY clerks_see_theirs ON office.task AS PERMISSIVE FOR ALL TO :"clerk"
    USING (assignee = 'clerk') WITH CHECK (assignee = 'clerk' AND id > 0);
CREATE POLICY never_negative ON office.task AS RESTRICTIVE FOR SELECT TO :"reader", :"clerk" USING (id >= 0);
COMMENT ON POLICY clerks_see_theirs ON office.task IS 'A clerk works on own tasks';

SELECT format('GRANT SELECT ON LARGE OBJECT %s TO %I', content, :'reader') FROM office.attachment WHERE id IN (1, 2) \gexec
SELECT format('COMMENT ON LARGE OBJECT %s IS %L', content, 'Scanned, ' || title) FROM office.attachment WHERE id = 2 \gexec

-- What only a superuser makes in it.
CREATE EVENT TRIGGER watch_ddl ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION on_ddl();
COMMENT ON EVENT TRIGGER watch_ddl IS 'it''s; here';
ALTER EVENT TRIGGER watch_ddl ENABLE ALWAYS;
CREATE PUBLICATION all_tables FOR ALL TABLES;
ALTER PUBLICATION all_tables OWNER TO {owner};
CREATE PUBLICATION whole_schema FOR TABLES IN SCHEMA "Zürich";

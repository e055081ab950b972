-- The sample's roles, as the server's administrator; runs again without harm.
-- Variables: provisioner, clerk. Passwords come from the environment, so that no argument list shows them.
\set ON_ERROR_STOP on
\getenv provisioner_password NIGHTKEEP_SAMPLE_PROVISIONER_PASSWORD
SELECT pg_advisory_lock(hashtextextended('nightkeep sample roles', 0)) \g /dev/null
SELECT format('CREATE ROLE %I NOLOGIN', :'clerk')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'clerk') \gexec
SELECT format('CREATE ROLE %I', :'provisioner')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'provisioner') \gexec
ALTER ROLE :"provisioner" LOGIN CREATEDB NOSUPERUSER PASSWORD :'provisioner_password';
GRANT pg_signal_backend TO :"provisioner";

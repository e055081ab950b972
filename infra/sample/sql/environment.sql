-- One environment's roles and its empty database, as the server's administrator; runs again without harm.
-- Variables: database, owner, reader, provisioner. The owner is no superuser and may not create databases.
\set ON_ERROR_STOP on
\getenv owner_password NIGHTKEEP_SAMPLE_OWNER_PASSWORD
SELECT pg_advisory_lock(hashtextextended('nightkeep sample roles', 0)) \g /dev/null
SELECT format('CREATE ROLE %I', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
SELECT format('CREATE ROLE %I NOLOGIN', :'reader')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'reader') \gexec
ALTER ROLE :"owner" LOGIN NOCREATEDB NOSUPERUSER PASSWORD :'owner_password';
GRANT :"owner" TO :"provisioner";
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING ''UTF8''', :'database', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
-- The provisioner connects to install what a dump names and the owner may not.
REVOKE CONNECT, TEMPORARY ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"provisioner", :"reader";
ALTER DATABASE :"database" SET statement_timeout = '10min';

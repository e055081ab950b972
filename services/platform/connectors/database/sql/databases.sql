-- name: describe(database)^
-- A database as another one is made like it; absent columns of older majors come as NULL, and so does a tablespace
-- that it gets without being told: naming that one would need a right on it. One whose removal was broken off (it has
-- the limit -2) can only be removed: it is not there.
SELECT d.oid,
       pg_catalog.pg_get_userbyid(d.datdba) AS owner,
       pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
       d.datcollate AS collate,
       d.datctype AS ctype,
       pg_catalog.to_jsonb(d) ->> 'datlocprovider' AS provider,
       coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') AS locale,
       pg_catalog.to_jsonb(d) ->> 'daticurules' AS icu_rules,
       nullif(t.spcname, (SELECT spcname FROM pg_catalog.pg_tablespace AS other JOIN pg_catalog.pg_database AS template
                          ON template.dattablespace = other.oid WHERE template.datname = 'template0')) AS tablespace,
       d.datconnlimit AS connection_limit,
       d.datallowconn AS allows_connections,
       d.datacl IS NOT NULL AS has_acl,
       pg_catalog.shobj_description(d.oid, 'pg_database') AS comment
FROM pg_catalog.pg_database AS d JOIN pg_catalog.pg_tablespace AS t ON t.oid = d.dattablespace
WHERE d.datname = :database AND d.datconnlimit <> -2;

-- name: databases_like(pattern)
SELECT datname AS name FROM pg_catalog.pg_database WHERE datname ~ :pattern ORDER BY 1;

-- name: sessions_in(database)
-- Sessions that keep a database from being renamed; those of the server's own workers end by themselves. What kind a
-- session is, is not shown to everybody, but only people's sessions have a user.
SELECT s.pid,
       pg_catalog.format('%s (%s%s, process %s)', s.usename,
                         coalesce(nullif(s.application_name, ''), 'no application name'),
                         ' from ' || host(s.client_addr), s.pid) AS words
FROM pg_catalog.pg_stat_activity AS s
WHERE s.datname = :database
  AND (s.backend_type IN ('client backend', 'walsender') OR (s.backend_type IS NULL AND s.usename IS NOT NULL))
  AND s.pid <> pg_catalog.pg_backend_pid()
ORDER BY s.pid;

-- name: end_session(pid)$
SELECT pg_catalog.pg_terminate_backend(:pid);

-- name: grants_on(database)
-- Who may do what with a database; the owner first, so that its own rights are given before others'.
SELECT CASE a.grantee WHEN 0 THEN NULL ELSE pg_catalog.pg_get_userbyid(a.grantee) END AS grantee,
       a.privilege_type AS privilege,
       a.is_grantable
FROM pg_catalog.pg_database AS d CROSS JOIN LATERAL
    pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) AS a
WHERE d.datname = :database
ORDER BY a.grantee <> d.datdba, 1, 2;

-- name: settings_of(database)
-- Settings of a database, and of roles in it (role is NULL for the database's own).
SELECT r.rolname AS role, split_part(c.setting, '=', 1) AS name,
       substr(c.setting, strpos(c.setting, '=') + 1) AS value
FROM pg_catalog.pg_db_role_setting AS s
JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
WHERE d.datname = :database
ORDER BY 1 NULLS FIRST, 2;

-- name: settings_of_role(role)
-- Settings of a role in all databases.
SELECT r.rolname AS role, split_part(c.setting, '=', 1) AS name,
       substr(c.setting, strpos(c.setting, '=') + 1) AS value
FROM pg_catalog.pg_db_role_setting AS s
JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
WHERE s.setdatabase = 0 AND r.rolname = :role
ORDER BY 2;

-- name: database_of(oid)$
-- What a database is called now.
SELECT datname FROM pg_catalog.pg_database WHERE oid = :oid::oid;

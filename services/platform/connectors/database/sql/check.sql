-- name: rights_in_database()^
-- What the environment role may do with its own database.
SELECT pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
       owner.rolname AS owner,
       pg_catalog.pg_has_role(current_user, d.datdba, 'USAGE') AS owns_it
FROM pg_catalog.pg_database AS d JOIN pg_catalog.pg_roles AS owner ON owner.oid = d.datdba
WHERE d.datname = pg_catalog.current_database();

-- name: unreadable_relations()
-- Tables and sequences that pg_dump would read and this role may not (partitions and foreign tables hold no own rows
-- to read through their parents, but pg_dump locks them all the same).
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S', 'm')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\_toast%' AND n.nspname NOT LIKE 'pg\_temp%'
  AND NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE')
           AND CASE c.relkind WHEN 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
                              ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1;

-- name: filtered_relations()
-- Tables whose rows row-level security would hide from this role: pg_dump stops at the first.
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND pg_catalog.row_security_active(c.oid)
ORDER BY 1;

-- name: unreadable_large_objects()$
SELECT count(*)
FROM pg_catalog.pg_largeobject_metadata AS l
WHERE NOT pg_catalog.pg_has_role(current_user, l.lomowner, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(l.lomacl) AS a
                  WHERE a.privilege_type = 'SELECT'
                    AND (a.grantee = 0 OR pg_catalog.pg_has_role(current_user, a.grantee, 'USAGE')))
  AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user);

-- name: provisioner_rights(database)^
-- What the provisioner may do; `may_own` is whether it may make databases for the owner of `database`.
SELECT me.rolsuper AS is_superuser,
       me.rolsuper OR me.rolcreatedb AS may_create,
       me.rolsuper OR pg_catalog.pg_has_role(me.oid, d.datdba, 'USAGE') AS may_rename,
       me.rolsuper OR pg_catalog.pg_has_role(me.oid, d.datdba, 'MEMBER') AS may_own,
       me.rolsuper OR pg_catalog.pg_has_role(me.oid, 'pg_signal_backend', 'USAGE') AS may_end_sessions
FROM pg_catalog.pg_roles AS me, pg_catalog.pg_database AS d
WHERE me.rolname = current_user AND d.datname = :database;

-- name: prepared_transactions(database)
SELECT gid AS name FROM pg_catalog.pg_prepared_xacts WHERE database = :database ORDER BY 1;

-- name: replication_slots(database)
SELECT slot_name::text AS name FROM pg_catalog.pg_replication_slots WHERE database = :database ORDER BY 1;

-- name: is_superuser()$
SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user;

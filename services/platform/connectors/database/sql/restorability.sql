-- name: untrusted_extensions(allowed, provisioner)
-- Extensions that neither the environment role (trusted ones) nor the provisioner (allowed ones) will install.
SELECT e.extname AS name,
       e.extname = ANY (:allowed::text[]) AS is_allowed
FROM pg_catalog.pg_extension AS e
WHERE e.extname <> 'plpgsql'
  AND NOT coalesce((SELECT bool_or(v.trusted) FROM pg_catalog.pg_available_extension_versions AS v
                    WHERE v.name = e.extname), false)
  AND NOT (e.extname = ANY (:allowed::text[])
           AND coalesce((SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = :provisioner), false))
ORDER BY 1;

-- name: superuser_objects(provisioner)
-- What only a superuser may create, where the provisioner is none.
SELECT o.kind, o.name
FROM (
    SELECT 'event trigger' AS kind, evtname AS name FROM pg_catalog.pg_event_trigger
    UNION ALL
    SELECT 'publication of all tables', pubname FROM pg_catalog.pg_publication WHERE puballtables
) AS o
WHERE NOT coalesce((SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = :provisioner), false)
ORDER BY 1, 2;

-- name: subscriptions()
SELECT s.subname AS name
FROM pg_catalog.pg_subscription AS s JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
WHERE d.datname = pg_catalog.current_database()
ORDER BY 1;

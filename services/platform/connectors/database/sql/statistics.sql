-- name: analyzable()
-- What ANALYZE without a name would go through: a partitioned table stands for its partitions. The largest first, so
-- that nobody waits for one at the end; of a partitioned one the size is not known here.
SELECT format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'p') AND NOT c.relispartition AND NOT c.relisshared AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_toast%'
ORDER BY c.relkind <> 'p', pg_catalog.pg_relation_size(c.oid) DESC;

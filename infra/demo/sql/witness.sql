-- Facts of a database, one per line: kind, name, size, value. As the environment role, which sees every row.
-- A table's value is the sum of its rows' MD5, as two halves: every column counts, the order of rows does not.
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;

SELECT format(
    'SELECT ''table'', %L, count(*), sum((''x'' || left(m, 16))::bit(64)::bigint) || '' '' ||'
    ' sum((''x'' || right(m, 16))::bit(64)::bigint) FROM (SELECT md5("the row"::text) AS m FROM ONLY %I.%I AS "the row") AS r',
    n.nspname || '.' || c.relname, n.nspname, c.relname)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE (c.relkind = 'r' OR c.relkind = 'm' AND c.relispopulated) AND n.nspname !~ '^(pg_|information_schema$)'
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
ORDER BY 1 \gexec

SELECT format('SELECT ''sequence'', %L, NULL, last_value || CASE WHEN is_called THEN '' given'' ELSE '' next'' END FROM %I.%I',
              schemaname || '.' || sequencename, schemaname, sequencename)
FROM pg_sequences ORDER BY 1 \gexec

SELECT 'table', n.nspname || '.' || c.relname, NULL, 'not populated'
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND NOT c.relispopulated;

SELECT 'large object', m.oid, length(lo_get(m.oid)), encode(sha256(lo_get(m.oid)), 'hex')
FROM pg_largeobject_metadata AS m ORDER BY m.oid;

SELECT 'structure', 'LARGE OBJECT ' || oid, NULL,
       concat_ws(' ', pg_get_userbyid(lomowner), lomacl::text, quote_literal(obj_description(oid, 'pg_largeobject')))
FROM pg_largeobject_metadata ORDER BY oid;

COMMIT;

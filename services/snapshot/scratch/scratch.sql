-- name: create_tables#
-- The file is thrown away whatever happens: nothing of it needs to survive a crash.
-- Rows are long: in larger pages, fewer of them are moved when one is put among them.
PRAGMA page_size = 16384;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -8000;
PRAGMA temp_store = FILE;
CREATE TABLE listed (
    id BLOB PRIMARY KEY, place TEXT NOT NULL, size INTEGER NOT NULL, stamp TEXT NOT NULL, settled INTEGER NOT NULL,
    directory TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE unchanged (directory TEXT PRIMARY KEY) WITHOUT ROWID;
-- Lines of the previous list as they are stored, with what is asked of all of them; the rest is in `line`. `directory`
-- is the one that holds the document, where the state of that is told, and NULL for what was listed elsewhere as well.
CREATE TABLE previous (
    id BLOB PRIMARY KEY, directory TEXT, size INTEGER NOT NULL, stamp TEXT NOT NULL, settled INTEGER NOT NULL,
    referenced INTEGER, line TEXT NOT NULL
) WITHOUT ROWID;
-- What is in the backup with the line that it has in the previous one, but for whether a row refers to it; as soon as
-- `keep_no_listed` has run.
CREATE VIEW kept AS
    SELECT id, size, referenced, line FROM previous WHERE directory IN (SELECT directory FROM unchanged);
-- The same before that: some of it was listed as well, elsewhere.
CREATE VIEW held AS
    SELECT id, json_extract(line, '$.place') AS place, size, stamp, settled,
        substr(json_extract(line, '$.stamp'), length(stamp) + 2) AS state
    FROM previous WHERE directory IN (SELECT directory FROM unchanged);
CREATE TABLE referenced (id BLOB PRIMARY KEY, size INTEGER) WITHOUT ROWID;
CREATE TABLE stored (
    id BLOB PRIMARY KEY, place TEXT NOT NULL, size INTEGER NOT NULL, stamp TEXT NOT NULL, settled INTEGER NOT NULL,
    contents TEXT NOT NULL, hash TEXT NOT NULL, from_previous INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE VIEW documents AS SELECT id, size FROM stored UNION ALL SELECT id, size FROM kept;
-- Changed with the stamp of before, or in a directory with the state of before: a night that trusts these misses it.
-- The first format's hashes have another form, and say nothing of this one's.
CREATE VIEW unnoticed AS
    SELECT s.id FROM stored s JOIN previous p USING (id) JOIN listed l USING (id)
    WHERE p.settled AND json_extract(p.line, '$.hash') <> s.hash
        AND length(json_extract(p.line, '$.hash')) = length(s.hash)
        AND (p.stamp = s.stamp
            OR (l.directory <> '' AND json_extract(p.line, '$.stamp') = p.stamp || '@' || l.directory));

-- Queries with `(:rows)` are for `insert` of services.platform.process.sqlite.

-- name: add_listed(rows)!
-- Of two of one id the first by its place: listings come in no order.
INSERT INTO listed (id, place, size, stamp, settled, directory) (:rows) ON CONFLICT (id) DO NOTHING;

-- name: listed_place(id)$
SELECT place FROM listed WHERE id = :id;

-- name: replace_listed(rows)!
REPLACE INTO listed (id, place, size, stamp, settled, directory) (:rows);

-- name: add_previous(rows)!
INSERT INTO previous (id, directory, size, stamp, settled, referenced, line) (:rows) ON CONFLICT DO NOTHING;

-- name: add_unchanged(rows)!
INSERT INTO unchanged (directory) (:rows);

-- name: moved_count()$
SELECT count(*) FROM listed l CROSS JOIN held h USING (id);

-- name: moved(count)
-- Of two of one id, one in a directory that was not listed, that which is not in the backup.
SELECT max(h.place, l.place) FROM listed l CROSS JOIN held h USING (id) ORDER BY 1 LIMIT :count;

-- name: leave_out_moved()!
DELETE FROM listed
WHERE EXISTS (SELECT 1 FROM held h WHERE h.id = listed.id AND h.settled AND h.place < listed.place);

-- name: list_unsettled()!
-- What changed shortly before it was listed is read once more.
INSERT INTO listed SELECT id, place, size, stamp, settled, state FROM held WHERE NOT settled
ON CONFLICT (id) DO UPDATE SET place = excluded.place, size = excluded.size, stamp = excluded.stamp,
    settled = excluded.settled, directory = excluded.directory
WHERE excluded.place < listed.place;

-- name: keep_no_listed()!
UPDATE previous SET directory = NULL
WHERE directory IN (SELECT directory FROM unchanged) AND id IN (SELECT id FROM listed);

-- name: add_referenced(rows)!
INSERT INTO referenced (id, size) (:rows) ON CONFLICT DO NOTHING;

-- name: add_stored(rows)!
INSERT INTO stored (id, place, size, stamp, settled, contents, hash) (:rows);

-- name: adopt_unchanged()!
-- What has the same stamp as when it was last read, and had been at rest by then, has the same content.
INSERT INTO stored
SELECT id, l.place, l.size, l.stamp, l.settled, json_extract(line, '$.contents'), json_extract(line, '$.hash'), 0
FROM listed l JOIN previous p USING (id) WHERE p.settled AND p.stamp = l.stamp;

-- name: take_from_previous(id)!
INSERT INTO stored
SELECT id, json_extract(line, '$.place'), size, stamp, 0, json_extract(line, '$.contents'),
    json_extract(line, '$.hash'), 1
FROM previous WHERE id = :id;

-- name: to_read_totals()^
SELECT count(*), coalesce(sum(size), 0) FROM listed WHERE id NOT IN (SELECT id FROM stored);

-- name: to_read(after, count)
SELECT id, l.place, l.size, json_extract(p.line, '$.hash') FROM listed l LEFT JOIN previous p USING (id)
WHERE id > :after AND NOT EXISTS (SELECT 1 FROM stored s WHERE s.id = l.id) ORDER BY id LIMIT :count;

-- name: stored_numbers()^
-- All of them, and those that the previous list has not, or not like this.
SELECT count(*), coalesce(sum(s.size), 0),
    count(*) FILTER (WHERE p.id IS NULL OR json_extract(line, '$.hash') <> s.hash),
    coalesce(sum(s.size) FILTER (WHERE p.id IS NULL OR json_extract(line, '$.hash') <> s.hash), 0)
FROM stored s LEFT JOIN previous p USING (id);

-- name: kept_numbers()^
SELECT count(*), coalesce(sum(size), 0) FROM kept;

-- name: stored_lines(after, upto, count)
SELECT id, s.place, s.size, s.stamp, s.settled, contents, hash, from_previous, r.id IS NOT NULL AS referenced,
    iif(from_previous, '', l.directory) AS directory
FROM stored s JOIN listed l USING (id) LEFT JOIN referenced r USING (id)
WHERE s.id > :after AND s.id <= :upto ORDER BY s.id LIMIT :count;

-- name: kept_lines(after, count)
SELECT k.id, line, k.referenced, r.id IS NOT NULL
FROM kept k LEFT JOIN referenced r USING (id) WHERE k.id > :after ORDER BY k.id LIMIT :count;

-- name: dangling(after, count)
SELECT id, size FROM referenced r
WHERE id > :after AND NOT EXISTS (SELECT 1 FROM stored s WHERE s.id = r.id)
    AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.id = r.id)
ORDER BY id LIMIT :count;

-- name: dangling_count()$
SELECT count(*) FROM referenced r
WHERE NOT EXISTS (SELECT 1 FROM stored s WHERE s.id = r.id) AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.id = r.id);

-- name: orphan_count()$
SELECT count(*) FROM documents WHERE id NOT IN (SELECT id FROM referenced);

-- name: orphans(count)
SELECT id FROM documents WHERE id NOT IN (SELECT id FROM referenced) ORDER BY id LIMIT :count;

-- name: other_size_count()$
-- Of each table by itself: joined with both, SQLite would copy them first.
SELECT (SELECT count(*) FROM stored s JOIN referenced r USING (id) WHERE r.size <> s.size)
    + (SELECT count(*) FROM kept k JOIN referenced r USING (id) WHERE r.size <> k.size);

-- name: other_sizes(count)
SELECT id FROM documents d JOIN referenced r USING (id) WHERE r.size <> d.size ORDER BY id LIMIT :count;

-- name: unnoticed_count()$
SELECT count(*) FROM unnoticed;

-- name: unnoticed(count)
SELECT id FROM unnoticed ORDER BY id LIMIT :count;

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
CREATE TABLE previous (
    id BLOB PRIMARY KEY, place TEXT NOT NULL, size INTEGER NOT NULL, stamp TEXT NOT NULL, settled INTEGER NOT NULL,
    directory TEXT NOT NULL, contents TEXT NOT NULL, hash TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE unchanged (place TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIEW kept AS
    SELECT id, place, size, stamp, settled, directory FROM previous
    WHERE directory <> '' AND substr(place, 1, length(place) - 37) IN (SELECT place FROM unchanged);
CREATE TABLE referenced (id BLOB PRIMARY KEY, size INTEGER) WITHOUT ROWID;
CREATE TABLE stored (
    id BLOB PRIMARY KEY, place TEXT NOT NULL, size INTEGER NOT NULL, stamp TEXT NOT NULL, settled INTEGER NOT NULL,
    contents TEXT NOT NULL, hash TEXT NOT NULL, from_previous INTEGER NOT NULL
) WITHOUT ROWID;
-- Changed with the stamp of before, or in a directory with the state of before: a night that trusts these misses it.
-- The first format's hashes have another form, and say nothing of this one's.
CREATE VIEW unnoticed AS
    SELECT id FROM stored s JOIN previous p USING (id) JOIN listed l USING (id)
    WHERE p.settled AND p.hash <> s.hash AND length(p.hash) = length(s.hash)
        AND (p.stamp = s.stamp OR (p.directory = l.directory AND p.directory <> ''));

-- name: add_listed(id, place, size, stamp, settled, directory)*!
-- Of two of one id the first by its place: listings come in no order.
INSERT INTO listed VALUES (:id, :place, :size, :stamp, :settled, :directory)
ON CONFLICT (id) DO NOTHING;

-- name: listed_place(id)$
SELECT place FROM listed WHERE id = :id;

-- name: replace_listed(id, place, size, stamp, settled, directory)!
REPLACE INTO listed VALUES (:id, :place, :size, :stamp, :settled, :directory);

-- name: add_previous(id, place, size, stamp, settled, directory, contents, hash)*!
INSERT INTO previous VALUES (:id, :place, :size, :stamp, :settled, :directory, :contents, :hash)
ON CONFLICT DO NOTHING;

-- name: add_unchanged(place)*!
INSERT INTO unchanged VALUES (:place);

-- name: moved_count()$
SELECT count(*) FROM kept k JOIN listed USING (id);

-- name: moved(count)
-- Of two of one id, one in a directory that was not listed, that which is not in the backup.
SELECT max(k.place, l.place) FROM kept k JOIN listed l USING (id) ORDER BY 1 LIMIT :count;

-- name: list_unchanged()!
INSERT INTO listed SELECT * FROM kept WHERE true
ON CONFLICT (id) DO UPDATE SET place = excluded.place, size = excluded.size, stamp = excluded.stamp,
    settled = excluded.settled, directory = excluded.directory
WHERE excluded.place < listed.place;

-- name: add_referenced(id, size)*!
INSERT INTO referenced VALUES (:id, :size) ON CONFLICT DO NOTHING;

-- name: add_stored(id, place, size, stamp, settled, contents, hash)*!
INSERT INTO stored VALUES (:id, :place, :size, :stamp, :settled, :contents, :hash, 0);

-- name: adopt_unchanged()!
-- What has the same stamp as when it was last read, and had been at rest by then, has the same content.
INSERT INTO stored
SELECT id, l.place, l.size, l.stamp, l.settled, p.contents, p.hash, 0
FROM listed l JOIN previous p USING (id) WHERE p.settled AND p.stamp = l.stamp;

-- name: take_from_previous(id)!
INSERT INTO stored
SELECT id, place, size, stamp, 0, contents, hash, 1 FROM previous WHERE id = :id;

-- name: to_read_totals()^
SELECT count(*), coalesce(sum(size), 0) FROM listed WHERE id NOT IN (SELECT id FROM stored);

-- name: to_read(after, count)
SELECT id, place, size FROM listed
WHERE id > :after AND NOT EXISTS (SELECT 1 FROM stored s WHERE s.id = listed.id) ORDER BY id LIMIT :count;

-- name: numbers()^
SELECT count(*), coalesce(sum(s.size), 0),
    count(*) FILTER (WHERE p.hash IS NULL OR p.hash <> s.hash),
    coalesce(sum(s.size) FILTER (WHERE p.hash IS NULL OR p.hash <> s.hash), 0)
FROM stored s LEFT JOIN previous p USING (id);

-- name: lines(after, count)
SELECT id, s.place, s.size, s.stamp, s.settled, contents, hash, from_previous, r.id IS NOT NULL AS referenced,
    iif(from_previous, '', l.directory) AS directory
FROM stored s JOIN listed l USING (id) LEFT JOIN referenced r USING (id)
WHERE s.id > :after ORDER BY s.id LIMIT :count;

-- name: dangling(after, count)
SELECT id, size FROM referenced r
WHERE id > :after AND NOT EXISTS (SELECT 1 FROM stored s WHERE s.id = r.id) ORDER BY id LIMIT :count;

-- name: dangling_count()$
SELECT count(*) FROM referenced WHERE id NOT IN (SELECT id FROM stored);

-- name: orphan_count()$
SELECT count(*) FROM stored WHERE id NOT IN (SELECT id FROM referenced);

-- name: orphans(count)
SELECT id FROM stored WHERE id NOT IN (SELECT id FROM referenced) ORDER BY id LIMIT :count;

-- name: other_size_count()$
SELECT count(*) FROM stored s JOIN referenced r USING (id) WHERE r.size <> s.size;

-- name: other_sizes(count)
SELECT id FROM stored s JOIN referenced r USING (id) WHERE r.size <> s.size ORDER BY id LIMIT :count;

-- name: unnoticed_count()$
SELECT count(*) FROM unnoticed;

-- name: unnoticed(count)
SELECT id FROM unnoticed ORDER BY id LIMIT :count;

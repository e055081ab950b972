-- name: create_tables#
-- A cache in a temporary file: it is made anew from the store whenever it is needed.
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -16000;
PRAGMA temp_store = FILE;
CREATE TABLE pack (
    number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, key_number INTEGER, size INTEGER NOT NULL,
    modified REAL NOT NULL, condemned INTEGER NOT NULL DEFAULT 0, damaged INTEGER NOT NULL DEFAULT 0,
    unreadable INTEGER NOT NULL DEFAULT 0,
    -- No index told of it, its footer did.
    footer_only INTEGER NOT NULL DEFAULT 0,
    -- Something new may build upon it.
    trusted INTEGER GENERATED ALWAYS AS (NOT condemned AND NOT damaged) VIRTUAL
);
CREATE TABLE content (
    digest BLOB NOT NULL, pack INTEGER NOT NULL, place INTEGER NOT NULL, form INTEGER NOT NULL,
    start INTEGER NOT NULL, stored INTEGER NOT NULL, size INTEGER NOT NULL, stale INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (digest, pack, place)
) WITHOUT ROWID;
CREATE TABLE live (
    digest BLOB PRIMARY KEY, owner INTEGER NOT NULL, shared INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
-- Every content, and whether it is needed and is whole in no other pack that is trusted. A delta (form 2) stands in for
-- nothing: it may be deeper, or of bases that go.
CREATE VIEW judged AS
SELECT c.pack, c.place, c.digest, c.stored, NOT c.stale AND l.digest IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM content o JOIN pack q ON q.number = o.pack
    WHERE o.digest = c.digest AND o.pack <> c.pack AND q.trusted AND NOT o.stale
        AND o.form <> 2
) AS only_here
FROM content c LEFT JOIN live l ON l.digest = c.digest;

-- name: add_pack(id, size, modified)!
INSERT INTO pack (id, size, modified) VALUES (:id, :size, :modified) ON CONFLICT DO NOTHING;

-- name: condemn_pack(id)!
UPDATE pack SET condemned = 1 WHERE id = :id;

-- name: damage_pack(id)!
UPDATE pack SET damaged = 1 WHERE id = :id;

-- name: unreadable_pack(id)!
UPDATE pack SET damaged = 1, unreadable = 1 WHERE id = :id;

-- name: damaged()
SELECT id FROM pack WHERE damaged;

-- name: drop_pack(number)!
DELETE FROM pack WHERE number = :number;

-- name: pack_number(id)^
SELECT number, key_number FROM pack WHERE id = :id;

-- name: pack_size(id)$
SELECT size FROM pack WHERE id = :id;

-- name: set_key_number(number, key_number, footer_only)!
UPDATE pack SET key_number = :key_number, footer_only = :footer_only WHERE number = :number;

-- Queries with `(:rows)` are for `insert` of services.platform.process.sqlite.

-- name: add_contents(rows)!
INSERT INTO content (pack, digest, place, form, start, stored, size) (:rows) ON CONFLICT DO NOTHING;

-- name: set_stale(id, digest, place)!
UPDATE content SET stale = 1
WHERE digest = :digest AND place = :place AND pack = (SELECT number FROM pack WHERE id = :id);

-- In place of `:digests` stand as many as are asked for.

-- name: locate(digests)
-- What is sound as far as anybody knows first, of that what stays, and of that what is whole: a delta takes its bases.
SELECT p.id, p.key_number, p.trusted, c.digest, c.place, c.form, c.start, c.stored, c.size
FROM content c JOIN pack p ON p.number = c.pack WHERE c.digest IN (:digests) ORDER BY p.damaged, p.condemned, c.form;

-- name: positions(digests)
-- In the same order.
SELECT c.digest, c.pack, c.start
FROM content c JOIN pack p ON p.number = c.pack WHERE c.digest IN (:digests) ORDER BY p.damaged, p.condemned, c.form;

-- name: usable(digests)
-- Whole (no delta, form 2) in a pack that stays.
SELECT c.digest FROM content c JOIN pack p ON p.number = c.pack
WHERE c.digest IN (:digests) AND c.form <> 2 AND p.trusted;

-- name: unindexed()
SELECT id, size FROM pack WHERE key_number IS NULL;

-- name: indexed(after, count)
SELECT number, id, key_number FROM pack WHERE key_number IS NOT NULL AND number > :after ORDER BY number LIMIT :count;

-- name: adoptable()^
SELECT number, id, key_number FROM pack WHERE footer_only AND trusted LIMIT 1;

-- name: adopt(number)!
UPDATE pack SET footer_only = 0 WHERE number = :number;

-- name: entries(pack)
SELECT digest, place, form, start, stored, size FROM content WHERE pack = :pack ORDER BY place;

-- name: add_live(rows)!
INSERT INTO live (digest, owner) (:rows)
ON CONFLICT (digest) DO UPDATE SET shared = 1 WHERE owner <> excluded.owner;

-- name: is_live(digest)^
SELECT 1 FROM live WHERE digest = :digest;

-- name: is_shared(digest)^
SELECT 1 FROM live WHERE digest = :digest AND shared;

-- name: sums()^
-- Of all packs their size and that of their contents; of what is needed one copy, and of that what several need.
-- Of a pack under a destroyed key nobody knows the contents: all of it counts.
SELECT (SELECT coalesce(sum(size), 0) FROM pack),
    (SELECT coalesce(sum(stored), 0) FROM content)
        + (SELECT coalesce(sum(size), 0) FROM pack WHERE key_number IS NULL),
    coalesce(sum(stored), 0), coalesce(sum(stored) FILTER (WHERE shared), 0)
FROM (
    SELECT l.shared, (SELECT min(c.stored) FROM content c WHERE c.digest = l.digest) AS stored FROM live l
);

-- name: shares()
-- Of every pack that is not condemned yet: the bytes of its contents, and of those that are needed and only here. Of one
-- that does not tell what it holds nobody knows.
SELECT p.id, p.modified, p.damaged, count(c.digest) AS contents,
    CASE WHEN p.key_number IS NULL THEN p.size ELSE coalesce(sum(c.stored), 0) END AS stored,
    count(c.digest) FILTER (WHERE c.only_here) AS live_contents,
    coalesce(sum(c.stored) FILTER (WHERE c.only_here), 0) AS live
FROM pack p LEFT JOIN judged c ON c.pack = p.number
WHERE NOT p.condemned AND NOT p.unreadable
GROUP BY p.number ORDER BY p.number;

-- name: live_of(id)
SELECT digest, stored FROM judged WHERE pack = (SELECT number FROM pack WHERE id = :id) AND only_here ORDER BY place;

-- name: needed_whole(id, delta)
-- What is needed of a pack and is whole in no other one that is trusted.
SELECT c.digest FROM content c JOIN pack p ON p.number = c.pack JOIN live l ON l.digest = c.digest
WHERE p.id = :id AND NOT EXISTS (
    SELECT 1 FROM content o JOIN pack q ON q.number = o.pack
    WHERE o.digest = c.digest AND o.form <> :delta AND q.trusted
);

-- name: several(delta)
-- What is needed and lies, one of the times as a delta, in several places that are trusted.
SELECT DISTINCT c.digest FROM content c JOIN pack p ON p.number = c.pack JOIN live l ON l.digest = c.digest
WHERE c.form = :delta AND p.trusted AND (
    SELECT count(*) FROM content o JOIN pack q ON q.number = o.pack WHERE o.digest = c.digest AND q.trusted
) > 1;

-- name: dead_of(id)^
SELECT count(*),
    coalesce(sum(c.stored), 0) + coalesce((SELECT size FROM pack WHERE id = :id AND key_number IS NULL), 0)
FROM content c JOIN pack p ON p.number = c.pack
WHERE p.id = :id AND NOT EXISTS (SELECT 1 FROM live l WHERE l.digest = c.digest);

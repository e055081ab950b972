-- name: create_tables#
-- A cache in a temporary file: it is made anew from the store whenever it is needed.
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -16000;
PRAGMA temp_store = FILE;
CREATE TABLE pack (
    number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, key_number INTEGER, size INTEGER NOT NULL,
    modified REAL NOT NULL, condemned INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE content (
    digest BLOB NOT NULL, pack INTEGER NOT NULL, place INTEGER NOT NULL, form INTEGER NOT NULL,
    start INTEGER NOT NULL, stored INTEGER NOT NULL, size INTEGER NOT NULL,
    PRIMARY KEY (digest, pack, place)
) WITHOUT ROWID;
CREATE TABLE live (
    digest BLOB PRIMARY KEY, owner INTEGER NOT NULL, shared INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- name: add_pack(id, size, modified)!
INSERT INTO pack (id, size, modified) VALUES (:id, :size, :modified) ON CONFLICT DO NOTHING;

-- name: condemn_pack(id)!
UPDATE pack SET condemned = 1 WHERE id = :id;

-- name: drop_pack(number)!
DELETE FROM pack WHERE number = :number;

-- name: pack_number(id)^
SELECT number, key_number FROM pack WHERE id = :id;

-- name: pack_size(id)$
SELECT size FROM pack WHERE id = :id;

-- name: set_key_number(number, key_number)!
UPDATE pack SET key_number = :key_number WHERE number = :number;

-- name: add_contents(digest, pack, place, form, start, stored, size)*!
INSERT INTO content VALUES (:digest, :pack, :place, :form, :start, :stored, :size) ON CONFLICT DO NOTHING;

-- name: locate(digest)
-- What is not condemned first: it stays. Of that what is whole: a delta takes its bases to be read.
SELECT p.id, p.key_number, c.place, c.form, c.start, c.stored, c.size, p.condemned
FROM content c JOIN pack p ON p.number = c.pack WHERE digest = :digest ORDER BY p.condemned, c.form;

-- name: position(digest)^
SELECT c.pack, c.start FROM content c JOIN pack p ON p.number = c.pack
WHERE digest = :digest ORDER BY p.condemned, c.form LIMIT 1;

-- name: usable(digest, delta)^
SELECT 1 FROM content c JOIN pack p ON p.number = c.pack
WHERE c.digest = :digest AND c.form <> :delta AND NOT p.condemned LIMIT 1;

-- name: unindexed()
SELECT id, size FROM pack WHERE key_number IS NULL;

-- name: indexed(after, count)
SELECT number, id, key_number FROM pack WHERE key_number IS NOT NULL AND number > :after ORDER BY number LIMIT :count;

-- name: entries(pack)
SELECT digest, place, form, start, stored, size FROM content WHERE pack = :pack ORDER BY place;

-- name: add_live(digest, owner)*!
INSERT INTO live (digest, owner) VALUES (:digest, :owner)
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
-- Of every pack that is not condemned yet: the bytes of its contents, and of those that are needed and only here.
SELECT p.id, p.modified, count(c.digest) AS contents,
    CASE WHEN p.key_number IS NULL THEN p.size ELSE coalesce(sum(c.stored), 0) END AS stored,
    count(c.digest) FILTER (WHERE l.digest IS NOT NULL) AS live_contents,
    coalesce(sum(c.stored) FILTER (WHERE l.digest IS NOT NULL), 0) AS live
FROM pack p LEFT JOIN content c ON c.pack = p.number LEFT JOIN live l ON l.digest = c.digest
WHERE NOT p.condemned GROUP BY p.number ORDER BY p.number;

-- name: live_of(id)
SELECT c.digest FROM content c JOIN pack p ON p.number = c.pack JOIN live l ON l.digest = c.digest WHERE p.id = :id
ORDER BY c.place;

-- name: needed_whole(id, delta)
-- What is needed of a pack and is whole in no other one that stays.
SELECT c.digest FROM content c JOIN pack p ON p.number = c.pack JOIN live l ON l.digest = c.digest
WHERE p.id = :id AND NOT EXISTS (
    SELECT 1 FROM content o JOIN pack q ON q.number = o.pack
    WHERE o.digest = c.digest AND o.form <> :delta AND NOT q.condemned
);

-- name: several(delta)
-- What is needed and lies, one of the times as a delta, in several places that stay.
SELECT DISTINCT c.digest FROM content c JOIN pack p ON p.number = c.pack JOIN live l ON l.digest = c.digest
WHERE c.form = :delta AND NOT p.condemned AND (
    SELECT count(*) FROM content o JOIN pack q ON q.number = o.pack WHERE o.digest = c.digest AND NOT q.condemned
) > 1;

-- name: dead_of(id)^
SELECT count(*),
    coalesce(sum(c.stored), 0) + coalesce((SELECT size FROM pack WHERE id = :id AND key_number IS NULL), 0)
FROM content c JOIN pack p ON p.number = c.pack
WHERE p.id = :id AND NOT EXISTS (SELECT 1 FROM live l WHERE l.digest = c.digest);

-- name: append(event_ids, streams, sequences, keys, headers, bodies, seen_streams, seen_sequences, channel)$
-- How many were appended: none when a stream is not where the caller saw it. The relay wakes up at commit.
WITH missing AS (
    SELECT FROM unnest(:seen_streams::text[], :seen_sequences::bigint[]) AS seen (stream, sequence)
    WHERE NOT EXISTS (SELECT FROM event WHERE event.stream = seen.stream AND event.sequence = seen.sequence)
), appended AS (
    INSERT INTO event (event_id, stream, sequence, key, headers, body)
    SELECT new.event_id, new.stream, new.sequence, new.key, new.headers, new.body
    FROM unnest(
        :event_ids::uuid[], :streams::text[], :sequences::bigint[], :keys::text[], :headers::jsonb[], :bodies::text[]
    ) WITH ORDINALITY AS new (event_id, stream, sequence, key, headers, body, place)
    WHERE NOT EXISTS (SELECT FROM missing)
    ORDER BY new.place
    RETURNING position
)
SELECT count(*), pg_notify(:channel, '') FROM appended;

-- name: last_sequence(stream)$
SELECT coalesce(max(sequence), 0) FROM event WHERE stream = :stream;

-- name: unpublished(batch)
SELECT position, key, headers, body FROM event WHERE published_at IS NULL ORDER BY position LIMIT :batch;

-- name: mark_published(positions, partitions, offsets)!
UPDATE event SET published_at = clock_timestamp(), log_partition = noted.partition, log_offset = noted.log_offset
FROM unnest(:positions::bigint[], :partitions::int[], :offsets::bigint[]) AS noted (position, partition, log_offset)
WHERE event.position = noted.position AND event.published_at IS NULL;

-- name: mark_found(event_ids, partitions, offsets)
-- Marks what the log has and returns the ids that the table has; the others are missing.
WITH noted AS (
    SELECT * FROM unnest(:event_ids::uuid[], :partitions::int[], :offsets::bigint[]) AS n (event_id, partition, log_offset)
), marked AS (
    UPDATE event SET published_at = clock_timestamp(), log_partition = noted.partition, log_offset = noted.log_offset
    FROM noted WHERE event.event_id = noted.event_id AND event.published_at IS NULL
)
SELECT event.event_id FROM event JOIN noted USING (event_id);

-- name: last_noted(partitions)
-- The newest place of each partition that is known here: an own event's, or the last one compared.
SELECT wanted.partition, newest.log_offset, newest.event_id
FROM unnest(:partitions::int[]) AS wanted (partition)
CROSS JOIN LATERAL (
    (SELECT event.log_offset, event.event_id::text FROM event
     WHERE published_at IS NOT NULL AND log_partition = wanted.partition ORDER BY event.log_offset DESC LIMIT 1)
    UNION ALL
    SELECT log_mark.log_offset, log_mark.event_id FROM log_mark WHERE log_mark.partition = wanted.partition
    ORDER BY log_offset DESC LIMIT 1
) AS newest;

-- name: mark_log(partition, log_offset, event_id)!
INSERT INTO log_mark (partition, log_offset, event_id) VALUES (:partition, :log_offset, :event_id)
ON CONFLICT (partition) DO UPDATE SET log_offset = excluded.log_offset, event_id = excluded.event_id;

-- name: published()
SELECT position, log_partition, log_offset FROM event WHERE published_at IS NOT NULL;

-- name: at_positions(positions)
SELECT position, key, headers, body FROM event WHERE position = ANY (:positions::bigint[]);

-- name: note_places(positions, partitions, offsets)!
UPDATE event SET log_partition = noted.partition, log_offset = noted.log_offset
FROM unnest(:positions::bigint[], :partitions::int[], :offsets::bigint[]) AS noted (position, partition, log_offset)
WHERE event.position = noted.position;

-- name: forget_marks()!
DELETE FROM log_mark;

-- name: forget_offsets()!
-- Followers read from the log's begin again: their places in each stream stay.
DELETE FROM consumer_offset;

-- name: forget_parked()!
-- What waits is parked again when it comes again.
DELETE FROM parked_record;

-- name: event_schemas()
SELECT schemaname FROM pg_tables WHERE tablename = 'log_mark' ORDER BY schemaname;

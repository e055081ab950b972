-- name: positions(consumer, streams)
SELECT stream, sequence, event_id FROM stream_position
WHERE consumer = :consumer AND stream = ANY (:streams::text[]) ORDER BY stream FOR UPDATE;

-- name: advance(consumer, stream, sequence, event_id)!
INSERT INTO stream_position (consumer, stream, sequence, event_id) VALUES (:consumer, :stream, :sequence, :event_id)
ON CONFLICT (consumer, stream) DO UPDATE SET sequence = excluded.sequence, event_id = excluded.event_id;

-- name: advance_many(consumer, streams, sequences, event_ids)!
INSERT INTO stream_position (consumer, stream, sequence, event_id)
SELECT :consumer, new.stream, new.sequence, new.event_id
FROM unnest(:streams::text[], :sequences::bigint[], :event_ids::uuid[]) AS new (stream, sequence, event_id)
ORDER BY new.stream
ON CONFLICT (consumer, stream) DO UPDATE SET sequence = excluded.sequence, event_id = excluded.event_id;

-- name: claim_offsets(consumer, topic, partitions)
-- The update that changes nothing locks the rows, whether they were there or not.
INSERT INTO consumer_offset (consumer, topic, partition, next_offset)
SELECT :consumer, :topic, wanted.partition, 0 FROM unnest(:partitions::int[]) AS wanted (partition)
ORDER BY wanted.partition
ON CONFLICT (consumer, topic, partition) DO UPDATE SET next_offset = consumer_offset.next_offset
RETURNING partition, next_offset;

-- name: next_offsets(consumer, topic)
SELECT partition, next_offset FROM consumer_offset WHERE consumer = :consumer AND topic = :topic;

-- name: advance_offsets(consumer, topic, partitions, next_offsets)!
INSERT INTO consumer_offset (consumer, topic, partition, next_offset)
SELECT :consumer, :topic, new.partition, new.next_offset
FROM unnest(:partitions::int[], :next_offsets::bigint[]) AS new (partition, next_offset)
ORDER BY new.partition
ON CONFLICT (consumer, topic, partition) DO UPDATE SET next_offset = excluded.next_offset
WHERE consumer_offset.next_offset < excluded.next_offset;

-- name: park(consumer, topic, partition, log_offset, stream, sequence, event_id, lane, key, value, header_names, header_values, reason, poisonous)!
INSERT INTO parked_record
    (consumer, topic, partition, log_offset, stream, sequence, event_id, lane, key, value, header_names, header_values,
     reason, poisonous)
VALUES (:consumer, :topic, :partition, :log_offset, :stream, :sequence, :event_id, :lane, :key, :value,
        :header_names::text[], :header_values::bytea[], :reason, :poisonous)
ON CONFLICT DO NOTHING;

-- name: parked_lanes(consumer, lanes)
SELECT DISTINCT lane FROM parked_record WHERE consumer = :consumer AND lane = ANY (:lanes::text[]);

-- name: count_parked(consumer)$
SELECT count(*) FROM parked_record WHERE consumer = :consumer;

-- name: parked_in(consumer, lane)
SELECT * FROM parked_record WHERE consumer = :consumer AND lane = :lane ORDER BY partition, log_offset FOR UPDATE;

-- name: all_parked_lanes(consumer)
SELECT DISTINCT lane FROM parked_record WHERE consumer = :consumer ORDER BY lane;

-- name: unpark(consumer, topic, partition, log_offset)!
DELETE FROM parked_record
WHERE consumer = :consumer AND topic = :topic AND partition = :partition AND log_offset = :log_offset;

-- Rows of `warehouse`, `office` and `Büro`. Variable: scale (1 is the full size).
SET synchronous_commit = off;

INSERT INTO warehouse.site
SELECT n, 'Site ' || n || ' – Größe ' || n, point(n / 3.0, -n), polygon '((0,0),(4,0),(4,3.5),(0,3))', circle(point(n, n), 1.25),
       lseg(point(0, 0), point(n, 1)), ('10.' || n || '.0.0/16')::cidr, ('fe80::' || n || '/64')::inet,
       '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', time '06:00' + n * interval '1 minute',
       timetz '22:30:00.5+02:30', (n % 256)::bit(8), CASE WHEN n % 2 = 0 THEN B'10110' END
FROM generate_series(1, 40) AS n;

INSERT INTO warehouse.booking
SELECT 1 + n % 40, 1 + (n / 40) % 3, tstzrange(timestamptz '2026-03-01 00:00+00' + (n / 120) * interval '2 hours',
       timestamptz '2026-03-01 00:00+00' + (n / 120 + 1) * interval '2 hours', '[)'),
       CASE WHEN n % 3 = 0 THEN warehouse.temperature_range(-20.5, 4.25, '[]') END
FROM generate_series(0, 2399) AS n;

INSERT INTO warehouse.stock
SELECT 1 + n % 40, pg_temp.named_uuid('product ' || 1 + n / 40), 10 + pg_temp.pick(n, 71, 1000), pg_temp.pick(n, 72, 10),
       CASE WHEN n % 6 > 0 THEN timestamptz '2026-04-05 06:07:08.000009+00' + n * interval '1 second' END
FROM generate_series(0, 40 * greatest(100, (500 * :scale)::integer) - 1) AS n;

INSERT INTO warehouse.movement (moved_at, site_id, product_id, quantity, took, trace)
SELECT timestamptz '2025-12-15 00:00+00' + pg_temp.pick(n, 81, 28000000) * interval '1 second', 1 + pg_temp.pick(n, 82, 40),
       pg_temp.named_uuid('product ' || 1 + pg_temp.pick(n, 83, 100)), pg_temp.pick(n, 84, 400) - 200,
       pg_temp.pick(n, 85, 90000) * interval '1.5 seconds',
       jsonb_build_object('truck', 'T-' || pg_temp.pick(n, 86, 900), 'seen', spoken.said)
FROM generate_series(1, greatest(400, (36000 * :scale)::integer)) AS n
JOIN sentence AS spoken ON spoken.id = pg_temp.pick(n, 87, 2000);

INSERT INTO warehouse.measurement
SELECT 'sensor-' || n % 50, (ARRAY['temperature', 'humidity', 'load'])[1 + n % 3],
       timestamptz '2026-05-01 00:00+00' + n * interval '3.3 seconds', sin(n), ARRAY[[n, n + 1], [-n, NULL]]
FROM generate_series(1, greatest(300, (20000 * :scale)::integer)) AS n;

INSERT INTO office.message (thread, subject, body, words, sent_at)
SELECT pg_temp.named_uuid('thread ' || n / 5), left(asked, 100), concat_ws(E'\n\n', asked, answered, added),
       CASE WHEN n % 16 = 0 THEN to_tsvector('office.plain_words', left(asked, 400)) END,
       timestamp '2026-01-02 03:04:05.678901' + n * interval '11 minutes'
FROM generate_series(1, greatest(100, (63000 * :scale)::integer)) AS n,
LATERAL (SELECT (SELECT said FROM paragraph WHERE id = pg_temp.pick(n, 91, 1000)) AS asked,
                (SELECT said FROM paragraph WHERE id = pg_temp.pick(n, 92, 1000)) AS answered,
                (SELECT said FROM paragraph WHERE id = pg_temp.pick(n, 93, 1000)) AS added) AS spoken;

INSERT INTO office.photo
SELECT n, timestamptz '2026-06-01 12:00+00' + n * interval '1 hour', pg_temp.noise(500000 + n, 300 + pg_temp.pick(n, 95, 900)),
       CASE WHEN n % 2 = 0 THEN point(n, n / 9.0) END
FROM generate_series(1, greatest(12, (600 * :scale)::integer)) AS n;

-- Large objects: noise of a few pages, a text, and an empty one.
INSERT INTO office.attachment
SELECT n, 'Scan ' || n || '.tiff', lo_from_bytea(0, CASE n WHEN 1 THEN ''::bytea WHEN 2 THEN 'plain text, Grüße'::bytea
       ELSE pg_temp.noise(900000 + n, 60 + pg_temp.pick(n, 97, CASE WHEN n % 25 = 0 THEN 9000 ELSE 900 END)) END)
FROM generate_series(1, greatest(12, (200 * :scale)::integer)) AS n;

INSERT INTO office.task
SELECT n, (ARRAY['clerk', 'owner', 'nobody'])[1 + n % 3], 'Task ' || n, n % 4 = 0, CASE WHEN n > 3 THEN ARRAY[n - 1, n - 3] END,
       make_interval(months => n % 13, days => n % 40, secs => n * 1.25) FROM generate_series(1, 300) AS n;
INSERT INTO office.setting VALUES
    ('colour', '$.a[*] ? (@ > 2)', 'k=>NULL', 'x'), ('empty', NULL, '', NULL), ('tab', '$', E'"a\tb"=>"c\\\\"', E'\\001');
INSERT INTO office.web_session
SELECT md5(n::text), int4send(n), '2026-08-01 00:00+00' FROM generate_series(1, 80) AS n;
INSERT INTO office.climate SELECT '2026-07-01 00:00+00'::timestamptz + n * interval '1 day', n / 8.0 FROM generate_series(1, 90) AS n;
INSERT INTO office.without_columns SELECT FROM generate_series(1, 3);
INSERT INTO "Büro"."Überweisung" ("Empfänger", "Betrag", "Währung", "IBAN", "Größe ""m²""")
SELECT 'Frau Müller-Lüdenscheidt № ' || n, n * 12.34, (enum_range(NULL::"Büro"."Währung"))[1 + n % 4],
       'NL00TEST' || lpad(n::text, 10, '0'), n / 6.0 FROM generate_series(1, 500) AS n;
INSERT INTO "Büro"."注文" SELECT n, '日本茶 ' || n || E' 🍵\t"x"\n\\.', '{"鍵": "値"}' FROM generate_series(1, 400) AS n;

SELECT nextval('warehouse.countdown') FROM generate_series(1, 17) \g /dev/null
SELECT nextval('warehouse.gate_number') FROM generate_series(1, 19) \g /dev/null

-- Rows of the schema `sales`. Variables: scale (1 is the full size), documents (rows of office.file_document).
SET synchronous_commit = off;

INSERT INTO sales.customer (email, name, country, address, phones, preferences, attributes, balance, born_on,
                            portrait_id, created_at)
SELECT format('customer%s@example.%s', n, (ARRAY['com', 'org', 'net'])[1 + n % 3]),
       (ARRAY['Zoë', 'Jürgen', 'Nguyễn', 'Søren', 'Małgorzata', 'Ἀθηνᾶ', 'Иван', '美咲', 'O''Neill', 'Ana'])[1 + n % 10]
           || ' ' || initcap((pg_temp.words())[1 + pg_temp.pick(n, 11, 50)]),
       (ARRAY['NL', 'DE', 'PL', 'JP', 'BR'])[1 + pg_temp.pick(n, 12, 5)],
       ROW((pg_temp.words())[1 + pg_temp.pick(n, 13, 50)] || ' street', n % 300,
           (ARRAY['Łódź', 'Köln', 'São Paulo', '東京', 'Zürich'])[1 + n % 5],
           lpad((n % 99999)::text, 5, '0'))::sales.postal_address,
       CASE WHEN n % 4 = 0 THEN '{}' ELSE ARRAY['+31 20 ' || n, NULL, '"quoted, \ and {braced}"'] END,
       jsonb_build_object('newsletter', n % 2 = 0, 'theme', 'dark', 'limits', jsonb_build_array(n, n / 7.0, NULL)),
       hstore(ARRAY['source', 'size'], ARRAY['fair', CASE WHEN n % 3 = 0 THEN n::text END]),
       (pg_temp.pick(n, 14, 2000000) - 1000000) / 100.0,
       date '1940-01-01' + pg_temp.pick(n, 15, 24000),
       CASE WHEN n <= :portraits THEN pg_temp.named_uuid('portrait ' || n) END,
       timestamptz '2026-01-01 00:00+00' + n * interval '97.123457 seconds'
FROM generate_series(1, greatest(300, (12000 * :scale)::integer)) AS n;
UPDATE sales.customer SET merged_into = id - 7 WHERE id % 211 = 0 AND id > 1010;

INSERT INTO sales.category (path, parent_id, title)
SELECT CASE WHEN n <= 6 THEN 'c' || n ELSE 'c' || 1 + n % 6 || '.c' || n END::ltree,
       CASE WHEN n > 6 THEN 1 + n % 6 END, initcap((pg_temp.words())[n]) FROM generate_series(1, 48) AS n;

INSERT INTO sales.product (id, sku, category_id, titles, price, weight_grams, sizes, on_sale, thumbnail, embedding)
SELECT pg_temp.named_uuid('product ' || n), 'SKU-' || lpad(n::text, 6, '0'), 1 + pg_temp.pick(n, 21, 48),
       json_build_object('en', spoken.said, 'ja', '商品' || n, 'n', n),
       1 + pg_temp.pick(n, 23, 500000) / 100.0, CASE WHEN n % 9 > 0 THEN pg_temp.pick(n, 24, 90000) / 7.0 END,
       ARRAY[ROW(n % 900, 40, NULL)::warehouse.dimensions, ROW(1, 2, 3)::warehouse.dimensions],
       daterange('2026-01-01', CASE WHEN n % 2 = 0 THEN date '2026-01-01' + 30 + n % 300 END),
       pg_temp.noise(n, 12), ARRAY[n / 3.0, -n, 'NaN']::real[]
FROM generate_series(1, greatest(100, (2000 * :scale)::integer)) AS n
JOIN sentence AS spoken ON spoken.id = pg_temp.pick(n, 22, 2000);

INSERT INTO sales."order" (public_id, customer_id, state, placed_at, total, details, remark)
SELECT pg_temp.named_uuid('order ' || n), 1000 + pg_temp.pick(n, 31, greatest(300, (12000 * :scale)::integer)),
       (enum_range(NULL::sales.order_state))[1 + pg_temp.pick(n, 32, 6)],
       timestamptz '2026-01-01 00:00+00' + n * interval '173.5 seconds', pg_temp.pick(n, 33, 900000) / 100.0,
       jsonb_build_object('channel', (ARRAY['web', 'shop', 'phone'])[1 + n % 3], 'gift', n % 17 = 0, 'note',
           (SELECT said FROM sentence WHERE id = pg_temp.pick(n, 34, 2000)), 'basket', jsonb_build_array(n % 13, n % 101, 'ü')),
       CASE WHEN n % 3 > 0 THEN (SELECT said FROM sentence WHERE id = pg_temp.pick(n, 35, 2000)) END
FROM generate_series(1, greatest(200, (36000 * :scale)::integer)) AS n;

INSERT INTO sales.order_line (order_id, line_no, product_id, quantity, unit_price)
SELECT 2 * n - 1, line, pg_temp.named_uuid('product ' || 1 + pg_temp.pick(n * 5 + line, 41, greatest(100, (2000 * :scale)::integer))),
       1 + pg_temp.pick(n * 5 + line, 42, 12), pg_temp.pick(n * 5 + line, 43, 9000000) / 10000.0
FROM generate_series(1, greatest(200, (36000 * :scale)::integer)) AS n, generate_series(1, 1 + n % 3) AS line;

INSERT INTO sales.invoice (order_id, document_id, period, vat_rate, gross, due_on, paid_at)
SELECT 2 * n - 1, f.id, daterange(date '2026-01-01' + (n % 300)::integer, date '2026-01-31' + (n % 300)::integer, '[]'),
       (ARRAY[0.21, 0.09, 0])[1 + n % 3], 10 + pg_temp.pick(n, 51, 500000) / 100.0, date '2026-02-01' + (n % 300)::integer,
       CASE WHEN n % 5 > 0 THEN timestamptz '2026-02-03 11:59:59.999999+00' + n * interval '1 minute' END
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM office.file_document) AS f
WHERE n <= greatest(200, (36000 * :scale)::integer);

INSERT INTO sales.exchange_rate
SELECT (ARRAY['EUR', 'JPY', 'GBP', 'PLN'])[1 + n % 4], date '2026-01-01' + (n / 4)::integer,
       pg_temp.pick(n, 61, 1000000) / 1000000.0 + 1e-20, pg_temp.pick(n, 62, 1000000) / 7.0, (n / 3.0)::real
FROM generate_series(0, 1999) AS n;
INSERT INTO sales.exchange_rate VALUES
    ('XXX', '2026-01-01', 'NaN', 'NaN', 'NaN'), ('XXX', '2026-01-02', 'Infinity', 'Infinity', '-Infinity'),
    ('XXX', '2026-01-03', '-Infinity', '-0', '-0'), ('XXX', 'infinity', 0.1234567890123456789012345678901234567890,
     4.9406564584124654e-324, 1.17549435e-38), ('XXX', '-infinity', 99999999999999999999999999999999.000, NULL, NULL),
    ('XXX', '0044-03-15 BC', 1.10, 0.1, 0.1);

INSERT INTO sales.discount
SELECT 'D' || n, int4range(n, CASE WHEN n % 5 > 0 THEN n + 10 END),
       nummultirange(numrange(n, n + 0.5), numrange(n + 2.25, NULL, '[)')),
       datemultirange(daterange('2026-01-01', '2026-02-01'), daterange('2026-06-01', date '2026-06-02' + n)),
       tstzmultirange(tstzrange('2026-01-01 09:00+01', '2026-01-01 17:00+01', '[)'))
FROM generate_series(1, 60) AS n;
INSERT INTO sales.discount VALUES ('EMPTY', 'empty', '{}', '{}', '{}');
INSERT INTO sales.price_list SELECT 'A' || n, n * 1.5 FROM generate_series(1, 50) AS n;
INSERT INTO sales.price_list_export SELECT 'X' || n, n * 2.5, 'FOB' FROM generate_series(1, 30) AS n;

-- Values that no row shows.
SELECT setval('sales.ticket_number', 7 * (1000 + (5000 * :scale)::integer) + 1) \g /dev/null
SELECT nextval('sales.invoice_number') FROM generate_series(1, 3) \g /dev/null

-- What happens to production after its backup: rows come, go and change, and so do other things. May run again.
SET synchronous_commit = off;

UPDATE sales."order" SET remark = 'altered after the backup', total = total + 1 WHERE id % 40 = 1;
UPDATE sales.customer SET balance = -balance, name = name || ' (moved)' WHERE id % 50 = 0;
DELETE FROM sales.order_line WHERE order_id % 1000 = 1;
INSERT INTO sales."order" (public_id, customer_id, placed_at, total, details)
SELECT gen_random_uuid(), 1000 + n % 300, now(), n, '{"channel": "late"}' FROM generate_series(1, 500) AS n;
UPDATE office.photo SET pixels = set_byte(pixels, 0, 255 - get_byte(pixels, 0)) WHERE id = 7;
TRUNCATE office.audit_log, "Büro"."注文";
DELETE FROM warehouse.movement WHERE moved_at < '2026-02-01 00:00+00';

SELECT lo_put(content, 0, '\xdeadbeef') FROM office.attachment WHERE id = 3 \g /dev/null
SELECT lo_unlink(content) FROM office.attachment WHERE id = 4 AND EXISTS (
    SELECT FROM pg_largeobject_metadata WHERE oid = content) \g /dev/null
SELECT lo_from_bytea(0, 'only after the backup') \g /dev/null

SELECT nextval('sales.ticket_number'), setval('warehouse.countdown', 5), nextval('office.never_used') \g /dev/null

ALTER TABLE sales.product ADD COLUMN IF NOT EXISTS after_the_backup text DEFAULT 'x';
CREATE TABLE IF NOT EXISTS office.after_the_backup (id integer);
DROP VIEW IF EXISTS "Büro"."Überblick";
DROP POLICY IF EXISTS never_negative ON office.task;
DROP INDEX IF EXISTS sales.product_on_sale;
-- A restore builds these anew from the rows, so a stale one would not come back as it was.
REFRESH MATERIALIZED VIEW sales.turnover;
REFRESH MATERIALIZED VIEW sales.best_month;

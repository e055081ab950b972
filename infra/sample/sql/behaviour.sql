-- What acts or derives: references between schemas, views, functions, triggers, rules, materialised views.
ALTER TABLE sales.invoice ADD FOREIGN KEY (document_id) REFERENCES office.file_document ON DELETE SET NULL;
ALTER TABLE warehouse.stock ADD CONSTRAINT stock_of_product FOREIGN KEY (product_id) REFERENCES sales.product;

CREATE VIEW office.document_reference AS
SELECT id AS document_id, size_bytes FROM office.file_document
UNION ALL
SELECT portrait_id, NULL::bigint FROM sales.customer WHERE portrait_id IS NOT NULL;
COMMENT ON VIEW office.document_reference IS 'Every document that a row names; the size where it is known';

CREATE VIEW sales.open_order WITH (security_barrier) AS
SELECT o.id, o.public_id, c.name, o.total FROM sales."order" AS o JOIN sales.customer AS c ON c.id = o.customer_id
WHERE o.state IN ('placed', 'paid');
CREATE VIEW office.open_task AS
SELECT id, assignee, title, done FROM office.task WHERE NOT done WITH CASCADED CHECK OPTION;
CREATE VIEW office.my_task WITH (security_invoker) AS SELECT * FROM office.task;
CREATE RECURSIVE VIEW sales.category_depth (id, depth) AS
SELECT id, 0 FROM sales.category WHERE parent_id IS NULL
UNION ALL
SELECT c.id, d.depth + 1 FROM sales.category AS c JOIN category_depth AS d ON d.id = c.parent_id;
CREATE VIEW "Büro"."Überblick" AS SELECT "Währung", sum("Betrag") AS "Summe €" FROM "Büro"."Überweisung" GROUP BY 1;

CREATE FUNCTION office.write_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    INSERT INTO office.audit_log (what, old_row, new_row)
    VALUES (TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME || ' ' || TG_OP, to_jsonb(OLD), to_jsonb(NEW));
    RETURN NULL;
END
$$;
CREATE FUNCTION office.count_audit() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN INSERT INTO office.audit_log (what) SELECT 'rows: ' || count(*) FROM changed; RETURN NULL; END $$;
CREATE FUNCTION office.stop_negative() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN IF NEW.on_hand < 0 THEN RAISE EXCEPTION 'no stock below zero'; END IF; RETURN NEW; END $$;
CREATE FUNCTION office.finish_task() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN UPDATE office.task SET done = true WHERE id = OLD.id; RETURN OLD; END $$;
CREATE FUNCTION sales.orders_of(customer bigint, OUT id bigint, OUT total numeric) RETURNS SETOF record
LANGUAGE sql STABLE ROWS 20
BEGIN ATOMIC
    SELECT o.id, o.total::numeric FROM sales."order" AS o WHERE o.customer_id = customer ORDER BY o.id;
END;
CREATE PROCEDURE office.close_tasks(VARIADIC numbers integer[]) LANGUAGE sql
AS $$ UPDATE office.task SET done = true WHERE id = ANY (numbers) $$;
CREATE FUNCTION office.second_of(anyelement, anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT $2';
CREATE AGGREGATE office.last_of(anyelement) (SFUNC = office.second_of, STYPE = anyelement);
CREATE FUNCTION office.much_larger(numeric, numeric) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN $1 > 10 * $2;
CREATE OPERATOR office.>>> (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = office.much_larger);

CREATE TRIGGER customer_audit AFTER INSERT OR UPDATE OF email, balance OR DELETE ON sales.customer
    FOR EACH ROW EXECUTE FUNCTION office.write_audit();
CREATE TRIGGER product_prices AFTER UPDATE ON sales.product REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION office.count_audit();
CREATE TRIGGER stock_guard BEFORE INSERT OR UPDATE ON warehouse.stock
    FOR EACH ROW WHEN (NEW.on_hand IS NOT NULL) EXECUTE FUNCTION office.stop_negative();
CREATE CONSTRAINT TRIGGER movement_audit AFTER DELETE ON warehouse.movement_other DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION office.write_audit();
CREATE TRIGGER task_view_delete INSTEAD OF DELETE ON office.open_task
    FOR EACH ROW EXECUTE FUNCTION office.finish_task();
CREATE TRIGGER asleep BEFORE DELETE ON office.setting FOR EACH ROW EXECUTE FUNCTION office.finish_task();
ALTER TABLE office.setting DISABLE TRIGGER asleep;
COMMENT ON TRIGGER customer_audit ON sales.customer IS 'Who changed whose balance';
CREATE RULE keep_documents AS ON DELETE TO office.file_document DO INSTEAD NOTHING;

-- Something for the audit log, by its own trigger.
UPDATE sales.customer SET balance = balance + 1 WHERE id % 40 = 0;

CREATE MATERIALIZED VIEW sales.turnover AS
SELECT date_trunc('month', placed_at AT TIME ZONE 'UTC') AS month, state, count(*) AS orders, sum(total) AS total
FROM sales."order" GROUP BY 1, 2;
CREATE UNIQUE INDEX turnover_month ON sales.turnover (month, state);
CREATE MATERIALIZED VIEW sales.best_month AS SELECT month, sum(total) AS total FROM sales.turnover GROUP BY 1;
CREATE MATERIALIZED VIEW office.not_filled AS SELECT key FROM office.setting WITH NO DATA;
COMMENT ON MATERIALIZED VIEW sales.best_month IS 'Built from another materialised view';

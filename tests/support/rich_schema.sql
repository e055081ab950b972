-- An app's schema with much of what PostgreSQL offers; {owner} and {reader} stand for roles.
CREATE EXTENSION hstore;
CREATE SCHEMA "Zürich";
CREATE EXTENSION citext WITH SCHEMA "Zürich";
CREATE TYPE mood AS ENUM ('gut', 'schlecht');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE customer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document uuid,
    name text NOT NULL,
    tags hstore,
    mood mood,
    n positive,
    email "Zürich".citext UNIQUE,
    total numeric GENERATED ALWAYS AS (n * 2) STORED,
    body jsonb,
    seen timestamptz,
    span int4range,
    raw bytea,
    numbers int[]
);
INSERT INTO customer (document, name, tags, mood, n, email, body, seen, span, raw, numbers)
SELECT md5(i::text)::uuid, 'Kunde ' || i, 'a=>1', 'gut', i, 'A' || i, '{"ä": 1}', '2020-01-01Z',
       int4range(1, i + 1), '\x00ff', ARRAY[i, NULL] FROM generate_series(1, 500) AS i;
CREATE TABLE visit (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE visit_2020 PARTITION OF visit FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
INSERT INTO visit SELECT i, '2020-02-02' FROM generate_series(1, 10) AS i;
CREATE TABLE "Bestellung; mit ""Namen""" (id int PRIMARY KEY, customer bigint REFERENCES customer);
INSERT INTO "Bestellung; mit ""Namen""" VALUES (1, 7);
CREATE SEQUENCE ticket START 7;
SELECT nextval('ticket'), nextval('ticket');
CREATE VIEW named AS SELECT id, name FROM customer;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS c FROM customer;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $fn$ BEGIN RETURN NEW; END $fn$;
CREATE TRIGGER stamped BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $fn$ BEGIN END $fn$;
CREATE INDEX ON customer USING gin (body);
ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON customer USING (true);
COMMENT ON POLICY everyone ON customer IS 'semi; colon';
CREATE POLICY "read; TO x" ON customer FOR SELECT TO {reader} USING (name <> ' TO "q" USING ''x''; ');
GRANT SELECT ON customer TO {reader} WITH GRANT OPTION;
GRANT SELECT (name), UPDATE (name) ON customer TO {reader};
GRANT USAGE ON SCHEMA "Zürich" TO {reader};
REVOKE ALL ON FUNCTION stamp() FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {reader};
SELECT lo_from_bytea(4711, 'a large object'), lo_from_bytea(4712, repeat('x', 100000)::bytea);
GRANT SELECT ON LARGE OBJECT 4711 TO {reader};
CREATE PUBLICATION some_tables FOR TABLE customer, visit;
COMMENT ON TABLE customer IS 'Kunden; alle';
COMMENT ON SCHEMA public IS 'ours';

-- Extensions, schemas, types, sequences and plain functions of the sample app; as the environment role.
-- Only trusted extensions: a database's owner may create those without being a superuser.
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE EXTENSION ltree;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gist;
CREATE EXTENSION unaccent;

CREATE SCHEMA sales;
CREATE SCHEMA warehouse;
CREATE SCHEMA office;
CREATE SCHEMA "Büro";
COMMENT ON SCHEMA sales IS 'Customers, orders and what they are billed';
COMMENT ON SCHEMA "Büro" IS 'Names beyond ASCII: Ä Ö Ü ß, 日本語, Ελληνικά';

CREATE TYPE sales.order_state AS ENUM ('draft', 'placed', 'paid', 'shipped', 'returned');
CREATE TYPE sales.postal_address AS (street text, house_number integer, city text, postal_code text);
CREATE TYPE warehouse.dimensions AS (width_mm integer, height_mm integer, depth_mm integer);
CREATE TYPE office.reading AS (taken_at timestamptz, celsius numeric(5, 2));
CREATE TYPE warehouse.temperature_range AS RANGE (subtype = double precision, subtype_diff = float8mi);
CREATE TYPE "Büro"."Währung" AS ENUM ('€', '¥', '£', 'zł');
ALTER TYPE sales.order_state ADD VALUE 'cancelled' BEFORE 'returned';

CREATE DOMAIN sales.country_code AS character(2) CHECK (VALUE ~ '^[A-Z]{2}$');
CREATE DOMAIN sales.positive_amount AS numeric(14, 2) DEFAULT 0 CONSTRAINT is_not_negative CHECK (VALUE >= 0);
CREATE DOMAIN sales.iban AS citext NOT NULL CHECK (length(VALUE) BETWEEN 15 AND 34);
COMMENT ON DOMAIN sales.positive_amount IS 'Money that is never owed backwards';
COMMENT ON TYPE sales.order_state IS 'The way of an order';

-- Sequences: one that no row shows, one downwards, one that wraps around, one never used.
CREATE SEQUENCE sales.invoice_number START 202600001;
CREATE SEQUENCE sales.ticket_number INCREMENT BY 7 CACHE 20;
CREATE SEQUENCE warehouse.countdown AS smallint INCREMENT BY -1 MINVALUE -1000 MAXVALUE 1000 START 1000;
CREATE SEQUENCE warehouse.gate_number AS integer MINVALUE 1 MAXVALUE 12 CYCLE;
CREATE SEQUENCE office.never_used;
COMMENT ON SEQUENCE sales.ticket_number IS 'Counts on although no row keeps its values';

CREATE FUNCTION sales.net(gross numeric, rate numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN round(gross / (1 + rate), 2);

CREATE FUNCTION office.normalised(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, value)) $$;
COMMENT ON FUNCTION office.normalised(text) IS 'What two spellings of a name have in common';

CREATE TEXT SEARCH CONFIGURATION office.plain_words (COPY = pg_catalog.simple);
CREATE COLLATION office.by_code_point (provider = builtin, locale = 'C.UTF-8');

-- Tables of the schemas `office` and `Büro`: documents, large objects, row-level security, odd shapes.
CREATE TABLE office.file_document (
    id uuid NOT NULL,
    file_name text NOT NULL,
    media_type text NOT NULL,
    size_bytes bigint NOT NULL,
    uploaded_at timestamptz NOT NULL DEFAULT '2026-02-01 08:00+00'
);
COMMENT ON TABLE office.file_document IS 'One row per document; the document itself is a file named by the id';

CREATE TABLE office.message (
    id bigint GENERATED ALWAYS AS IDENTITY,
    thread uuid NOT NULL,
    subject character varying(200) NOT NULL,
    body text NOT NULL,
    words tsvector,
    sent_at timestamp without time zone NOT NULL
);

CREATE TABLE office.photo (
    id integer NOT NULL,
    taken_at timestamptz NOT NULL,
    pixels bytea NOT NULL,
    place point
);

CREATE TABLE office.attachment (
    id integer NOT NULL,
    title text NOT NULL,
    content oid NOT NULL
);
COMMENT ON COLUMN office.attachment.content IS 'The OID of a large object';

CREATE TABLE office.task (
    id integer NOT NULL,
    assignee name NOT NULL,
    title text NOT NULL,
    done boolean NOT NULL DEFAULT false,
    depends_on integer[],
    effort interval
);

CREATE TABLE office.audit_log (
    id bigserial NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    what text NOT NULL,
    old_row jsonb,
    new_row jsonb
);

CREATE TABLE office.setting (key text NOT NULL, value jsonpath, extra hstore, flag "char");
CREATE UNLOGGED TABLE office.web_session (token text NOT NULL, data bytea, seen_at timestamptz);
CREATE TABLE office.climate OF office.reading (celsius WITH OPTIONS NOT NULL);
CREATE TABLE office.never_written (id integer, note text);
CREATE TABLE office.without_columns ();

CREATE TABLE "Büro"."Überweisung" (
    "Nr." integer GENERATED ALWAYS AS IDENTITY,
    "Empfänger" text NOT NULL,
    "Betrag" numeric(12, 2) NOT NULL,
    "Währung" "Büro"."Währung" NOT NULL DEFAULT '€',
    "IBAN" sales.iban,
    "Größe ""m²""" real
);
COMMENT ON COLUMN "Büro"."Überweisung"."Empfänger" IS 'Wer das Geld bekommt – „in Anführungszeichen“';
CREATE TABLE "Büro"."注文" ("番号" integer NOT NULL, "品名" text NOT NULL, "備考" jsonb);

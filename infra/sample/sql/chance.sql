-- Chance without a generator: a row's number and a salt give the same value in every session, in any order.
CREATE FUNCTION pg_temp.pick(n bigint, salt bigint, below integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ((hashint8extended(n, salt) & 9223372036854775807) % below)::integer $$;

CREATE FUNCTION pg_temp.named_uuid(name text) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT overlay(overlay(md5(name) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid $$;

CREATE FUNCTION pg_temp.noise(salt bigint, blocks integer) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT coalesce(string_agg(sha512(int8send(salt * 1000003 + block)), ''), '') FROM generate_series(1, blocks) AS block $$;

CREATE FUNCTION pg_temp.words() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT string_to_array('the ship left harbour early and nobody noticed that crate seven was missing again so '
  'please check whether Łódź Köln São Paulo 東京 or Zürich received it before noon because our customer waits '
  'for glass paper copper tea timber cloth and a receipt with every pallet weighed twice under bright lights', ' ') $$;

CREATE TEMPORARY TABLE sentence AS
SELECT n::integer AS id, (
    SELECT string_agg((pg_temp.words())[1 + pg_temp.pick(n * 100 + w, 5, array_length(pg_temp.words(), 1))], ' ' ORDER BY w)
    FROM generate_series(1, 8 + pg_temp.pick(n, 6, 14)) AS w
) || '.' AS said
FROM generate_series(0, 1999) AS n;
CREATE TEMPORARY TABLE paragraph AS
SELECT n::integer AS id, string_agg(said, E'\n' ORDER BY k) AS said
FROM generate_series(0, 999) AS n, generate_series(1, 3 + pg_temp.pick(n, 7, 6)) AS k, sentence
WHERE sentence.id = pg_temp.pick(n * 10 + k, 8, 2000) GROUP BY n;
ALTER TABLE sentence ADD PRIMARY KEY (id);
ALTER TABLE paragraph ADD PRIMARY KEY (id);
ANALYZE sentence, paragraph;

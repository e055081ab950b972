-- name: installable(names)
-- Which of these extensions this server has, and which of them any owner of a database may install.
SELECT a.name::text AS name, coalesce(bool_or(v.trusted), false) AS is_trusted
FROM pg_catalog.pg_available_extensions AS a
LEFT JOIN pg_catalog.pg_available_extension_versions AS v ON v.name = a.name
WHERE a.name = ANY (:names::text[])
GROUP BY a.name;

-- name: conversion_exists(source, target)$
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_conversion AS c
    WHERE c.condefault AND c.conforencoding = pg_catalog.pg_char_to_encoding(:source)
      AND c.contoencoding = pg_catalog.pg_char_to_encoding(:target));

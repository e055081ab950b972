-- A pinned backup does not go, however long it is over: a sweep that stops counts it apart.
ALTER TABLE backup ADD COLUMN pinned boolean NOT NULL DEFAULT false;

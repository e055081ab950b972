-- What an upload has told of its clearing: each once, whoever does the work.
ALTER TABLE restore ADD COLUMN told text[] NOT NULL DEFAULT '{}';

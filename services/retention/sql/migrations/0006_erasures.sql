-- Backups of which nothing is to stay in the store, and the mark that condemns it; kept until that is done.
ALTER TABLE backup ADD COLUMN erase boolean NOT NULL DEFAULT false;
ALTER TABLE backup ADD COLUMN erase_mark uuid;
CREATE INDEX backup_to_erase ON backup (environment_id) WHERE erase;

-- Who asked for an erasure: the one that deleted the backup, or somebody later.
ALTER TABLE backup ADD COLUMN erase_cause jsonb;

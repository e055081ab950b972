-- All backups of an environment are shredded at once; the failed ones had no index.
CREATE INDEX aggregate_failed ON aggregate ((state ->> 'environment_id'))
    WHERE kind = 'backup' AND state ->> 'state' = 'failed';

-- An environment's newest completed backup is found without a look at all the others.
DROP INDEX backup_there;
CREATE INDEX backup_there ON backup (environment_id, created_at, backup_id)
    WHERE state IN ('queued', 'running', 'completed', 'failed');

-- All that an environment's shredding ends at once.
CREATE INDEX backup_going ON backup (environment_id) WHERE state IN ('expired', 'deleting');

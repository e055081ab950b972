-- The gateway answers with a backup that was asked for as it was accepted, before the read model has it.
GRANT SELECT ON event TO gateway;

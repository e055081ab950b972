-- The command that cancelled an archive: the same request repeated is told the same.
ALTER TABLE archive ADD COLUMN cancel_command uuid UNIQUE;

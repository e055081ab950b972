-- Whether the lease on an archive's backup is over, once its link is.
ALTER TABLE archive ADD COLUMN let_go boolean NOT NULL DEFAULT false;
UPDATE archive SET let_go = true WHERE state = 'expired';
CREATE INDEX archive_held_for_nothing ON archive (updated_at) WHERE state = 'expired' AND NOT let_go;

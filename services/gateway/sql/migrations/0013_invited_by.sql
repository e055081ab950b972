-- Who invited, whose rights count once more when it is accepted. Of the invitations before, nobody knows: ask anew.
ALTER TABLE invitation ADD COLUMN invited_by uuid;
UPDATE invitation SET ends_at = least(ends_at, clock_timestamp()) WHERE accepted_at IS NULL;

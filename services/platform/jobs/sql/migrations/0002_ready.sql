-- Ten thousand jobs may be held or wait for a place: what is leased next is found without a look at each of them.
DROP INDEX job_open;
CREATE INDEX job_ready ON job (position) WHERE state IN ('waiting', 'running') AND held_by IS NULL;
CREATE INDEX job_running ON job (host) WHERE state = 'running';
CREATE INDEX job_cancelled ON job (position) WHERE state IN ('waiting', 'running') AND cancelled_by IS NOT NULL;

-- What is said of an organisation's people: a row in twenty or fewer, so it costs the others nothing.
CREATE INDEX audit_of_access ON audit (access_of, at DESC) WHERE access_of IS NOT NULL;

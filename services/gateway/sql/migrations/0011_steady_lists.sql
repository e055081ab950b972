-- Where a list that is paged through by number began for its reader, whichever gateway answers the next page; `page` is
-- how many are on one, 0 where that is left open. Swept as new ones come.
CREATE TABLE steady_list (
    key_id text NOT NULL,
    environment_id uuid NOT NULL,
    page integer NOT NULL,
    top_at timestamptz NOT NULL,
    top_id uuid NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (key_id, environment_id, page)
);
CREATE INDEX steady_list_ends ON steady_list (until);
CREATE INDEX steady_list_of_key ON steady_list (key_id, until DESC);

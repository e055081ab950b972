-- The catalog's decision rows. `state` is the fold of the events that concern the row; `sequence` is the place of its
-- own stream, `catalog/<kind>/<id>`, that the row has reached.
CREATE TABLE aggregate (
    kind text NOT NULL,
    id uuid NOT NULL,
    app_id uuid NOT NULL,
    sequence bigint NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE UNIQUE INDEX aggregate_app_slug ON aggregate ((state ->> 'slug'))
    WHERE kind = 'app' AND NOT (state ->> 'removed')::boolean;
CREATE INDEX aggregate_undoable ON aggregate (id)
    WHERE kind = 'restore' AND state ->> 'state' = 'completed' AND NOT (state ->> 'grace_ended')::boolean;

-- The gateway answers from the outcomes.
GRANT USAGE ON SCHEMA catalog TO gateway;
GRANT SELECT ON command_outcome TO gateway;

-- What a person should look at.
CREATE TABLE alert (
    alert_id uuid PRIMARY KEY,
    app_id uuid NOT NULL,
    environment_id uuid NOT NULL,
    raised_at timestamptz NOT NULL,
    document jsonb NOT NULL
);
CREATE INDEX alert_newest_first ON alert (raised_at DESC, alert_id DESC);

-- Who is called when an alert is raised. A generated secret is needed for every signature, so it cannot be a hash;
-- `secret:<name>` is kept elsewhere. A removed webhook has none any more;
-- `removed_by` is the request that removed it, which is answered alike when it is repeated.
CREATE TABLE webhook (
    webhook_id uuid PRIMARY KEY,
    url text NOT NULL,
    secret text,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    removed_at timestamptz,
    removed_by uuid,
    CHECK ((secret IS NULL) = (removed_at IS NOT NULL))
);

-- One message to one webhook: a job of the same id sends it. `tries` is what came of each call, `reason` why it failed.
CREATE TABLE delivery (
    delivery_id uuid PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES webhook,
    message_id uuid NOT NULL,
    type text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
    tries jsonb NOT NULL DEFAULT '[]',
    reason text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz
);
CREATE INDEX delivery_newest_first ON delivery (webhook_id, created_at DESC, delivery_id DESC);

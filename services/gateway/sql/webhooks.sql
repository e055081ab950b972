-- name: add_webhook(webhook_id, url, secret, about, created_at, created_by)!
INSERT INTO gateway.webhook (webhook_id, url, secret, about, created_at, created_by)
VALUES (:webhook_id, :url, :secret, :about::text[], :created_at, :created_by)
ON CONFLICT (webhook_id) DO NOTHING;

-- name: find_webhook(webhook_id)^
SELECT webhook_id, url, secret, about, created_at, created_by FROM gateway.webhook
WHERE webhook_id = :webhook_id AND removed_at IS NULL;

-- name: webhooks()
SELECT webhook_id, url, secret, about, created_at, created_by FROM gateway.webhook
WHERE removed_at IS NULL
ORDER BY created_at, webhook_id;

-- name: remove_webhook(webhook_id, removed_by)$
UPDATE gateway.webhook SET removed_at = coalesce(removed_at, clock_timestamp()), removed_by = :removed_by, secret = NULL
WHERE webhook_id = :webhook_id AND (removed_at IS NULL OR removed_by = :removed_by)
RETURNING true;

-- name: add_delivery(delivery_id, webhook_id, message_id, type)!
INSERT INTO gateway.delivery (delivery_id, webhook_id, message_id, type)
VALUES (:delivery_id, :webhook_id, :message_id, :type)
ON CONFLICT (delivery_id) DO NOTHING;

-- name: note_try(delivery_id, tried)!
UPDATE gateway.delivery SET tries = tries || jsonb_build_array(:tried::jsonb) WHERE delivery_id = :delivery_id;

-- name: end_delivery(delivery_id, state, reason)!
UPDATE gateway.delivery SET state = :state, reason = :reason, ended_at = clock_timestamp()
WHERE delivery_id = :delivery_id;

-- name: find_delivery(delivery_id)^
SELECT delivery_id, webhook_id, message_id, type, state, tries, reason, created_at, ended_at FROM gateway.delivery
WHERE delivery_id = :delivery_id;

-- name: deliveries(webhook_id, after, after_id, count)
SELECT delivery_id, webhook_id, message_id, type, state, tries, reason, created_at, ended_at,
    created_at AS at, delivery_id AS id
FROM gateway.delivery
WHERE webhook_id = :webhook_id
    AND (:after::timestamptz IS NULL OR (created_at, delivery_id) < (:after, :after_id::uuid))
ORDER BY created_at DESC, delivery_id DESC
LIMIT :count;

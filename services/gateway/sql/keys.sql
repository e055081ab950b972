-- name: find_key(key_id)^
SELECT key_id, user_id, person.name AS "user", organisation_id, hash, scopes, places
FROM gateway.api_key JOIN gateway.person USING (user_id)
WHERE key_id = :key_id AND revoked_at IS NULL AND removed_at IS NULL;

-- name: grants_of(user_id)
SELECT kind, place_id, unnest(rights) AS scope FROM gateway.access WHERE user_id = :user_id;

-- name: has_admin()$
-- Somebody who may do everything, and has a key to do it with.
SELECT EXISTS (
    SELECT FROM gateway.api_key JOIN gateway.access USING (user_id)
    WHERE revoked_at IS NULL AND 'admin' = ANY (scopes) AND kind = 'platform' AND 'admin' = ANY (rights)
);

-- name: add_key(key_id, user_id, name, hash, scopes, places, created_at)!
INSERT INTO gateway.api_key (key_id, user_id, name, hash, scopes, places, created_at)
VALUES (:key_id, :user_id, :name, :hash, :scopes, :places, :created_at);

-- name: key(key_id)^
SELECT key_id, user_id, name, scopes, places, created_at, last_used_at, revoked_at
FROM gateway.api_key WHERE key_id = :key_id;

-- name: hash_of_unused_key(key_id, user_id)$
SELECT hash FROM gateway.api_key
WHERE key_id = :key_id AND user_id = :user_id AND revoked_at IS NULL AND last_used_at IS NULL;

-- name: keys_of(user_id)
SELECT key_id, user_id, name, scopes, places, created_at, last_used_at, revoked_at
FROM gateway.api_key WHERE user_id = :user_id AND revoked_at IS NULL
ORDER BY created_at DESC, key_id DESC;

-- name: revoke_key(key_id, now)$
UPDATE gateway.api_key SET revoked_at = :now WHERE key_id = :key_id AND revoked_at IS NULL
RETURNING user_id;

-- name: note_first_use(key_id)!
UPDATE gateway.api_key SET last_used_at = clock_timestamp() WHERE key_id = :key_id AND last_used_at IS NULL;

-- name: note_use(key_ids, used_at)!
UPDATE gateway.api_key SET last_used_at = greatest(last_used_at, seen.used_at)
FROM unnest(:key_ids::text[], :used_at::timestamptz[]) AS seen (key_id, used_at)
WHERE api_key.key_id = seen.key_id;

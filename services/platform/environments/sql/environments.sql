-- name: remember(environment_id, app_id, described)!
INSERT INTO environment_place (environment_id, app_id, described) VALUES (:environment_id, :app_id, :described)
ON CONFLICT (environment_id) DO UPDATE SET app_id = excluded.app_id, described = excluded.described, removed = false;

-- name: forget(environment_id)!
UPDATE environment_place SET removed = true WHERE environment_id = :environment_id;

-- name: find(environment_id, even_removed)^
SELECT app_id, described FROM environment_place
WHERE environment_id = :environment_id AND (:even_removed OR NOT removed);

-- name: find_many(environment_ids)
SELECT environment_id, described FROM environment_place
WHERE environment_id = ANY (:environment_ids::uuid[]) AND NOT removed;

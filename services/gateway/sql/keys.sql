-- name: find_key(key_id)^
select k.key_id, k.user_id, p.name as "user", k.hash, k.scopes
from gateway.api_key k
join gateway.person p using (user_id)
where k.key_id = :key_id and k.revoked_at is null;

-- name: lock_people()!
lock table gateway.person in share row exclusive mode;

-- name: has_admin()$
select exists (select from gateway.api_key where revoked_at is null and 'admin' = any (scopes));

-- name: add_person(user_id, name, created_at)!
insert into gateway.person (user_id, name, created_at) values (:user_id, :name, :created_at);

-- name: find_person(name)$
select user_id from gateway.person where lower(name) = lower(:name);

-- name: add_key(key_id, user_id, hash, scopes, created_at)!
insert into gateway.api_key (key_id, user_id, hash, scopes, created_at)
values (:key_id, :user_id, :hash, :scopes, :created_at);

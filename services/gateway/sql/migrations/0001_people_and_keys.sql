-- Who may call the gateway. A key is kept as a salted hash of its secret part: it cannot be made from what is here.
create table person (
    user_id uuid primary key,
    name text not null check (name <> ''),
    created_at timestamptz not null
);
create unique index person_name on person (lower(name));

create table api_key (
    key_id text primary key,
    user_id uuid not null references person,
    hash text not null,
    scopes text[] not null,
    created_at timestamptz not null,
    revoked_at timestamptz
);
create index api_key_user on api_key (user_id);

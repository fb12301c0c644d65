-- Who may use a server, and who changed what. No view: neither belongs to what people may ask in SQL.
create table api_key (
    key_id text primary key,
    name text not null,
    role text not null,
    secret_hash text not null,
    created_at timestamptz not null,
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz
);

create sequence audit_number;

create table audit (
    number bigint not null default nextval('audit_number'),
    asked_at timestamptz not null,
    method text not null,
    path text not null,
    action text,
    status integer not null,
    key_id text,
    actor text not null,
    address text not null
);

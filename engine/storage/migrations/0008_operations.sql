-- What a server did in the background besides runs, and what came of it.
create table operation (
    operation_id text primary key,
    kind text not null,
    request json not null,
    status text not null,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    total integer not null,
    error text
);

create table operation_outcome (
    operation_id text not null,
    position integer not null,
    outcome json not null,
    is_good boolean not null,
    seconds double not null
);

-- Which request a key was first used for, so that a repeated one starts nothing a second time.
create table repeated_request (
    key text primary key,
    request_digest text not null,
    status integer not null,
    location text,
    answer json not null,
    asked_at timestamptz not null
);

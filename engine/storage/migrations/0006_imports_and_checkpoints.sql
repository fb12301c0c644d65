-- Which content of a checkpoint was measured, and where imported results come from.
alter table result add column checkpoint_digest text;

create table imported_file (
    import_id text primary key,
    source text not null,
    file_name text not null,
    file_sha256 text not null unique,
    format text not null,
    results integer not null,
    imported_by text not null,
    imported_at timestamptz not null
);

alter table run add column import_id text;

-- A machine that others measured on: they need not tell its cores or memory.
alter table environment add column source text;
alter table environment alter column logical_cores drop not null;
alter table environment alter column memory_bytes drop not null;

create view imports as
select
    imported_file.import_id, run.run_id, run.number as run, imported_file.source, imported_file.file_name,
    imported_file.file_sha256, imported_file.format, imported_file.results, imported_file.imported_by,
    imported_file.imported_at
from imported_file left join run using (import_id);

create or replace view environments as
select
    environment_id, hostname, os, cpu, architecture, physical_cores, logical_cores, memory_bytes, python,
    libraries, accelerators, first_seen_at, source
from environment;

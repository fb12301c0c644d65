-- What each model type showed when it was examined, per backend and precision; every examination is kept.
create sequence examination_number;

create table examination (
    examination_id bigint primary key,
    model_type text not null,
    backend text not null,
    precision text not null,
    verdict text not null,
    flops hugeint,
    bytes_moved bigint,
    peak_rss_bytes bigint,
    seconds double not null,
    checksum text,
    environment_id text not null,
    library text not null,
    library_version text not null,
    torch_version text not null,
    examined_at timestamptz not null
);

-- Tracebacks have a column of their own, which a table of every type never reads.
create table check_outcome (
    examination_id bigint not null,
    position integer not null,
    check_name text not null,
    verdict text not null,
    reason text,
    seconds double,
    detail text
);

-- The version of a library that was examined last is the one that counts, and of a type its last examination in it.
create view newest_examination as
with current_version as (
    select library, arg_max(library_version, (examined_at, examination_id)) as library_version
    from examination
    group by library
)
select model_type, backend, precision, library, arg_max(examination_id, (examined_at, examination_id)) as examination_id
from examination join current_version using (library, library_version)
group by model_type, backend, precision, library;

create view conformance as
select
    examination.model_type, examination.backend, examination.precision, check_outcome.check_name, check_outcome.verdict,
    check_outcome.reason, check_outcome.seconds, examination.verdict as overall_verdict, examination.flops,
    examination.bytes_moved, examination.peak_rss_bytes, examination.library, examination.library_version,
    examination.torch_version, examination.environment_id, examination.examined_at, check_outcome.detail
from newest_examination
join examination using (examination_id)
join check_outcome using (examination_id);

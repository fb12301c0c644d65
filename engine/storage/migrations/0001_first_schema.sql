create table environment (
    environment_id text primary key,
    hostname text not null,
    os text not null,
    cpu text not null,
    architecture text not null,
    physical_cores integer,
    logical_cores integer not null,
    memory_bytes bigint not null,
    python text not null,
    libraries json not null,
    accelerators json not null,
    first_seen_at timestamptz not null
);

create table run (
    run_id text primary key,
    number integer not null unique,
    status text not null,
    request json not null,
    environment_id text not null,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    total integer not null,
    error text
);

create table run_plan (
    run_id text primary key,
    plan json not null
);

create table result (
    result_id text primary key,
    run_id text not null,
    case_id text not null,
    model_type text not null,
    family text not null,
    task text not null,
    size text not null,
    backend text not null,
    precision text not null,
    batch_size integer not null,
    workload text not null,
    sequence_length integer,
    image_size integer,
    threads integer,
    cold boolean not null,
    repetition integer not null,
    status text not null,
    provenance text not null,
    environment_id text not null,
    requested_backend text not null,
    actual_device text,
    started_at timestamptz not null,
    duration_seconds double not null,
    failure_kind text,
    failure_reason text,
    failure_log text,
    facts json,
    machine json,
    skillset_checksum text,
    notes json not null
);

-- Samples are a list of numbers as text, [0.1, 0.2], each with all its digits: a commit to a column of type double[]
-- writes all lists since the last checkpoint into the log again, a hundred times as much.
create table measurement (
    result_id text not null,
    position integer not null,
    metric text not null,
    unit text not null,
    median double not null,
    samples text not null
);

create table skillset (
    model_type text not null,
    family text not null,
    path text not null,
    checksum text not null,
    generator_version text not null,
    transformers_version text not null,
    status text not null,
    reason text,
    generated_at timestamptz not null
);

create table case_facts (
    case_id text primary key,
    parameters bigint not null,
    parameter_bytes bigint not null,
    flops hugeint,
    input_bytes bigint not null
);

create table report (
    report_id text primary key,
    run_id text not null,
    title text not null,
    summary text not null,
    format text not null,
    filename text not null,
    size_bytes bigint not null,
    created_at timestamptz not null
);

-- The views below are what people query; their columns are part of the interface, those of the tables are not.

create view measurements as
select
    measurement.result_id, result.run_id, result.model_type, result.backend, result.precision, result.batch_size,
    result.workload, measurement.metric, measurement.unit, measurement.median,
    len(cast(measurement.samples as double[])) as sample_count, cast(measurement.samples as double[]) as samples,
    result.provenance, result.started_at as measured_at
from measurement join result using (result_id);

create view results as
with wide as (
    select
        result_id,
        max(median) filter (metric = 'latency') as latency_seconds,
        max(median) filter (metric = 'throughput') as items_per_second,
        max(median) filter (metric = 'peak_memory') as peak_memory_bytes,
        max(median) filter (metric = 'module_import_time') as module_import_seconds,
        max(median) filter (metric = 'class_instantiation_time') as class_instantiation_seconds,
        max(median) filter (metric = 'model_initialization_time') as model_initialization_seconds
    from measurement
    group by result_id
)
select
    result.result_id, result.run_id, run.number as run, result.case_id, result.model_type, result.family, result.size,
    result.task, result.backend, result.precision, result.batch_size, result.sequence_length, result.image_size,
    result.threads, result.cold, result.workload, result.repetition, result.status, result.failure_kind,
    result.failure_reason, wide.latency_seconds, wide.items_per_second, wide.peak_memory_bytes,
    wide.module_import_seconds, wide.class_instantiation_seconds, wide.model_initialization_seconds,
    cast(result.facts ->> '$.parameters' as bigint) as parameters,
    cast(result.facts ->> '$.flops' as hugeint) as flops,
    result.provenance, result.requested_backend, result.actual_device, result.environment_id,
    result.started_at as measured_at, result.duration_seconds
from result
left join run using (run_id)
left join wide using (result_id);

create view failures as
select
    result.result_id, result.run_id, run.number as run, result.model_type, result.size, result.backend,
    result.precision, result.batch_size, result.workload, result.repetition, result.status, result.failure_kind,
    result.failure_reason, result.failure_log, result.provenance, result.environment_id,
    result.started_at as measured_at
from result left join run using (run_id)
where result.failure_kind is not null;

-- A resumed run may hold two rows of one planned execution; the later one tells how it ended.
create view run_outcome as
select run_id, case_id, repetition, arg_max(status, (started_at, result_id)) as status
from result
group by run_id, case_id, repetition;

create view runs as
with counts as (
    select
        run_id,
        count(*) filter (status = 'completed') as completed,
        count(*) filter (status = 'failed') as failed,
        count(*) filter (status = 'skipped') as skipped,
        count(*) filter (status = 'cancelled') as cancelled
    from run_outcome
    group by run_id
)
select
    run.run_id, run.number as run, run.request ->> '$.title' as title, run.status, run.created_at, run.started_at,
    run.finished_at, run.total, coalesce(counts.completed, 0) as completed, coalesce(counts.failed, 0) as failed,
    coalesce(counts.skipped, 0) as skipped, coalesce(counts.cancelled, 0) as cancelled, run.error, run.environment_id
from run left join counts using (run_id);

create view environments as
select
    environment_id, hostname, os, cpu, architecture, physical_cores, logical_cores, memory_bytes, python,
    libraries, accelerators, first_seen_at
from environment;

-- Whether a combination works in an environment, judged by the newest run that says anything about it.
create view compatibility as
with evidence as (
    select *
    from result
    where (status in ('completed', 'failed') or failure_kind = 'not_available')
      and provenance in ('measured', 'imported')
), newest as (
    select model_type, backend, precision, environment_id, arg_max(run_id, (started_at, result_id)) as run_id
    from evidence
    group by all
)
select
    model_type, backend, precision, environment_id,
    case
        when bool_or(status = 'completed') then 'works'
        when bool_or(failure_kind = 'not_available') then 'unavailable'
        else 'fails'
    end as outcome,
    case
        when not bool_or(status = 'completed') then arg_max(failure_reason, (started_at, result_id))
    end as reason,
    run_id, max(started_at) as observed_at
from evidence join newest using (model_type, backend, precision, environment_id, run_id)
group by all;

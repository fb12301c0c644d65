-- Generation, concurrency, and how a case is executed beyond backend and precision. Earlier rows had none of it.
alter table result add column new_tokens integer;
alter table result add column workers integer;
alter table result add column compiled boolean default false;
alter table result add column attention text;
alter table result add column checkpoint text;

create or replace view results as
with wide as (
    select
        result_id,
        max(median) filter (metric = 'latency') as latency_seconds,
        max(median) filter (metric = 'throughput') as items_per_second,
        max(median) filter (metric = 'peak_memory') as peak_memory_bytes,
        max(median) filter (metric = 'module_import_time') as module_import_seconds,
        max(median) filter (metric = 'class_instantiation_time') as class_instantiation_seconds,
        max(median) filter (metric = 'model_initialization_time') as model_initialization_seconds,
        max(median) filter (metric = 'prefill_time') as prefill_seconds,
        max(median) filter (metric = 'time_to_first_token') as time_to_first_token_seconds,
        max(median) filter (metric = 'inter_token_latency') as inter_token_latency_seconds,
        max(median) filter (metric = 'decode_throughput') as decode_tokens_per_second,
        max(median) filter (metric = 'generation_throughput') as tokens_per_second,
        max(median) filter (metric = 'requests_per_second') as requests_per_second,
        max(median) filter (metric = 'models_per_second') as models_per_second,
        max(median) filter (metric = 'speedup') as speedup,
        max(median) filter (metric = 'scaling_efficiency') as scaling_efficiency_percent,
        max(median) filter (metric = 'energy') as energy_joules_per_item
    from measurement
    group by result_id
)
select
    result.result_id, result.run_id, run.number as run, result.case_id, result.model_type, result.family, result.size,
    result.task, result.backend, result.precision, result.batch_size, result.sequence_length, result.image_size,
    result.threads, result.cold, result.workload, result.repetition, result.status, result.failure_kind,
    result.failure_reason, wide.latency_seconds, wide.items_per_second, wide.peak_memory_bytes,
    wide.module_import_seconds, wide.class_instantiation_seconds, wide.model_initialization_seconds,
    wide.prefill_seconds, wide.time_to_first_token_seconds, wide.inter_token_latency_seconds,
    wide.decode_tokens_per_second, wide.tokens_per_second, wide.requests_per_second, wide.models_per_second,
    wide.speedup, wide.scaling_efficiency_percent, wide.energy_joules_per_item,
    result.new_tokens, result.workers, result.compiled, result.attention, result.checkpoint,
    cast(result.facts ->> '$.parameters' as bigint) as parameters,
    cast(result.facts ->> '$.flops' as hugeint) as flops,
    result.provenance, result.requested_backend, result.actual_device, result.environment_id,
    result.started_at as measured_at, result.duration_seconds
from result
left join run using (run_id)
left join wide using (result_id);

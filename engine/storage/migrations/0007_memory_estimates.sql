-- What a case was expected to need before it was launched, beside what it then took. Facts of models are counted anew,
-- with what their activations take: the table only saves counting them again.
delete from case_facts;
alter table case_facts add column activation_bytes bigint;
alter table result add column estimated_bytes bigint;

create view memory_estimates as
select
    result.result_id, result.run_id, result.case_id, result.model_type, result.size, result.backend, result.precision,
    result.batch_size, result.sequence_length, result.workload, result.estimated_bytes,
    measurement.median as peak_memory_bytes, result.estimated_bytes / measurement.median as estimated_over_measured,
    result.provenance, result.environment_id, result.started_at as measured_at
from result join measurement using (result_id)
where measurement.metric = 'peak_memory' and result.estimated_bytes is not null;

-- How long a run was carried out, without the time between an end and a resumption. Runs that ended before this step
-- did not record their attempts: they keep the time from their start to their end.
alter table run add column active_seconds double;
alter table run add column attempt_started_at timestamptz;

update run set active_seconds = greatest(0, epoch_us(finished_at) - epoch_us(started_at)) / 1e6
where started_at is not null and finished_at is not null;
update run set attempt_started_at = started_at where status = 'running';

create or replace view runs as
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
    coalesce(counts.skipped, 0) as skipped, coalesce(counts.cancelled, 0) as cancelled, run.error, run.environment_id,
    run.active_seconds
from run left join counts using (run_id);

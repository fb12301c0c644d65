"""Queries that people write, each of which must run: what the rules permit, shown by example."""

from __future__ import annotations

HARMLESS = [
    (
        "select backend, median(latency_seconds) m from results group by backend having count(*)>1 order by m"
        " desc nulls last limit 10 offset 0"
    ),
    "select distinct on (model_type) * from results order by model_type, measured_at desc",
    (
        "select model_type, row_number() over (partition by backend order by latency_seconds) r from results "
        "qualify r = 1"
    ),
    "select * exclude (run_id) replace (round(latency_seconds,3) as latency_seconds) from results",
    "select columns('.*_seconds') from results",
    (
        "select r.run, m.metric, m.median from results r join measurements m using (result_id) where "
        "r.model_type like 'be%' and m.metric in ('latency','throughput')"
    ),
    (
        "select * from results r left join failures f on r.result_id = f.result_id full outer join runs u on "
        "u.run_id = r.run_id"
    ),
    "select * from results, lateral (select 1 as one) l",
    "with a as (select 1 as x), b as (from a select x + 1 as y) select * from a, b",
    "with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) select * from t",
    (
        "select case when batch_size > 1 then 'big' else 'small' end, coalesce(failure_reason, '-'), "
        "batch_size between 1 and 8 from results"
    ),
    (
        "select exists (select 1 from runs), (select max(run) from runs), 1 in (select run from runs), 1 = "
        "any(select run from runs)"
    ),
    "select [x * 2 for x in samples if x > 0] from measurements",
    "select list_transform(samples, lambda s: s * 1000) from measurements",
    "select unnest(samples) from measurements",
    "select * from measurements, unnest(samples) as t(s)",
    "select samples[1], samples[2:3], samples[-1] from measurements",
    "select {'a': 1, 'b': [1,2]}.a, map {'k': 1}['k'], struct_pack(x := 1).x",
    (
        "select libraries ->> '$.torch', libraries -> 'torch', json_extract_string(libraries, '$.torch') from"
        " environments"
    ),
    "select * from environments, json_each(libraries)",
    ("select * from (pivot results on backend in ('cpu','cuda') using median(latency_seconds) group by model_type)"),
    "from results pivot (median(latency_seconds) for backend in ('cpu', 'cuda') group by model_type)",
    "select * from (select 1 a, 2 b) unpivot (v for n in (a, b))",
    ("select model_type from results union all select model_type from failures except select 'x' intersect select 'y'"),
    "select model_type from results union by name select backend from results",
    (
        "select count(*) filter (where status = 'completed') / count(*) from results group by rollup "
        "(backend, precision)"
    ),
    "select grouping(backend), backend from results group by grouping sets ((backend), ())",
    (
        "select date_trunc('day', measured_at), extract(hour from measured_at), measured_at + interval 1 day,"
        " age(measured_at), measured_at::date, measured_at at time zone 'Europe/Berlin' from results"
    ),
    "select current_timestamp, current_date, now() - measured_at from results",
    (
        "select cast(run as varchar) || 'x', run::text, try_cast('a' as int), 'a' similar to 'b', 'a' ilike "
        "'A', 'a' not like 'b%' escape '!', regexp_matches('a', 'b') from runs"
    ),
    (
        "select sum(total) over (order by run rows between 2 preceding and current row), lag(total) over w "
        "from runs window w as (order by run)"
    ),
    (
        "select quantile_cont(latency_seconds, [0.5, 0.95]), arg_min(model_type, latency_seconds), "
        "string_agg(model_type, ',' order by run) from results"
    ),
    "select * from results using sample 10",
    "select * from results tablesample 10%",
    "values (1, 'a'), (2, 'b')",
    "table runs",
    "from runs",
    "describe results",
    "summarize results",
    "describe select 1 as a",
    "select 1 -- a comment",
    "select 1;",
    "/* lead */ select 1",
    (
        "select not true and false or null is null, 1 is distinct from 2, -1, +2, 2 ** 3, 5 // 2, 5 % 2, ~1, "
        "1 & 2, 1 | 2, 1 << 2"
    ),
    "select * from results where (model_type, backend) in (('bert', 'cpu'))",
    "select * from main.results limit 1",
    "select Results.model_type from RESULTS",
    'select "model_type" from "results"',
    "select histogram(batch_size) from results",
    "select * from range(3) t(i) cross join generate_series(1, 2)",
    "select * from results positional join runs",
    "select * from results asof join runs on results.measured_at >= runs.created_at",
    "select * from results semi join runs using (run_id)",
    ("select max(latency_seconds) as m, min_by(model_type, latency_seconds) from results group by all order by all"),
    "select model_type, latency_seconds as l, l * 1000 as ms from results where l > 0",
    "select 'a' collate nocase = 'A', if(true, 1, 2), nullif(1, 1), greatest(1, 2), 1e-3, 0x1F, 1_000, $$x$$",
    "select try(1/0), #1 from (select 1)",
    (
        "select model_type, median(latency_seconds) from results where workload = 'inference' and status = "
        "'completed' group by 1 order by 2"
    ),
    "with x as materialized (select 1 as a) select a.a from x as a",
    (
        "select position('a' in 'ba'), substring('abc' from 2 for 1), trim(both 'x' from 'xax'), "
        "overlay('abc' placing 'z' from 1 for 1)"
    ),
    "select cast([1,2] as double[]), cast({'a':1} as struct(a bigint)), 1::decimal(10,2), 'x'::enum('x','y')",
]

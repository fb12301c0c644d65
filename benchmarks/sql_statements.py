"""Statements that try to get out of the SQL console, or to take the server down from inside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CANARY = "{canary}"
"""Stands for the path of a file whose content must never be answered."""
LOOT = "{loot}"
"""Stands for a folder in which nothing may appear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    aim: str
    """In a word or two."""
    sql: Any
    """Text, except where the attack is that it is none."""
    may_answer: bool = False
    """Whether rows are a harmless answer: so for what only costs time and memory. Else rows are an escape."""


def _all(aim: str, *statements: Any, may_answer: bool = False) -> list[Attack]:
    return [Attack(aim=aim, sql=sql, may_answer=may_answer) for sql in statements]


ATTACKS = [
    *_all(
        "read a file",
        f"select * from read_text('{CANARY}')",
        f"select * from read_csv('{CANARY}')",
        f"select * from read_blob('{CANARY}')",
        f"select * from read_json_auto('{CANARY}')",
        f"select * from '{CANARY}'",
        f'select * from "{CANARY}"',
        "select * from read_csv_auto('/etc/passwd', sep='!')",
        "select * from read_parquet('/proc/self/environ')",
        "select * from read_text('/proc/self/cmdline')",
        "select * from read_text('/proc/1/environ')",
        "select * from glob('/*')",
        f"select (select content from read_text('{CANARY}'))",
        f"with x as (from read_text('{CANARY}')) from x",
        f"select 1 union all select content from read_text('{CANARY}')",
        f"describe select * from read_csv('{CANARY}')",
        f"summarize '{CANARY}'",
        f"select * from results, lateral (select * from read_text('{CANARY}'))",
        f"select list_transform(['{CANARY}'], lambda path: (select content from read_text(path)))",
        f'select * from (with "{CANARY}" as (select 1) select 1), "{CANARY}"',
        "select * from read_duckdb('modeldyno.duckdb')",
        f"select * from sniff_csv('{CANARY}')",
    ),
    *_all(
        "write a file",
        f"copy (select 1) to '{LOOT}/stolen.csv'",
        f"copy results to '{LOOT}/stolen.parquet' (format parquet)",
        f"export database '{LOOT}/all'",
        f"attach '{LOOT}/new.duckdb' as new",
        f"select 1; copy results to '{LOOT}/second.csv'",
        f"explain analyze copy results to '{LOOT}/third.csv'",
        f"set log_query_path = '{LOOT}/log'",
        f"pragma enable_profiling = 'json'; pragma profiling_output = '{LOOT}/profile'",
        "select write_log('x', level := 'error', scope := 'database')",
    ),
    *_all(
        "change settings",
        "set memory_limit = '100GB'",
        "set global enable_external_access = true",
        "reset lock_configuration",
        "pragma threads = 64",
        "set variable x = (select content from read_text('/etc/passwd'))",
        "select set_config('enable_external_access', 'true')",
        "call dsdgen(sf = 1)",
        "call pragma_version()",
        "call enable_logging()",
    ),
    *_all(
        "load code",
        "install httpfs",
        "load httpfs",
        f"load '{CANARY}'",
        "force install spatial from community",
        "update extensions",
    ),
    *_all(
        "use the network",
        "select * from 'http://127.0.0.1:1/x.csv'",
        "select * from read_csv('https://127.0.0.1/x.csv')",
        "select * from read_parquet('s3://bucket/x.parquet')",
        "attach 'http://127.0.0.1:1/x.duckdb'",
        "create secret (type s3, key_id 'a', secret 'b')",
        "select * from duckdb_secrets()",
    ),
    *_all(
        "learn of the system",
        "select getenv('MODELDYNO_CANARY')",
        "select list_transform(['MODELDYNO_CANARY'], lambda name: getenv(name))",
        "select current_setting('temp_directory')",
        "select * from duckdb_settings()",
        "select * from duckdb_databases()",
        "select * from duckdb_databases",
        "select * from pg_catalog.pg_settings",
        "select * from information_schema.tables",
        "select * from sqlite_master",
        "select current_database(), current_schemas(true)",
        "select version()",
        "select * from pragma_database_list",
        "select * from pragma_database_size()",
        "select * from duckdb_logs",
        "select * from duckdb_temporary_files()",
        "show databases",
        "from (show all tables)",
        "select system.main.current_setting('threads')",
        "select getvariable('x')",
        "select current_query()",
    ),
    *_all(
        "reach other tables",
        "select * from run_plan",
        "select * from snapshot_1.main.results",
        "select * from api_key",
        "select * from query('select * from duckdb_settings()')",
        "select * from query_table('duckdb_settings')",
        "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
        "select * from histogram_values('duckdb_settings', name)",
    ),
    *_all(
        "change data",
        "delete from results",
        "update results set run = 1",
        "insert into results select * from results",
        "drop table results",
        "truncate results",
        "alter table results add column x int",
        "with gone as (delete from results returning *) from gone",
        "create temp table t as select 1",
        "create macro f() as (select content from read_text('/etc/passwd'))",
        "create or replace view results as select 1",
        "merge into results using runs on true when matched then delete",
        "checkpoint",
        "vacuum analyze",
        "begin",
    ),
    *_all(
        "hide a statement",
        "select 1; drop table results",
        "select 1 /* ; */ ; delete from results",
        "select 1 --\n; delete from results",
        "/**/select/**/*/**/from/**/read_text('/etc/passwd')",
        "select * from ｒｅａｄ_ｔｅｘｔ('/etc/passwd')",
        "select * from read_text\u200b('/etc/passwd')",
        "\ufeffdelete from results",
        "select 1\u037e delete from results",
        "select 1;\u00a0;\u2028delete from results",
        "prepare p as delete from results",
        "execute p",
        "explain analyze delete from results",
        "select $1",
        "select $$a$$; attach ':memory:' as m",
        "select 1\0; drop table results",
        "select e'\\x00'; drop table results",
        "(select 1); (delete from results)",
        "select \"READ_TEXT\"('/etc/passwd')",
        "from results select content: (from read_text('/etc/passwd') select content)",
    ),
    *_all(
        "break the text",
        "select '\ud800'",
        "select '\udcff'",
        None,
        12345,
        ["select 1"],
        {"sql": "select 1"},
        True,
        "",
        ";" * 1000,
        "\0" * 10,
        "'",
        '"',
        "/*",
        "$$",
        "select " + "x" * 200_000,
        "\u202e select 1",
        may_answer=True,
    ),
    *_all(
        "take memory",
        "select repeat('x', 500000000) || repeat('y', 500000000)",
        "select repeat(repeat('x', 100000), 100000)",
        "select lpad('x', 2000000000, 'y')",
        "select format('{:>2000000000}', 'x')",
        "select list_resize([1], 1000000000)",
        "select range(1000000000)",
        "select list(range) from range(1000000000)",
        "select string_agg(repeat('x', 100000), '') from range(100000)",
        "select count(distinct a.range || '-' || b.range) from range(100000) a, range(100000) b",
        "with recursive t(s) as (select 'x' union all select s || s from t) select length(s) from t",
        "with recursive t(n) as (select 1 union all select n + 1 from t, range(3)) select count(*) from t",
        "select list_transform(range(100000000), lambda x: repeat('y', x))",
        "select map(range(5000000), range(5000000))",
        "select * from range(3000000) a, range(10) b order by random()",
        may_answer=True,
    ),
    *_all(
        "answer too much",
        "select error(repeat('x', 20000000))",
        "select cast(repeat('x', 20000000) as integer)",
        "select repeat('x', 15000000)",
        "select repeat('\"', 7000000)",
        "select repeat('x', 160) from range(100000)",
        "select * from range(100000000)",
        "select list_transform(range(300000), lambda x: [x % 10])",
        "select a.*, b.*, c.* from results a, results b, results c",
        "select " + ", ".join(f'1 as "{"c" * 900}{number}"' for number in range(100)),
        may_answer=True,
    ),
    *_all(
        "take time",
        "with recursive t(n) as (select 1 union all select n + 1 from t) select max(n) from t",
        "select count(*) from generate_series(1, 10000000) a, generate_series(1, 10000000) b",
        "select max(range) from range(1000000000000)",
        "select regexp_matches(repeat('a', 30000), '(a*)*(b|c)') from range(100000000)",
        "select regexp_replace(repeat('a', 1000000), '(a|aa)+$', 'x', 'g') from range(1000)",
        "select sum(list_sum(range(10000000))) from range(10000)",
        "select md5(string_agg(md5(range::text), '')) from range(1000000000)",
        "select levenshtein(repeat('ab', 50000), repeat('ba', 50000))",
        "select max(x) from (select sha256(range::text) as x from range(1000000000))",
        "select count(*) from results a, results b, results c, results d, results e, range(1000000)",
        may_answer=True,
    ),
    *_all(
        "be too deep or too long",
        "select " + "(" * 4_000 + "1" + ")" * 4_000,
        "select " + "[" * 4_000 + "]" * 4_000,
        "select " + "not " * 20_000 + "true",
        "select " + "+".join(["1"] * 20_000),
        "select " + "-" * 2 + "\n" + "- " * 30_000 + "1",
        "select " + "case when true then " * 3_000 + "1" + " end" * 3_000,
        " union all ".join(["select 1"] * 4_000),
        "select * from " + ", ".join(f"range(2) r{number}" for number in range(1_000)),
        "with "
        + ", ".join(f"t{n} as (select * from t{n - 1}, t{n - 1})" for n in range(1, 40)).replace(
            "t1 as (select * from t0, t0)", "t1 as (select 1)"
        )
        + " select count(*) from t39",
        "select * from results where model_type in (" + ",".join(["'x'"] * 20_000) + ")",
        may_answer=True,
    ),
]

SLOW = "select max(range) from range(1000000000000)"
"""Runs until it is stopped."""

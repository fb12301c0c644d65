"""Files of others' measurements: stored whole with their source, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from engine.domain.measurement import Metric
from engine.domain.result import Provenance, Result, ResultFilter
from engine.domain.run import RunStatus
from engine.errors import Conflict, InvalidValue
from engine.storage import environments, results, runs
from engine.workflows.case_summaries import case_summaries
from engine.workflows.import_measurements import Format, ImportOutcome, import_measurements
from engine.workflows.make_report import make_report
from engine.workflows.result_rows import result_rows
from engine.workflows.run_query import run_query
from engine.workflows.workbench import Workbench
from tests.engine.importing.test_other_tools import OPTIMUM, PYTEST
from tests.engine.workflows.fake_launcher import FakeLauncher

Open = Callable[[FakeLauncher], Workbench]

CSV = """\
model,device,precision,batch_size,sequence_length,latency_ms
bert,Tesla T4,fp32,8,128,12.5
bert,Tesla T4,fp32,8,128,12.7
gpt2,AMD Instinct MI100,fp32,1,512,40
"""
NEUSIGHT = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "gpu_inference"


@pytest.fixture
def workbench(open_workbench: Open) -> Workbench:
    return open_workbench(FakeLauncher())


def written(tmp_path: Path, text: str, name: str = "theirs.csv") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def stored(workbench: Workbench) -> list[Result]:
    with workbench.database.cursor() as cursor:
        return results.find(cursor, ResultFilter())


def test_every_row_is_a_result_that_says_where_it_comes_from(workbench: Workbench, tmp_path: Path):
    outcome = import_measurements(workbench, written(tmp_path, CSV), source="A. Colleague")
    assert (outcome.file.results, outcome.file.format, outcome.is_stored) == (3, "csv", True)
    assert [(run.number, run.results) for run in outcome.runs] == [(1, 2), (2, 1)]
    found = stored(workbench)
    assert {result.provenance for result in found} == {Provenance.IMPORTED}
    berts = sorted((r for r in found if r.case.model_type == "bert"), key=lambda result: result.repetition)
    assert [(result.repetition, result.actual_device) for result in berts] == [(0, "Tesla T4"), (1, "Tesla T4")]
    assert berts[1].measurement(Metric.LATENCY).samples == (0.0127,)  # type: ignore[union-attr]
    assert berts[1].notes[0] == "Imported from A. Colleague: theirs.csv, line 3."


def test_each_machine_is_an_environment_of_its_own(workbench: Workbench, tmp_path: Path):
    outcome = import_measurements(workbench, written(tmp_path, CSV), source="A. Colleague")
    with workbench.database.cursor() as cursor:
        known = {found.environment_id: found for found in environments.all_environments(cursor)}
        ended = [runs.get(cursor, run.run_id or "") for run in outcome.runs]
    assert len(known) == 3 and known[workbench.environment.environment_id].source is None
    assert {found.label for found in known.values()} >= {
        "Tesla T4 (imported: A. Colleague)",
        "AMD Instinct MI100 (imported: A. Colleague)",
    }
    assert [(run.status, run.completed, run.total) for run in ended] == [
        (RunStatus.COMPLETED, 2, 2),
        (RunStatus.COMPLETED, 1, 1),
    ]


def test_figures_reach_summaries_rows_reports_and_sql_as_imported(workbench: Workbench, tmp_path: Path):
    outcome = import_measurements(workbench, written(tmp_path, CSV), source="A. Colleague")
    (bert, *_) = [s for s in case_summaries(workbench, ResultFilter()) if s.case.model_type == "bert"]
    assert (bert.provenance, bert.machine_label) == (Provenance.IMPORTED, "Tesla T4 (imported: A. Colleague)")
    assert {row["provenance"] for row in result_rows(workbench, ResultFilter())} == {"imported"}
    report = make_report(workbench, outcome.runs[0].run_id or "")
    page = (workbench.settings.report_dir / report.filename).read_text()
    assert "◫ imported" in page and "brought in from A. Colleague" in page
    assert "forked from one that has imported torch" not in page
    sql = "select source, file_name, results, run from imports order by run"
    assert [tuple(row) for row in run_query(workbench, sql).rows] == [
        ("A. Colleague", "theirs.csv", 3, 1),
        ("A. Colleague", "theirs.csv", 3, 2),
    ]


def test_a_fault_in_one_row_stores_nothing(workbench: Workbench, tmp_path: Path):
    faulty = written(tmp_path, CSV + "gpt2,Tesla T4,fp32,1,512,-1\n")
    with pytest.raises(InvalidValue, match=r"theirs\.csv: line 5: latency_ms -1 .* Nothing of it was stored"):
        import_measurements(workbench, faulty)
    with workbench.database.cursor() as cursor:
        assert not runs.recent(cursor) and len(environments.all_environments(cursor)) == 1


def test_a_database_that_fails_midway_keeps_nothing(workbench: Workbench, tmp_path: Path, monkeypatch):
    kept = []

    def fails_at_the_second(cursor, result) -> None:
        if kept:
            raise InvalidValue("the disk is gone")
        kept.append(result)
        real(cursor, result)

    real = results.save
    monkeypatch.setattr(results, "save", fails_at_the_second)
    with pytest.raises(InvalidValue, match="the disk is gone"):
        import_measurements(workbench, written(tmp_path, CSV))
    assert not stored(workbench)
    with workbench.database.cursor() as cursor:
        assert not runs.recent(cursor)


def test_the_same_content_is_not_taken_twice(workbench: Workbench, tmp_path: Path):
    import_measurements(workbench, written(tmp_path, CSV), source="A. Colleague")
    with pytest.raises(Conflict, match=r"imported before: on .* as theirs\.csv from A. Colleague, runs 1, 2"):
        import_measurements(workbench, written(tmp_path, CSV, "renamed.csv"))
    assert len(stored(workbench)) == 3


def test_a_dry_run_checks_and_stores_nothing(workbench: Workbench, tmp_path: Path):
    outcome = import_measurements(workbench, written(tmp_path, CSV), dry_run=True)
    assert (outcome.is_stored, [run.results for run in outcome.runs]) == (False, [2, 1])
    assert not stored(workbench)


def test_parquet_is_the_file_that_is_named_and_nothing_from_around_it(workbench: Workbench, tmp_path: Path):
    folder = tmp_path / "precision=fp16"
    folder.mkdir()
    for name, milliseconds in (("r1", 11), ("r2", 22), ("r[12]", 99)):
        row = f"'bert' as model, 'cpu' as backend, 1 as batch_size, {milliseconds} as latency_ms"
        with duckdb.connect() as fresh:
            fresh.execute(f"copy (select {row}) to '{folder / name}.parquet' (format parquet)")
    with pytest.raises(InvalidValue, match="precision"):
        import_measurements(workbench, folder / "r[12].parquet")
    outcome = import_measurements(workbench, folder / "r[12].parquet", constants={"precision": "fp32"})
    assert outcome.file.results == 1
    (kept,) = stored(workbench)
    assert [found.samples for found in kept.measurements] == [(0.099,)]


def test_parquet_is_read_like_csv(workbench: Workbench, tmp_path: Path):
    path = tmp_path / "theirs.parquet"
    with duckdb.connect() as fresh:
        fresh.execute(f"copy (select * from read_csv('{written(tmp_path, CSV)}')) to '{path}' (format parquet)")
    outcome = import_measurements(workbench, path)
    assert (outcome.file.format, outcome.file.results) == ("parquet", 3)
    (tmp_path / "no.parquet").write_text("not at all")
    with pytest.raises(InvalidValue, match="cannot be read as Parquet"):
        import_measurements(workbench, tmp_path / "no.parquet")


@pytest.mark.parametrize(("document", "form"), [(OPTIMUM, "optimum-benchmark"), (PYTEST, "pytest-benchmark")])
def test_json_of_other_tools_is_known_by_what_is_in_it(workbench: Workbench, tmp_path: Path, document, form: str):
    outcome = import_measurements(workbench, written(tmp_path, json.dumps(document), "theirs.json"))
    assert (outcome.file.format, outcome.file.results) == (form, 1)


def test_what_was_taken_for_what_is_told_and_kept_with_each_result(workbench: Workbench, tmp_path: Path):
    document = json.loads(json.dumps(OPTIMUM))
    document["config"]["backend"]["quantization_scheme"] = "bnb"
    path = written(tmp_path, json.dumps(document), "theirs.json")
    with pytest.raises(InvalidValue, match=r"--set precision=int8.* Nothing of it was stored"):
        import_measurements(workbench, path)
    outcome = import_measurements(workbench, path, constants={"precision": "int8"})
    assert len(outcome.remarks) == 3
    (result,) = stored(workbench)
    assert result.notes[-3:] == outcome.remarks and result.case.precision == "int8"


def test_a_report_of_optimum_benchmark_finds_its_configuration_beside_it(workbench: Workbench, tmp_path: Path):
    report = written(tmp_path, json.dumps(OPTIMUM["report"]), "benchmark_report.json")
    with pytest.raises(InvalidValue, match="put benchmark_config"):
        import_measurements(workbench, report)
    written(tmp_path, json.dumps(OPTIMUM["config"]), "benchmark_config.json")
    assert import_measurements(workbench, report).file.results == 1


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.xyz", "model\n", "say it with --format"),
        ("a.json", "{", "is no JSON"),
        ("a.json", '[{"model": "bert", "latency_ms": NaN}]', "NaN is no number of JSON"),
        ("a.json", "[1]", "row 1: no object"),
        ("a.json", "[]", "has no rows"),
    ],
)
def test_a_file_of_no_known_form_is_refused(workbench: Workbench, tmp_path: Path, name: str, text: str, words: str):
    with pytest.raises(InvalidValue, match=words):
        import_measurements(workbench, written(tmp_path, text, name))


def test_another_form_than_the_one_asked_for_is_refused(workbench: Workbench, tmp_path: Path):
    path = written(tmp_path, json.dumps(OPTIMUM), "theirs.json")
    with pytest.raises(InvalidValue, match="no JSON of pytest-benchmark"):
        import_measurements(workbench, path, format=Format.PYTEST_BENCHMARK)


def test_text_that_is_not_utf_8_is_refused_by_line(workbench: Workbench, tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"model\nb\xe9rt\n")
    with pytest.raises(InvalidValue, match="line 2: it is not UTF-8"):
        import_measurements(workbench, tmp_path / "a.csv")


def test_others_measurements_of_real_gpus_are_brought_in_whole(workbench: Workbench):
    if not NEUSIGHT.is_dir():
        pytest.skip("no ../shared/data/gpu_inference beside this checkout")
    outcome = neusight(workbench)
    assert outcome.file.results == 53 and len(outcome.runs) == 7
    found = stored(workbench)
    assert {result.case.backend for result in found} == {"cuda", "rocm"}
    assert {result.case.model_type for result in found} == {"bert", "gpt2", "opt", "switch_transformers"}
    assert {result.case.model for result in found} >= {"bert_large", "gpt3_xl", "switchxl4"}
    (known,) = [
        result
        for result in found
        if (result.case.model, result.case.batch_size, result.actual_device) == ("bert_large", 8, "Tesla_T4")
    ]
    assert known.measurement(Metric.LATENCY).samples == (pytest.approx(0.6944645),)  # type: ignore[union-attr]


def neusight(workbench: Workbench) -> ImportOutcome:
    return import_measurements(
        workbench,
        NEUSIGHT / "latency.csv",
        source="NeuSight, ASPLOS 2025",
        models=NEUSIGHT / "model_configs.json",
    )

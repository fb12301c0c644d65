"""Commands that let a running server do the work."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.commands import modeldyno
from engine.client import ApiClient
from tests.engine.cli import processes
from tests.engine.cli.conftest import A_TINY_BERT, Cli, Measured


@pytest.fixture(scope="module")
def url(measured: Measured) -> Iterator[str]:
    """The address of `modeldyno serve` on the measured home."""
    process = processes.start("serve", "--port", "0", home=measured.home)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("ModelDyno is at http://127.0.0.1:"), line
    yield line.split()[3]
    process.send_signal(signal.SIGINT)
    _, errors = processes.rest_of(process)
    assert (process.returncode, "Traceback" in errors) == (0, False)


def test_the_database_is_the_servers_and_the_refusal_gives_its_address(cli: Cli, measured: Measured, url: str) -> None:
    said = cli("results", "--benchmark-dir", measured.home)
    assert said.status == 1
    assert f"send the work there with --server {url}" in said.errors


def test_a_server_lists_its_results(cli: Cli, measured: Measured, url: str) -> None:
    rows = cli("results", "--server", url, "--run", "1", "--json").json
    assert {row["run_id"] for row in rows} == {measured.said.json["run_id"]}
    assert sorted(row["batch_size"] for row in rows) == [1, 2]
    (row,) = cli("results", "--server", f"{url}/", "--run", "1", "--batch-sizes", "2", "--json").json
    assert row["actual_device"] == "cpu"


def test_a_server_tells_its_hardware_and_types(cli: Cli, url: str) -> None:
    hardware = {status["backend"]: status for status in cli("hardware", "--server", url, "--json").json}
    assert hardware["cpu"]["available"] and not hardware["mps"]["available"] and hardware["mps"]["reason"]
    types = cli("catalog", "--server", url, "--family", "audio", "--status", "runnable", "--json").json
    assert {"wav2vec2", "whisper"} <= {model["name"] for model in types}
    checkpoints = cli("catalog", "--server", url, "--family", "audio", "--checkpoints", "--json").json
    assert "whisper-large-v3" in {row["name"] for row in checkpoints}


def test_a_server_makes_a_report_that_is_saved_here(cli: Cli, measured: Measured, url: str, tmp_path: Path) -> None:
    made = cli("export", "report", "--server", url, "--output", tmp_path, "--json").json
    with ApiClient(url) as client:
        ended = client.get("/api/benchmark/runs", {"status": "completed,cancelled,failed,interrupted"})["runs"]
    assert made["run_id"] == next(run["run_id"] for run in ended if run["cases"]["completed"])
    saved = Path(made["path"])
    assert saved.parent == tmp_path.resolve() and "<!doctype html>" in saved.read_text()[:200].lower()
    named = cli("export", "report", "--server", url, "--run", "1", "--output", tmp_path / "mine.html")
    assert measured.said.json["run_id"] in (tmp_path / "mine.html").read_text()
    assert (tmp_path / "mine.html").is_file() and named.output.strip() == str((tmp_path / "mine.html").resolve())


def test_a_report_that_cannot_be_saved_or_made_says_why(cli: Cli, url: str, tmp_path: Path) -> None:
    said = cli("export", "report", "--server", url, "--output", tmp_path / "nowhere" / "mine.html")
    assert (said.status, said.output) == (1, "")
    assert "could not be written to" in said.errors and "No such file" in said.errors
    assert "No run '99'." in cli("export", "report", "--server", url, "--run", "99", "--output", tmp_path).errors


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["benchmark", "--model", "brt"], 2, "Unknown name: Unknown model type 'brt'. Did you mean bert"),
        (["benchmark", "--model", "bert", "--hardware", "cda"], 2, "Unknown name: Unknown backend 'cda'. Did you mean"),
        (["benchmark", "--model", "bert", "--hardware", "mps"], 1, "Backend not available here: Backend 'mps' cannot"),
        (["results", "--model", "brt"], 2, "Unknown model type 'brt'. Did you mean bert"),
        (["results", "--run", "99"], 1, "Not found: No run '99'."),
    ],
)
def test_a_refusal_reads_and_ends_as_it_would_have_here(
    cli: Cli, url: str, words: list[str], status: int, told: str
) -> None:
    said = cli(*words, "--server", url)
    assert (said.status, said.output) == (status, "")
    assert told in said.errors


def test_a_run_on_a_server_is_followed_to_its_end(cli: Cli, url: str) -> None:
    said = cli(
        "benchmark",
        *A_TINY_BERT,
        "--batch-sizes",
        "1",
        "--runs",
        "2",
        "--title",
        "From afar",
        "--server",
        url,
        "--json",
    )
    assert said.status == 0, said.errors
    answer = said.json
    assert (answer["status"], answer["completed"], answer["report"]) == ("completed", 2, None)
    assert {row["run_id"] for row in answer["results"]} == {answer["run_id"]}
    lines = said.errors.splitlines()
    assert lines[0] == f"Run {answer['number']} ({answer['run_id']}) on {url}"
    assert lines[-1] == f"Run {answer['number']} completed: 2 completed of 2 results."


def test_ctrl_c_cancels_the_run_on_the_server(cli: Cli, measured: Measured, url: str, tmp_path: Path) -> None:
    process = processes.start(
        "benchmark", *A_TINY_BERT, "--batch-sizes", "1", "--runs", "100", "--server", url, home=tmp_path
    )
    processes.read_until(process, lambda line: " of 100 done, now " in line)
    output, errors = processes.interrupt(process)
    assert process.returncode == 130
    assert "finished results are kept" in errors and "Traceback" not in errors
    assert "of" in output and "completed" in output
    assert list(tmp_path.iterdir()) == [], "the work was the server's"
    number = re.search(r"^Run (\d+) cancelled: ", errors, re.MULTILINE)
    assert number is not None, errors
    rows = cli("results", "--server", url, "--run", number[1], "--limit", "1000", "--json").json
    assert 1 <= len([row for row in rows if row["status"] == "completed"]) < 100


def test_a_proxy_of_the_environment_does_not_come_between(url: str) -> None:
    proxies = {name: "http://127.0.0.1:1" for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY")}
    answer = CliRunner(env=proxies).invoke(modeldyno, ["results", "--server", url, "--limit", "1", "--format", "csv"])
    assert answer.exception is None, answer.exception
    assert answer.stdout.startswith("result_id,")


def test_a_server_generates_skillsets_where_it_keeps_them(cli: Cli, measured: Measured, url: str) -> None:
    said = cli("generate", "--server", url, "--model", "bert", "--model", "vit", "--no-verify", "--json")
    assert said.status == 0, said.errors
    bert, vit = said.json["generated"]
    assert (bert["model_type"], vit["model_type"]) == ("bert", "vit")
    assert Path(vit["path"]).is_file() and measured.home in Path(vit["path"]).parents
    with ApiClient(url) as client:
        assert client.download("/api/generator/file/vit").decode() == Path(vit["path"]).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["--model", "brt"], 2, "Did you mean bert"),
        (["--model", "dinat"], 1, "natten"),
        (["--model", "bert", "--output-dir", "here"], 2, "--output-dir is a folder of this machine"),
    ],
)
def test_a_generation_that_cannot_be_ends_as_it_would_here(
    cli: Cli, url: str, words: list[str], status: int, told: str
) -> None:
    said = cli("generate", "--server", url, *words, "--no-verify")
    assert (said.status, told in said.errors + said.output) == (status, True), said.errors


def test_a_server_answers_sql(cli: Cli, url: str) -> None:
    said = cli("query", "select distinct model_type from results", "--server", url, "--json")
    assert (said.status, said.json["rows"]) == (0, [["bert"]])
    refused = cli("query", "drop table result", "--server", url)
    assert (refused.status, "Only SELECT" in refused.errors) == (1, True)


def test_three_calls_at_one_server_generate_test_and_measure(url: str) -> None:
    with ApiClient(url) as client:
        for system, params in (
            ("generator", {"model": "bert"}),
            ("test", {"models": ["bert"], "suite": "basic"}),
            ("benchmark", {"models": ["bert"], "size": "tiny", "batch_sizes": [1], "sequence_length": 8, "threads": 1}),
        ):
            started = client.run_operation(system, params)
            assert client.monitor_operation(started, timeout=120)["status"] == "completed"
            found = client.results(started)["results"]
            assert found, system
        assert {row["status"] for row in found} == {"completed"}


def test_a_server_tests_skillsets_as_they_are_tested_here(cli: Cli, url: str, tmp_path: Path) -> None:
    said = cli("test", "bert", "--server", url, "--json", "--junit", tmp_path / "tests.xml")
    assert said.status == 0, said.errors
    (outcome,) = said.json["tests"]
    assert (outcome["model_type"], outcome["verdict"], len(outcome["checks"])) == ("bert", "passed", 4)
    assert (tmp_path / "tests.xml").read_text(encoding="utf-8").count("<testcase") == 4
    assert "Did you mean bert" in cli("test", "brt", "--server", url).errors

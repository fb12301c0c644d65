"""A tiny bert as a graph: exported in one process, measured in others, by the product's own path."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy
import pytest

from engine.backends.presence import installed_version
from engine.benchmarking.execute import execute
from engine.catalog.registry import load_catalog
from engine.domain.case import Case, Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.result import FailureKind, Result, ResultStatus
from engine.graphs.artifact import MANIFEST, read_artifact
from engine.graphs.cache import artifact_key
from engine.skillsets.render import render
from engine.skillsets.write import write
from tests.builders import a_case, a_protocol

PROVIDERS = {"onnxruntime": "CPUExecutionProvider", "openvino": "CPU"}
pytestmark = [
    pytest.mark.skipif(installed_version(name) is None, reason=f"{name} is not installed")
    for name in ("onnxruntime", "onnxscript", "openvino", "nncf")
]


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> str:
    folder = Path(tmp_path_factory.mktemp("graph-skillsets"))
    model = load_catalog(folder / "cache").get("bert")
    return str(write(model, render(model), folder))


@pytest.fixture(scope="module")
def graphs(tmp_path_factory) -> Path:
    return Path(tmp_path_factory.mktemp("graphs"))


def a_graph(**changes) -> Case:
    return a_case("bert", **({"size": Size.TINY, "sequence_length": 16, "threads": 1, "batch_size": 2} | changes))


def row(launcher, case: Case, skillset: str, graphs: Path, log: list[str] | None = None) -> Result:
    return execute(
        launcher,
        case,
        0,
        run_id="run-7",
        skillset_path=skillset,
        protocol=a_protocol(),
        environment_id="env-7",
        graphs_in=graphs,
        on_log=None if log is None else log.append,
    )


@pytest.mark.parametrize("backend", PROVIDERS)
def test_a_graph_is_measured_where_the_runtime_says_and_agrees_with_torch(loaded, bert, graphs, backend):
    result = row(loaded, a_graph(backend=backend), bert, graphs)
    assert result.failure is None
    assert (result.status, result.actual_device) == (ResultStatus.COMPLETED, PROVIDERS[backend])
    assert len(result.measurement(Metric.LATENCY).samples) == 3
    assert result.facts.parameters > 10_000 and result.facts.flops > 0
    assert result.notes[0].startswith("1 thread, ")
    assert any(note.startswith("Outputs differ from eager fp32 by less than 0.01") for note in result.notes)
    assert result.skillset_checksum is not None


@pytest.mark.parametrize("backend", PROVIDERS)
def test_startup_uses_the_graph_exported_before_and_says_what_its_steps_are(loaded, bert, graphs, backend):
    row(loaded, a_graph(backend=backend), bert, graphs)
    log: list[str] = []
    result = row(loaded, a_graph(backend=backend, workload=Workload.STARTUP), bert, graphs, log)
    assert result.failure is None and not any("Exporting" in line for line in log)
    for metric in (Metric.MODULE_IMPORT_TIME, Metric.CLASS_INSTANTIATION_TIME, Metric.MODEL_INITIALIZATION_TIME):
        (seconds,) = result.measurement(metric).samples
        assert seconds > 0
    assert f"the module import is {backend}'s own ({backend} was not loaded before)" in result.notes[0]


@pytest.mark.parametrize(
    ("backend", "precision", "words"),
    [
        ("onnxruntime", Precision.INT8, "quantize_dynamic"),
        ("onnxruntime", Precision.INT4, "weights in 4 bits, a scale for each 32 (MatMulNBits, accuracy level 4)"),
        ("onnxruntime", Precision.INT2, "weights in 2 bits, a scale for each 32 (MatMulNBits, accuracy level 4)"),
        ("openvino", Precision.INT8, "nncf.compress_weights"),
    ],
)
def test_fewer_bits_are_really_fewer_and_the_note_says_how(loaded, bert, graphs, backend, precision, words):
    whole = row(loaded, a_graph(backend=backend), bert, graphs)
    result = row(loaded, a_graph(backend=backend, precision=precision), bert, graphs)
    assert result.failure is None
    assert any(words in note for note in result.notes)
    assert result.facts.parameter_bytes < whole.facts.parameter_bytes


def copied(loaded, case: Case, bert: str, graphs: Path, into: Path) -> Path:
    """The folder of the case's graph in a copy of all, to be spoilt."""
    assert row(loaded, case, bert, graphs).failure is None
    key = artifact_key(case, Path(bert))
    shutil.copytree(graphs / key, into / key)
    return into / key


def test_a_wrong_answer_is_no_figure_however_fast_it_came(loaded, bert, graphs, tmp_path):
    case = a_graph(backend="onnxruntime")
    folder = copied(loaded, case, bert, graphs, tmp_path)
    artifact = read_artifact(folder)
    turned = {f"array_{index}": -value for index, value in enumerate(artifact.reference().values())}
    numpy.savez(folder / "reference.npz", **turned)
    result = row(loaded, case, bert, tmp_path)
    assert (result.failure.kind, result.measurements) == (FailureKind.WRONG_OUTPUT, ())
    assert result.failure.reason.startswith("Output logits is not that of eager fp32: it differs by 200")


def test_an_answer_that_torch_itself_does_not_repeat_is_told_not_to_be_checked(loaded, bert, graphs, tmp_path):
    case = a_graph(backend="onnxruntime")
    folder = copied(loaded, case, bert, graphs, tmp_path)
    manifest = json.loads((folder / MANIFEST).read_text())
    assert manifest["excuse"] is None
    (folder / MANIFEST).write_text(json.dumps(manifest | {"excuse": "Not compared: this model draws."}))
    turned = {f"array_{index}": -value for index, value in enumerate(read_artifact(folder).reference().values())}
    numpy.savez(folder / "reference.npz", **turned)
    assert "Not compared: this model draws." in row(loaded, case, bert, tmp_path).notes


def test_another_shape_has_no_excuse(loaded, bert, graphs, tmp_path):
    case = a_graph(backend="onnxruntime")
    folder = copied(loaded, case, bert, graphs, tmp_path)
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | {"excuse": "Not compared: this model draws."}))
    shorter = {f"array_{index}": value[:1] for index, value in enumerate(read_artifact(folder).reference().values())}
    numpy.savez(folder / "reference.npz", **shorter)
    failure = row(loaded, case, bert, tmp_path).failure
    assert failure.kind is FailureKind.WRONG_OUTPUT
    assert "its shape is [2, " in failure.reason


def test_an_export_that_fails_is_the_cases_failure_and_leaves_nothing(loaded, bert, tmp_path):
    result = row(loaded, a_graph(backend="onnxruntime", sequence_length=100_000), bert, tmp_path)
    assert result.status is ResultStatus.FAILED
    assert "\x1b" not in result.failure.reason + result.failure.log
    assert result.failure.reason.startswith("Export to onnxruntime failed: ")
    assert "Traceback" in result.failure.log
    assert list(tmp_path.iterdir()) == []


def test_a_workload_that_graphs_do_not_have_is_not_available(loaded, bert, tmp_path):
    case = replace(a_graph(backend="openvino"), workload=Workload.GENERATION, new_tokens=4)
    failure = row(loaded, case, bert, tmp_path).failure
    assert failure.kind is FailureKind.NOT_AVAILABLE
    assert "generation runs on cpu." in failure.reason


def test_an_artifact_that_was_damaged_says_what_to_do(loaded, bert, graphs, tmp_path):
    case = a_graph(backend="onnxruntime")
    folder = copied(loaded, case, bert, graphs, tmp_path)
    (folder / MANIFEST).write_text(json.dumps({"graph": "model.onnx"}))
    failure = row(loaded, case, bert, tmp_path).failure
    assert failure.reason == f"The exported graph in {folder} cannot be read ('facts'); remove the folder."

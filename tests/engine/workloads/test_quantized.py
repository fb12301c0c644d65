"""int8 on the processor by types of the library: what counts as it, and what would be fp32 under its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.benchmarking.launchers import ProcessOutcome
from engine.benchmarking.measure import measuring_arguments
from engine.catalog.registry import Catalog, load_catalog
from engine.domain.case import Precision
from engine.domain.model import Size
from engine.domain.result import FailureKind
from engine.skillsets.render import render
from engine.skillsets.write import write
from tests.builders import a_case, a_protocol


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(tmp_path_factory.mktemp("catalog"))


def in_int8(launcher: ForkServerLauncher, catalog: Catalog, folder: Path, name: str) -> ProcessOutcome:
    model = catalog.get(name)
    case = a_case(name, family=model.family, size=Size.TINY, precision=Precision.INT8, sequence_length=None, threads=1)
    arguments = measuring_arguments(case, a_protocol(), str(write(model, render(model), folder)), with_facts=False)
    return launcher.run("engine.benchmarking.measure:measure_case", arguments, timeout_seconds=120)


def test_layers_that_store_their_weights_transposed_run_in_int8_and_answer_as_fp32_does(loaded, catalog, tmp_path):
    outcome = in_int8(loaded, catalog, tmp_path, "gpt2")
    assert outcome.value is not None, outcome.failure
    told = next(note for note in outcome.value["notes"] if note.startswith("int8: "))
    assert "of them stored transposed, as Conv1D), 100% of the weights that are computed with" in told
    assert any(note.startswith("Outputs differ from eager fp32 by ") for note in outcome.value["notes"])


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet"])
def test_a_model_of_convolutions_with_one_linear_layer_is_not_called_int8(loaded, catalog, tmp_path, name: str):
    failure = in_int8(loaded, catalog, tmp_path, name).failure
    assert failure is not None and failure.kind is FailureKind.NOT_AVAILABLE
    assert failure.reason.startswith("int8 would be fp32 under another name: torch quantises linear layers alone")

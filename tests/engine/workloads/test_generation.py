"""Generation: figures by hand, and tiny models of the library in real processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.benchmarking.launchers import ProcessOutcome
from engine.benchmarking.measure import measuring_arguments
from engine.catalog.registry import Catalog, load_catalog
from engine.domain.case import Case, Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.result import FailureKind
from engine.skillsets.render import render
from engine.skillsets.write import write
from engine.workloads.generation import figures
from engine.workloads.token_times import Generated
from tests.builders import a_case, a_protocol
from tests.engine.workloads.child_functions import KNOWN_BYTES

FUNCTIONS = "tests.engine.workloads.child_functions"
GENERATIONS = 3
NEW_TOKENS = 6
BATCH = 2


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(Path(tmp_path_factory.mktemp("catalog")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(tmp_path_factory.mktemp("skillsets"))


def a_generation(model: str, **changes: Any) -> Case:
    values = {"size": Size.TINY, "threads": 1, "batch_size": BATCH, "sequence_length": 16, "new_tokens": NEW_TOKENS}
    return a_case(model, **({"workload": Workload.GENERATION} | values | changes))


def outcome_of(launcher: ForkServerLauncher, path: Path, case: Case) -> ProcessOutcome:
    arguments = measuring_arguments(case, a_protocol(), str(path), with_facts=False)
    return launcher.run("engine.benchmarking.measure:measure_case", arguments, timeout_seconds=120)


def measured(launcher: ForkServerLauncher, catalog: Catalog, folder: Path, case: Case) -> dict[str, Any]:
    model = catalog.get(case.model_type)
    outcome = outcome_of(launcher, write(model, render(model), folder), case)
    assert outcome.value is not None, outcome.failure
    return outcome.value


def test_times_are_of_each_generation_and_gap_and_rates_of_all_together():
    seen = [
        Generated(begun=10.0, ended=12.1, token_at=(10.5, 11.0, 12.0), lengths=(5, 6, 7), rows=4),
        Generated(begun=20.0, ended=21.0, token_at=(20.25, 20.5, 20.75), lengths=(5, 6, 7), rows=4),
    ]
    found = figures(seen, batch_size=4, new_tokens=3)
    assert found[Metric.TIME_TO_FIRST_TOKEN] == [0.5, 0.25]
    assert found[Metric.INTER_TOKEN_LATENCY] == [0.5, 1.0, 0.25, 0.25]
    assert found[Metric.DECODE_THROUGHPUT] == [2 * 4 * 2 / (1.5 + 0.5)]
    assert found[Metric.GENERATION_THROUGHPUT] == [pytest.approx(2 * 4 * 3 / (2.1 + 1.0))]


@pytest.mark.parametrize("model", ["gpt2", "t5", "llama"])
def test_a_decoder_and_an_encoder_decoder_have_every_figure(loaded, catalog, folder, model: str):
    value = measured(loaded, catalog, folder, a_generation(model))
    found = value["measurements"]
    gaps = GENERATIONS * (NEW_TOKENS - 1)
    times = {
        Metric.TIME_TO_FIRST_TOKEN: GENERATIONS,
        Metric.INTER_TOKEN_LATENCY: gaps,
        Metric.PREFILL_TIME: GENERATIONS,
    }
    for metric, samples in times.items():
        assert len(found[metric.label]) == samples
        assert min(found[metric.label]) > 0
    whole = BATCH * NEW_TOKENS * GENERATIONS / found["generation_throughput"][0]
    decoding = BATCH * (NEW_TOKENS - 1) * GENERATIONS / found["decode_throughput"][0]
    assert decoding == pytest.approx(sum(found["inter_token_latency"]))
    assert whole > decoding + sum(found["time_to_first_token"]) * 0.999
    assert f"{GENERATIONS} timed generations of {NEW_TOKENS} tokens" in value["notes"][0]


def test_prompt_and_answer_beyond_the_models_positions_are_refused_with_what_would_fit(loaded, catalog, folder):
    model = catalog.get("gpt2")
    path = write(model, render(model), folder)
    failure = outcome_of(loaded, path, a_generation("gpt2", new_tokens=100_000)).failure
    assert failure is not None
    assert "16 tokens of prompt and 100000 new ones are more than the" in failure.reason


WITHOUT = """
import torch
from types import SimpleNamespace

def describe():
    return {}

def load(size, device, precision):
    return Skillset(device)

class Model(torch.nn.Module):
    config = SimpleNamespace()
    def generate(self, stopping_criteria=None):
        for length in LENGTHS:
            stopping_criteria(torch.zeros(2, length, dtype=torch.long), None)

class Skillset:
    fallback_reason = None
    def __init__(self, device):
        self.device, self.model = device, Model()
    def example_inputs(self, batch_size):
        return {}
"""
GENERATES = """
    def generate(self, inputs, max_new_tokens):
        self.model.generate()
"""


@pytest.mark.parametrize(
    ("lengths", "kind", "reason"),
    [
        (range(9, 14), FailureKind.WRONG_OUTPUT, "generate() made 5 tokens when asked for exactly 6."),
        (
            range(9, 21, 2),
            FailureKind.WRONG_OUTPUT,
            "generate() made 2 tokens at a step; nothing is between tokens",
        ),
        ([], FailureKind.NOT_AVAILABLE, "Its generate() does not tell when a token is there"),
    ],
)
def test_another_number_of_tokens_than_asked_for_is_no_result(loaded, tmp_path: Path, lengths, kind, reason: str):
    path = tmp_path / "a_miscounting.py"
    path.write_text(f"LENGTHS = {list(lengths)}\n{WITHOUT}{GENERATES}")
    failure = outcome_of(loaded, path, a_generation("other", sequence_length=None)).failure
    assert failure is not None
    assert (failure.kind, failure.reason.startswith(reason)) == (kind, True), failure.reason


def test_a_type_without_generate_is_not_available_and_says_what_else_to_measure(loaded, tmp_path: Path):
    path = tmp_path / "a_silent.py"
    path.write_text(f"LENGTHS = []\n{WITHOUT}")
    failure = outcome_of(loaded, path, a_generation("other", sequence_length=None)).failure
    assert failure is not None
    assert failure.kind is FailureKind.NOT_AVAILABLE
    assert "measure its forward passes with the workload inference" in failure.reason


def test_generation_is_greedy_whatever_the_checkpoints_own_configuration_asks_for(loaded, catalog, folder):
    """Beams would make four sequences for each prompt, and choose other tokens than the likeliest each."""
    model = catalog.get("gpt2")
    arguments = {"path": str(write(model, render(model), folder))}
    outcome = loaded.run(f"{FUNCTIONS}:generate_with_beams_configured", arguments, timeout_seconds=120)
    assert outcome.value == {"rows": 2, "same": True}, outcome.failure


COUNTS = """
import torch
from types import SimpleNamespace

def describe():
    return {}

def load(size, device, precision):
    return Skillset(device, precision)

class Model(torch.nn.Module):
    config = SimpleNamespace()
    def generate(self, count, stopping_criteria=None):
        tokens = torch.arange(16).repeat(2, 1)
        for token in range(count):
            tokens = torch.cat([tokens, torch.full((2, 1), token)], dim=1)
            if stopping_criteria is not None:
                stopping_criteria(tokens, None)
        return tokens

class Skillset:
    fallback_reason = None
    def __init__(self, device, precision):
        self.device, self.precision, self.model = device, precision, Model()
    def example_inputs(self, batch_size):
        return {}
    def infer(self, inputs):
        return {"outputs": {"y": torch.ones(2, 3)}}
    def generate(self, inputs, max_new_tokens):
        tokens = self.model.generate(max_new_tokens)
        if self.precision == "bf16":
            tokens[:, 16:] += WRONG
        return {"outputs": {"tokens": tokens}}
"""


@pytest.mark.parametrize("wrong", [0, 1])
def test_tokens_that_eager_fp32_does_not_make_are_no_result_however_fast(loaded, tmp_path: Path, wrong: int):
    """Its forward pass alone answers right, and so do the tokens of the prompt."""
    path = tmp_path / "a_counter.py"
    path.write_text(f"WRONG = {wrong}\n{COUNTS}")
    case = a_generation("other", sequence_length=None, precision=Precision.BF16, batch_size=1)
    outcome = outcome_of(loaded, path, case)
    if wrong:
        assert outcome.failure is not None
        assert outcome.failure.kind is FailureKind.WRONG_OUTPUT
        assert outcome.failure.reason.startswith(
            "Output tokens is not that of eager fp32: 100\N{THIN SPACE}% of its choices differ"
        )
    else:
        assert outcome.value is not None, outcome.failure
        assert "2 sequences are made for 1 prompt." in outcome.value["notes"]
        agreed = "Generated tokens agree with those of eager fp32, of which 10.0% may differ in bf16."
        assert agreed in outcome.value["notes"]


@pytest.mark.parametrize(("workload", "times"), [("generation", 1), ("concurrency", 2)])
def test_memory_is_what_the_devices_own_meter_says(loaded, tmp_path: Path, workload: str, times: int):
    path = tmp_path / "a_counter_to_weigh.py"
    path.write_text(f"WRONG = 0\n{COUNTS}")
    arguments = {"path": str(path), "workload": workload}
    outcome = loaded.run(f"{FUNCTIONS}:weigh_by_a_known_meter", arguments, timeout_seconds=60)
    assert outcome.value is not None, outcome.failure
    assert outcome.value["peak_memory"] == [times * KNOWN_BYTES]

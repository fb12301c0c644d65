"""Processes that do not come to their end: what they had shown is kept, and the check under way fails."""

from __future__ import annotations

import re
import sys

import pytest

from engine.domain.conformance import Check, Verdict
from tests.engine.conformance.conftest import Examine, Outcomes

MIB = 2**20

HANGS = "time.sleep(60)"
HANGS_WHILE_SAVING = """
class Slow(GPT2LMHeadModel):
    def save_pretrained(self, folder, **how):
        time.sleep(60)
def a_model(): return good.a_model(Slow)
"""


def at_infer(statement: str) -> str:
    return f"""
class Skillset(good.Skillset):
    def infer(self, inputs):
        {statement}
        return super().infer(inputs)
"""


def after_forward(outcomes: Outcomes) -> set[tuple[Verdict, str | None]]:
    order = list(Check)
    later = order[order.index(Check.FORWARD) + 1 :]
    return {(outcomes[check].verdict, outcomes[check].reason) for check in later}


def test_a_module_that_hangs_is_stopped_in_the_check_under_way(examine_source: Examine):
    outcomes = examine_source(at_infer(HANGS), seconds=2.0)
    assert outcomes[Check.IMPORT].verdict is outcomes[Check.CONSTRUCT].verdict is Verdict.WORKS
    found = outcomes[Check.FORWARD]
    assert found.verdict is Verdict.FAILS
    assert re.fullmatch(r"Stopped after 2 s, [12]\.\d s of them in this check\.", found.reason or "")
    assert found.seconds is not None and found.seconds > 1.0
    assert after_forward(outcomes) == {(Verdict.NOT_TRIED, "The time was up.")}


def test_only_what_is_stopped_fails(examine_source: Examine):
    # Round trips come after batches, which have passed by then.
    outcomes = examine_source(HANGS_WHILE_SAVING, seconds=4.0)
    assert [check for check, outcome in outcomes.items() if outcome.verdict is Verdict.FAILS] == [Check.ROUND_TRIP]
    assert outcomes[Check.BATCH].verdict is Verdict.WORKS
    assert outcomes[Check.GENERATE].verdict is outcomes[Check.COST].verdict is Verdict.NOT_TRIED


def test_a_process_that_ends_itself_has_failed_in_the_check_under_way(examine_source: Examine):
    outcomes = examine_source(at_infer("print('farewell', flush=True); os._exit(3)"))
    found = outcomes[Check.FORWARD]
    assert found.verdict is Verdict.FAILS
    assert found.reason == ("The process ended with exit status 3 before it had a result; its last words: farewell.")
    assert (found.detail or "").endswith("farewell")
    assert after_forward(outcomes) == {(Verdict.NOT_TRIED, "The process had ended before.")}


def test_a_crash_is_told_with_the_line_that_it_came_from(examine_source: Examine):
    found = examine_source(at_infer("os.kill(os.getpid(), 11)"))[Check.FORWARD]
    assert (found.verdict, found.reason) == (Verdict.FAILS, "The process died of SIGSEGV.")
    assert "in infer" in (found.detail or "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process allocates")
@pytest.mark.parametrize("statement", ["torch.ones(2**31)", "hog = [bytearray(2**24) for _ in range(10_000)]"])
def test_a_module_that_takes_too_much_memory_fails_and_the_rest_is_judged(examine_source: Examine, statement: str):
    source = at_infer(f"if inputs['input_ids'].shape[0] == 1: {statement}")
    outcomes = examine_source(source, memory=400 * MIB, generates=True)
    found = outcomes[Check.BATCH]
    assert found.verdict is Verdict.FAILS
    assert "MemoryError" in (found.reason or "") or "can't allocate memory" in (found.reason or "")
    assert outcomes[Check.ROUND_TRIP].verdict is outcomes[Check.COST].verdict is Verdict.WORKS

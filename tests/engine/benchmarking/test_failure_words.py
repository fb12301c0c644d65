"""How an exception or a silent end is sorted and worded."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from engine.benchmarking.child import failure_kind, one_line
from engine.benchmarking.classify import ProcessEnd, failure_of
from engine.domain.result import FailureKind
from engine.errors import BackendUnavailable, SkillsetFailure
from engine.workloads.outputs import WrongOutput

MIB = 2**20


def an_end(**changes: Any) -> ProcessEnd:
    values = {
        "killed_for": None,
        "timeout_seconds": 60.0,
        "memory_limit_bytes": None,
        "answer": None,
        "exit_code": 0,
        "oom_killed": False,
        "refused": None,
    }
    return ProcessEnd(**(values | changes))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), FailureKind.OUT_OF_MEMORY),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), FailureKind.OUT_OF_MEMORY),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), FailureKind.OUT_OF_MEMORY),
        (RuntimeError("std::bad_alloc"), FailureKind.OUT_OF_MEMORY),
        (ValueError("out of memory"), FailureKind.ERROR),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), FailureKind.ERROR),
        (WrongOutput("Output y is empty."), FailureKind.WRONG_OUTPUT),
        (BackendUnavailable("There is no Metal device."), FailureKind.NOT_AVAILABLE),
        (SkillsetFailure("There is no skillset."), FailureKind.ERROR),
        (KeyboardInterrupt(), FailureKind.ERROR),
    ],
)
def test_an_exception_has_the_kind_that_it_or_its_allocator_tells(error, kind):
    assert failure_kind(error) is kind


@pytest.mark.parametrize(
    ("left", "kind"),
    [(None, FailureKind.ERROR), (400 * MIB, FailureKind.ERROR), (MIB, FailureKind.OUT_OF_MEMORY)],
)
def test_a_refusal_that_may_mean_anything_means_memory_only_when_that_is_short(left, kind):
    assert failure_kind(RuntimeError("could not create a primitive"), memory_left=left) is kind


def test_a_library_whose_errors_have_no_base_is_believed_about_memory():
    error = type("RuntimeException", (Exception,), {"__module__": "onnxruntime.capi.onnxruntime_pybind11_state"})
    assert failure_kind(error("[ONNXRuntimeError] : 6 : std::bad_alloc")) is FailureKind.OUT_OF_MEMORY
    assert failure_kind(error("[ONNXRuntimeError] : 9 : not implemented")) is FailureKind.ERROR


def test_short_memory_is_not_blamed_for_other_errors():
    assert failure_kind(RuntimeError("shapes do not fit"), memory_left=0) is FailureKind.ERROR


def test_an_exception_is_told_in_one_line_with_its_name_unless_it_is_our_own():
    assert one_line(ValueError("\n first\nsecond")) == "ValueError: first"
    assert one_line(KeyError()) == "KeyError"
    assert one_line(SkillsetFailure("There is no skillset.\nMore.")) == "There is no skillset."


def test_what_colours_a_terminal_is_no_part_of_a_reason():
    coloured = RuntimeError(
        "\x1b[0m\n\x1b[96mFailed\x1b[0m to \x1b[1;31mexport\x1b[0m: see \x1b]8;;a\x1b\\here\x1b]8;;\x1b\\"
    )
    assert one_line(coloured) == "RuntimeError: Failed to export: see here"


def test_a_value_counts_even_if_the_process_was_killed_afterwards():
    answered = an_end(answer={"type": "value", "value": {}}, killed_for=FailureKind.TIMEOUT, exit_code=-9)
    assert failure_of(answered, "") is None


def test_a_library_that_ends_the_process_has_the_last_word():
    log = "loading\n\nlibgomp: Thread creation failed: Resource temporarily unavailable\n\n"
    failure = failure_of(an_end(exit_code=1), log)
    assert failure.kind is FailureKind.CRASHED
    assert failure.reason == (
        "The process ended with exit status 1 before it had a result; "
        "its last words: libgomp: Thread creation failed: Resource temporarily unavailable."
    )


def test_a_silent_end_is_told_without_words():
    assert failure_of(an_end(exit_code=3), " \n").reason == (
        "The process ended with exit status 3 before it had a result."
    )


def test_killed_by_the_kernel_is_out_of_memory_only_when_the_kernel_did():
    assert failure_of(an_end(exit_code=-9, oom_killed=True), "").kind is FailureKind.OUT_OF_MEMORY
    assert failure_of(an_end(exit_code=-9), "").kind is FailureKind.CRASHED
    assert failure_of(an_end(exit_code=-11, oom_killed=True), "").reason == "The process died of SIGSEGV."


def test_a_process_whose_end_nobody_saw_is_a_crash():
    assert failure_of(an_end(exit_code=None), "").reason == "The process vanished without a word."


def test_a_signal_without_a_name_is_told_by_its_number():
    assert failure_of(an_end(exit_code=-200), "").reason == "The process died of signal 200."

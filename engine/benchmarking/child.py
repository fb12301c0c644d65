"""What happens inside a case process: one request is read, one function is called, one answer is sent."""

from __future__ import annotations

import argparse
import errno
import faulthandler
import importlib
import json
import os
import socket
import sys
import time
import traceback
from typing import Any

from engine.benchmarking.frames import receive_frame, send_frame
from engine.benchmarking.plain_text import without_colours
from engine.benchmarking.process_control import lift_memory_limit, limit_memory, memory_left_bytes
from engine.domain.result import FailureKind
from engine.errors import BackendUnavailable, EngineError

_ALLOCATION_MESSAGES = ("can't allocate memory", "not enough memory", "out of memory", "bad_alloc", "cannot allocate")
"""How allocators below Python word their refusal, in lower case."""
_VAGUE_MESSAGE = "could not create a"
"""How oneDNN words any refusal: no memory, or an operation that it does not have."""
_OWN_ERRORS = "onnxruntime."
"""Where a library keeps errors from below Python that are no RuntimeError."""
_HARDLY_ANY_BYTES = 32 * 2**20


def serve_call(channel: socket.socket) -> None:
    """Answer the one request that waits in `channel`."""
    request = receive_frame(channel)
    if request is None:
        return
    send_frame(channel, {"type": "started", "pid": os.getpid()})
    faulthandler.enable(file=sys.stderr)
    limit = request["memory_limit_bytes"]
    if limit is not None:
        limit_memory(limit)
    answer = _answer(request["function"], request["arguments"], is_limited=limit is not None)
    sys.stdout.flush()
    sys.stderr.flush()
    send_frame(channel, answer)


def _answer(function: str, arguments: dict[str, Any], *, is_limited: bool) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        module, name = function.split(":")
        value = getattr(importlib.import_module(module), name)(arguments)
        answer = {"type": "value", "value": value, "seconds": time.perf_counter() - started}
        json.dumps(answer)  # a value that JSON cannot carry is the function's error, not the launcher's
    except BaseException as error:  # whatever it is, its traceback has to reach the person who asked
        left = memory_left_bytes() if is_limited else None
        if is_limited:
            lift_memory_limit()
        return {
            "type": "exception",
            "kind": failure_kind(error, memory_left=left),
            "reason": one_line(error),
            "traceback": without_colours("".join(traceback.format_exception(error))),
        }
    return answer


def failure_kind(error: BaseException, *, memory_left: int | None = None) -> FailureKind:
    """Sort an exception: its own word (`failure_kind`) first, then what allocators say, else a plain error.

    `memory_left` is what the process was still allowed to allocate when it failed; None without a limit.
    """
    said = getattr(error, "failure_kind", None)
    if isinstance(said, FailureKind):
        return said
    if isinstance(error, BackendUnavailable):
        return FailureKind.NOT_AVAILABLE
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return FailureKind.OUT_OF_MEMORY
    text = str(error).lower()
    is_native = isinstance(error, RuntimeError) or type(error).__module__.startswith(_OWN_ERRORS)
    if is_native and any(message in text for message in _ALLOCATION_MESSAGES):
        return FailureKind.OUT_OF_MEMORY
    is_short = memory_left is not None and memory_left < _HARDLY_ANY_BYTES
    if is_short and isinstance(error, RuntimeError) and _VAGUE_MESSAGE in text:
        return FailureKind.OUT_OF_MEMORY
    return FailureKind.ERROR


def one_line(error: BaseException) -> str:
    """The exception in one line for a person; our own errors already are."""
    lines = [line.strip() for line in without_colours(str(error)).splitlines() if line.strip()]
    first = lines[0] if lines else ""
    if isinstance(error, EngineError):
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def main() -> None:
    """Entry of a fresh interpreter, for the cold launcher."""
    parser = argparse.ArgumentParser(description="Run one function for a launcher.")
    parser.add_argument("--channel", type=int, required=True, help="file descriptor of the socket to answer on")
    channel = socket.socket(fileno=parser.parse_args().channel)
    serve_call(channel)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

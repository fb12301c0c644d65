"""torch.compile as part of a case: it compiles or the case fails; never does eager code run under its name."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from engine.domain.result import FailureKind
from engine.errors import BackendUnavailable, EngineError


class NotCompiled(EngineError):
    """torch.compile was asked for and the model did not run compiled; the message says why."""

    title = "Not compiled"
    failure_kind = FailureKind.ERROR


class Compilation:
    """A model that is compiled at its first pass, and what came of it."""

    def __init__(self, model: Any, *, from_nothing: bool) -> None:
        """`from_nothing` leaves out what earlier processes compiled and kept on disk, so that the time is the whole."""
        import torch
        import torch._dynamo
        import torch._inductor.config

        if not isinstance(model, torch.nn.Module):
            raise NotCompiled(f"{type(model).__name__} is no torch module, so it cannot be compiled; leave it eager.")
        _require_compiler(model)
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        torch._dynamo.config.suppress_errors = False  # else a failure silently runs the model eagerly
        torch._inductor.config.compile_threads = 1  # no pool of workers that outlives the compiling
        torch._inductor.config.force_disable_caches = from_nothing
        model.compile()
        self._from_nothing = from_nothing
        self.seconds: float | None = None
        """Of the first pass, which compiles; None before it, or where the workload times it itself."""

    def run_first(self, infer: Callable[[], object]) -> None:
        """The pass that compiles, timed; raises NotCompiled where nothing was compiled."""
        before = perf_counter()
        infer()
        self.seconds = perf_counter() - before
        _graphs()

    def notes(self) -> list[str]:
        """What was compiled, once a pass has run; raises NotCompiled where nothing was."""
        from torch._dynamo.utils import counters

        graphs = _graphs()
        breaks = sum(counters["graph_break"].values())
        told = [f"torch.compile: {_counted(graphs, 'graph')}, {_counted(breaks, 'graph break')}"]
        if self.seconds is not None:
            told.append(f"compiling took {self.seconds:.1f} s, first pass included and in no figure")
        told.append(f"parts compiled earlier {'were not' if self._from_nothing else 'may have been'} used again")
        if breaks:
            first = next(iter(counters["graph_break"])).strip().splitlines()[0]
            told.append(f"between graphs Python runs, at first for: {first}")
        return [f"{'; '.join(told)}."]


def _graphs() -> int:
    from torch._dynamo.utils import counters

    graphs = int(counters["stats"]["unique_graphs"])
    if graphs == 0:
        raise NotCompiled("torch.compile found nothing to compile in this model; measure it eager.")
    return graphs


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _require_compiler(model: Any) -> None:
    """Raise BackendUnavailable where the processor's code cannot be compiled for want of a compiler."""
    devices = {parameter.device.type for parameter in model.parameters()}
    if devices and "cpu" not in devices:
        return  # GPU code comes from a compiler that torch brings along
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except InvalidCxxCompiler as error:
        raise BackendUnavailable(
            "torch.compile needs a C++ compiler and finds none; install g++, or leave --compile out.", field="compiled"
        ) from error

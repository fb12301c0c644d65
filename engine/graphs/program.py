"""A skillset's model as a program of another runtime, also where its course depends on values that it reads.

An exporter follows shapes, not values: a model that asks whether a tensor is true, or how long a part is, stops it
(torch.export's "data-dependent" errors). Such a model runs once as it is prepared for the export, what it reads is
kept, and the exporter is answered with that: the graph takes the course that these inputs take.
"""

from __future__ import annotations

import copy
import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from engine.errors import SkillsetFailure
from engine.formatting import counted
from engine.graphs.exporter_fixes import mend_exporters
from engine.workloads.excuse import SEED

_READERS = ("item", "tolist", "__bool__", "__int__", "__float__", "__index__")
"""Methods of a tensor that give its value to Python. What reads one inside of torch, as a size for instance, does not
pass here, and is refused by the exporter as before."""
_TRACING_FLAGS = ("_is_compiling_flag", "_is_exporting_flag")
"""By which a model knows that it is exported, and reads less."""

Reader = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Read:
    """One value that the model took out of a tensor."""

    method: str
    shape: tuple[int, ...]
    place: str
    """File and line that asked for it."""
    value: Any

    def is_by(self, method: str, tensor: Any, place: str) -> bool:
        return (self.method, self.shape, self.place) == (method, tuple(tensor.shape), place)


class _RunInstead(Exception):
    """Ends an export that was there to prepare the model."""


def exported_program(skillset: Any, runtime: str, inputs: dict[str, Any]) -> tuple[Any, list[str]]:
    """The program, and what is to be said of it: nothing where no value was read.

    The exporter adds to `inputs` what it computes from them. Raises what it raises, and SkillsetFailure for a model
    that reads otherwise while it is exported.
    """
    from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

    mend_exporters()
    given = dict(inputs)
    try:
        return skillset.export(runtime, inputs).program, []
    except Exception as error:
        if not _was_raised_by(error, GuardOnDataDependentSymNode):
            raise
        refusal = error
    try:
        reads = _reads_of(skillset, runtime, dict(given))
    except Exception as broken:
        raise refusal from broken  # it says what stopped the export
    if not reads:
        raise refusal
    inputs.clear()
    inputs.update(given)
    try:
        with _exporting_by(functools.partial(_export_with, reads)):
            program = skillset.export(runtime, inputs).program
    except Exception as again:
        raise again from refusal
    return program, [
        f"The model reads {counted(len(reads), 'value')} as it computes (conditions, lengths), which the graph keeps "
        "as these inputs and its weights gave them: it is right for inputs that give the same, and computes nothing "
        "that only leads to them."
    ]


def _reads_of(skillset: Any, runtime: str, inputs: dict[str, Any]) -> list[_Read]:
    """What the model reads in one pass on `inputs`, patched as the exporter patches it and told that it is exported."""
    import torch

    reads: list[_Read] = []

    def keep(method: str, original: Reader) -> Reader:
        def read(tensor: Any) -> Any:
            value = original(tensor)
            reads.append(_Read(method, tuple(tensor.shape), _caller(), copy.deepcopy(value)))
            return value

        return read

    def run(_export: Any, model: Any, **call: Any) -> None:
        torch.manual_seed(SEED)
        with torch.no_grad(), _looking_exported(), _reading_by(keep):
            model(**call["kwargs"])
        raise _RunInstead

    try:
        with _exporting_by(run):
            skillset.export(runtime, inputs)
    except Exception as error:
        if not _was_raised_by(error, _RunInstead):
            raise
    return reads


def _export_with(reads: list[_Read], export: Callable[..., Any], model: Any, **call: Any) -> Any:
    """Export `model`, whose reads are answered by `reads` in their order; a read that is not the next is left to the
    exporter. Every pass that the exporter makes begins anew.

    Raises SkillsetFailure where a pass leaves some of `reads` unread.
    """
    from transformers.exporters.utils import patch_attribute

    def answering(forward: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(forward)
        def answered(*positional: Any, **named: Any) -> Any:
            waiting = list(reversed(reads))

            def answer(method: str, original: Reader) -> Reader:
                def read(tensor: Any) -> Any:
                    if waiting and waiting[-1].is_by(method, tensor, _caller()):
                        return copy.deepcopy(waiting.pop().value)
                    return original(tensor)

                return read

            with _reading_by(answer):
                outputs = forward(*positional, **named)
            if waiting:
                raise SkillsetFailure(
                    "The model takes another course while it is exported than when it runs: what it read at "
                    f"{waiting[-1].place} it did not read then."
                )
            return outputs

        return answered

    with patch_attribute(model, "forward", answering):
        return export(model, **call)


@contextmanager
def _reading_by(make: Callable[[str, Reader], Reader]) -> Iterator[None]:
    """Tensors give their values to Python by what `make` makes of each method."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensor
    from torch._subclasses.functional_tensor import FunctionalTensor
    from transformers.exporters.utils import patch_attributes

    with patch_attributes(
        [
            *((torch.Tensor, name, functools.partial(make, name)) for name in _READERS),
            # The tensors of an export have a method of their own for lists.
            *((kind, "tolist", functools.partial(make, "tolist")) for kind in (FakeTensor, FunctionalTensor)),
        ]
    ):
        yield


@contextmanager
def _looking_exported() -> Iterator[None]:
    """A model that asks is told that it is exported, and tensors in messages are not read for them: as in an export."""
    import torch
    from transformers.exporters.utils import patch_attribute

    with ExitStack() as patched:
        for flag in _TRACING_FLAGS:
            if hasattr(torch.compiler, flag):
                patched.enter_context(patch_attribute(torch.compiler, flag, lambda _: True))
        patched.enter_context(patch_attribute(torch.Tensor, "__format__", lambda _: lambda tensor, form: "tensor"))
        yield


@contextmanager
def _exporting_by(export: Callable[..., Any]) -> Iterator[None]:
    """`export` is called in place of torch.export.export, which it gets first."""
    import torch
    from transformers.exporters.utils import patch_attribute

    with patch_attribute(torch.export, "export", lambda original: functools.partial(export, original)):
        yield


def _caller() -> str:
    """File and line that called whoever asks."""
    frame = sys._getframe(2)
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _was_raised_by(error: BaseException, kind: type[BaseException]) -> bool:
    """Whether `error` is of that kind, or was raised from one or while one was handled."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if found is None or id(found) in seen:
            continue
        if isinstance(found, kind):
            return True
        seen.add(id(found))
        waiting += [found.__cause__, found.__context__]
    return False

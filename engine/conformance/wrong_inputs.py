"""Inputs that no model should answer as if they were right."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from engine.conformance.compare import largest_difference, magnitude
from engine.conformance.finding import Finding, not_applicable
from engine.conformance.passes import forward
from engine.conformance.refusals import Wrong, refused
from engine.conformance.shares import example_dimension
from engine.conformance.subject import BATCH_SIZE, Subject

_TOKENS = re.compile(r"(^|_)input_ids$")
_REAL_VALUES = re.compile(r"pixel|image|video|features|values|audio|latents|sample")
"""Names of inputs that hold what was seen or heard."""
_HASHES = "num_hash_functions"
"""Setting of models that read characters by their code points."""
_NO_NAME = "no_such_input"
_ROUNDING = 1e-4
"""Of an output's largest value: another layout of the same numbers is added up in another order."""

Inputs = dict[str, Any]


def try_missing_input(subject: Subject) -> Finding:
    """What forward() cannot do without by its signature, the model's main input, and all of them."""
    needed = [name for name in subject.inputs if name in _required(subject.model) or name == _main(subject)]
    lacking = {f"a pass without {name}": _without(subject.inputs, name) for name in needed}
    return refused(subject, [*_passes(subject, lacking), *_passes(subject, {"a pass without any input": {}})])


def try_unknown_input(subject: Subject) -> Finding:
    import torch

    inputs = {**subject.inputs, _NO_NAME: torch.ones(BATCH_SIZE)}
    return refused(subject, _passes(subject, {f"an input by the name of {_NO_NAME}": inputs}))


def try_wrong_dtype(subject: Subject) -> Finding:
    main = _main(subject)
    value = subject.inputs[main]
    wrongs = _passes(subject, {f"text as {main}": {**subject.inputs, main: "text"}})
    if value.is_floating_point():
        whole = (value * 8).round()
        right = {**subject.inputs, main: whole}
        wrongs += _passes(
            subject,
            {f"whole numbers as {main}": {**subject.inputs, main: whole.long()}},
            lambda answer: _same_numbers(answer, forward(subject.skillset, right), "the same numbers as for real ones"),
        )
    else:
        wrongs += _passes(subject, {f"fractions as {main}": {**subject.inputs, main: value + 0.5}})
    return refused(subject, wrongs)


def try_wrong_rank(subject: Subject) -> Finding:
    """One dimension too few for a single example, and one too many."""
    main = _main(subject)
    single = subject.example_inputs(subject.skillset, batch_size=1)
    few = {**single, main: single[main][0]}
    many = {**single, main: single[main].unsqueeze(0)}
    right = forward(subject.skillset, single)
    return refused(
        subject,
        _passes(
            subject,
            {
                f"{main} of {few[main].ndim} dimensions instead of {single[main].ndim}": few,
                f"{main} of {many[main].ndim} dimensions instead of {single[main].ndim}": many,
            },
            lambda answer: _same_numbers(answer, right, "the same numbers as for the right shape"),
        ),
    )


def try_beyond_vocabulary(subject: Subject) -> Finding:
    """One id in the last place, which is that of no row of the model's largest table."""
    import torch

    names = [name for name in subject.inputs if _TOKENS.search(name)]
    rows = [part.num_embeddings for part in subject.model.modules() if isinstance(part, torch.nn.Embedding)]
    if not names or not rows:
        return not_applicable("It looks no token ids up in a table.")
    if getattr(subject.model.config, _HASHES, None) is not None:
        return not_applicable("It hashes ids into its tables, so that each has a row.")
    beyond = max(rows)
    cases = {f"token {beyond} in {name}": _with_last(subject.inputs, name, beyond) for name in names}
    return refused(subject, _passes(subject, cases))


def try_not_a_number(subject: Subject) -> Finding:
    """In every place of an input: that a model looks away from some of them is its own matter."""
    import torch

    names = [
        name
        for name, value in subject.inputs.items()
        if isinstance(value, torch.Tensor)
        and value.is_floating_point()
        and value.numel()
        and (name == _main(subject) or _REAL_VALUES.search(name))
    ]
    if not names:
        return not_applicable("It reads no real values.")
    cases = {
        f"nothing but NaN as {name}": {**subject.inputs, name: torch.full_like(subject.inputs[name], torch.nan)}
        for name in names
    }
    return refused(subject, _passes(subject, cases, lambda answer: _where_it_shows(answer, subject.outputs)))


def try_empty_batch(subject: Subject) -> Finding:
    wrongs = [
        Wrong(words=f"a batch size of {size}", ask=lambda size=size: subject.example_inputs(subject.skillset, size))  # type: ignore[misc]
        for size in (0, -1)
    ]
    empty = _emptied(subject)
    if empty is not None:
        wrongs += _passes(
            subject, {"a batch of no example": empty}, lambda answer: _is_nothing(answer, subject.outputs)
        )
    return refused(subject, wrongs)


def _passes(
    subject: Subject, cases: Mapping[str, Inputs], excuse: Callable[[Any], str | None] = lambda answer: None
) -> list[Wrong]:
    """A forward pass with each of these inputs."""
    return [
        Wrong(words=words, ask=lambda inputs=inputs: forward(subject.skillset, inputs), excuse=excuse)  # type: ignore[misc]
        for words, inputs in cases.items()
    ]


def _main(subject: Subject) -> str:
    """The input that matters most by the library's word, where there is one of that name; else the first tensor."""
    import torch

    said = getattr(subject.model, "main_input_name", None)
    tensors = [name for name, value in subject.inputs.items() if isinstance(value, torch.Tensor)]
    return said if said in tensors else tensors[0]


def _required(model: Any) -> set[str]:
    parameters = inspect.signature(model.forward).parameters.values()
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {each.name for each in parameters if each.kind in named and each.default is inspect.Parameter.empty}


def _without(inputs: Inputs, name: str) -> Inputs:
    return {other: value for other, value in inputs.items() if other != name}


def _with_last(inputs: Inputs, name: str, token: int) -> Inputs:
    changed = copy.deepcopy(inputs)
    changed[name].reshape(-1)[-1] = token
    return changed


def _same_numbers(answer: Mapping[str, Any], right: Mapping[str, Any], words: str) -> str | None:
    """`words` where both hold the same, in whatever shape."""
    if answer.keys() != right.keys():
        return None
    for name, value in answer.items():
        one, other = value.reshape(-1), right[name].reshape(-1)
        if len(one) != len(other) or largest_difference(one, other) > _ROUNDING * magnitude(other):
            return None
    return f"answered with {words}"


def _where_it_shows(answer: Mapping[str, Any], right: Mapping[str, Any]) -> str | None:
    """In which outputs there is NaN that was not there for right inputs."""
    shown = [
        name for name, value in answer.items() if _has_nan(value) and not (name in right and _has_nan(right[name]))
    ]
    return f"NaN in {', '.join(shown)}" if shown else None


def _has_nan(value: Any) -> bool:
    import torch

    return bool(torch.isnan(value).any())


def _is_nothing(answer: Mapping[str, Any], right: Mapping[str, Any]) -> str | None:
    """Which outputs are empty that are not so for right inputs."""
    empty = [name for name, value in answer.items() if not value.numel() and name in right and right[name].numel()]
    return f"answered with nothing in {', '.join(empty)}" if empty else None


def _emptied(subject: Subject) -> Inputs | None:
    """The inputs with no example in them; None where one cannot be cut into examples."""
    import torch

    single = subject.example_inputs(subject.skillset, batch_size=1)
    emptied: Inputs = {}
    for name, value in subject.inputs.items():
        alone = single.get(name)
        if not isinstance(value, torch.Tensor) or not isinstance(alone, torch.Tensor):
            return None
        dimension = example_dimension(alone.shape, value.shape, BATCH_SIZE)
        if dimension is None and not torch.equal(alone, value):
            return None
        emptied[name] = value if dimension is None else value.narrow(dimension, 0, 0)
    return emptied

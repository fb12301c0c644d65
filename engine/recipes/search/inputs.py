"""What goes into a forward pass, written down so that it can be built at any batch size and printed as code.

An input has a shape of whole numbers and of texts: "B" is the batch size, "B*12" twelve rows for each example, "L" the
sequence length. Everything is drawn from one seeded generator, in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Dimension = int | str

SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """Tokens of an input that stand for features of another modality."""

    token: str
    """Expression of the token's id, such as config.image_token_id."""
    count: int | str
    """A number, or an expression in config."""
    before: tuple[str, ...] = ()
    """Expressions of tokens that have to stand in front."""
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One argument of a forward pass."""

    name: str
    fill: str
    """normal, uniform, tokens, ones, zeros, constant, rows, example, arange, kinds, boxes, patches, sequence, or
    literal; for recipes of diffusers also grid: the places of a square image."""
    shape: tuple[Dimension, ...] = ()
    dtype: str = "float"
    """float (the model's precision), float32, long, int or bool."""
    low: int = 0
    high: int | str = 0
    """For tokens: one more than the largest id, a number or an expression."""
    value: Any = None
    """For constant the number; for rows, example and sequence what stands for one example; for kinds the expression of
    the token that is told apart; for patches the columns; for literal the argument itself."""
    placeholders: tuple[Placeholder, ...] = ()
    last: str | None = None
    """Expression of the id of the last token, where a model looks for it."""
    step: int = 0
    """For rows: by how much the next example's numbers are larger, where they count over the whole batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All arguments of one forward pass."""

    inputs: tuple[Input, ...]
    length: int = 16

    def named(self, name: str) -> Input | None:
        return next((item for item in self.inputs if item.name == name), None)


def size_of(dimension: Dimension, config: Any, batch_size: int, length: int) -> int:
    """The number that `dimension` stands for: itself, or an expression in B, L and config."""
    if isinstance(dimension, int):
        return dimension
    return int(eval(dimension, {"__builtins__": {}}, {"B": batch_size, "L": length, "config": config}))


def build_inputs(plan: Plan, config: Any, batch_size: int) -> dict[str, Any]:
    """Tensors for `plan` in fp32; the same call gives the same numbers."""
    import torch

    generator = torch.Generator().manual_seed(SEED)
    built = {item.name: _tensor(item, config, batch_size, plan.length, generator) for item in plan.inputs}
    for item in plan.inputs:
        if item.fill == "kinds":  # 1 where a token stands for another modality, 0 for text
            built[item.name] = (built["input_ids"] == evaluated(item.value, config)).to(torch.long)
    return built


def _tensor(item: Input, config: Any, batch_size: int, length: int, generator: Any) -> Any:
    import torch

    shape = tuple(size_of(dimension, config, batch_size, length) for dimension in item.shape)
    names = {"float": "float32", "int": "int32"}
    dtype = getattr(torch, names.get(item.dtype, item.dtype))
    match item.fill:
        case "normal":
            return torch.randn(shape, generator=generator).to(dtype)
        case "uniform":
            return torch.rand(shape, generator=generator).to(dtype)
        case "tokens":
            high = item.high if isinstance(item.high, int) else evaluated(item.high, config)
            tokens = torch.randint(item.low, max(high, item.low + 1), shape, generator=generator, dtype=dtype)
            return _marked(tokens, item, config)
        case "ones":
            return torch.ones(shape, dtype=dtype)
        case "zeros":
            return torch.zeros(shape, dtype=dtype)
        case "constant":
            return torch.full(shape, item.value, dtype=dtype)
        case "rows":
            rows = torch.tensor(_numbers(item.value, config) * batch_size, dtype=dtype)
            if item.step:
                rows += item.step * torch.arange(batch_size).repeat_interleave(len(item.value))[:, None]
            return rows
        case "example":
            return torch.tensor([_numbers(item.value, config)] * batch_size, dtype=dtype)
        case "arange":
            return torch.arange(shape[-1], dtype=dtype).expand(shape).contiguous()
        case "literal":
            return item.value
        case "sequence":
            return [torch.tensor(row, dtype=dtype) for row in list(item.value) * batch_size]
        case "kinds":
            return None
        case "boxes":
            corners = torch.randint(0, 500, shape, generator=generator, dtype=dtype)
            corners[..., 2:] = corners[..., :2] + 100
            return corners
        case "patches":
            patches = torch.randn(shape, generator=generator)
            columns = item.value
            patches[..., 0] = torch.arange(shape[1]) // columns + 1
            patches[..., 1] = torch.arange(shape[1]) % columns + 1
            return patches.to(dtype)
    raise ValueError(f"unknown fill {item.fill!r} of {item.name}")


def _marked(tokens: Any, item: Input, config: Any) -> Any:
    position = 1
    for placeholder in item.placeholders:
        ids = [evaluated(text, config) for text in placeholder.before]
        ids += [evaluated(placeholder.token, config)] * _count(placeholder, config)
        ids += [evaluated(text, config) for text in placeholder.after]
        for offset, number in enumerate(ids):
            tokens[..., position + offset] = number
        position += len(ids)
    if item.last is not None:
        tokens[..., -1] = evaluated(item.last, config)
    return tokens


def evaluated(expression: str, config: Any) -> int:
    """The number behind an expression such as config.text_config.vocab_size."""
    value = eval(expression, {"__builtins__": {}}, {"config": config})
    if isinstance(value, (list, tuple)):
        value = value[0]
    return int(value)


def _count(mark: Placeholder, config: Any) -> int:
    return mark.count if isinstance(mark.count, int) else evaluated(mark.count, config)


def _numbers(value: Any, config: Any) -> Any:
    """Nested lists with their expressions as numbers."""
    if isinstance(value, (list, tuple)):
        return [_numbers(inner, config) for inner in value]
    return evaluated(value, config) if isinstance(value, str) else value


def marked_length(placeholders: Sequence[Placeholder], config: Any = None) -> int:
    """Tokens that the placeholders take up with all that stands around them."""
    return sum(len(mark.before) + _count(mark, config) + len(mark.after) for mark in placeholders)


def plan_from_json(data: Mapping[str, Any]) -> Plan:
    """The plan that `asdict` made, or one written by hand with only the fields that differ from their defaults."""
    inputs = []
    for entry in data["inputs"]:
        marks = tuple(
            Placeholder(
                token=mark["token"],
                count=mark["count"],
                before=tuple(mark.get("before", ())),
                after=tuple(mark.get("after", ())),
            )
            for mark in entry.get("placeholders", ())
        )
        inputs.append(Input(**{**entry, "shape": tuple(entry.get("shape", ())), "placeholders": marks}))
    return Plan(inputs=tuple(inputs), length=data.get("length", 16))

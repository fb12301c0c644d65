"""A recipe's inputs as the lines of a Skillset's `example_inputs`."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import SkillsetFailure
from engine.recipes.recipe import Recipe
from engine.recipes.search.inputs import Dimension, Input
from engine.skillsets.layout import flat, laid_out
from engine.skillsets.literal import python_literal

INDENT = 8

_DTYPES = {
    "float": "base.DTYPES[self.precision]",
    "float32": "torch.float32",
    "long": "torch.long",
    "int": "torch.int32",
    "bool": "torch.bool",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InputCode:
    """Statements that make the inputs, in order, and the mapping of them."""

    statements: tuple[str, ...]
    returned: str
    marked: str | None
    """Expression of how many tokens stand for other modalities, with all that goes with them; None without any."""
    draws: bool
    """Whether a generator of random numbers is used."""

    @property
    def uses_config(self) -> bool:
        return "config." in "\n".join([*self.statements, self.returned])


def input_code(recipe: Recipe) -> InputCode:
    """Raises SkillsetFailure for an expression that is more than arithmetic on the configuration."""
    pairs = list(zip(recipe.inputs, recipe.default_inputs, strict=True))
    statements: list[str] = []
    entries: list[str] = []
    tokens = next((small for small, _ in pairs if small.name == "input_ids"), None)
    for small, large in pairs:
        name = _variable(small.name)
        dimensions = _dimensions(small, large, recipe)
        for place, text in enumerate(dimensions):
            if len(text) > _LONG_DIMENSION:
                dimensions[place] = f"{name}_{_PLACES.get(place - len(dimensions), 'size')}"
                statements.append(_assignment(dimensions[place], text))
        value = _expression(small, large, ", ".join(dimensions), tokens)
        followed = _following(small, large, name)
        drawn = small.dtype == "float" and small.fill in _DRAWN
        if followed or drawn or _is_named(small, tokens, pairs):
            statements.append(_assignment(name, value))
            statements += followed
            value = f"{name}.to({_DTYPES['float']})" if drawn else name
        entries.append(f'"{name}": {value}')
    returned = laid_out("{" + ", ".join(entries) + "}", indent=INDENT, before=len("inputs = "))
    text = "\n".join([*statements, returned])
    return InputCode(
        statements=tuple(statements),
        returned=returned,
        marked=_marked(tokens, next((large for _, large in pairs if large.name == "input_ids"), None)),
        draws="generator=generator" in text,
    )


def dimension_code(dimension: Dimension | str) -> str:
    """A dimension in the words of the generated method; raises SkillsetFailure for what is no plain arithmetic."""
    if isinstance(dimension, int):
        return str(dimension)
    try:
        tree = ast.parse(dimension, mode="eval")
    except SyntaxError as error:
        raise SkillsetFailure(f"The dimension {dimension!r} is no expression.") from error
    return flat(ast.unparse(ast.fix_missing_locations(_Words(dimension).visit(tree))))


class _Words(ast.NodeTransformer):
    """Puts the generated method's words for those of a plan, and lets nothing through but arithmetic on them and on the
    short names of aliases.py."""

    def __init__(self, dimension: str) -> None:
        self._dimension = dimension

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id not in _NAMES and (hasattr(builtins, node.id) or not node.id.islower()):
            raise SkillsetFailure(f"The dimension {self._dimension!r} names {node.id}, which no skillset knows.")
        return ast.Name(id=_NAMES.get(node.id, node.id), ctx=node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.Call:
        match node:
            case ast.Call(func=ast.Attribute(value=counted, attr="__len__"), args=[], keywords=[]):
                return ast.Call(func=ast.Name(id="len", ctx=ast.Load()), args=[self.visit(counted)], keywords=[])
        raise SkillsetFailure(f"The dimension {self._dimension!r} is more than arithmetic on the configuration.")

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, _ARITHMETIC):
            raise SkillsetFailure(f"The dimension {self._dimension!r} is more than arithmetic on the configuration.")
        return super().generic_visit(node)


_NAMES = {"B": "batch_size", "L": "length", "S": "side", "config": "config"}

_ARITHMETIC = (
    ast.Expression,
    ast.BinOp,
    ast.operator,
    ast.Name,
    ast.Load,
    ast.Constant,
    ast.Attribute,
    ast.Subscript,
    ast.UnaryOp,
    ast.unaryop,
    ast.IfExp,
    ast.Compare,
    ast.cmpop,
)


def by_size(small: str, large: str) -> str:
    """One expression for both sizes; where they differ, a choice."""
    return small if small == large else f'({small} if self.size == "tiny" else {large})'


def _variable(name: str) -> str:
    if not name.isidentifier():
        raise SkillsetFailure(f"The input {name!r} cannot stand in a generated module.")
    return name


def _assignment(name: str, value: str) -> str:
    return f"{name} = {laid_out(value, indent=INDENT, before=len(name) + 3)}"


def _is_named(item: Input, tokens: Input | None, pairs: Sequence[tuple[Input, Input]]) -> bool:
    """Whether other inputs refer to this one by name."""
    others = [small for small, _ in pairs if small is not item]
    return item is tokens and any(other.fill == "kinds" or _is_like(other, item) for other in others)


def _is_like(item: Input, tokens: Input) -> bool:
    return item.fill in ("ones", "zeros") and item.dtype == "long" and item.shape == tokens.shape


_DRAWN = frozenset({"normal", "uniform", "patches"})
"""Fills of random numbers: the same ones in every precision, so drawn in fp32 and cast."""


_LONG_DIMENSION = 50
_PLACES = {-1: "width", -2: "rows", -3: "sets"}
"""Names of dimensions too long to stand inside a call, the last one first."""


def _expression(small: Input, large: Input, shape: str, tokens: Input | None) -> str:
    """The tensor itself, before anything is written into it."""
    dtype = _DTYPES[small.dtype]
    told = f", dtype={dtype}" if dtype else ""
    match small.fill:
        case "normal":
            return f"torch.randn({shape}, generator=generator)"
        case "uniform":
            return f"torch.rand({shape}, generator=generator)"
        case "tokens":
            low, high = by_size(str(small.low), str(large.low)), by_size(_number(small.high), _number(large.high))
            kind = "" if small.dtype == "long" else told
            return f"torch.randint({low}, {high}, ({shape},), generator=generator{kind})"
        case "ones" | "zeros" if tokens is not None and _is_like(small, tokens):
            return f"torch.{small.fill}_like(input_ids)"
        case "ones" | "zeros":
            return f"torch.{small.fill}({shape}{told})"
        case "grid":
            return f"torch.zeros({shape}{told})"
        case "constant":
            return f"torch.full(({shape},), {by_size(_literal(small.value), _literal(large.value))}{told})"
        case "rows":
            return f"torch.tensor({by_size(_numbers(small.value), _numbers(large.value))} * batch_size{told})"
        case "example":
            return f"torch.tensor([{by_size(_numbers(small.value), _numbers(large.value))}] * batch_size{told})"
        case "arange":
            *repeated, counted = shape.split(", ")
            numbers = f"torch.arange({counted}{told})"
            return f"{numbers}.repeat({', '.join([*repeated, '1'])})" if repeated else numbers
        case "literal":
            return by_size(_literal(small.value), _literal(large.value))
        case "sequence":
            rows = by_size(_numbers(small.value), _numbers(large.value))
            return f"[torch.tensor(row, device=self.device{told}) for row in {rows} * batch_size]"
        case "kinds":
            return f"(input_ids == {dimension_code(small.value)}).long()"
        case "boxes":
            return f"torch.randint(0, 500, ({shape},), generator=generator)"
        case "patches":
            return f"torch.randn({shape}, generator=generator)"
    raise SkillsetFailure(f"The input {small.name} is filled with {small.fill!r}, which no skillset knows.")


def _dimensions(small: Input, large: Input, recipe: Recipe) -> list[str]:
    """Dimensions, those of the square image as `side`."""
    codes = [
        by_size(dimension_code(one), dimension_code(two)) for one, two in zip(small.shape, large.shape, strict=True)
    ]
    if small.name == "pixel_values" and recipe.image is not None and len(codes) == 4:
        codes[2:] = ["side", "side"]
    return codes


def _following(small: Input, large: Input, name: str) -> list[str]:
    """Statements that write into the tensor."""
    lines: list[str] = []
    if small.fill == "boxes":
        return [f"{name}[..., 2:] = {name}[..., :2] + 100"]
    if small.fill == "grid":
        place = f"torch.arange({name}.shape[0])"
        return [f"{name}[:, 1] = {place} // side", f"{name}[:, 2] = {place} % side"]
    if small.fill == "patches":
        columns = by_size(str(small.value), str(large.value))
        count = f"torch.arange({name}.shape[1])"
        return [f"{name}[..., 0] = {count} // {columns} + 1", f"{name}[..., 1] = {count} % {columns} + 1"]
    if small.step:
        counts = by_size(str(len(small.value)), str(len(large.value)))
        grown = by_size(str(small.step), str(large.step))
        return [f"{name} += {grown} * torch.arange(batch_size).repeat_interleave({counts})[:, None]"]
    start = "1"
    for mark, same in zip(small.placeholders, large.placeholders, strict=True):
        for text in mark.before:
            lines.append(f"{name}[:, {start}] = {dimension_code(text)}")
            start = _sum(start, "1")
        count = by_size(dimension_code(mark.count), dimension_code(same.count))
        if count == "1":
            lines.append(f"{name}[:, {start}] = {dimension_code(mark.token)}")
            start = _sum(start, "1")
        else:
            variable = _unused(f"{_kind(mark.token)}_tokens", lines)
            lines += [_assignment(variable, count)]
            end = _sum(start, variable)
            lines.append(f"{name}[:, {start} : {end}] = {dimension_code(mark.token)}")
            start = end
        for text in mark.after:
            lines.append(f"{name}[:, {start}] = {dimension_code(text)}")
            start = _sum(start, "1")
    if small.last is not None:
        lines.append(f"{name}[:, -1] = {dimension_code(small.last)}")
    return lines


def _unused(name: str, lines: Sequence[str]) -> str:
    """`name`, or with a number behind it where a line has taken it."""
    names = (name, *(f"{name}_{number}" for number in range(2, len(lines) + 3)))
    return next(free for free in names if not any(line.startswith(f"{free} = ") for line in lines))


def _sum(text: str, more: str) -> str:
    """`text + more`, numbers added up at the front."""
    if more.isdigit():
        head, _, rest = text.partition(" + ")
        return f"{int(head) + int(more)}" + (f" + {rest}" if rest else "")
    return f"{text} + {more}"


def _kind(token: str) -> str:
    return next((kind for kind in ("image", "video", "audio") if kind in token), "placeholder")


def _marked(small: Input | None, large: Input | None) -> str | None:
    """The count is told again where it is not only numbers: variables of the statements are not yet set there."""
    if small is None or large is None or not small.placeholders:
        return None
    fixed = sum(len(mark.before) + len(mark.after) for mark in small.placeholders)
    counts = [
        by_size(dimension_code(one.count), dimension_code(two.count))
        for one, two in zip(small.placeholders, large.placeholders, strict=True)
    ]
    numbers = [int(count) for count in counts if count.isdigit()]
    others = [count for count in counts if not count.isdigit()]
    number = fixed + sum(numbers)
    return " + ".join([*others, *([str(number)] if number or not others else [])])


def _number(value: int | str) -> str:
    return dimension_code(value)


def _numbers(value: Any) -> str:
    """Nested lists of numbers and expressions; a full grid of positions as what it is."""
    if isinstance(value, (list, tuple)):
        side = round(len(value) ** 0.5)
        if len(value) > 4 and value == [[column, row] for row in range(side) for column in range(side)]:
            return f"[[column, row] for row in range({side}) for column in range({side})]"
        return "[" + ", ".join(map(_numbers, value)) + "]"
    return dimension_code(value) if isinstance(value, str) else _literal(value)


def _literal(value: object) -> str:
    return python_literal(value)

"""What can be wrong with the recipe in a user's own type file, found before anything is made from it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, time
from keyword import iskeyword
from math import isfinite
from typing import Any

RECIPE_KEYS = ("inputs", "tiny", "default", "length", "default_length", "unit", "limit", "image", "outputs")

_INPUT_KEYS = ("name", "fill", "shape", "dtype", "low", "high", "value", "placeholders", "last", "step")
_MARK_KEYS = ("token", "count", "before", "after")
_SHAPED = ("normal", "uniform", "tokens", "ones", "zeros", "constant", "arange", "boxes", "patches")
_FILLS = (*_SHAPED, "rows", "example", "kinds", "sequence", "literal")
"""In the words of engine/recipes/search/inputs.py."""
_DTYPES = ("float", "float32", "long", "int", "bool")
_UNITS = ("tokens", "samples")
_WORDS = ("B", "L", "config")

_ARITHMETIC = (
    *(ast.Expression, ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.expr_context),
    *(ast.BinOp, ast.operator, ast.UnaryOp, ast.unaryop, ast.IfExp, ast.Compare, ast.cmpop),
)


def recipe_problems(recipe: Mapping[str, Any]) -> Iterator[str]:
    """As ends of a sentence that begins with the recipe's place; each names the key and the remedy.

    The recipe's own keys are known to be right. One looks no further than the first: each relies on those before.
    """
    yield from _inputs_problems(recipe.get("inputs"))
    for key in ("tiny", "default"):
        yield from _arguments_problems(key, recipe.get(key, {}))
    for key in ("length", "default_length"):
        if key in recipe and not (_is_whole(recipe[key]) and recipe[key] > 0):
            yield f"gives {key} as {recipe[key]!r}; make it a whole number from 1."
    if "unit" in recipe and recipe["unit"] not in _UNITS:
        yield f"gives unit as {recipe['unit']!r}; choose one of {', '.join(_UNITS)}."
    for key in ("limit", "image"):
        if key in recipe:
            yield from _dimension_problems(key, recipe[key])
    if "image" in recipe and not any(item["name"] == "pixel_values" for item in recipe["inputs"]):
        yield "gives image and no input called pixel_values, which it is the side of; remove image or add the input."
    outputs = recipe.get("outputs", ["output"])
    if not _are_texts(outputs) or not outputs:
        yield f"gives outputs as {outputs!r}; make it a list of names."


def _inputs_problems(inputs: object) -> Iterator[str]:
    if not isinstance(inputs, list) or not inputs:
        yield "gives no inputs; list what a forward pass takes, as tables."
        return
    names: list[object] = []
    for number, item in enumerate(inputs, start=1):
        if not isinstance(item, Mapping):
            yield f"gives input {number} as {item!r}; make it a table with name, fill and shape."
            return
        name = item.get("name")
        if not isinstance(name, str) or not name.isidentifier() or iskeyword(name):
            yield f"gives name of input {number} as {name!r}; write the argument's name, such as pixel_values."
        yield from _input_problems(item, f"of input {name}")
        if name in names:
            yield f"gives the input {name} twice; keep one."
        names.append(name)
    if any(item.get("fill") == "kinds" for item in inputs) and "input_ids" not in names:
        yield "fills an input with kinds, which are read off input_ids; add that input."


def _input_problems(item: Mapping[str, Any], place: str) -> Iterator[str]:
    if unknown := sorted(set(item) - set(_INPUT_KEYS)):
        yield f"has unknown keys {', '.join(unknown)} {place}; use {', '.join(_INPUT_KEYS)}."
    fill, shape = item.get("fill"), item.get("shape", [])
    if fill not in _FILLS:
        yield f"gives fill {place} as {fill!r}; choose one of {', '.join(_FILLS)}."
    if not isinstance(shape, list):
        yield f'gives shape {place} as {shape!r}; make it a list, such as ["B", 3].'
    else:
        for part in shape:
            yield from _dimension_problems(f"shape {place}", part)
            if _is_whole(part) and part < 0:
                yield f"gives shape {place} as {part}, which is less than nothing; make it a whole number from 0."
    if fill in _SHAPED and not shape:
        yield f'gives no shape {place}, which {fill} needs; add it as a list, such as ["B", 3].'
    if item.get("dtype", "float") not in _DTYPES:
        yield f"gives dtype {place} as {item['dtype']!r}; choose one of {', '.join(_DTYPES)}."
    for key in ("low", "step"):
        if not _is_whole(item.get(key, 0)):
            yield f"gives {key} {place} as {item[key]!r}; make it a whole number."
    if fill == "tokens" and "high" not in item:
        yield f"gives no high {place}, which tokens need; add how many tokens there are, such as config.vocab_size."
    for key in ("high", "last"):
        if key in item:
            yield from _dimension_problems(f"{key} {place}", item[key])
    if (wanted := _VALUES.get(str(fill))) is not None:
        is_good, kind = wanted
        if not is_good(item.get("value")):
            yield f"gives value {place} as {item.get('value')!r}, which {fill} cannot use; make it {kind}."
    if fill == "kinds":
        yield from _dimension_problems(f"value {place}", item["value"])
    elif fill in ("rows", "example", "sequence"):
        for text in _texts_in(item["value"]):
            yield from _dimension_problems(f"value {place}", text)
    yield from _marks_problems(item.get("placeholders", []), place)


def _marks_problems(marks: object, place: str) -> Iterator[str]:
    if not isinstance(marks, list) or not all(isinstance(mark, Mapping) for mark in marks):
        yield f"gives placeholders {place} as {marks!r}; make it a list of tables with {', '.join(_MARK_KEYS)}."
        return
    for mark in marks:
        if unknown := sorted(set(mark) - set(_MARK_KEYS)):
            yield f"has unknown keys {', '.join(unknown)} in placeholders {place}; use {', '.join(_MARK_KEYS)}."
        for key in ("token", "count"):
            if key not in mark:
                yield f"gives no {key} in placeholders {place}; add it."
        for key in ("before", "after"):
            if not _are_texts(mark.get(key, [])):
                yield f"gives {key} in placeholders {place} as {mark[key]!r}; make it a list of expressions."
        parts = [mark["token"], mark["count"], *mark.get("before", []), *mark.get("after", [])]
        for part in parts:
            yield from _dimension_problems(f"placeholders {place}", part)


def _arguments_problems(key: str, arguments: object) -> Iterator[str]:
    if not isinstance(arguments, Mapping):
        yield f"gives {key} as {arguments!r}; make it a table of the configuration's arguments."
        return
    for name, value in arguments.items():
        if not name.isidentifier() or iskeyword(name):
            yield f"gives {name!r} in {key}; write the name of an argument of the configuration."
        if (odd := _unwritable(value)) is not None:
            yield f"gives {name} in {key} as {odd}; use texts, numbers, true, false, lists and tables."


def _dimension_problems(key: str, value: object) -> Iterator[str]:
    """Of a whole number or arithmetic over B, L and config."""
    remedy = f"make it a whole number or arithmetic over {', '.join(_WORDS)}, such as config.image_size."
    if _is_whole(value):
        return
    if not isinstance(value, str):
        yield f"gives {key} as {value!r}; {remedy}"
        return
    try:
        tree = ast.parse(value, mode="eval")
    except (SyntaxError, ValueError) as error:  # ValueError: it holds a null character
        yield f"gives {key} as {value!r}, which is no expression ({error}); {remedy}"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in _WORDS:
            yield f"gives {key} as {value!r}, where nothing is known of {node.id}; {remedy}"
        elif not isinstance(node, _ARITHMETIC) and not _is_length(node):
            yield f"gives {key} as {value!r}, which is more than arithmetic; {remedy}"
    if (odd := _no_number(tree.body)) is not None:
        yield f"gives {key} as {value!r}, where {odd}; {remedy}"


def _no_number(node: ast.expr) -> str | None:
    """Why arithmetic gives no whole number, whatever the configuration; None where it may give one."""
    code = ast.unparse(node)
    match node:
        case ast.Constant(value=value):
            return None if _is_whole(value) else f"{code} is no whole number"
        case ast.Name(id="config"):
            return "config stands without a field"
        case ast.Attribute() | ast.Subscript():
            return None if _is_of_config(node) else f"{code} is no field of config"
        case ast.UnaryOp(op=ast.Not()) | ast.Compare():
            return f"{code} is true or false and no number"
        case ast.UnaryOp(operand=operand):
            return _no_number(operand)
        case ast.IfExp(body=body, orelse=orelse):
            return _no_number(body) or _no_number(orelse)
        case ast.BinOp(op=ast.Div()):
            return f"{code} may be a fraction (// rounds it down)"
        case ast.BinOp(op=ast.Pow(), right=ast.UnaryOp(op=ast.USub())):
            return f"{code} is a fraction"
        case ast.BinOp(op=ast.FloorDiv() | ast.Mod(), right=ast.Constant(value=0)):
            return f"{code} divides by zero"
        case ast.BinOp(op=ast.MatMult()):
            return f"{code} is no product of numbers (* is)"
        case ast.BinOp(left=left, right=right):
            return _no_number(left) or _no_number(right)
        case ast.Call(func=ast.Attribute(value=counted)):
            return None if _is_of_config(counted) else f"{ast.unparse(counted)} is no field of config"
    return None


def _is_of_config(node: ast.expr) -> bool:
    """Whether it is a field of config, however deep, or an element of one."""
    match node:
        case ast.Attribute(value=ast.Name(id=name)):
            return name == "config"
        case ast.Attribute(value=inner) | ast.Subscript(value=inner):
            return _is_of_config(inner)
    return False


def _is_length(node: ast.AST) -> bool:
    """Whether it is a call of __len__(), the one that a dimension may hold."""
    match node:
        case ast.Call(func=ast.Attribute(attr="__len__"), args=[], keywords=[]):
            return True
    return False


def _unwritable(value: object) -> str | None:
    """The part of an argument that cannot stand in a module: a time, or a number that is none."""
    if isinstance(value, Mapping):
        return next((odd for inner in value.values() if (odd := _unwritable(inner)) is not None), None)
    if isinstance(value, list):
        return next((odd for inner in value if (odd := _unwritable(inner)) is not None), None)
    if isinstance(value, date | time) or (isinstance(value, float) and not isfinite(value)):
        return str(value)
    return None


def _texts_in(value: object) -> Iterator[str]:
    """Those in lists, however deep: expressions that stand for numbers."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _texts_in(inner)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and text for text in value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def _is_filled_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0 and _unwritable(value) is None


_VALUES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "constant": (_is_number, "a number"),
    "rows": (_is_filled_list, "a list of what stands for one example"),
    "example": (_is_filled_list, "a list of what stands for one example"),
    "sequence": (_is_filled_list, "a list of what stands for one example"),
    "kinds": (lambda value: isinstance(value, str), "the expression of a token, such as config.image_token_id"),
    "patches": (_is_whole, "the number of columns"),
    "literal": (
        lambda value: value is not None and _unwritable(value) is None,
        "what the model is given: a text, number, true, false, list or table",
    ),
}

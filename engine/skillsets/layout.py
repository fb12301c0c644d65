"""Lays expressions out over lines as ruff's formatter does, so that generated modules need no formatter."""

from __future__ import annotations

import ast
import re

from engine.skillsets.literal import python_literal

LINE = 120
_POWER = re.compile(r"(?<![\w.\])])([A-Za-z_][\w.]*|\d+) \*\* (\d+)\b")


def laid_out(source: str, *, indent: int, before: int = 0, after: int = 0) -> str:
    """`source`, an expression, as it stands after `before` characters of a line that is indented by `indent`.

    `after` characters follow it on its last line. Raises SyntaxError for what is no expression.
    """
    return _laid_out(ast.parse(source, mode="eval").body, indent, indent + before, after)


def flat(source: str) -> str:
    """`source` on one line."""
    return _flat(ast.parse(source, mode="eval").body)


def _laid_out(node: ast.expr, indent: int, column: int, after: int) -> str:
    line = _flat(node)
    parts = _parts(node)
    if column + len(line) + after <= LINE:
        return line
    if parts is None:
        if isinstance(node, ast.BinOp) and isinstance(node.left, ast.List):
            return f"{_laid_out(node.left, indent, column, 0)}\n{' ' * indent}* {_flat(node.right)}"
        factors = _factors(node)
        if len(factors) == 1 or column == indent:
            return line
        margin = " " * (indent + 4)
        if len(margin) + len(line) <= LINE:
            return f"(\n{margin}{line}\n{' ' * indent})"
        return f"(\n{margin}" + f"\n{margin}* ".join(map(_flat, factors)) + f"\n{' ' * indent})"
    opening, children, closing = parts
    if not children:
        return line
    inner = indent + 4
    together = ", ".join(head + _flat(child) for head, child in children)
    if isinstance(node, ast.Call) and inner + len(together) <= LINE:
        return f"{opening}\n{' ' * inner}{together}\n{' ' * indent}{closing}"
    lines = [" " * inner + head + _laid_out(child, inner, inner + len(head), 1) + "," for head, child in children]
    return f"{opening}\n" + "\n".join(lines) + f"\n{' ' * indent}{closing}"


def _factors(node: ast.expr) -> list[ast.expr]:
    """What a product is made of, in order; the expression alone where it is none."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), node.right]
    return [node]


def _parts(node: ast.expr) -> tuple[str, list[tuple[str, ast.expr]], str] | None:
    """What a bracketed expression opens with, its elements with what stands before each, and what closes it."""
    match node:
        case ast.Call():
            arguments = [("", argument) for argument in node.args]
            arguments += [(f"{keyword.arg}=" if keyword.arg else "**", keyword.value) for keyword in node.keywords]
            return f"{_flat(node.func)}(", arguments, ")"
        case ast.Dict():
            keys = [
                (f"{_flat(key)}: " if key is not None else "**", value)
                for key, value in zip(node.keys, node.values, strict=True)
            ]
            return "{", keys, "}"
        case ast.List():
            return "[", [("", item) for item in node.elts], "]"
        case ast.Tuple():
            return "(", [("", item) for item in node.elts], ")"
    return None


def _flat(node: ast.expr) -> str:
    parts = _parts(node)
    if parts is not None:
        opening, children, closing = parts
        inner = ", ".join(head + _flat(child) for head, child in children)
        if isinstance(node, ast.Tuple) and len(children) == 1:
            inner += ","
        return f"{opening}{inner}{closing}"
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return python_literal(node.value)
    if isinstance(node, ast.IfExp):
        return f"{_flat(node.body)} if {_flat(node.test)} else {_flat(node.orelse)}"
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
        return f"{_flat(node.left)} == {_flat(node.comparators[0])}"
    if isinstance(node, ast.BinOp) and _parts(node.left) is not None:
        return f"{_flat(node.left)} {_OPERATORS[type(node.op)]} {_flat(node.right)}"
    text = _POWER.sub(r"\1**\2", ast.unparse(node))
    return text if '"' in text else text.replace("'", '"')


_OPERATORS: dict[type[ast.operator], str] = {ast.Mult: "*", ast.Add: "+", ast.Sub: "-", ast.FloorDiv: "//"}

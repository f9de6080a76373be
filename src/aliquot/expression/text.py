"""How operands read in messages: short, and recognisable to the person who wrote them.

Brackets are where Python's rules of precedence need them, and nowhere else.
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

_ATOM, _UNARY = 10, 7
# How strongly each operation binds, what Python's grammar calls it, and NumPy.
_OPERATIONS: dict[str, tuple[int, type[ast.operator] | None, str]] = {
    "<": (0, None, "less"),
    "<=": (0, None, "less_equal"),
    ">": (0, None, "greater"),
    ">=": (0, None, "greater_equal"),
    "==": (0, None, "equal"),
    "!=": (0, None, "not_equal"),
    "|": (1, ast.BitOr, "bitwise_or"),
    "^": (2, ast.BitXor, ""),
    "&": (3, ast.BitAnd, "bitwise_and"),
    "+": (5, ast.Add, "add"),
    "-": (5, ast.Sub, "subtract"),
    "*": (6, ast.Mult, "multiply"),
    "/": (6, ast.Div, "divide true_divide"),
    "//": (6, ast.FloorDiv, "floor_divide"),
    "%": (6, ast.Mod, "remainder"),
    "@": (6, ast.MatMult, "matmul"),
    "**": (8, ast.Pow, "power"),
}
_STRENGTH = {operator: binds for binds, operator, _ in _OPERATIONS.values()}
SYMBOLS = {name: each for each, row in _OPERATIONS.items() for name in row[2].split()}
"""The symbol of each of NumPy's functions that is written as an operation."""


def strength(text: str) -> int:
    """Say how strongly a text's outermost operation binds; 0 where it cannot be read.

    >>> strength("mu") > strength("2 * mu") > strength("mu + 1") > strength("mu < 1")
    True
    """
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return 0
    match node:
        case ast.BinOp(op=op):
            return _STRENGTH.get(type(op), 0)
        case ast.UnaryOp():
            return _UNARY
        case ast.Compare() | ast.BoolOp() | ast.IfExp() | ast.Lambda():
            return 0
    return _ATOM


def binary(symbol: str, left: str, right: str) -> str:
    """Write a binary operation on two texts.

    >>> binary("+", "mu", "tau * x"), binary("*", "mu + 1", "x"), binary("-", "a", "b - c")
    ('mu + tau * x', '(mu + 1) * x', 'a - (b - c)')
    """
    own = _OPERATIONS[symbol][0] if symbol in _OPERATIONS else 0
    sides = strength(left), strength(right)
    # Sums and products can be read from either end; a power binds its right side first.
    same = own > 0 and symbol != "**", own > 0 and symbol in "+*"
    left, right = (
        text if side > own or (either and side == own) else f"({text})"
        for text, side, either in zip((left, right), sides, same, strict=True)
    )
    return f"{left} {symbol} {right}"


def unary(symbol: str, operand: str) -> str:
    """Write a unary operation on a text.

    >>> unary("-", "x"), unary("-", "x + 1"), unary("-", "x ** 2")
    ('-x', '-(x + 1)', '-x ** 2')
    """
    return f"{symbol}{operand}" if strength(operand) >= _UNARY else f"{symbol}({operand})"


def primary(text: str) -> str:
    """Write a text so that an index or a method can follow it.

    >>> primary("x"), primary("x[0]"), primary("x + 1")
    ('x', 'x[0]', '(x + 1)')
    """
    return text if strength(text) >= _ATOM else f"({text})"


LONGEST = 72


def shorten(text: str) -> str:
    """Cut a long text in its middle."""
    if len(text) <= LONGEST:
        return text
    half = (LONGEST - 3) // 2
    return f"{text[:half]}...{text[-half:]}"


def label(operand: Any) -> str:
    """Name an operand: an expression by its text, an array by its shape, a number as it is."""
    text = getattr(operand, "text", None)
    if isinstance(text, str):
        return text
    if isinstance(operand, type):
        return operand.__name__
    if isinstance(operand, slice):
        parts = [operand.start, operand.stop]
        if operand.step is not None:
            parts.append(operand.step)
        return ":".join("" if part is None else label(part) for part in parts)
    if operand is Ellipsis:
        return "..."
    if isinstance(operand, tuple | list) and (len(operand) <= 8 or _holds_text(operand)):
        shown = list(operand) if len(operand) <= 8 else [*operand[:3], Ellipsis, operand[-1]]
        inside = ", ".join(label(item) for item in shown)
        return f"[{inside}]" if isinstance(operand, list) else f"({inside})"
    if np.ndim(operand) == 0:
        return format(operand, "g") if isinstance(operand, float) else str(operand)
    return f"array{list(np.shape(operand))}"


def _holds_text(operand: Any) -> bool:
    """Say whether there is an expression in a list, which is then no array of numbers."""
    if isinstance(operand, tuple | list):
        return any(_holds_text(item) for item in operand)
    return isinstance(getattr(operand, "text", None), str)


def shape_of(operand: Any) -> str:
    """Say an operand's name and shape: ``means has shape (2,)``."""
    return f"{label(operand)} has shape {tuple(np.shape(operand))}"


def call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Write a call as the user would: ``exp(x)``."""
    parts = [label(arg) for arg in args]
    parts += [f"{key}={label(value)}" for key, value in kwargs.items()]
    return f"{name}({', '.join(parts)})"


def infix(symbol: str, left: Any, right: Any) -> str:
    """Write a binary operation as the user would: ``x + y``."""
    return binary(symbol, label(left), label(right))

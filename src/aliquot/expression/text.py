"""How operands read in messages: short, and recognisable to the person who wrote them.

Brackets are where Python's rules of precedence need them, and nowhere else.
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

ATOM = 10
_UNARY = 7
_POWER = 8
_BINARY: dict[str, int] = {
    "|": 1,
    "^": 2,
    "&": 3,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "//": 6,
    "%": 6,
    "@": 6,
    "**": _POWER,
}
_NODES: dict[type[ast.operator], str] = {
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.BitAnd: "&",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.MatMult: "@",
    ast.Pow: "**",
}


def strength(text: str) -> int:
    """Say how strongly a text's outermost operation binds; 0 where it cannot be read.

    Examples
    --------
    >>> strength("mu") > strength("2 * mu") > strength("mu + 1") > strength("mu < 1")
    True
    """
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return 0
    match node:
        case ast.BinOp(op=op):
            return _BINARY.get(_NODES.get(type(op), ""), 0)
        case ast.UnaryOp():
            return _UNARY
        case ast.Compare() | ast.BoolOp() | ast.IfExp() | ast.Lambda():
            return 0
    return ATOM


def binary(symbol: str, left: str, right: str) -> str:
    """Write a binary operation on two texts.

    Examples
    --------
    >>> binary("+", "mu", "tau * x"), binary("*", "mu + 1", "x"), binary("-", "a", "b - c")
    ('mu + tau * x', '(mu + 1) * x', 'a - (b - c)')
    """
    own = _BINARY.get(symbol, 0)
    comparison = symbol not in _BINARY
    # Sums and products can be read from either end; a power binds its right side first.
    left_bound = strength(left) > own or (strength(left) == own and symbol != "**")
    right_bound = strength(right) > own or (strength(right) == own and symbol in "+*")
    if comparison:
        left_bound, right_bound = strength(left) > 0, strength(right) > 0
    return (
        f"{left if left_bound else f'({left})'} {symbol} {right if right_bound else f'({right})'}"
    )


def unary(symbol: str, operand: str) -> str:
    """Write a unary operation on a text.

    Examples
    --------
    >>> unary("-", "x"), unary("-", "x + 1"), unary("-", "x ** 2")
    ('-x', '-(x + 1)', '-x ** 2')
    """
    return f"{symbol}{operand}" if strength(operand) >= _UNARY else f"{symbol}({operand})"


def primary(text: str) -> str:
    """Write a text so that an index or a method can follow it.

    Examples
    --------
    >>> primary("x"), primary("x[0]"), primary("x + 1")
    ('x', 'x[0]', '(x + 1)')
    """
    return text if strength(text) >= ATOM else f"({text})"


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

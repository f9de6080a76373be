"""Brackets where Python's rules of precedence need them, and nowhere else."""

from __future__ import annotations

import ast

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

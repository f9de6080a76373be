"""How operands read in messages: short, and recognisable to the person who wrote them."""

from __future__ import annotations

from typing import Any

import numpy as np

from aliquot.expression.precedence import binary

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

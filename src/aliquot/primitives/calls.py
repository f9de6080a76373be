"""What an equation runs that is a jaxpr itself: a call, the one possible branch of a choice."""

from __future__ import annotations

from typing import Any

from aliquot.primitives.internals import ClosedJaxpr, closed
from aliquot.primitives.table import Kind, primitive

_PARAMETERS = ("jaxpr", "call_jaxpr", "fun_jaxpr")


def _program(equation: Any) -> ClosedJaxpr | None:
    for name in _PARAMETERS:
        if name in equation.params:
            return closed(equation.params[name])
    return None


def called(equation: Any) -> ClosedJaxpr | None:
    """Give the jaxpr that an equation only calls; None for any other equation."""
    return _program(equation) if primitive(equation).kind is Kind.CALL else None


def with_derivative(equation: Any) -> ClosedJaxpr | None:
    """Give what a function with a derivative of its own computes; None for any other equation.

    It may stand in the equation's place where no derivative is wanted any more.
    """
    return _program(equation) if primitive(equation).kind is Kind.DERIVATIVE else None


def only_branch(equation: Any) -> ClosedJaxpr | None:
    """Return the one branch that can be taken, where the platform decides between branches.

    `np.diagonal`, for one, has a branch for Pallas kernels, which is never taken by a program.
    """
    platforms = equation.params.get("branches_platforms")
    if equation.primitive.name != "cond" or platforms is None:
        return None
    branches = zip(equation.params["branches"], platforms, strict=True)
    possible = [branch for branch, names in branches if names is None or set(names) != {"mosaic"}]
    return closed(possible[0]) if len(possible) == 1 else None

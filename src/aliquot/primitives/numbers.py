"""Working out an equation from known numbers: NumPy where it has the same operation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aliquot.primitives.internals import run
from aliquot.primitives.table import Kind, primitive


def fold(equation: Any, operands: tuple[NDArray[Any], ...]) -> NDArray[Any] | None:
    """Compute an elementwise operation on arrays that broadcast together.

    Gives None where NumPy has no such operation, or makes something else of these operands.
    """
    about = primitive(equation)
    dtype = equation.outvars[0].aval.dtype
    if about.kind is not Kind.ELEMENTWISE or about.numpy is None:
        return None
    if np.dtype(dtype).kind not in "biuf":
        return None
    with np.errstate(all="ignore"):
        result = about.numpy(equation.params, *operands)
    return None if result is None else np.asarray(result, dtype)


def evaluate(equation: Any, *operands: Any, exactly: bool = True) -> list[NDArray[Any]]:
    """Compute the results of any equation, and `exactly` to the last digit as its program does.

    The operands have the shapes that the equation states.
    """
    given = [
        np.asarray(value, atom.aval.dtype)
        for value, atom in zip(operands, equation.invars, strict=True)
    ]
    about = primitive(equation)
    if about.numpy is None or (exactly and about.rounds):
        return run(equation, given)
    with np.errstate(all="ignore"):
        if about.kind is Kind.REDUCES:
            result = about.numpy(*given, axis=tuple(equation.params["axes"]))
        else:
            result = about.numpy(equation.params, *given)
    if result is None:
        return run(equation, given)
    (var,) = equation.outvars
    return [np.asarray(result).astype(var.aval.dtype, copy=False)]

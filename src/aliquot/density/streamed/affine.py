"""What is computed of totals over rows, as far as it is linear in them.

A log density is a sum of totals, each times what does not depend on rows, and of what has no rows.
So what some rows contribute to it is the same expression of their own totals, without the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.primitives import name_of
from aliquot.primitives.internals import bind

# Those that are linear in their first operand, or in all of them together.
_MOVED = {
    "add_any",
    "broadcast_in_dim",
    "concatenate",
    "copy",
    "copy_p",
    "dynamic_slice",
    "neg",
    "pad",
    "reduce_sum",
    "reshape",
    "slice",
    "squeeze",
    "stack",
    "sub",
    "add",
    "transpose",
}


def is_linear(equation: Any, totals: Sequence[bool]) -> bool:
    """Say whether a result is linear in those operands that are totals, but for what is added."""
    name = name_of(equation)
    if name == "convert_element_type":
        return np.issubdtype(equation.params["new_dtype"], np.floating)
    if name in ("mul", "dot_general"):
        return sum(totals) == 1
    if name == "div":
        return list(totals) == [True, False]
    if name == "select_n":
        return not totals[0]
    if name in ("dynamic_slice", "pad"):
        return totals[0] and not any(totals[1:])
    return name in _MOVED


def linear_part(equation: Any, operands: Sequence[Any], totals: Sequence[bool]) -> list[Any]:
    """Compute of a linear equation what its totals give, inside a traced function.

    `operands` are their values; of those that are no totals only what multiplies counts.
    """
    name = name_of(equation)
    if name in ("add", "sub", "add_any", "concatenate", "stack", "pad"):
        kept = [
            value if is_total else jnp.zeros_like(value)
            for value, is_total in zip(operands, totals, strict=True)
        ]
        return bind(equation, kept)
    if name == "select_n":
        which, *cases = operands
        kept = [
            case if is_total else jnp.zeros_like(case)
            for case, is_total in zip(cases, totals[1:], strict=True)
        ]
        return [lax.select_n(which, *kept)]
    return bind(equation, operands)

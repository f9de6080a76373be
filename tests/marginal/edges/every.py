"""All calls there are."""

from __future__ import annotations

from tests.marginal.edges import (  # noqa: F401  (each registers the calls that it makes)
    calls_elementwise,
    calls_indexing,
    calls_movement,
    calls_programs,
    calls_reduction,
)
from tests.marginal.edges.call import MAKERS, Call, calls

# Rules of which the parameters decide, and how much more often they are drawn.
OFTEN = dict.fromkeys(["add", "mul", "round", "scan", "sub"], 2)
OFTEN |= dict.fromkeys(["cummax", "cumprod", "cumsum", "reduce_and", "reduce_or"], 2)
OFTEN |= dict.fromkeys(
    ["fft", "iota", "reduce", "squeeze", "top_k", "triangular_solve", "unstack"], 2
)
OFTEN |= dict.fromkeys(
    ["broadcast_in_dim", "concatenate", "reduce_sum", "rev", "split", "stack", "tile"], 3
)
OFTEN |= dict.fromkeys(["scatter-max", "scatter-min", "scatter-mul", "scatter-sub"], 4)
OFTEN |= dict.fromkeys(["clamp", "cond", "integer_pow", "pad", "reshape", "slice", "sort"], 4)
OFTEN |= dict.fromkeys(["conv_general_dilated", "select_n", "transpose"], 6)
OFTEN |= dict.fromkeys(["convert_element_type", "div", "dot_general", "rem", "scatter-add"], 8)
OFTEN |= dict.fromkeys(["dynamic_slice", "dynamic_update_slice"], 9)
OFTEN |= dict.fromkeys(["gather", "scatter"], 16)


def every(count: int, *, start: int = 0, sums: bool = False) -> list[Call]:
    """Draw calls of all primitives, of those with many parameters more."""
    found = []
    for rule in sorted(MAKERS):
        times = count * OFTEN.get(rule, 1)
        found += calls(rule, times, start=start * OFTEN.get(rule, 1), sums=sums)
    return found

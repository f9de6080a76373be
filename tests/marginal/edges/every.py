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
OFTEN = {
    "clamp": 2,
    "concatenate": 2,
    "conv_general_dilated": 3,
    "convert_element_type": 3,
    "div": 3,
    "dot_general": 3,
    "dynamic_slice": 4,
    "dynamic_update_slice": 4,
    "gather": 8,
    "pad": 3,
    "rem": 2,
    "reshape": 2,
    "scatter": 4,
    "scatter-add": 4,
    "select_n": 3,
}


def every(count: int, *, start: int = 0, sums: bool = False) -> list[Call]:
    """Draw calls of all primitives, of those with many parameters more."""
    found = []
    for rule in sorted(MAKERS):
        times = count * OFTEN.get(rule, 1)
        found += calls(rule, times, start=start * OFTEN.get(rule, 1), sums=sums)
    return found

"""What cannot be summed out: which variable, why, how large it would be, and what would work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from aliquot.errors import ModelError

if TYPE_CHECKING:
    from aliquot.marginal.dependence import Mixed
    from aliquot.marginal.unknowns import Unknown


def joined(names: Iterable[str]) -> str:
    """Write names as a list in quotes: 'a', 'b' and 'c'."""
    quoted = [repr(name) for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def number(count: float) -> str:
    """Write a number of entries so that it can be read: 1,200 or 1.3e+30."""
    return f"{int(count):,}" if count < 1e12 else f"{count:.1e}"


def mixed(term: str, dependence: Mixed, unknowns: Sequence[Unknown]) -> ModelError:
    """Say that a term depends on too many elements to list."""
    involved = [unknowns[variable] for variable in sorted(dependence.variables)]
    exponent = sum(u.hidden * _digits(u.states) for u in involved)
    return ModelError(
        f"{joined(u.name for u in involved)} cannot be summed out: in {term!r}, single values "
        f"depend on all of its elements at once ({dependence.reason}), so a table over their joint "
        f"states would have about 1e{exponent:.0f} entries. What can be summed out: rows that each "
        "depend on few elements (z[i], z[group], neighbours), elementwise operations, indexing by "
        "known indices, and sums of those in a Potential"
    )


def too_large(
    names: Iterable[str], entries: float, largest: int, reason: str, term: str | None = None
) -> ModelError:
    """Say that a table would be past the model's limit."""
    where = "" if term is None else f" of {term!r}"
    return ModelError(
        f"{joined(names)} cannot be summed out: {reason}, so a table{where} would have "
        f"{number(entries)} entries; the limit is {number(largest)}. Have fewer unknowns act "
        "together, give them fewer states (upper=), or raise the limit with "
        "aq.Model(max_table=...)"
    )


def transform_depends(name: str, others: Iterable[str]) -> ModelError:
    """Say that a continuous variable's range depends on a discrete one."""
    return ModelError(
        f"{name!r}: the range of its values depends on {joined(others)}, which would be summed "
        "out; but a continuous variable needs one range. Give it the widest range, and take "
        "impossible values out with a Potential of -inf"
    )


def _digits(states: int) -> float:
    from math import log10

    return log10(max(states, 1))

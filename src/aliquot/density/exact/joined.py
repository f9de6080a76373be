"""What is known of an array whose elements come from several others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.density.exact.known import Constant, Fact, Known, Later, Side, conclude, same

Combine = Callable[[Sequence[Any]], Any]


def joined(facts: Sequence[Fact], shapes: Sequence[Any], combine: Combine) -> Known | None:
    """Say what is known of elements that come from arrays of which all is known.

    Numbers among them may be on a bound, as the zeros in a row of probabilities. There is one fact
    and one shape for each array; `combine` puts arrays together as the values were.
    """
    sources = [fact for fact in facts if isinstance(fact, Known)]
    if not sources or not all(source.smooth for source in sources):
        return None
    if not all(isinstance(fact, Known | Constant) for fact in facts):
        return None

    def side(name: str, sign: int) -> Side | None:
        certain = True
        first = getattr(sources[0], name)
        if first is None or not isinstance(first.bound, float):
            return None
        bound = first.bound
        parts: list[tuple[Any, Any]] = []
        for fact, shape in zip(facts, shapes, strict=True):
            if isinstance(fact, Known):
                own = getattr(fact, name)
                if own is None or not same(own.bound, bound):
                    return None
                parts.append((own.size, own.log))
                certain = certain and own.certain
                continue
            assert isinstance(fact, Constant)
            apart = sign * (np.asarray(fact.value, np.float64) - bound)
            if not np.all(apart >= 0) or not np.all(np.isfinite(apart)):
                return None
            certain = certain and bool(np.all(apart > 0))
            with np.errstate(divide="ignore"):
                parts.append((_filled(apart, shape), _filled(np.log(apart), shape)))
        return Side(
            bound,
            Later(lambda: combine([size() for size, _ in parts])),
            Later(lambda: combine([log() for _, log in parts])),
            certain,
        )

    return conclude(side("lower", 1), side("upper", -1), *sources)


def chosen(fact: Known, value: Any, combine: Combine) -> Known | None:
    """Say what is known where elements of which all is known stand among others.

    `value` is an array with the others. `combine` puts the two together as the values were, what is
    known first.
    """
    if not fact.certain or not fact.smooth:
        return None

    def side(old: Side | None, sign: int) -> Side | None:
        if old is None:
            return None
        apart = Later(lambda: sign * (value - old.bound))
        # The logarithm sees a harmless number in the place of what is not there.
        others = Later(lambda: combine([jnp.ones_like(old.size()), apart()]))
        log = Later(lambda: combine([old.log(), jnp.log(others())]))
        return Side(old.bound, Later(lambda: combine([old.size(), apart()])), log, certain=False)

    return conclude(side(fact.lower, 1), side(fact.upper, -1), fact, smooth=False)


def _filled(value: np.ndarray, shape: tuple[int, ...]) -> Later:
    return Later(lambda: jnp.broadcast_to(value, shape))

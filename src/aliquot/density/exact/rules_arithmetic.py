"""What arithmetic makes of what is known of its operands."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.density.exact.known import (
    Constant,
    Known,
    Later,
    Side,
    affine,
    conclude,
    distance,
    is_number,
    log_rest,
    power,
    product,
    quotient,
    same_throughout,
    square,
)
from aliquot.density.exact.site import Result, Rule, Site, number
from aliquot.transforms import logodds

# The least log odds' size is finite, so that no logarithm is infinite.
_FAR = 1e300


def _exp(site: Site) -> Result:
    """Say what is known of the exponential of a negative number: a probability."""
    fact = site.facts[0]
    if not isinstance(fact, Known) or fact.upper is None or not fact.upper.certain:
        return None
    if not is_number(fact.upper.bound, 0.0):
        return None
    value, near = site.bind(*site.values)[0], fact.upper
    lower = Side(0.0, Later(lambda: value), Later(lambda: site.values[0]))
    upper = Side(
        1.0,
        Later(lambda: -jnp.expm1(site.values[0])),
        Later(lambda: log_rest(site.values[0], near.log())),
    )
    return value, conclude(lower, upper, fact)


def _log(bound: float, site: Site, at: int = 0) -> Any:
    """Give the logarithm of an operand's distance from a lower bound, if it is known."""
    fact = site.facts[at]
    if isinstance(fact, Known) and fact.lower is not None and is_number(fact.lower.bound, bound):
        return fact.lower.log()
    return None


def _log_rule(bound: float, unit: float = 1.0) -> Rule:
    def rule(site: Site) -> Result:
        value = _log(bound, site)
        return None if value is None else (value / unit if unit != 1.0 else value, None)

    return rule


def times_log(site: Site, bound: float) -> Any:
    """Compute ``a * log(b)``, and 0 where a is 0, as `xlogy` does, from what is known of b."""
    fact, factor = site.facts[1], site.values[0]
    value = _log(bound, site, 1)
    if value is None or not isinstance(fact, Known):
        return None
    assert fact.lower is not None
    return factor * value if fact.lower.certain else jnp.where(factor == 0, 0.0, factor * value)


def _neg(site: Site) -> Result:
    return _affine(site, 0, -1.0, 0.0)


def _affine(site: Site, at: int, factor: float, shift: float) -> Result:
    fact = site.facts[at]
    if not isinstance(fact, Known):
        return None
    result = affine(fact, factor, shift)
    if result is None:
        return None
    # A distance from a bound is not computed from the rounded value.
    if shift != 0.0 and result.lower is not None and is_number(result.lower.bound, 0.0):
        return result.lower.size(), result
    if shift != 0.0 and result.upper is not None and is_number(result.upper.bound, 0.0):
        return -result.upper.size(), result
    return site.bind(*site.values)[0], result


def _folded(rule: Rule, operation: Callable[[float, float], float]) -> Rule:
    """Compute what is made of two numbers, as a bound may be, when the trace is gone over."""

    def folded(site: Site) -> Result:
        numbers = [number(fact) for fact in site.facts]
        if None in numbers or site.equation.outvars[0].aval.dtype != float:
            return rule(site)
        return site.bind(*site.values)[0], Constant(operation(*numbers))  # type: ignore[arg-type]

    return folded


def _sub(site: Site) -> Result:
    for at, sign, other in ((0, 1.0, 1), (1, -1.0, 0)):
        fact, constant = site.facts[at], number(site.facts[other])
        if not isinstance(fact, Known):
            continue
        if constant is not None:
            return _affine(site, at, sign, -constant if at == 0 else constant)
        # x - a above its lower bound a; b - x below its upper bound b.
        near, far = (fact.lower, fact.upper) if at == 0 else (fact.upper, fact.lower)
        if near is not None and same_throughout(near.bound, site.values[other], site.facts[other]):
            return near.size(), distance(fact, near, far)
    return None


def _add(site: Site) -> Result:
    for at in (0, 1):
        constant = number(site.facts[1 - at])
        if constant is not None:
            return _affine(site, at, 1.0, constant)
    return None


def _mul(site: Site) -> Result:
    for at in (0, 1):
        constant = number(site.facts[1 - at])
        if constant is not None:
            return _affine(site, at, constant, 0.0)
    a, b = site.facts
    if not isinstance(a, Known) or not isinstance(b, Known) or _shrinks(site):
        return None
    value = site.bind(*site.values)[0]
    if site.values[0] is site.values[1] and not a.positive:
        return value, square(a)
    return value, product(a, b, value)


def _div(site: Site) -> Result:
    a, b = site.facts
    constant = number(b)
    if isinstance(a, Known) and constant is not None and constant != 0.0:
        if not np.isfinite(constant):
            return None
        result = _divided(a, constant)
        return None if result is None else (site.bind(*site.values)[0], result)
    top = number(a)
    if top is not None and top > 0 and isinstance(b, Known) and b.positive:
        assert b.lower is not None
        value, low = site.bind(*site.values)[0], b.lower
        log = Later(lambda: np.log(top) - low.log())
        return value, conclude(Side(0.0, Later(lambda: value), log), None, b)
    if isinstance(a, Known) and isinstance(b, Known) and not _shrinks(site):
        value = site.bind(*site.values)[0]
        return value, quotient(a, b, value)
    return None


def _divided(fact: Known, constant: float) -> Known | None:
    """Divide bounds, too: what a width is divided by is often the width itself."""
    sides = []
    for side in (fact.lower, fact.upper):
        fits = side is not None and isinstance(side.bound, float)
        sides.append(side.times(1.0 / abs(constant), side.bound / constant) if fits else None)  # type: ignore[union-attr]
    low, up = sides if constant > 0 else sides[::-1]
    return conclude(low, up, fact)


def _shrinks(site: Site) -> bool:
    """Say whether operands differ in shape, which JAX's own operations never do."""
    return any(np.shape(value) != site.shape for value in site.values)


def _integer_pow(site: Site) -> Result:
    return _power(site, float(site.equation.params["y"]), keep=True)


def _square(site: Site) -> Result:
    return _power(site, 2.0, keep=True)


def _sqrt(site: Site) -> Result:
    return _power(site, 0.5, keep=True)


def _rsqrt(site: Site) -> Result:
    return _power(site, -0.5, keep=True)


def _pow(site: Site) -> Result:
    exponent = number(site.facts[1])
    return _power(site, site.values[1] if exponent is None else exponent, keep=False)


def _power(site: Site, exponent: Any, *, keep: bool) -> Result:
    fact = site.facts[0]
    if not isinstance(fact, Known):
        return None
    if not fact.positive:
        result = square(fact) if isinstance(exponent, float) and exponent == 2.0 else None
        return None if result is None else (site.bind(*site.values)[0], result)
    assert fact.lower is not None
    if keep:
        value = site.bind(*site.values)[0]
    else:
        value = jnp.broadcast_to(jnp.exp(exponent * fact.lower.log()), site.shape)
    above_zero = isinstance(exponent, float) and exponent > 0
    return value, power(fact, exponent, value, above_zero=above_zero)


def _logistic(site: Site) -> Result:
    coordinates = Later(lambda: jnp.clip(site.values[0], -_FAR, _FAR))
    found = Later(lambda: logodds.distances(coordinates()))
    lower = Side(0.0, Later(lambda: found().lower.size), Later(lambda: found().lower.log))
    upper = Side(1.0, Later(lambda: found().upper.size), Later(lambda: found().upper.log))
    return site.bind(*site.values)[0], Known(lower, upper, source=(coordinates, logodds))


def _over_axes(total: Callable[[Site, Any], Any]) -> Rule:
    """Make the rule of a product along axes, whose logarithm is a sum along them."""

    def rule(site: Site) -> Result:
        fact = site.facts[0]
        if not isinstance(fact, Known) or not fact.positive:
            return None
        assert fact.lower is not None
        value, low = site.bind(*site.values)[0], fact.lower
        log = Later(lambda: total(site, low.log()))
        return value, conclude(Side(0.0, Later(lambda: value), log), None, fact)

    return rule


def _summed(site: Site, logs: Any) -> Any:
    return jnp.sum(logs, axis=site.equation.params["axes"])


def _accumulated(site: Site, logs: Any) -> Any:
    params = site.equation.params
    return jax.lax.cumsum(logs, axis=params["axis"], reverse=params["reverse"])


RULES: dict[str, Rule] = {
    "exp": _exp,
    "log": _log_rule(0.0),
    "log2": _log_rule(0.0, np.log(2.0)),
    "log1p": _log_rule(-1.0),
    "neg": _neg,
    "sub": _folded(_sub, operator.sub),
    "add": _folded(_add, operator.add),
    "mul": _folded(_mul, operator.mul),
    "div": _div,
    "integer_pow": _integer_pow,
    "square": _square,
    "sqrt": _sqrt,
    "rsqrt": _rsqrt,
    "pow": _pow,
    "logistic": _logistic,
    "reduce_prod": _over_axes(_summed),
    "cumprod": _over_axes(_accumulated),
}

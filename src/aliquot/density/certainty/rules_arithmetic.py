"""What arithmetic makes of what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from aliquot.density.certainty.fact import NONNEGATIVE, POSITIVE, STRUCTURES, Fact
from aliquot.density.certainty.trace import Trace, rule
from aliquot.distributions.constraints import ProbabilityVector


@rule("exp", "exp2")
def _exponential(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    trace.exponent_of[out.number] = ins[0].number
    sums = {
        (STRUCTURES[ProbabilityVector], axes) for kind, axes in ins[0].structures if kind == "log"
    }
    return replace(out, sign=POSITIVE, unit=bool(sums), structures=frozenset(sums))


@rule("log")
def _logarithm(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    def of_log(total: tuple[str, int, int] | None) -> tuple[str, int, int] | None:
        if total is None or total[0] != "sum" or total[1] not in trace.exponent_of:
            return None
        return "log", trace.exponent_of[total[1]], total[2]

    return replace(out, total=of_log(ins[0].total), squeezed=of_log(ins[0].squeezed))


@rule("reduce_sum")
def _summed(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x, axes = ins[0], tuple(params["axes"])
    squeezed = ("sum", x.number, axes[0]) if len(axes) == 1 else None
    return replace(out, sign=x.sign, squeezed=squeezed)


@rule("reduce_max", "reduce_min", "cummax", "cummin")
def _extreme(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=ins[0].sign, unit=ins[0].unit)


@rule("reduce_prod", "cumprod")
def _product(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=ins[0].sign, unit=ins[0].unit and ins[0].sign > 0)


@rule("cumsum", "sqrt", "abs", "rsqrt")
def _keeps_sign(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=ins[0].sign)


@rule("square")
def _squared(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=max(ins[0].sign, NONNEGATIVE))


@rule("integer_pow")
def _power(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    even = params["y"] % 2 == 0
    return replace(out, sign=max(ins[0].sign, NONNEGATIVE) if even else ins[0].sign)


@rule("pow")
def _real_power(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=ins[0].sign)


@rule("logistic")
def _logistic(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=POSITIVE, unit=True)


@rule("clamp")
def _clamped(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(out, sign=ins[0].sign, unit=ins[2].unit)


@rule("max")
def _larger(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    unit = all(fact.unit for fact in ins)
    return replace(out, sign=max(fact.sign for fact in ins), unit=unit)


@rule("min")
def _smaller(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    unit = any(fact.unit for fact in ins)
    return replace(out, sign=min(fact.sign for fact in ins), unit=unit)


@rule("mul")
def _times(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    sign = min(fact.sign for fact in ins)
    if ins[0].number == ins[1].number:
        sign = max(sign, NONNEGATIVE)
    return replace(out, sign=sign, unit=sign > 0 and all(fact.unit for fact in ins))


@rule("add")
def _plus(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    signs = [fact.sign for fact in ins]
    return replace(out, sign=max(signs) if min(signs) else 0)


@rule("sub")
def _minus(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x, y = ins
    if y.total is not None and y.total[:2] == ("log", x.number):
        return replace(out, structures=frozenset({("log", (y.total[2],))}))
    if x.known is not None and np.all(x.known == 1) and out.shape == y.shape:
        trace.one_minus[out.number] = y.base
        return replace(out, sign=NONNEGATIVE if y.unit else 0, unit=y.sign > 0)
    return out


@rule("div")
def _over(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x, y = ins
    result = replace(out, sign=min(x.sign, y.sign))
    total = y.squeezed if y.shape == () and len(x.shape) == 1 else y.total
    if not x.sign or total is None or total[:2] != ("sum", x.number):
        return result
    sums = frozenset({(STRUCTURES[ProbabilityVector], (total[2],))})
    return replace(result, unit=True, structures=sums)


@rule("dot_general")
def _contracted(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    """See that probabilities times rows of probabilities are probabilities."""
    (contracting, batch) = params["dimension_numbers"]
    result = replace(out, sign=min(fact.sign for fact in ins) and NONNEGATIVE)
    free = [
        [a for a in range(len(fact.shape)) if a not in contracting[i] and a not in batch[i]]
        for i, fact in enumerate(ins)
    ]
    places = len(batch[0]) + np.arange(len(free[0]) + len(free[1]))
    found = set()
    for i, weights in enumerate(ins):
        along = [(STRUCTURES[ProbabilityVector], (a,)) for a in contracting[i]]
        if len(along) != 1 or along[0] not in weights.structures:
            continue
        first = len(free[0]) if i == 0 else 0
        for j, axis in enumerate(free[1 - i]):
            if (STRUCTURES[ProbabilityVector], (axis,)) in ins[1 - i].structures:
                found.add((STRUCTURES[ProbabilityVector], (int(places[first + j]),)))
    return replace(result, structures=frozenset(found))

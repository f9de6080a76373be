"""What operations that move elements leave of what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aliquot.density.certainty.fact import STRUCTURES, Fact
from aliquot.density.certainty.trace import Trace, rule
from aliquot.distributions.constraints import ProbabilityVector


@rule("copy", "copy_p", "stop_gradient", "optimization_barrier", "reduce_precision")
def _same(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    return replace(ins[0], number=out.number)


@rule("convert_element_type")
def _converted(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    if np.dtype(params["new_dtype"]) != np.float64:
        return out
    return replace(ins[0], known=None)


def moved(out: Fact, x: Fact, axes: Mapping[int, int]) -> Fact:
    """Carry properties over to an array of the same elements, whose axes are at other places.

    `axes` maps the old place to the new one, of axes that are there as a whole.
    """
    structures = frozenset(
        (kind, tuple(axes[axis] for axis in along))
        for kind, along in x.structures
        if all(axis in axes for axis in along)
    )
    total = x.total
    if total is not None:
        total = (total[0], total[1], axes[total[2]]) if len(axes) == len(x.shape) else None
    return replace(out, sign=x.sign, unit=x.unit, structures=structures, total=total)


@rule("broadcast_in_dim")
def _broadcast(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x, dims = ins[0], tuple(params["broadcast_dimensions"])
    whole = {a: d for a, d in enumerate(dims) if x.shape[a] == out.shape[d]}
    result = moved(out, x, whole)
    if np.prod(x.shape, dtype=int) == np.prod(out.shape, dtype=int):
        result = replace(result, base=x.base)
    return _with_axis(result, x, tuple(d for d in range(len(out.shape)) if d not in dims))


def _with_axis(result: Fact, x: Fact, new: tuple[int, ...]) -> Fact:
    """Take up a total along an axis that was left out, where it alone is put back."""
    if x.squeezed is None or len(result.shape) != len(x.shape) + 1 or new != (x.squeezed[2],):
        return result
    if result.shape[new[0]] != 1 or result.base != x.base:
        return result
    return replace(result, total=x.squeezed)


@rule("reshape", "squeeze", "expand_dims")
def _reshaped(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x = ins[0]
    axes = {}
    for a, size in enumerate(x.shape):
        before = np.prod(x.shape[:a], dtype=int)
        for d, length in enumerate(out.shape):
            if length == size and np.prod(out.shape[:d], dtype=int) == before:
                axes[a] = d
                if size != 1:
                    break
    plain = [n for n in x.shape if n != 1] == [n for n in out.shape if n != 1]
    result = moved(replace(out, base=x.base if plain else out.base), x, axes)
    result = replace(result, total=None)
    new = () if x.squeezed is None else (x.squeezed[2],)
    if new and out.shape == (*x.shape[: new[0]], 1, *x.shape[new[0] :]):
        return _with_axis(result, x, new)
    return result


@rule("transpose")
def _transposed(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    order = [int(a) for a in params["permutation"]]
    return moved(out, ins[0], {a: order.index(a) for a in range(len(order))})


@rule("slice")
def _sliced(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x = ins[0]
    whole = {a: a for a in range(len(x.shape)) if x.shape[a] == out.shape[a]}
    return replace(moved(out, x, whole), total=None)


@rule("dynamic_slice")
def _dynamically_sliced(
    trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]
) -> Fact:
    return _sliced(trace, out, ins, params)


@rule("gather")
def _gathered(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    x, how = ins[0], params["dimension_numbers"]
    if params.get("fill_value") is not None:
        return out
    gone = {*how.collapsed_slice_dims, *how.operand_batching_dims}
    kept = [a for a in range(len(x.shape)) if a not in gone]
    whole = {
        a: d
        for a, d in zip(kept, how.offset_dims, strict=True)
        if params["slice_sizes"][a] == x.shape[a]
    }
    return replace(moved(out, x, whole), total=None)


@rule("select_n")
def _selected(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    which, cases = ins[0], ins[1:]
    # Along an axis where the choice varies, what is chosen is made of several.
    varies = {a for a, size in enumerate(which.shape) if size > 1}
    return _common(out, cases, varies)


def _common(out: Fact, cases: Sequence[Fact], mixed: set[int]) -> Fact:
    """Give what all of several arrays have in common, along axes that are not mixed."""
    structures = frozenset.intersection(*(case.structures for case in cases))
    if any(case.shape != out.shape for case in cases):
        structures = frozenset()
    return replace(
        out,
        sign=min(case.sign for case in cases),
        unit=all(case.unit for case in cases),
        structures=frozenset((k, axes) for k, axes in structures if not mixed & set(axes)),
    )


@rule("concatenate")
def _joined(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    axis = params["dimension"]
    as_out = [replace(fact, shape=out.shape) for fact in ins]
    result = _common(out, as_out, {axis})
    if all(fact.shape[axis] == 1 for fact in ins):
        return _complementary(trace, result, ins, axis)
    return result


@rule("stack")
def _stacked(trace: Trace, out: Fact, ins: list[Fact], params: Mapping[str, Any]) -> Fact:
    axis = params["axis"] % len(out.shape)
    places = [d for d in range(len(out.shape)) if d != axis]
    placed = [moved(out, fact, dict(enumerate(places))) for fact in ins]
    return _complementary(trace, _common(out, placed, {axis}), ins, axis)


def _complementary(trace: Trace, out: Fact, ins: Sequence[Fact], axis: int) -> Fact:
    """See that two parts along an axis, p and 1 - p, sum to one."""
    if len(ins) != 2 or not out.sign:
        return out
    a, b = (fact.base for fact in ins)
    if trace.one_minus.get(b) != a and trace.one_minus.get(a) != b:
        return out
    return replace(out, structures=out.structures | {(STRUCTURES[ProbabilityVector], (axis,))})

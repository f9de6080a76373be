"""Operations whose sum of results is a weighted sum of the elements of their operands.

Each rule says for an equation, of which the results are to be summed with some weights, what is
asked of each operand: a `Link`, or None where it is not linear in what depends on discrete
variables. What multiplies or chooses must not depend on any.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from aliquot.primitives import Walk, name_of, scatter_indexing
from aliquot.primitives.internals import is_literal, literal

Move = Callable[[Any], Any]


@dataclass(frozen=True)
class Link:
    """One operand of a linear operation."""

    atom: Any  # Var or Literal
    # Brings weights of the results' elements to the operand's elements; None where they stay.
    back: Move | None = None
    sign: float = 1.0
    # What the operand is multiplied (1) or divided (-1) by; it has no axes or the result's, or
    # those that `shaped` gives it.
    weight: tuple[Any, int] | None = None
    shaped: Move | None = None  # gives the weight the operand's axes
    # A condition, without axes or with the result's, and whether it or its opposite must hold;
    # where it does not, the operand counts as 0.
    guard: tuple[Any, bool] | None = None
    plain: bool = False  # whether the link holds only where the results are not weighted one by one
    # Tells whether the operation is linear after all, where that takes known values.
    check: Callable[[], bool] = lambda: True


class Linear:
    """Finds the linear operations of a program.

    `producers` has the equation that makes each variable.
    """

    def __init__(self, found: Walk, producers: Mapping[Any, Any]) -> None:
        self._found = found
        self._producers = producers

    def links(self, equation: Any) -> list[Link] | None:
        """Return the operands that the sum of an equation's results is made of, if it is linear."""
        rule = _RULES.get(name_of(equation))
        if rule is None or len(equation.outvars) != 1:
            return None
        if not _adds(equation.outvars[0].aval.dtype):
            return None
        return rule(self, equation)

    def free(self, atom: Any) -> bool:
        """Tell whether a value depends on no discrete variable."""
        return self._found[atom].dependence == ()

    def scalar(self, atom: Any) -> Any:
        """Return the scalar that a value repeats, or the value itself."""
        while not is_literal(atom) and atom.aval.shape:
            equation = self._producers.get(atom)
            if equation is None or name_of(equation) not in ("broadcast_in_dim", "reshape"):
                break
            source = equation.invars[0]
            if prod(source.aval.shape) != 1:
                break
            atom = source
        return atom

    def is_zero(self, atom: Any) -> bool:
        """Tell whether a value is a literal zero, converted and repeated or not."""
        scalar = self.scalar(atom)
        equation = None if is_literal(scalar) else self._producers.get(scalar)
        if equation is not None and name_of(equation) == "convert_element_type":
            scalar = self.scalar(equation.invars[0])
        return is_literal(scalar) and np.ndim(scalar.val) == 0 and scalar.val == 0

    def known(self, atom: Any) -> Any:
        """Return the interpretation's view of a value."""
        return self._found[atom]


def _adds(dtype: Any) -> bool:
    """Tell whether numbers of a dtype add up as real numbers do.

    Truth values do not, nor do whole numbers without a sign or of few bits, which start again at
    the other end.
    """
    whole = jnp.issubdtype(dtype, np.signedinteger) and np.dtype(dtype).itemsize >= 4
    return bool(jnp.issubdtype(dtype, np.floating) or whole)


def _repeated(equation: Any, operand: Any, sign: float = 1.0) -> Link:
    """Return the link to an operand that the results repeat, each element equally often."""
    result = equation.outvars[0].aval
    times = prod(result.shape) // prod(operand.aval.shape)
    if times == 1:
        shape = operand.aval.shape
        return Link(operand, back=lambda weight: lax.reshape(weight, shape), sign=sign)
    return Link(operand, sign=sign, weight=(literal(times, result.dtype), 1), plain=True)


def _add(_linear: Linear, equation: Any) -> list[Link] | None:
    signs = 1.0, -1.0 if name_of(equation) == "sub" else 1.0
    return [
        _repeated(equation, operand, sign)
        for operand, sign in zip(equation.invars, signs, strict=True)
    ]


def _neg(_linear: Linear, equation: Any) -> list[Link]:
    return [Link(equation.invars[0], sign=-1.0)]


def _times(linear: Linear, equation: Any) -> list[Link] | None:
    first, second = equation.invars
    if name_of(equation) == "div":
        if not jnp.issubdtype(equation.outvars[0].aval.dtype, np.floating):
            return None  # whole numbers are cut off
        power = -1
    else:
        power = 1
        if linear.free(first):
            first, second = second, first
    if not linear.free(second):
        return None
    shape = equation.outvars[0].aval.shape
    if first.aval.shape != shape:  # a scalar: the sum of its products is its product with a sum
        if second.aval.shape != shape:
            return None

        def shaped(values: Any) -> Any:
            return jnp.sum(values if power > 0 else 1 / values)

        return [Link(first, weight=(second, 1), shaped=shaped, plain=True)]
    scalar = linear.scalar(second)
    return [Link(first, weight=(scalar if scalar.aval.shape == () else second, power))]


def _broadcast(_linear: Linear, equation: Any) -> list[Link]:
    return [_repeated(equation, equation.invars[0])]


def _converted(_linear: Linear, equation: Any) -> list[Link] | None:
    (operand,) = equation.invars
    was, now = operand.aval.dtype, equation.outvars[0].aval.dtype
    if not _adds(was):
        return None
    # To whole numbers: what is behind the point is cut off, and what is too large for them.
    cut_off = not jnp.issubdtype(now, np.floating) and not np.can_cast(was, now)
    return None if cut_off else [Link(operand)]


def _transposed(_linear: Linear, equation: Any) -> list[Link]:
    inverse = tuple(int(axis) for axis in np.argsort(equation.params["permutation"]))
    return [Link(equation.invars[0], back=lambda weight: lax.transpose(weight, inverse))]


def _reversed(_linear: Linear, equation: Any) -> list[Link]:
    axes = equation.params["dimensions"]
    return [Link(equation.invars[0], back=lambda weight: lax.rev(weight, axes))]


def _summed(_linear: Linear, equation: Any) -> list[Link]:
    (operand,) = equation.invars
    shape, axes = operand.aval.shape, equation.params["axes"]
    kept = tuple(axis for axis in range(len(shape)) if axis not in axes)
    return [Link(operand, back=lambda weight: lax.broadcast_in_dim(weight, shape, kept))]


def _concatenated(_linear: Linear, equation: Any) -> list[Link]:
    axis = equation.params["dimension"]
    lengths = [operand.aval.shape[axis] for operand in equation.invars]
    bounds = itertools.pairwise(itertools.accumulate(lengths, initial=0))

    def part(start: int, stop: int) -> Move:
        return lambda weight: lax.slice_in_dim(weight, start, stop, axis=axis)

    return [
        Link(operand, back=part(*each))
        for operand, each in zip(equation.invars, bounds, strict=True)
    ]


def _stacked(_linear: Linear, equation: Any) -> list[Link]:
    axis = equation.params["axis"]

    def layer(number: int) -> Move:
        return lambda weight: lax.index_in_dim(weight, number, axis=axis, keepdims=False)

    return [Link(operand, back=layer(k)) for k, operand in enumerate(equation.invars)]


def _selected(linear: Linear, equation: Any) -> list[Link] | None:
    which, *cases = equation.invars
    if len(cases) != 2 or which.aval.dtype != bool or not linear.free(which):
        return None
    if not any(map(linear.free, cases)):
        return None
    return [
        Link(case, guard=(which, bool(k)))
        for k, case in enumerate(cases)
        if not linear.is_zero(case)
    ]


def _product(linear: Linear, equation: Any) -> list[Link] | None:
    """Sum a product of matrices over all its elements: each row of one times the other's sums."""
    contracted, batch = equation.params["dimension_numbers"]
    sides = [side for side in (0, 1) if not linear.free(equation.invars[side])]
    if len(sides) != 1:
        return None
    (side,) = sides
    operand, other = equation.invars[side], equation.invars[1 - side]
    shape = operand.aval.shape
    together = {
        a: b
        for pairs in (batch, contracted)
        for a, b in zip(pairs[1 - side], pairs[side], strict=True)
    }

    def shaped(values: Any) -> Any:
        own = [axis for axis in range(values.ndim) if axis not in together]
        sums = jnp.sum(values, axis=tuple(own))
        axes = [together[axis] for axis in range(values.ndim) if axis in together]
        order = tuple(int(k) for k in np.argsort(axes))
        return lax.broadcast_in_dim(lax.transpose(sums, order), shape, tuple(sorted(axes)))

    return [Link(operand, weight=(other, 1), shaped=shaped, plain=True)]


def _added_at(linear: Linear, equation: Any) -> list[Link] | None:
    """Take apart an addition at an index, all of it inside the array."""
    operand, indices, updates = equation.invars
    value = linear.known(indices)
    if value.known is None:
        return None
    indexing = scatter_indexing(equation)

    def coordinates() -> Any:
        every = value.known.integers()
        return indexing.coordinates({axis: every[..., k] for k, axis in enumerate(indexing.axes)})

    def back(weight: Any) -> Any:
        return weight[tuple(np.broadcast_arrays(*coordinates()[0]))]

    return [
        Link(operand, check=lambda: bool(coordinates()[2].all())),
        Link(updates, back=back),
    ]


_RULES: dict[str, Callable[[Linear, Any], list[Link] | None]] = {
    "add": _add,
    "add_any": _add,
    "broadcast_in_dim": _broadcast,
    "concatenate": _concatenated,
    "convert_element_type": _converted,
    "copy": _converted,
    "div": _times,
    "dot_general": _product,
    "mul": _times,
    "neg": _neg,
    "reduce_sum": _summed,
    "reshape": _broadcast,
    "rev": _reversed,
    "scatter-add": _added_at,
    "select_n": _selected,
    "squeeze": _broadcast,
    "stack": _stacked,
    "sub": _add,
    "transpose": _transposed,
}

"""What a program makes of its data alone, computed before it runs: factors, and their inverses.

A covariance that is known is factorised once, here, and not by every program anew. A triangular
solve with a known matrix becomes a product with its inverse, where that loses no accuracy: LAPACK's
calls keep a sampler's loop from being compiled into one function. A normal density in 100
dimensions and its gradient took 10 times as long with them (processor time, in turns).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from aliquot.density.inverse_factor import LARGEST, inverse_factor
from aliquot.elementary.triangular_product import product, row_blocks, transposed_product
from aliquot.precision import float64
from aliquot.primitives import Kind, Walk, evaluate, inline, kind, name_of, with_derivative
from aliquot.primitives.internals import (
    ClosedJaxpr,
    assembled,
    bind,
    every_equation,
    is_literal,
    size_of,
    struct,
    variables,
)
from aliquot.stacking.live import live

# What is made of decompositions is spread over more numbers only up to so many: a factor for each
# row of data.
SPREAD = 2**18

Array = NDArray[Any]


def beforehand(program: ClosedJaxpr, known: Mapping[int, Array]) -> ClosedJaxpr | None:
    """Give a program without matrix decompositions of known numbers; None where it has none.

    `known` has the values of some inputs, by position. The result takes the same inputs, and has
    what was made of known numbers as constants: with other values of the same kind it is the same
    program with other constants.

    >>> def density(x, covariance):
    ...     z = jax.scipy.linalg.solve_triangular(jnp.linalg.cholesky(covariance), x, lower=True)
    ...     return -0.5 * jnp.sum(z**2)
    >>> with float64():
    ...     program = jax.make_jaxpr(density)(np.ones(3), np.eye(3))
    ...     shorter = beforehand(program, {1: np.eye(3)})
    >>> [name_of(equation) for equation in shorter.jaxpr.eqns]
    ['broadcast_in_dim', 'dot_general', 'squeeze', 'integer_pow', 'reduce_sum', 'mul']
    """
    if not any(_decomposes(equation) for equation in every_equation(program)):
        return None
    with float64():
        return _Beforehand(inline(program), known).program()


def _decomposes(equation: Any) -> bool:
    return kind(equation) is Kind.MATRICES


class _Beforehand:
    """Which values of a flat program are known, and what is computed of them now."""

    def __init__(self, flat: ClosedJaxpr, known: Mapping[int, Array]) -> None:
        self.flat: Any = flat
        jaxpr = self.flat.jaxpr
        self.values: dict[Any, Any] = dict(zip(jaxpr.constvars, flat.consts, strict=True))
        self.values |= {jaxpr.invars[place]: value for place, value in known.items()}
        self.known = set(self.values)  # or could be, were it wanted
        self.dear: set[Any] = set()  # known, and made by a decomposition
        for equation in jaxpr.eqns:
            if self._is_known(equation):
                self.known.update(equation.outvars)
                inside = with_derivative(equation)
                equations = [equation] if inside is None else every_equation(inside)
                operands = variables(equation.invars)
                if any(map(_decomposes, equations)) or not self.dear.isdisjoint(operands):
                    self.dear.update(equation.outvars)

    def _is_known(self, equation: Any) -> bool:
        """Say whether an equation's results are known, and not much larger than its operands."""
        if equation.effects or not self.known.issuperset(variables(equation.invars)):
            return False
        if any(getattr(var.aval.dtype, "kind", "V") not in "biuf" for var in equation.outvars):
            return False
        if self.dear.isdisjoint(variables(equation.invars)):
            return True
        room = max(map(size_of, equation.invars))
        return all(size_of(var) <= max(room, SPREAD) for var in equation.outvars)

    def program(self) -> ClosedJaxpr | None:
        jaxpr = self.flat.jaxpr
        inverses = self._inverses()
        needed = set(variables(jaxpr.outvars))
        for equation in reversed(jaxpr.eqns):
            if not needed.isdisjoint(equation.outvars) and not self._is_made(equation):
                solved = equation.outvars[0] in inverses
                needed |= set(variables(equation.invars[solved:]))
        # In order, so that the same model is the same program.
        made = [v for e in jaxpr.eqns for v in e.outvars if v in needed and v in self.dear]
        if not made and not inverses:
            return None
        self._compute(made)
        return self._assembled(needed, {var: self.values[var] for var in made}, inverses)

    def _is_made(self, equation: Any) -> bool:
        return not self.dear.isdisjoint(equation.outvars)

    def _inverses(self) -> dict[Any, _Inverse]:
        """Invert what is known and solved with: for each solution the inverse."""
        solves = [
            equation
            for equation in self.flat.jaxpr.eqns
            if name_of(equation) == "triangular_solve"
            and equation.invars[0] in self.known
            and not self._is_made(equation)
            and equation.invars[0].aval.dtype == np.float64
            and equation.invars[0].aval.shape[-1] <= LARGEST
        ]
        self._compute(equation.invars[0] for equation in solves)
        found: dict[Any, _Inverse | None] = {}
        result = {}
        for equation in solves:
            key = equation.invars[0], tuple(sorted(equation.params.items()))
            if key not in found:
                found[key] = _Inverse.of(equation.params, self.values[equation.invars[0]])
            inverse = found[key]
            if inverse is not None:
                result[equation.outvars[0]] = inverse
        return result

    def _compute(self, wanted: Iterable[Any]) -> None:
        """Compute some of the known values, and what they are made of."""
        needed = set(wanted) - set(self.values)
        way = []
        for equation in reversed(self.flat.jaxpr.eqns):
            if not needed.isdisjoint(equation.outvars):
                way.append(equation)
                needed |= set(variables(equation.invars)) - set(self.values)
        for equation in reversed(way):
            operands = [
                atom.val if is_literal(atom) else self.values[atom] for atom in equation.invars
            ]
            self.values.update(zip(equation.outvars, _results(equation, operands), strict=True))

    def _assembled(
        self, needed: set[Any], made: Mapping[Any, Array], inverses: Mapping[Any, _Inverse]
    ) -> ClosedJaxpr:
        """Write the program with what was computed as constants."""
        jaxpr = self.flat.jaxpr
        named = dict(zip(jaxpr.constvars, self.flat.consts, strict=True)) | dict(made)
        distinct = list(dict.fromkeys(inverses.values()))
        constants = list(named.values()), [inverse.blocks for inverse in distinct]

        def compute(inputs: Sequence[Any], named_values: Sequence[Any], blocks: Any) -> list[Any]:
            env = dict(zip([*jaxpr.invars, *named], [*inputs, *named_values], strict=True))
            blocks_of = dict(zip(distinct, blocks, strict=True))

            def read(atom: Any) -> Any:
                return np.asarray(atom.val, atom.aval.dtype) if is_literal(atom) else env[atom]

            for equation in jaxpr.eqns:
                if needed.isdisjoint(equation.outvars) or self._is_made(equation):
                    continue
                out = equation.outvars[0]
                if out in inverses:
                    inverse = inverses[out]
                    env[out] = inverse.times(blocks_of[inverse], read(equation.invars[1]))
                else:
                    results = bind(equation, [read(atom) for atom in equation.invars])
                    env.update(zip(equation.outvars, results, strict=True))
            return [read(atom) for atom in jaxpr.outvars]

        inputs = [struct(var) for var in jaxpr.invars]
        written = jax.make_jaxpr(compute)(inputs, *jax.tree.map(np.asarray, constants))
        own = zip(written.jaxpr.constvars, written.consts, strict=True)
        names = written.jaxpr.invars
        lifted = zip(names[len(inputs) :], jax.tree.leaves(constants), strict=True)
        return live(
            assembled(
                jaxpr,
                [*own, *lifted],
                names[: len(inputs)],
                written.jaxpr.outvars,
                written.jaxpr.eqns,
            )
        )


@dataclass(frozen=True, eq=False)
class _Inverse:
    """What stands for a triangular solve: the inverse of a lower-triangular matrix, in blocks."""

    blocks: tuple[Array, ...]
    transposed: bool  # whether the product is with its transpose
    left: bool  # whether it stands on the left

    @classmethod
    def of(cls, params: Mapping[str, Any], matrix: Array) -> _Inverse | None:
        """Invert the matrix of a solve with such parameters, if a product is to stand for that."""
        lower = np.tril(matrix) if params["lower"] else np.triu(matrix).swapaxes(-1, -2)
        if params["unit_diagonal"]:
            lower = np.tril(lower, -1) + np.eye(lower.shape[-1])
        inverse = inverse_factor(lower)
        if inverse is None:
            return None
        blocks = tuple(map(np.ascontiguousarray, row_blocks(inverse)))
        return cls(blocks, params["lower"] == params["transpose_a"], params["left_side"])

    def times(self, blocks: Sequence[Any], right: Any) -> Any:
        """Multiply, with the blocks as the program has them."""
        if not self.left:
            turned = _Inverse(self.blocks, not self.transposed, left=True)
            return jnp.swapaxes(turned.times(blocks, jnp.swapaxes(right, -1, -2)), -1, -2)
        return (transposed_product if self.transposed else product)(blocks, right)


def _results(equation: Any, operands: Sequence[Any]) -> Sequence[Array]:
    """Compute an equation's results now, of a function with a derivative of its own as well."""
    inside = with_derivative(equation)
    if inside is None:
        return evaluate(equation, *operands, exactly=False)
    return Walk(inline(inside), operands, _results).outputs

"""The one way to walk a jaxpr: something is carried along with each of its values.

What is carried may be the numbers themselves, other names for the atoms, or what is known of them:
the *step* says what an equation makes of what its operands carry, and whether what it calls is
walked, too. Everything in Aliquot that reads a jaxpr from its inputs to its outputs is a step; only
`marginal.assignments.Evaluator` goes the other way, from what is asked for to what that needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aliquot.primitives.internals import closed, is_literal

Step = Callable[[Any, list[Any]], Sequence[Any]]
"""From an equation, and what its operands carry, to what its results carry."""


class Walk:
    """What each atom of a jaxpr carries.

    The jaxpr may be closed or plain. `inputs` are what its inputs carry, `outputs` what its outputs
    carry. ``constant(atom, value)`` is what a constant of the jaxpr, or a literal in it, carries:
    the value itself if it is not given.

    The longest chain of operations behind each output:

    >>> import jax
    >>> import jax.numpy as jnp
    >>> program = jax.make_jaxpr(lambda x: (jnp.exp(x) + 1.0, -x))(1.0)
    >>> def step(equation, depths):
    ...     return [1 + max(depths)] * len(equation.outvars)
    >>> Walk(program, [0], step, lambda atom, value: 0).outputs
    [2, 1]
    """

    def __init__(
        self,
        program: Any,
        inputs: Iterable[Any],
        step: Step,
        constant: Callable[[Any, Any], Any] = lambda atom, value: value,
    ) -> None:
        program = closed(program)
        jaxpr = program.jaxpr
        self._constant = constant
        self._carried: dict[Any, Any] = {
            var: constant(var, value)
            for var, value in zip(jaxpr.constvars, program.consts, strict=True)
        }
        self._carried.update(zip(jaxpr.invars, inputs, strict=True))
        for equation in jaxpr.eqns:
            results = step(equation, self.read(equation.invars))
            self._carried.update(zip(equation.outvars, results, strict=True))
        self.outputs = self.read(jaxpr.outvars)

    def __getitem__(self, atom: Any) -> Any:
        """Give what a variable or literal carries."""
        return self._constant(atom, atom.val) if is_literal(atom) else self._carried[atom]

    def read(self, atoms: Sequence[Any]) -> list[Any]:
        """Give what several atoms carry."""
        return [self[atom] for atom in atoms]

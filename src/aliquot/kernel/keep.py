"""Keep values that several loops need, where XLA would compute them again in each.

XLA fuses cheap operations into every operation that uses them. A density's value and the parts of
its gradient are all made from the same few arrays, and what is made of dozens of cheap operations,
as an exponential is, would be computed for each part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from jax import lax
from jax.extend.core import Literal

from aliquot.kernel.substitute import Functions, apply

# Operations that are cheaper done again than stored and read.
CHEAP = 3
# Arrays of fewer numbers are not worth it.
LEAST = 32

_FREE = {"broadcast_in_dim", "reshape", "squeeze", "iota", "slice", "copy", "copy_p", "transpose"}
_BARRIER = "optimization_barrier"


def evaluate_kept(closed: Any, functions: Functions, inputs: Sequence[Any]) -> list[Any]:
    """Compute a flat jaxpr's outputs, with what is dear and used more than once kept.

    Parameters
    ----------
    closed : ClosedJaxpr
        Without calls.
    functions : mapping from str
        What replaces primitives; see `substitute`.
    inputs : sequence of array
    """
    jaxpr = closed.jaxpr
    uses = Counter(atom for e in jaxpr.eqns for atom in set(_variables(e.invars)))
    values: dict[Any, Any] = dict(zip(jaxpr.constvars, closed.consts, strict=True))
    values.update(zip(jaxpr.invars, inputs, strict=True))
    cost: dict[Any, int] = {}

    def read(atom: Any) -> Any:
        return atom.val if isinstance(atom, Literal) else values[atom]

    for equation in jaxpr.eqns:
        name = equation.primitive.name
        results = apply(equation, functions, [read(atom) for atom in equation.invars])
        own = _own_cost(equation, name)
        spent = own + sum(cost.get(atom, 0) for atom in set(_variables(equation.invars)))
        for k, out in enumerate(equation.outvars):
            if np.prod(out.aval.shape) < LEAST or name in functions or name == _BARRIER:
                continue
            cost[out] = spent
            if uses[out] > 1 and spent > CHEAP:
                results[k] = lax.optimization_barrier(results[k])
                cost[out] = 0
        values.update(zip(equation.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _own_cost(equation: Any, name: str) -> int:
    return 0 if name in _FREE else 1


def _variables(atoms: Sequence[Any]) -> list[Any]:
    return [atom for atom in atoms if not isinstance(atom, Literal)]

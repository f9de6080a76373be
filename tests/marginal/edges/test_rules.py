"""Every rule at its edges: what it lists, what it gives, and what it is said to know."""

from __future__ import annotations

import importlib
from typing import Any

import jax
import numpy as np
import pytest
from jax.extend.core import Literal

from aliquot.marginal.dependence.inline import inline
from aliquot.precision import float64
from tests.marginal.edges.agreement import TOTAL, Agreement, fits
from tests.marginal.edges.call import MAKERS, Call, Together, calls, together
from tests.marginal.edges.every import every
from tests.marginal.edges.operands import STATES
from tests.marginal.lanes.oracle import primitives

SIZE = 20
PROGRAMS = list(together(every(1), SIZE))

# What a primitive was called, or will be, in another version of JAX.
ABSENT = {
    "checkpoint",
    "closed_call",
    "copy_p",
    "core_call",
    "expand_dims",
    "pjit",
    "random_gamma_grad",
    "remat",
}
TABLES = {
    "dependence.evaluate": ["_NUMPY"],
    "dependence.inline": ["_CALLS"],
    "dependence.interpret": ["RULES", "_WITH_OWN_DERIVATIVES"],
    "dependence.linear": ["_RULES"],
    "lanes.calls": ["CALLS"],
    "lanes.elementwise": ["ELEMENTWISE"],
    "lanes.folding": ["FOLDS"],
    "lanes.general": ["_WORKS_ALONG"],
    "lanes.movement": ["MOVEMENT"],
    "lanes.reduction": ["REDUCTIONS"],
    "lanes.singular": ["_GUARDS", "SOURCES", "TAME"],
}


def table(module: str, name: str) -> set[str]:
    """Give the primitives that a table has an entry for."""
    return set(getattr(importlib.import_module(f"aliquot.marginal.{module}"), name))


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in TABLES.items() for name in names]
)
def test_every_rule_has_calls(module: str, name: str) -> None:
    missing = table(module, name) - set(MAKERS) - ABSENT
    assert not missing, f"write what draws calls of {sorted(missing)}, see `makes`"


def test_calls_are_of_what_they_say() -> None:
    """But now and then: a reshape to the same shape is none."""
    for rule in MAKERS:
        assert any(rule in _primitives(calls(rule, 1, start=number)) for number in range(9)), rule


def _primitives(some: list[Call]) -> set[str]:
    program = Together(tuple(some))
    with float64():
        return primitives(jax.make_jaxpr(program.flat)(*program.discrete, *program.data))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(len(PROGRAMS)))
def test_influences_are_listed_and_values_are_those_of_the_operations(part: int) -> None:
    agreement = Agreement(PROGRAMS[part], np.random.default_rng([8, part]))
    failed = agreement.dependence(known=True) + agreement.dependence(known=False)
    failed += agreement.values()
    assert not failed, "\n".join(failed)


def worked_out(call: Call, row: np.ndarray) -> list[np.ndarray]:
    """Work out a call's results as the analysis does where all is known."""
    evaluate = importlib.import_module("aliquot.marginal.dependence.evaluate").evaluate
    given = [operand.tabulated(row[None])[0] for operand in call.operands]
    with float64():
        closed = inline(jax.make_jaxpr(lambda *x: jax.tree.leaves(call.apply(*x)))(*given))
    values: dict[Any, Any] = dict(zip(closed.jaxpr.invars, given, strict=True))
    values |= dict(zip(closed.jaxpr.constvars, closed.consts, strict=True))

    def read(atom: Any) -> Any:
        return atom.val if isinstance(atom, Literal) else values[atom]

    for equation in closed.jaxpr.eqns:
        results = evaluate(equation, *map(read, equation.invars))
        values.update(zip(equation.outvars, results, strict=True))
    return [np.asarray(read(atom)) for atom in closed.jaxpr.outvars]


NUMPY = sorted(table("dependence.evaluate", "_NUMPY") | {"convert_element_type", "div", "rem"})


@pytest.mark.slow
@pytest.mark.parametrize("part", range(3))
def test_known_values_are_those_of_the_operations(part: int) -> None:
    program = Together(tuple(call for rule in NUMPY[part::3] for call in calls(rule, 3)))
    rows = np.random.default_rng([9, part]).integers(0, STATES, (2, TOTAL))
    failed = []
    for call, plain in zip(program.calls, program.plain(rows), strict=True):
        for number, row in enumerate(rows):
            ours = worked_out(call, row)
            right = [result[number] for result in plain]
            if not all(fits(*each, 0) for each in zip(ours, right, strict=True)):
                failed.append(f"{call}: another value is taken for known")
    assert not failed, "\n".join(failed)

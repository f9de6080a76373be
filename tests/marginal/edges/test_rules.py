"""Every rule at its edges: what it lists, what it gives, and what it is said to know."""

from __future__ import annotations

import importlib

import jax
import numpy as np
import pytest

from aliquot.precision import float64
from aliquot.primitives import PRIMITIVES, Walk, evaluate, inline
from tests.marginal.assignments.oracle import primitives
from tests.marginal.edges.agreement import TOTAL, Agreement, fits
from tests.marginal.edges.call import MAKERS, Call, Together, calls, together
from tests.marginal.edges.every import every
from tests.marginal.edges.operands import STATES

SIZE = 20
PROGRAMS = list(together(every(1), SIZE))

# What a primitive was called, or will be, in another version of JAX.
ABSENT = {
    "checkpoint",
    "closed_call",
    "copy_p",
    "core_call",
    "custom_vjp_call_jaxpr",
    "expand_dims",
    "pjit",
    "random_gamma_grad",
    "remat",
}
# Rules of single primitives, beside what the table says of each.
RULES = {
    "dependence.interpret": "RULES",
    "dependence.linear": "_RULES",
    "assignments.movement": "MOVEMENT",
    "assignments.singular": "_GUARDS",
}


def rules(module: str, name: str) -> set[str]:
    """Give the primitives that have a rule of their own."""
    return set(getattr(importlib.import_module(f"aliquot.marginal.{module}"), name))


@pytest.mark.parametrize(("module", "name"), RULES.items())
def test_rules_are_of_primitives_in_the_table(module: str, name: str) -> None:
    assert rules(module, name) <= set(PRIMITIVES) | {"optimization_barrier"}


def test_every_primitive_has_calls() -> None:
    missing = set(PRIMITIVES) - set(MAKERS) - ABSENT
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
    given = [operand.tabulated(row[None])[0] for operand in call.operands]
    with float64():
        closed = inline(jax.make_jaxpr(lambda *x: jax.tree.leaves(call.apply(*x)))(*given))
        outputs = Walk(closed, given, lambda equation, values: evaluate(equation, *values)).outputs
    return [np.asarray(each) for each in outputs]


NUMPY = sorted({name for name, about in PRIMITIVES.items() if about.numpy} - ABSENT)


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

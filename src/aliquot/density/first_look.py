"""A first look at vectors and matrices that are computed: what cannot be in its set is refused.

Weights that do not sum to one give a likelihood that is too large or too small by a factor which
depends on the unknowns: the posterior would be wrong without a word, or, with a density of zero
there, have no point at all. So such parameters are looked at where the model is first evaluated,
at the start and at points around it, which are the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aliquot.density.validity import in_doubt
from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Constraint
from aliquot.distributions.log_prob import LogProb
from aliquot.distributions.parameters import at
from aliquot.errors import ParameterError
from aliquot.expression import Evaluation, Expression, order
from aliquot.marginal import Unknown
from aliquot.precision import float64

# How far from the start each point is, at most, in every unconstrained coordinate. Far ones show
# what sums to one at the start by chance, near ones what is inside in a small region only.
DISTANCES = (1.0,) * 8 + (2.0,) * 4 + (0.3,) * 4 + (0.1,) * 4 + (0.01,) * 4


@dataclass(frozen=True, eq=False)
class Suspect:
    """A parameter that may be outside of its set."""

    variable: str
    # Of the distribution that has the parameter, a component of the variable's or its own.
    family: str
    name: str
    parameter: Expression
    constraint: Constraint

    def problem(self, value: np.ndarray, outside: np.ndarray, where: str) -> str:
        """Say what is wrong at the first place where it is outside."""
        index = tuple(int(i) for i in np.argwhere(outside)[0])
        constraint = self.constraint
        mend = f". {constraint.mend}" if constraint.mend else ""
        return (
            f"{self.variable}: the parameter {self.name} of {self.family}, computed as "
            f"{self.parameter.text}, must be {constraint.description}; {where} it is "
            f"{value[index]}{at(index)}{constraint.detail(value, index)}{mend}"
        )


def suspects(variable: str, distribution: Distribution) -> list[Suspect]:
    """List the vectors and matrices among a distribution's parameters that are not certain."""
    found = []
    for name, parameter in distribution.parameters.items():
        constraint = distribution.constraints.get(name)
        if isinstance(parameter, Distribution):
            found += suspects(variable, parameter)
        elif constraint is not None and constraint.event_dims and in_doubt(parameter, constraint):
            found.append(Suspect(variable, distribution.family, name, parameter, constraint))
    return found


def refuse_impossible(density: Any) -> bool:
    """Refuse parameters that are malformed at some point, or outside of their set at all points.

    Returns whether there were any that had to be looked at, which the data do not decide.

    The `ParameterError` names the variable and its parameter, says the value that was found, and
    what to do.
    """
    unknowns = density.unknowns
    variables = [slot.variable for slot in density.slots] + [u.node for u in unknowns]
    distributions = {v.name: v.distribution for v in [*variables, *density.observed]}
    found = [s for name, d in distributions.items() for s in suspects(name, d)]
    for potential in density.potentials:
        used = [node for node in order([potential]) if isinstance(node, LogProb)]
        found += [s for node in used for s in suspects(potential.name, node.distribution_of)]
    if not found:
        return False

    def compute(flat: Any, states: Any, data: Any) -> list[Any]:
        values: Evaluation = density.evaluation_at(flat, data)
        for unknown, state in zip(unknowns, states, strict=True):
            values.set(unknown.node, state)
        return [values.safely(suspect.parameter) for suspect in found]

    program = density.program("first look", compute)
    missed: dict[int, str] = {}
    inside: set[int] = set()
    for where, flat, states in _points(density.start, unknowns):
        with float64():
            values = [np.asarray(value) for value in program(flat, states, density.data)]
        for i, (suspect, value) in enumerate(zip(found, values, strict=True)):
            wrong = suspect.constraint.malformed(value)
            if wrong.any():
                raise ParameterError(suspect.problem(value, wrong, where))
            outside = ~np.asarray(suspect.constraint.check(value))
            if not outside.any():
                inside.add(i)
            elif i not in missed and i not in inside:
                missed[i] = suspect.problem(value, outside, where)
    for i, problem in missed.items():
        if i not in inside:
            raise ParameterError(
                f"{problem}. It is not at {len(DISTANCES)} points around it either"
            )
    return True


def _points(start: np.ndarray, unknowns: Sequence[Unknown]) -> Iterator[tuple[str, Any, Any]]:
    """Give points to look at: what to call each, coordinates, states of discrete variables."""
    generator = np.random.default_rng(0)
    start = np.nan_to_num(start)
    first = [generator.integers(unknown.states, size=unknown.shape) for unknown in unknowns]
    for number, distance in enumerate((0.0, *DISTANCES)):
        # Every element goes through all its states, from a different one each.
        states = [
            _seen(unknown, (offset + number) % unknown.states)
            for unknown, offset in zip(unknowns, first, strict=True)
        ]
        flat = start + distance * generator.uniform(-1, 1, size=start.shape)
        yield "near the start" if distance else "at the start point", flat, states


def _seen(unknown: Unknown, states: np.ndarray) -> np.ndarray:
    """Give a discrete variable's values, those that were observed as they are."""
    if unknown.evidence is not None:
        evidence = unknown.evidence.reshape(unknown.shape)
        states = np.where(evidence >= 0, evidence, states)
    return (states + unknown.lowest).astype(unknown.distribution.dtype)

"""The discrete unknowns of a model, and the finite list of states that each can be in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.constraints import Interval
from aliquot.errors import ModelError
from aliquot.expression import Evaluation, Expression, leaves
from aliquot.expression.lengths import is_taken, of_rows_on_disk
from aliquot.marginal.elementwise import is_elementwise
from aliquot.model.variables import Deterministic, FreeVariable, MissingValues, ObservedVariable
from aliquot.precision import float64

# A bound that depends on other discrete unknowns is looked at in every combination of their states.
MOST_COMBINATIONS = 10_000


@dataclass(frozen=True, eq=False)
class Unknown:
    """A discrete variable that is to be summed out."""

    name: str
    # What gets the values: a free variable, or an observed variable of which some are missing.
    node: Any
    distribution: Distribution
    lowest: int  # the smallest state; the states are consecutive integers from there
    states: int  # how many there are
    # State numbers of the entries that were observed, -1 where they are missing, flat.
    evidence: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the variable."""
        return self.distribution.shape

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def hidden(self) -> int:
        """Number of elements that are not observed."""
        return self.size if self.evidence is None else int((self.evidence < 0).sum())

    @property
    def values(self) -> np.ndarray:
        """The states' values, shape (states,)."""
        return np.arange(self.lowest, self.lowest + self.states)


def find_unknowns(model: Any) -> tuple[list[Unknown], list[ObservedVariable]]:
    """List a model's discrete unknowns in the order in which they were written.

    The second list is of partly observed variables without a bound, of which nothing else needs the
    missing entries: these may be ignored, because their probabilities sum to one. A `ModelError` is
    raised for a variable that has no finite list of states; it names it and says what to do.
    """
    found: list[Unknown] = []
    ignorable: list[ObservedVariable] = []
    for variable in model.variables.values():
        if isinstance(variable, FreeVariable) and variable.distribution.discrete:
            found.append(_unknown(variable, found))
        elif isinstance(variable, ObservedVariable) and _partly_observed(variable):
            distribution = variable.distribution
            if not _bounded(distribution) and not _needed(model, variable):
                ignorable.append(variable)
            else:
                found.append(_unknown(variable, found))
    return found, ignorable


def _partly_observed(variable: ObservedVariable) -> bool:
    return isinstance(variable.latent, MissingValues) and variable.distribution.discrete


def _needed(model: Any, variable: ObservedVariable) -> bool:
    """Say whether another density depends on the missing entries; to report them is not to."""
    for other in model.variables.values():
        if other is variable or other is variable.latent or isinstance(other, Deterministic):
            continue
        sources = [getattr(other, "distribution", None), getattr(other, "inputs", ())]
        if isinstance(other, ObservedVariable):
            sources.append(other.value)
        if any(leaf is variable.latent for leaf in leaves([s for s in sources if s is not None])):
            return True
    return False


def _bounded(distribution: Distribution) -> bool:
    support = distribution.support
    return isinstance(support, Interval) and support.lower is not None and support.upper is not None


def _unknown(variable: FreeVariable | ObservedVariable, before: Sequence[Unknown]) -> Unknown:
    name, distribution = variable.name, variable.distribution
    support = distribution.support
    if not isinstance(support, Interval):
        raise ModelError(
            f"{name!r} cannot be summed out: a value of {distribution.family} is a whole vector of "
            f"{support.description}, which is not supported. Write it as separate counts "
            "(Binomial, Categorical), or observe it"
        )
    if not _bounded(distribution):
        raise ModelError(
            f"{name!r} cannot be summed out: {distribution.family} has infinitely many values. "
            f"Give it a bound that its values hardly ever pass: "
            f"aq.{distribution.family}({name!r}, ..., {distribution.bounded_by})"
        )
    low, high = _ends(name, support, before)
    if high < low:
        raise ModelError(f"{name!r} has no possible value: its bounds are {low} and {high}")
    evidence = None
    if isinstance(variable, ObservedVariable):
        assert variable.missing is not None  # a partly observed one
        with float64():
            source = variable.observed
            known = {leaf: leaf.value for leaf in leaves(source)}
            values = np.asarray(Evaluation(known)(source)) if known else np.asarray(source)
        evidence = np.where(variable.missing, -1, values - low).reshape(-1).astype(np.int64)
    return Unknown(name, variable, distribution, low, high - low + 1, evidence)


def same_states(unknowns: Sequence[Unknown]) -> bool:
    """Say whether the data, which bounds may be computed from, still give each the same states."""
    return all(
        _ends(unknown.name, unknown.node.distribution.support, unknowns[:i])
        == (unknown.lowest, unknown.lowest + unknown.states - 1)
        for i, unknown in enumerate(unknowns)
    )


def _ends(name: str, support: Interval, before: Sequence[Unknown]) -> tuple[int, int]:
    """Give a variable's lowest and its highest state."""
    return _range(name, support.lower, before)[0], _range(name, support.upper, before)[1]


def _range(name: str, bound: Any, before: Sequence[Unknown]) -> tuple[int, int]:
    """Give the smallest and the largest value of a bound, whatever it depends on."""
    if not isinstance(bound, Expression):
        return int(np.min(bound)), int(np.max(bound))
    sources = leaves(bound)
    by_node = {id(unknown.node): unknown for unknown in before}
    known = {leaf: leaf.value_now() for leaf in sources if id(leaf) not in by_node}
    lost = [leaf.name for leaf, value in known.items() if value is None]
    if lost:
        raise ModelError(
            f"{name!r} cannot be summed out: its bound {bound.text} depends on {lost[0]!r}, which "
            "is not known before sampling, so its states cannot be listed. Use a bound of data "
            "alone, and a Potential for the rest"
        )
    if of_rows_on_disk(bound) and not is_taken(bound):
        # Not all rows are known, but what lies beyond them all.
        if bound.bounds is None or not all(isinstance(end, int) for end in bound.bounds):
            raise ModelError(
                f"{name!r} cannot be summed out: its bound {bound.text} is computed from rows that "
                "lie on a disk, so its states are not known. Use a column as it is"
            )
        return bound.bounds
    unknowns = [by_node[id(leaf)] for leaf in sources if id(leaf) in by_node]
    count = int(np.prod([unknown.states for unknown in unknowns], dtype=float))
    if count > MOST_COMBINATIONS or not is_elementwise(bound, [u.node for u in unknowns], known):
        raise ModelError(
            f"{name!r} cannot be summed out: its bound {bound.text} depends on "
            f"{', '.join(repr(u.name) for u in unknowns)} in a way that leaves its states unknown. "
            "Use a bound of data alone, and a Potential for the rest"
        )
    lows, highs = [], []
    with float64():
        for states in product(*(unknown.values for unknown in unknowns)):
            values = Evaluation(known)
            for unknown, state in zip(unknowns, states, strict=True):
                values.set(unknown.node, np.full(unknown.shape, state))
            result = np.asarray(values(bound))
            lows.append(result.min())
            highs.append(result.max())
    return int(np.min(lows)), int(np.max(highs))

"""Discrete variables whose states are components: they are renamed as the components move."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import jax.numpy as jnp
import numpy as np

from aliquot.marginal import Unknown
from aliquot.precision import float64
from aliquot.symmetry.block import Block, trading
from aliquot.symmetry.finding.axes import exchange
from aliquot.symmetry.finding.probe import RELATIVE
from aliquot.symmetry.finding.search import Search, exchanged

# Discrete variables of which any set may move along; more are tried one by one only.
MOST = 6
POINTS = 4


def with_states(blocks: Sequence[Block], search: Search) -> list[Block]:
    """Find the discrete variables whose states are a block's components.

    The joint density of parameters and states, before summing, is what has to stay as it is: a
    few points at random show which variables' states have to be renamed as components trade
    places.
    """
    if search.probe.density.marginal is None or not blocks:
        return list(blocks)
    joint = _Joint(search)
    return [Block(b.roles, joint.states_of(b), b.coupled) for b in blocks]


class _Joint:
    """The density with its discrete variables given."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.density = search.probe.density
        assert self.density.marginal is not None
        self.marginal = self.density.marginal
        self._program = self.density.program("terms of values and states", self._terms)

    def states_of(self, block: Block) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Give the variables whose states move with a block, and each component's state."""
        positions = next((role.positions for role in block.roles if role.positions), None)
        places = positions or tuple(range(block.components))
        able = [u for u in self.marginal.unknowns if u.states > max(places)]
        sizes = range(len(able) + 1) if len(able) <= MOST else range(2)
        for size in sizes:
            for chosen in combinations(able, size):
                states = tuple(
                    (u.name, tuple(u.lowest + place for place in places)) for u in chosen
                )
                if self._holds(Block(block.roles, states)):
                    return states
        return ()

    def _holds(self, block: Block) -> bool:
        rng = np.random.default_rng(3)
        points = list(self.search.probe.points(POINTS))
        for k in range(1, block.components):
            swaps = exchange(block, 0, k)
            permutation = trading(block.components, 0, k)
            for point, _ in points:
                states = {
                    u.name: rng.integers(u.lowest, u.lowest + u.states, u.shape)
                    for u in self.marginal.unknowns
                }
                states = {u.name: _seen(u, states[u.name]) for u in self.marginal.unknowns}
                renamed = states | {
                    name: block.permute_states(name, states[name], permutation)
                    for name, _ in block.states
                }
                if any(
                    (_seen(u, renamed[u.name]) != renamed[u.name]).any()
                    for u in self.marginal.unknowns
                ):
                    return False
                before, after = (
                    self._value(point, states),
                    self._value(exchanged(point, swaps), renamed),
                )
                if not _equal(before, after):
                    return False
        return bool(points)

    def _value(self, point: Any, states: Any) -> np.ndarray:
        with float64():
            return np.asarray(self._program(point, states, self.density.data))

    def _terms(self, point: Any, states: Any, data: Any) -> Any:
        values = self.density.evaluation_of(point, data)
        for unknown in self.marginal.unknowns:
            values.set(unknown.node, states[unknown.name])
        sums = [
            jnp.sum(values(u.distribution).checked_log_prob(states[u.name]))
            for u in self.marginal.unknowns
        ]
        return jnp.stack([*sums, *(jnp.sum(t.compute(values)) for t in self.marginal.terms)])


def _seen(unknown: Unknown, states: np.ndarray) -> np.ndarray:
    """Put the observed entries of a partly observed variable in their places."""
    if unknown.evidence is None:
        return states
    seen = unknown.evidence.reshape(unknown.shape)
    return np.where(seen >= 0, seen + unknown.lowest, states)


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    finite = np.isfinite(one)
    if not np.array_equal(finite, np.isfinite(other)):
        return False
    gap = np.abs(one[finite] - other[finite])
    return bool(np.all(gap <= RELATIVE * (1.0 + np.abs(one[finite]))))

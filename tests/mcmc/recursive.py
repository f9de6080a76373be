"""NUTS as it is usually told, by recursion, in NumPy: the oracle of the iterative trajectory.

It shares with the code under test the sequence of its random numbers, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

_MASK = (1 << 64) - 1


def splitmix(key: int, counter: int) -> int:
    """The finaliser of SplitMix64, in Python's own integers."""
    bits = (key + (counter + 1) * 0x9E3779B97F4A7C15) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 31)


def uniform(key: int, counter: int) -> float:
    return (splitmix(key, counter) >> 11) * 2.0**-53


@dataclass
class Leaf:
    number: int
    position: np.ndarray
    error: float


@dataclass
class Tree:
    momenta: list[np.ndarray]
    """In the order of time."""
    leaves: list[Leaf] = field(default_factory=list)
    """In the order of integration."""
    valid: bool = True

    @property
    def total(self) -> np.ndarray:
        return np.sum(self.momenta, axis=0)


def turned(left: Tree, right: Tree) -> bool:
    """The U-turn test over two neighbours in time, and across them."""

    def criterion(first: np.ndarray, last: np.ndarray, total: np.ndarray) -> bool:
        return first @ total > 0 and last @ total > 0

    a, b, c, d = left.momenta[0], left.momenta[-1], right.momenta[0], right.momenta[-1]
    return not (
        criterion(a, d, left.total + right.total)
        and criterion(a, c, left.total + c)
        and criterion(b, d, right.total + b)
    )


class Recursive:
    """One trajectory over a density in coordinates scaled by `scale` (d,)."""

    def __init__(self, value_and_grad, scale, step, key, max_depth):
        self.value_and_grad = value_and_grad
        self.scale, self.step, self.key, self.max_depth = scale, step, int(key), max_depth
        self.steps = 0
        self.acceptance = 0.0
        self.diverged = False

    def run(self, position, momentum):
        """Return the chosen position; `steps`, `depth` and the rest are left on the object."""
        log_density, _ = self.value_and_grad(position)
        self.energy = 0.5 * momentum @ momentum - log_density
        tree = Tree([momentum])
        self.ends = {-1: (position, momentum), 1: (position, momentum)}
        weight, chosen, self.depth, self.turned = 1.0, Leaf(0, position, 0.0), 0, False
        while self.depth < self.max_depth:
            way = 1 if splitmix(self.key, 0) >> self.depth & 1 else -1
            new = self.build(self.depth, way)
            if not new.valid:
                self.turned = not self.diverged
                break
            weights = np.exp([-leaf.error for leaf in new.leaves])
            if uniform(self.key, 2**32 + self.depth) < weights.sum() / weight:
                chosen = self.choose(new.leaves, weights)
            weight += weights.sum()
            before, after = (tree, new) if way == 1 else (new, tree)
            self.depth += 1
            self.turned = turned(before, after)
            tree = Tree(before.momenta + after.momenta)
            if self.turned:
                break
        self.error = chosen.error
        return chosen.position

    def choose(self, leaves, weights):
        """The last leaf that took its predecessor's place."""
        shares = weights / np.cumsum(weights)
        taken = [
            leaf
            for leaf, share in zip(leaves, shares, strict=True)
            if uniform(self.key, leaf.number) < share
        ]
        return taken[-1]

    def build(self, depth, way):
        if depth == 0:
            return self.leaf(way)
        inner = self.build(depth - 1, way)
        if not inner.valid:
            return inner
        outer = self.build(depth - 1, way)
        before, after = (inner, outer) if way == 1 else (outer, inner)
        return Tree(
            before.momenta + after.momenta,
            inner.leaves + outer.leaves,
            outer.valid and not turned(before, after),
        )

    def leaf(self, way):
        position, momentum = self.ends[way]
        step = way * self.step
        momentum = momentum + 0.5 * step * self.scale * self.value_and_grad(position)[1]
        position = position + step * self.scale * momentum
        log_density, gradient = self.value_and_grad(position)
        momentum = momentum + 0.5 * step * self.scale * gradient
        self.ends[way] = (position, momentum)
        self.steps += 1
        error = 0.5 * momentum @ momentum - log_density - self.energy
        self.acceptance += min(1.0, np.exp(-error))
        self.diverged = self.diverged or not error <= 1000
        return Tree([momentum], [Leaf(self.steps, position, error)], not self.diverged)

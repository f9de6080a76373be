"""Which component each row of the data belongs to, draw by draw, for a block of components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.distributions.mixture import Mixture
from aliquot.distributions.normal_mixture import NormalMixture
from aliquot.marginal import depends_on
from aliquot.model import Model
from aliquot.symmetry import Block, trading

# Above so many numbers, draws times rows times components (400 MB), a part of the rows is used: as
# many as fit, chosen at random with equal probabilities, and always the same.
MOST_NUMBERS = 50_000_000
# Draws at which it is tested what moves along with a block, and how well that has to hold.
TESTED = 3
EQUAL = 1e-7
CHANGED = 1e-4


@dataclass(frozen=True)
class AllocationRows:
    """Rows of one variable, and which of their columns are a block's components."""

    name: str  # a discrete variable, or an observed mixture
    rows: np.ndarray  # those of its rows, counted flat, that tell the components apart
    columns: tuple[int, ...]  # which state or component of the variable each one of the block is


@dataclass(frozen=True)
class Found:
    """Responsibilities of a block's components."""

    probabilities: np.ndarray  # (draws, rows, K)
    names: tuple[str, ...]  # the variables that the rows are of
    total: int  # how many rows there are: more than in `probabilities` where these were too many


class Responsibilities:
    """Probabilities, given each draw's parameters and the data, that rows are of components.

    They come from discrete variables that were summed out (of a chain smoothed), and from observed
    mixtures. Which of these belongs to a block is not guessed from shapes or names: it is those
    rows whose probabilities trade places exactly as the block's components do.
    """

    def __init__(self, model: Model) -> None:
        self.density = model.density()
        unknowns = () if self.density.marginal is None else tuple(self.density.marginal.unknowns)
        self.unknowns = unknowns
        nodes = [unknown.node for unknown in unknowns]
        self.mixtures = [v for v in model.observed if is_mixture(v, nodes)]
        self._sizes = {u.name: u.states for u in unknowns}
        self._sizes |= {v.name: v.distribution.size for v in self.mixtures}

    def of(self, block: Block, values: Mapping[str, np.ndarray]) -> Found | None:
        """Compute those of a block's components; ``None`` where no rows tell the components apart.

        `values` are of every continuous free variable, (draws, *shape).
        """
        sources = self.sources(block, values)
        if not sources:
            return None
        draws = len(next(iter(values.values())))
        total = sum(len(source.rows) for source in sources)
        fit = max(1, MOST_NUMBERS // (draws * block.components))
        chosen = np.arange(total)
        if total > fit:
            chosen = np.sort(np.random.default_rng(1).choice(total, fit, replace=False))
        parts = []
        begin = 0
        for source in sources:
            here = chosen[(chosen >= begin) & (chosen < begin + len(source.rows))] - begin
            begin += len(source.rows)
            if len(here):
                parts.append((source.name, source.rows[here], np.asarray(source.columns)))
        arrays = self._run(values, parts)
        probabilities = np.concatenate([arrays[name] for name, _, _ in parts], axis=1)
        return Found(probabilities, tuple(source.name for source in sources), total)

    def sources(self, block: Block, values: Mapping[str, np.ndarray]) -> list[AllocationRows]:
        """Find the rows whose probabilities trade places as a block's components do."""
        names = [name for name, size in self._sizes.items() if size >= block.components]
        k = block.components
        moves, arrays = self._as_they_move(block, values, names)
        found = []
        for name in names:
            p = arrays[name]
            for columns in (_columns(p, k), self._likely_columns(block, name)):
                if columns is None:
                    continue
                rows = _rows_that_follow(p, columns, moves)
                if rows.any():
                    found.append(AllocationRows(name, np.flatnonzero(rows), columns))
                    break
        return found

    def left_behind(
        self, block: Block, values: Mapping[str, np.ndarray], names: Sequence[str]
    ) -> list[str]:
        """Name discrete variables that change with a block though it does not say how.

        Of groups each of which is a mixture, in one array, the block of one group would have
        to rename the states of some rows only.
        """
        unnamed = [name for name in names if name not in dict(block.states)]
        _, arrays = self._as_they_move(block, values, unnamed)
        return [name for name, p in arrays.items() if (np.abs(p - p[:, :1]) > EQUAL).any()]

    def _as_they_move(
        self, block: Block, values: Mapping[str, np.ndarray], names: Sequence[str]
    ) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
        """Compute probabilities at some draws, their components where they are and moved.

        Moves are none first, then each component with the first, then all at random; the
        probabilities, by name, have the shape (tested, moves, rows, columns).
        """
        draws = len(next(iter(values.values())))
        rng = np.random.default_rng(2)
        tested = rng.choice(draws, min(TESTED, draws), replace=False)
        k = block.components
        moves = [*(trading(k, 0, other) for other in range(k)), rng.permutation(k)]
        batch = {
            name: np.repeat(array[tested], len(moves), axis=0) for name, array in values.items()
        }
        batch |= block.permute(batch, np.tile(moves, (len(tested), 1)))
        arrays = self._run(batch, [(name, None, None) for name in names])
        return moves, {
            name: p.reshape((len(tested), len(moves), *p.shape[1:])) for name, p in arrays.items()
        }

    def _likely_columns(self, block: Block, name: str) -> tuple[int, ...] | None:
        """Give the columns to try where components are too empty for a change to show."""
        lowest = {unknown.name: unknown.lowest for unknown in self.unknowns}
        if name in dict(block.states):
            return tuple(state - lowest[name] for state in dict(block.states)[name])
        if block.signs:
            return None
        return tuple(range(block.components)) if self._sizes[name] == block.components else None

    def _run(self, values: Mapping[str, np.ndarray], parts: Sequence[Any]) -> dict[str, np.ndarray]:
        """Compute probabilities by variable, shape (draws, rows, columns)."""
        names = [name for name, _, _ in parts]

        def one(given: Any, data: Any) -> dict[str, Any]:
            everything = self._probabilities(given, data, names)
            result = {}
            for name, rows, columns in parts:
                p = everything[name]
                p = p if rows is None or len(rows) == len(p) else p[rows]
                whole = columns is None or np.array_equal(columns, np.arange(p.shape[1]))
                result[name] = p if whole else p[:, columns]
            return result

        if not parts:
            return {}
        return self.density.over_draws(one, dict(values))

    def _probabilities(self, given: Any, data: Any, names: Sequence[str]) -> dict[str, Any]:
        """Compute those of all rows at one draw, inside a traced function."""
        known = self.density.evaluation_of(given, data)
        result = {}
        marginal = self.density.marginal
        if marginal is not None and any(unknown.name in names for unknown in self.unknowns):
            for unknown, p in zip(
                self.unknowns, marginal.evaluate(known).probabilities(), strict=True
            ):
                result[unknown.name] = p.reshape((-1, unknown.states))
        for variable in self.mixtures:
            if variable.name in names:
                logits = mixture_logits(variable, known, self.density)
                result[variable.name] = jax.nn.softmax(logits, axis=-1)
        return {name: result[name] for name in names}


def is_mixture(variable: Any, unknowns: Sequence[Any]) -> bool:
    """Say whether an observed variable is a mixture whose components tell of its rows."""
    distribution = variable.distribution
    return isinstance(distribution, Mixture | NormalMixture) and not depends_on(
        distribution, unknowns
    )


def mixture_logits(variable: Any, known: Any, density: Any) -> Any:
    """Compute the log of weight times density inside a traced function, shape (rows, K).

    It is zero throughout for a row that no component can give, and of weights alone for one that is
    missing.
    """
    distribution = known(variable.distribution)
    gone = next((found for found in density.integrated if found.variable is variable), None)
    if gone is None:
        each = distribution.component_log_prob(known(variable))
    else:
        each = distribution.seen_component_log_prob(gone.seen(known), gone.missing)
    w = jnp.broadcast_to(jnp.asarray(distribution.w), each.shape)
    logits = jnp.log(w) + each
    possible = jnp.isfinite(jnp.max(logits, axis=-1, keepdims=True))
    return jnp.where(possible, logits, 0.0).reshape((-1, each.shape[-1]))


def _columns(p: np.ndarray, k: int) -> tuple[int, ...] | None:
    """Find which column is which component: two of them change as two components trade places.

    By probabilities (tested, moves, rows, columns), the moves as in `_as_they_move`.
    """
    # Relative to the probabilities: those of components that are nearly empty are small.
    before, after = p[:, :1], p[:, 1:k]
    changes = np.abs(after - before) > CHANGED * np.maximum(after, before)
    pairs = [set(np.flatnonzero(row).tolist()) for row in changes.any(axis=(0, 2))]
    if any(len(pair) != 2 for pair in pairs):
        return None
    if k == 2:
        first, second = sorted(pairs[0])
        return int(first), int(second)
    common = set.intersection(*pairs)
    if len(common) != 1:
        return None
    first = common.pop()
    others = [(pair - {first}).pop() for pair in pairs]
    return (int(first), *(int(o) for o in others)) if len({*others}) == k - 1 else None


def _rows_that_follow(
    p: np.ndarray, columns: Sequence[int], moves: Sequence[np.ndarray]
) -> np.ndarray:
    """Say of which rows the probabilities trade places with the components, shape (rows,)."""
    follows = np.ones(p.shape[2], bool)
    chosen = np.asarray(columns)
    for j, move in enumerate(moves):
        expected = p[:, 0].copy()
        expected[..., chosen] = p[:, 0][..., chosen[move]]
        follows &= (np.abs(p[:, j] - expected) <= EQUAL).all(axis=(0, 2))
    return follows

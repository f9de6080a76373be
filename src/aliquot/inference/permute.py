"""Exact permutation moves: every draw's components trade places at random."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from aliquot.distributions.constraints import Interval
from aliquot.errors import AliquotWarning, ModelError, warn
from aliquot.inference.draws import flat, free_draws, in_chains, sample_shape
from aliquot.symmetry import Block, Symmetries
from aliquot.symmetry.finding.at_once import terms_of_some
from aliquot.symmetry.finding.probe import RELATIVE, Probe

# Keeps the permutations' random numbers apart from all others of the same seed.
STREAM = 0x9E37
# A mirror image has lost digits that matter where a number is so much smaller than its bounds.
LOST = 1e-6
# Draws at which the density is looked at again once they are permuted.
CHECKED = 50


def read_label_switching(value: Any) -> bool:
    """Say whether draws are to be permuted; refuse a value that is not known."""
    if value is None or value == "none":
        return False
    if value == "permute":
        return True
    raise ModelError(
        'label_switching must be "permute" (after each draw the components trade places at '
        f"random, so that all mirror modes are visited) or None; got {value!r}. To name the "
        "components after sampling use aq.relabel(trace)"
    )


def permutations(
    components: int, seed: int, block: int, chain: int, draws: int, begin: int = 0
) -> np.ndarray:
    """Draw independent uniform permutations (draws, components), a function of all arguments.

    They are those of a chain's draws from `begin` on.
    """
    rng = np.random.default_rng([STREAM, seed, block, chain])
    rng.bit_generator.advance(begin * components)  # type: ignore[attr-defined]
    return np.argsort(rng.random((draws, components)), axis=-1)


def permuted(
    density: Any,
    symmetries: Symmetries,
    values: Mapping[str, np.ndarray],
    seed: int,
    begin: int = 0,
) -> dict[str, np.ndarray] | None:
    """Let the components of every draw, (chains, draws, *shape), trade places at random.

    The first of them is draw `begin` of its chain. Free variables are permuted and deterministics
    computed anew. ``None``, and a warning, where the density of a permuted draw is another one
    after all.

    A chain followed by a move that leaves the posterior unchanged still has the posterior as its
    distribution; a uniform permutation of exchangeable components is one that accepts always. As
    the moves do not go back into the chain, its metric stays that of one mode. The random
    permutation sampler: Frühwirth-Schnatter (2001), Markov chain Monte Carlo estimation of
    classical and dynamic switching and mixture models, JASA 96(453).
    """
    free = free_draws(density, values)
    moved = dict(free)
    for number, block in enumerate(symmetries.coupled):
        moved |= _at_random(block, moved, seed, number, begin)
    if _changed(density, free, moved):
        warn(
            "label_switching: the density changes where components trade places, although it did "
            "not at the points looked at before sampling. The draws are left as they were. Does "
            "a Potential or another part of the model hold in some places only?",
            AliquotWarning,
        )
        return None
    return with_deterministics(density, moved)


def that_hold(density: Any, symmetries: Symmetries, values: Mapping[str, np.ndarray]) -> Symmetries:
    """Leave out blocks of which draws show that their components cannot trade places after all.

    Points at random do not show what tells components apart in a corner only, or by less than
    the rounding of terms that are huge nearly everywhere. The draws, (chains, draws, *shape), are
    where it matters. Where a block is left out, a warning says so.
    """
    free = free_draws(density, values)
    _, draws = sample_shape(free)
    wrong = [
        block
        for number, block in enumerate(symmetries.coupled)
        if draws and _changed(density, free, free | _at_random(block, free, 0, number))
    ]
    if not wrong:
        return symmetries
    warn(
        f"symmetries: {'; '.join(block.text for block in wrong)} cannot trade places after all: "
        "that changes the density of draws, although it did not change that of the points looked "
        "at before. "
        "Does a Potential or another part of the model hold in some places only?",
        AliquotWarning,
    )
    return replace(symmetries, blocks=tuple(b for b in symmetries.blocks if b not in wrong))


def with_deterministics(density: Any, free: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Add the deterministics that belong to free variables, shape (chains, draws, *shape) each."""
    chains, draws = sample_shape(free)
    rows = {name: flat(value) for name, value in free.items()}
    computed = density.deterministics_of(rows, chains * draws)
    return dict(free) | in_chains(computed, chains, draws)


def unconstrained(density: Any, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Map draws back to unconstrained coordinates, shape (chains, draws, d)."""
    free = free_draws(density, values)
    rows = {name: flat(value) for name, value in free.items()}
    return np.asarray(density.unconstrain_draws(rows).reshape((*sample_shape(free), -1)))


def _at_random(
    block: Block, values: Mapping[str, np.ndarray], seed: int, number: int, begin: int = 0
) -> dict[str, np.ndarray]:
    """Let the components of block `number` trade places at random in every draw."""
    chains, draws = sample_shape(values)
    each = [permutations(block.components, seed, number, c, draws, begin) for c in range(chains)]
    return block.permute(values, np.stack(each))


def _changed(
    density: Any, before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]
) -> bool:
    """Look at the density of some draws, term by term, before and after."""
    probe = Probe(density)
    variables = [slot.variable for slot in density.slots]
    chains, draws = sample_shape(before)
    chosen = np.unique(np.linspace(0, draws - 1, max(1, CHECKED // chains)).astype(int))
    places = [(chain, draw) for draw in chosen for chain in range(chains)]

    def terms(given: Mapping[str, np.ndarray]) -> Iterator[np.ndarray]:
        points = ({n: np.asarray(v[at], float) for n, v in given.items()} for at in places)
        return terms_of_some(probe, points)

    for at, one, other in zip(places, terms(before), terms(after), strict=True):
        if not np.isfinite(one).all() and not np.isfinite(other).all():
            continue  # draws of an approximation may have no density
        if any(_rounded(v, before[v.name][at], after[v.name][at]) for v in variables):
            continue
        gap = abs(one.sum() - other.sum())
        if not gap <= RELATIVE * (1.0 + np.abs(one).sum()):
            return True
    return False


def _rounded(variable: Any, before: np.ndarray, after: np.ndarray) -> bool:
    """Say whether a mirror image is so close to 1, or to another bound, that digits were lost.

    Of p = 1e-20 the image is 1, of which no density is that of 1e-20.
    """
    if np.array_equal(np.sort(np.ravel(before)), np.sort(np.ravel(after))):
        return False  # places were traded, nothing was mirrored
    support = variable.distribution.support
    lower = support.lower if isinstance(support, Interval) and support.constant() else None
    low = 0.0 if lower is None else lower
    # Of two images between bounds the sum of these is the width.
    one, other = before - low, after - low
    near = np.minimum(np.abs(one), np.abs(other)) < LOST * np.abs(one + other)
    return bool(np.any(near))

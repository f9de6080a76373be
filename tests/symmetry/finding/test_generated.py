"""Mixtures made at random: components are alike where all that is written of them is."""

from __future__ import annotations

import numpy as np
import pytest

import aliquot as aq

DATA = np.random.default_rng(2).normal(0, 2, 25)


def make(seed: int):
    """Make a mixture; return it, the variables that move, and what is written of each component."""
    rng = np.random.default_rng([8, seed])
    size = int(rng.integers(2, 6))

    def values(*choices: float) -> np.ndarray:
        """Give each component one of a few values, often all the same."""
        if rng.random() < 0.5:
            return np.full(size, choices[0])
        return rng.choice(choices, size)

    written: list[np.ndarray] = []
    moving: set[str] = set()
    with aq.Model() as model:
        centers = values(0.0, 1.5)
        mu = aq.Normal("mu", centers, 5, shape=size)
        written.append(centers)
        moving.add("mu")
        if rng.random() < 0.5:
            concentration = values(1.0, 2.5)
            w: object = aq.Dirichlet("w", concentration)
            written.append(concentration)
            moving.add("w")
        else:
            raw = values(1.0, 2.0)
            w = raw / raw.sum()
            written.append(raw)
        if rng.random() < 0.5:
            scales = values(1.0, 3.0)
            sigma: object = aq.HalfNormal("sigma", scales, shape=size)
            written.append(scales)
            moving.add("sigma")
        else:
            sigma = values(1.0, 2.0)
            written.append(np.asarray(sigma))
        aq.HalfNormal("unrelated", 1, shape=size)
        if rng.random() < 0.5:
            aq.NormalMixture("obs", w=w, mu=mu, sigma=sigma, observed=DATA)
        else:
            z = aq.Categorical("z", p=w, shape=len(DATA))
            sigma = aq.constant(sigma) if isinstance(sigma, np.ndarray) else sigma
            aq.Normal("obs", mu[z], sigma[z], observed=DATA)
    return model, moving, np.stack(written, axis=-1)


@pytest.mark.parametrize("seed", range(16))
def test_components_alike_in_all_that_is_written(seed: int):
    model, moving, written = make(seed)
    kinds: dict[tuple[float, ...], list[int]] = {}
    for k, row in enumerate(written):
        kinds.setdefault(tuple(row), []).append(k)
    expected = {tuple(places) for places in kinds.values() if len(places) > 1}
    found = model.symmetries(explain=False)
    assert {block.roles[0].positions for block in found.coupled} == expected
    for block in found.coupled:
        assert set(block.variables) == moving
        assert len({role.positions for role in block.roles}) == 1
    uncoupled = [block for block in found.blocks if not block.coupled]
    assert [block.variables for block in uncoupled] == [("unrelated",)]

"""Mixtures made at random: components are alike where all that is written of them is."""

from __future__ import annotations

import math
from typing import Any

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


def make_apart(seed: int):
    """Make mixtures whose components stand anywhere; return the model and its number of modes.

    Each parameter is written as one variable a component, as an array, or as one in another order;
    some components have other priors; there may be two mixtures, or states of a Markov chain.
    """
    rng = np.random.default_rng([77, seed])
    size = int(rng.integers(2, 6))
    kind = rng.integers(0, 2, size) if rng.random() < 0.35 else np.zeros(size, int)

    def parameter(name: str, family: Any, values: list[float]) -> Any:
        own = np.array(values)[kind]
        if rng.random() < 0.5:
            return aq.math.stack([family(f"{name}{k}", float(own[k])) for k in range(size)])
        order = rng.permutation(size) if rng.random() < 0.5 else np.arange(size)
        return family(name, own[order], shape=size)[np.argsort(order)]

    def part(name: str, data: np.ndarray) -> None:
        mu = parameter("mu" + name, lambda n, v, **k: aq.Normal(n, v, 5, **k), [0.0, 1.5])
        sigma = aq.constant(np.ones(size))
        if rng.random() < 0.5:
            sigma = parameter("sigma" + name, aq.HalfNormal, [1.0, 2.0])
        how = rng.choice(["mixture", "labels", "chain"])
        if how == "chain":
            P = aq.Dirichlet("P" + name, np.ones(size), shape=(size, size))
            init = np.full(size, 1 / size)
            z = aq.MarkovChain("z" + name, P=P, init=init, shape=len(data))
            aq.Normal("obs" + name, mu[z], sigma[z], observed=data)
            return
        w: Any = np.full(size, 1 / size)
        if rng.random() < 0.7:
            w = aq.Dirichlet("w" + name, np.array([1.0, 2.0])[kind])
        if how == "mixture":
            aq.NormalMixture("obs" + name, w, mu, sigma, observed=data)
        else:
            z = aq.Categorical("z" + name, p=w, shape=len(data))
            aq.Normal("obs" + name, mu[z], sigma[z], observed=data)

    names = ["", "_other"] if rng.random() < 0.25 else [""]
    with aq.Model() as model:
        for k, name in enumerate(names):
            part(name, DATA[:18] + k)
    modes = math.prod(math.factorial(int(np.sum(kind == k))) for k in (0, 1))
    return model, modes ** len(names)


@pytest.mark.parametrize("seed", range(24))
def test_components_that_stand_anywhere(seed: int):
    model, modes = make_apart(seed)
    assert model.symmetries(explain=False).modes == modes

"""Swaps: their probability, and the replicas they move."""

from __future__ import annotations

import numpy as np

from aliquot.tempering.swaps import Replicas, acceptances


def test_the_probability_is_that_of_metropolis(rng: np.random.Generator) -> None:
    betas = np.array([0.0, 0.2, 1.0])
    ratios = rng.normal(size=3) * 4
    for k, found in enumerate(acceptances(betas, ratios)):
        before = betas[k] * ratios[k] + betas[k + 1] * ratios[k + 1]
        after = betas[k] * ratios[k + 1] + betas[k + 1] * ratios[k]
        assert np.isclose(found, min(1.0, np.exp(after - before)))


def test_what_has_no_density_stays_and_is_left() -> None:
    betas = np.array([0.0, 0.5, 1.0])
    assert acceptances(betas, np.array([-np.inf, -3.0, -np.inf])).tolist() == [0.0, 1.0]
    assert acceptances(betas, np.array([-np.inf, -np.inf, -1.0])).tolist() == [0.0, 0.0]


def test_replicas_are_a_permutation_and_trips_are_counted(rng: np.random.Generator) -> None:
    replicas = Replicas(6)
    fresh, trips = {0}, 0
    at = list(range(6))
    for scan in range(400):
        pairs = np.arange(scan % 2, 5, 2)
        chosen = pairs[rng.random(len(pairs)) < 0.6]
        order = replicas.swap(chosen)
        for k in chosen:
            at[k], at[k + 1] = at[k + 1], at[k]
        assert sorted(order) == list(range(6))
        assert replicas.at.tolist() == at
        fresh.add(at[0])
        if at[-1] in fresh:
            trips += 1
            fresh.remove(at[-1])
        assert replicas.trips == trips
    assert trips > 10


def test_with_no_rejections_replicas_go_straight_through() -> None:
    # Each goes up and down the ladder without turning: two come through in as many scans as rungs.
    replicas = Replicas(8)
    for scan in range(8 * 50):
        replicas.swap(np.arange(scan % 2, 7, 2))
    assert abs(replicas.trips - 8 * 50 / 2) <= 8

"""How many components there are, by `compare_components`.

The number is drawn from its prior, parameters from theirs and data from these. Posterior
probabilities are held against the numbers that were drawn, and against exact ones by quadrature.
"""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.special import logsumexp

import aliquot as aq
from tests.evidence.honest import honest
from tests.inference import enumerated

SETS = 100
ROWS = 12
PRIOR_SD = 1.5
PRIOR = {1: 0.4, 2: 0.6}
# Of each bound: four of calibration, three of deviations.
CHANCE = 1e-5
SIMULATED = 200_000
GRID = np.arange(-9, 9, 0.05)


def exact_odds(y: np.ndarray) -> float:
    """Give the log of the evidence of two components over that of one."""
    one = stats.norm.logpdf(y[:, None], GRID)
    total = sum(np.logaddexp(row[:, None], row) - np.log(2) for row in one)
    prior = stats.norm.logpdf(GRID, 0, PRIOR_SD)
    two = logsumexp(total + prior[:, None] + prior) + 2 * np.log(GRID[1] - GRID[0])
    return float(two - enumerated.of_normals(y, PRIOR_SD))


def tail(found: float, simulated: np.ndarray) -> float:
    """Give the smaller of the chances of what is at most, and at least, as large."""
    rounding = 1e-9 * SETS
    return min((simulated <= found + rounding).mean(), (simulated >= found - rounding).mean())


def test_probabilities_of_the_number_are_calibrated(verified, rng):
    models = {}
    for number in PRIOR:
        with aq.Model() as model:
            means = aq.Normal("means", 0, PRIOR_SD, shape=number)
            data = aq.Data("y", np.linspace(-2, 3, ROWS) ** 3)
            aq.NormalMixture("obs", np.full(number, 1 / number), means, 1, observed=data)
        models[number] = model
    true, probability, exact, deviations = [], [], [], []
    for seed in range(SETS):
        number = 1 + int(rng.random() < PRIOR[2])
        means = rng.normal(0, PRIOR_SD, number)
        y = rng.normal(means[rng.integers(0, number, ROWS)], 1)
        for model in models.values():
            model.set_data({"y": y})
        table = aq.compare_components(
            models.__getitem__, PRIOR, prior=PRIOR, random_seed=seed, progressbar=False
        ).table
        odds = exact_odds(y)
        exact.append(PRIOR[2] / (PRIOR[2] + PRIOR[1] * np.exp(-odds)))
        true.append(number == 2)
        probability.append(table.probability[2])
        found = table.log_evidence[2] - table.log_evidence[1]
        deviations.append((found - odds) / np.hypot(*table.error))
    two, p = np.array(true), np.array(probability)
    off = np.abs(p - exact).max()
    drawn = rng.random((SIMULATED, SETS)) < p
    # Whether probabilities are too large or too small, and whether they are too sure.
    chances = [tail(((two - p) @ w), (drawn - p) @ w) for w in (np.ones(SETS), p - 0.5)]
    verified(
        what="the number of components, where its probability is known",
        against="the number that was drawn: one or two",
        cases=SETS,
        worst=f"{two.sum()} of two components, {p.sum():.1f} expected; chance {min(chances):.2g}",
    )
    verified(
        what="the same probabilities",
        against="quadrature",
        cases=SETS,
        worst=f"{off:.3f}; log odds off by errors of mean {np.mean(deviations):.2f} and sd "
        f"{np.std(deviations):.2f}",
    )
    assert min(chances) > CHANCE
    honest(deviations, CHANCE)
    assert off < 0.05

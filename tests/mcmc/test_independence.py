"""Independence steps leave the density as it is, whatever is proposed."""

from __future__ import annotations

import itertools
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from arviz_stats.base.array import array_stats

from aliquot.mcmc.independence import CYCLE, Metropolis, Standing, Warmed
from aliquot.mcmc.run import EARLY, sample
from aliquot.mcmc.settings import NUTSSettings

# One in 100,000 fails by chance.
ERRORS = 4.5


def stay(points: np.ndarray, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return points, heights


P = np.array([0.5, 0.2, 0.2, 0.1, 0.0])
Q = np.array([0.1, 0.3, 0.2, 0.3, 0.1])
with np.errstate(divide="ignore"):
    LOG_P, LOG_RATIO = np.log(P), np.log(P / Q)


class Listed:
    """Proposes sets of states in turn."""

    def __init__(self, sets: np.ndarray) -> None:
        self.sets, self.tries = sets, sets.shape[1]

    def draw(self, n: int, rng: Any) -> Any:
        drawn = self.sets[np.arange(n // self.tries) % len(self.sets)].ravel()
        return drawn[:, None].astype(float), LOG_P[drawn], LOG_RATIO[drawn]

    def locate(self, position: np.ndarray, log_density: float) -> Standing:
        return Standing(LOG_RATIO[int(position[0])], stay)


@pytest.mark.parametrize("tries", [1, 2, 3])
def test_detailed_balance_on_a_grid(tries: int) -> None:
    """The flow from each state to each other, from the very acceptance that is used."""
    sets = np.array(list(itertools.product(range(5), repeat=tries)))
    flows = np.zeros((5, 5))
    for state in range(4):
        moves = Metropolis(Listed(sets), seed=1, chain=0)
        for proposed in sets:  # one step from `state`
            steps = moves.steps(np.array([float(state)]), LOG_P[state], 1)
            assert steps.positions[0, 0] in (state, *proposed)
            assert steps.log_densities[0] == LOG_P[int(steps.positions[0, 0])]
            # Which try is chosen is random. The sums of ratios do not depend on it but through the
            # ratio that leaves, so that the acceptance of each is known.
            ratios = np.exp(LOG_RATIO[proposed])
            total = ratios.sum()
            each = np.minimum(1, total / (total - ratios + np.exp(LOG_RATIO[state])))
            assert np.isclose(each, steps.acceptance[0]).any() or total == 0
            chance = P[state] * Q[proposed].prod() * ratios / total if total else 0 * ratios
            for other, flow in zip(proposed, chance * each, strict=True):
                flows[state, other] += flow
    np.testing.assert_allclose(flows, flows.T, atol=1e-15)
    assert (flows[:, 4] == 0).all()
    assert (flows[:4, :4] > 0).all()


@pytest.mark.parametrize("tries", [2, 5])
def test_a_proposal_on_a_grid_that_is_tried_several_times(tries: int) -> None:
    """Shares of all states, from one long chain of these steps alone."""
    rng = np.random.default_rng(tries)
    sets = rng.choice(5, size=(200_000, tries), p=Q)

    class Once(Listed):
        """Each set once."""

        begin = 0

        def draw(self, n: int, rng: Any) -> Any:
            drawn = self.sets[self.begin : self.begin + n // self.tries].ravel()
            self.begin += n // self.tries
            return drawn[:, None].astype(float), LOG_P[drawn], LOG_RATIO[drawn]

    count = 180_000
    steps = Metropolis(Once(sets), seed=1, chain=0).steps(np.zeros(1), LOG_P[0], count)
    where = steps.positions[:, 0]
    for state in range(4):
        here = (where == state).astype(float)[None]
        ess = float(array_stats.ess(here, chain_axis=0, draw_axis=1, method="mean"))
        assert abs(here.mean() - P[state]) < ERRORS * np.sqrt(P[state] * (1 - P[state]) / ess)
    assert not (where == 4).any()


class Normals:
    """Normal proposals for two modes, at 0 with a share of .3 and at `apart` with .7."""

    def __init__(
        self, apart: float, centers: Any, width: float, weights: Any, tries: int = 1
    ) -> None:
        self.tries = tries
        self.apart, self.width = apart, width
        self.centers, self.log_w = np.array(centers), np.log(weights)

    def _p(self, x: np.ndarray) -> np.ndarray:
        at = [(0.0, 0.3), (self.apart, 0.7)]
        return np.logaddexp(*(np.log(w) - 0.5 * ((x - m) ** 2).sum(-1) for m, w in at))

    def _q(self, x: np.ndarray) -> np.ndarray:
        each = [
            w - 0.5 * (((x - m) / self.width) ** 2).sum(-1)
            for m, w in zip(self.centers, self.log_w, strict=True)
        ]
        return np.asarray(np.logaddexp.reduce(each))

    def draw(self, n: int, rng: Any) -> Any:
        which = rng.choice(len(self.centers), n, p=np.exp(self.log_w))
        x = self.centers[which][:, None] + self.width * rng.standard_normal((n, 2))
        return x, self._p(x), self._p(x) - self._q(x)

    def locate(self, position: np.ndarray, log_density: float) -> Standing:
        return Standing(log_density - float(self._q(position)), stay)


def density(x: Any, apart: Any) -> Any:
    return jnp.logaddexp(
        jnp.log(0.3) - 0.5 * jnp.sum(x**2), jnp.log(0.7) - 0.5 * jnp.sum((x - apart) ** 2)
    )


@pytest.mark.parametrize(
    ("apart", "proposal"),
    [
        (20.0, Normals(20.0, [0.0, 20.0], 1.5, [0.5, 0.5])),
        (3.0, Normals(3.0, [0.0, 3.0], 0.5, [0.5, 0.5])),  # too narrow
        (3.0, Normals(3.0, [3.0], 1.2, [1.0])),  # a mode is missing
        (3.0, Normals(3.0, [-2.0], 1.0, [1.0])),  # beside everything
        (3.0, Normals(3.0, [0.0, 3.0], 8.0, [0.1, 0.9])),  # too wide, of wrong weights
        (3.0, Normals(3.0, [0.0, 3.0], 8.0, [0.1, 0.9], tries=6)),
        (3.0, Normals(3.0, [0.0, 3.0], 0.5, [0.5, 0.5], tries=3)),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_shares_are_right_whatever_is_proposed(
    apart: float, proposal: Normals, seed: int
) -> None:
    settings = NUTSSettings(draws=10_000, tune=200, metric="adapt_full")
    run = sample(
        density,
        np.float64(apart),
        np.array([[0.1, 0.0], [apart, apart]]),
        settings=settings,
        seed=seed,
        warmed=lambda positions, heights: Warmed(proposal, enough=False),
    )
    x = run.positions[:, run.tune :]
    assert run.independent[:, run.tune :].mean() == 1 - 1 / CYCLE
    assert not run.independent[:, : run.tune].any()
    far = (x.sum(-1) > apart).astype(float)
    for values, exact in ((far, None), (x[..., 0], 0.7 * apart), (x[..., 1], 0.7 * apart)):
        if exact is None:
            if apart < 10:
                continue  # the modes overlap
            exact = 0.7
        ess = float(array_stats.ess(values, chain_axis=0, draw_axis=1, method="mean"))
        assert abs(values.mean() - exact) < ERRORS * values.std() / np.sqrt(ess)
    lp = np.array([float(density(p, apart)) for p in x[0, :50]])
    np.testing.assert_allclose(run.stats["lp"][0, run.tune : run.tune + 50], lp, rtol=1e-5)


def three_chains(tune: int, draws: int, **how: Any) -> Any:
    return sample(
        density,
        np.float64(3.0),
        np.zeros((3, 2)),
        settings=NUTSSettings(draws=draws, tune=tune, metric="adapt_full"),
        seed=1,
        warmed=lambda p, h: Warmed(Normals(3.0, [0.0, 3.0], 1.2, [0.5, 0.5]), enough=True),
        **how,
    )


def test_draws_are_the_same_for_any_number_of_cores() -> None:
    one, two = (three_chains(60, 95, cores=cores) for cores in (1, 2))
    np.testing.assert_array_equal(one.positions, two.positions)
    assert (one.completed == 155).all()


def test_together_on_one_device_as_apart() -> None:
    """The programs differ in their last digits, and draws after many transitions altogether."""
    one, two = (three_chains(10, 25, vectorized=vectorized) for vectorized in (False, True))
    np.testing.assert_allclose(one.positions, two.positions, rtol=1e-6, atol=1e-8)
    assert two.independent[:, 10:].sum() == 3 * 22


@pytest.mark.parametrize("enough", [False, True])
def test_a_warmup_that_is_enough_ends_early(enough: bool) -> None:
    asked = []

    def warmed(positions: np.ndarray, heights: np.ndarray) -> Warmed:
        asked.append(positions.shape)
        assert heights.shape == positions.shape[:2]
        return Warmed(None, enough)

    settings = NUTSSettings(draws=300, tune=600)
    run = sample(
        density, np.float64(2.0), np.zeros((2, 2)), settings=settings, seed=1, warmed=warmed
    )
    pauses = [*EARLY, 600]
    assert asked == [(2, pause, 2) for pause in (pauses[:1] if enough else pauses)]
    assert run.tune == (pauses[0] if enough else 600)
    assert run.positions.shape == (2, run.tune + 300, 2)
    # The step size of the draws is the averaged one, and stays.
    steps = run.stats["step_size"][:, run.tune :]
    assert (steps == steps[:, :1]).all()
    assert not run.independent.any()

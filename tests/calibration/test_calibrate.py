"""``aq.calibrate``: right posteriors pass, wrong ones are found, labels play no part."""

from __future__ import annotations

from importlib import import_module
from itertools import product
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.calibration.task import Ranking
from aliquot.many.methods import FitArray, FitOutcome
from aliquot.many.record import OK, FitRow

module = import_module("aliquot.calibration.calibrate")
pytestmark = pytest.mark.filterwarnings("ignore::aliquot.AliquotWarning")
QUICK: dict[str, Any] = {"random_seed": 3, "progressbar": False, "cores": 1}


def conjugate() -> aq.Model:
    with aq.Model() as model:
        mu = aq.Normal("mu", 1, 2)
        aq.Normal("obs", mu, 1, observed=np.zeros(3))
    return model


class Exact:
    """Draws of the posterior of `conjugate`, off by so many sds and too wide by a factor."""

    shape = (1, 200)

    def __init__(self, shift: float = 0.0, width: float = 1.0) -> None:
        self._shift, self._width = shift, width

    def fit(self, model: aq.Model, seed: int, cores: int, *, judged: bool = True) -> FitOutcome:
        y = model["obs"].observed.value_now()
        precision = 1 / 4 + len(y)
        sd = precision**-0.5
        mean = (1 / 4 + y.sum()) / precision + self._shift * sd
        draws = np.random.default_rng(seed).normal(mean, self._width * sd, size=(1, 200))
        labels = (np.arange(1), np.arange(200))
        array = FitArray("posterior", "mu", ("chain", "draw"), draws, labels, {})
        return FitOutcome(FitRow(status=OK, random_seed=seed), [array])


@pytest.fixture
def exactly(monkeypatch):
    def use(**off: float) -> None:
        monkeypatch.setattr(module, "read_method", lambda *_: Exact(**off))

    return use


def z_scores(found: aq.Calibration) -> np.ndarray:
    """Say of each quantity by how many standard errors the mean and variance of PIT are off."""
    pit = (found.ranks + 0.5) / (found.draws + 1)
    n, flat = len(pit), 1 - 1 / (found.draws + 1) ** 2
    means = (pit.mean(axis=0) - 0.5) / np.sqrt(flat / 12 / n)
    spreads = (((pit - 0.5) ** 2).mean(axis=0) - flat / 12) / np.sqrt(1 / 180 / n)
    return np.concatenate([means, spreads])


def test_exact_posteriors_have_uniform_ranks(exactly):
    exactly()
    found = aq.calibrate(conjugate(), simulations=300, **QUICK)
    assert found.names == ["mu", "log likelihood"]
    assert found.ranks.shape == (300, 2) and found.draws == 99
    assert found.ranks.min() >= 0 and found.ranks.max() <= 99
    assert np.abs(z_scores(found)).max() < 4.5
    assert found.tree["prior_sbc"]["pit"].shape == (1, 300, 2)
    assert (found.tree["fits"]["status"].values == "ok").all()


@pytest.mark.parametrize(
    ("off", "said"),
    [
        ({"shift": 0.7}, "too high"),
        ({"shift": -0.7}, "too low"),
        ({"width": 0.5}, "too narrow"),
        ({"width": 2.0}, "too wide"),
    ],
)
def test_wrong_posteriors_are_found(exactly, off, said):
    exactly(**off)
    found = aq.calibrate(conjugate(), simulations=200, **QUICK)
    assert not found and said in found.finding(found.names.index("mu"))


def test_a_sampler_an_approximation_and_their_failures(monkeypatch):
    found = aq.calibrate(conjugate(), simulations=40, draws=50, tune=100, chains=2, **QUICK)
    assert np.abs(z_scores(found)).max() < 5
    assert {"rhat", "ess_bulk", "divergences"} <= set(found.tree["fits"].data_vars)
    laplace = aq.calibrate(conjugate(), simulations=40, method="laplace", **QUICK)
    assert np.abs(z_scores(laplace)).max() < 5
    ranked = Ranking._ranked

    def failing(self: Any, simulation: Any, fitted: Any, seed: int) -> Any:
        if simulation.truth["mu"] > 2:
            raise aq.FitError("no mode")
        return ranked(self, simulation, fitted, seed)

    monkeypatch.setattr(Ranking, "_ranked", failing)
    with pytest.warns(aq.AliquotWarning, match="simulations could not be fitted"):
        some = aq.calibrate(conjugate(), simulations=40, method="laplace", **QUICK)
    failed = some.tree["fits"]["status"].values == "failed"
    assert 0 < failed.sum() < 40 and some.simulations == 40 - failed.sum()
    assert (some.ranks[failed] == -1).all() and (some.ranks[~failed] >= 0).all()


def test_of_components_that_trade_places_nothing_is_ranked_that_depends_on_labels():
    with aq.Model() as model:
        w = aq.Dirichlet("w", [2.0, 2.0])
        means = aq.Normal("means", 0, 3, shape=2)
        aq.Deterministic("gap", abs(means[0] - means[1]))
        z = aq.Categorical("z", p=w, shape=6)
        aq.Normal("obs", means[z], 1, observed=np.zeros(6))
    found = aq.calibrate(model, simulations=12, draws=40, tune=100, chains=2, **QUICK)
    assert {"gap", "sorted means[0]", "sorted w[1]", "log likelihood", "z[0] == z[1]"} <= set(
        found.names
    )
    assert "sorted sizes of z[0]" in found.names
    assert not any(name.startswith(("means", "w[", "how many")) for name in found.names)
    assert "z[0]" not in found.names


def test_discrete_variables_alone_against_enumeration():
    """The ranks of how many are one, by the exact posterior: randomised PIT values."""
    p, n = 0.3, 3
    with aq.Model() as model:
        z = aq.Bernoulli("z", p, shape=n)
        aq.Normal("obs", 2.0 * z, 1, observed=np.zeros(n))
    found = aq.calibrate(model, simulations=150, **QUICK)
    assert found.names == ["z[0]", "z[1]", "z[2]", "how many z are 0"]
    assert np.abs(z_scores(found)).max() < 4.5
    # The rank says where the truth is: of a state that is nearly certain, in the middle or so.
    simulated = module._Simulated(model, 150, module.as_seed([3, module.STREAM]))
    which = found.names.index("z[0]")
    states = np.array(list(product([0, 1], repeat=n)))
    for number in range(0, 150, 10):
        each = simulated(number)
        y = each.model["obs"].observed.value_now()
        log = np.log(np.where(states == 1, p, 1 - p)).sum(1) - ((y - 2 * states) ** 2).sum(1) / 2
        weights = np.exp(log - log.max())
        chance = weights[states[:, 0] == 1].sum() / weights.sum()
        rank, truth = found.ranks[number, which], each.truth["z"][0]
        sd = np.sqrt(99 * chance * (1 - chance)) + 0.5
        zeros = 99 * (1 - chance)
        low, high = (0.0, zeros) if truth == 0 else (zeros, 99.0)
        assert low - 5 * sd <= rank <= high + 5 * sd


def test_missing_values_stay_missing_and_covariates_what_they_are():
    with aq.Model() as model:
        slope = aq.Normal("slope", 0, 1)
        x = aq.Data("x", np.arange(4.0))
        aq.Normal("obs", slope * x, 1, observed=aq.Data("y", np.zeros(4)))
        aq.Normal("other", slope, 1, observed=[0.3, np.nan, 0.1])
    simulated = module._Simulated(model, 3, 1)
    for number in range(3):
        again = simulated(number).model
        assert np.isnan(np.where(again["other"].missing, np.nan, 0.0)).tolist() == [0, 1, 0]
        assert again["x"].value_now().tolist() == [0, 1, 2, 3]
        assert (again["obs"].observed.value_now() != 0).all()
    with aq.Model() as both:
        aq.Normal("obs", aq.Normal("mu", 0, 1), 1, observed=[1.0, np.nan])
    assert aq.calibrate(both, simulations=5, method="laplace", **QUICK).ranks.shape[0] == 5


def test_a_store_goes_on_with_what_is_not_ranked_yet(tmp_path, monkeypatch):
    given = {"simulations": 10, "method": "laplace", **QUICK}
    whole = aq.calibrate(conjugate(), **given)
    path = tmp_path / "calibration.zarr"
    call, calls = Ranking.__call__, [0]

    def failing(self: Any, *arguments: Any) -> Any:
        calls[0] += 1
        if calls[0] == 6:
            raise SystemError("the machine stops")
        return call(self, *arguments)

    monkeypatch.setattr(Ranking, "__call__", failing)
    with pytest.raises(SystemError):
        aq.calibrate(conjugate(), store=path, **given)
    found = aq.calibrate(conjugate(), store=path, **given)
    assert (found.ranks == whole.ranks).all() and found.names == whole.names
    with pytest.raises(aq.ModelError, match="method was"):
        aq.calibrate(conjugate(), store=path, **{**given, "method": "fullrank"})


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda: aq.Normal("mu", 0, 1), "no observed variables"),
        (lambda: aq.Normal("obs", aq.Flat("mu"), 1, observed=0.0), "mu"),
        (
            lambda: aq.Potential("more", -aq.Normal("obs", aq.Normal("mu", 0, 1), 1, observed=0.0)),
            "potentials more",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused(write, said):
    with aq.Model() as model:
        write()
    with pytest.raises(aq.ModelError, match=said):
        aq.calibrate(model, simulations=5, **QUICK)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"simulations": 0}, aq.ModelError),
        ({"draws": 0}, ValueError),
        ({"method": "x"}, aq.ModelError),
        ({"by": "x"}, TypeError),
        ({"model": 3}, aq.ModelError),
    ],
)
def test_wrong_arguments_are_refused(given, error):
    with pytest.raises(error):
        aq.calibrate(**{"model": conjugate(), **QUICK, **given})

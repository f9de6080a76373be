"""Models with discrete variables against posteriors that are known.

posteriordb's reference draws for two of them, sums and quadrature for all but one; the quadrature
(`tests.inference.marginal_exact`) is itself held against the references.
"""

from __future__ import annotations

import warnings
from typing import Any

import jax
import numpy as np
import pytest
from scipy.special import logsumexp

import aliquot as aq
from aliquot.precision import float64
from tests.inference import marginal_exact as exact
from tests.inference.accuracy import assert_moments, errors
from tests.inference.test_references import DATA, REFERENCES, assert_means, read
from tests.programs import quick

SURVEY = np.array([16, 18, 22, 25, 27])
LARGEST = 500


def coal() -> tuple[np.ndarray, np.ndarray]:
    """Years, and disasters in each; NaN where they are not known."""
    table = np.genfromtxt(DATA / "coal_counts.csv", delimiter=",", skip_header=1)
    return table[:, 0].astype(int), table[:, 1]


def gauss_mix_model() -> aq.Model:
    y = read("low_dim_gauss_mix")["y"]
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 2, shape=2, transform=aq.transforms.ordered)
        sigma = aq.HalfNormal("sigma", 2, shape=2)
        theta = aq.Beta("theta", 5, 5)
        z = aq.Categorical("z", p=np.stack([theta, 1 - theta]), shape=len(y))
        aq.Normal("y", mu[z], sigma[z], observed=y)
    return model


def chain_model() -> aq.Model:
    y = read("hmm_example")["y"]
    with aq.Model() as model:
        theta1 = aq.Dirichlet("theta1", [1.0, 1.0])
        theta2 = aq.Dirichlet("theta2", [1.0, 1.0])
        mu = aq.Normal("mu", [3.0, 10.0], 1.0, transform=aq.transforms.positive_ordered)
        z = aq.MarkovChain("z", P=np.stack([theta1, theta2]), steps=len(y))
        aq.Normal("y", mu[z], 1.0, observed=y)
    return model


def coal_model(whole: bool = False) -> aq.Model:
    """The change point, the unknown years left out, or as missing observations."""
    years, counts = coal()
    use = np.isfinite(counts) | whole
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        with aq.Model() as model:
            switchpoint = aq.DiscreteUniform("switchpoint", years[0], years[-1])
            early = aq.Exponential("early_rate", 1.0)
            late = aq.Exponential("late_rate", 1.0)
            rate = np.where(years[use] <= switchpoint, early, late)
            seen = counts if whole else counts[use].astype(int)
            aq.Poisson("disasters", rate, observed=seen)
    return model


def survey_model() -> aq.Model:
    with aq.Model() as model:
        n = aq.DiscreteUniform("n", 1, LARGEST)
        theta = aq.Uniform("theta", 0, 1)
        aq.Binomial("k", n, theta, observed=SURVEY)
    return model


def known(name: str) -> exact.Exact:
    if name == "survey":
        return exact.survey(SURVEY, LARGEST)
    if name == "coal":
        return exact.change_point(*coal())
    return exact.chain_of_two(read("hmm_example")["y"])


@pytest.mark.parametrize("name", ["coal", "survey"])
def test_sums_are_the_references(name: str) -> None:
    found, reference = known(name), REFERENCES[name]
    for parameter, row in reference["parameters"].items():
        np.testing.assert_allclose(found.mean[parameter], row["mean"], rtol=1e-10)
        np.testing.assert_allclose(found.sd[parameter], row["sd"], rtol=1e-10)
    assert abs(found.log_evidence - reference["log_evidence"]) < 1e-10
    if name == "coal":
        years = list(coal()[0])
        for year, probability in reference["top_years"].items():
            assert abs(found.states[years.index(int(year))] - probability) < 1e-10


def test_quadrature_of_the_chain_is_the_reference() -> None:
    found = known("hmm_example")
    for parameter, row in REFERENCES["hmm_example"]["parameters"].items():
        name, number = parameter[:-3], int(parameter[-2]) - 1
        # 10,000 reference draws: the sd's own error is that of the mean, divided by about 1.4.
        assert abs(found.mean[name][number] - row["mean"]) < 4 * row["mcse_mean"]
        assert abs(found.sd[name][number] - row["sd"]) < 4 * row["mcse_mean"]


def densities(model: aq.Model, points: np.ndarray) -> np.ndarray:
    """Compute the log density at many points, shape (points, d)."""
    density = model.density()
    with float64():
        program = quick(jax.vmap(density.log_density, in_axes=(0, None)))
        return np.asarray(program(points, density.data))


def test_density_of_the_survey_integrates_to_the_evidence() -> None:
    flat = np.linspace(-12.0, 8.0, 2001)
    total = logsumexp(densities(survey_model(), flat[:, None])) + np.log(flat[1] - flat[0])
    assert abs(total - REFERENCES["survey"]["log_evidence"]) < 1e-9


@pytest.mark.parametrize("whole", [False, True])
def test_density_of_the_change_point_integrates_to_the_evidence(whole: bool) -> None:
    early, late = np.linspace(0.2, 1.9, 60), np.linspace(-1.5, 1.1, 60)
    points = np.stack(exact.grid(early, late), axis=1)
    total = logsumexp(densities(coal_model(whole), points))
    total += np.log((early[1] - early[0]) * (late[1] - late[0]))
    assert abs(total - REFERENCES["coal"]["log_evidence"]) < 1e-6


def sampled(model: aq.Model, draws: int = 1500, **settings: Any) -> Any:
    options = {"tune": 700, "chains": 4, "target_accept": 0.95, "random_seed": 1} | settings
    return aq.sample(draws, model=model, progressbar=False, **options)


def probabilities_of(trace: Any, model: aq.Model, name: str) -> np.ndarray:
    """Give p(state | draw's parameters, data) of a variable, (chain, draw, *shape, states)."""
    tree = aq.recover(trace, model, kind="probabilities")
    return np.asarray(tree.state_probabilities[name])


@pytest.mark.slow
def test_low_dim_gauss_mix_with_its_labels() -> None:
    model = gauss_mix_model()
    trace = sampled(model)
    assert_means(trace, "low_dim_gauss_mix", {"mu": 2, "sigma": 2, "theta": 0})
    # The labels that come back make the components' shares.
    first = probabilities_of(trace.isel(draw=slice(0, None, 10)), model, "z")[..., 0]
    theta = trace.posterior["theta"].values[:, ::10]
    share = first.mean(-1)
    error = np.hypot(errors(share)[0], errors(theta)[0])
    # E[theta | z] = (5 + n1) / (10 + n).
    assert abs((10 + 1000) * theta.mean() - (5 + 1000 * share.mean())) < 1010 * 5 * error


@pytest.mark.slow
def test_hmm_example() -> None:
    model = chain_model()
    trace = sampled(model)
    assert_means(trace, "hmm_example", {"theta1": 2, "theta2": 2, "mu": 2})
    found = known("hmm_example")
    for name in ("theta1", "theta2", "mu"):
        assert_moments(trace.posterior[name], found.mean[name], found.sd[name])
    second = probabilities_of(trace, model, "z")[..., 1]
    away = np.abs(second.mean((0, 1)) - found.states)
    # The grid of the quadrature leaves 1e-6 open.
    assert np.all(away < 5 * errors(second)[0] + 1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("whole", [False, True])
def test_coal(whole: bool) -> None:
    model, found = coal_model(whole), known("coal")
    trace = sampled(model)
    for name in ("early_rate", "late_rate"):
        assert_moments(trace.posterior[name], found.mean[name], found.sd[name])
    years = probabilities_of(trace, model, "switchpoint")
    # The rest together: parameters under which a rare year is likely may not have been drawn.
    some = found.states > 1e-3
    years = np.concatenate([years[..., some], years[..., ~some].sum(-1, keepdims=True)], axis=-1)
    expected = [*found.states[some], found.states[~some].sum()]
    away = np.abs(years.mean((0, 1)) - expected)
    assert np.all(away < 5 * errors(years)[0])
    draws = aq.recover(trace, model, kind="draws", random_seed=2).posterior["switchpoint"]
    assert_moments(draws, found.mean["switchpoint"], found.sd["switchpoint"])
    for year, probability in REFERENCES["coal"]["top_years"].items():
        hit = (np.asarray(draws) == int(year)).astype(float)
        assert abs(hit.mean() - probability) < 5 * errors(hit)[0]


@pytest.mark.slow
def test_survey() -> None:
    model, found = survey_model(), known("survey")
    trace = sampled(model, draws=4000)
    assert_moments(trace.posterior["theta"], found.mean["theta"], found.sd["theta"])
    tree = aq.recover(trace, model, kind=("draws", "probabilities"), random_seed=2)
    assert_moments(tree.posterior["n"], found.mean["n"], found.sd["n"])
    # By groups of states: single ones are rare.
    shares = np.asarray(tree.state_probabilities["n"]).reshape((4, 4000, -1, 20)).sum(-1)
    expected = found.states.reshape(-1, 20).sum(-1)
    some = expected > 0
    assert np.all(shares[..., ~some] == 0)
    away = np.abs(shares.mean((0, 1)) - expected)[some]
    assert np.all(away < 5 * errors(shares[..., some])[0])


def network(observe: dict[str, int]) -> aq.Model:
    """Pearl's alarm: a burglary or an earthquake sets it off, two neighbours call."""
    with aq.Model() as model:
        aq.Normal("idle", 0, 1)
        alarm_if = aq.Data("alarm_if", [[0.001, 0.29], [0.94, 0.95]])
        burglary = aq.Bernoulli("burglary", 0.001)
        earthquake = aq.Bernoulli("earthquake", 0.002)
        alarm = aq.Bernoulli("alarm", alarm_if[burglary, earthquake])
        for name, odds in {"john": (0.05, 0.9), "mary": (0.01, 0.7)}.items():
            if name in observe:
                aq.Bernoulli(name, np.where(alarm == 1, odds[1], odds[0]), observed=observe[name])
    return model


def test_the_alarm_of_the_textbook() -> None:
    """Russell and Norvig, Artificial Intelligence, section on exact inference: 0.284, 0.176."""
    from aliquot.results import build_tree

    model = network({"john": 1, "mary": 1})
    trace = build_tree(posterior={"idle": np.zeros((1, 1))})
    tree = aq.recover(trace, model, kind="probabilities")
    found = tree.state_probabilities
    assert abs(float(found["burglary"][0, 0, 1]) - 0.28417183536439294) < 1e-12
    assert abs(float(found["earthquake"][0, 0, 1]) - 0.17606683840507925) < 1e-12

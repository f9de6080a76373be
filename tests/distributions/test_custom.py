"""Families of the user's own: against Aliquot's, SciPy, and sums over all hidden labels."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.compilation.fingerprint import fingerprint
from aliquot.distributions import constraints
from aliquot.precision import float64
from tests.programs import quick

QUIET: dict[str, Any] = {"progressbar": False, "compute_convergence_checks": False}


def normal(value: Any, mu: Any, sigma: Any) -> Any:
    return -0.5 * ((value - mu) / sigma) ** 2 - jnp.log(sigma) - 0.5 * jnp.log(2 * jnp.pi)


def draw_normal(mu: Any, sigma: Any, rng: Any = None, size: Any = None) -> Any:
    return mu + sigma * jax.random.normal(rng, size)


def counts(value: Any, mu: Any) -> Any:
    return value * jnp.log(mu) - mu - jax.scipy.special.gammaln(value + 1.0)


def hidden(observe: Callable[[Any, Any], Any]) -> aq.Model:
    """Write a mixture with its labels, what is observed of them as given."""
    with aq.Model() as model:
        w = aq.Dirichlet("w", [1.0, 1.0, 1.0])
        mu, sigma = aq.Normal("mu", 0, 3, shape=3), aq.HalfNormal("sigma", 1)
        observe(mu[aq.Categorical("z", w, shape=4)], sigma)
    return model


Y = np.array([0.3, 2.2, -1.0, 4.0])


def test_hidden_labels_in_the_parameters_are_summed_out(rng: np.random.Generator) -> None:
    model = hidden(lambda mu, sigma: aq.CustomDist("y", mu, sigma, logp=normal, observed=Y))
    mu, sigma, w = rng.normal(size=3), 0.7, rng.dirichlet([2.0, 2.0, 2.0])
    density = model.density()
    x = density.unconstrain({"w": w, "mu": mu, "sigma": sigma})
    with float64():
        jacobian = float(density.log_jacobian(x, density.data))
    terms = [
        np.log(w[list(z)]).sum() + stats.norm(mu[list(z)], sigma).logpdf(Y).sum()
        for z in product(range(3), repeat=4)
    ]
    prior = stats.norm(0, 3).logpdf(mu).sum() + stats.halfnorm().logpdf(sigma) + np.log(2)
    expected = np.logaddexp.reduce(terms) + prior + jacobian
    np.testing.assert_allclose(density.evaluate(x), expected, rtol=1e-12)
    # Each label meets its own row alone, as with a family that is known.
    known = hidden(lambda mu, sigma: aq.Normal("y", mu, sigma, observed=Y))
    assert str(model.marginalization()) == str(known.marginalization())
    assert model.symmetries().modes == 6


def free(support: Any, **more: Any) -> Any:
    def write() -> Any:
        return aq.CustomDist("x", logp=lambda x: -0.5 * x**2, support=support, **more)

    return write


@pytest.mark.parametrize(
    ("ours", "known"),
    [
        # A custom variable, and one of the same density up to a constant.
        (free(None), lambda: aq.Normal("x", 0, 1)),
        (free("positive", shape=2), lambda: aq.HalfNormal("x", 1, shape=2)),
        (free((0, None)), lambda: aq.HalfNormal("x", 1)),
        (free((-1, 2)), lambda: aq.TruncatedNormal("x", 0, 1, lower=-1, upper=2)),
        (free((None, 2)), lambda: aq.TruncatedNormal("x", 0, 1, upper=2)),
        (
            lambda: aq.CustomDist("x", 2.0, logp=lambda x, k: k * jnp.cos(x), support="circular"),
            lambda: aq.VonMises("x", 0, 2.0),
        ),
        (
            lambda: aq.CustomDist(
                "x", [2.0, 3.0, 4.0], logp=lambda x, a: jnp.sum((a - 1) * jnp.log(x), -1),
                support="simplex", ndim_supp=1, shape=3,
            ),
            lambda: aq.Dirichlet("x", [2.0, 3.0, 4.0]),
        ),
        (
            lambda: aq.CustomDist(
                "x", [1.0, 2.0], np.eye(2) + 1,
                logp=lambda x, m, p: -0.5 * jnp.einsum("...i,ij,...j", x - m, p, x - m),
                ndim_supp=1, shape=(3, 2),
            ),
            lambda: aq.MvNormal("x", [1.0, 2.0], cov=np.linalg.inv(np.eye(2) + 1), shape=(3, 2)),
        ),
        (
            lambda: aq.CustomDist("x", logp=lambda x: -0.5 * jnp.sum(x**2, -1), ndim_supp=1,
                                  support="positive", shape=3),
            lambda: aq.HalfNormal("x", 1, shape=3),
        ),
        (
            free(None, shape=3, transform=aq.transforms.ordered),
            lambda: aq.Normal("x", 0, 1, shape=3, transform=aq.transforms.ordered),
        ),
        (
            lambda: aq.CustomDist("x", logp=lambda x: -x, support=(aq.Normal("low"), None)),
            lambda: aq.Potential("up", -aq.HalfFlat("x") - aq.Normal("low")),
        ),
    ],
)  # fmt: skip
def test_a_free_variable_is_what_the_known_family_is(
    ours: Callable[[], Any], known: Callable[[], Any], rng: np.random.Generator
) -> None:
    differences = []
    with aq.Model() as model:
        ours()
    with aq.Model() as other:
        known()
    order = [model.density().labels.index(label) for label in sorted(model.density().labels)]
    others = [other.density().labels.index(label) for label in sorted(other.density().labels)]
    assert len(order) == len(others) == model.density().size
    for _ in range(3):
        x = rng.normal(size=model.density().size)
        mine, theirs = np.empty_like(x), np.empty_like(x)
        mine[order], theirs[others] = x, x
        differences.append(model.density().evaluate(mine) - other.density().evaluate(theirs))
    np.testing.assert_allclose(differences, differences[0], rtol=0, atol=1e-11)


def test_discrete_variables_are_summed_out_or_ask_for_bounds() -> None:
    def write(support: Any) -> aq.Model:
        with aq.Model() as model:
            k = aq.CustomDist("k", 2.5, logp=counts, discrete=True, support=support)
            aq.Normal("y", k, 1, observed=3.3)
        return model

    states = np.arange(21)
    terms = stats.poisson(2.5).logpmf(states) + stats.norm(states, 1).logpdf(3.3)
    value = write((0, 20)).density().evaluate([])
    np.testing.assert_allclose(value, np.logaddexp.reduce(terms), rtol=1e-12)
    with pytest.raises(aq.ModelError, match=r"aq\.CustomDist\('k', \.\.\., support=\(0, 100\)\)"):
        write((0, None)).density()
    with aq.Model() as model, pytest.raises(aq.SupportError, match="must be an integer at least 0"):
        aq.CustomDist("k", 2.5, logp=counts, discrete=True, support="nonnegative", observed=[-1])
    assert "k" not in model


def test_components_of_mixtures_and_integers_that_index() -> None:
    custom = aq.CustomDist.dist([0.0, 2.0], 1.0, logp=normal)
    parts = [aq.CustomDist.dist(0.0, 1.0, logp=normal), aq.Normal.dist(2, 1)]
    known = np.log(0.3 * stats.norm(0, 1).pdf(Y) + 0.7 * stats.norm(2, 1).pdf(Y))
    for components in (custom, parts):
        mixture = aq.Mixture.dist(w=[0.3, 0.7], comp_dists=components)
        with float64():
            found = quick(lambda dist: dist.checked_log_prob(Y))(mixture)
        np.testing.assert_allclose(found, known, rtol=1e-12)
    chances = np.log([[0.2, 0.8], [0.6, 0.4]])
    table = aq.CustomDist.dist(
        [0, 1, 1], chances, logp=lambda k, row, table: table[row, k], discrete=True,
        support=(0, 1), ndims_params=[0, 2],
    )  # fmt: skip
    np.testing.assert_allclose(table.log_prob([1, 1, 0]), chances[[0, 1, 1], [1, 1, 0]])


def test_logp_may_use_families() -> None:
    def logp(value: Any, mu: Any, sigma: Any, w: Any) -> Any:
        parts = [aq.Normal.dist(mu, sigma), aq.StudentT.dist(3, mu, sigma=sigma)]
        return aq.Mixture.dist(jnp.stack([w, 1 - w]), parts).log_prob(value)

    values = []
    for custom in (True, False):
        with aq.Model() as model:
            mu, sigma, w = aq.Normal("mu"), aq.Normal("sigma"), aq.Beta("w", 1, 1)
            if custom:
                aq.CustomDist("y", mu, sigma, w, logp=logp, observed=Y)
            else:
                parts = [aq.Normal.dist(mu, sigma), aq.StudentT.dist(3, mu, sigma=sigma)]
                aq.Mixture("y", np.stack([w, 1 - w]), parts, observed=Y)
        density = model.density()
        values.append([density.evaluate([0.3, s, 0.1]) for s in (0.7, -0.7)])
    np.testing.assert_allclose(*values, rtol=1e-13)
    assert values[0][1] == -np.inf  # a scale that is out of its range


def test_draws_and_what_cannot_be_drawn(rng: np.random.Generator) -> None:
    dist = aq.CustomDist.dist([0.0, 3.0], 2.0, logp=normal, random=draw_normal)
    draws = dist.sample(4_000, random_seed=int(rng.integers(2**31)))
    for column, mean in zip(draws.T, (0.0, 3.0), strict=True):
        assert stats.kstest(column, stats.norm(mean, 2.0).cdf).pvalue > 1e-5

    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1)
        aq.Deterministic("twice", 2 * mu)
        with pytest.warns(aq.ImputationWarning):
            y = aq.CustomDist("y", mu, 1.0, logp=normal, observed=[1.0, np.nan])
        aq.Deterministic("after", y + 1)
        aq.Normal("other", mu, 1, observed=[0.5])
        trace = aq.sample(20, tune=20, random_seed=1, **QUIET)
        some = aq.sample_posterior_predictive(trace, var_names=["other", "twice"], random_seed=1)
    assert set(some.posterior_predictive.data_vars) == {"other", "twice"}
    lacks = "cannot be drawn: .*its CustomDist has no random="
    for asked in (None, ["after"]):
        with pytest.raises(aq.ModelError, match=f"'{'y' if asked is None else 'after'}' {lacks}"):
            aq.sample_posterior_predictive(trace, model, var_names=asked)
    with pytest.raises(aq.ModelError, match=f"'y_missing' {lacks}"):
        aq.sample_prior_predictive(10, model=model)
    with pytest.raises(aq.ModelError, match=f"'y_missing' {lacks}"):
        aq.recover(trace, model)


def test_functions_of_one_name_are_two_programs_and_a_distribution_is_pickled() -> None:
    def make(power: int) -> Any:
        def logp(value: Any, mu: Any) -> Any:
            return -(jnp.abs(value - mu) ** power)

        return logp

    values, programs = [], []
    for power in (1, 2):
        with aq.Model() as model:
            aq.CustomDist("y", aq.Normal("mu"), logp=make(power), observed=[2.0, 3.0])
        density = model.density()
        values.append(density.evaluate([0.0]) - stats.norm().logpdf(0.0))
        with float64():
            programs.append(jax.make_jaxpr(density.log_density)(np.zeros(1), density.data))
    np.testing.assert_allclose(values, [-5.0, -13.0])
    assert None not in map(fingerprint, programs)
    assert fingerprint(programs[0]) != fingerprint(programs[1])
    again = pickle.loads(pickle.dumps(aq.CustomDist.dist(1.0, 2.0, logp=normal, support=(0, 9))))
    np.testing.assert_allclose(again.log_prob([2.0, -1.0]), [stats.norm(1, 2).logpdf(2.0), -np.inf])


def write(*params: Any, **keywords: Any) -> Callable[[Any, Any], Any]:
    """Write ``y`` with the variables mu and sigma, and two values observed."""
    given = {"observed": [1.0, 2.0], **keywords}
    return lambda mu, sigma: aq.CustomDist(
        "y", *(params or (mu, sigma)), **{k: v for k, v in given.items() if v is not None}
    )


REFUSED: list[tuple[Callable[[Any, Any], Any], type[Exception], str]] = [
    (write(logp=lambda v, mu, s: np.log(s) - v**2), aq.DTypeError,
     r"JAX cannot trace logp .*jax\.numpy in place of NumPy"),
    (write(logp=lambda v, mu, s: v if mu > 0 else -v), aq.DTypeError, r"jnp\.where in place of if"),
    (write(logp=lambda v, mu, s: float(mu) * v), aq.DTypeError, r"without float\(\)"),
    (write(logp=lambda v, mu, s: jnp.sum(v) + mu), aq.ShapeError,
     r"gives an array of shape \(\) for values of shape \(2,\).*\(2,\), a number for each"),
    (write(logp=lambda v, mu, s: v[:, None] + v), aq.ShapeError, r"expected \(2,\)"),
    (write(logp=lambda v, mu, s: v @ jnp.ones(3)), aq.ShapeError, "logp cannot be computed"),
    (write(logp=lambda v, mu, s: v > mu), aq.DTypeError, "dtype bool; expected floats"),
    (write(logp=lambda v, mu, s: v + 1j), aq.DTypeError, "dtype complex128"),
    (write(logp=lambda v, mu, s: None), aq.ParameterError, "nothing .*is a return missing"),
    (write(logp=lambda v, mu, s: (v, v)), aq.ParameterError, "must return an array"),
    (write(1.0, logp=normal), aq.ParameterError, r"with the value and 1 parameter \(missing"),
    (write(logp=lambda v, mu, s: jnp.log(mu - 1) * v), aq.StartError,
     r"y: logp gives NaN for the observed value 1\. at index \(0,\).*mu = 0\."),
    (write(logp=lambda v, mu, s: jnp.log(-v - 1), observed=None), aq.StartError,
     r"y: logp gives NaN for the start value 0\."),
    (write(logp=3), aq.ParameterError, "logp must be a function"),
    (write(), TypeError, "required keyword-only argument: 'logp'"),
    (lambda mu, s: aq.CustomDist("y", logp=lambda v: normal(v, mu, s), observed=[1.0]),
     aq.ModelError, r"uses a variable of the model that it was not given.*hand it in as a param"),
    (lambda mu, s: aq.CustomDist("y", logp=lambda v: v - mu, observed=[1.0]), aq.ModelError,
     "array.1. - mu is an expression of the model"),
    (write(aq.Normal.dist(0, 1), 1.0, logp=normal), aq.DTypeError, "got a distribution"),
    (write(logp=normal, random=lambda m, s, rng=None, size=None: rng.normal(m, s, size)),
     aq.DTypeError, r"jax\.random\.normal\(rng, size\).*NumPy's generators"),
    (write(logp=normal, random=lambda m, s: m), aq.ParameterError, "rng= and size= by name"),
    (write(logp=normal, random=lambda m, s, rng=None, size=None: m), aq.ShapeError,
     r"random gives an array of shape \(\).*asked for as size="),
    (write(logp=normal, support="positve"), aq.ParameterError, "one of 'real', 'positive'"),
    (write(logp=normal, support=(1, 0)), aq.ParameterError, "lower bound first"),
    (write(logp=normal, support=(0, np.inf)), aq.ParameterError, "write None"),
    (write(logp=normal, support="simplex"), aq.ParameterError, "give ndim_supp=1"),
    (write(logp=normal, support=constraints.counts), aq.ParameterError, "discrete=False was given"),
    (write(logp=normal, support="positive", observed=[1.0, -2.0]), aq.SupportError,
     r"must be positive; got -2\.0 at index \(1,\)"),
    (write(1.0, np.ones(3), logp=normal), aq.ShapeError, r"ndims_params=, such as \[0, 1\]"),
    (write(logp=normal, ndims_params=[1, 0]), aq.ParameterError, "has 1 axes of its own"),
    (write(logp=normal, ndims_params=[1]), aq.ParameterError, "one number for each of the 2"),
    (write(logp=normal, ndim_supp=-1), aq.ParameterError, "ndim_supp must be a whole number"),
    (write(logp=lambda v, mu, s: v.sum(-1), ndim_supp=1, observed=None), aq.ShapeError,
     "give shape= or dims="),
]  # fmt: skip


@pytest.mark.parametrize(("make", "error", "says"), REFUSED)
def test_what_cannot_be_a_family_is_refused_on_its_line(
    make: Callable[[Any, Any], Any], error: type[Exception], says: str
) -> None:
    with aq.Model() as model:
        mu, sigma = aq.Normal("mu", 0, 1), aq.HalfNormal("sigma", 1)
        with pytest.raises(error, match=f"(?s){says}") as caught:
            make(mu, sigma)
    assert str(caught.value).startswith("y: ")
    assert "does not broadcast against its data" not in str(caught.value) or "ndims" in says
    assert list(model.variables) == ["mu", "sigma"]

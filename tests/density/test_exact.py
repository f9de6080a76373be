"""Densities near a bound are computed from the coordinates, and not from what is rounded.

The oracle of all is the closed form in log odds: log x = log σ(y) and log(1 - x) = log σ(-y).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logit, xlog1py, xlogy
from scipy.special import betaln, gammaln, log_expit, logsumexp
from scipy.stats import beta, norm

import aliquot as aq
from aliquot.density.exact import exactly, note
from aliquot.precision import float64
from aliquot.stacking.live import live
from aliquot.transforms import logodds
from tests.programs import quick

NEAR = np.array([0.0, 2.0, -3.0, 36.0, -40.0, 300.0, -300.0, 900.0, -900.0])
POINTS = [*NEAR, 5000.0, -5000.0]


def noted(y):
    x = logodds.backward(y)
    return x, [note(x, y, logodds)]


def picked(x):
    return jnp.stack([x, 1.0 - x])[jnp.array([0, 1, 1])]


# What a user may write of x, and what it is of u = log x and v = log(1 - x).
WRITTEN = {
    "log x": (jnp.log, lambda u, v: u),
    "log(1 - x)": (lambda x: jnp.log(1 - x), lambda u, v: v),
    "log1p(-x)": (lambda x: jnp.log1p(-x), lambda u, v: v),
    "log2, log10": (
        lambda x: jnp.log2(x) + jnp.log10(1 - x),
        lambda u, v: u / np.log(2) + v / np.log(10),
    ),
    "xlogy": (lambda x: xlogy(2.0, x) + xlog1py(0.5, -x), lambda u, v: 2 * u + 0.5 * v),
    "odds": (lambda x: jnp.log(x / (1 - x)), lambda u, v: u - v),
    "logit": (logit, lambda u, v: u - v),
    "product": (lambda x: jnp.log(x * (1 - x)), lambda u, v: u + v),
    "double complement": (lambda x: jnp.log(1 - (1 - x)), lambda u, v: u),
    "reciprocal": (lambda x: jnp.log(1 / (1 - x)), lambda u, v: -v),
    "root": (
        lambda x: jnp.log(jnp.sqrt(x)) + jnp.log(jax.lax.rsqrt(1 - x)),
        lambda u, v: 0.5 * (u - v),
    ),
    "power": (lambda x: jnp.log((1 - x) ** 3.5), lambda u, v: 3.5 * v),
    "square": (lambda x: jnp.log((1 - x) ** 2), lambda u, v: 2 * v),
    "1 - x**2": (lambda x: jnp.log(1 - x * x), lambda u, v: v + np.log1p(np.exp(u))),
    "some success": (lambda x: jnp.log(1 - (1 - x) ** 2), lambda u, v: u + np.log1p(np.exp(v))),
    "detection": (lambda x: jnp.log(1 - x * (1 - x)), lambda u, v: np.log1p(-np.exp(u + v))),
    "correlation": (
        lambda x: jnp.log(1 - (2 * x - 1) ** 2) + jnp.log1p(2 * x - 1),
        lambda u, v: 3 * np.log(2) + 2 * u + v,
    ),
    "complementary log-log": (
        lambda x: jnp.log(1 - jnp.exp(-x)),
        lambda u, v: np.where(u < -40, u, np.log(-np.expm1(-np.exp(np.maximum(u, -40))))),
    ),
    "by hand": (
        lambda x: jnp.sum(jnp.log(x ** jnp.array([0.0, 1.0]) * (1 - x) ** jnp.array([2.0, 0.5]))),
        lambda u, v: u + 2.5 * v,
    ),
    "where": (
        lambda x: jnp.sum(jnp.log(jnp.where(jnp.array([True, False, False]), x, 1 - x))),
        lambda u, v: u + 2 * v,
    ),
    "guarded": (lambda x: jnp.log(jnp.where(x < 1, 1 - x, 1.0)), lambda u, v: v),
    "row": (lambda x: jnp.sum(jnp.log(picked(x))), lambda u, v: u + 2 * v),
    "table": (
        lambda x: jnp.log(jnp.diagonal(jnp.stack([picked(x)[:2], picked(x)[1::-1]]))).sum(),
        lambda u, v: 2 * u,
    ),
    "moved": (
        lambda x: jnp.log1p(-jnp.broadcast_to(x, (2, 1, 3)).T.reshape(6)[::-1][1:3]).sum(),
        lambda u, v: 2 * v,
    ),
    "cut": (lambda x: jnp.log(1 - jnp.split(jnp.stack([x, 1 - x]), 2)[0]).sum(), lambda u, v: v),
    "sticks": (
        lambda x: jnp.sum(
            jnp.log(
                jnp.concatenate([jnp.full(3, x), jnp.ones(1)])
                * jnp.concatenate([jnp.ones(1), jnp.cumprod(1 - jnp.full(3, x))])
            )
        ),
        lambda u, v: 3 * u + 6 * v,
    ),
    "failures": (lambda x: jnp.log(jnp.prod(1 - jnp.full(4, x))), lambda u, v: 4 * v),
    "put": (
        lambda x: jnp.log1p(-jnp.array([0.25, 0.0]).at[jnp.array([1])].set(x)).sum(),
        lambda u, v: np.log(0.75) + v,
    ),
    "scaled": (lambda x: jnp.log((x * 0.2 - 0.2) / -0.2), lambda u, v: v),
    "between": (lambda x: jnp.log(0.3 - (0.1 + 0.2 * x)), lambda u, v: np.log(0.2) + v),
    "two truths": (
        lambda x: jnp.where((x > 0) & (x <= 1) & jnp.isfinite(x) & (x != 1), jnp.log(x), -jnp.inf),
        lambda u, v: u,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def written():
    def every(y):
        x, notes = noted(y)
        return [function(x) for function, _ in WRITTEN.values()], notes

    def stacked(y):
        return jnp.stack(exactly(every)(y))

    with float64():
        program = quick(jax.vmap(lambda y: (stacked(y), jax.jacfwd(stacked)(y))))
        values, slopes = program(np.array(POINTS))
    return dict(
        zip(WRITTEN, zip(np.asarray(values).T, np.asarray(slopes).T, strict=True), strict=True)
    )


@pytest.mark.parametrize("name", WRITTEN)
def test_what_a_user_writes_of_a_probability(written, name):
    values, slopes = written[name]
    exact = WRITTEN[name][1]
    y = np.array(POINTS)
    expected = exact(log_expit(y), log_expit(-y))
    np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-13)
    h = 1e-4 * np.maximum(1.0, np.abs(y))
    above, below = (exact(log_expit(y + s), log_expit(-y - s)) for s in (h, -h))
    np.testing.assert_allclose(slopes, (above - below) / (2 * h), rtol=1e-6, atol=1e-6)


def test_the_logistic_function_is_as_exact_as_a_transform():
    def log_rest(eta):
        return jnp.log1p(-jax.nn.sigmoid(eta)), []

    with float64():
        value, slope = quick(jax.vmap(jax.value_and_grad(exactly(log_rest))))(jnp.array(POINTS))
    np.testing.assert_allclose(value, log_expit(-np.array(POINTS)), rtol=1e-14)
    np.testing.assert_allclose(slope, -np.exp(log_expit(np.array(POINTS))), rtol=1e-14)


def test_what_is_not_known_is_computed_as_it_stands():
    """Clipping is somebody's wish, and values that are not known to be positive may not be."""

    def others(y):
        x, notes = noted(y)
        clipped = jnp.log(jnp.clip(x, 1e-6, 1 - 1e-6))
        masked = jnp.log(jnp.where(y > 0, x, y * 0.0))
        either = jnp.where(jnp.stack([x, y]) > 0, 1.0, 0.0)
        return jnp.concatenate([jnp.stack([clipped, masked]), either]), notes

    with float64():
        result = exactly(others)(-800.0)
    np.testing.assert_array_equal(result, [np.log(1e-6), -np.inf, 1.0, 0.0])


def test_only_what_is_needed_is_left_and_once():
    def function(y):
        x, notes = noted(y)
        return jnp.log(x) + jnp.log(x), notes

    with float64():
        closed = live(jax.make_jaxpr(exactly(function))(1.0))
    names = [equation.primitive.name for equation in closed.jaxpr.eqns]
    assert names.count("exp") == names.count("log1p") == 1
    assert "div" not in names


# Terms of a model with `p ~ Beta(.5, .5)`, and what they are of u = log p and v = log(1 - p).
def families(p):
    rows = np.stack([np.stack([p, 1 - p]), np.stack([1 - p, p])])
    absorbing = np.stack([np.stack([p, 1 - p]), np.array([0.0, 1.0])])
    start = [0.5, 0.5]
    zip_ = gammaln(4) + 2 - 3 * np.log(2)
    normal = 0.5 * np.log(2 * np.pi)
    aq.Binomial("binomial", 7, p, observed=3)
    aq.Binomial("of failure", 7, 1 - p, observed=3)
    aq.Bernoulli("bernoulli", p, observed=[0, 0, 1])
    aq.Geometric("geometric", p, observed=4)
    aq.NegativeBinomial("negative binomial", p=p, n=3, observed=4)
    aq.Categorical("categorical", p=rows[0], observed=[0, 1, 1])
    aq.Categorical("rows", p=rows[np.array([0, 1, 1])], observed=[0, 1, 0])
    aq.Multinomial("multinomial", 7, rows[0], observed=[3, 4])
    aq.MarkovChain("sequence", P=rows, init=start, observed=[0, 1, 1, 0])
    aq.MarkovChain("absorbing", P=absorbing, init=start, observed=[0, 0, 1, 1])
    aq.ZeroInflatedPoisson("zeros", psi=p, mu=2.0, observed=[0, 3])
    aq.ZeroInflatedBinomial("no zeros", psi=p, n=4, p=0.5, observed=[2])
    aq.NormalMixture("weights", w=rows[0], mu=[-1.0, 1.0], sigma=1.0, observed=0.3)
    aq.Potential("density", aq.Beta.dist(2.0, 3.0).log_prob(p))
    z = aq.Bernoulli("z", p)
    aq.Normal("label", 2.0 * z - 1.0, 1.0, observed=0.3)
    return {
        "p": lambda u, v: 0.5 * (u + v) - betaln(0.5, 0.5),
        "binomial": lambda u, v: 3 * u + 4 * v + np.log(35),
        "of failure": lambda u, v: 3 * v + 4 * u + np.log(35),
        "bernoulli": lambda u, v: 2 * v + u,
        "geometric": lambda u, v: u + 3 * v,
        "negative binomial": lambda u, v: 3 * u + 4 * v + np.log(15),
        "categorical": lambda u, v: u + 2 * v,
        "rows": lambda u, v: 2 * u + v,
        "multinomial": lambda u, v: 3 * u + 4 * v + np.log(35),
        "sequence": lambda u, v: 2 * v + u + np.log(0.5),
        "absorbing": lambda u, v: u + v + np.log(0.5),
        "zeros": lambda u, v: np.logaddexp(v, u - 2) + u - zip_,
        "no zeros": lambda u, v: u + np.log(6 / 16),
        "weights": lambda u, v: np.logaddexp(u - 0.5 * 1.3**2, v - 0.5 * 0.7**2) - normal,
        "density": lambda u, v: u + 2 * v - betaln(2, 3),
        "sum over z": lambda u, v: np.logaddexp(v - 0.5 * 1.3**2, u - 0.5 * 0.7**2) - normal,
    }


def test_families_with_a_probability_near_a_bound():
    with aq.Model() as model:
        exact = families(aq.Beta("p", 0.5, 0.5))
    density = model.density()
    for y in NEAR:
        terms = density.terms_at(np.array([y]))
        assert terms.keys() == exact.keys()
        for name, term in terms.items():
            expected = exact[name](log_expit(y), log_expit(-y))
            assert term == pytest.approx(expected, rel=1e-12, abs=1e-12), (name, y)
        assert density.evaluate([y]) == pytest.approx(sum(terms.values()), rel=1e-12)
    with float64():
        gradient = quick(jax.grad(density.log_density))
        for y in NEAR:
            h = 1e-4 * max(1.0, abs(y))
            above, below = (
                sum(f(log_expit(y + s), log_expit(-y - s)) for f in exact.values()) for s in (h, -h)
            )
            slope = float(gradient(np.array([y]), density.data)[0])
            assert slope == pytest.approx((above - below) / (2 * h), rel=1e-6, abs=1e-6), y


def softmax_logs(y):
    """Logarithms of the probabilities that the simplex transform makes of y."""
    k, s = len(y) + 1, y.sum()
    z = np.r_[y - s / (k + np.sqrt(k)), -s / np.sqrt(k)]
    return z - logsumexp(z)


def simplex_jacobian(logs):
    return 0.5 * np.log(len(logs)) + logs.sum()


def dirichlet(logs, a):
    a = np.broadcast_to(a, len(logs))
    return ((a - 1) * logs).sum() + gammaln(a.sum()) - gammaln(a).sum()


def rests(logs):
    """Log(1 - x) of each of several probabilities that sum to one."""
    return np.array([logsumexp(np.delete(logs, i)) for i in range(len(logs))])


def supports():
    """Variables on every bounded support, with what their terms are of their coordinates."""
    ordered = aq.transforms.ordered
    aq.Beta("beta", 0.03, 0.01)
    aq.Gamma("gamma", 0.01, 2.0)
    far = aq.Uniform("far", 1e6, 1e6 + 1)
    aq.Potential("of far", -0.99 * np.log(far - 1e6) - 0.97 * np.log(1e6 + 1 - far))
    upper = aq.TruncatedNormal("upper", 0.0, 1.0, upper=5.0)
    aq.Potential("of upper", -0.99 * np.log(5.0 - upper))
    w = aq.Dirichlet("dirichlet", np.full(3, 0.01))
    aq.Potential("of dirichlet", np.log(1 - w).sum() + np.log1p(-w[1]))
    aq.Dirichlet("two", [0.03, 0.02])
    aq.Beta("increasing", 0.01, 0.02, shape=3, transform=ordered)
    aq.Gamma("increasing gamma", 0.01, 1.0, shape=2, transform=ordered)
    x = aq.Dirichlet("increasing shares", np.full(3, 0.01), transform=ordered)
    aq.Potential("of increasing shares", np.log(1 - x).sum())
    aq.Beta("by its column", 0.01, 0.02, shape=(2, 2), transform=ordered(axis=0, at=1))

    def beta_of(u, v, a, b):
        return (a - 1) * u + (b - 1) * v - betaln(a, b)

    def between(y):
        logs = softmax_logs(y)
        low = np.logaddexp.accumulate(logs)[:-1]
        up = np.logaddexp.accumulate(logs[::-1])[::-1][1:]
        return simplex_jacobian(logs), low, up

    def increasing(y):
        jacobian, low, up = between(y)
        return jacobian + beta_of(low, up, 0.01, 0.02).sum() + gammaln(4)

    def increasing_gamma(y):
        logs = np.logaddexp.accumulate(y)
        each = -0.99 * logs - np.exp(logs) - gammaln(0.01)
        return y.sum() + each.sum() + gammaln(3)

    def shares(y):
        return np.logaddexp.accumulate(softmax_logs(y) - np.log([3, 2, 1]))

    def columns(y):
        y = y.reshape(2, 2)
        free = log_expit(y[:, 0]), log_expit(-y[:, 0])
        jacobian, low, up = between(y[:, 1])
        inside = beta_of(low, up, 0.01, 0.02).sum() + beta_of(*free, 0.01, 0.02).sum()
        return jacobian + sum(free).sum() + inside + gammaln(3)

    def logit_jacobian(y):
        return log_expit(y) + log_expit(-y)

    def sharing(y, logs, a):
        return simplex_jacobian(softmax_logs(y)) + dirichlet(logs, np.array(a))

    return {
        "beta": lambda y: (logit_jacobian(y) + beta_of(log_expit(y), log_expit(-y), 0.03, 0.01))[0],
        "gamma": lambda y: 0.01 * (y[0] + np.log(2)) - 2 * np.exp(y[0]) - gammaln(0.01),
        "far": lambda y: logit_jacobian(y)[0],
        "of far": lambda y: (-0.99 * log_expit(y) - 0.97 * log_expit(-y))[0],
        "upper": lambda y: norm.logpdf(5 - np.exp(y[0])) - norm.logcdf(5) + y[0],
        "of upper": lambda y: -0.99 * y[0],
        "dirichlet": lambda y: sharing(y, softmax_logs(y), [0.01] * 3),
        "of dirichlet": lambda y: rests(softmax_logs(y)) @ [1, 2, 1],
        "two": lambda y: sharing(y, softmax_logs(y), [0.03, 0.02]),
        "increasing": increasing,
        "increasing gamma": increasing_gamma,
        "increasing shares": lambda y: sharing(y, shares(y), [0.01] * 3),
        "of increasing shares": lambda y: rests(shares(y)).sum(),
        "by its column": columns,
    }


def test_every_bounded_support():
    with aq.Model() as model:
        exact = supports()
    density = model.density()
    with float64():
        gradient = quick(jax.grad(density.log_density))
        for scale in (1.0, 30.0, 1000.0):
            flat = scale * np.random.default_rng(int(scale)).normal(size=density.size)
            at = {}
            for slot in density.slots:
                if slot.variable.name.split()[-1] in ("gamma", "upper"):  # their e^y overflows
                    flat[slot.start : slot.stop] = -np.abs(flat[slot.start : slot.stop])
                at[slot.variable.name] = flat[slot.start : slot.stop]
            terms = density.terms_at(flat)
            assert terms.keys() == exact.keys()
            for name, term in terms.items():
                expected = exact[name](at[name.removeprefix("of ")])
                assert term == pytest.approx(expected, rel=1e-11, abs=1e-10), (name, scale)
            assert np.isfinite(gradient(flat, density.data)).all()


def test_bounds_that_are_computed():
    """A bound may be a variable near its own bound, and may be on the wrong side of the other."""
    with aq.Model() as model:
        low = aq.Normal("low")
        high = aq.Normal("high")
        x = aq.Uniform("x", low, high)
        aq.Potential("of x", -0.99 * np.log(x - low) - 0.97 * np.log(high - x))
        top = aq.Beta("top", 0.5, 0.5)
        below = aq.Uniform("below", 0, top)
        aq.Potential("of below", -0.99 * np.log(below) - 0.97 * np.log(top - below))
    density = model.density()
    for y in ([0.5, 2.0, 40.0, -3.0, 50.0], [-1.0, 1.0, -900.0, -800.0, 900.0]):
        u, v, width = log_expit(y), log_expit(-np.array(y)), np.log(y[1] - y[0])
        terms = density.terms_at(np.array(y))
        assert terms["x"] == pytest.approx(u[2] + v[2])
        assert terms["of x"] == pytest.approx(-0.99 * u[2] - 0.97 * v[2] - 1.96 * width)
        assert terms["below"] == pytest.approx(u[4] + v[4])
        assert terms["of below"] == pytest.approx(-0.99 * u[4] - 0.97 * v[4] - 1.96 * u[3])
    assert density.evaluate([1.0, 0.5, 0.0, 0.0, 0.0]) == -np.inf


def test_missing_values_near_a_bound():
    with aq.Model() as model, pytest.warns(aq.ImputationWarning):
        x = aq.Beta("x", 0.03, 0.01, observed=[0.2, np.nan, 0.7])
        aq.Normal("y", x, 1.0, observed=np.zeros(3))
    density = model.density()
    seen = beta.logpdf([0.2, 0.7], 0.03, 0.01).sum()
    for y in NEAR:
        expected = 0.03 * log_expit(y) + 0.01 * log_expit(-y) - betaln(0.03, 0.01) + seen
        terms = density.terms_at(np.array([y]))
        assert sum(terms.values()) - terms["y"] == pytest.approx(expected, rel=1e-12)


def test_reported_values_stay_inside():
    """What cannot be represented is rounded into the support, where all that follows is finite."""
    with aq.Model() as model:
        p = aq.Beta("p", 0.01, 0.01)
        w = aq.Dirichlet("w", [0.01, 0.01])
        aq.Bernoulli("y", p, observed=[0, 1])
        aq.Categorical("z", p=w, observed=[0, 1])
    density = model.density()
    values = density.constrain_draws(np.array([[y, y] for y in POINTS]))
    assert ((values["p"] > 0) & (values["p"] < 1)).all()
    assert (values["w"] > 0).all()
    np.testing.assert_allclose(values["w"].sum(-1), 1.0)
    for pointwise in density.log_likelihood_of(values, len(POINTS)).values():
        assert np.isfinite(pointwise).all()

"""Vectors and matrices that are computed: refused where they cannot be, ``-inf`` where they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.errors import ParameterError
from aliquot.precision import float64
from tests.programs import quick

Use = Callable[[Any], Any]
Y = np.array([0, 1, 1, 0])
X = np.array([0.3, -0.2, 1.1])
NORMALS = [aq.Normal.dist(-1, 1), aq.Normal.dist(1, 1)]


def states(p: Any) -> Any:
    """Probabilities that depend on a discrete variable."""
    z = aq.Categorical("z", p=[0.4, 0.6], shape=4)
    return aq.Categorical("y", p=np.stack([p, np.array([0.5, 0.5]) + 0 * p])[z], observed=Y)


# What takes a vector of two probabilities, by the name that an error gives the parameter.
FAMILIES: dict[str, tuple[str, Use]] = {
    "Categorical": ("p of Categorical", lambda p: aq.Categorical("y", p=p, observed=Y)),
    "Categorical rows": (
        "p of Categorical",
        lambda p: aq.Categorical("y", p=np.stack([p, p[::-1], p, p]), observed=Y),
    ),
    "Multinomial": ("p of Multinomial", lambda p: aq.Multinomial("y", 9, p, observed=[4, 5])),
    "Mixture": ("w of Mixture", lambda p: aq.Mixture("y", p, NORMALS, observed=X)),
    "NormalMixture": (
        "w of NormalMixture",
        lambda p: aq.NormalMixture("y", w=p, mu=[-1, 1], sigma=1, observed=X),
    ),
    "a mixture's component": (
        "p of Categorical",
        lambda p: aq.Mixture(
            "y", [0.5, 0.5], [aq.Categorical.dist(p=[0.5, 0.5]), aq.Categorical.dist(p=p)],
            observed=Y,
        ),
    ),
    "a mixture in a mixture": (
        "w of Mixture",
        lambda p: aq.Mixture(
            "y", [0.5, 0.5], [aq.Mixture.dist(p, NORMALS), aq.Normal.dist(0, 1)], observed=X
        ),
    ),
    "MarkovChain's rows": (
        "P of MarkovChain",
        lambda p: aq.MarkovChain("y", P=np.stack([p, p]), init=[0.5, 0.5], observed=Y),
    ),
    "MarkovChain's rows by time": (
        "P of MarkovChain",
        lambda p: aq.MarkovChain(
            "y",
            P=np.stack([np.stack([p, p])] * 3),
            init=[0.5, 0.5],
            time_varying=True,
            observed=Y,
        ),
    ),
    "MarkovChain's init": (
        "init of MarkovChain",
        lambda p: aq.MarkovChain("y", P=np.full((2, 2), 0.5), init=p, observed=Y),
    ),
    "stationary": (
        "P of MarkovChain",
        lambda p: aq.MarkovChain("y", P=np.stack([p, p[::-1]]), init="stationary", observed=Y),
    ),
    "a hidden label": (
        "p of Categorical",
        lambda p: aq.Normal("y", aq.constant([-1.0, 1.0])[aq.Categorical("z", p=p, shape=3)], 1,
                            observed=X),
    ),
    "a hidden chain": (
        "P of MarkovChain",
        lambda p: aq.Normal(
            "y",
            aq.constant([-1.0, 1.0])[aq.MarkovChain("z", P=np.stack([p, p]), init=p, steps=3)],
            1,
            observed=X,
        ),
    ),
    "by a hidden label": ("p of Categorical", states),
    "a potential": (
        "p of Categorical",
        lambda p: aq.Potential("y", aq.Categorical.dist(p=p).log_prob(Y).sum()),
    ),
}  # fmt: skip


WRONG: dict[str, Callable[[], Any]] = {
    "probabilities": lambda: aq.Beta("w", 1, 1, shape=2),  # at the start they do sum to one
    "positive": lambda: aq.HalfNormal("w", 1, shape=2),
    "a thousandth": lambda: aq.Dirichlet("w", np.ones(2)) * 1.001,
}
RIGHT: dict[str, Callable[[], Any]] = {
    "not certain": lambda: (d := aq.Dirichlet("w", np.ones(3)))[:2] + 0.5 * d[2],
    "Dirichlet": lambda: aq.Dirichlet("w", np.ones(2)),
    "softmax": lambda: aq.math.softmax(aq.Normal("w", shape=2)),
    "normalised": lambda: (h := aq.HalfNormal("w", shape=2)) / h.sum(),
    "two parts": lambda: np.stack([b := aq.Beta("w", 1, 1), 1 - b]),
}
# Every family with the first of each, one family with all.
SOME = [(name, k) for k in range(5) for name in (FAMILIES if k == 0 else ["Mixture"])]


@pytest.mark.parametrize(("name", "k"), SOME[: len(FAMILIES) + 2])
def test_a_wrong_sum_is_refused_by_name(name: str, k: int) -> None:
    called, use = FAMILIES[name]
    with aq.Model() as model:
        use(list(WRONG.values())[k]())
    with pytest.raises(ParameterError) as caught:
        model.density()
    message = str(caught.value)
    assert f"the parameter {called}" in message
    assert "which sums to" in message
    assert "aq.Dirichlet" in message and "aq.math.softmax" in message
    total = float(message.split("which sums to ")[1].split(".  ")[0].split(". ")[0])
    assert abs(total - 1) > 5e-6


@pytest.mark.parametrize(("name", "k"), SOME)
def test_a_right_sum_is_accepted(name: str, k: int) -> None:
    with aq.Model() as model:
        FAMILIES[name][1](list(RIGHT.values())[k]())
    density = model.density()
    for shift in (0.0, 0.5, -1.0):
        assert np.isfinite(density.evaluate(density.start + shift))


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_off_elsewhere_has_no_density_there(name: str) -> None:
    """Two parts that sum to one, of which one may be negative: the density of a, cut off."""
    use = FAMILIES[name][1]
    with aq.Model() as model:
        a = aq.Normal("a", 0.5, 0.2)
        use(np.stack([a, 1 - a]))
    with aq.Model() as same:
        a = aq.Beta("a", 1, 1)
        use(np.stack([a, 1 - a]))
    density, proper = model.density(), same.density()
    # Where a label may be one or the other, only the one that reads these is impossible.
    left = len(Y) * np.log(0.6 * 0.5) if name == "by a hidden label" else -np.inf
    with float64():
        program = quick(jax.value_and_grad(density.log_density))
        for value in (0.2, 0.9):
            found, gradient = program(np.array([value]), density.data)
            expected = proper.evaluate([np.log(value / (1 - value))]) - np.log(value * (1 - value))
            assert found - stats.norm.logpdf(value, 0.5, 0.2) == pytest.approx(expected, abs=1e-9)
            assert np.isfinite(gradient).all()
        for value in (-0.1, 1.3):
            found, gradient = program(np.array([value]), density.data)
            assert found - stats.norm.logpdf(value, 0.5, 0.2) == pytest.approx(left, abs=1e-9)
            assert np.isfinite(gradient).all()


def test_a_transposed_matrix_is_seen_to_be_one() -> None:
    with aq.Model() as model:
        P = aq.Dirichlet("P", np.ones(2), shape=(2, 2))
        aq.MarkovChain("y", P=P.T, init=[0.5, 0.5], observed=Y)
    with pytest.raises(ParameterError, match=r"computed as P\.T.*columns sum to 1.*transpose"):
        model.density()
    with pytest.raises(ParameterError, match="columns sum to 1, not the rows"):
        aq.MarkovChain.dist(P=[[0.9, 0.2], [0.1, 0.8]], steps=3)


def test_sticks_without_the_last_are_refused_and_with_it_accepted() -> None:
    for last in (True, False):
        with aq.Model() as model:
            v = aq.Beta("v", 1, 1, shape=4)
            left = np.concatenate([[1.0], np.cumprod(1 - v)])
            w = np.concatenate([v * left[:-1], left[-1:]]) if last else v * left[:-1]
            aq.NormalMixture("y", w=w, mu=np.arange(4.0 + last), sigma=1, observed=X)
        if last:
            assert np.isfinite(model.density().evaluate(np.zeros(4)))
            continue
        with pytest.raises(ParameterError, match=r"sums to 0\.9375\..*the last one be 1 minus"):
            model.density()


@pytest.mark.parametrize("state", [0, 1, 2])
def test_one_wrong_row_among_the_states_is_found(state: int) -> None:
    """Otherwise that state would be impossible without a word."""
    with aq.Model() as model:
        rows = [aq.Dirichlet(f"row{k}", np.ones(2)) for k in range(3)]
        rows[state] = aq.Beta("wrong", 1, 1, shape=2)
        z = aq.Categorical("z", p=[0.2, 0.3, 0.5])
        aq.Categorical("y", p=np.stack(rows)[z], observed=Y)
    with pytest.raises(ParameterError, match="the parameter p of Categorical"):
        model.density()


def test_data_that_are_set_later_are_looked_at() -> None:
    with aq.Model() as model:
        d = aq.Data("d", [0.3, 0.7])
        x = aq.HalfNormal("x")
        aq.Categorical("y", p=d * np.exp(0 * x), observed=Y)
    assert np.isfinite(model.density().evaluate([0.0]))
    model.set_data({"d": [0.3, 0.3]})
    with pytest.raises(ParameterError, match=r"sums to 0\.6"):
        model.density()
    model.set_data({"d": [0.6, 0.4]})
    assert np.isfinite(model.density().evaluate([0.0]))


def test_how_far_a_sum_may_be_off() -> None:
    generator = np.random.default_rng(1)
    many = np.exp(generator.normal(size=100_000))
    for p in (many / many.sum(), (many / many.sum()).astype(np.float32)):
        with aq.Model() as model:
            x = aq.Normal("x")
            aq.Categorical("y", p=np.exp(0 * x) * p, observed=Y)
            aq.Categorical("known", p=p, observed=Y)
        assert np.isfinite(model.density().evaluate([0.0]))
    sticks = np.cumprod(np.r_[1.0, 1 - generator.beta(1, 1000, size=10_000)])
    with aq.Model() as model:
        v = aq.Beta("v", 1, 1000, shape=10_000)
        left = np.concatenate([[1.0], np.cumprod(1 - v)])
        w = np.concatenate([v * left[:-1], left[-1:]])
        aq.Categorical("y", p=w, observed=Y)
    assert np.isfinite(model.density().evaluate(np.zeros(10_000)))
    assert sticks[-1] < 1
    for p in ([0.5, 0.499], [0.501, 0.5], [0.3333, 0.3333, 0.3333]):
        with pytest.raises(ParameterError, match="sums to"):
            aq.Categorical.dist(p=p)


@pytest.mark.parametrize(
    ("use", "called"),
    [
        (lambda a: aq.MvNormal("y", [0, 0], cov=_matrix(1, a, 3 * a), observed=[1, 1]), "not symm"),
        (lambda a: aq.MvNormal("y", [0, 0], tau=_matrix(1, a, 3 * a), observed=[1, 1]), "not symm"),
        (lambda a: aq.MvNormal("y", [0, 0], cov=_matrix(1, a + 9, a + 9), observed=X[:2]), "eigen"),
        (lambda a: aq.MvNormal("y", [0, 0], chol=_matrix(1, a, a), observed=[1, 1]), "lower tri"),
        (lambda a: aq.Dirichlet("y", -np.exp(a) * np.ones(2), observed=[0.3, 0.7]), "positive"),
        (
            lambda a: aq.OrderedLogistic("y", 0, np.stack([np.exp(a), a - 9]), observed=Y),
            "increasing",
        ),
    ],
)  # fmt: skip
def test_other_sets_are_refused_by_name(use: Use, called: str) -> None:
    with aq.Model() as model:
        use(aq.Normal("a"))
    with pytest.raises(ParameterError, match=f"(?s)y: the parameter .*{called}"):
        model.density()


@pytest.mark.parametrize(("size", "name"), [(2, "cov"), (8, "cov"), (2, "tau")])
def test_a_matrix_that_is_no_covariance_has_no_density(size: int, name: str) -> None:
    """Also for one state of a label, where the gradient of the others stays as it is."""
    ones = np.ones((size, size))
    x = np.linspace(0, 1, size)
    with aq.Model() as model:
        a = aq.Normal("a")
        aq.MvNormal("y", np.zeros(size), **{name: np.eye(size) + a * ones}, observed=x)
    with aq.Model() as labelled:
        a = aq.Normal("a")
        z = aq.Bernoulli("z", 0.3)
        matrix = np.eye(size) + np.stack([a * ones, -5 + 0 * ones])[z]
        aq.MvNormal("y", np.zeros(size), **{name: matrix}, observed=x)
    for built, log_weight in ((model, 0.0), (labelled, np.log(0.7))):
        density = built.density()
        with float64():
            program = quick(jax.value_and_grad(density.log_density))
            for value in (0.3, 2.0, -0.9):
                found, gradient = program(np.array([value]), density.data)
                assert np.isfinite(gradient).all()
                if value < -1 / size:
                    assert found == -np.inf
                    continue
                matrix = np.eye(size) + value * ones
                cov = matrix if name == "cov" else np.linalg.inv(matrix)
                expected = stats.multivariate_normal(np.zeros(size), cov).logpdf(x)
                expected += stats.norm.logpdf(value) + log_weight
                assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    "right",
    [
        lambda: aq.Dirichlet("w", np.ones(3), shape=(2, 3))[[0, 1, 1, 0]],
        lambda: aq.math.softmax(aq.Normal("w", shape=(4, 3)), axis=-1),
        lambda: np.stack([b := aq.Beta("w", 1, 1, shape=4), 1 - b], axis=-1),
        lambda: (h := aq.HalfNormal("w", shape=(4, 3))) / h.sum(-1, keepdims=True),
    ],
)
def test_no_check_is_paid_for_what_is_certain(right: Callable[[], Any]) -> None:
    with aq.Model() as model:
        aq.Categorical("y", p=right(), observed=Y)
    density = model.density()
    with float64():
        closed = jax.make_jaxpr(density.log_density)(np.zeros(density.size), density.data)
    assert "reduce_and" not in str(closed)


def test_a_region_that_is_small_is_found_to_start_in() -> None:
    """Sixty probabilities of .5 +- .02, where a jitter of 1 has them all in range once in 2^60."""
    with aq.Model():
        a = aq.Normal("a", 0.5, 0.02, shape=60)
        aq.Categorical("y", p=np.stack([a, 1 - a], axis=-1), observed=np.arange(60) % 2)
        trace = aq.sample(
            200, chains=1, random_seed=1, progressbar=False, compute_convergence_checks=False
        )
    # The prior is all there is, nearly: a datum moves a mean by .0008, half of them up.
    mean = trace.posterior["a"].values.mean()
    assert abs(mean - 0.5) < 5 * 0.02 / np.sqrt(60 * 200 / 10)


def _matrix(diagonal: Any, above: Any, below: Any) -> Any:
    one = diagonal + 0 * above
    return np.stack([np.stack([one, above]), np.stack([below, one])])

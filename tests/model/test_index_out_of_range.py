"""An index that is computed may be out of range: no density there, never another row's value."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import jax
import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import aliquot as aq
from aliquot.errors import AliquotWarning, ModelError
from aliquot.precision import float64
from tests.programs import quick

# Ways to take from three numbers what an index of any shape says.
TAKE: dict[str, Callable[[Any, Any], Any]] = {
    "brackets": lambda mu, i: mu[i],
    "two axes": lambda mu, i: np.stack([mu, mu + 9.0])[0, i],
    "a slice and an index": lambda mu, i: np.stack([mu + 9.0, mu])[1:, i][0],
    "np.take": lambda mu, i: np.take(mu, i),
    "np.take along an axis": lambda mu, i: np.take(np.stack([mu, mu + 9.0]), i, axis=1)[0],
    "take": lambda mu, i: mu.take(i),
    "np.take_along_axis": lambda mu, i: (
        np.take_along_axis(mu, i.reshape(-1), axis=0).sum()
        if i.ndim == 0
        else np.take_along_axis(mu, i, axis=0)
    ),
    "aq.math.take": lambda mu, i: aq.math.take(mu, i),
    "aq.math.take_along_axis": lambda mu, i: aq.math.take_along_axis(mu, i.reshape(-1), -1).sum(),
    "a constant": lambda mu, i: mu.sum() * 0 + aq.constant([0.1, 0.2, 0.3])[i],
    "np.choose": lambda mu, i: np.choose(i, [mu[0], mu[1], mu[2]]),
    "aq.math.choose": lambda mu, i: aq.math.choose(i, [mu[0], mu[1], mu[2]]),
    "named": lambda mu, i: mu[aq.Deterministic("named", i)],
    "of an index of two": lambda mu, i: mu[np.stack([i, i])][0],
}

WRAPS = {name for name in TAKE if "choose" not in name}


def model_of(take: Callable[[Any, Any], Any], **observed: Any) -> aq.Model:
    with aq.Model() as model:
        mu = aq.Normal("mu", shape=3)
        x = aq.Normal("x")
        scale = aq.HalfNormal("scale")
        taken = take(mu, np.floor(x).astype(int))
        aq.Deterministic("taken", taken)
        aq.Normal("obs", scale * taken, scale, **observed)
    return model


def log_density(mu: np.ndarray, x: float, scale: float, value: float, obs: float) -> float:
    prior = stats.norm.logpdf([*mu, x]).sum() + stats.halfnorm.logpdf(scale) + np.log(scale)
    return float(prior + stats.norm.logpdf(obs, scale * value, scale))


@pytest.mark.parametrize("name", TAKE)
def test_density_and_deterministics_of_every_index(name: str) -> None:
    model = model_of(TAKE[name], observed=0.4)
    density = model.density()
    mu = np.array([0.1, 0.2, 0.3])
    lowest = -3 if name in WRAPS else 0
    for i in range(-5, 6):
        flat = np.array([*mu, i + 0.5, np.log(0.7)])
        inside = lowest <= i <= 2
        wanted = log_density(mu, i + 0.5, 0.7, mu[i], 0.4) if inside else -np.inf
        assert density.evaluate(flat) == pytest.approx(wanted)
        taken = density.constrain_draws(flat)["taken"]
        np.testing.assert_allclose(taken, mu[i] if inside else np.nan)


def test_debug_says_what_is_out_of_range(capsys: pytest.CaptureFixture[str]) -> None:
    model = model_of(TAKE["brackets"], observed=0.4)
    report = model.debug({"x": 5.5})
    (problem,) = next(row for row in report.rows if row.name == "obs").parameters
    assert problem.startswith("mu[floor(x).astype(int)] is out of range")
    assert report.culprits == ("obs",)
    assert not next(row for row in model.debug({"x": 1.5}).rows if row.name == "obs").parameters
    with model:
        aq.Potential("p", model["mu"][np.floor(model["x"]).astype(int)])
    report = model.debug({"x": -4.0})
    assert report.culprits == ("obs", "p")
    (problem,) = next(row for row in report.rows if row.name == "p").parameters
    assert "out of range" in problem
    assert "is out of range" in capsys.readouterr().out


def test_predictions_are_nan() -> None:
    model = model_of(TAKE["brackets"], observed=np.zeros(2))
    posterior = {
        "mu": np.zeros((1, 2, 3)),
        "x": np.array([[0.5, 7.5]]),
        "scale": np.ones((1, 2)),
    }
    xarray = pytest.importorskip("xarray")
    trace = xarray.DataTree.from_dict(
        {
            "posterior": xarray.Dataset(
                {
                    name: (("chain", "draw", *[f"{name}_dim_0"] * (value.ndim - 2)), value)
                    for name, value in posterior.items()
                }
            )
        }
    )
    with pytest.warns(AliquotWarning, match="obs"):
        drawn = aq.sample_posterior_predictive(
            trace, model=model, var_names=["obs", "taken"], random_seed=1
        )
    values = drawn.posterior_predictive
    assert np.isfinite(values["obs"].values[0, 0]).all()
    assert np.isnan(values["obs"].values[0, 1]).all()
    assert np.isnan(values["taken"].values).tolist() == [[False, True]]


def test_where_another_value_is_selected_nothing_is_lost() -> None:
    def take(mu: Any, i: Any) -> Any:
        return np.where((i >= 0) & (i < 3), mu[i], 5.0)

    density = model_of(take, observed=0.4).density()
    mu = np.array([0.1, 0.2, 0.3])
    for i in (-1, 0, 2, 3, 40):
        flat = np.array([*mu, i + 0.5, np.log(0.7)])
        value = mu[i] if 0 <= i < 3 else 5.0
        assert density.evaluate(flat) == pytest.approx(log_density(mu, i + 0.5, 0.7, value, 0.4))
        with float64():
            gradient = quick(jax.grad(density.log_density))(flat, density.data)
        assert np.isfinite(gradient).all()


WEIGHTS = np.array([0.2, 0.3, 0.5])
SEEN = np.array([0.3, -0.2, 1.0, 0.4])

# What is taken in state z at row r, None where there is nothing; and the same in a model.
DISCRETE: dict[str, tuple[Callable[..., Any], Callable[..., Any], bool]] = {
    "in range": (lambda a, z: a[(z + 1) % 3], lambda a, z: a[(z + 1) % 3], False),
    "shifted": (lambda a, z: a[z + 1] if z < 2 else None, lambda a, z: a[z + 1], True),
    "wraps": (lambda a, z: a[z - 1], lambda a, z: a[z - 1], False),
    "scaled": (lambda a, z: a[2 * z] if z < 2 else None, lambda a, z: a[2 * z], True),
    "beyond both ends": (
        lambda a, z: a[4 * z - 4] if z == 1 else None,
        lambda a, z: a[4 * z - 4],
        True,
    ),
    "guarded": (
        lambda a, z: a[z + 1] if z < 2 else 0.0,
        lambda a, z: np.where(z < 2, a[z + 1], 0.0),
        True,
    ),
    "in a sum": (
        lambda a, z: a[z + 1] + a[z] if z < 2 else None,
        lambda a, z: a[z + 1] + a[z],
        True,
    ),
    "np.take": (lambda a, z: a[z + 1] if z < 2 else None, lambda a, z: np.take(a, z + 1), True),
    "along an axis": (
        lambda a, z: a[z + 1] if z < 2 else None,
        lambda a, z: np.take_along_axis(a, z + 1, axis=0),
        True,
    ),
    "np.choose": (
        lambda a, z: a[z + 1] if z < 2 else None,
        lambda a, z: np.choose(z + 1, [a[0], a[1], a[2]]),
        True,
    ),
}


def enumerated(take: Callable[..., Any], a: np.ndarray, g: float) -> float:
    states = []
    for z in product(range(3), repeat=len(SEEN)):
        taken = [take(a, each) for each in z]
        if any(value is None for value in taken):
            continue
        means = g * np.array(taken, float) + g
        states.append(np.log(WEIGHTS[list(z)]).sum() + stats.norm.logpdf(SEEN, means, 1).sum())
    return float(logsumexp(states)) + stats.norm.logpdf([*a, g]).sum()


@pytest.mark.parametrize("name", DISCRETE)
def test_states_out_of_range_are_impossible_and_no_others(name: str) -> None:
    take, write, doubtful = DISCRETE[name]
    with aq.Model() as model:
        a, g = aq.Normal("a", shape=3), aq.Normal("g")
        z = aq.Categorical("z", WEIGHTS, shape=len(SEEN))
        taken = write(a, z)
        aq.Normal("obs", g * taken + g, 1, observed=SEEN)
    assert taken.may_be_nan is doubtful  # what is in range costs nothing
    density = model.density()
    flat = np.array([0.1, 0.5, -0.3, 0.7])
    assert density.evaluate(flat) == pytest.approx(enumerated(take, flat[:3], flat[3]))
    with float64():
        gradient = quick(jax.grad(density.log_density))(flat, density.data)
    for k in range(4):  # central differences, to their own rounding
        step = 1e-5 * np.eye(4)[k]
        ends = [enumerated(take, (flat + s)[:3], float((flat + s)[3])) for s in (step, -step)]
        assert gradient[k] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-7)
    rows = [row for row in model.debug().rows if row.kind == "summed out"]
    assert any("may be out of range" in p for p in rows[0].parameters) is doubtful


def test_out_of_range_in_a_potential_and_in_a_prior() -> None:
    with aq.Model() as model:
        a = aq.Normal("a", shape=3)
        z = aq.Categorical("z", WEIGHTS)
        aq.Normal("b", a[z + 1], 1.0)
        aq.Potential("p", aq.Normal.dist(a[z + 1], 1.0).log_prob(0.3))
    flat = np.array([0.1, 0.5, -0.3, 0.7])
    a0 = flat[:3]
    states = [
        np.log(WEIGHTS[z]) + stats.norm.logpdf(0.7, a0[z + 1]) + stats.norm.logpdf(0.3, a0[z + 1])
        for z in (0, 1)
    ]
    wanted = logsumexp(states) + stats.norm.logpdf(a0).sum()
    density = model.density()
    assert density.evaluate(flat) == pytest.approx(wanted)
    with float64():
        assert np.isfinite(quick(jax.grad(density.log_density))(flat, density.data)).all()


def test_vectors_and_mixtures_out_of_range() -> None:
    with aq.Model() as model:
        p = aq.Dirichlet("p", np.ones((3, 2)))
        x = aq.Normal("x")
        i = np.floor(x).astype(int)
        aq.Categorical("seen", p[i], observed=[0, 1])
        means = aq.Normal("means", shape=3)
        aq.NormalMixture("mixed", [0.5, 0.5], means[np.stack([i, i * 0])], 1.0, observed=[0.2])
    density = model.density()
    start = density.start_with({"x": 1.5})
    assert np.isfinite(density.evaluate(start))
    report = model.debug({"x": 3.5})
    assert set(report.culprits) == {"seen", "mixed"}


def test_known_indices_are_refused_where_they_are_written_and_when_replaced() -> None:
    for name, take in TAKE.items():
        if name in ("named", "of an index of two", "a constant"):
            continue
        with aq.Model() as model:
            mu = aq.Normal("mu", shape=3)
            row = aq.Data("row", [0, 2, 1])
            aq.Normal(
                "obs", take(mu, row), 1, observed=np.zeros(3) if "math.take_" not in name else 0.0
            )
            if name in WRAPS:
                assert np.isfinite(model.density().evaluate(np.zeros(3)))
            with pytest.raises(IndexError, match="out of bounds"):
                take(mu, row + 1)
            with pytest.raises(IndexError, match="out of bounds"):
                take(mu, np.array([0, 5]))
        with pytest.raises(IndexError, match="out of bounds"):
            model.set_data({"row": [0, 3, 1]})
        model.set_data({"row": [2, 2, 2]})


def test_negative_indices_count_from_the_end() -> None:
    with aq.Model():
        mu = aq.Normal("mu", shape=3)
        for taken in (np.take(mu, [-3]), mu.take([-3]), aq.math.take(mu, [-3]), mu[[-3]]):
            assert taken.shape == (1,)
            assert not taken.may_be_nan


def test_an_index_that_new_data_may_lead_out_of_range() -> None:
    with aq.Model() as model:
        table = aq.Data("table", [0.1, 0.2, 0.3])
        z = aq.Categorical("z", [0.5, 0.5])
        aq.Normal("obs", table[z + 1], 1, observed=0.2)
    with pytest.raises(IndexError, match=r"table\[z \+ 1\] may be out of range"):
        model.set_data({"table": [0.1, 0.2]})
    model.set_data({"table": [0.1, 0.2, 0.3, 0.4]})


def test_what_cannot_be_nan_is_refused_with_what_to_write() -> None:
    with aq.Model():
        x = aq.Normal("x")
        mu = aq.Normal("mu", shape=3)
        codes = aq.Data("codes", [1, 0, 2])
        i = np.floor(x).astype(int)
        for write in (
            lambda i: codes[i],
            lambda i: np.take(codes, i),
            lambda i: mu[i] > 0,
            lambda i: np.isnan(mu[i]),
            lambda i: mu[i].astype(int),
            lambda i: np.choose(i, [1, 2, 3]),
            lambda i: np.unravel_index(i, (3, 1)),
        ):
            with pytest.raises(IndexError, match=r"np\.clip\(.*, 0, 2\)"):
                write(i)
            write(np.clip(i, 0, 2))
        assert codes.astype(float)[i].may_be_nan


BOUNDS: dict[str, tuple[Callable[[Any, Any, Any], Any], tuple[int, int] | None]] = {
    "z": (lambda z, w, x: z, (0, 2)),
    "sum": (lambda z, w, x: z + w * 3, (-6, 5)),
    "difference": (lambda z, w, x: z - w, (-1, 4)),
    "negative": (lambda z, w, x: -w, (-1, 2)),
    "absolute": (lambda z, w, x: abs(w), (0, 2)),
    "product": (lambda z, w, x: z * w, (-4, 2)),
    "power": (lambda z, w, x: w**2, (-4, 4)),
    "floor division": (lambda z, w, x: (w + 2) // 2, (0, 1)),
    "remainder": (lambda z, w, x: w % 3, (0, 2)),
    "remainder of anything": (lambda z, w, x: np.floor(x).astype(int) % 3, (0, 2)),
    "condition": (lambda z, w, x: (x > 0).astype(int) + 1, (1, 2)),
    "condition of booleans": (lambda z, w, x: (x > 0) * 3 - 1, (-1, 2)),
    "where": (lambda z, w, x: np.where(x > 0, z, 7), (0, 7)),
    "clip": (lambda z, w, x: np.floor(x).astype(int).clip(0, 2), (0, 2)),
    "clip first": (lambda z, w, x: np.clip(np.floor(x), 0, 2).astype(int), (0, 2)),
    "clip below": (lambda z, w, x: np.clip(w, 0, None), (0, 1)),
    "minimum": (lambda z, w, x: np.minimum(z + 2, 3), (2, 3)),
    "maximum": (lambda z, w, x: np.maximum(w, 0), (0, 1)),
    "minimum and maximum": (
        lambda z, w, x: np.maximum(np.minimum(np.round(x).astype(int), 4), 1),
        (1, 4),
    ),
    "argmax": (lambda z, w, x: np.argmax(np.stack([x, -x, x + 1])), (0, 2)),
    "digitize": (lambda z, w, x: np.digitize(x, [0.0, 1.0]), (0, 2)),
    "searchsorted": (lambda z, w, x: np.searchsorted([0.0, 1.0, 2.0], x), (0, 3)),
    "count": (lambda z, w, x: (np.stack([x, -x]) > 0).sum(), (0, 2)),
    "stack": (lambda z, w, x: np.stack([z[:2], w]), (-2, 2)),
    "elements": (lambda z, w, x: z[::-1].reshape(2, 2).T[0], (0, 2)),
    "lookup": (lambda z, w, x: aq.constant([5, 3, 4])[z], (3, 5)),
    "float of it": (lambda z, w, x: z.astype(float), (0, 2)),
    "unknown": (lambda z, w, x: np.floor(x).astype(int), None),
    "short": (lambda z, w, x: z.astype(np.int8), None),
    "goes round": (lambda z, w, x: z * 2**62 * 2, None),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_of_what_is_computed(name: str) -> None:
    write, bounds = BOUNDS[name]
    with aq.Model():
        z = aq.Categorical("z", WEIGHTS, shape=4)
        w = aq.DiscreteUniform("w", -2, 1, shape=2)[0] if name != "stack" else None
        w = aq.DiscreteUniform("w2", -2, 1, shape=2) if w is None else w
        x = aq.Normal("x")
        assert write(z, w, x).bounds == bounds


def test_sampling_keeps_to_the_range() -> None:
    with aq.Model() as model:
        mu = aq.Normal("mu", shape=3)
        x = aq.Normal("x", 0, 2, initval=0.5)
        aq.Normal("obs", mu[np.floor(x).astype(int)], 1, observed=0.4)
    trace = aq.sample(
        200,
        tune=200,
        chains=2,
        model=model,
        random_seed=1,
        progressbar=False,
        compute_convergence_checks=False,
    )
    x = trace.posterior["x"].values
    assert ((x >= -3) & (x < 3)).all()


def test_a_start_out_of_range_is_refused() -> None:
    with aq.Model() as model:
        mu = aq.Normal("mu", shape=3)
        x = aq.Normal("x", 1000.0, 0.1)
        aq.Normal("obs", mu[np.floor(x).astype(int)], 1, observed=0.4)
    with pytest.raises((aq.StartError, ModelError), match="out of range"):
        aq.sample(10, tune=10, chains=1, model=model, random_seed=1, progressbar=False)

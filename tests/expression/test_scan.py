"""Recursions: against plain loops, the multivariate normal, enumeration."""

from __future__ import annotations

from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.kernel import rewritten
from aliquot.precision import float64
from tests.programs import quick


def value_and_gradient(model: aq.Model, x: Any, change: Any = lambda f: f) -> tuple[float, Any]:
    density = model.density()
    with float64():
        program = quick(change(jax.value_and_grad(density.log_density)))
        value, gradient = program(np.asarray(x, float), density.data)
    return float(value), np.asarray(gradient)


def garch(returns: np.ndarray, looped: bool) -> aq.Model:
    """Write GARCH(1, 1) as a scan, or as expressions one after another."""
    with aq.Model() as model:
        omega, alpha, beta = (aq.Beta(name, 2, 2) for name in ("omega", "alpha", "beta"))

        def step(variance: Any, r: Any) -> Any:
            return omega + alpha * r**2 + beta * variance, variance

        if looped:
            _, variances = aq.scan(step, 0.5, returns)
        else:
            variance, rows = np.float64(0.5), []
            for r in returns:
                variance, now = step(variance, r)
                rows.append(now)
            variances = np.stack(rows)
        aq.Normal("r", 0, np.sqrt(variances), observed=returns)
    return model


def plain_garch(theta: np.ndarray, returns: np.ndarray) -> float:
    (omega, alpha, beta), variances = theta, [0.5]
    for r in returns[:-1]:
        variances.append(omega + alpha * r**2 + beta * variances[-1])
    prior = stats.beta(2, 2).logpdf(theta).sum()
    return float(prior + stats.norm(0, np.sqrt(variances)).logpdf(returns).sum())


def test_garch_is_what_a_plain_loop_gives(rng: np.random.Generator) -> None:
    returns = rng.normal(size=12)
    theta = rng.uniform(0.1, 0.9, 3)
    model = garch(returns, looped=True)
    x = model.density().unconstrain(dict(zip(("omega", "alpha", "beta"), theta, strict=True)))
    value, gradient = value_and_gradient(model, x)
    jacobian = np.log(theta * (1 - theta)).sum()
    np.testing.assert_allclose(value, plain_garch(theta, returns) + jacobian, rtol=1e-12)
    unrolled = value_and_gradient(garch(returns, looped=False), x)
    np.testing.assert_allclose(gradient, unrolled[1], rtol=1e-10)


def test_long_sequences_are_rewritten_for_the_processor_alike(rng: np.random.Generator) -> None:
    returns = rng.normal(size=5_000)
    model = garch(returns, looped=True)
    x = rng.normal(size=3)
    plain, fast = value_and_gradient(model, x), value_and_gradient(model, x, rewritten)
    np.testing.assert_allclose(fast[0], plain[0], rtol=1e-11)
    np.testing.assert_allclose(fast[1], plain[1], rtol=1e-8)
    theta = 1 / (1 + np.exp(-x))
    exact = plain_garch(theta, returns) + np.log(theta * (1 - theta)).sum()
    np.testing.assert_allclose(plain[0], exact, rtol=1e-11)


def test_a_kalman_filter_is_the_multivariate_normal(rng: np.random.Generator) -> None:
    y = rng.normal(size=6).cumsum()
    with aq.Model() as model:
        q, r = aq.HalfNormal("q", 1), aq.HalfNormal("r", 1)

        def kalman(carry: Any, seen: Any) -> Any:
            mean, variance = carry["mean"], carry["variance"] + q**2
            total = variance + r**2
            gain = variance / total
            term = -0.5 * (np.log(2 * np.pi * total) + (seen - mean) ** 2 / total)
            carry = {"mean": mean + gain * (seen - mean), "variance": (1 - gain) * variance}
            return carry, term

        _, terms = aq.scan(kalman, {"mean": 0.0, "variance": 1.0}, y)
        aq.Potential("y", terms)
    values = {"q": 0.7, "r": 0.4}
    steps = np.minimum.outer(np.arange(1, 7), np.arange(1, 7))
    covariance = 1 + 0.7**2 * steps + 0.4**2 * np.eye(6)
    exact = stats.multivariate_normal(np.zeros(6), covariance).logpdf(y)
    prior = stats.halfnorm().logpdf([0.7, 0.4]).sum() + np.log(0.7 * 0.4)
    density = model.density()
    np.testing.assert_allclose(
        density.evaluate(density.unconstrain(values)), exact + prior, rtol=1e-12
    )


def hidden(looped: bool, states: int = 4) -> aq.Model:
    """Write levels that depend on hidden labels through a recursion."""
    with aq.Model() as model:
        w, rho = aq.Beta("w", 2, 2), aq.Uniform("rho", -1, 1)
        mu = aq.Normal("mu", 0, 2, shape=2)
        z = aq.Bernoulli("z", w, shape=states)
        if looped:
            _, levels = aq.scan(lambda c, now: (rho * c + mu[now], rho * c + mu[now]), 0.0, z)
        else:
            level, rows = 0.0, []
            for i in range(states):
                level = rho * level + mu[z[i]]
                rows.append(level)
            levels = np.stack(rows)
        aq.Normal("y", levels, 1, observed=np.linspace(-1, 2, states))
    return model


def test_hidden_labels_in_a_recursion_are_summed_out_exactly(rng: np.random.Generator) -> None:
    w, rho, mu, y = 0.3, 0.6, rng.normal(size=2), np.linspace(-1, 2, 4)
    terms = []
    for z in product((0, 1), repeat=4):
        levels, level = [], 0.0
        for state in z:
            level = rho * level + mu[state]
            levels.append(level)
        chance = stats.bernoulli(w).logpmf(z).sum()
        terms.append(chance + stats.norm(levels, 1).logpdf(y).sum())
    prior = stats.beta(2, 2).logpdf(w) + np.log(0.5) + stats.norm(0, 2).logpdf(mu).sum()
    jacobian = np.log(w * (1 - w)) + np.log((rho + 1) * (1 - rho) / 2)
    density = hidden(looped=True).density()
    x = density.unconstrain({"w": w, "rho": rho, "mu": mu})
    expected = np.logaddexp.reduce(terms) + prior + jacobian
    np.testing.assert_allclose(density.evaluate(x), expected, rtol=1e-12)
    # Of what a loop makes of many labels nothing is known: that is refused, and not taken apart.
    with pytest.raises(aq.ModelError, match="single values depend on 40 elements together"):
        hidden(looped=True, states=40).density()


def test_what_is_read_by_an_index_that_may_leave_has_no_density() -> None:
    with aq.Model() as model:
        which, x = aq.Data("which", [0, 1, 2, 1]), aq.Data("x", np.ones(4))
        level = aq.Normal("level", 0, 1, shape=3)
        total, _ = aq.scan(lambda c, row: (c + level[row[0]] * row[1], None), 0.0, (which, x))
        aq.Normal("y", total, 1, observed=0.3)
    levels = np.array([1.0, 2.0, 3.0])

    def expected(mean: float) -> float:
        return float(stats.norm().logpdf(levels).sum() + stats.norm(mean, 1).logpdf(0.3))

    np.testing.assert_allclose(model.density().evaluate(levels), expected(8.0), rtol=1e-12)
    model.set_data({"which": [0, 0], "x": [1.0, 1.0]})
    np.testing.assert_allclose(model.density().evaluate(levels), expected(2.0), rtol=1e-12)
    model.set_data({"which": [0, 3], "x": [1.0, 1.0]})
    assert model.density().evaluate(levels) == -np.inf


def test_lengths_read_inside_a_step_do_not_follow() -> None:
    with aq.Model() as model:
        x = aq.Data("x", np.ones((4, 3)))
        mu = aq.Normal("mu", 0, 1)
        total, _ = aq.scan(lambda c, row: (c + row.sum() / len(row), None), 0.0, x)
        aq.Normal("y", total * mu, 1, observed=0.3)
    model.set_data({"x": np.ones((5, 3))})
    with pytest.raises(aq.ShapeError, match=r"lengths were read inside its step \(test_scan\.py"):
        model.set_data({"x": np.ones((5, 2))})


@aq.lift
def decay(carry: Any, x: Any) -> Any:
    return jnp.exp(-carry) + x, {"kept": carry}


def test_lifted_steps_reversed_scans_and_plain_numbers() -> None:
    x = np.array([0.1, 0.2, 0.4])
    total, kept = aq.scan(decay, 0.0, x, reverse=True)
    steps = [0.0]
    for each in x[::-1]:
        steps.append(np.exp(-steps[-1]) + each)
    assert isinstance(total, np.ndarray)
    np.testing.assert_allclose(total, steps[-1], rtol=1e-15)
    np.testing.assert_allclose(kept["kept"], steps[:-1][::-1], rtol=1e-15)
    doubled, nothing = aq.scan(lambda c, _: (2 * c, None), np.ones(2), length=3)
    np.testing.assert_array_equal(doubled, [8.0, 8.0])
    assert nothing is None


ROWS = np.arange(4.0)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ((lambda c, x: (c + x, c), 0, ROWS), aq.DTypeError,
         r"carry is of dtype int64 in init, and the step returns carry \+ x of dtype float64"),
        ((lambda c, x: (c > 0, c), 0.0, ROWS), aq.DTypeError, r"astype\(float64\)"),
        ((lambda c, x: (c + x, c), np.zeros(2), np.ones((4, 3, 2))), aq.ShapeError,
         r"carry has shape \(2,\) in init, .* np\.zeros\(\(3, 2\)\)"),
        ((lambda c, x: ((c, c), c), 0.0, ROWS), aq.ShapeError, "structure"),
        ((lambda c, x: c + x, 0.0, ROWS), aq.ModelError, r"must return a pair.* <carry \+ x"),
        ((lambda c, x: None, 0.0, ROWS), aq.ModelError, r"it returns nothing \(None\)"),
        ((lambda c, x: (c, c), 0.0, (ROWS, np.ones(3))), aq.ShapeError,
         r"not the same everywhere: xs\[0\] 4, xs\[1\] 3"),
        ((lambda c, x: (c, c), 0.0, {"a": ROWS}, 5), aq.ShapeError, r"xs\['a'\] 4, length 5"),
        ((lambda c, x: (c, c), 0.0), aq.ShapeError, r"give xs=, .* or length="),
        ((lambda c, x: (c, c), 0.0, None, 2.5), aq.ShapeError, "length must be a whole number"),
        ((lambda c, x: (c, c), 0.0, 3.0), aq.ShapeError, "xs is one number"),
        ((lambda c, x: (c, c), "a", ROWS), aq.DTypeError, "init must hold numbers; got 'a'"),
        ((lambda c, x: (jnp.exp(c), c), 0.0, ROWS), aq.ModelError,
         r"in its step: carry has no numbers yet, .* aq\.lift\(f\)"),
        ((lambda c, x: (c if c > 0 else x, c), 0.0, ROWS), TypeError, r"np\.where"),
        ((lambda c, x: (c + aq.Normal("e"), c), 0.0, ROWS), aq.ModelError,
         "e: a variable cannot be written inside a step"),
        ((3, 0.0, ROWS), aq.ModelError, "step must be a function"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_recursion_is_refused(
    arguments: tuple[Any, ...], error: type[Exception], says: str
) -> None:
    step, init, xs, length = (*arguments, None, None)[:4]
    with aq.Model() as model, pytest.raises(error, match=says):
        aq.scan(step, init, xs, length=length)
    assert not model.variables


def test_a_step_s_values_exist_in_the_step_alone() -> None:
    leaked = []
    with aq.Model():
        aq.scan(lambda c, x: (leaked.append(c) or c, None), aq.Normal("mu"), ROWS)
        with pytest.raises(aq.ModelError, match=r"'carry' of a step of aq\.scan"):
            aq.Deterministic("d", leaked[0] + 1)

"""Likelihoods that reach back over several steps: one step of a scan, whatever their length."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

import aliquot as aq
from aliquot.marginal.covering import cover
from aliquot.precision import float64
from tests.marginal.agreement import assert_close
from tests.programs import quick

STAY = np.array([[0.9, 0.1], [0.25, 0.75]])
START = np.array([0.4, 0.6])


def autoregression(y: np.ndarray, order: int, states: int = 2) -> aq.Model:
    """An autoregression around a switching mean, conditional on its first `order` values."""
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1, shape=states)
        phi = aq.Normal("phi", 0, 1, shape=order)
        P = STAY if states == 2 else np.full((states, states), 1 / states)
        z = aq.MarkovChain("z", P=P, init=START if states == 2 else P[0], steps=len(y))
        away = y - mu[z]
        at = mu[z[order:]]
        for k in range(order):
            at = at + phi[k] * away[order - 1 - k : len(y) - 1 - k]
        aq.Normal("obs", at, 0.8, observed=y[order:])
    return model


def log_likelihood(flat: Any, y: np.ndarray, order: int) -> Any:
    """Sum over the states of the last `order` steps and the new one, with plain probabilities."""
    mu, phi = flat[:2], flat[2:]
    joint = START.astype(complex).reshape(2)
    for _ in range(order - 1):
        joint = joint[..., None] * STAY
    total: Any = 0.0
    states = np.indices((2,) * (order + 1))
    for t in range(order, len(y)):
        at = mu[states[-1]]
        for k in range(order):
            at = at + phi[k] * (y[t - 1 - k] - mu[states[order - 1 - k]])
        emission = np.exp(-0.5 * ((y[t] - at) / 0.8) ** 2) / (0.8 * np.sqrt(2 * np.pi))
        joint = (joint[..., None] * STAY * emission).sum(axis=0)
        scale = joint.sum()
        joint, total = joint / scale, total + np.log(scale)
    return total


def test_order_four_of_135_steps_is_a_chain_over_windows() -> None:
    y = np.random.default_rng(0).normal(size=135)
    density = autoregression(y, 4).density()
    flat = np.random.default_rng(1).normal(0, 0.3, size=6)
    with float64():
        program = quick(jax.value_and_grad(density.log_density))
        value, gradient = jax.device_get(program(flat, density.data))
    prior = np.sum(-0.5 * flat**2 - 0.5 * np.log(2 * np.pi))
    # The derivative of an analytic function by a complex step, to all digits.
    tiny = 1e-30
    steps = [
        log_likelihood(flat + 1j * tiny * np.eye(6)[i], y, 4).imag / tiny - flat[i]
        for i in range(6)
    ]
    assert_close(value, prior + log_likelihood(flat.astype(complex), y, 4).real, relative=1e-12)
    assert_close(gradient, np.array(steps), relative=1e-11)


def equations(jaxpr: Any) -> int:
    """Count the equations of a jaxpr, those of its loops and calls among them."""
    jaxpr = getattr(jaxpr, "jaxpr", jaxpr)
    inner = [
        each
        for equation in jaxpr.eqns
        for value in equation.params.values()
        for each in (value if isinstance(value, tuple | list) else [value])
        if hasattr(each, "eqns") or hasattr(each, "jaxpr")
    ]
    return len(jaxpr.eqns) + sum(map(equations, inner))


def size_of(model: aq.Model) -> int:
    density = model.density()
    with float64():
        return equations(jax.make_jaxpr(jax.grad(density.log_density))(density.start, density.data))


@pytest.mark.parametrize(("order", "states"), [(2, 2), (4, 2), (2, 3)])
def test_the_program_does_not_grow_with_the_steps(order: int, states: int) -> None:
    y = np.linspace(-1, 1, 40)
    few, many = (autoregression(y[:n], order, states) for n in (20, 40))
    (step,) = many.marginalization().steps
    assert (step.method, step.elements) == ("chain", 40)
    assert step.entries == states ** (order + 1) * 40
    assert size_of(few) == size_of(many)


def two_chains(steps: int, *, one_variable: bool) -> aq.Model:
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1, shape=(2, 2))
        if one_variable:
            z = aq.MarkovChain("z", P=STAY, init=START, shape=(2, steps))
            a, b = z[0], z[1]
        else:
            a = aq.MarkovChain("a", P=STAY, init=START, steps=steps)
            b = aq.MarkovChain("b", P=STAY, init=START, steps=steps)
        aq.Normal("obs", mu[a, b], 1, observed=np.zeros(steps))
    return model


def test_two_chains_of_a_batch_are_planned_as_two_variables() -> None:
    one, two = (two_chains(30, one_variable=flag) for flag in (True, False))
    plans = [model.marginalization().steps for model in (one, two)]
    of = [[(step.method, step.elements, step.entries) for step in steps] for steps in plans]
    assert of == [[("chain", 60, 4 * 4 * 30)]] * 2


def network(pairs: np.ndarray, count: int, states: int = 2) -> aq.Model:
    with aq.Model() as model:
        z = aq.Categorical("z", p=np.full(states, 1 / states), shape=count)
        ties = aq.Normal("ties", 0, 1, shape=len(pairs))
        aq.Potential("tied", ties * (z[pairs[:, 0]] == z[pairs[:, 1]]))
    return model


@pytest.mark.parametrize("count", [5, 6, 8])
def test_a_network_is_one_step_and_evaluated_in_few_assignments(count: int) -> None:
    pairs = np.stack(np.triu_indices(count, 1), axis=1)
    plan = network(pairs, count, 3).marginalization()
    (step,) = plan.steps
    assert (step.method, step.elements, plan.kinds) == ("chain", count, 0)
    assert plan.tables[-1].variables == ("z", "z")
    assert plan.tables[-1].values < 20 * len(pairs) < 3**count * len(pairs)


def test_what_is_compiled_step_by_step_is_said() -> None:
    pairs = np.stack(np.triu_indices(26, 1), axis=1)
    plan = network(pairs, 26).marginalization()
    assert plan.kinds > 12
    assert f"in {plan.kinds} steps that are compiled one by one" in plan.line


def test_a_window_past_the_limit_is_refused_with_its_length() -> None:
    with aq.Model(max_table=10_000) as model:
        z = aq.MarkovChain("z", P=STAY, init=START, steps=60)
        for lag in (3, 9, 14):
            aq.Potential(f"lag{lag}", 0.1 * (z[lag:] == z[:-lag]))
        aq.Potential("far", 0.1 * z[13:] * z[:-13])
    with pytest.raises(aq.ModelError, match=r"'z' cannot be summed out.*windows of 15 steps.*max_"):
        model.marginalization()


def test_a_few_long_links_do_not_make_a_wide_window() -> None:
    with aq.Model() as model:
        z = aq.MarkovChain("z", P=STAY, init=START, steps=60)
        aq.Potential("links", 0.1 * (z[[0, 5, 20]] == z[[50, 30, 59]]))
    steps = model.marginalization().steps
    assert steps[0].method == "chain"
    assert max(step.entries for step in steps) <= 2 ** (2 + 3) * 57


@pytest.mark.parametrize("states", [[2] * 8, [3] * 6, [2, 3, 4, 2, 3]])
def test_assignments_hold_all_states_of_each_pair(states: list[int]) -> None:
    lanes = range(len(states))
    patterns = [(i, j) for i in lanes for j in lanes if i != j]
    covered = cover(patterns, states)
    assert covered is not None
    assignments, where = covered
    assert len(assignments) <= 2.5 * max(states) ** 2
    assert (assignments < states).all() and (assignments >= 0).all()
    for pattern, at in zip(patterns, where, strict=True):
        for joint in np.ndindex(*at.shape):
            assert tuple(assignments[at[joint], list(pattern)]) == joint

"""The iterative trajectory against the recursive one, and by its own laws."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aliquot.mcmc import trajectory
from aliquot.precision import float64
from tests.mcmc.densities import funnel, mixture_data, normal, ordered_mixture
from tests.mcmc.recursive import Recursive

MAX_DEPTH = 6
CASES = {
    "normal": (normal, np.array([1.0, 0.3, 2.0, 1.0, 0.7]), np.full(5, 0.2), 0.35),
    "one coordinate": (normal, np.array([1.0]), np.full(1, 0.2), 0.5),
    "small steps": (normal, np.array([1.0, 0.3]), np.full(2, 0.2), 0.02),
    "mixture": (ordered_mixture, mixture_data(), np.array([-0.9, 0.7]), 0.1),
    "funnel": (funnel, (), np.array([-4.0, 0.1, 0.2, -0.1, 0.05]), 0.4),
}


def iterative(log_density, data, max_depth=MAX_DEPTH):
    """A jitted function of a whole trajectory."""

    def run(position, momentum, scale, step, key):
        log, gradient = jax.value_and_grad(log_density)(position, data)
        tree = jax.tree.map(jnp.asarray, trajectory.empty(np.zeros(len(scale)), max_depth))
        point = jnp.concatenate([position, gradient, jnp.stack([log, 0.0])])
        tree = tree._replace(points=tree.points.at[0].set(point))
        tree = trajectory.begin(tree, momentum, scale, step)
        return jax.lax.while_loop(
            lambda tree: tree.status == 0,
            lambda tree: trajectory.extend(
                tree,
                lambda x: jax.value_and_grad(log_density)(x, data),
                key,
                scale,
                step,
                jnp.int32(max_depth),
                jnp.bool_(False),
            ),
            tree,
        )

    return jax.jit(run)


@pytest.mark.parametrize("case", CASES)
def test_equals_the_recursive_trajectory(case):
    log_density, data, position, step = CASES[case]
    size = len(position)
    rng = np.random.default_rng(11)
    ends = set()
    with float64():
        run = iterative(log_density, data)
        gradient = jax.jit(jax.value_and_grad(lambda x: log_density(x, data)))

        def value_and_grad(x):
            value, slope = gradient(x)
            return float(value), np.asarray(slope)

        for _ in range(60):
            key = rng.integers(0, 2**64, dtype=np.uint64)
            momentum = rng.standard_normal(size)
            scale = rng.uniform(0.5, 1.5, size)
            oracle = Recursive(value_and_grad, scale, step, key, MAX_DEPTH)
            chosen = oracle.run(position, momentum)
            tree = jax.tree.map(np.asarray, run(position, momentum, scale, step, key))
            assert tree.leaf - 1 == oracle.steps
            assert tree.depth == oracle.depth
            assert (tree.status == trajectory.DIVERGED) == oracle.diverged
            assert (tree.status == trajectory.TURNED) == oracle.turned
            point = tree.points[tree.chosen]
            np.testing.assert_allclose(point[:size], chosen, rtol=1e-8, atol=1e-8)
            np.testing.assert_allclose(point[2 * size + 1], oracle.error, rtol=1e-6, atol=1e-8)
            np.testing.assert_allclose(
                tree.acceptance,
                oracle.acceptance,
                rtol=1e-8,
                atol=1e-300,  # no denormal numbers
            )
            ends.add(int(tree.status))
            position = chosen
    expected = {
        "small steps": {trajectory.TURNED, trajectory.DEEPEST},
        "funnel": {trajectory.TURNED, trajectory.DIVERGED},
    }
    assert expected.get(case, {trajectory.TURNED}) <= ends


@pytest.mark.parametrize("step, order", [(0.2, 4.0), (0.1, 4.0)])
def test_energy_error_falls_with_the_square_of_the_step(step, order):
    with float64():
        run = iterative(normal, np.ones(3), max_depth=3)
        worst = []
        for s in (step, step / 2):
            errors = []
            for i in range(20):
                rng = np.random.default_rng(i)
                tree = run(
                    rng.standard_normal(3), rng.standard_normal(3), np.ones(3), s, np.uint64(i)
                )
                errors.append(abs(float(tree.max_energy_error)))
            worst.append(max(errors))
    # Trajectories of seven steps, so the shorter step also goes half as far.
    assert worst[0] < 0.2 * step**2 * 10
    assert worst[0] / worst[1] > 0.9 * order


def test_the_choice_among_points_is_multinomial():
    """A trajectory of one step chooses the new point with the probability min(1, w1 / w0)."""
    position, momentum, step = np.array([0.2]), np.array([1.0]), 1.2
    with float64():
        run = iterative(normal, np.ones(1), max_depth=1)
        keys = np.random.default_rng(3).integers(0, 2**64, 4000, dtype=np.uint64)
        batch = jax.jit(jax.vmap(run, in_axes=(None, None, None, None, 0)))
        tree = jax.tree.map(np.asarray, batch(position, momentum, np.ones(1), step, keys))
    error = tree.max_energy_error
    moved = tree.points[np.arange(4000), tree.chosen, 0] != position[0]
    forward = error == error[np.argmax(tree.ends[:, 1, 0])]
    assert 0.45 < forward.mean() < 0.55
    for way in (forward, ~forward):
        probability = min(1.0, np.exp(-error[way][0]))
        sd = np.sqrt(probability * (1 - probability) / way.sum())
        assert abs(moved[way].mean() - probability) <= 4.5 * sd


@pytest.mark.parametrize("case", ["normal", "mixture", "funnel"])
def test_a_dense_metric_is_a_change_of_coordinates(case):
    log_density, data, position, step = CASES[case]
    size = len(position)
    rng = np.random.default_rng(12)
    with float64():
        run = iterative(log_density, data)
        gradient = jax.jit(jax.value_and_grad(lambda z, factor: log_density(factor @ z, data)))
        for _ in range(30):
            factor = np.tril(rng.uniform(-0.5, 0.5, (size, size)), -1)
            factor += np.diag(rng.uniform(0.5, 1.5, size))

            def value_and_grad(z, factor=factor):
                value, slope = gradient(z, factor)
                return float(value), np.asarray(slope)

            key = rng.integers(0, 2**64, dtype=np.uint64)
            momentum = rng.standard_normal(size)
            oracle = Recursive(value_and_grad, np.ones(size), step, key, MAX_DEPTH)
            chosen = factor @ oracle.run(np.linalg.solve(factor, position), momentum)
            tree = jax.tree.map(np.asarray, run(position, momentum, factor, step, key))
            assert (tree.leaf - 1, tree.depth) == (oracle.steps, oracle.depth)
            np.testing.assert_allclose(
                tree.points[tree.chosen, :size], chosen, rtol=1e-6, atol=1e-8
            )
            position = chosen


def test_weights_are_added_wherever_they_are():
    values = [-np.inf, -1e300, -800.0, -1.0, 0.0, 0.5, 700.0, 1e5]
    with float64():
        for a in values:
            for b in values[1:]:
                total, share = trajectory._joined(jnp.float64(a), jnp.float64(b))
                np.testing.assert_allclose(total, np.logaddexp(a, b), rtol=1e-14)
                with np.errstate(over="ignore"):
                    expected = 1.0 / (1.0 + np.exp(np.float64(a) - b))
                np.testing.assert_allclose(share, expected, rtol=1e-13, atol=1e-300)
        # A weight of nothing, after others: it is not taken.
        total, share = trajectory._joined(jnp.float64(0.3), jnp.float64(-np.inf))
    assert (float(total), float(share)) == (0.3, 0.0)

"""States that make a branch impossible: values stay, and gradients stay finite."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp, xlogy

import aliquot as aq
from aliquot.precision import float64
from tests.marginal.assignments.families import filled
from tests.marginal.assignments.oracle import evaluate, numbered, trace, uniform_states
from tests.programs import quick

N = 4
POISSON = aq.Poisson.dist(np.ones(N))
BERNOULLI = aq.Bernoulli.dist(np.ones(N) / 2)
CATEGORICAL = aq.Categorical.dist(np.ones((N, 3)) / 3)
Z = numbered(N, 3)
Y = np.array([1.0, 2.0, 0.5, 3.0])
COUNTS = np.array([1, 2, 1, 3])


def sums(function, inputs):
    """The log of the sum over states, by the evaluator and by the plain function."""
    states = uniform_states([Z])
    with float64():
        closed = trace(function, inputs, [Z])

        def ours(*values):
            table = evaluate(closed, [*values, *inputs[len(values) :]], states, 1)
            return jnp.sum(logsumexp(jnp.broadcast_to(table, (3, N)), axis=0))

        def plain(*values):
            full = [jnp.asarray(x) for x in (*values, *inputs[len(values) :])]
            return jnp.sum(
                logsumexp(jnp.stack([function(*full, jnp.full(N, k)) for k in range(3)]), axis=0)
            )

        return ours, plain


CASES = {
    "log": (lambda p, z: jnp.log(p[z]), (np.array([0.0, 0.3, 0.7]),)),
    "log, weighted": (lambda p, w, z: w * jnp.log(p[z]), (np.array([0.0, 0.3, 0.7]), Y)),
    "log, squared weight": (
        lambda p, w, z: w * w * jnp.log(p[z]) + w,
        (np.array([0.0, 0.3, 0.7]), Y),
    ),
    "log1p": (lambda p, w, z: w * jnp.log1p(-p[z]), (np.array([1.0, 0.3, 0.7]), Y)),
    "power": (lambda p, w, z: jnp.log(p[z] ** w), (np.array([0.0, 0.3, 0.7]), Y)),
    "root": (lambda p, w, z: w * jnp.log(jnp.sqrt(p[z])), (np.array([0.0, 0.3, 0.7]), Y)),
    "quotient": (lambda s, y, z: -y / s[z], (np.array([0.0, 1.0, 2.0]), Y)),
    "square of a quotient": (
        lambda s, y, z: -((y / s[z]) ** 2) - jnp.square(y / s[z]),
        (np.array([0.0, 1.0, 2.0]), Y),
    ),
    "inverse power": (lambda s, y, z: -y * s[z] ** -2, (np.array([0.0, 1.0, 2.0]), Y)),
    "inverse root": (
        lambda s, y, z: -y * jax.lax.rsqrt(s[z]),
        (np.array([0.0, 1.0, 2.0]), Y),
    ),
    "quotient of logs": (
        lambda p, y, z: jnp.log(p[z]) / y,
        (np.array([0.0, 0.3, 0.7]), Y),
    ),
    "softmax of a quotient": (
        lambda s, y, z: jnp.log(jnp.exp(-y / s[z])),
        (np.array([0.0, 1.0, 2.0]), Y),
    ),
    "xlogy": (lambda p, y, z: xlogy(y, p[z]), (np.array([0.0, 0.3, 0.7]), Y)),
    "masked": (
        lambda p, w, z: w * jnp.where(z == 0, -jnp.inf, p[z]),
        (np.array([0.1, 0.3, 0.7]), Y),
    ),
    "product of states": (lambda p, w, z: z * jnp.log(p) + w, (np.array(0.4), Y)),
}
CASES["Poisson"] = (
    lambda r, z: filled(POISSON, mu=r[z]).checked_log_prob(COUNTS),
    (np.array([0.0, 1.0, 2.0]),),
)
CASES["Bernoulli"] = (
    lambda p, z: filled(BERNOULLI, p=p[z]).checked_log_prob(COUNTS % 2),
    (np.array([0.0, 1.0, 0.4]),),
)
CASES["Categorical"] = (
    lambda p, z: filled(CATEGORICAL, p=p[z]).checked_log_prob(COUNTS % 3),
    (np.array([[0.0, 0.5, 0.5], [0.2, 0.8, 0.0], [0.1, 0.1, 0.8]]),),
)


@pytest.mark.parametrize("name", CASES)
def test_an_impossible_state_adds_nothing(name):
    function, inputs = CASES[name]
    ours, plain = sums(function, inputs)
    # The gradient without the impossible states: by finite differences of the plain sum, along
    # the inputs whose change leaves them impossible.
    with float64():
        value, gradient = quick(jax.value_and_grad(ours, tuple(range(len(inputs)))))(*inputs)
        np.testing.assert_allclose(value, plain(*inputs), rtol=1e-13)
        assert np.isfinite(value)
        step = 1e-5
        for i, x in enumerate(inputs):
            assert np.isfinite(gradient[i]).all()
            for place in np.ndindex(x.shape):
                if x[place] in (0.0, 1.0):
                    continue
                ahead, behind = (np.array(x) for _ in range(2))
                ahead[place] += step
                behind[place] -= step
                rise = plain(*inputs[:i], ahead, *inputs[i + 1 :])
                rise -= plain(*inputs[:i], behind, *inputs[i + 1 :])
                np.testing.assert_allclose(
                    gradient[i][place], rise / (2 * step), rtol=1e-6, atol=1e-7
                )


def test_infinities_of_shared_values_are_left_alone():
    # A guard is for what a state does; this division is the same whatever the state.
    def function(s, m, z):
        return m[z] + 1 / s

    with float64():
        closed = trace(function, (np.ones(N), np.ones(3)), [Z])
        states = uniform_states([Z])
        program = jax.make_jaxpr(lambda s, m: evaluate(closed, [s, m], states, 1))(
            jnp.ones(N), jnp.ones(3)
        )
    assert [e.primitive.name for e in program.jaxpr.eqns].count("select_n") == 0

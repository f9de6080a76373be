"""Lines that are alike, computed together, against the same computed line by line."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aliquot as aq
from aliquot.density import trace
from aliquot.precision import float64
from aliquot.stacking import stacked
from aliquot.stacking.evaluate import MANY
from tests.programs import quick


def alone_and_together(function, *arguments):
    """Compute a function's value and its gradient both ways, and count the operations."""
    with float64():
        program = jax.make_jaxpr(function)(*arguments)
        together = stacked(program, 0)
        results = []
        for one in (program, together):

            def value(*arguments, one=one):
                return jax.core.eval_jaxpr(one.jaxpr, one.consts, *arguments)[0]

            results.append(quick(jax.value_and_grad(value))(*arguments))
    return results, len(program.jaxpr.eqns), len(together.jaxpr.eqns)


def assert_alike(function, *arguments, fewer=4):
    ((value, slope), (other, other_slope)), before, after = alone_and_together(function, *arguments)
    np.testing.assert_allclose(other, value, rtol=1e-12)
    scale = 1e-12 * np.max(np.abs(slope))
    np.testing.assert_allclose(other_slope, slope, rtol=1e-11, atol=scale)
    assert fewer * after <= before


FEATURES = {
    "numbers that differ": lambda x, i: jnp.exp(-x[i] * (i + 0.5)) + 1.0,
    "a shared value": lambda x, i: (x[i] - x[0]) ** 2 / (1.0 + x[1] ** 2),
    "neighbours": lambda x, i: jnp.sin(x[i] - 0.9 * x[i - 1]),
    "all over the place": lambda x, i: x[i] * x[(7 * i * i + 3) % 40],
    "in turn": lambda x, i: x[i] * x[i % 5],
    "backwards": lambda x, i: x[i] * x[39 - i],
    "pieces": lambda x, i: jnp.sum(jnp.cumsum(x[4 * (i % 10) : 4 * (i % 10) + 3]) ** 2),
    "overlapping pieces": lambda x, i: jnp.prod(x[i % 37 : i % 37 + 3]),
    "calls": lambda x, i: jax.nn.softplus(x[i]) + jax.nn.logsumexp(x[i] * jnp.arange(3.0)),
    "choices": lambda x, i: jnp.where(x[i] > 0, jnp.log1p(x[i] ** 2), x[i] * i),
    "subtracted": lambda x, i: x[i] - x[0] - x[1] * i - 3.0 - x[2],
    "vectors": lambda x, i: jnp.sum(jnp.full(3, i * 1.0) * x[i] - x[:3]),
}


@pytest.mark.parametrize("line", FEATURES.values(), ids=FEATURES)
def test_lines_that_are_alike(line, rng):
    x = rng.normal(size=40)
    assert_alike(lambda x: sum(line(x, i) for i in range(40)), x, fewer=2)


def test_lines_of_several_kinds_in_any_order(rng):
    x = rng.normal(size=60)
    kinds = rng.integers(3, size=60)
    lines = [FEATURES[name] for name in ("numbers that differ", "neighbours", "choices")]
    assert_alike(lambda x: sum(lines[k](x, i % 40) for i, k in enumerate(kinds)), x, fewer=2)


def test_one_line_after_another(rng):
    """What depends on what came before cannot be put together, and stays right."""

    def walk(x):
        place, total = x[0], 0.0
        for i in range(1, 40):
            place = 0.9 * place + x[i]
            total = total - 0.5 * (place - 0.1 * i) ** 2
        return total

    assert_alike(walk, rng.normal(size=40), fewer=1)


def test_stacks_and_joins(rng):
    def function(x):
        parts = [x[i] * 2.0 for i in range(30)]
        joined = jnp.concatenate([jnp.atleast_1d(p) for p in [*parts[::-1], x[0]]])
        return jnp.sum(jnp.stack(parts) ** 3) + jnp.sum(joined[:12] * joined[12:24])

    assert_alike(function, rng.normal(size=30))


def test_sums_in_which_a_term_comes_often():
    def function(x):
        return sum(x[i % 3] for i in range(90)) + sum(5.0 for _ in range(90)) * x[0]

    assert_alike(function, np.array([0.5, -2.0, 3.0]))


def test_infinite_terms_stay_what_they_are():
    """A term of minus infinity is the sum, whatever the others are; of no density, no NaN."""
    with float64():
        program = jax.make_jaxpr(lambda x: sum(jnp.log(x[i]) * (i + 1.0) for i in range(40)))(
            np.ones(40, float)
        )
        together = stacked(program, 0)
        point = np.ones(40)
        point[7] = 0.0
        (value,) = quick(lambda x: jax.core.eval_jaxpr(together.jaxpr, together.consts, x))(point)
    assert float(value) == -np.inf


def test_derivatives_of_their_own_are_told_apart(rng):
    """Two functions with one value and two derivatives are not alike."""
    kinds = []
    for factor in (1.0, 3.0):
        function = jax.custom_jvp(lambda x: 2.0 * x)
        function.defjvp(lambda p, t, f=factor: (2.0 * p[0], f * t[0]))
        kinds.append(function)
    x = rng.normal(size=40)
    slope = alone_and_together(lambda x: sum(kinds[i % 2](x[i]) for i in range(40)), x)[0][1][1]
    np.testing.assert_array_equal(slope, np.where(np.arange(40) % 2, 3.0, 1.0))


def test_a_small_program_stays_as_it_is():
    program = jax.make_jaxpr(lambda x: sum(jnp.exp(x[i]) for i in range(20)))(np.zeros(20))
    assert len(program.jaxpr.eqns) < MANY
    assert stacked(program) is program


def test_a_program_without_lines_that_are_alike_stays_as_it_is():
    def function(x):
        for i in range(MANY):
            x = jnp.sin(x) if i % 2 else jnp.exp(-x)
        return x

    program = jax.make_jaxpr(function)(1.0)
    assert stacked(program) is program


# Models -------------------------------------------------------------------------------------------


def hierarchy(rng, count):
    mu, sigma = aq.Normal("mu", 0, 5), aq.HalfNormal("sigma", 1)
    for i in range(count):
        b = aq.Normal(f"b_{i}", mu, sigma)
        aq.Normal(f"y_{i}", b, 1 + 0.1 * i, observed=rng.normal(size=3))


def several_kinds(rng, count):
    for i in range(count):
        kind = rng.integers(4)
        if kind == 0:
            scale = aq.HalfNormal(f"x_{i}", rng.uniform(1, 2))
            aq.Normal(f"y_{i}", 0, scale, observed=rng.normal(size=2))
        elif kind == 1:
            rate = aq.Gamma(f"x_{i}", 2, 1)
            aq.Poisson(f"y_{i}", rate, observed=rng.poisson(2, size=3))
        elif kind == 2:
            p = aq.Beta(f"x_{i}", 0.3, 2)
            aq.Bernoulli(f"y_{i}", p, observed=int(rng.integers(2)))
        else:
            x = aq.StudentT(f"x_{i}", 4, 0, sigma=1)
            aq.Potential(f"y_{i}", -((x - 0.1 * i) ** 2))


def regression(rng, count):
    eta = 0.0
    for i in range(count):
        eta = eta + aq.Normal(f"b_{i}", 0, 1) * rng.normal(size=50)
    aq.Normal("y", eta, 1, observed=rng.normal(size=50))


def mixture(rng, count):
    means = [aq.Normal(f"mu_{i}", i, 1) for i in range(count)]
    w = aq.Dirichlet("w", np.ones(count))
    each = [aq.Normal.dist(mean, 1) for mean in means]
    aq.Mixture("y", w, each, observed=rng.normal(size=20))


def answers(rng, count):
    size = int(np.sqrt(count)) + 1
    able = [aq.Normal(f"a_{i}", 0, 1) for i in range(size)]
    hard = [aq.Normal(f"b_{i}", 0, 1) for i in range(size)]
    for i in range(size):
        for j in range(size):
            answer = int(rng.integers(2))
            aq.Bernoulli(f"y_{i}_{j}", logit_p=able[i] - hard[j], observed=answer)


def hidden_labels(rng, count):
    means = aq.Normal("means", [-1, 1], 1, shape=2)
    for i in range(count // 4):
        p = aq.Beta(f"p_{i}", 2, 2)
        z = aq.Bernoulli(f"z_{i}", p)
        aq.Normal(f"y_{i}", means[z], 1, observed=rng.normal(size=2))


def few_columns(rng, count):
    """Five answers by class: a few lines that are alike are enough where they are most of all."""
    w = aq.Dirichlet("w", np.ones(3))
    z = aq.Categorical("z", w, shape=count)
    for i in range(5):
        p = aq.Dirichlet(f"p_{i}", np.ones(4), shape=(3, 4))
        aq.Categorical(f"y_{i}", p[z], observed=rng.integers(4, size=count))


@pytest.mark.parametrize(
    "write", [hierarchy, several_kinds, regression, mixture, answers, hidden_labels, few_columns]
)
def test_densities_of_many_variables(write, rng, monkeypatch):
    """Value and gradient are those of the trace as it was."""
    traces = []
    monkeypatch.setattr(
        trace, "stacked", lambda program: traces.append((program, stacked(program, 0))) or program
    )
    with aq.Model() as model:
        write(rng, 48)
    density = model.density()
    program, together = traces[0]
    assert 2 * len(together.jaxpr.eqns) < len(program.jaxpr.eqns)
    data = [density.data[name] for name in sorted(density.data) if "constant" not in name]

    def compiled(one):
        def value(flat):
            return jax.core.eval_jaxpr(one.jaxpr, one.consts, flat, *data)[0]

        return quick(jax.value_and_grad(value))

    with float64():
        alone, as_one = compiled(program), compiled(together)
        for width in (0.3, 1.0, 4.0):
            flat = width * rng.normal(size=density.size)
            value, slope = alone(flat)
            other, other_slope = as_one(flat)
            np.testing.assert_allclose(other, value, rtol=1e-11)
            bound = 1e-11 * np.max(np.abs(slope))
            np.testing.assert_allclose(other_slope, slope, rtol=1e-9, atol=bound)

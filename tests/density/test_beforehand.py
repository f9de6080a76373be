"""What is computed of the data beforehand: against SciPy, mpmath, and the program as written."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from scipy import stats

import aliquot as aq
from aliquot.density.beforehand import beforehand
from aliquot.density.inverse_factor import LARGEST, MOST, inverse_factor
from aliquot.precision import float64
from aliquot.primitives.internals import replayed
from tests.programs import quick

KINDS = pytest.mark.parametrize("kind", ["cov", "chol", "tau"])


def correlated(size, correlation=0.8):
    places = np.arange(size)
    scales = np.logspace(-1, 1, size)
    return correlation ** np.abs(places[:, None] - places) * np.outer(scales, scales)


def smooth(size, nugget):
    places = np.linspace(0, 1, size)
    return np.exp(-0.5 * ((places[:, None] - places) / 0.3) ** 2) + nugget * np.eye(size)


def given(kind, covariance):
    matrix = {"cov": lambda s: s, "chol": np.linalg.cholesky, "tau": np.linalg.inv}[kind](
        covariance
    )
    return {kind: matrix}


def value_and_grad(density, flat):
    with float64():
        both = quick(jax.value_and_grad(density.log_density))(flat, density.data)
        return float(both[0]), np.asarray(both[1])


def primitives_of(density):
    with float64():
        flat = np.zeros(density.size)
        return str(jax.make_jaxpr(jax.grad(density.log_density))(flat, density.data))


@KINDS
@pytest.mark.parametrize("size", [3, 8, 40])
@pytest.mark.parametrize("rows", [(), (5,)])
def test_known_covariances_of_a_latent_vector(kind, size, rows, rng):
    mean, covariance = rng.normal(size=size), correlated(size)
    with aq.Model() as model:
        aq.MvNormal("x", mean, **given(kind, covariance), shape=(*rows, size))
    density = model.density()
    x = rng.normal(size=(*rows, size))
    value, gradient = value_and_grad(density, x.reshape(-1))
    expected = stats.multivariate_normal(mean, covariance).logpdf(x).sum()
    assert value == pytest.approx(expected, rel=1e-9)
    slope = -np.linalg.solve(covariance, (x - mean).T).reshape(size, -1).T.reshape(-1)
    np.testing.assert_allclose(gradient, slope, rtol=1e-7, atol=1e-9)
    for name in ("triangular_solve", "cholesky"):
        assert name not in primitives_of(density)


@KINDS
def test_several_known_covariances(kind, rng):
    covariances = np.stack([correlated(9, r) for r in (0.1, 0.5, 0.9)])
    matrices = [given(kind, covariance)[kind] for covariance in covariances]
    with aq.Model() as model:
        aq.MvNormal("x", np.zeros(9), **{kind: np.stack(matrices)}, shape=(2, 3, 9))
    x = rng.normal(size=(2, 3, 9))
    value, _ = value_and_grad(model.density(), x.reshape(-1))
    expected = sum(
        stats.multivariate_normal(np.zeros(9), covariances[k]).logpdf(x[:, k]).sum()
        for k in range(3)
    )
    assert value == pytest.approx(expected, rel=1e-9)
    assert "triangular_solve" not in primitives_of(model.density())


@KINDS
def test_components_of_a_mixture(kind, rng):
    covariances = [correlated(8, r) for r in (0.2, 0.9)]
    matrices = np.stack([given(kind, covariance)[kind] for covariance in covariances])
    y, means = rng.normal(size=(6, 8)), rng.normal(size=(2, 8))
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 1, shape=(2, 8))
        parts = aq.MvNormal.dist(mu, **{kind: matrices})
        aq.Mixture("y", [0.3, 0.7], parts, observed=y)
    value, _ = value_and_grad(model.density(), means.reshape(-1))
    terms = [
        np.log(w) + stats.multivariate_normal(m, s).logpdf(y)
        for w, m, s in zip((0.3, 0.7), means, covariances, strict=True)
    ]
    expected = np.logaddexp(*terms).sum() + stats.norm.logpdf(means).sum()
    assert value == pytest.approx(expected, rel=1e-9)
    assert "triangular_solve" not in primitives_of(model.density())


def test_a_factor_for_each_pattern_of_missing_entries(rng):
    covariance = correlated(9)
    y = rng.normal(size=(12, 9))
    y[::3, 0] = np.nan
    y[1, 3:6] = np.nan
    means = rng.normal(size=9)
    with aq.Model() as model, pytest.warns(aq.ImputationWarning):
        mu = aq.Normal("mu", 0, 1, shape=9)
        aq.MvNormal("y", mu, cov=covariance, observed=y)
    value, _ = value_and_grad(model.density(), means)
    expected = stats.norm.logpdf(means).sum()
    for row in y:
        seen = np.isfinite(row)
        part = stats.multivariate_normal(means[seen], covariance[np.ix_(seen, seen)])
        expected += part.logpdf(row[seen])
    assert value == pytest.approx(expected, rel=1e-9)
    assert "triangular_solve" not in primitives_of(model.density())


def test_what_depends_on_a_parameter_stays():
    with aq.Model() as model:
        scale = aq.HalfNormal("scale", 1)
        aq.MvNormal("x", np.zeros(9), chol=np.linalg.cholesky(correlated(9)) * scale)
    assert "triangular_solve" in primitives_of(model.density())


def test_other_data_are_another_constant_of_the_same_program(rng):
    x = rng.normal(size=9)
    with aq.Model() as model:
        covariance = aq.Data("covariance", correlated(9))
        aq.MvNormal("x", np.zeros(9), cov=covariance)
    first = model.density()
    model.set_data({"covariance": correlated(9, 0.3)})
    second = first.with_current_data()
    assert second is not None
    assert second.log_density is first.log_density
    for density, correlation in ((first, 0.8), (second, 0.3)):
        expected = stats.multivariate_normal(np.zeros(9), correlated(9, correlation)).logpdf(x)
        assert value_and_grad(density, x)[0] == pytest.approx(expected, rel=1e-9)


def test_other_data_with_which_only_a_solve_is_exact(rng):
    with aq.Model() as model:
        factor = aq.Data("factor", np.linalg.cholesky(correlated(40)))
        aq.MvNormal("x", np.zeros(40), chol=factor)
    first = model.density()
    model.set_data({"factor": np.linalg.cholesky(smooth(40, 1e-12))})
    assert first.with_current_data() is None
    assert "triangular_solve" in primitives_of(model.density())


def test_the_same_model_is_the_same_program():
    def text():
        with aq.Model() as model:
            for name in "abcd":
                aq.MvNormal(name, np.zeros(40), cov=correlated(40))
            aq.MvNormal("e", np.zeros(9), tau=correlated(9))
        return primitives_of(model.density())

    assert text() == text()


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("turned", [True, False])
@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize("shape", [(5,), (2, 5), (40,)])
def test_every_form_of_a_solve(left, lower, turned, unit, shape, rng):
    size = shape[-1]
    matrix = rng.normal(size=(*shape, size)) / size + 2 * np.eye(size)  # the other half is not read
    right = rng.normal(size=(*shape, 3) if left else (*shape[:-1], 3, size))

    def solved(right):
        return jax.lax.linalg.triangular_solve(
            matrix, right, left_side=left, lower=lower, transpose_a=turned, unit_diagonal=unit
        )

    with float64():
        program = jax.make_jaxpr(solved)(right)
        shorter = beforehand(program, {})
        assert "triangular_solve" not in str(shorter)
        (result,) = replayed(shorter, shorter.consts, [right])
        np.testing.assert_allclose(result, solved(right), rtol=1e-9, atol=1e-12)


def test_a_program_without_matrices_is_left_alone():
    with float64():
        program = jax.make_jaxpr(lambda x: jnp.exp(x))(1.0)
    assert beforehand(program, {}) is None


def exactly_inverted(lower):
    with mpmath.workdps(50):
        inverse = mpmath.inverse(mpmath.matrix(lower.tolist()))
        return inverse, mpmath.matrix(np.abs(lower).tolist())


@pytest.mark.parametrize(
    "covariance",
    [
        correlated(20),
        correlated(20, 0.9999),
        correlated(20) * np.outer(*[np.logspace(-8, 8, 20)] * 2),
        smooth(20, 1e-2),
        smooth(20, 1e-6),
    ],
)
def test_inverses_are_right_to_the_last_digit(covariance):
    """By what an error of an entry is multiplied with: the factor's row."""
    lower = np.linalg.cholesky(covariance)
    exact, _ = exactly_inverted(lower)
    inverse = inverse_factor(lower)
    with mpmath.workdps(50):
        wrong = mpmath.matrix(inverse.tolist()) - exact
        errors = np.array((wrong.apply(abs)).tolist(), float) @ np.abs(lower)
        scale = np.abs(np.array(exact.tolist(), float)) @ np.abs(lower)
    assert np.all(errors <= 4 * np.finfo(float).eps * scale + np.finfo(float).eps)


def test_what_is_not_inverted():
    assert inverse_factor(np.linalg.cholesky(smooth(40, 1e-12))) is None
    assert inverse_factor(np.array([[1.0, 0.0], [2 * MOST, 1.0]])) is None
    assert inverse_factor(np.diag([1.0, 0.0])) is None
    assert inverse_factor(np.diag([1.0, np.nan])) is None
    assert inverse_factor(np.eye(LARGEST + 1)) is None
    both = np.stack([np.eye(2), [[1.0, 0.0], [2 * MOST, 1.0]]])
    assert inverse_factor(both) is None
    assert inverse_factor(np.eye(LARGEST)) is not None


@pytest.mark.parametrize("nugget", [1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12])
def test_log_densities_of_ill_conditioned_factors(nugget, rng):
    """Errors stay below what a backward stable solve may make: n eps times Skeel's condition."""
    size = 30
    lower = np.linalg.cholesky(smooth(size, nugget))
    x = lower @ rng.normal(size=size)
    with aq.Model() as model:
        aq.MvNormal("x", np.zeros(size), chol=lower)
    value, _ = value_and_grad(model.density(), x)
    with mpmath.workdps(50):
        inverse, size_of_factor = exactly_inverted(lower)
        whitened = inverse * mpmath.matrix(x.tolist())
        squares = mpmath.fsum(z**2 for z in whitened)
        logs = mpmath.fsum(mpmath.log(entry) for entry in np.diagonal(lower).tolist())
        exact = -logs - squares / 2 - size * mpmath.log(2 * mpmath.pi) / 2
        bound = inverse.apply(abs) * size_of_factor * whitened.apply(abs)
        allowed = mpmath.fsum(abs(z) * b for z, b in zip(whitened, bound, strict=True))
        error = float(abs(value - exact))
    assert error <= np.finfo(float).eps * (size * float(allowed) + 10 * abs(value))

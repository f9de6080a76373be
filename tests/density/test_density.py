"""What a density is made of: coordinates, data as arguments, precision, proper ordered priors."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

import aliquot as aq
from aliquot.compilation import counts
from aliquot.density import chunks
from aliquot.density.trace import SMALL
from aliquot.errors import DTypeError, ModelError, ShapeError, SupportError
from aliquot.precision import float64
from tests.programs import quick


@pytest.fixture
def model() -> aq.Model:
    with aq.Model() as model:
        means = aq.Normal("means", 0, 5, shape=2, transform=aq.transforms.ordered)
        s = aq.HalfNormal("s", 1, shape=(1, 2))
        aq.Dirichlet("w", np.ones(3))
        aq.Deterministic("gap", means[1] - means[0])
        aq.Normal("obs", means, s[0], observed=aq.Data("y", [-1.0, 1.0]))
    return model


def test_coordinates_are_named_in_the_order_of_writing(model: aq.Model) -> None:
    assert model.density().labels == [
        "means_ordered__[0]",
        "means_ordered__[1]",
        "s_log__[0, 0]",
        "s_log__[0, 1]",
        "w_simplex__[0]",
        "w_simplex__[1]",
    ]


def test_draws_are_constrained_in_batches(model: aq.Model, rng: np.random.Generator) -> None:
    density = model.density()
    flat = rng.normal(size=(2, 5, density.size))
    draws = density.constrain_draws(flat)
    shapes = {name: array.shape for name, array in draws.items()}
    assert shapes == {"means": (2, 5, 2), "s": (2, 5, 1, 2), "w": (2, 5, 3), "gap": (2, 5)}
    np.testing.assert_allclose(draws["gap"], draws["means"][..., 1] - draws["means"][..., 0])
    np.testing.assert_allclose(draws["w"].sum(-1), 1)
    assert {array.dtype for array in draws.values()} == {np.dtype(np.float64)}
    with float64():
        one = density.constrain(flat[1, 3], density.data)
    np.testing.assert_allclose(one["s"], draws["s"][1, 3])
    parts = density.split(flat)
    assert parts["s_log__"].shape == (2, 5, 1, 2)
    with pytest.raises(ShapeError, match=r"axis of length 6; got \(2, 5\)"):
        density.constrain_draws(np.zeros((2, 5)))


def test_many_draws_are_worked_on_in_pieces(
    model: aq.Model, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    density = model.density()
    flat = rng.normal(size=(23, density.size))
    whole = density.constrain_draws(flat)
    monkeypatch.setattr(chunks, "NUMBERS", 40)
    pieces = density.constrain_draws(flat)
    for name, array in whole.items():
        np.testing.assert_allclose(pieces[name], array, rtol=1e-12)


def test_pieces_are_short_where_the_way_to_a_number_is_wide() -> None:
    wide = np.linspace(-1, 1, 100_000)
    with aq.Model() as model:
        x = aq.Normal("x")
        aq.Deterministic("largest", aq.math.tanh(aq.lift(jax.jit(jnp.cumsum))(x * wide)).max())
    density = model.density()
    with float64():
        length, shapes = chunks.chunk_length(density.constrain, np.zeros((4000, 1)), density.data)
    assert {shape.shape for shape in shapes.values()} == {()}
    assert length == 16  # 64 x 100,000 numbers would be more than four million


def test_programs_are_few_and_there_ahead_of_time() -> None:
    with aq.Model() as model:
        aq.Normal("x", shape=2)
    density = model.density()
    before = sum(counts()[:2])  # compiled, and loaded from the disk

    def programs() -> int:
        return sum(counts()[:2]) - before

    density.prepare_draws(8000)
    assert programs() <= 2  # with the start point
    ahead = programs()
    for count in (1024, 1100, 2500, 8000):
        density.constrain_draws(np.zeros((count, 2)))
    assert programs() == ahead
    for count in range(1, 300):
        density.constrain_draws(np.zeros((count, 2)))
    assert programs() <= ahead - 1 + len(chunks.LENGTHS)


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (
            {"s": None},
            ModelError,
            r"give a value for each free variable \(means, s, w\); missing: s",
        ),
        ({"gap": 1.0}, ModelError, "unknown: gap"),
        ({"s": [1.0, 2.0]}, ShapeError, r"s: the value has shape \(2,\), the variable \(1, 2\)"),
        ({"s": [[1.0, -1.0]]}, SupportError, "s: the value .* is outside its support"),
        ({"means": [1.0, -1.0]}, SupportError, "means: .*strictly increasing"),
        ({"means": "low"}, DTypeError, "means: the value must be numbers; got 'low'"),
    ],
)
def test_values_that_cannot_be_unconstrained(
    model: aq.Model, change: dict[str, object], kind: type[Exception], words: str
) -> None:
    values = {"means": [-1.0, 1.0], "s": [[1.0, 2.0]], "w": [0.2, 0.3, 0.5]} | change
    values = {name: value for name, value in values.items() if value is not None}
    with pytest.raises(kind, match=words):
        model.density().unconstrain(values)


def test_data_are_arguments(model: aq.Model) -> None:
    density = model.density()
    point = np.zeros(density.size)
    with float64():
        program = quick(density.log_density)
        first = float(program(point, density.data))
        moved = {**density.data, "y": density.data["y"] + 2.0}
        second = float(program(point, moved))
    expected = stats.norm.logpdf([1.0, 3.0], [0.0, 1.0]).sum()
    expected -= stats.norm.logpdf([-1.0, 1.0], [0.0, 1.0]).sum()
    np.testing.assert_allclose(second - first, expected)


def test_large_constants_are_arguments_and_small_ones_are_not() -> None:
    large, small = np.linspace(0, 1, SMALL + 1), np.linspace(0, 1, 3)
    with aq.Model() as model:
        x = aq.Normal("x")
        aq.Potential("p", aq.math.exp(large * x).sum() + (small * x).sum())
    density = model.density()
    assert sum(np.size(value) == large.size for value in density.data.values()) == 1
    assert all(np.size(value) > SMALL for value in density.data.values())
    with float64():
        text = str(jax.make_jaxpr(density.log_density)(np.zeros(1), density.data))
    assert f"f64[{large.size}]" in text
    with float64():
        zeros = {name: np.zeros_like(value) for name, value in density.data.items()}
        without = float(quick(density.log_density)(jnp.ones(1), zeros))
    np.testing.assert_allclose(density.evaluate([1.0]) - without, np.sum(np.exp(large) - 1.0))


def test_a_density_is_kept_until_the_model_changes(model: aq.Model) -> None:
    density = model.density()
    assert model.density() is density
    model.set_data({"y": [0.0, 0.0]})
    assert model.density() is not density
    density = model.density()
    with model:
        aq.Normal("more")
    assert model.density().size == density.size + 1


def test_double_precision_is_ours_alone(model: aq.Model) -> None:
    density = model.density()
    seen: list[bool] = []

    @aq.lift
    def spy(value: jax.Array) -> jax.Array:
        seen.append(jax.config.jax_enable_x64)
        assert value.dtype == jnp.float64
        return value

    before = jax.config.jax_enable_x64
    with model:
        aq.Potential("spy", spy(model["s"]))
    density = model.density()
    value = density.evaluate(density.start)
    density.constrain_draws(density.start)
    assert seen
    assert all(seen)
    assert jax.config.jax_enable_x64 == before
    assert jnp.ones(1).dtype == jnp.float32
    assert value != float(np.float32(value))  # more digits than single precision has


@pytest.mark.parametrize("x64", [True, False])
def test_the_users_choice_of_precision_changes_nothing(model: aq.Model, x64: bool) -> None:
    with jax.enable_x64(x64):
        density = model.density()
        value = density.evaluate(np.linspace(-0.3, 0.4, density.size))
        draws = aq.sample(
            10, tune=10, chains=1, random_seed=1, model=model, progressbar=False,
            compute_convergence_checks=False,
        ).posterior  # fmt: skip
        assert jax.config.jax_enable_x64 == x64
        assert jnp.ones(1).dtype == (jnp.float64 if x64 else jnp.float32)
    assert draws["means"].dtype == np.float64
    again = model.density().evaluate(np.linspace(-0.3, 0.4, density.size))
    assert again == value


@pytest.mark.parametrize("transform", ["ordered", "positive_ordered"])
def test_an_ordered_prior_integrates_to_one(transform: str) -> None:
    with aq.Model() as model:
        family = aq.Normal if transform == "ordered" else aq.HalfNormal
        family("x", sigma=1.5, shape=2, transform=getattr(aq.transforms, transform))
    density = model.density()
    with float64():
        program = quick(jax.vmap(lambda flat: jnp.exp(density.log_density(flat, {}))))
        nodes, weights = np.polynomial.legendre.leggauss(200)
        first, second = np.meshgrid(12 * nodes, 12 * nodes, indexing="ij")
        values = np.asarray(program(np.stack([first.ravel(), second.ravel()], axis=1)))
    total = np.einsum("i,j,ij", weights, weights, values.reshape(200, 200)) * 144
    # Outside of (-12, 12) lies 1e-5 at most: e**-12 is a gap or a value of 6e-6.
    np.testing.assert_allclose(total, 1, atol=2e-5)


def test_a_restricted_prior_keeps_its_density() -> None:
    with aq.Model() as model:
        aq.Normal("x", 1, 2, transform=aq.transforms.log)
    density = model.density()
    total, _ = integrate.quad(lambda y: np.exp(density.evaluate([y])), -30, 6)
    np.testing.assert_allclose(total, stats.norm.sf(0, 1, 2), rtol=1e-6)


def test_beyond_the_support_the_density_is_zero() -> None:
    with aq.Model() as model:
        aq.HalfNormal("s", transform=None)
    density = model.density()
    assert density.evaluate([-0.1]) == -np.inf
    with float64():
        assert np.isfinite(quick(jax.grad(density.log_density))(np.array([-0.1]), {})).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda x: aq.Normal("obs", 0, x, observed=[0.5]),
        lambda x: aq.Normal("free", 0, x),
        lambda x: aq.NormalMixture("obs", [0.5, 0.5], [0, 1], x, observed=[0.5]),
        lambda x: aq.Mixture(
            "obs", [0.5, 0.5], [aq.Normal.dist(0, x), aq.Normal.dist(1, 1)], observed=[0.5]
        ),
        lambda x: aq.Bernoulli("obs", x, observed=[1]),
    ],
    ids=["observed", "free", "normal mixture", "mixture", "probability"],
)
def test_a_parameter_out_of_range_has_no_density(make: object) -> None:
    with aq.Model() as model:
        x = aq.Normal("x", shape=1)
        make(x)  # type: ignore[operator]
    density = model.density()
    rest = np.zeros(density.size - 1)
    assert np.isfinite(density.evaluate([0.5, *rest]))
    assert density.evaluate([-0.5, *rest]) == -np.inf


def test_no_check_is_paid_for_parameters_that_stay_in_range() -> None:
    with aq.Model() as model:
        s = aq.HalfNormal("s")
        aq.Normal("obs", 0, s, observed=[0.5, 0.1])
    density = model.density()
    with float64():
        text = str(jax.make_jaxpr(density.log_density)(np.zeros(1), density.data))
    assert "select_n" not in text


def test_without_observations_of_another_shape_the_prior_is_the_density() -> None:
    with aq.Model() as model:
        x = aq.Data("x", [1.0, 2.0])
        b = aq.Normal("b")
        aq.Normal("obs", b * x, 1, observed=aq.Data("y", [1.0, 2.0]))
    model.set_data({"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 3.0]})
    expected = stats.norm.logpdf(0.5) + stats.norm.logpdf([1, 2, 3], 0.5 * np.arange(1, 4)).sum()
    np.testing.assert_allclose(model.density().evaluate([0.5]), expected)


def test_data_may_have_the_name_of_an_observed_variable_and_more() -> None:
    with aq.Model() as model:
        x = aq.Data("y (observed)", [0.0, 1.0, 2.0])
        aq.Normal("y", aq.Normal("slope") * x, 1, observed=[1.0, 2.0, 3.0])
    expected = stats.norm.logpdf(0.5) + stats.norm.logpdf([1.0, 1.5, 2.0]).sum()
    assert model.density().evaluate([0.5]) == pytest.approx(expected)


def test_a_derivative_of_the_users_may_index_a_constant() -> None:
    weights = np.array([0.5, 2.0, 3.0])

    @jax.custom_vjp
    def weighted(x: Any, w: Any) -> Any:
        return x * w.sum()

    def backward(w: Any, by: Any) -> Any:
        total = jax.lax.fori_loop(0, len(w), lambda i, total: total + w[i], 0.0)
        return by * total, 0 * w

    weighted.defvjp(lambda x, w: (x * w.sum(), w), backward)
    with aq.Model() as model:
        aq.Normal("y", aq.lift(lambda x: weighted(x, weights))(aq.Normal("x")), 1, observed=2.0)
    density = model.density()
    with float64():
        gradient = quick(jax.grad(density.log_density))(np.array([0.3]), density.data)
    np.testing.assert_allclose(gradient, [-0.3 + 5.5 * (2.0 - 0.3 * 5.5)], rtol=1e-13)

"""The climbs: tops in closed form, saddles, edges, points without a height, interrupts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from aliquot.newton import Climber, Differences, converged, derivatives, ending, highest

type Height = Callable[[Any, Any], Any]


def climber(height: Height, size: int, **kwargs: Any) -> Climber:
    def owner() -> None: ...

    made = Climber(owner, "height", derivatives(height), np.float64(0.0), size=size, **kwargs)
    return made


def two_bumps(x: Any, data: Any) -> Any:
    return jnp.logaddexp(-0.5 * (x[0] + 3) ** 2, 2 - 0.5 * (x[0] - 3) ** 2)


def banana(x: Any, data: Any) -> Any:
    return -100 * (x[1] - x[0] ** 2) ** 2 - (1 - x[0]) ** 2


def test_a_quadratic_of_any_scales_takes_few_steps() -> None:
    rng = np.random.default_rng(1)
    scales = 10.0 ** rng.uniform(-1.5, 1.5, 20)
    rotation = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    precision = rotation @ np.diag(1 / scales**2) @ rotation.T
    center = rng.normal(size=20)
    climb = climber(lambda x, data: -0.5 * (x - center) @ precision @ (x - center), 20)
    top = climb.climb(np.zeros(20), hessian=True)
    assert converged(top), ending(top)
    left = 0.5 * (top.position - center) @ precision @ (top.position - center)
    assert left < 1e-8
    np.testing.assert_allclose(top.hessian, -precision, rtol=1e-9, atol=1e-9 * precision.max())


def test_a_bent_valley_is_followed_to_its_end() -> None:
    top = climber(banana, 2).climb(np.array([-1.2, 1.0]), hessian=True)
    np.testing.assert_allclose(top.position, [1, 1], atol=1e-6)
    np.testing.assert_allclose(top.hessian, [[-802, 400], [400, -200]], rtol=1e-5)


def test_against_scipy_on_sums_of_bumps() -> None:
    rng = np.random.default_rng(3)
    centers, widths = rng.normal(0, 3, (6, 4)), rng.uniform(0.5, 2, 6)

    def height(x: Any, data: Any) -> Any:
        distances = ((x - centers) ** 2).sum(axis=1)
        bumps = -0.5 * distances / widths**2
        return jnp.log(jnp.exp(bumps - bumps.max()).sum()) + bumps.max()

    made = climber(height, 4)
    for _ in range(5):
        start = rng.normal(0, 3, 4)
        top = made.climb(start)
        assert converged(top)
        exact = minimize(lambda x: -float(height(x, None)), top.position, method="BFGS")
        assert -exact.fun <= top.height + 1e-6
        assert np.linalg.norm(top.gradient) < 1e-3


def test_the_highest_of_two_is_kept() -> None:
    made = climber(two_bumps, 1)
    lower = highest(made, [np.array([-3.0])], steps=100)
    both = highest(made, [np.array([-3.0]), np.array([2.0])], steps=100)
    assert lower is not None
    assert both is not None
    assert lower.position[0] == pytest.approx(-3, abs=1e-3)
    assert both.position[0] == pytest.approx(3, abs=1e-3)
    assert both.evaluations > lower.evaluations


def test_a_saddle_is_left() -> None:
    def height(x: Any, data: Any) -> Any:
        return x[0] ** 2 - x[0] ** 4 - x[1] ** 2

    summit = highest(climber(height, 2), [np.zeros(2)], steps=100)
    assert summit is not None
    assert summit.converged
    assert abs(summit.position[0]) == pytest.approx(np.sqrt(0.5), abs=1e-5)


def test_points_without_a_density_are_stepped_back_from() -> None:
    def half_line(x: Any, data: Any) -> Any:
        """Log density of a Gamma(3, 1) without a transform: none below zero."""
        inside = x[0] > 0
        safe = jnp.where(inside, x[0], 1.0)
        return jnp.where(inside, 2 * jnp.log(safe) - safe, -jnp.inf)

    top = climber(half_line, 1).climb(np.array([30.0]))
    assert converged(top)
    assert top.position[0] == pytest.approx(2, abs=1e-5)


@pytest.mark.parametrize(
    ("height", "message"),
    [
        (lambda x, data: x[0], "ran off"),
        (lambda x, data: jnp.where(x[0] > 0.5, jnp.inf, x[0]), "infinite"),
        (lambda x, data: jnp.where(x[0] > 0.5, -x[0], jnp.nan), "no finite value"),
    ],
)
def test_what_has_no_top_is_said(height: Height, message: str) -> None:
    top = climber(height, 1).climb(np.zeros(1))
    assert not converged(top)
    assert message in ending(top)


def test_no_start_with_a_height_gives_nothing() -> None:
    assert highest(climber(lambda x, data: x[0] * jnp.nan, 1), [np.zeros(1)], steps=9) is None


def test_too_few_steps_are_said() -> None:
    top = climber(banana, 2).climb(np.array([-1.2, 1.0]), steps=3)
    assert not converged(top)
    assert "still rose after 3 steps" in ending(top)


def test_heights_so_large_that_rounding_hides_the_last_steps() -> None:
    top = climber(lambda x, data: 1e9 - (jnp.cosh(x - 0.3) - 1).sum(), 3).climb(np.ones(3))
    assert converged(top)
    np.testing.assert_allclose(top.position, 0.3, atol=1e-3)


def test_an_interrupt_keeps_the_best_so_far() -> None:
    asked: list[None] = []

    def stopped() -> bool:
        asked.append(None)
        return len(asked) > 2

    made = climber(banana, 2, stopped=stopped)
    made._pace = 3
    summit = highest(made, [np.array([-1.2, 1.0])], steps=100)
    assert summit is not None
    assert summit.interrupted
    assert not summit.converged
    assert np.isfinite(summit.value)


def test_an_interrupt_before_the_first_point_is_raised() -> None:
    with pytest.raises(KeyboardInterrupt):
        highest(climber(banana, 2, stopped=lambda: True), [np.zeros(2)], steps=10)


def test_products_by_differences_lead_to_the_same_top() -> None:
    """Where to, and how wide it is there, to three digits; scales of 1e-3 to 10."""

    def bent(x: Any, scale: Any) -> Any:
        a, b, c = x[0], x[1] * scale, x[2] / 10.0
        return -0.5 * (a**2 + (b - a**2) ** 2 + jnp.cosh(c + b))

    def owner() -> None: ...

    exact, by_differences = (
        Climber(owner, key, evaluate, np.float64(1e3), size=3).climb(
            np.array([1.5, 0.0, 3.0]), hessian=True
        )
        for key, evaluate in (("exact", derivatives(bent)), ("near", Differences(bent)))
    )
    assert converged(by_differences)
    np.testing.assert_allclose(by_differences.position, exact.position, atol=1e-4)
    units = np.sqrt(np.abs(np.diag(exact.hessian)))
    gap = (by_differences.hessian - exact.hessian) / np.outer(units, units)
    assert np.abs(gap).max() < 1e-3


def test_climbs_that_go_together_end_where_each_would_alone(rng):
    def height(x: Any, data: Any) -> Any:
        return -((x[0] ** 2 - data) ** 2) - 10.0 * (x[1] - x[0]) ** 2

    def owner() -> None: ...

    starts = [*rng.normal(size=(5, 2)), np.array([np.nan, 0.0])]
    alone = Climber(owner, "height", derivatives(height), 2.0, size=2)
    blocks = Climber(owner, "height", derivatives(height), 2.0, size=2, together=4)
    for steps in (3, 1000):
        pairs = zip(
            alone.climbs(starts, steps=steps), blocks.climbs(starts, steps=steps), strict=True
        )
        for one, other in pairs:
            assert converged(one) == converged(other)
            assert one.steps == other.steps
            np.testing.assert_allclose(other.position, one.position, rtol=1e-8)
    one, other = (c.climb(starts[0], hessian=True) for c in (alone, blocks))
    np.testing.assert_allclose(other.hessian, one.hessian, rtol=1e-6)
    assert blocks.evaluate(starts[0])[0] == pytest.approx(alone.evaluate(starts[0])[0])

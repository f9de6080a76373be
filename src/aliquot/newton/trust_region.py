"""The compiled climb: a trust-region Newton method that needs products with the Hessian only.

Steihaug (1983), The conjugate gradient method and trust regions in large scale optimization, SIAM
Journal on Numerical Analysis 20(3); Conn, Gould and Toint (2000), Trust-region methods, chapter 7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from aliquot.kernel import rewritten

type Height = Callable[[Array, Any], Array]
# Of (position, direction, data): the height, its gradient, and its Hessian times the direction.
type Derivatives = Callable[[Array, Array, Any], tuple[Array, Array, Array]]

# A whole Newton step would gain less than so many nats: a hundred-thousandth of a posterior
# standard deviation.
NEGLIGIBLE = 1e-10
# Differences of heights below this share of them are rounding.
ROUNDING = 1e-14
# How far apart gradients are of which differences are taken, in units of one more than the largest
# coordinate.
DIFFERENCE = 1e-7
SMALLEST_RADIUS = 1e-12


class Phase(IntEnum):
    """What the next evaluation is for, or how the climb ended."""

    TRIAL = 0  # the height where a step leads
    CURVATURE = 1  # one product with the Hessian, to find the next step
    HESSIAN = 2  # a row of the Hessian where it has converged
    CONVERGED = 3
    STUCK = 4  # no step leads up, however short
    IMPOSSIBLE = 5  # where it began there is no finite height and gradient
    INFINITE = 6  # the height is infinite


RUNNING = Phase.CONVERGED  # phases below this go on


class Climb(NamedTuple):
    """All that a climb carries from one evaluation to the next, arrays of the host or of JAX."""

    position: Any  # (d,) the highest point so far
    height: Any  # there
    gradient: Any  # (d,) there
    radius: Any  # of the region in which the quadratic model is trusted
    gain: Any  # what that model promises of the step under way, in nats
    step: Any  # (d,) the step from the position, being found or tried
    residual: Any  # (d,) gradient of the model at the step, of the negated height
    direction: Any  # (d,) the next direction of conjugate gradients
    inner: Any  # products for this step
    at_edge: Any  # whether the step ends at the region's edge
    hessian: Any  # (rows, d): of the height; rows is d, or 0 where it is never asked for
    row: Any  # rows that are there
    phase: Any
    steps: Any  # that were tried
    evaluations: Any  # of the height with its derivatives


def begin(start: np.ndarray, rows: int) -> Climb:
    """Return a climb from ``start`` (d,) before its first evaluation."""
    size = start.size
    zeros, none = np.zeros(size), np.int32(0)
    return Climb(
        position=np.array(start, np.float64),
        height=np.float64(-np.inf),
        gradient=zeros,
        radius=np.float64(max(1.0, np.sqrt(size))),
        gain=np.float64(np.inf),
        step=zeros,
        residual=zeros,
        direction=zeros,
        inner=none,
        at_edge=np.bool_(False),
        hessian=np.zeros((rows, size)),
        row=none,
        phase=np.int32(Phase.TRIAL),
        steps=none,
        evaluations=none,
    )


def derivatives(height: Height) -> Derivatives:
    """Return a function's height, gradient and product with the Hessian, computed together."""

    def evaluate(position: Array, direction: Array, data: Any) -> tuple[Array, Array, Array]:
        def both(z: Array) -> tuple[Array, Array]:
            return jax.value_and_grad(height)(z, data)

        (value, gradient), (_, product) = jax.jvp(both, (position,), (direction,))
        return value, gradient, product

    return rewritten(evaluate)


@dataclass(frozen=True)
class Differences:
    """A function whose products with the Hessian are differences of gradients.

    They are right to three digits or more, and take half the time to compile and to evaluate.
    """

    height: Height

    def at(
        self, point: Array, direction: Array, data: Any, trial: Array, known: Array
    ) -> tuple[Array, Array, Array]:
        """Return height and gradient at a point in a `trial`, else the product there.

        `known` is the gradient at the point.
        """
        reach = DIFFERENCE * (1.0 + jnp.max(jnp.abs(point)))
        step = reach / jnp.maximum(jnp.max(jnp.abs(direction)), np.finfo(float).tiny)
        both = rewritten(jax.value_and_grad(self.height))
        value, gradient = both(jnp.where(trial, point, point + step * direction), data)
        return value, gradient, (gradient - known) / step


def climb_program(evaluate: Derivatives | Differences) -> Callable[..., Climb]:
    """Return the loop of a climb.

    Its arguments are the climb so far, the data, after how many evaluations and steps in all to
    pause, and whether the Hessian is wanted at the end. One evaluation gives the height, its
    gradient and a product with its Hessian, whichever of them is needed (height and gradient in a
    trial, else the product), so that there is one function to compile.
    """

    def run(climb: Climb, data: Any, evaluations: Array, steps: Array, hessian: Array) -> Climb:
        def unfinished(climb: Climb) -> Array:
            within = (climb.evaluations < evaluations) & (climb.steps < steps)
            tabulating = climb.phase == Phase.HESSIAN
            return (climb.phase < RUNNING) & (within | tabulating)

        def advance(climb: Climb) -> Climb:
            trial, tabulating = climb.phase == Phase.TRIAL, climb.phase == Phase.HESSIAN
            point = jnp.where(trial, climb.position + climb.step, climb.position)
            unit = (jnp.arange(climb.step.size) == climb.row).astype(climb.step.dtype)
            direction = jnp.where(tabulating, unit, climb.direction)
            if isinstance(evaluate, Differences):
                found = evaluate.at(point, direction, data, trial, climb.gradient)
            else:
                found = evaluate(point, direction, data)
            value, gradient, product = found
            tried = _tried(climb, point, value, gradient, hessian & (climb.hessian.shape[0] > 0))
            after = _selected(trial, tried, _curved(climb, product))
            if climb.hessian.shape[0]:
                after = _selected(tabulating, _tabulated(climb, product), after)
            return after._replace(evaluations=climb.evaluations + 1)

        asked = hessian & (climb.phase == Phase.CONVERGED) & (climb.row < climb.hessian.shape[0])
        phase = jnp.where(asked, jnp.int32(Phase.HESSIAN), climb.phase)
        return lax.while_loop(unfinished, advance, climb._replace(phase=phase))

    return run


def climbs_program(evaluate: Derivatives | Differences) -> Callable[..., Climb]:
    """Return the same for several climbs, one after another in one call."""
    run = climb_program(evaluate)

    def together(
        climbs: Climb, data: Any, evaluations: Array, steps: Array, hessian: Array
    ) -> Climb:
        def one(climb: Climb) -> Climb:
            return run(climb, data, evaluations, steps, hessian)

        return lax.map(one, climbs)

    return together


def _tried(climb: Climb, point: Array, value: Array, gradient: Array, hessian: Array) -> Climb:
    """Go to where the step led if it is higher there, and set out anew."""
    first = climb.steps == 0
    finite = jnp.isfinite(value) & jnp.isfinite(gradient).all()
    infinite = value == jnp.inf
    rounding = ROUNDING * (1.0 + jnp.abs(value))
    quality = (value - climb.height + rounding) / (climb.gain + rounding)
    # At the top rounding hides whether a step leads up; the gradient then decides.
    level = climb.gain < 100.0 * rounding
    up = finite & (first | (quality > 1e-4) | level)
    length = _norm(climb.step)
    radius = jnp.where(
        first,
        climb.radius,
        jnp.where(
            ~finite | (quality < 0.25),
            0.25 * length,
            jnp.where((quality > 0.75) & climb.at_edge, 2.0 * climb.radius, climb.radius),
        ),
    )
    chosen = up | infinite
    position = jnp.where(chosen, point, climb.position)
    height = jnp.where(chosen, value, climb.height)
    gradient = jnp.where(chosen, gradient, climb.gradient)
    arrived = ~first & up & ~climb.at_edge & (climb.gain < NEGLIGIBLE)
    arrived |= up & (_norm(gradient) == 0)
    phase = jnp.where(
        infinite,
        Phase.INFINITE,
        jnp.where(
            first & ~finite,
            Phase.IMPOSSIBLE,
            jnp.where(
                arrived,
                jnp.where(hessian, Phase.HESSIAN, Phase.CONVERGED),
                jnp.where(radius < SMALLEST_RADIUS, Phase.STUCK, Phase.CURVATURE),
            ),
        ),
    ).astype(jnp.int32)
    return climb._replace(
        position=position,
        height=height,
        gradient=gradient,
        radius=radius,
        step=jnp.zeros_like(climb.step),
        residual=-gradient,
        direction=gradient,
        inner=jnp.zeros_like(climb.inner),
        at_edge=jnp.zeros_like(climb.at_edge),
        phase=phase,
        steps=climb.steps + 1,
    )


def _curved(climb: Climb, product: Array) -> Climb:
    """Take one step of conjugate gradients towards the top of the quadratic model."""
    bent = -product  # of the negated height, which is minimised
    curvature = jnp.sum(climb.direction * bent)
    squared = jnp.sum(climb.residual**2)
    length = squared / curvature
    beyond = jnp.sum((climb.step + length * climb.direction) ** 2) >= climb.radius**2
    # Where the height curves upwards, or its curvature is not a number, the way goes to the edge.
    usable = jnp.isfinite(curvature) & jnp.isfinite(product).all()
    bent = jnp.where(usable, bent, 0.0)
    edge = ~usable | (curvature <= 0) | beyond
    along, own = jnp.sum(climb.step * climb.direction), jnp.sum(climb.direction**2)
    left = jnp.maximum(climb.radius**2 - jnp.sum(climb.step**2), 0.0)
    to_edge = (jnp.sqrt(along**2 + own * left) - along) / own
    length = jnp.where(edge, to_edge, length)
    step = climb.step + length * climb.direction
    residual = climb.residual + length * bent
    now = jnp.sum(residual**2)
    # Relative to the gradient, ever more exactly as it vanishes: convergence is superlinear. That
    # alone would end where the gradient is nearly all of a stiff direction; the last step must not
    # have gained much, either: Nash and Sofer (1990), Operations Research Letters 9.
    slope = jnp.sum(climb.gradient**2)
    inner = climb.inner + 1
    gain = 0.5 * jnp.sum(step * (climb.gradient - residual))
    before = jnp.where(climb.inner == 0, 0.0, climb.gain)
    enough = now <= slope * jnp.minimum(0.25, jnp.sqrt(slope))
    enough &= inner * (gain - before) <= 0.5 * gain
    enough |= now == 0
    done = edge | enough | (inner >= 2 * climb.step.size + 10)
    return climb._replace(
        step=step,
        residual=residual,
        direction=-residual + now / squared * climb.direction,
        inner=inner,
        at_edge=edge,
        gain=gain,
        phase=jnp.where(done, Phase.TRIAL, Phase.CURVATURE).astype(jnp.int32),
    )


def _tabulated(climb: Climb, product: Array) -> Climb:
    """Keep a row of the Hessian."""
    row = climb.row + 1
    over = row >= climb.hessian.shape[0]
    return climb._replace(
        hessian=lax.dynamic_update_index_in_dim(climb.hessian, product, climb.row, 0),
        row=row,
        phase=jnp.where(over, Phase.CONVERGED, Phase.HESSIAN).astype(jnp.int32),
    )


def _norm(vector: Array) -> Array:
    return jnp.sqrt(jnp.sum(vector**2))


def _selected(which: Array, yes: Climb, no: Climb) -> Climb:
    return jax.tree.map(lambda a, b: jnp.where(which, a, b), yes, no)

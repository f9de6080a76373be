"""What is known of a parameter by how it is computed: proved where it holds, never where not."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aliquot as aq
from aliquot.density.certainty import certain
from aliquot.distributions.constraints import (
    Constraint,
    lower_cholesky,
    ordered_vector,
    positive_vector,
    simplex,
)
from aliquot.expression import Evaluation, leaves
from aliquot.precision import float64


class Variables:
    """Variables to compute with."""

    def __init__(self) -> None:
        with aq.Model():
            self.x = aq.Normal("x", shape=(4, 3))
            self.r = aq.Normal("r")
            self.p = aq.Beta("p", 1, 1, shape=4)
            self.a = aq.Beta("a", 1, 1)
            self.h = aq.HalfNormal("h", 1, shape=(4, 3))
            self.d = aq.Dirichlet("d", np.ones(3))
            self.D = aq.Dirichlet("D", np.ones(3), shape=(3, 3))
            self.z = aq.Categorical("z", p=[0.5, 0.3, 0.2], shape=5)
            self.c = aq.Normal("c", shape=(2, 3), transform=aq.transforms.ordered)
            self.L = aq.LKJCholeskyCov(
                "L", eta=1, n=2, sd_dist=aq.Exponential.dist(1), compute_corr=False
            )


Make = Callable[[Variables], aq.Expression]
SUMS: dict[str, Make] = {
    "a variable": lambda v: v.d,
    "softmax": lambda v: aq.math.softmax(v.x, axis=-1),
    "exp of a log softmax": lambda v: np.exp(aq.lift(jax.nn.log_softmax)(v.x)),
    "over its sum": lambda v: v.h / v.h.sum(-1, keepdims=True),
    "over its sum, indexed": lambda v: v.h / np.sum(v.h, axis=-1)[:, None],
    "computed twice": lambda v: np.exp(v.x) / np.exp(v.x).sum(axis=-1, keepdims=True),
    "squares": lambda v: v.x**2 / (v.x**2).sum(-1, keepdims=True),
    "a vector over its sum": lambda v: v.d / v.d.sum(),
    "a row": lambda v: v.D[0],
    "rows by a discrete variable": lambda v: v.D[v.z],
    "two transposes": lambda v: v.D.T.T,
    "another leading axis": lambda v: v.D[None],
    "flattened leading axes": lambda v: v.D.reshape(1, 3, 3),
    "broadcast": lambda v: np.broadcast_to(v.d, (5, 3)),
    "stacked": lambda v: np.stack([v.d, v.d[::1]]),
    "two parts": lambda v: np.stack([v.p, 1 - v.p], axis=-1),
    "two parts, the other first": lambda v: np.stack([1 - v.a, v.a]),
    "two parts, joined": lambda v: np.concatenate([v.p[:, None], 1 - v.p[:, None]], axis=1),
    "parts of a sigmoid": lambda v: np.stack([s := aq.math.sigmoid(v.r), 1 - s]),
    "a matrix of two": lambda v: np.stack([np.stack([1 - v.a, v.a]), np.stack([v.a, 1 - v.a])]),
    "a step of a chain": lambda v: v.d @ v.D,
    "two steps": lambda v: v.D @ v.D,
    "known": lambda v: aq.constant(np.ones(3) / 3),
}
NOT_SUMS: dict[str, Make] = {
    "positive": lambda v: v.h,
    "probabilities": lambda v: v.p,
    "a transpose": lambda v: v.D.T,
    "softmax along another axis": lambda v: aq.math.softmax(v.x, axis=0),
    "over another sum": lambda v: v.h / v.h.sum(0),
    "over the sum of all": lambda v: v.h / v.h.sum(),
    "signs over their sum": lambda v: v.x / v.x.sum(-1, keepdims=True),
    "over the sum of something else": lambda v: v.h / (v.h**2).sum(-1, keepdims=True),
    "a part": lambda v: v.D[:, :2],
    "columns by a discrete variable": lambda v: v.D[:, v.z],
    "elements by a discrete variable": lambda v: v.d[v.z],
    "two parts along another axis": lambda v: np.stack([v.p, 1 - v.p]),
    "parts that may be negative": lambda v: np.stack([v.r, 1 - v.r]),
    "parts of two": lambda v: np.stack([v.a, 1 - v.p[0]]),
    "twice a probability": lambda v: np.stack([2 * v.a, 1 - 2 * v.a]),
    "half": lambda v: v.d * 0.5,
    "a product": lambda v: v.d * v.d,
    "joined": lambda v: np.concatenate([v.d, v.d]),
    "flattened": lambda v: v.D.reshape(9),
    "a choice for each element": lambda v: np.where(v.z[:3] > 1, v.D[0], v.D[1]),
    "columns of a chain": lambda v: v.D @ v.d,
    "rows with rows": lambda v: v.D @ v.D.T,
    "known": lambda v: aq.constant(np.ones(3)),
    "reversed in part": lambda v: np.stack([v.d, v.d[::-1]], axis=-1),
}


@pytest.mark.parametrize("make", SUMS.values(), ids=SUMS.keys())
def test_what_sums_to_one_by_construction_is_known_to(make: Make) -> None:
    assert certain(make(Variables()), simplex)


@pytest.mark.parametrize("make", NOT_SUMS.values(), ids=NOT_SUMS.keys())
def test_nothing_is_claimed_that_does_not_hold(make: Make) -> None:
    """Each of these is off somewhere, which a value shows."""
    variables = Variables()
    expression = make(variables)
    assert not certain(expression, simplex)
    generator = np.random.default_rng(1)
    below = leaves(expression)

    def draw(leaf: aq.Expression) -> np.ndarray:
        if leaf is variables.z:
            return np.array([0, 1, 2, 1, 0])
        if leaf is variables.d or leaf is variables.D:
            return generator.dirichlet(np.ones(3), size=leaf.shape[:-1])
        size = generator.uniform(0.55, 0.9, size=leaf.shape)
        return size * generator.choice([-3, 3], size=leaf.shape) if leaf.name in "xr" else size

    with float64():
        values = [Evaluation({leaf: draw(leaf) for leaf in below})(expression) for _ in range(3)]
    assert not all(np.all(simplex.check(np.asarray(value))) for value in values)


@pytest.mark.parametrize(
    ("make", "constraint", "expected"),
    [
        (lambda v: v.h, positive_vector, True),
        (lambda v: np.exp(v.x), positive_vector, True),
        (lambda v: 1 + 10 * v.h[0], positive_vector, True),
        (lambda v: v.h - 1, positive_vector, False),
        (lambda v: v.x, positive_vector, False),
        (lambda v: v.c, ordered_vector, True),
        (lambda v: v.c[0], ordered_vector, True),
        (lambda v: v.c[:, ::-1], ordered_vector, False),
        (lambda v: v.c.T, ordered_vector, False),
        (lambda v: v.L, lower_cholesky, True),
        (lambda v: v.L[None], lower_cholesky, True),
        (lambda v: v.L.T, lower_cholesky, False),
        (lambda v: -v.L, lower_cholesky, False),
    ],
)
def test_other_sets(make: Make, constraint: Constraint, expected: bool) -> None:
    assert certain(make(Variables()), constraint) is expected


def test_two_constants_are_not_taken_for_one() -> None:
    """A sum over another array, alike but for one entry, is no normalisation."""
    weights = np.linspace(1, 2, 2000)
    other = weights.copy()
    other[1000] += 1
    with aq.Model():
        s = aq.HalfNormal("s")
        bad = (s * weights) / (s * other).sum()
        lifted = aq.lift(lambda s: s * weights / jnp.sum(s * other))(s)
    assert not certain(bad, simplex)
    assert not certain(lifted, simplex)

"""Shapes that match where rows do not: equal to enumeration all the same."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

import aliquot as aq
from tests.marginal.case import Cases

adversarial = Cases()

Y = np.array([-1.3, 0.2, 2.4, 1.1])
SQUARE = np.array([[0.1, -1.2, 2.2], [0.4, -0.3, 0.9], [1.5, 0.0, -0.7]])
WEIGHTS = [0.2, 0.3, 0.5]


def labels(count: int = 4, name: str = "z", states: int = 3) -> aq.Expression:
    """Labels whose weights differ from row to row, so that no two rows can be exchanged."""
    rng = np.random.default_rng([count, states, len(name), ord(name[0])])
    return aq.Categorical(name, p=rng.dirichlet(np.ones(states), count))


def coins(*shape: int) -> aq.Expression:
    """Zeros and ones, each with a probability of its own."""
    probabilities = np.random.default_rng(shape).uniform(0.1, 0.9, shape)
    return aq.Bernoulli("z", probabilities)


def means(count: int = 3, name: str = "means") -> aq.Expression:
    return aq.Normal(name, 0, 2, shape=count)


def normal(mu: aq.Expression, seen: np.ndarray = Y) -> None:
    aq.Normal("obs", mu, 1, shape=np.shape(seen), observed=seen)


@adversarial()
def reversed_labels() -> None:
    normal(means()[labels()[::-1]])


@adversarial()
def reversed_means() -> None:
    normal(means()[labels()][::-1])


@adversarial()
def permuted_labels() -> None:
    normal(means()[labels()[np.array([2, 0, 3, 1])]])


@adversarial()
def permuted_by_data() -> None:
    order = aq.Data("order", [2, 0, 3, 1])
    normal(means()[labels()][order])


@adversarial()
def labels_and_their_reverse() -> None:
    z = labels()
    normal(means()[z] + means(3, "b")[z[::-1]])


@adversarial()
def rolled_labels() -> None:
    normal(means()[np.roll(labels(), 1)])


@adversarial()
def square_by_rows() -> None:
    normal(means()[labels(3)][:, None], SQUARE)


@adversarial()
def square_by_columns() -> None:
    normal(means()[labels(3)][None, :], SQUARE)


@adversarial()
def square_by_columns_silently() -> None:
    normal(means()[labels(3)], SQUARE)


@adversarial()
def square_of_labels() -> None:
    z = coins(3, 3)
    normal(means(2)[z], SQUARE)


@adversarial()
def square_transposed() -> None:
    z = coins(3, 3)
    normal(means(2)[z.T], SQUARE)


@adversarial()
def square_and_its_transpose() -> None:
    z = coins(3, 3)
    normal(means(2)[z] - means(2, "b")[z.T], SQUARE)


@adversarial()
def square_of_parameters() -> None:
    """As many rows as states: which axis the label picks must not be mixed up."""
    table = aq.Normal("table", 0, 2, shape=(3, 3))
    normal(table[labels(3)], SQUARE)


@adversarial()
def square_of_parameters_by_columns() -> None:
    table = aq.Normal("table", 0, 2, shape=(3, 3))
    normal(table[:, labels(3)], SQUARE)


@adversarial()
def diagonal_of_parameters() -> None:
    table = aq.Normal("table", 0, 2, shape=(3, 3))
    normal(table[np.arange(3), labels(3)], SQUARE[0])


@adversarial()
def along_an_axis() -> None:
    table = aq.Normal("table", 0, 2, shape=(3, 3))
    z = labels(3)
    normal(aq.math.take_along_axis(table, z[:, None], axis=1)[:, 0], SQUARE[0])


@adversarial()
def reshaped_labels() -> None:
    z = coins(6)
    normal(means(2)[z.reshape((2, 3))], SQUARE[:2])


@adversarial()
def reshaped_and_transposed() -> None:
    z = coins(2, 3)
    normal(means(2)[z.reshape((3, 2)).T], SQUARE[:2])


@adversarial()
def square_ravelled_the_other_way() -> None:
    z = coins(3, 3)
    normal(means(2)[z.T.reshape(9)], SQUARE.ravel())


@adversarial()
def diagonal_of_a_square() -> None:
    z = coins(3, 3)
    normal(means(2)[aq.math.diagonal(z)], SQUARE[0])


@adversarial()
def length_one_against_rows() -> None:
    normal(means()[labels(1)])


@adversarial()
def length_one_and_rows() -> None:
    normal(means()[labels(1)] + means(3, "b")[labels(4, "u")])


@adversarial()
def sorted_labels() -> None:
    normal(means()[np.sort(labels())])


@adversarial()
def sorted_means() -> None:
    normal(np.sort(means()[labels()]))


@adversarial()
def cumulative_sum() -> None:
    z = coins(4)
    normal(means(5)[np.cumsum(z)])


@adversarial()
def cumulative_product() -> None:
    z = coins(4)
    normal(means(2)[np.cumprod(z)])


@adversarial()
def neighbours() -> None:
    z = labels(5)
    normal(aq.Normal("a", 0, 1) * (z[1:] - z[:-1]))


@adversarial()
def every_other() -> None:
    z = labels(8, states=2)
    normal(means(2)[z[::2]] + z[1::2])


@adversarial()
def halves_swapped() -> None:
    z = labels(4)
    normal(means()[np.concatenate([z[2:], z[:2]])])


@adversarial()
def total() -> None:
    normal(aq.Normal("a", 0, 1) * labels().sum())


@adversarial()
def largest() -> None:
    normal(aq.Normal("a", 0, 1) * np.max(labels()))


@adversarial()
def average_is_taken_off() -> None:
    z = labels()
    normal(aq.Normal("a", 0, 1) * (z - z.mean()))


@adversarial()
def place_of_the_largest() -> None:
    normal(means(4)[aq.math.argmax(labels())])


@adversarial()
def label_of_a_label() -> None:
    z = labels(4, states=2)
    who = aq.Categorical("who", p=np.eye(4) * 0.6 + 0.1)
    normal(means(2)[z[who]])


@adversarial()
def label_of_its_own_label() -> None:
    z = labels(3)
    normal(means()[z[z]], Y[:3])


@adversarial()
def data_at_a_label() -> None:
    x = aq.Data("x", Y)
    where = labels(4, "where", 4)
    normal(aq.Normal("a", 0, 1) * x[where])


@adversarial()
def means_at_an_unknown_place() -> None:
    start = aq.DiscreteUniform("start", 0, 3)
    normal(means()[labels()][(np.arange(4) + start) % 4])


@adversarial()
def product_with_a_matrix() -> None:
    A = aq.Normal("A", 0, 1, shape=(4, 4))
    z = coins(4)
    normal(A @ z)


@adversarial()
def matrix_that_depends_on_labels() -> None:
    table = aq.Normal("table", 0, 1, shape=(3, 3))
    z = labels(3)
    normal(table[z] @ np.array([1.0, 2.0, -1.0]), Y[:3])


@adversarial()
def matrix_of_labels_from_the_left() -> None:
    table = aq.Normal("table", 0, 1, shape=(3, 3))
    z = labels(3)
    normal(np.array([1.0, 2.0, -1.0]) @ table[z], Y[:3])


@adversarial()
def one_hot_times_means() -> None:
    z = labels()
    normal(aq.math.one_hot(z, 3) @ means())


@adversarial()
def one_hot_transposed() -> None:
    z = labels(3)
    normal(aq.math.one_hot(z, 3).T @ means(), Y[:3])


@adversarial()
def outer_product() -> None:
    z = labels(3)
    normal(aq.Normal("a", 0, 1) * np.outer(z, z), SQUARE)


@adversarial()
def outer_product_of_two() -> None:
    normal(aq.Normal("a", 0, 1) * labels(3)[:, None] * labels(3, "u")[None, :], SQUARE)


@adversarial()
def equal_pairs() -> None:
    z = labels(3)
    same, other = aq.Normal("same", 0, 1), aq.Normal("other", 0, 1)
    normal(np.where(z[:, None] == z[None, :], same, other), SQUARE)


@adversarial()
def masked_by_data() -> None:
    use = aq.Data("use", [True, False, True, False])
    normal(aq.math.where(use, means()[labels()], means(4, "b")))


@adversarial()
def masked_between_two_orders() -> None:
    z = labels()
    mask = np.array([True, False, True, False])
    normal(means()[aq.math.where(mask, z, z[::-1])])


@adversarial()
def sum_of_two_labels() -> None:
    z = labels(4, states=2)
    u = labels(4, "u", 2)
    normal(means()[z + u])


@adversarial()
def label_modulo() -> None:
    normal(means(2)[(labels() + 1) % 2])


@adversarial()
def negative_index() -> None:
    normal(means()[-1 - labels()])


@adversarial()
def negative_index_partly() -> None:
    """States -1, 0, 1: -1 is the last."""
    normal(means()[labels() - 1])


@adversarial()
def index_out_of_bounds_is_clipped() -> None:
    normal(aq.math.take(means(2), labels(), mode="clip"))


@adversarial()
def product_with_own_reverse() -> None:
    z = labels(4)
    aq.Potential("pairs", aq.Normal("a", 0, 1) * z * z[::-1])


@adversarial()
def both_ways_in_two_terms() -> None:
    z = labels(4)
    aq.Normal("first", means()[z], 1, observed=Y)
    aq.Normal("second", means(3, "b")[z[::-1]], 1, observed=Y)


@adversarial()
def inside_a_compiled_function() -> None:
    @aq.lift
    @jax.jit
    def pick(mu: jax.Array, z: jax.Array) -> jax.Array:
        return jnp.where(z > 0, mu[z], -mu[z])[::-1]

    normal(pick(means(), labels()))


@adversarial()
def inside_a_loop() -> None:
    @aq.lift
    def smooth(mu: jax.Array, z: jax.Array) -> jax.Array:
        def step(carry: jax.Array, label: jax.Array) -> tuple[jax.Array, jax.Array]:
            carry = 0.5 * carry + mu[label]
            return carry, carry

        return jax.lax.scan(step, jnp.zeros(()), z)[1]

    normal(smooth(means(), labels()))


@adversarial()
def inside_a_mapped_function() -> None:
    @aq.lift
    @jax.vmap
    def level(z: jax.Array) -> jax.Array:
        return jax.lax.cond(z > 1, lambda: 2.0, lambda: -1.0)

    normal(aq.Normal("a", 0, 1) * level(labels()))


@adversarial()
def by_branches() -> None:
    @aq.lift
    def level(mu: jax.Array, z: jax.Array) -> jax.Array:
        parts = [lambda i=i: mu[i] * (i + 1.0) for i in range(3)]
        return jax.lax.switch(z, parts)

    normal(level(means(), aq.Categorical("z", p=WEIGHTS)))


@adversarial()
def filtered() -> None:
    normal(aq.math.convolve(means()[labels()], np.array([0.2, 0.5, 0.3]), mode="same"))


@adversarial()
def fourier() -> None:
    normal(np.real(aq.lift(jnp.fft.fft)(means()[labels()])))


@adversarial()
def solved() -> None:
    z = coins(3)
    A = np.eye(3) * 2 + aq.math.outer(z, z)
    normal(np.linalg.solve(A, means()), Y[:3])


@adversarial()
def covariance_tied_by_labels() -> None:
    z = coins(3)
    same = aq.math.where(z[:, None] == z[None, :], 0.5, 0.0)
    aq.MvNormal("obs", means(), cov=same + np.eye(3), observed=Y[:3])


@adversarial()
def added_up_by_group() -> None:
    group = np.array([0, 1, 1, 0])

    @aq.lift
    def totals(values: jax.Array) -> jax.Array:
        return jax.ops.segment_sum(values, group, num_segments=2)

    normal(totals(means()[labels()]), Y[:2])


@adversarial()
def added_up_by_label() -> None:
    """How many rows have each label."""

    @aq.lift
    def sizes(z: jax.Array) -> jax.Array:
        return jnp.zeros(3).at[z].add(1.0)

    normal(means() * sizes(labels()), Y[:3])


@adversarial()
def written_at_a_place() -> None:
    place = aq.DiscreteUniform("place", 0, 3)
    jump = aq.Normal("jump", 0, 1)

    @aq.lift
    def put(place: jax.Array, jump: jax.Array) -> jax.Array:
        return jnp.zeros(4).at[place].set(jump)

    normal(put(place, jump))


@adversarial()
def a_window_from_a_place() -> None:
    place = aq.DiscreteUniform("place", 0, 3)

    @aq.lift
    def window(x: jax.Array, place: jax.Array) -> jax.Array:
        return jax.lax.dynamic_slice_in_dim(x, place, 4)

    normal(window(means(6), place))


@adversarial()
def deterministic_in_between() -> None:
    z = labels()
    mu = aq.Deterministic("mu", means()[z])
    normal(aq.Deterministic("shifted", mu + 1)[::-1])


@adversarial()
def observed_through_a_reverse_and_a_chain() -> None:
    """As long as it is wide: three chains of three, read backwards in time and across."""
    z = aq.MarkovChain("z", P=aq.Dirichlet("P", np.ones((2, 2))), init=[0.5, 0.5], shape=(3, 3))
    normal(means(2)[z[:, ::-1].T], SQUARE)

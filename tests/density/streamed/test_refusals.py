"""What cannot be gone through in blocks is refused by name, and so is what a block would hide."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import aliquot as aq
from tests.density.streamed.comparison import assert_same, entered, on_disk, small_blocks
from tests.density.streamed.models import columns

N = 300
REFUSED: dict = {}


@pytest.fixture(autouse=True)
def _blocks(monkeypatch):
    small_blocks(monkeypatch)


def of(*names, error=aq.ModelError, match):
    def entered(write):
        REFUSED[write.__name__] = write, names, error, match
        return write

    return entered


ALL_ROWS = r"obs: it needs all 300 rows at once \({}.*\), and they lie on a disk"


@of("y", match=ALL_ROWS.format("a slice of rows"))
def walk(y):
    aq.GaussianRandomWalk("obs", sigma=aq.HalfNormal("s", 1), observed=y)


@of("y", match=ALL_ROWS.format("a slice of rows"))
def autoregression(y):
    aq.AR("obs", [aq.HalfNormal("s", 1)], sigma=1, observed=y)


@of("y", match=ALL_ROWS.format(r"a loop \(jax.lax.scan\)"))
def recursion(y):
    a = aq.Normal("a", 0, 1)
    _, out = aq.scan(lambda c, r: (a * c + r, c), 0.0, y)
    aq.Normal("obs", out, 1, observed=y)


@of("y", match=ALL_ROWS.format("np.cumsum"))
def running_sum(y):
    aq.Normal("obs", aq.Normal("a", 0, 1) * np.cumsum(y), 1, observed=y)


@of("y", match=ALL_ROWS.format("np.sort"))
def sorting(y):
    aq.Normal("obs", aq.Normal("a", 0, 1) * np.sort(y), 1, observed=y)


@of("y", match=ALL_ROWS.format("a slice of rows"))
def differences(y):
    aq.Potential("obs", -((y[1:] - aq.Normal("a", 0, 1) * y[:-1]) ** 2))


@of("y", match=ALL_ROWS.format("rows in another order"))
def turned_round(y):
    aq.Normal("obs", aq.Normal("a", 0, 1) * y[::-1], 1, observed=y)


@of("y", match=ALL_ROWS.format("of a sum over rows that depends on parameters, log"))
def logarithm_of_a_total(y):
    aq.Potential("obs", -np.log(((y - aq.Normal("a", 0, 1)) ** 2).sum()))


@of("y", match=ALL_ROWS.format("np.max"))
def greatest_of_parameters(y):
    aq.Potential("obs", -(y * aq.Normal("a", 0, 1)).max())


@of("x", match=ALL_ROWS.format("np.max"))
def softmax_over_rows(x):
    aq.Potential("obs", np.log(aq.math.softmax(x @ aq.Normal("b", 0, 1, shape=3), axis=0)))


@of("y", "x", match=ALL_ROWS.format("of a sum over rows that depends on parameters, sub"))
def apart_from_a_mean(y, x):
    mean = x @ aq.Normal("b", 0, 1, shape=3)
    aq.Normal("obs", mean - mean.mean(), 1, observed=y)


@of("y", match=ALL_ROWS.format("each row with each other"))
def pairs(y):
    aq.Potential("obs", -((y[:, None] - aq.Normal("a", 0, 1) * y[None, :]) ** 2).sum())


@of("x", match=ALL_ROWS.format("a reshape that mixes rows"))
def mixing_reshape(x):
    aq.Potential("obs", -((x.reshape((3, -1)) - aq.Normal("a", 0, 1)) ** 2))


@of("y", "index", match=ALL_ROWS.format("indexing rows"))
def rows_in_another_order(y, index):
    aq.Normal("obs", aq.Normal("a", 0, 1) * y[index % 100], 1, observed=y)


@of("y", match=ALL_ROWS.format("a slice of rows"))
def first_row(y):
    aq.Normal("obs", aq.Normal("a", 0, 1) * y[0], 1, observed=y)


@of("y", error=IndexError, match=r"cannot index c0\[299\]: c0 has shape \(300,\), of rows that lie")
def last_row(y):
    aq.Normal("obs", aq.Normal("a", 0, 1) * y[299], 1, observed=y)


@of("y", "index", error=IndexError, match=r"c0 has shape \(300,\), of rows that lie on a disk")
def rows_by_number(y, index):
    aq.Normal("obs", aq.Normal("a", 0, 1) * y[index], 1, observed=y)


@of("y", error=IndexError, match=r"c0 has shape \(300,\), of rows that lie on a disk")
def rows_by_an_array(y):
    aq.Normal("obs", aq.Normal("a", 0, 1) * y[np.arange(len(y))], 1, observed=y)


@of("y", match="a: it has a value for each of the 300 rows that lie on a disk")
def effect_of_each_row(y):
    aq.Normal("obs", aq.Normal("a", 0, 1, shape=len(y)), 1, observed=y)


@of("y", match=r"sum over z: .* \(a discrete variable that rows share\)")
def one_switch(y):
    z = aq.Bernoulli("z", 0.5)
    aq.Normal("obs", aq.Normal("mu", 0, 5, shape=2)[z], 1, observed=y)


@of("y", "kind", match=r"sum over z: .* \(a discrete variable that rows share\)")
def a_switch_for_each_group(y, kind):
    z = aq.Categorical("z", [0.3, 0.7], shape=4)
    aq.Normal("obs", aq.Normal("mu", 0, 5, shape=2)[z[kind]], 1, observed=y)


@of("y", "kind", match="'z' cannot be summed out")
def labels_by_number(y, kind):
    z = aq.Categorical("z", [0.3, 0.7], shape=len(y))
    aq.Normal("obs", aq.Normal("mu", 0, 5, shape=2)[z[kind]], 1, observed=y)


@of("y", match="the log density depends on the number of rows")
def square_root_of_a_shape(y):
    def total(v, a):
        return -((v - a / np.sqrt(v.shape[0])) ** 2).sum()

    aq.Potential("obs", aq.lift(total)(y, aq.Normal("a", 0, 1)))


@of("y", match="the log density depends on the number of rows")
def power_of_a_shape(y):
    def total(v, a):
        return -(v.sum() - lax.integer_pow(a, v.shape[0]))

    aq.Potential("obs", aq.lift(total)(y, aq.Beta("a", 9, 1)))


@of("y", match="the log density depends on the number of rows")
def turns_of_a_loop(y):
    def total(v, a):
        return -v.sum() * lax.fori_loop(0, v.shape[0], lambda i, s: s * a, 1.0)

    aq.Potential("obs", aq.lift(total)(y, aq.Beta("a", 9, 1)))


@of("y", match=r"\(np.multiply|mul\)|it needs all 300 rows at once")
def numbers_of_rows(y):
    def total(v, a):
        return -((v - a * np.cos(np.arange(v.shape[0]))) ** 2).sum()

    aq.Potential("obs", aq.lift(total)(y, aq.Normal("a", 0, 1)))


@pytest.mark.parametrize("name", REFUSED)
def test_by_name(name):
    write, names, error, match = REFUSED[name]
    given = columns(N) | {"index": np.random.default_rng(5).permutation(N)}
    with pytest.raises(error, match=match):
        on_disk(write, [given[each] for each in names]).density()


def test_lengths_inside_a_function_are_those_of_all_rows():
    def total(v, a):
        rows = jnp.arange(v.shape[0])
        n = v.shape[0]
        return -((v - a * rows / (n - 1)) ** 2).sum() / n + a * jnp.sqrt(3.0 * n - 1)

    def write(y):
        aq.Potential("obs", aq.lift(total)(y, aq.Normal("a", 0, 1)))

    assert_same(write, [columns(N)["y"]])


def test_other_numbers_of_rows():
    with pytest.raises(aq.ShapeError, match=r"other: .* has 299 rows, but .* has 300"), aq.Model():
        aq.Data.from_numpy(np.zeros(300), name="y")
        aq.Data.from_numpy(np.zeros(299), name="other")


def test_a_variable_that_came_before():
    with aq.Model():
        aq.Normal("early", 0, 1, shape=300)
        with pytest.raises(aq.ModelError, match="early: it was written before the data"):
            aq.Data.from_numpy(np.zeros(300), name="y")


def test_values_are_not_here():
    model = on_disk(*entered("normal_mixture", columns(N)))
    with pytest.raises(aq.ModelError, match="c0: its 300 rows lie on a disk"):
        print(model["c0"].value)
    with pytest.raises(aq.ModelError, match=r"c0: its rows lie on a disk .* write the model anew"):
        model.set_data({"c0": np.zeros(N)})


# Single rows that the model is not written with --------------------------------------------------


def hidden_row(shown):
    """Give a row that is not among those that are shown."""
    return next(i for i in range(N) if i not in shown)


def a_hidden_row(arrays):
    model = on_disk(lambda *_: None, arrays)
    return hidden_row(set(model.rows.places()))


def test_a_fraction_among_counts():
    counts = columns(N)["counts"].astype(float)
    at = a_hidden_row([counts])

    def write(c):
        aq.Poisson("obs", aq.Gamma("rate", 2, 1), observed=c)

    assert_same(write, [counts])
    counts[at] = 1.5
    with pytest.raises(aq.DTypeError, match=rf"obs: .* hold 1.5 in row {at} \(counted from 0\)"):
        on_disk(write, [counts]).density()


def test_more_hits_than_trials():
    hits, trials = (columns(N)[name] for name in ("hits", "trials"))
    at = a_hidden_row([hits, trials])
    hits[at] = trials[at] + 1
    if hits[at] > hits.max(initial=0, where=np.arange(N) != at):
        trials[at], hits[at] = 3, 4  # not the greatest of all, which is looked at
    write, _ = entered("binomial", columns(N))
    with pytest.raises(aq.SupportError, match=rf"obs: data of Binomial must be .* in row {at} "):
        on_disk(write, [hits, trials]).density()


def test_a_row_off_the_simplex():
    share = columns(N)["share"]
    at = a_hidden_row([share])
    share[at] = [0.3, 0.3, 0.3]
    write, _ = entered("dirichlet_rows", columns(N))
    with pytest.raises(aq.SupportError, match=rf"obs: data of Dirichlet must .* in row {at} "):
        on_disk(write, [share]).density()


def test_probabilities_of_a_row_that_do_not_sum_to_one():
    share, label = columns(N)["share"], columns(N)["label"]

    def write(share, label):
        aq.Normal("a", 0, 1)
        aq.Categorical("obs", p=share, observed=label)

    assert_same(write, [share, label], products=False)
    share[a_hidden_row([share, label])] = [0.3, 0.3, 0.3]
    density = on_disk(write, [share, label]).density()
    assert density.evaluate(density.start) == -np.inf


def test_a_computed_index_that_leaves_its_range_in_one_row():
    """In memory the line that writes it is refused; here it is no number that is found."""
    y, group, kind = (columns(N)[name] for name in ("y", "group", "kind"))
    group = np.minimum(group, 5)
    group[0], kind[0] = 6, 0

    def write(y, group, kind):
        aq.Normal("obs", aq.Normal("t", 0, 1, shape=9)[group + kind], 1, observed=y)

    assert_same(write, [y, group, kind], products=False)
    at = a_hidden_row([y, group, kind])
    group[at], kind[at] = 6, 3
    density = on_disk(write, [y, group, kind]).density()
    assert not np.isfinite(density.evaluate(density.start))

"""Models of one structure share what is compiled, and no others do: each has its own numbers."""

from __future__ import annotations

import functools
import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aliquot as aq
from aliquot.compilation import counts
from aliquot.density.structure import shared, unshared, written
from aliquot.density.structure.written import Key

N = 12
Y = np.array([0.3, -1.2, 2.1, 0.7, -0.4, 1.9, 3.3, -2.2, 0.9, 1.4, -0.6, 0.2])
X = np.linspace(-1, 1, N)
GROUP = np.arange(N) % 3
SCALE = 2.0


def normal(
    mu: Any = 0.0,
    sd: Any = 3.0,
    shape: int = 3,
    transform: Any = None,
    initval: Any = None,
    y: np.ndarray = Y,
    factor: float = 1.0,
    offset: np.ndarray = X,
    group: np.ndarray = GROUP,
    name: str = "x",
    family: str = "Normal",
) -> aq.Model:
    """A model of which anything can be another."""
    more = {} if transform is None else {"transform": transform}
    with aq.Model() as model:
        x = aq.Normal(name, mu, sd, shape=shape, initval=initval, **more)
        sigma = aq.HalfNormal("sigma", 1)
        getattr(aq, family)("y", mu=factor * x[group] + offset, sigma=sigma, observed=y)
    return model


def labels(
    p: Any = (0.5, 0.5), y: np.ndarray = Y, max_table: int = 1000, known: Any = None
) -> aq.Model:
    with aq.Model(max_table=max_table) as model:
        means = aq.Normal("means", 0, 3, shape=2)
        z = aq.Categorical(
            "z", p=list(p), **({"shape": N} if known is None else {}), observed=known
        )
        aq.Normal("y", means[z], 1, observed=y)
    return model


def of_index(index: np.ndarray) -> aq.Model:
    """Which row depends on which label is decided by data."""
    with aq.Model() as model:
        means = aq.Normal("means", 0, 3, shape=2)
        z = aq.Bernoulli("z", 0.4, shape=3)
        aq.Normal("y", means[z[aq.Data("index", index)]], 1, observed=Y)
    return model


def by_closure(scale: Any) -> aq.Model:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.CustomDist("y", x, logp=lambda value, m: -((value - m) ** 2) / scale, observed=Y)
    return model


def by_default(scale: Any) -> aq.Model:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Potential("p", aq.lift(lambda x, scale=scale: -scale * x**2)(x))
    return model


def by_partial(scale: Any) -> aq.Model:
    def term(x: Any, scale: Any) -> Any:
        return -scale * x**2

    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Potential("p", aq.lift(functools.partial(term, scale=scale))(x))
    return model


def by_global(scale: float) -> aq.Model:
    global SCALE
    SCALE = scale
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Potential("p", aq.lift(lambda x: -SCALE * x**2)(x))
    return model


def by_function(function: Callable[[Any], Any]) -> aq.Model:
    """Another function in the same place."""

    def inner(x: Any) -> Any:
        return -(function(x) ** 2)

    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Potential("p", aq.lift(inner)(x))
    return model


class Scaled:
    """An object of the user's, of which nothing is known."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __call__(self, x: Any) -> Any:
        return -self.scale * x**2


def by_object(scale: float) -> aq.Model:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Potential("p", aq.lift(Scaled(scale))(x))
    return model


def by_object_of_a_function(scale: float) -> aq.Model:
    held = Scaled(scale)
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Potential("p", aq.lift(lambda x: held(x))(x))
    return model


def by_scan(rate: float) -> aq.Model:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        _, levels = aq.scan(lambda level, row: (rate * level + row * x,) * 2, 0.0, aq.Data("u", X))
        aq.Normal("y", levels, 1, observed=Y)
    return model


def missing(places: tuple[int, ...], y: np.ndarray = Y) -> aq.Model:
    with_gaps = y.copy()
    with_gaps[list(places)] = np.nan
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        seen = aq.Normal("y", x, 1, observed=with_gaps)
        aq.Normal("next", seen, 1, observed=X)
    return model


def missing_labels(value: int) -> aq.Model:
    """Partly observed labels: what was seen stands in the program."""
    z = np.array([0.0, 1, np.nan, value, 1, 0, np.nan, 1, 0, 1, 0, 1])
    with aq.Model() as model:
        means = aq.Normal("means", 0, 3, shape=2)
        p = aq.Beta("p", 1, 1)
        aq.Normal("y", means[aq.Bernoulli("z", p, observed=z)], 1, observed=Y)
    return model


def counted(y: np.ndarray, dtype: Any = np.int64) -> aq.Model:
    with aq.Model() as model:
        rate = aq.Gamma("rate", 2, 1)
        aq.Poisson("y", rate, observed=y.astype(dtype))
    return model


def of_bound(upper: int) -> aq.Model:
    """The states of a label follow from data."""
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        n = aq.DiscreteUniform("n", 0, aq.Data("upper", upper))
        aq.Normal("y", x * n, 1, observed=Y)
    return model


def of_dims(dims: str) -> aq.Model:
    with aq.Model(coords={"a": 3, "b": 3}) as model:
        aq.Normal("x", 0, 1, dims=dims)
    return model


def in_order(axis: int) -> aq.Model:
    with aq.Model() as model:
        aq.Normal("x", 0, 1, shape=(2, 2), transform=ORDERED(axis=axis))
    return model


ORDERED = aq.transforms.ordered
NEAR, FAR = np.repeat([1, 2, 3, 4], 3), np.arange(12)
LARGE = np.linspace(0, 1, 100)


def with_large(constant: np.ndarray) -> aq.Model:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Normal("y", x * constant, 1, observed=np.ones(100))
    return model


# What makes a model, and two values of the one thing in which two differ.
PAIRS: dict[str, tuple[Callable[[Any], aq.Model], Any, Any]] = {
    "a constant": (lambda v: normal(factor=v), 1.5, -1.5),
    "the sign of zero": (lambda v: normal(mu=v), 0.0, -0.0),
    "a whole number": (lambda v: normal(factor=v), 1, 1.0),
    "an array": (lambda v: normal(offset=v), X, X[::-1]),
    "a large array": (with_large, LARGE, LARGE[::-1]),
    "an index": (lambda v: normal(group=v), GROUP, GROUP[::-1]),
    "an index of data": (of_index, GROUP, np.roll(GROUP, 1)),
    "a prior's parameter": (lambda v: normal(sd=v), 3.0, 2.0),
    "a prior's parameters": (lambda v: normal(mu=v), np.zeros(3), np.arange(3.0)),
    "a transform": (lambda v: normal(transform=v), None, ORDERED),
    "an ordering": (in_order, 0, 1),
    "a start value": (lambda v: normal(initval=v), np.array([1.0, 2, 3]), np.array([3.0, 1, 2])),
    "whether there is a start value": (lambda v: normal(initval=v), None, np.array([3.0, 1, 2])),
    "a name": (lambda v: normal(name=v), "x", "w"),
    "a family": (lambda v: normal(family=v), "Normal", "TruncatedNormal"),
    "a shape": (lambda v: normal(shape=v), 3, 4),
    "a dim": (of_dims, "a", "b"),
    "weights": (lambda v: labels(p=v), (0.5, 0.5), (0.3, 0.7)),
    "the largest table": (lambda v: labels(max_table=v), 1000, 2000),
    "a missing value's place": (missing, (3,), (4,)),
    "how many are missing": (missing, (3,), (3, 4)),
    "what stands for a missing value": (lambda v: missing((0,), v), Y, Y[::-1]),
    "a label that was seen": (missing_labels, 0, 1),
    "a bound of data": (of_bound, 3, 4),
    "an enclosed number": (by_closure, 1.0, 2.0),
    "an enclosed array": (by_closure, np.ones(N), np.arange(1.0, N + 1)),
    "a default": (by_default, 1.0, 2.0),
    "an argument given before": (by_partial, 1.0, 2.0),
    "a global name": (by_global, 1.0, 2.0),
    "a function that is called": (by_function, jnp.sin, jnp.cos),
    "the user's function": (by_function, lambda x: x + 1, lambda x: x + 2),
    "the user's object": (by_object, 1.0, 2.0),
    "an object that a function holds": (by_object_of_a_function, 1.0, 2.0),
    "a step": (by_scan, 0.5, 0.6),
    "the dtype of observations": (lambda v: counted(NEAR, v), np.int64, np.float64),
    "data that repeat themselves": (lambda v: counted(v), NEAR, FAR),
}


def numbers(model: aq.Model, point: np.ndarray) -> list[Any]:
    """Compute all that a density gives, at a point of its coordinates."""
    density = model.density()
    draws = np.stack([point, -point])[:, : density.size]
    values = density.constrain_draws(draws)
    return [
        density.evaluate(draws[0]),
        density.terms_at(draws[0]),
        values,
        density.start,
        density.start_with({}, 1),
        density.log_likelihood_of(
            {s.variable.name: values[s.variable.name] for s in density.slots}, 2
        ),
        density.labels,
    ]  # fmt: skip


def assert_same(found: Any, expected: Any) -> None:
    """Bit for bit: the same program of the same numbers."""
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("what", PAIRS)
@pytest.mark.filterwarnings("ignore:.*missing")
def test_models_that_differ_in_one_thing_have_their_own_numbers(
    what: str, rng: np.random.Generator
) -> None:
    make, *values = PAIRS[what]
    point = rng.normal(size=20)
    with unshared():
        expected = [numbers(make(value), point) for value in values]
    # Each way round: what comes first is what the other might take.
    for order in ((0, 1), (1, 0)):
        for which in order:
            assert_same(numbers(make(values[which]), point), expected[which])


# Where the data decide they are looked at each time; the others are one structure.
DECIDED_LATER = {
    "an index of data",
    "a bound of data",
    "a label that was seen",
    "data that repeat themselves",
}
ALIKE = {"a start value", "the dtype of observations"}


@pytest.mark.parametrize("what", [w for w in PAIRS if w not in DECIDED_LATER | ALIKE])
@pytest.mark.filterwarnings("ignore:.*missing")
def test_models_that_differ_in_one_thing_do_not_read_the_same(what: str) -> None:
    make, one, other = PAIRS[what]
    first = written(make(one))
    assert first is None or first != written(make(other))


@pytest.mark.parametrize("make", [by_object, by_object_of_a_function])
def test_what_is_not_known_is_not_shared(make: Callable[[float], aq.Model]) -> None:
    assert written(make(1.0)) is None


def with_data(y: np.ndarray, x: np.ndarray) -> aq.Model:
    """Much of what models hold, and functions that are made anew."""
    scale = np.array([1.0, 2.0])
    with aq.Model(coords={"k": ["a", "b"]}) as model:
        u = aq.Data("u", x, dims="row")
        sd = aq.HalfNormal("sd", 1)
        means = aq.Normal("means", 0, 10, dims="k", initval=[y.min(), y.max()])
        w = aq.Dirichlet("w", np.ones(2))
        z = aq.Categorical("z", p=w, dims="row")
        aq.Deterministic("gap", means[1] - means[0])
        aq.Potential("p", aq.lift(lambda m: -((m / scale) ** 2).sum())(means))
        aq.Normal("y", aq.lift(lambda a: jnp.tanh(a))(u) + means[z], sd, observed=y, dims="row")
    return model


DATA_ALONE: dict[str, Callable[[np.random.Generator], aq.Model]] = {
    "much": lambda rng: with_data(rng.normal(size=N), rng.normal(size=N)),
    "labels": lambda rng: labels(y=rng.normal(size=N)),
    "a mixture": lambda rng: of_mixture(rng.normal(size=N)),
    "a function of the user's": lambda rng: custom(rng.normal(size=N)),
    "a loop": lambda rng: looped(rng.normal(size=N)),
    "labels of some": lambda rng: of_labels(coords=list(map(str, rng.integers(100, size=1)))),
    "a chain": lambda rng: chain(rng.normal(size=N)),
    "many variables": lambda rng: of_many(rng.normal(size=(70, 2))),
}


def of_mixture(y: np.ndarray) -> aq.Model:
    with aq.Model() as model:
        means = aq.Normal("means", 0, 10, shape=2)
        aq.NormalMixture("y", w=[0.5, 0.5], mu=means, sigma=1, observed=y)
    return model


def custom(y: np.ndarray) -> aq.Model:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.CustomDist("y", x, logp=lambda value, m: -((value - m) ** 2) / SCALE, observed=y)
    return model


def looped(y: np.ndarray) -> aq.Model:
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        _, levels = aq.scan(lambda level, row: (0.5 * level + row * x,) * 2, 0.0, aq.Data("u", y))
        aq.Normal("y", levels, 1, observed=y)
    return model


def of_labels(coords: list[str]) -> aq.Model:
    with aq.Model(coords={"a": coords}) as model:
        x = aq.Normal("x", 0, 1, dims="a")
        aq.Normal("y", x, 1, observed=[1.0])
    return model


def of_many(y: np.ndarray) -> aq.Model:
    """So many that functions have few arguments, which hold all."""
    with aq.Model() as model:
        sd = aq.HalfNormal("sd", 1)
        for i, row in enumerate(y):
            aq.Normal(f"y_{i}", aq.Normal(f"x_{i}", 0, 1 + i % 3), sd, observed=row)
    return model


def chain(y: np.ndarray) -> aq.Model:
    with aq.Model() as model:
        P = aq.Dirichlet("P", np.ones((2, 2)))
        means = aq.Normal("means", 0, 3, shape=2)
        s = aq.MarkovChain("s", P=P, init=[0.5, 0.5], shape=N)
        aq.Normal("y", means[s], 1, observed=y)
    return model


@pytest.mark.parametrize("what", DATA_ALONE)
def test_models_that_differ_in_data_alone_compile_once(what: str, rng: np.random.Generator) -> None:
    point = rng.normal(size=80)
    numbers(DATA_ALONE[what](rng), point)
    before = counts()
    model = DATA_ALONE[what](rng)
    found = numbers(model, point)
    assert counts() == before
    with unshared():
        model._density = None
        assert_same(found, numbers(model, point))
    assert counts() != before, "nothing was compiled without sharing either: the test is void"


@pytest.mark.parametrize(("y", "scale"), [([1.0, -2.0], 1.0), ([1.0, 2.0], -1.0)])
def test_a_function_of_the_users_is_tried_with_each_model_s_own_numbers(
    y: list[float], scale: float
) -> None:
    """Although it has been compiled for another one, with which it gives numbers."""

    def write(y: list[float], scale: float) -> None:
        with aq.Model():
            aq.CustomDist("y", 0.5, logp=lambda v, m: jnp.log(v / scale) - m, observed=y)

    write([1.0, 2.0], 1.0)
    before = counts()
    write([3.0, 2.0], 1.0)
    assert counts() == before
    with pytest.raises(aq.StartError, match="logp gives NaN"):
        write(y, scale)


@pytest.mark.parametrize("start", [1.0, -1.0])
def test_a_function_of_the_users_is_tried_where_each_model_starts(start: float) -> None:
    def write(start: float) -> None:
        with aq.Model():
            x = aq.Normal("x", 0, 1, initval=start)
            aq.CustomDist("y", x, logp=lambda v, m: -((v - jnp.sqrt(m)) ** 2), observed=[0.5])

    write(4.0)
    if start > 0:
        write(start)
        return
    with pytest.raises(aq.StartError, match="logp gives NaN"):
        write(start)


def test_a_run_with_other_data_is_what_it_is_without_sharing(rng: np.random.Generator) -> None:
    def draws(y: np.ndarray) -> Any:
        with of_mixture(y):
            trace = aq.sample(
                50, tune=50, chains=2, random_seed=3, progressbar=False,
                compute_convergence_checks=False,
            )  # fmt: skip
        return trace.posterior["means"].values

    first, second = rng.normal(size=(2, N))
    draws(first)
    before = counts()
    found = draws(second)
    assert counts() == before
    with unshared():
        np.testing.assert_array_equal(found, draws(second))


def test_neither_model_nor_data_are_kept(rng: np.random.Generator) -> None:
    """What is shared outlives the model that it was made for."""
    model = with_data(rng.normal(size=N), rng.normal(size=N))
    numbers(model, rng.normal(size=20))
    key = written(model)
    kept = weakref.ref(model), weakref.ref(model.density()), weakref.ref(model["u"]._value)
    del model
    gc.collect()
    assert [each() for each in kept] == [None] * 3
    assert key in shared._recent


def test_data_that_were_replaced_are_let_go(rng: np.random.Generator) -> None:
    model = with_data(rng.normal(size=N), rng.normal(size=N))
    point = rng.normal(size=20)
    numbers(model, point)
    before = counts()
    old = weakref.ref(model.density()), weakref.ref(model["u"]._value)
    model.set_data({"u": rng.normal(size=N)})
    numbers(model, point)
    assert counts() == before
    gc.collect()
    assert [each() for each in old] == [None] * 2


def test_structures_that_were_not_used_for_long_are_let_go() -> None:
    keys, held = [], None
    for number in range(shared.RECENT + 2):
        model = normal(factor=100.0 + number)
        model.density()
        keys.append(written(model))
        held = held or model
    gc.collect()
    assert keys[0] in shared._alive, "a density that is there still uses it"
    assert keys[1] not in shared._alive
    assert all(key in shared._alive for key in keys[2:])
    del held
    gc.collect()
    assert keys[0] not in shared._alive


def test_large_constants_are_kept_by_densities_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "BYTES", LARGE.nbytes - 1)
    model = with_large(LARGE + 0.5)
    model.density()
    key = written(model)
    assert key in shared._alive
    del model
    gc.collect()
    assert key not in shared._alive


def test_settings_of_jax_are_part_of_what_is_shared() -> None:
    with jax.default_matmul_precision("float32"):
        first = keyed()
    assert first != keyed()
    assert keyed() == keyed()


def keyed() -> Key | None:
    return written(normal())


def test_data_that_repeat_themselves_otherwise_come_back_to_their_program() -> None:
    """Several programs of one structure are kept."""
    point = np.ones(1)
    results = [numbers(counted(y), point) for y in (NEAR, FAR)]
    before = counts()
    for y, expected in zip((NEAR, FAR), results, strict=True):
        assert_same(numbers(counted(y), point), expected)
    assert counts() == before


def test_set_data_of_one_model_leaves_the_other_as_it_is(rng: np.random.Generator) -> None:
    point, (y, x, other) = rng.normal(size=20), rng.normal(size=(3, N))
    first, second = with_data(y, x), with_data(y, other)
    before, own = numbers(first, point), numbers(second, point)
    second.set_data({"u": x})
    assert_same(numbers(second, point)[0], before[0])
    assert_same(numbers(first, point)[0], before[0])
    second.set_data({"u": other})
    assert_same(numbers(second, point)[0], own[0])


def test_threads_that_write_models_get_their_own_numbers(rng: np.random.Generator) -> None:
    data = rng.normal(size=(8, N))
    point = rng.normal(size=20)
    with unshared():
        expected = [numbers(of_mixture(y), point)[0] for y in data]
    found: dict[int, Any] = {}
    begun = threading.Barrier(len(data))

    def work(number: int) -> None:
        begun.wait(60)
        found[number] = numbers(of_mixture(data[number]), point)[0]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(data))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_same([found[number] for number in range(len(data))], expected)

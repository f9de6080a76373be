"""Names, shapes, dims and owners of variables, each refused by name where they do not fit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import DTypeError, ModelError, ParameterError, ShapeError


def test_shapes_come_from_parameters_shape_dims_or_data() -> None:
    with aq.Model(coords={"group": ["a", "b", "c"], "row": 4}) as model:
        assert aq.Normal("one").shape == ()
        assert aq.Normal("parameters", np.zeros(2), 1).shape == (2,)
        assert aq.Normal("shape", shape=(2, 5)).shape == (2, 5)
        assert aq.Normal("dims", dims=("row", "group")).shape == (4, 3)
        assert aq.Normal("both", shape=3, dims="group").shape == (3,)
        assert aq.Normal("data", observed=[0.1, 0.2]).shape == (2,)
        assert aq.Deterministic("twice", 2 * model["dims"], dims=["row", "group"]).shape == (4, 3)
    assert "one" in model
    assert "two" not in model
    with pytest.raises(KeyError, match=r"no variable 'two'; it has one, parameters"):
        model["two"]


def test_a_name_can_be_used_once() -> None:
    with aq.Model(coords={"row": 3}):
        aq.Normal("x")
        for make in (
            lambda: aq.Normal("x"),
            lambda: aq.Data("x", 1.0),
            lambda: aq.Deterministic("x", aq.Normal("y") + 1),
            lambda: aq.Potential("x", aq.Normal("z")),
        ):
            with pytest.raises(ModelError, match="already has a variable named 'x'"):
                make()
        with pytest.raises(ModelError, match="'row' is the name of a dim"):
            aq.Normal("row", dims="row")


@pytest.mark.parametrize("name", ["chain", "draw"])
def test_names_of_every_results_dims_are_taken(name: str) -> None:
    with aq.Model(), pytest.raises(ModelError, match=f"'{name}' is the name of a dim"):
        aq.Normal(name)
    with pytest.raises(ModelError, match=f"'{name}' is the name of a dim of every result"):
        aq.Model(coords={name: 3})


def test_a_dim_cannot_take_a_variables_name() -> None:
    with aq.Model():
        aq.Normal("x")
        with pytest.raises(ModelError, match="'x' is the name of a variable"):
            aq.Data("y", [1.0, 2.0], dims="x")
        with pytest.raises(ModelError, match="row: a variable cannot have the name of its dim"):
            aq.Data("row", [1.0, 2.0], dims="row")


@pytest.mark.parametrize("name", [3, None, "", aq.transforms.log])
def test_the_first_argument_is_a_name(name: object) -> None:
    with aq.Model(), pytest.raises(ModelError, match=r"first argument is its name.*\.dist"):
        aq.Normal(name, 0, 1)


def test_a_slash_would_make_a_group_of_a_result() -> None:
    with aq.Model(), pytest.raises(ModelError, match="'a/b' holds a slash"):
        aq.Normal("a/b")


def test_an_unknown_dim_is_named_with_those_that_are_known() -> None:
    with aq.Model(coords={"row": 3}), pytest.raises(ModelError, match=r"x: dim 'rows'.*'row'"):
        aq.Normal("x", dims="rows")
    with aq.Model(), pytest.raises(ModelError, match=r"x: dim 'row'.*known: none.*coords=\{'row'"):
        aq.Normal("x", dims="row")


def test_dims_of_another_length_are_refused_with_both() -> None:
    with aq.Model(coords={"row": 3, "column": 2}):
        with pytest.raises(ShapeError, match=r"x: shape \(2,\), but dims \('row',\) say \(3,\)"):
            aq.Normal("x", shape=2, dims="row")
        with pytest.raises(ShapeError, match=r"x: Normal.*shape \(3,\): mu \(2,\)"):
            aq.Normal("x", np.zeros(2), 1, dims="row")
        with pytest.raises(ShapeError, match=r"x: the data have shape \(4,\).*dims say \(3,\)"):
            aq.Normal("x", observed=np.zeros(4), dims="row")
        with pytest.raises(ShapeError, match=r"x: its shape is \(2,\), but dims .*'row': 3"):
            aq.Data("x", [1.0, 2.0], dims="row")
        with pytest.raises(ShapeError, match=r"x: dims \('row', 'column'\) for data of shape"):
            aq.Data("x", [1.0, 2.0, 3.0], dims=("row", "column"))
        y = aq.Normal("y", shape=2)
        with pytest.raises(ShapeError, match=r"z: its shape is \(2,\), but dims"):
            aq.Deterministic("z", y + 1, dims="row")
        with pytest.raises(ModelError, match=r"x: dims .* name the same dim twice"):
            aq.Normal("x", dims=("row", "row"))
        for dims in (3, ("row", None)):
            with pytest.raises(ModelError, match="x: dims must be names"):
                aq.Normal("x", dims=dims)


def test_coords_that_make_no_sense() -> None:
    with pytest.raises(ModelError, match="'row' hold the same label twice"):
        aq.Model(coords={"row": ["a", "b", "a"]})
    with pytest.raises(ShapeError, match=r"'row' must be one-dimensional; got shape \(2, 2\)"):
        aq.Model(coords={"row": np.zeros((2, 2))})
    with pytest.raises(ShapeError, match="'row' cannot have length -1"):
        aq.Model(coords={"row": -1})
    with pytest.raises(ModelError, match="a dim's name must be a string"):
        aq.Model(coords={3: ["a"]})  # type: ignore[dict-item]


@pytest.mark.parametrize("shape", [-1, 2.5, "3", (2, -1), True])
def test_shapes_that_are_none(shape: object) -> None:
    with aq.Model(), pytest.raises((ShapeError, DTypeError), match="shape"):
        aq.Normal("x", shape=shape)


def test_parameters_that_do_not_fit_name_variable_and_parameter() -> None:
    with aq.Model() as model:
        x = aq.Normal("x", shape=2)
        with pytest.raises(ParameterError, match="y: Normal: sigma must be positive; got -1"):
            aq.Normal("y", 0, -1)
        with pytest.raises(ParameterError, match="y: Normal: mu is NaN at index"):
            aq.Normal("y", [0.0, np.nan], 1)
        with pytest.raises(DTypeError, match="y: Normal: mu must be numbers; got 'a'"):
            aq.Normal("y", "a", 1)
        with pytest.raises(DTypeError, match="y: Normal: mu must be numbers; got a distribution"):
            aq.Normal("y", aq.Normal.dist(0, 1), 1)
        with pytest.raises(ShapeError, match=r"y: Normal.*mu \(2,\), sigma \(3,\)"):
            aq.Normal("y", x, np.ones(3))
        with pytest.raises(TypeError, match=r"y: aq\.Normal\(\) takes no argument 'sd': use sigma"):
            aq.Normal("y", 0, sd=1)
        with pytest.raises(ModelError, match=r"first argument is its name.* use \.dist"):
            aq.Normal(mu=0, sigma=1)
        with pytest.raises(ModelError, match=r"first argument is its name.* use \.dist"):
            aq.LKJCholeskyCov(eta=1, n=2, sd_dist=aq.HalfNormal.dist(1))
        with pytest.raises(TypeError, match=r"y: aq\.Poisson: missing 1 required .* 'mu'"):
            aq.Poisson("y")
    assert list(model.variables) == ["x"]


def test_variables_of_another_model_are_refused() -> None:
    with aq.Model() as first:
        x = aq.Normal("x")
    with aq.Model():
        for make in (
            lambda: aq.Normal("y", x, 1),
            lambda: aq.Normal("y", 0, np.exp(x)),
            lambda: aq.Deterministic("y", x + 1),
            lambda: aq.Potential("y", -(x**2)),
            lambda: aq.Normal("y", observed=x),
            lambda: aq.Mixture("y", [0.5, 0.5], [aq.Normal.dist(x, 1), aq.Normal.dist(0, 1)]),
        ):
            with pytest.raises(ModelError, match=r"y: .*(uses 'x', which belongs|depends on)"):
                make()
    with first:
        assert aq.Normal("y", x, 1).owner is first


def test_models_nest() -> None:
    with aq.Model() as outer:
        aq.Normal("a")
        with aq.Model() as inner:
            aq.Normal("b")
        aq.Normal("c")
    assert (list(outer.variables), list(inner.variables)) == (["a", "c"], ["b"])


def test_a_with_block_that_raises_is_left() -> None:
    with pytest.raises(RuntimeError), aq.Model():
        raise RuntimeError
    with pytest.raises(ModelError, match=r"aq\.Normal needs a model: write it inside"):
        aq.Normal("x")


@pytest.mark.parametrize(
    "use",
    [
        lambda: aq.Data("x", 1.0),
        lambda: aq.Deterministic("x", 1.0),
        lambda: aq.Potential("x", 1.0),
        lambda: aq.sample(),
        lambda: aq.ADVI(),
        lambda: aq.fit(),
        lambda: aq.set_data({}),
        lambda: aq.sample_prior_predictive(),
    ],
)
def test_outside_of_any_model(use: object) -> None:
    with pytest.raises(ModelError, match=r"needs a model"):
        use()  # type: ignore[operator]
    with pytest.raises(ModelError, match=r"model must be an aq\.Model; got str"):
        aq.sample(model="model")  # type: ignore[arg-type]


def test_dist_takes_no_name() -> None:
    with pytest.raises(ModelError, match=r"Normal\.dist makes a distribution without a name"):
        aq.Normal.dist("x", 0, 1)


def test_deterministics_and_potentials_are_expressions() -> None:
    with aq.Model():
        x = aq.Normal("x", shape=2)
        assert aq.Deterministic("list", [x[0], x[1] + 1]).shape == (2,)
        for make in (aq.Deterministic, aq.Potential):
            with pytest.raises(ModelError, match="y: give an expression of model variables; got 3"):
                make("y", 3.0)


def test_a_free_discrete_variable_without_a_bound_is_refused_with_advice() -> None:
    with aq.Model() as model:
        n = aq.Poisson("n", 3.0)
        aq.Normal("x", n, 1, observed=0.3)
    with pytest.raises(ModelError, match=r"'n' cannot be summed out: Poisson.*upper="):
        model.density()


def test_a_model_without_free_variables_is_refused() -> None:
    with aq.Model() as model:
        aq.Normal("x", observed=[0.3])
    with pytest.raises(ModelError, match="no free variables"):
        model.density()
    with pytest.raises(ModelError, match="no free variables"):
        aq.sample(model=model)


def test_arrays_changed_later_do_not_change_the_model() -> None:
    weights, data, start = np.array([1.0, 2.0]), np.array([0.5, 0.7]), np.array([3.0])
    labels = np.array(["a", "b"])
    with aq.Model(coords={"row": labels}) as model:
        x = aq.Normal("x", shape=1, initval=start)
        aq.Normal("obs", weights * x, weights, observed=data, dims="row")
        aq.Normal("given", x[np.zeros(2, int)], 1, observed=aq.Data("d", data))
    before = model.density().evaluate([0.3])
    for array in (weights, data, start):
        array[:] = 9.0
    labels[:] = "c"
    model.set_data({"d": [0.5, 0.7]})  # a density made anew
    assert model.density().evaluate([0.3]) == before
    assert model.density().start == 3.0
    assert model.coords.as_dict()["row"].tolist() == ["a", "b"]


def test_one_model_can_be_entered_in_two_threads_at_once() -> None:
    model = aq.Model()
    inside = Barrier(2, timeout=600)

    def enter(name: str) -> None:
        with model:
            inside.wait()
            aq.Normal(name)
            inside.wait()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(enter, ["x", "y"]))
    assert {"x", "y"} == set(model.variables)
    with pytest.raises(ModelError, match="needs a model"):
        aq.Normal("z")

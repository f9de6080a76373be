"""``aq.recover``: what it is asked for, what it costs, and where its results go."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import AliquotWarning, ModelError, ShapeError
from aliquot.results import build_tree
from tests.inference.discrete_models import Y, labelled, labelled_trace, responsibilities


@pytest.fixture(scope="module")
def model() -> aq.Model:
    return labelled()


@pytest.fixture(scope="module")
def trace() -> Any:
    return labelled_trace()


@pytest.fixture(scope="module")
def everything(model: aq.Model, trace: Any) -> Any:
    kinds = ("probabilities", "draws", "most_probable")
    return aq.recover(trace, model, kind=kinds, random_seed=1)


def test_all_kinds_at_once(everything: Any, trace: Any) -> None:
    p = responsibilities(trace.posterior["w"].values, trace.posterior["means"].values)
    found = everything.state_probabilities["z"]
    np.testing.assert_allclose(found, p, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(everything.most_probable["z"], p.argmax(-1))
    # A draw is one of the states, and both come up.
    z = everything.posterior["z"]
    assert set(np.unique(z)) == {0, 1}
    assert z.dtype.kind == "i"


def test_dims_and_coords(everything: Any) -> None:
    assert everything.posterior["z"].dims == ("chain", "draw", "row")
    assert everything.most_probable["z"].dims == ("chain", "draw", "row")
    # The states are the components of w, so their dim is too.
    assert everything.state_probabilities["z"].dims == ("chain", "draw", "row", "component")
    assert list(everything.state_probabilities["component"].values) == ["low", "high"]
    assert list(everything.state_probabilities["row"].values) == list("abcde")
    assert everything.most_probable["log_density"].dims == ("chain", "draw")


def test_what_was_there_stays(everything: Any, trace: Any) -> None:
    for group in ("sample_stats", "observed_data"):
        assert everything[group].to_dataset().identical(trace[group].to_dataset())
    np.testing.assert_array_equal(everything.posterior["means"], trace.posterior["means"])
    assert "z" not in trace.posterior and "state_probabilities" not in trace.children
    assert everything.attrs == trace.attrs


def test_log_density_of_the_most_probable(everything: Any, model: aq.Model, trace: Any) -> None:
    """Less the sum over all configurations, it is the log of its probability."""
    density = model.density()
    flat = density.unconstrain({n: trace.posterior[n].values[0, 7] for n in ("w", "means")})
    total = density.terms_at(flat)["sum over z"]
    best = everything.state_probabilities["z"][0, 7].values.max(-1)
    found = float(everything.most_probable["log_density"][0, 7])
    assert abs(found - total - np.log(best).sum()) < 1e-10


def test_deterministics_follow_the_draws(everything: Any) -> None:
    posterior = everything.posterior
    assert posterior["level"].dims == ("chain", "draw", "row")
    means, z = posterior["means"].values, posterior["z"].values
    np.testing.assert_array_equal(posterior["level"], np.take_along_axis(means, z, axis=-1))
    # What does not depend on the labels is the sampler's to fill in.
    assert "gap" not in posterior


def test_recovering_again_replaces(everything: Any, model: aq.Model) -> None:
    again = aq.recover(everything, model, kind="draws", random_seed=2)
    assert not np.array_equal(again.posterior["z"], everything.posterior["z"])
    assert again.posterior["z"].shape == everything.posterior["z"].shape
    once = aq.recover(everything, model, kind="draws", random_seed=1)
    np.testing.assert_array_equal(once.posterior["z"], everything.posterior["z"])


def test_thinning(everything: Any, model: aq.Model, trace: Any) -> None:
    tree = aq.recover(trace, model, kind="probabilities", thin=np.int64(7))  # type: ignore[arg-type]
    kept = slice(None, None, 7)
    assert list(tree.posterior["draw"].values) == list(range(0, 50, 7))
    assert tree.sample_stats.sizes["draw"] == tree.posterior.sizes["draw"] == 8
    np.testing.assert_array_equal(tree.posterior["means"], trace.posterior["means"][:, kept])
    np.testing.assert_array_equal(
        tree.state_probabilities["z"], everything.state_probabilities["z"][:, kept]
    )
    np.testing.assert_array_equal(tree.state_probabilities["draw"], tree.posterior["draw"])
    assert tree.observed_data.to_dataset().identical(trace.observed_data.to_dataset())


def test_what_would_be_too_large_is_thinned_with_a_warning(model: aq.Model, trace: Any) -> None:
    # Two chains x 50 draws x (5 elements x 2 states + 5 draws + 5 levels) x 8 bytes: 16,000.
    with pytest.warns(AliquotWarning, match=r"every 4th draw is kept.*thin= and max_bytes="):
        tree = aq.recover(trace, model, max_bytes=4000, random_seed=1)
    assert list(tree.posterior["draw"].values) == list(range(0, 50, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("error", AliquotWarning)
        assert aq.recover(trace, model, max_bytes=16_000).posterior.sizes["draw"] == 50
        # All of it after all.
        assert aq.recover(trace, model, thin=1, max_bytes=1).posterior.sizes["draw"] == 50


@pytest.mark.parametrize(
    ("names", "posterior", "probabilities"), [("z", {"z"}, True), (["level"], {"level"}, False)]
)
def test_some_names(
    model: aq.Model, trace: Any, names: Any, posterior: set[str], probabilities: bool
) -> None:
    tree = aq.recover(trace, model, var_names=names, random_seed=1)
    assert set(tree.posterior.data_vars) - set(trace.posterior.data_vars) == posterior
    assert ("state_probabilities" in tree.children) == probabilities


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "viterbi"}, "kind must be some of 'probabilities', 'draws', 'most_probable'"),
        ({"kind": ()}, "kind must be some of"),
        ({"var_names": ["means"]}, r"'means' is not a discrete variable .*\(z, level\)"),
        ({"thin": 0}, "thin must be a whole number of at least 1; got 0"),
        ({"thin": 1.5}, "thin must be a whole number"),
        ({"thin": True}, "thin must be a whole number"),
    ],
)
def test_wrong_arguments(model: aq.Model, trace: Any, arguments: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        aq.recover(trace, model, **arguments)


def test_what_is_no_trace_of_the_model(model: aq.Model, trace: Any) -> None:
    with pytest.raises(ModelError, match="give a DataTree with a group 'posterior'"):
        aq.recover(trace.posterior.to_dataset(), model)
    other = build_tree(posterior={"w": np.full((1, 2, 2), 0.5)})
    with pytest.raises(ModelError, match=r"no draws of 'means' .*another model"):
        aq.recover(other, model)
    other = build_tree(posterior={"w": np.full((1, 2, 2), 0.5), "means": np.zeros((1, 2, 3))})
    with pytest.raises(ShapeError, match=r"means: the posterior holds shape \(3,\)"):
        aq.recover(other, model)
    with pytest.raises(ModelError, match="needs a model"):
        aq.recover(trace)


def test_the_model_whose_block_is_running(model: aq.Model, trace: Any) -> None:
    with model:
        tree = aq.recover(trace, kind="most_probable")
    assert tree.most_probable["z"].shape == (2, 50, 5)


def test_draws_of_an_approximation(model: aq.Model) -> None:
    approx = aq.fit(300, model=model, random_seed=1, progressbar=False)
    draws = approx.sample(40, random_seed=2)
    tree = aq.recover(draws, model, random_seed=3)
    assert tree.posterior["z"].shape == (1, 40, 5)
    p = responsibilities(draws.posterior["w"].values, draws.posterior["means"].values)
    np.testing.assert_allclose(tree.state_probabilities["z"], p, rtol=0, atol=1e-13)


def test_states_have_their_own_values() -> None:
    with aq.Model() as model:
        rate = aq.Exponential("rate", 1)
        n = aq.DiscreteUniform("n", -2, 1, shape=2)
        aq.Normal("obs", rate * n, 1, observed=[1.5, -4.0])
    trace = build_tree(posterior={"rate": np.full((1, 300), 2.0)})
    kinds = ("probabilities", "draws", "most_probable")
    tree = aq.recover(trace, model, kind=kinds, random_seed=1)
    assert tree.state_probabilities["n"].dims[-1] == "n_state"
    assert list(tree.state_probabilities["n_state"].values) == [-2, -1, 0, 1]
    joint = np.exp(-0.5 * (np.array([1.5, -4.0])[:, None] - 2.0 * np.arange(-2, 2)) ** 2)
    expected = joint / joint.sum(1, keepdims=True)
    np.testing.assert_allclose(tree.state_probabilities["n"][0, 0], expected, atol=1e-13)
    np.testing.assert_array_equal(tree.most_probable["n"][0, 0], [1, -2])
    assert set(np.unique(tree.posterior["n"])) <= {-2, -1, 0, 1}
    # The second is -2 with probability 0.88, or -1.
    assert set(np.unique(tree.posterior["n"][..., 1])) == {-2, -1}


def test_partly_observed_labels_come_back_whole() -> None:
    known = np.array([0, np.nan, np.nan, 1, np.nan])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.ImputationWarning)
        with aq.Model(coords={"row": list("abcde")}) as model:
            means = aq.Normal("means", [-2.0, 2.0], 1)
            z = aq.Categorical("z", p=[0.3, 0.7], dims="row", observed=known)
            aq.Deterministic("level", means[z], dims="row")
            aq.Normal("obs", means[z], 1, dims="row", observed=Y)
    trace = build_tree(posterior={"means": np.broadcast_to([-1.8, 2.0], (2, 200, 2))})
    kinds = ("probabilities", "draws", "most_probable")
    tree = aq.recover(trace, model, kind=kinds, random_seed=1)
    expected = responsibilities(np.array([0.3, 0.7]), np.array([-1.8, 2.0]))
    expected[[0, 3]] = [[1, 0], [0, 1]]
    assert tree.state_probabilities["z"].dims == ("chain", "draw", "row", "z_state")
    np.testing.assert_allclose(tree.state_probabilities["z"][1, 17], expected, atol=1e-13)
    for group in (tree.posterior, tree.most_probable):
        assert group["z"].dims == ("chain", "draw", "row")
        assert np.all(group["z"][..., 0] == 0) and np.all(group["z"][..., 3] == 1)
        assert "z_missing" not in group
    assert set(np.unique(tree.posterior["z"][..., 1])) == {0, 1}
    level = np.where(tree.posterior["z"].values == 1, 2.0, -1.8)
    np.testing.assert_array_equal(tree.posterior["level"], level)


def test_chains_with_dims() -> None:
    P, init = np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([0.5, 0.5])
    y = np.array([[-1.0, 0.4, 1.2], [0.9, -0.2, -1.1]])
    with aq.Model(coords={"unit": ["u", "v"], "time": [1, 2, 3]}) as model:
        mu = aq.Normal("mu", [-1.0, 1.0], 1)
        z = aq.MarkovChain("z", P=P, init=init, dims=("unit", "time"))
        aq.Normal("obs", mu[z], 1, dims=("unit", "time"), observed=y)
    trace = build_tree(posterior={"mu": np.broadcast_to([-1.0, 1.0], (1, 4, 2))})
    kinds = ("probabilities", "most_probable")
    tree = aq.recover(trace, model, kind=kinds)
    assert tree.state_probabilities["z"].dims[:4] == ("chain", "draw", "unit", "time")
    assert list(tree.most_probable["time"].values) == [1, 2, 3]
    paths = np.stack(np.unravel_index(np.arange(8), (2, 2, 2)), axis=1)
    for unit in range(2):
        joint = init[paths[:, 0]] * P[paths[:, 0], paths[:, 1]] * P[paths[:, 1], paths[:, 2]]
        joint = joint * np.exp(-0.5 * (y[unit] - np.array([-1.0, 1.0])[paths]) ** 2).prod(1)
        joint /= joint.sum()
        second = joint @ paths
        found = tree.state_probabilities["z"][0, 2, unit, :, 1]
        np.testing.assert_allclose(found, second, atol=1e-13)
        np.testing.assert_array_equal(tree.most_probable["z"][0, 2, unit], paths[joint.argmax()])

"""``aq.relabel``: labels given back in whole traces, with all that moves with them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import AliquotWarning, ModelError
from aliquot.inference import responsibilities
from aliquot.inference.relabel import relabel
from aliquot.inference.responsibilities import Responsibilities
from aliquot.results import build_tree
from aliquot.symmetry import Block, Role, Symmetries

CHAINS, DRAWS = 2, 40
M = CHAINS * DRAWS
METHODS = ("ecr", "stephens", "pivot")
rng = np.random.default_rng(8)
MU = np.array([-4.0, 0.0, 5.0])
Y = MU[np.arange(24) % 3] + rng.standard_normal(24)
SWAPS = rng.permuted(np.tile(np.arange(3), (M, 1)), axis=1)


def as_tree(values: dict[str, np.ndarray], **groups: Any) -> Any:
    posterior = {name: v.reshape((CHAINS, DRAWS, *v.shape[1:])) for name, v in values.items()}
    return build_tree(posterior=posterior, **groups)


def quietly(*arguments: Any, **named: Any) -> Any:
    """Relabel without the warnings on so short a sample."""
    with warnings.catch_warnings(action="ignore"):
        return relabel(*arguments, **named)


def flat(array: Any) -> np.ndarray:
    return array.values.reshape((M, *array.shape[2:]))


# A mixture ----------------------------------------------------------------------------------------

MIXTURE_BLOCK = Block(
    (Role(("w",), 0, (0, 1, 2)), Role(("means",), 0, (0, 1, 2)), Role(("sigma",), 0, (0, 1, 2)))
)


@pytest.fixture(scope="module")
def mixture() -> aq.Model:
    with aq.Model() as model:
        w = aq.Dirichlet("w", [5.0, 5.0, 5.0])
        means = aq.Normal("means", 0, 10, shape=3)
        sigma = aq.HalfNormal("sigma", 2, shape=3)
        aq.Deterministic("first_gap", means[1] - means[0])
        aq.Deterministic("average", (w * means).sum())
        aq.NormalMixture("y", w, means, sigma, observed=Y)
    return model


TRUE = {
    "w": rng.dirichlet([20, 30, 40], M),
    "means": MU + 0.3 * rng.standard_normal((M, 3)),
    "sigma": 1 + 0.1 * rng.uniform(-1, 1, (M, 3)),
}


@pytest.fixture(scope="module")
def switched(mixture: aq.Model) -> Any:
    values = MIXTURE_BLOCK.permute(TRUE, SWAPS)
    density = mixture.density()
    names = [slot.unconstrained_name for slot in density.slots]
    log_sigma = np.log(values["sigma"])
    assert names[1:] == ["means", "sigma_log__"]
    return as_tree(
        values
        | {
            "first_gap": values["means"][:, 1] - values["means"][:, 0],
            "average": (values["w"] * values["means"]).sum(axis=1),
        },
        sample_stats={"lp": rng.standard_normal((CHAINS, DRAWS))},
        unconstrained_posterior={"sigma_log__": log_sigma.reshape((CHAINS, DRAWS, 3))},
        observed_data={"y": Y},
    )


@pytest.fixture(scope="module")
def relabelled(mixture: aq.Model, switched: Any) -> dict[str, Any]:
    return {method: quietly(switched, mixture, method=method) for method in METHODS}


@pytest.mark.parametrize("method", METHODS)
def test_all_that_moves_together_comes_back(relabelled, method):
    posterior = relabelled[method].posterior
    for name, values in TRUE.items():
        np.testing.assert_array_equal(flat(posterior[name]), values)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_computed_from_them_is_computed_anew(relabelled, method):
    tree = relabelled[method]
    gap = TRUE["means"][:, 1] - TRUE["means"][:, 0]
    np.testing.assert_allclose(flat(tree.posterior["first_gap"]), gap, rtol=1e-12)
    average = (TRUE["w"] * TRUE["means"]).sum(axis=1)
    np.testing.assert_allclose(flat(tree.posterior["average"]), average, rtol=1e-12)
    logs = flat(tree.unconstrained_posterior["sigma_log__"])
    np.testing.assert_allclose(logs, np.log(TRUE["sigma"]), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("method", METHODS)
def test_what_was_done_is_said(relabelled, switched, method):
    tree = relabelled[method]
    assert tree.attrs["relabelled"] == method
    assert Symmetries.of(tree.attrs).coupled[0].components == 3
    permutations = tree.relabelling["permutation_w"]
    assert permutations.dims == ("chain", "draw", "component_w")
    again = np.take_along_axis(switched.posterior["means"].values, permutations.values, -1)
    np.testing.assert_array_equal(again, tree.posterior["means"])
    certainty = tree.relabelling["certainty_w"]
    assert certainty.dims == ("chain", "draw")
    assert float(certainty.min()) >= 0.5 and float(certainty.max()) <= 1
    mean = json.loads(tree.attrs["relabelling_certainty"])["w"]
    assert mean == pytest.approx(float(certainty.mean()))
    assert tree.relabelling.attrs["ordered_by_w"] == "means"


def test_what_has_no_labels_stays(relabelled, switched):
    tree = relabelled["ecr"]
    for group in ("sample_stats", "observed_data"):
        assert tree[group].to_dataset().identical(switched[group].to_dataset())
    # The tree that was given is as it was.
    assert "relabelling" not in switched.children and "relabelled" not in switched.attrs
    given = MIXTURE_BLOCK.permute(TRUE, SWAPS)["means"]
    np.testing.assert_array_equal(flat(switched.posterior["means"]), given)


def test_nothing_is_left_to_do_the_second_time(relabelled, mixture):
    again = quietly(relabelled["ecr"], mixture)
    each = np.broadcast_to(np.arange(3), (CHAINS, DRAWS, 3))
    np.testing.assert_array_equal(again.relabelling["permutation_w"], each)


def test_a_part_of_the_rows_will_do(mixture, switched, monkeypatch):
    values = {name: flat(switched.posterior[name]) for name in TRUE}
    found = Responsibilities(mixture).of(MIXTURE_BLOCK, values)
    monkeypatch.setattr(responsibilities, "MOST_NUMBERS", M * 10 * 3)
    part = Responsibilities(mixture).of(MIXTURE_BLOCK, values)
    assert found is not None and part is not None
    assert (part.probabilities.shape, part.total) == ((M, 10, 3), 24)
    # Rows of the whole, each once, in their order.
    where = [
        int(np.flatnonzero((np.abs(found.probabilities - row) < 1e-12).all((0, 2)))[0])
        for row in np.moveaxis(part.probabilities, 1, 0)[:, :, None, :]
    ]
    assert (np.diff(where) > 0).all()


def test_errors_name_what_is_wrong(mixture, switched):
    with pytest.raises(ModelError, match=r"one of 'ecr', 'stephens', 'pivot'; got 'sjw'"):
        relabel(switched, mixture, method="sjw")
    with pytest.raises(ModelError, match="group 'posterior'"):
        relabel(build_tree(observed_data={"y": Y}), mixture)
    with pytest.raises(ModelError, match=r"no draws of 'w'.*another model"):
        relabel(as_tree({"x": np.zeros(M)}), mixture)
    none = switched.isel(draw=slice(0, 0))
    with pytest.raises(ModelError, match="has no draws"):
        relabel(none, mixture)


def test_nothing_to_relabel_is_said(mixture, switched):
    with pytest.warns(AliquotWarning, match=r"nothing to relabel. No components can trade"):
        same = relabel(switched, mixture, _symmetries=Symmetries())
    assert same.identical(switched) and same is not switched


def test_overlap_is_said(mixture):
    values = TRUE | {"means": rng.normal(0, 0.3, (M, 3)), "w": rng.dirichlet([90, 90, 90], M)}
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        relabel(as_tree(values), mixture)
    assert any("of the draws another labelling of the 3 components" in str(w.message) for w in said)
    # And where they do not overlap it is not.
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        relabel(as_tree(TRUE), mixture)
    assert not any("another labelling" in str(w.message) for w in said)


def test_one_chain_without_a_log_density(mixture):
    # As from a variational fit. The pivot is then found from the model's own density.
    tree = build_tree(posterior={n: v[None] for n, v in MIXTURE_BLOCK.permute(TRUE, SWAPS).items()})
    found = quietly(tree, mixture, method="pivot")
    np.testing.assert_array_equal(found.posterior["means"].values[0], TRUE["means"])


# Labels that were summed out ----------------------------------------------------------------------


STEPS = 12
STATES = np.repeat([0, 2, 1], 4)
HIDDEN = {
    "P": np.stack([rng.dirichlet(1 + 9 * np.eye(3)[k], M) for k in range(3)], axis=1),
    "means": MU + 0.4 * rng.standard_normal((M, 3)),
}


@pytest.fixture(scope="module")
def chain() -> aq.Model:
    y = MU[STATES] + 1.5 * np.random.default_rng(1).standard_normal(STEPS)
    with aq.Model() as model:
        rows = aq.Dirichlet("P", np.ones((3, 3)))
        means = aq.Normal("means", 0, 10, shape=3)
        z = aq.MarkovChain("z", P=rows, init=np.ones(3) / 3, steps=STEPS)
        aq.Deterministic("level", means[z])
        aq.Deterministic("stays", rows[0, 0])
        aq.Normal("y", means[z], 1.5, observed=y)
    return model


@pytest.fixture(scope="module")
def recovered(chain: aq.Model) -> dict[str, Any]:
    """Recovered from the true labels, from switched ones, and the latter relabelled."""
    block = chain.symmetries().coupled[0]
    kinds = ("probabilities", "draws", "most_probable")
    values = HIDDEN | {"stays": HIDDEN["P"][:, 0, 0]}
    moved = block.permute(HIDDEN, SWAPS)
    moved["stays"] = moved["P"][:, 0, 0]
    true = aq.recover(as_tree(values), chain, kind=kinds, random_seed=2)
    other = aq.recover(as_tree(moved), chain, kind=kinds, random_seed=2)
    result = {"true": true, "switched": other}
    return result | {method: quietly(other, chain, method=method) for method in METHODS}


@pytest.mark.parametrize("method", METHODS)
def test_both_axes_of_a_transition_matrix_move(recovered, method):
    posterior = recovered[method].posterior
    np.testing.assert_array_equal(flat(posterior["means"]), HIDDEN["means"])
    np.testing.assert_array_equal(flat(posterior["P"]), HIDDEN["P"])
    np.testing.assert_array_equal(flat(posterior["stays"]), HIDDEN["P"][:, 0, 0])


@pytest.mark.parametrize("method", METHODS)
def test_recovered_states_are_renamed(recovered, method):
    tree, true, other = recovered[method], recovered["true"], recovered["switched"]
    for group in ("state_probabilities", "most_probable"):
        np.testing.assert_allclose(tree[group]["z"], true[group]["z"], rtol=0, atol=1e-12)
    # The same draw, by another name: means by state, and so the level, are what they were.
    z = flat(tree.posterior["z"])
    renamed = np.take_along_axis(SWAPS, flat(other.posterior["z"]), 1)
    np.testing.assert_array_equal(z, renamed)
    level = np.take_along_axis(HIDDEN["means"], z, 1)
    np.testing.assert_allclose(flat(tree.posterior["level"]), level, rtol=1e-12)
    np.testing.assert_allclose(tree.posterior["level"], other.posterior["level"], rtol=1e-12)
    assert tree.posterior["z"].attrs["recovered"] == 1


def test_what_cannot_be_computed_anew_is_left_out(recovered, chain):
    tree = recovered["switched"]
    alone = build_tree(
        posterior={name: tree.posterior[name].values for name in ("P", "means", "level")}
    )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = relabel(alone, chain, method="pivot")
    assert any("left out level" in str(w.message) for w in said)
    assert set(found.posterior.data_vars) == {"P", "means"}


def test_states_that_only_some_rows_rename_are_left_out():
    """One mixture a group, all labels in one array: they must not stay as they were."""
    generator = np.random.default_rng(8)
    centers = np.array([[-3.0, 3.0], [-2.0, 4.0]])
    data = centers[[[0], [1]], generator.integers(0, 2, (2, 9))] + generator.normal(size=(2, 9))
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 5, shape=(2, 2))
        z = aq.Categorical("z", p=[0.5, 0.5], shape=(2, 9))
        aq.Normal("obs", mu[[[0], [1]], z], 1, observed=data)
    draws = centers + 0.2 * generator.normal(size=(M, 2, 2))
    draws[::2, 1] = draws[::2, 1, ::-1]
    trace = aq.recover(as_tree({"mu": draws}), model, random_seed=1)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = relabel(trace, model)
    assert any("left out z" in str(w.message) for w in said)
    assert "z" not in found.posterior
    assert "z" in trace.posterior
    np.testing.assert_allclose(flat(found.posterior["mu"]), np.sort(draws, axis=2))


# More than one block ------------------------------------------------------------------------------


def test_blocks_move_by_themselves_and_others_stay():
    """Two mixtures: in one the last component is apart; the other has its parts in another order.

    The first block's components are the mixture's 2, 0 and 1.
    """
    order = [2, 0, 1]
    means = np.array([-4.0, 0.0, 5.0, 20.0]) + 0.3 * rng.standard_normal((M, 4))
    other = np.array([-3.0, 3.0]) + 0.3 * rng.standard_normal((M, 2))
    v = rng.dirichlet([30, 20, 30, 20], M)
    data = np.array([-4.0, 0.0, 5.0, 20.0])[np.arange(24) % 4] + rng.standard_normal(24)
    more = np.array([-3.0, 3.0])[np.arange(10) % 2] + rng.standard_normal(10)
    with aq.Model() as model:
        mu = aq.Normal("mu", 0, 10, shape=4)
        v_ = aq.Dirichlet("v", [5.0, 5.0, 5.0, 2.0])
        theta = aq.Normal("theta", 0, 10, shape=2)
        turned = [*order, 3]
        aq.NormalMixture("a", v_[np.array(turned)], mu[np.array(turned)], 1, observed=data)
        parts = [aq.Normal.dist(theta[1], 1), aq.Normal.dist(theta[0], 1)]
        aq.Mixture("b", [0.5, 0.5], parts, observed=more)
    three = Block((Role(("mu",), 0, (0, 1, 2)), Role(("v",), 0, (0, 1, 2))))
    two = Block((Role(("theta",), 0, (0, 1)),))
    swaps = rng.permuted(np.tile(np.arange(2), (M, 1)), axis=1)
    true = {"mu": means, "v": v, "theta": other}
    values = true | three.permute(true, SWAPS) | two.permute(true, swaps)
    source = Responsibilities(model)
    (found,) = source.sources(three, values)
    inverse = {component: at for at, component in enumerate(turned)}
    assert (found.name, found.columns) == ("a", tuple(inverse[k] for k in range(3)))
    (found,) = source.sources(two, values)
    assert found.name == "b"
    given = Symmetries((three, two))
    for method in ("ecr", "stephens"):
        tree = quietly(as_tree(values), model, method=method, _symmetries=given)
        for name, expected in true.items():
            np.testing.assert_array_equal(flat(tree.posterior[name]), expected)
        assert set(tree.relabelling.data_vars) == {
            "permutation_mu",
            "certainty_mu",
            "permutation_theta",
            "certainty_theta",
        }


def test_without_rows_only_parameters_help():
    with aq.Model() as model:
        means = aq.Normal("means", 0, 10, shape=2)
        aq.Potential("pull", -0.5 * (means.sum() - 1) ** 2 - (means[0] * means[1] + 9) ** 2)
    block = Block((Role(("means",), 0, (0, 1)),))
    true = np.array([-2.5, 3.6]) + 0.2 * rng.standard_normal((M, 2))
    values = block.permute({"means": true}, np.argsort(SWAPS[:, :2], axis=1))
    given = Symmetries((block,))
    for method in ("ecr", "stephens"):
        with pytest.raises(ModelError, match=rf"method='{method}' needs rows.*method=\"pivot\""):
            relabel(as_tree(values), model, method=method, _symmetries=given)
    tree = quietly(as_tree(values), model, method="pivot", _symmetries=given)
    np.testing.assert_array_equal(flat(tree.posterior["means"]), true)


# Real data ----------------------------------------------------------------------------------------


def test_galaxies():
    """Three components, far apart in their means: sorting these is then right, too."""
    path = Path(__file__).parents[2] / "docs/data/galaxies.csv"
    speeds = np.genfromtxt(path, delimiter=",", names=True)["dat"] / 1000
    with aq.Model() as model:
        w = aq.Dirichlet("w", np.ones(3))
        means = aq.Normal("means", 20, 10, shape=3)
        sigma = aq.HalfNormal("sigma", 3)
        aq.NormalMixture("y", w, means, sigma, observed=speeds)
        trace = aq.sample(
            150,
            tune=300,
            chains=2,
            random_seed=3,
            progressbar=False,
            compute_convergence_checks=False,
        )
    given = trace.posterior["means"].values
    swaps = np.random.default_rng(1).permuted(np.tile([0, 1, 2], (2, 150, 1)), axis=2)
    block = model.symmetries().coupled[0]
    moved = {name: trace.posterior[name].values for name in ("w", "means")}
    moved = block.permute(moved, swaps)
    mixed = trace.copy()
    dims = {name: trace.posterior[name].dims for name in moved}
    mixed["posterior"] = (
        trace["posterior"]
        .to_dataset()
        .assign({name: (dims[name], value) for name, value in moved.items()})
    )
    order = np.argsort(given, axis=-1)
    for method in METHODS:
        tree = quietly(mixed, model, method=method)
        np.testing.assert_array_equal(tree.posterior["means"], np.sort(given, axis=-1))
        expected = np.take_along_axis(trace.posterior["w"].values, order, -1)
        np.testing.assert_array_equal(tree.posterior["w"], expected)
        assert float(tree.relabelling["certainty_w"].min()) > 0.9

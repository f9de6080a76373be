"""Two components whose weight is one number, and signs: permuted, relabelled, judged and drawn."""

from __future__ import annotations

import warnings
from typing import Any

import matplotlib
import numpy as np
import pytest

import aliquot as aq
from aliquot.errors import AliquotWarning
from aliquot.inference.permute import permuted, that_hold
from aliquot.results import build_tree

matplotlib.use("Agg")

RNG = np.random.default_rng(6)
CHAINS, DRAWS = 4, 500
SIZE = (CHAINS, DRAWS)
Z = np.arange(24) % 3 == 0
DATA = np.where(Z, 3.0, -3.0) + RNG.normal(size=24)
STATES = np.repeat([0, 1, 0, 1], 6)
# Whole chains the other way round, and now and then a draw.
TRADE = (np.arange(CHAINS)[:, None] % 2 == 1) ^ (RNG.random(SIZE) < 0.02)
stack = aq.math.stack


def weight() -> None:
    th, mu = aq.Beta("th", 2, 2), aq.Normal("mu", 0, 5, shape=2)
    sigma = aq.HalfNormal("sigma", 2, shape=2)
    z = aq.Bernoulli("z", th, shape=24)
    aq.Deterministic("first", 1 - th)
    aq.Normal("obs", mu[z], sigma[z], observed=DATA)


WEIGHT = {
    "th": RNG.beta(9, 17, SIZE),
    "mu": np.array([-3.0, 3.0]) + 0.3 * RNG.normal(size=(*SIZE, 2)),
    "sigma": np.exp(0.1 * RNG.normal(size=(*SIZE, 2))),
}


def log_odds() -> None:
    a, low, high = aq.Normal("a", 1, 1), aq.Normal("low", 0, 5), aq.Normal("high", 0, 5)
    p = 1 / (1 + np.exp(1 - a))
    aq.NormalMixture("obs", stack([1 - p, p]), stack([low, high]), 1, observed=DATA)


LOG_ODDS = {
    "a": 0.4 + 0.3 * RNG.normal(size=SIZE),
    "low": -3 + 0.3 * RNG.normal(size=SIZE),
    "high": 3 + 0.3 * RNG.normal(size=SIZE),
}


def chain() -> None:
    """The probabilities of going to state 0, and of starting in state 1."""
    to, mu = aq.Beta("to", 2, 2, shape=2), aq.Normal("mu", 0, 5, shape=2)
    start = aq.Beta("start", 1, 1)
    z = aq.MarkovChain("z", P=stack([to, 1 - to], axis=1), init=stack([1 - start, start]), shape=24)
    aq.Normal("obs", mu[z], 1, observed=np.array([-3.0, 3.0])[STATES] + 0.5 * DATA / 3)


CHAIN = {
    "to": np.stack([RNG.beta(9, 3, SIZE), RNG.beta(3, 8, SIZE)], axis=-1),
    "mu": np.array([-3.0, 3.0]) + 0.3 * RNG.normal(size=(*SIZE, 2)),
    "start": RNG.beta(1, 3, SIZE),
}
MODELS = {"weight": (weight, WEIGHT), "log_odds": (log_odds, LOG_ODDS), "chain": (chain, CHAIN)}


def quietly(call: Any, *args: Any, **kwargs: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AliquotWarning)
        return call(*args, **kwargs)


@pytest.fixture(scope="module", params=MODELS)
def case(request) -> dict[str, Any]:
    make, true = MODELS[request.param]
    with aq.Model() as model:
        make()
    density = model.density()
    (block,) = model.symmetries().coupled
    order = np.where(TRADE[..., None], [1, 0], [0, 1])
    switched = true | block.permute(true, order)
    names = {slot.variable.name for slot in density.slots}
    assert set(block.variables) == names == set(true)
    trees = {}
    for key, values in (("true", true), ("switched", switched)):
        attrs = {"symmetries": model.symmetries().to_json()}
        lp = {"lp": RNG.normal(size=SIZE)}
        tree = build_tree(posterior=values, sample_stats=lp, attrs=attrs)
        if request.param == "weight":
            kinds = ("draws", "probabilities", "most_probable")
            tree = aq.recover(tree, model, kind=kinds, random_seed=3)
            tree.attrs |= attrs
        trees[key] = tree
    trees["relabelled"] = quietly(aq.relabel, trees["switched"], model)
    return {"model": model, "block": block, "values": true, **trees}


def test_the_density_stays_as_it_is(case):
    model, values = case["model"], case["values"]
    with warnings.catch_warnings():
        warnings.simplefilter("error", AliquotWarning)
        assert that_hold(model.density(), model.symmetries(), values).coupled
        moved = permuted(model.density(), model.symmetries(), values, seed=3)
    assert moved is not None
    changed = np.mean(
        moved["mu" if "mu" in values else "low"] != values.get("mu", values.get("low"))
    )
    assert abs(changed - 0.5) < 4 * np.sqrt(0.25 / (CHAINS * DRAWS))
    if "first" in moved:
        np.testing.assert_allclose(moved["first"], 1 - moved["th"])


@pytest.mark.parametrize("method", ["ecr", "stephens", "pivot"])
def test_labels_come_back(case, method):
    found = case["relabelled"]
    if method != "ecr":
        found = quietly(aq.relabel, case["switched"], case["model"], method=method)
    for name, values in case["values"].items():
        np.testing.assert_allclose(found.posterior[name], values, rtol=1e-12, atol=1e-14)
    if "first" in found.posterior:
        np.testing.assert_allclose(found.posterior["first"], 1 - case["values"]["th"])


def test_recovered_labels_are_renamed(case):
    if "state_probabilities" not in case["switched"].children:
        pytest.skip("no labels")
    found = case["relabelled"]
    for group in ("state_probabilities", "most_probable"):
        np.testing.assert_allclose(found[group]["z"], case["true"][group]["z"], atol=1e-9)
    z = case["switched"].posterior["z"].values
    np.testing.assert_array_equal(found.posterior["z"], np.where(TRADE[..., None], 1 - z, z))


def test_a_saved_result_is_judged(case, tmp_path):
    path = tmp_path / "trace.nc"
    case["switched"].to_netcdf(path)
    import xarray

    found = aq.check(xarray.open_datatree(path))
    assert set(found.messages) == {"label_switching"}
    assert found.facts["label_free_rhat"] < 1.01 < found.facts["rhat"]
    assert "label_switching" not in aq.check(case["true"]).messages


def test_what_has_no_labels_is_the_same(case):
    if "z" not in case["switched"].posterior:
        pytest.skip("allocations would be drawn")
    before, after = (
        aq.filled_components(case[key], case["model"]) for key in ("switched", "relabelled")
    )
    np.testing.assert_array_equal(before, after)


def test_pictures(case):
    import matplotlib.pyplot as plt

    found = case["relabelled"]
    for name in case["block"].variables:
        before, after = aq.plots.plot_mirror_modes(found, var_name=name)
        assert before.get_xlabel() == after.get_xlabel() != after.get_ylabel()
    aq.plots.plot_label_traces(found)
    plt.close("all")
    if "th" in case["values"]:
        before, _ = aq.plots.plot_mirror_modes(found, var_name="th")
        assert (before.get_xlabel(), before.get_ylabel()) == ("th", "1 - th")
    plt.close("all")


def test_a_weight_close_to_its_bound_is_no_objection():
    """1e-20 becomes 1: the digits are gone, which is rounding and not another density."""
    with aq.Model() as model:
        th, mu = aq.Beta("th", 0.5, 0.5), aq.Normal("mu", 0, 5, shape=2)
        aq.NormalMixture("obs", stack([th, 1 - th]), mu, 1, observed=DATA)
    draws = {"th": np.full((1, 20), 1e-20), "mu": RNG.normal(size=(1, 20, 2))}
    with warnings.catch_warnings():
        warnings.simplefilter("error", AliquotWarning)
        assert that_hold(model.density(), model.symmetries(), draws).coupled


# Signs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bounds", [(-2.0, 3.0), (5.0, 6.0), (-1e3, 0.0)])
def test_nor_is_a_number_close_to_another_bound(bounds):
    low, high = bounds
    with aq.Model() as model:
        x = aq.Uniform("x", low, high)
        aq.Potential("peaks", -0.97 * (aq.math.log(x - low) + aq.math.log(high - x)))
    near = np.tile([np.nextafter(low, high), np.nextafter(high, low)], 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert that_hold(model.density(), model.symmetries(), {"x": near[None]}).coupled


@pytest.mark.parametrize("center", [0.0, 1.0])
def test_a_sign_that_draws_deny_is_noticed(center):
    with aq.Model() as model:
        k = aq.Normal("k", center, 1)
        aq.Normal("obs", (k - center) ** 2, 1, observed=np.full(5, 4.0))
        # Beyond all that is looked at beforehand.
        aq.Potential("far", np.where(k > 50, 1.0, 0.0))
    symmetries = model.symmetries()
    assert symmetries.modes == 2
    draws = {"k": np.full((1, 40), 60.0)}
    with pytest.warns(AliquotWarning, match="cannot trade places after all"):
        assert not that_hold(model.density(), symmetries, draws).coupled


def test_signs_and_places_of_factors_come_back():
    L = np.array([[2.0, 0.3], [1.5, -1.0], [-1.0, 1.2], [0.5, 2.0]])
    F = np.array([[1.0, -1.0, 2.0, 0.5], [0.5, 1.5, -0.5, 1.0]])
    data = L @ F + 0.1 * RNG.normal(size=(4, 4))
    with aq.Model() as model:
        loadings = aq.StudentT("L", 5, mu=0, sigma=2, shape=(4, 2))
        factors = aq.Normal("F", 0, 2, shape=(2, 4))
        aq.Normal("obs", loadings @ factors, 0.1, observed=data)
    true = {
        "L": L + 0.05 * RNG.normal(size=(*SIZE, 4, 2)),
        "F": F + 0.05 * RNG.normal(size=(*SIZE, 2, 4)),
    }
    symmetries = model.symmetries()
    assert symmetries.modes == 8
    switched = dict(true)
    for block in symmetries.coupled:
        turn = np.where(RNG.random((*SIZE, 1)) < 0.5, [1, 0], [0, 1])
        switched |= block.permute(switched, turn)
    attrs = {"symmetries": symmetries.to_json()}
    tree = build_tree(posterior=switched, attrs=attrs)
    found = quietly(aq.relabel, tree, model, method="pivot")
    for name, axis in (("L", -1), ("F", -2)):
        draws = found.posterior[name].values
        # One way round for all draws, whichever it is.
        assert draws.std(axis=(0, 1)).max() < 0.1
        sizes = np.sort(np.abs(draws.mean(axis=(0, 1))).sum(axis=1 if axis == -2 else 0))
        truth = np.sort(np.abs({"L": L, "F": F}[name]).sum(axis=1 if axis == -2 else 0))
        np.testing.assert_allclose(sizes, truth, atol=0.3)
    product = found.posterior["L"].values @ found.posterior["F"].values
    np.testing.assert_allclose(product, true["L"] @ true["F"], atol=1e-12)
    with pytest.raises(aq.ModelError, match="needs rows of the data"):
        quietly(aq.relabel, tree, model)


def test_a_sign_needs_no_method():
    with aq.Model() as model:
        x = aq.Normal("x", 0, 3)
        aq.Normal("obs", x**2, 1, observed=[4.0, 5.0])
    draws = np.where(TRADE, -1, 1) * (2.1 + 0.1 * RNG.normal(size=SIZE))
    attrs = {"symmetries": model.symmetries().to_json()}
    tree = build_tree(posterior={"x": draws}, attrs=attrs)
    message = aq.check(tree).messages["label_switching"]
    assert message.startswith("The signs of x switched")
    found = quietly(aq.relabel, tree, model)
    np.testing.assert_allclose(found.posterior["x"], np.abs(draws))

"""The tree of results: schema, labels, errors, storage, and ArviZ's functions on it."""

from __future__ import annotations

import datetime
import json
from typing import Any

import numpy as np
import pytest
import xarray as xr

from aliquot.errors import ModelError, ShapeError
from aliquot.results import build_tree

CHAINS, DRAWS, ROWS = 2, 60, 12


def arrays() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    shape = (CHAINS, DRAWS)
    return {
        "posterior": {
            "means": rng.normal(size=(*shape, 2)),
            "sigma": rng.gamma(2, size=shape),
            "corr": rng.normal(size=(*shape, 2, 2)),
        },
        "sample_stats": {
            "lp": rng.normal(size=shape),
            "energy": rng.normal(size=shape),
            "diverging": rng.random(shape) < 0.1,
            "reached_max_treedepth": np.zeros(shape, bool),
            "tree_depth": rng.integers(1, 5, shape),
            "n_steps": rng.integers(1, 31, shape),
            "acceptance_rate": rng.random(shape),
            "step_size": np.full(shape, 0.3),
        },
        "unconstrained_posterior": {"means": rng.normal(size=(*shape, 1))},
        "warmup_posterior": {"means": rng.normal(size=(CHAINS, 10, 2))},
        "log_likelihood": {"obs": rng.normal(-1, 0.1, size=(*shape, ROWS))},
        "posterior_predictive": {"obs": rng.normal(size=(*shape, ROWS))},
        "observed_data": {"obs": rng.normal(size=ROWS)},
        "constant_data": {"used": np.array([True, False])},
        "dims": {"means": ["component"], "corr": ["component", None], "obs": ["row"]},
        "coords": {"component": ["low", "high"], "row": [f"r{i}" for i in range(ROWS)]},
        "attrs": {
            "sampling_time": 1.5,
            "partial": False,
            "random_seed": None,
            "entropy": 2**100,
            "settings": {"tune": np.int64(10), "init": None, "scale": np.arange(2)},
            "note": "µs",
        },
    }


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    return build_tree(**arrays())


def test_every_dim_has_a_coordinate(tree: xr.DataTree) -> None:
    for group in tree.children.values():
        assert set(group.dims) == set(group.coords)
    assert tree.posterior["corr"].dims == ("chain", "draw", "component", "corr_dim_1")
    assert list(tree.posterior.component.values) == ["low", "high"]
    assert list(tree.warmup_posterior.draw.values) == list(range(10))
    assert tree.observed_data["obs"].dims == ("row",)
    assert tree.sample_stats["diverging"].dtype == bool


def test_unconstrained_variables_drop_dims_that_do_not_fit(tree: xr.DataTree) -> None:
    assert tree.unconstrained_posterior["means"].dims == ("chain", "draw", "means_dim_0")


def test_attributes_say_who_made_it_and_are_plain(tree: xr.DataTree) -> None:
    for node in tree.subtree:
        assert node.attrs["inference_library"] == "aliquot"
        assert node.attrs["inference_library_version"]
        created = datetime.datetime.fromisoformat(node.attrs["created_at"])
        assert created.utcoffset() == datetime.timedelta(0)
        assert node.attrs["partial"] == 0
        assert "random_seed" not in node.attrs
        assert node.attrs["entropy"] == str(2**100)
        assert json.loads(node.attrs["settings"]) == {"tune": 10, "init": None, "scale": [0, 1]}


def test_netcdf_round_trip(tree: xr.DataTree, tmp_path: Any) -> None:
    path = tmp_path / "tree.nc"
    tree.to_netcdf(path, engine="h5netcdf")
    with xr.open_datatree(path, engine="h5netcdf") as back:
        xr.testing.assert_identical(tree, back.load())
        assert back.sample_stats["diverging"].dtype == bool


def test_missing_values_become_nan() -> None:
    data = np.ma.masked_array([1, 2], mask=[False, True])
    built = build_tree(observed_data={"y": data}).observed_data["y"].values
    np.testing.assert_array_equal(built, [1.0, np.nan])


def test_labels_that_cannot_be_stored_become_strings() -> None:
    tree = build_tree(
        posterior={"x": np.zeros((1, 3, 2))},
        dims={"x": ["pair"]},
        coords={"pair": [("a", 1), ("b", 2)]},
    )
    assert list(tree.posterior["pair"].values) == ["('a', 1)", "('b', 2)"]


def test_extending_keeps_the_tree_and_its_draws(tree: xr.DataTree) -> None:
    thinned = tree.isel(draw=slice(0, None, 2))
    new = build_tree(
        log_likelihood={"obs": np.ones((CHAINS, DRAWS // 2, ROWS))},
        predictions={"other": np.ones((CHAINS, 3, ROWS))},
        dims={"obs": ["row"]},
        attrs={"step": "second"},
        extend=thinned,
    )
    assert list(new.log_likelihood.draw.values) == list(range(0, DRAWS, 2))
    assert list(new.predictions.draw.values) == [0, 1, 2]
    assert new.log_likelihood.attrs["step"] == "second"
    assert new.attrs == tree.attrs
    assert "predictions" not in thinned.children
    assert float(thinned.log_likelihood["obs"].max()) < 1
    xr.testing.assert_identical(new.posterior.to_dataset(), thinned.posterior.to_dataset())


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ({"coords": {"component": ["a", "b", "c"]}}, ShapeError, r"'means'.*'component'.*3 labels"),
        ({"dims": {"means": ["component", "x"]}}, ShapeError, r"'means'.*\(2,\).*'component', 'x'"),
        ({"dims": {"means": ["k"], "corr": ["i", "j"], "sigma": ["i"]}}, ShapeError, "'sigma'"),
        ({"dims": {"corr": ["i", "i"]}}, ShapeError, "'corr'"),
        ({"dims": {"means": ["sigma"]}}, ModelError, "'sigma'.*rename"),
        ({"posterior": {"m": np.zeros(3)}}, ShapeError, r"'m'.*\(chain, draw\)"),
        ({"sample_stats": {"lp": np.zeros((CHAINS, 3))}}, ShapeError, "sample_stats.*3 draws"),
        ({"coords": {"component": np.eye(2)}}, ShapeError, "one-dimensional"),
        (
            {"posterior": {"a": np.zeros((2, 3)), "b": np.zeros((2, 4))}},
            ShapeError,
            "'draw' has length 4 in 'b' but 3 in 'a'",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    wrong: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        build_tree(**(arrays() | wrong))


def test_arviz_statistics_run(tree: xr.DataTree) -> None:
    import arviz as az

    table = az.summary(tree)
    assert {"means[low]", "means[high]", "sigma"} <= set(table.index)
    assert az.ess(tree)["sigma"].item() > 0
    assert np.isfinite(az.loo(tree).elpd)
    found, details = az.diagnose(tree, return_diagnostics=True, show_diagnostics=False)
    assert found
    assert details["divergent"]["n_divergent"] == tree.sample_stats["diverging"].sum()
    assert "bfmi" in details
    assert "treedepth" in details


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plot", "options"),
    [
        ("plot_trace_dist", {}),
        ("plot_autocorr", {}),
        ("plot_pair", {"var_names": ["means", "sigma"]}),
        ("plot_ppc_dist", {}),
        ("plot_energy", {}),
    ],
)
def test_arviz_plots_run(tree: xr.DataTree, plot: str, options: dict[str, Any]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import arviz as az
    import matplotlib.pyplot as plt

    assert getattr(az, plot)(tree, **options) is not None
    plt.close("all")

"""Chains that ended at log densities far apart are told from chains that are only slow."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
import xarray as xr

import aliquot as aq
from aliquot.diagnostics import check
from aliquot.diagnostics.heights import ATTRIBUTE, heights, log_volumes
from aliquot.results import build_tree
from tests.diagnostics.samples import mixing_slowly, noise


def at(levels: list[float], *, spread: float = 1.0) -> np.ndarray:
    """Log densities about one level for each chain."""
    return np.asarray(levels)[:, None] - spread * noise(seed=3, chains=len(levels)) ** 2


def tree(lp: np.ndarray, volumes: list[float] | None = None) -> xr.DataTree:
    """Give a result whose variable is where its chain is."""
    x = lp[:, :1] + noise(seed=4, chains=len(lp), draws=lp.shape[1])
    attrs = {} if volumes is None else {ATTRIBUTE: volumes}
    return build_tree(posterior={"x": x}, sample_stats={"lp": lp}, attrs=attrs)


def said(lp: np.ndarray, volumes: list[float] | None = None) -> str:
    found = check(tree(lp, volumes))
    assert list(found.messages) == ["chains_apart"]
    assert {r.cause for r in found.records if r.kind != "chains_apart"} == {"chains_apart"}
    assert found.facts["log_density_gap"] > 10
    return found.messages["chains_apart"]


def test_which_chains_and_how_far_in_place_of_draw_longer() -> None:
    text = said(at([0, -94, 0, -373]), [0, 0, 0, 0])
    assert "in nats from chain 0" in text or "in nats from chain 2" in text
    assert re.search(r"chains 3 \(37\d below\) and 1 \(9[34][.\d]* below\)", text)
    assert "are in modes that hold next to none of the mass" in text
    assert "Draw longer" not in text
    assert "initvals" in text


def test_without_volumes_it_is_most_likely() -> None:
    assert "below) is most likely in a mode" in said(at([0, -94, 0, 0]))


def test_a_chain_on_its_way() -> None:
    lp = at([0, 0, 0, 0])
    lp[2] -= np.linspace(900, 200, lp.shape[1])
    assert "chain 2 (" in said(lp, [0, 0, 9, 0])
    assert "is still on its way" in said(lp, [0, 0, 9, 0])


def test_a_mode_that_is_lower_and_wider() -> None:
    """Its mass is its height and its volume: 40 nats lower and 39 nats wider is a third of it."""
    assert "is in a wider mode, whose share" in said(at([0, -40, 0, 0]), [0, 39, 0, 0])


def test_a_spike_is_not_taken_for_the_best() -> None:
    """As of a component that has closed in on one observation."""
    text = said(at([0, 40, 0, 0]), [0, -80, 0, 0])
    assert re.search(r"chain 1 \((39|40)[.\d]* above\) is in a spike so narrow", text)
    assert "from chain 1" not in text


@pytest.mark.parametrize(
    "lp",
    [
        at([0, -5, 0, 0]),
        at([0, -30, 0, 0], spread=200.0),
        np.zeros((4, 1000)),
        at([0, -100])[:1],
        at([0, -100])[:, :10],
    ],
    ids=["few nats", "within a wide spread", "constant", "one chain", "hardly any draws"],
)
def test_no_alarm(lp: np.ndarray) -> None:
    assert heights(lp) is None
    assert "chains_apart" not in {record.kind for record in check(tree(lp)).records}


def test_slow_chains_are_told_to_draw_longer() -> None:
    slow = mixing_slowly(0.99)
    found = check(build_tree(posterior={"x": slow}, sample_stats={"lp": -(slow**2)}))
    assert "chains_apart" not in found.messages
    assert "Draw longer" in found.messages["ess_bulk"]


def test_volumes_are_those_of_normal_modes() -> None:
    """Of two normal modes the height and the volume add up to the ratio of their masses."""
    rng = np.random.default_rng(0)
    sds = np.array([[1.0, 2.0, 0.5], [20.0, 3.0, 4.0]])
    z = rng.normal(size=(2, 4000, 3))
    ratio = np.array([0.0, -1.5])
    lp = ratio[:, None] - np.log(sds).sum(axis=1)[:, None] - 0.5 * (z**2).sum(axis=-1) * 0.2
    lp[1] -= 20
    volumes = log_volumes(z * sds[:, None], lp)
    assert volumes is not None
    # Each variance has a relative error of sqrt(2 / 2000): half its log, of three.
    error = 0.5 * np.sqrt(3 * 2 / 2000)
    np.testing.assert_allclose(volumes, np.log(sds).sum(axis=1), atol=4.5 * error)
    assert log_volumes(z, np.zeros((2, 4000))) is None


@pytest.mark.parametrize("seed", [1, 2])
def test_modes_of_a_model(seed: int) -> None:
    """Chains that start in a mode of weight 1e-20 stay there, and are said to."""
    starts = [{"x": -200.0}, {"x": 200.0}, {"x": 200.0}, {"x": -200.0}]
    with aq.Model():
        aq.NormalMixture("x", w=[1e-20, 1.0], mu=[-200.0, 200.0], sigma=1.0)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            trace = aq.sample(
                300, tune=300, initvals=starts, init="adapt_diag", random_seed=seed,
                progressbar=False,
            )  # fmt: skip
    (text,) = [str(w.message) for w in caught if "heights" in str(w.message)]
    assert "chains" in text
    assert "are in modes that hold next to none of the mass" in text
    gap = aq.check(trace).facts["log_density_gap"]
    assert gap == pytest.approx(20 * np.log(10), abs=1.0)


def test_the_default_warm_up_is_a_thousand_draws() -> None:
    import inspect

    assert inspect.signature(aq.sample).parameters["tune"].default == 1000

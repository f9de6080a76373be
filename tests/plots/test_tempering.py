"""What `plot_tempering` draws, and what it says when it cannot."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import aliquot as aq
from aliquot.errors import ModelError
from aliquot.results import build_tree

ACCEPTANCE = [[0.5, 0.6, 0.4], [0.5, 0.4, 0.6]]


def tempered(draws: int = 20, **attrs: object) -> xr.DataTree:
    """Make a tree of a run in which all replicas go around: up one rung in each draw."""
    rng = np.random.default_rng(1)
    at = (np.arange(4) - np.arange(draws)[:, None]) % 4
    replica = np.broadcast_to(at, (2, draws, 4))
    trips = np.broadcast_to(np.arange(draws), (2, draws))
    return build_tree(
        posterior={"x": rng.normal(size=(2, draws))},
        sample_stats={"replica": replica, "round_trips": trips},
        attrs={
            "sampler": "tempered",
            "beta": [0.0, 0.1, 0.4, 1.0],
            "swap_acceptance": ACCEPTANCE,
            **attrs,
        },
    )


def test_swaps_ways_and_trips() -> None:
    axes = aq.plots.plot_tempering(tempered())
    assert axes.shape == (3,)
    np.testing.assert_allclose([bar.get_height() for bar in axes[0].patches], 0.5)
    for line, chain in zip(axes[0].lines, ACCEPTANCE, strict=True):
        np.testing.assert_allclose(line.get_ydata(), chain)
    # Four replicas, of which each is one rung further up in the next draw.
    ways = np.array([line.get_ydata() for line in axes[1].lines])
    assert np.all(np.sort(ways, axis=0) == np.arange(4)[:, None])
    assert np.all(np.diff(ways, axis=1) % 4 == 1)
    assert [line.get_ydata()[-1] for line in axes[2].lines] == [19, 19]
    texts = [text.get_text() for panel in axes for text in panel.texts]
    assert "4 rungs; barrier 1.5; lowest beta 0.1" in texts
    assert "38 in 2 chains" in texts


def test_fewer_draws_and_own_axes() -> None:
    own = plt.subplots(3, 1)[1]
    axes = aq.plots.plot_tempering(tempered(), chain=1, draws=5, ax=own)
    assert all(a is b for a, b in zip(axes, own, strict=True))
    assert len(axes[1].lines[0].get_ydata()) == 5


def test_what_is_refused() -> None:
    with pytest.raises(ModelError, match=r"plot_tempering: .* 'NUTS'"):
        aq.plots.plot_tempering(tempered(sampler="NUTS"))
    with pytest.raises(ModelError, match="chain must be one of 0 to 1; got 2"):
        aq.plots.plot_tempering(tempered(), chain=2)
    with pytest.raises(ModelError, match="draws"):
        aq.plots.plot_tempering(tempered(), draws=1)

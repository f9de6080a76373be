"""Sequences of different lengths as rows: each counts as if it were written alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import aliquot as aq
from tests.density.streamed.comparison import close, derivatives, points_of, small_blocks

LENGTHS = [3, 1, 6, 2, 6, 4, 1, 5]


@pytest.fixture(autouse=True)
def _blocks(monkeypatch):
    small_blocks(monkeypatch)


def sequences(count):
    """Give columns of `count` sequences, of the lengths above in turn, and the key of each row."""
    rng = np.random.default_rng(17)
    lengths = np.resize(LENGTHS, count)
    rows = int(lengths.sum())
    table = {
        "y": rng.normal(size=rows),
        "c": rng.poisson(2.0, rows),
        "who": np.repeat(np.arange(count), lengths),
    }
    return pa.table(table), lengths


def parameters():
    """Write what all sequences share."""
    P, mu = aq.Dirichlet("P", np.ones((2, 2))), aq.Normal("mu", 0, 3, shape=2)
    return P, mu, aq.Gamma("rate", 2, 1, shape=2)


def chains(theta, y, c, mark=""):
    """Write hidden Markov models with two observed columns, one for each row of y and c."""
    P, mu, rate = theta
    z = aq.MarkovChain(f"z{mark}", P=P, init=np.array([0.3, 0.7]), shape=y.shape)
    aq.Normal(f"y_of{mark}", mu[z], 1, observed=y)
    aq.Poisson(f"c_of{mark}", rate[z], observed=c)


@pytest.mark.parametrize("count", [20, 300])
def test_hidden_markov_models(count, tmp_path):
    table, lengths = sequences(count)
    pq.write_table(table, tmp_path / "d.parquet")
    with aq.Model() as disk:
        y = aq.Data.from_parquet(tmp_path / "d.parquet", "y", sequence="who")
        c = aq.Data.from_parquet(tmp_path / "d.parquet", "c", sequence="who")
        chains(parameters(), y, c)
    assert y.shape == (count, 6)
    begins = np.append(0, np.cumsum(lengths))
    with aq.Model() as memory:  # those of one length side by side
        theta = parameters()
        for steps in np.unique(lengths):
            rows = begins[:-1][lengths == steps][:, None] + np.arange(steps)
            chains(theta, table["y"].to_numpy()[rows], table["c"].to_numpy()[rows], f"{steps}")
    density, expected = disk.density(), memory.density()
    points, _ = points_of(expected)
    close(density.host.gradients(points), derivatives(expected, points))


def test_single_steps_in_memory():
    """Without hidden states the sum is that of all rows."""
    table, _ = sequences(150)

    def write(y):
        aq.Normal("obs", aq.Normal("mu", 0, 5), aq.HalfNormal("sigma", 1), observed=y)

    with aq.Model() as disk:
        write(aq.Data.from_arrow(table, "y", sequence="who"))
    with aq.Model() as memory:
        write(table["y"].to_numpy())
    density, expected = disk.density(), memory.density()
    points, _ = points_of(expected)
    close(density.host.gradients(points), derivatives(expected, points))


def test_equal_lengths_need_no_marks():
    table = pa.table({"y": np.arange(6.0), "who": [0, 0, 1, 1, 2, 2]})
    with aq.Model() as model:
        y = aq.Data.from_arrow(table, "y", sequence="who")
        obs = aq.Normal("obs", aq.Normal("mu", 0, 1), 1, observed=y)
    assert y.shape == (3, 2)
    assert obs.counted is None
    assert list(model.rows.sources) == ["y"]


def test_what_would_count_beyond_the_end_is_refused():
    table, _ = sequences(8)
    with aq.Model():
        y = aq.Data.from_arrow(table, "y", sequence="who")
        sigma = aq.HalfNormal("sigma", 1)
        with pytest.raises(aq.ModelError, match=r"walk: the sequences of .* have 1 to 6 steps"):
            aq.GaussianRandomWalk("walk", sigma=sigma, observed=y)
        with pytest.raises(aq.ModelError, match=r"part: the sequences of .* have 1 to 6 steps"):
            aq.Normal("part", 0, sigma, observed=y[:, 1:])
        with pytest.raises(aq.ModelError, match=r"p: the sequences of .* have different lengths"):
            aq.Potential("p", -(y**2) * sigma)

"""Models of rows that lie on a disk, as whoever writes and reads them sees them."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zarr

import aliquot as aq
from aliquot.model import streamed as written

N = 700


@pytest.fixture(autouse=True)
def _few_rows(monkeypatch):
    """A model is written with 131 rows."""
    monkeypatch.setattr(written, "LENGTHS", [131])


def numbers():
    rng = np.random.default_rng(31)
    return rng.normal(size=N), rng.integers(0, 4, N)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    y, group = numbers()
    path = tmp_path_factory.mktemp("rows") / "d.parquet"
    words = [f"w{g}" for g in group]
    pq.write_table(pa.table({"y": y, "group": group, "words": words}), path)
    return path


@pytest.fixture
def model(file):
    with aq.Model() as model:
        y = aq.Data.from_parquet(file, "y", dims="row")
        group = aq.Data.from_parquet(file, "group")
        w, mu = aq.Dirichlet("w", np.ones(2)), aq.Normal("mu", 0, 5, shape=(4, 2))
        z = aq.Categorical("z", w, dims="row")
        aq.Deterministic("centre", mu[group, 0] + 1)
        aq.Normal("obs", mu[group, z], 1, observed=y, dims="row")
    return model


# Shapes -------------------------------------------------------------------------------------------


def test_lengths_are_those_of_all_rows(file):
    with aq.Model():
        both = aq.Data.from_parquet(file, ["y", "group"])
        b = aq.Normal("b", 0, 1, shape=2)
        mean = both @ b
        z = aq.Bernoulli("z", 0.5, shape=len(both))
        assert both.name == "y_group"
        assert both.shape == (N, 2)
        assert len(both) == N == both.shape[0]
        assert both.size == 2 * N
        assert both.T.shape == (2, N)
        assert mean.shape == (N,) == z.shape
        assert both.mean(axis=0).shape == (2,)
        assert repr(both) == f"<y_group: float64[{N}, 2]>"
        assert repr(mean) == f"<y_group @ b: float64[{N}]>"
        assert (mean[:, None] * np.ones(3)).shape == (N, 3)
        assert (mean * np.ones(len(mean))).shape == (N,)


def test_the_lines_of_a_model_tell_of_all_rows(model):
    lines = [" ".join(line.split()) for line in repr(model).splitlines()]
    assert lines == [
        "y = data on a disk dims row (700)",
        "group = data on a disk shape (700,)",
        "w ~ Dirichlet(a=[1.0, 1.0]) shape (2,)",
        "mu ~ Normal(mu=0, sigma=5) shape (4, 2)",
        "z ~ Categorical(p=w) dims row (700)",
        "centre = mu[group, 0] + 1 shape (700,)",
        "obs ~ Normal(mu=mu[group, z], sigma=1) observed (700)",
    ]
    assert "observed (700)" in model._repr_html_()
    assert "131" not in model._repr_html_()


def test_dims(file, model):
    assert model.coords["row"].tolist() == list(range(N))
    with aq.Model(coords={"row": N, "other": 3}):
        y = aq.Data.from_parquet(file, "y", dims="row")
        assert y.dims == ("row",)
        with pytest.raises(
            aq.ShapeError, match=r"group: its shape is \(700,\), but dims \('other',\)"
        ):
            aq.Data.from_parquet(file, "group", dims="other")


def test_the_graph(model):
    graphviz = pytest.importorskip("graphviz")
    drawn = model.to_graphviz()
    assert isinstance(drawn, graphviz.Digraph)
    assert 'label="row (700)"' in drawn.source
    assert "131" not in drawn.source


def test_what_is_summed_out(model):
    found = model.marginalization()
    assert found.line == "summing out z (2 states x 700): 2,800 values in an evaluation"
    assert {table.rows for table in found.tables} == {N}
    assert [(step.elements, step.entries) for step in found.steps] == [(N, 2 * N)]
    assert model.symmetries().modes == 2


def test_debug_adds_up_all_rows(model):
    density = model.density()
    rows = {row.name: row for row in model.debug().rows}
    total = sum(row.log_density for row in rows.values())
    np.testing.assert_allclose(total, density.evaluate(density.start), rtol=1e-12)
    assert set(rows) == {"w", "mu", "sum over z"}


# Copies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies(model, how):
    density = model.density()
    other = how(model)
    assert repr(other) == repr(model)
    assert other.density().evaluate(density.start) == density.evaluate(density.start)


def memory(values=None, observed=None):
    """Write the same model with its data in memory, some of it known."""
    y, group = numbers()
    with aq.Model() as model:
        y, group = aq.Data("y", y), aq.Data("group", group)
        w, mu = aq.Dirichlet("w", np.ones(2)), aq.Normal("mu", 0, 5, shape=(4, 2))
        z = aq.Categorical("z", w, shape=N)
        aq.Normal("obs", mu[group, z], 1, observed=y)
    model = model if values is None else aq.do(model, values)
    return model if observed is None else aq.observe(model, observed)


@pytest.mark.parametrize(
    ("values", "observed"),
    [
        ({"mu": np.arange(8.0).reshape(4, 2)}, None),
        ({"obs": np.arange(N) / N}, None),
        (None, {"z": np.arange(N) % 2}),
        (None, {"mu": np.arange(8.0).reshape(4, 2)}),
    ],
    ids=["do a parameter", "do the observations", "observe labels", "observe a parameter"],
)
def test_written_again(model, values, observed):
    again = model if values is None else aq.do(model, values)
    again = again if observed is None else aq.observe(again, observed)
    density, expected = again.density(), memory(values, observed).density()
    assert density.labels == expected.labels
    points = expected.start + np.random.default_rng(7).normal(scale=0.3, size=expected.size)
    np.testing.assert_allclose(density.evaluate(points), expected.evaluate(points), rtol=1e-12)


def test_arrays_of_all_rows_are_written_again():
    y, _ = numbers()
    with aq.Model() as model:
        column = aq.Data.from_numpy(y, name="y")
        aq.Normal("obs", aq.Normal("mu", 0, 1) * np.linspace(0, 1, N), 1, observed=column)
        aq.Normal("other", aq.Normal("nu", 0, 1), 1, observed=np.cos(np.arange(N)))
    found = aq.observe(model, {"mu": 0.5}).density().evaluate([0.2])
    np.testing.assert_allclose(found, model.density().evaluate([0.5, 0.2]), rtol=1e-12)


def test_shapes_of_what_is_written_again(model):
    with pytest.raises(aq.ShapeError, match=r"z: the data have shape \(3,\), the .* \(700,\)"):
        aq.observe(model, {"z": [0, 1, 0]})
    with pytest.raises(aq.ShapeError, match=r"obs: the values have shape \(3,\), it has \(700,\)"):
        aq.do(model, {"obs": [0.0, 1.0, 0.0]})


# The rows that a model is written with ------------------------------------------------------------


def test_extremes_are_among_them():
    rng = np.random.default_rng(9)
    columns = rng.normal(size=(5000, 4))
    labels = np.zeros(5000, int)
    labels[rng.integers(5000)] = 7
    with aq.Model() as model:
        x = aq.Data.from_numpy(columns, name="x")
        label = aq.Data.from_numpy(labels, name="label")
        effect = aq.Normal("effect", 0, 1, shape=8)
        assert effect[label].shape == (5000,)
        with pytest.raises(IndexError, match="index 7 is out of bounds"):
            aq.Normal("few", 0, 1, shape=7)[label]
    places = model.rows.places()
    assert len(places) == 131
    assert (np.diff(places) >= 0).all()
    assert set(columns.argmin(axis=0)) | set(columns.argmax(axis=0)) <= set(places)
    assert labels.argmax() in places
    np.testing.assert_array_equal(x._value, columns[places])
    np.testing.assert_array_equal(label._value, labels[places])


def test_more_columns_than_rows():
    """The extremes of all columns together are kept where there are too many of single ones."""
    rng = np.random.default_rng(10)
    columns = rng.normal(size=(400, 200))
    with aq.Model() as model:
        x = aq.Data.from_numpy(columns, name="x")
    places = set(model.rows.places())
    assert int(columns.min(axis=1).argmin()) in places
    assert int(columns.max(axis=1).argmax()) in places
    assert not x.has_extremes


def test_fewer_rows_than_are_shown():
    with aq.Model() as model:
        y = aq.Data.from_numpy(np.array([3.0, 1.0]), name="y")
    assert y.shape == (2,)
    assert model.rows.places().tolist() == [0] + [1] * 130


# Names and files ----------------------------------------------------------------------------------


def test_files_and_columns_that_are_not_there(file, tmp_path):
    with aq.Model() as model:
        with pytest.raises(aq.RowsError, match=r"none\.parquet"):
            aq.Data.from_parquet(tmp_path / "none.parquet", "y")
        with pytest.raises(aq.RowsError, match="'z'"):
            aq.Data.from_parquet(file, "z")
        with pytest.raises(aq.RowsError, match=r"column 'words' .*text"):
            aq.Data.from_parquet(file, "words")
        with pytest.raises(aq.RowsError, match="'z'"):
            aq.Data.from_parquet(file, "y", sequence="z")
        with pytest.raises(aq.RowsError, match=r"none\.npy"):
            aq.Data.from_numpy(tmp_path / "none.npy", name="y")
        with pytest.raises(aq.RowsError, match=r"none\.zarr"):
            aq.Data.from_zarr(tmp_path / "none.zarr", name="y")
        with pytest.raises(aq.RowsError, match=r"none\.feather"):
            aq.Data.from_arrow(tmp_path / "none.feather", "y")
    assert not model.variables
    assert not model.rows


def test_names_and_dims_that_do_not_do(file):
    with aq.Model() as model:
        aq.Normal("group", 0, 1)
        with pytest.raises(aq.ModelError, match="group"):
            aq.Data.from_parquet(file, "group")
        aq.Data.from_parquet(file, "group", name="g")
        with pytest.raises(aq.ShapeError, match=r"y: dims \('a', 'b'\) for data of shape \(700,\)"):
            aq.Data.from_parquet(file, "y", dims=("a", "b"))
        with pytest.raises(aq.ModelError, match="y: a variable cannot have the name of its dim"):
            aq.Data.from_parquet(file, "y", dims="y")
        with pytest.raises(aq.ModelError, match="g"):
            aq.Data.from_parquet(file, "y", name="g")
        aq.Data.from_parquet(file, "y")
    assert list(model.variables) == ["group", "g", "y"]
    assert list(model.rows.sources) == ["g", "y"]
    with pytest.raises(aq.ModelError, match=r"aq\.Data"):
        aq.Data.from_parquet(file, "y")


def test_other_kinds(tmp_path):
    y, group = numbers()
    made = zarr.create_array(tmp_path / "g.zarr", shape=group.shape, dtype="int32")
    made[:] = group
    with aq.Model():
        assert aq.Data.from_zarr(tmp_path / "g.zarr", name="g").dtype == np.int64
        table = pa.table({"y": y, "who": np.arange(N) // 7})
        assert aq.Data.from_arrow(table, "y").shape == (N,)
    with aq.Model():
        assert aq.Data.from_arrow(table, "y", sequence="who").shape == (100, 7)
    with aq.Model():
        assert aq.Data.from_numpy(np.ones((N, 2, 3)), name="x").shape == (N, 2, 3)


def test_data_in_memory_beside(file):
    """Arrays of all rows, named or not, are rows like those on the disk."""
    with aq.Model() as model:
        aq.Data.from_parquet(file, "y")
        beside, few = aq.Data("beside", np.arange(N)), aq.Data("few", np.arange(5))
        assert beside.shape == (N,)
        assert few.shape == (5,)
    assert list(model.rows.sources) == ["y", "beside"]


def test_a_value_off_the_support_is_named_by_its_row_in_the_file(tmp_path):
    y = np.ones(20_000)
    y[12_345] = -2.0
    np.save(tmp_path / "y.npy", y)
    with aq.Model():
        rows = aq.Data.from_numpy(tmp_path / "y.npy", name="rows")
        with pytest.raises(aq.SupportError, match=r"got -2\.0 at index \(12345,\)"):
            aq.Exponential("obs", 1, observed=rows)
    y[12_345] = 2.5
    np.save(tmp_path / "counts.npy", y)
    with aq.Model():
        rows = aq.Data.from_numpy(tmp_path / "counts.npy", name="rows")
        with pytest.raises(aq.DTypeError, match=r"hold 2\.5 at index \(12345,\)"):
            aq.Poisson("obs", 1, observed=rows)

"""A model in words and as a picture."""

from __future__ import annotations

import numpy as np
import pytest

import aliquot as aq


@pytest.fixture
def model() -> aq.Model:
    with aq.Model(coords={"component": ["low", "high"]}) as model:
        x = aq.Data("x", [1.0, 2.0, 3.0])
        means = aq.Normal("means", 0, 10, dims="component", transform=aq.transforms.ordered)
        sigma = aq.HalfNormal("sigma<1", 2)
        gap = aq.Deterministic("gap", means[1] - means[0])
        aq.Potential("far", -1 / gap)
        with pytest.warns(aq.ImputationWarning):
            aq.Normal("obs", means.sum() * x, sigma, observed=[0.3, np.nan, -0.5])
    return model


def test_repr_reads_like_the_maths(model: aq.Model) -> None:
    lines = [" ".join(line.split()) for line in repr(model).splitlines()]
    assert lines == [
        "x = data shape (3,)",
        "means ~ Normal(mu=0, sigma=10) dims component (2), ordered",
        "sigma<1 ~ HalfNormal(sigma=2)",
        "gap = means[1] - means[0]",
        "far += -1 / gap potential",
        "obs_missing ~ Normal missing values (1)",
        "obs ~ Normal(mu=means.sum() * x, sigma=sigma<1) observed (3, 1 missing)",
    ]
    assert repr(aq.Model()) == "<an empty aq.Model>"


def test_repr_of_longer_parameters() -> None:
    with aq.Model() as model:
        aq.Mixture("m", [0.25, 0.75], [aq.Normal.dist(0, 1), aq.Normal.dist(5, np.ones(1))])
        aq.Normal("a", np.arange(8.0), np.full(8, 2.0))
        aq.Normal("b", [0.5, 1.25])
    text = repr(model)
    assert "Mixture(w=[0.25, 0.75]" in text
    assert "Normal(mu=array[8], sigma=2)" in text
    assert "Normal(mu=[0.5, 1.25], sigma=1)" in text


def test_html_escapes_names(model: aq.Model) -> None:
    html = model._repr_html_()
    assert html.count("<tr") == 7
    assert "<i>sigma&lt;1</i>" in html
    assert "&sim;" in html
    assert "Normal(mu=0, sigma=10)" in html


def test_graph_has_nodes_edges_and_plates(model: aq.Model) -> None:
    pytest.importorskip("graphviz")
    source = model.to_graphviz().source
    for edge in (
        "means -> gap",
        "gap -> far",
        "means -> obs",
        "x -> obs",
        '"sigma<1" -> obs',
        "obs_missing -> obs",
    ):
        assert edge in source
    assert source.count("->") == 6
    assert 'label="component (2)"' in source
    assert "octagon" in source
    assert "obs_missing\nmissing" in source or r"obs_missing\nmissing" in source


def test_graph_of_shared_parts_has_each_edge_once() -> None:
    pytest.importorskip("graphviz")
    with aq.Model() as model:
        x = aq.Normal("x")
        aq.Normal("y", x + x * x, np.exp(x), observed=[0.1])
    assert model.to_graphviz().source.count("x -> y") == 1


def test_constructors_show_their_arguments() -> None:
    assert repr(aq.Poisson) == (
        "<aq.Poisson(name, mu, *, upper=None, shape=None, dims=None, observed=None, "
        "transform=default, initval=None)>"
    )

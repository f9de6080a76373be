"""Reports: their sections, what is chosen, what is said to be missing, and bad input."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray

import aliquot as aq
from aliquot.results import build_tree
from tests.reporting.conftest import SHORT, mixture
from tests.reporting.page import assert_alone

SECTIONS = ["verdict", "model", "structure", "summary", "hidden", "checks"]


def rows(source, heading="summary"):
    """The names of the rows of the first table of a section."""
    table = source.split(f'<section id="{heading}">')[1].split("</table>")[0]
    return re.findall(r'<th scope="row">([^<]*)</th>', table)


def draws(*shape):
    return np.random.default_rng(0).normal(size=shape)


def test_a_report_of_a_mixture_is_whole(mixed, written):
    trace, model = mixed
    source, page, text = written(trace, model)
    assert_alone(source, page)
    assert [name for name in page.ids if name in SECTIONS] == SECTIONS
    assert "missing" not in page.ids and "partial" not in page.ids
    assert "The 2 components of w and means can trade places: 2 mirror modes." in text
    assert "Summing out z (2 states x 40)" in text
    assert str(aq.check(trace)).splitlines()[0] in text
    for message in aq.check(trace).messages.values():
        assert re.sub(r"\s+", " ", message) in text
    assert rows(source) == ["w[low]", "w[high]", "means[low]", "means[high]"]
    assert page.shows == ["traces", "labels", "pairs", "z"]
    assert "Recovered for this report at 400 of the draws" in text
    assert "<i>means</i>[<i>z</i>]" in source
    assert "aq.sample(200, tune=200, chains=2" in text
    assert "random_seed=1)" in text
    for package in ("Python", "aliquot", "jax", "numpy"):
        assert re.search(rf"{package} \d+\.\d+", text)


def test_the_model_of_a_with_block(mixed, written):
    trace, model = mixed
    with model:
        _, page, _ = written(trace)
    assert "model" in page.ids


def test_the_trace_is_left_as_it_is(mixed, written):
    trace, model = mixed
    before = trace.copy(deep=True)
    written(trace, model)
    assert set(trace.children) == set(before.children)
    assert trace.attrs == before.attrs
    xarray.testing.assert_identical(trace["posterior"].dataset, before["posterior"].dataset)


def test_what_the_trace_holds_is_used(mixed, written):
    trace, model = mixed
    trace = aq.recover(trace, model, random_seed=1)
    trace = aq.sample_posterior_predictive(trace, model, random_seed=1)
    for given in (model, None):
        source, page, text = written(trace, given)
        assert "in its group state_probabilities" in text
        assert "in its group posterior_predictive" in text
        assert "z" in page.shows
        assert rows(source) == ["w[low]", "w[high]", "means[low]", "means[high]"]
    assert "No model was given" in text
    assert "model" not in page.ids
    assert "The 2 components of w and means can trade places" in text


def test_a_file_without_a_model(mixed, written, tmp_path):
    mixed[0].to_netcdf(tmp_path / "trace.nc", engine="h5netcdf")
    with xarray.open_datatree(tmp_path / "trace.nc", engine="h5netcdf") as trace:
        _, page, text = written(trace)
    assert [name for name in page.ids if name in SECTIONS] == ["verdict", "structure", "summary"]
    assert "Give it: aq.report(trace, model)" in text
    assert "aq.sample(200, tune=200, chains=2, init='auto', target_accept=0.8" in text


@pytest.mark.slow
def test_of_many_numbers_a_few_are_chosen(counted, written):
    trace, model = counted
    source, page, text = written(trace, model, max_shown=9)
    shown = rows(source)
    assert len(shown) in (8, 9)  # with the worst, where there are some
    assert {"mu", "tau"} <= set(shown)
    assert {name.partition("[")[0] for name in shown} == {"mu", "tau", "theta", "rate"}
    assert f"{len(shown)} of 398 numbers, in 4 variables" in text
    everything = source.split('<details id="all">')[1].split("</details>")[0]
    assert everything.count('<th scope="row">') == 398
    assert {"vector-theta", "vector-rate"} <= set(page.shows)
    assert "hidden" not in page.ids
    assert "<b>y.</b>" in source


def test_var_names_choose(counted, written):
    source, *_ = written(*counted, var_names=["tau", "mu"])
    assert rows(source) == ["tau", "mu"]
    assert 'id="all"' not in source


@pytest.mark.filterwarnings("ignore::aliquot.ConvergenceWarning")
def test_a_variational_fit(mixed, written):
    _, model = mixed
    approximation = aq.ADVI(model=model, random_seed=1).fit(500, progressbar=False)
    trace = approximation.sample(100, random_seed=1)
    _, page, text = written(trace, model)
    assert approximation.quality.message in text
    assert "100 draws of a mean-field Gaussian approximation (ADVI), fitted in 500" in text
    assert "R-hat" not in text and "ESS" not in text
    assert "labels" not in page.shows
    trace.attrs["partial"] = 1
    assert "The fit was interrupted" in written(trace, model)[2]


def test_an_interrupted_run(mixed, written):
    trace, model = mixed
    trace = trace.isel(draw=slice(0, 30))
    trace.attrs = dict(mixed[0].attrs) | {"partial": 1}
    _, page, text = written(trace, model)
    assert page.ids.index("partial") < page.ids.index("verdict")
    assert "The run was interrupted: 30 of 200 draws from each chain are there." in text
    assert [name for name in page.ids if name in SECTIONS] == SECTIONS


def test_a_run_interrupted_in_its_warm_up(written):
    warm = {"mu": draws(2, 50)}
    attrs = {"partial": True, "draws": 1_000, "sampler": "NUTS"}
    trace = build_tree(posterior={"mu": np.zeros((2, 0))}, warmup_posterior=warm, attrs=attrs)
    source, _, text = written(trace)
    assert "interrupted in its warm-up: there are no draws of the posterior" in text
    assert "These are draws of the warm-up." in text
    assert rows(source) == ["mu"]
    trace = build_tree(posterior={"mu": np.zeros((2, 0))}, attrs=attrs)
    assert written(trace)[1].shows == []


@pytest.mark.parametrize(
    "posterior",
    [
        {"x": draws(1, 100)},
        {"x": draws(2, 3)},
        {"x": draws(1, 1)},
        {"x": np.ones((2, 50)), "y": np.ones((2, 50, 3))},
        {"x": np.where(draws(2, 50) > 1, np.nan, draws(2, 50)), "y": draws(2, 50)},
        {"x": np.where(draws(2, 50) > 1, np.inf, draws(2, 50)), "y": draws(2, 50)},
        {"x": np.full((2, 50), np.nan)},
        {"x": draws(2, 50) > 0, "n": np.arange(100).reshape(2, 50) % 4},
        {"x": draws(2, 50), "none": np.zeros((2, 50, 0))},
        {"x": 1e-12 * draws(2, 50), "big": 1e15 * draws(2, 50)},
        {"x": draws(2, 50).astype("float32")},
    ],
)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_odd_draws(posterior, written):
    source, page, _ = written(build_tree(posterior=posterior))
    assert_alone(source, page)
    assert rows(source) == [
        name if array.ndim == 2 else f"{name}[{k}]"
        for name, array in posterior.items()
        for k in range(1 if array.ndim == 2 else array.shape[-1])
        if (array != array[:1, :1]).any() or len(posterior) == 1 or "y" in posterior
    ]


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_vector_that_is_never_finite_has_no_picture(written):
    posterior = {"x": draws(2, 50), "lost": np.full((2, 50, 30), np.nan), "kept": draws(2, 50, 30)}
    posterior["kept"][..., :29] = np.inf
    _, _, text = written(build_tree(posterior=posterior))
    assert "All of kept: mean" in text
    assert "All of lost" not in text


def test_discrete_variables_alone(written):
    with aq.Model() as model:
        z = aq.Bernoulli("z", 0.3, shape=4)
        aq.Normal("y", z, 1, observed=[0.0, 1.0, 2.0, 0.5])
    trace = aq.sample(100, chains=2, model=model, **SHORT)
    for given in (model, None):
        _, page, text = written(trace, given)
        assert "summary" not in page.ids
        assert "z" in page.shows
        assert "The posterior of z" in text
        assert "independent draws of the exact posterior" in text


def test_states_that_observations_share_are_recovered_before_data_are_replicated(written):
    with aq.Model() as model:
        z = aq.Bernoulli("z", 0.5, shape=2)
        aq.Normal("y", 20.0 * z[np.repeat([0, 1], 10)], 1, observed=np.repeat([0.0, 20.0], 10))
    trace = aq.sample(50, chains=2, model=model, **SHORT)
    trace["posterior"] = trace["posterior"].to_dataset().drop_vars(["z", "z_dim_0"])
    trace["posterior"] = trace["posterior"].to_dataset().assign(x=(("chain", "draw"), draws(2, 50)))
    source, page, _ = written(trace, model)
    assert "missing" not in page.ids
    # Given other groups' states the mean would be that of the data in half of the draws only.
    assert re.search(r"mean</th><td>10\.0\d*</td><td>(9\.\d+|10\.\d+) to 10\.\d+<", source)


def test_nothing_observed(written):
    with aq.Model() as model:
        aq.Normal("x", 0, 1)
    _, page, text = written(aq.sample(50, tune=50, chains=2, model=model, **SHORT), model)
    assert "checks" not in page.ids
    assert "There are no replicated data here:" in text


def test_names_and_titles_are_escaped(written):
    names = ["a<b>&c", "$x$", "q" * 90]
    trace = build_tree(posterior={name: draws(2, 50, 2) for name in names})
    source, page, text = written(trace, title="<i>Mine</i> & yours")
    assert_alone(source, page)
    assert "&lt;i&gt;Mine&lt;/i&gt; &amp; yours" in source
    assert "<b>&" not in source
    assert "a<b>&c[0]" in text
    with aq.Model() as model:
        aq.Normal("mu<b>", 0, 1)
        aq.Normal("y&", model["mu<b>"], 1, observed=[1.0, 2.0])
    trace = aq.sample(50, tune=50, chains=2, model=model, **SHORT)
    source, page, _ = written(trace, model)
    assert "<b>&" not in source and "mu<b>" not in source
    assert "<i>mu&lt;b&gt;</i>" in source


def test_hidden_states_with_dims_and_labels_of_any_name(written):
    with aq.Model(coords={"element": ["$a$", "b$"], "row": np.arange(8)}) as model:
        w = aq.Dirichlet("w", [2.0, 3.0], dims="element")
        p = aq.Beta("p", [1, 2], [2, 1], dims="element")
        z = aq.Categorical("z", p=w, dims="row")
        aq.Bernoulli("y", p[z], dims="row", observed=[0, 0, 0, 1, 0, 1, 1, 1])
    trace = aq.sample(50, tune=50, chains=2, model=model, **SHORT)
    source, page, _ = written(trace, model)
    assert "missing" not in page.ids
    shown = source[source.index('id="hidden"') : source.index('id="checks"')]
    assert "elements, sorted" in shown and ">$a$<" in shown and ">b$<" in shown


def test_bad_input_is_refused_before_any_work(mixed, tmp_path, monkeypatch):
    trace, model = mixed

    def never(*_, **__):
        raise AssertionError("work was done")

    monkeypatch.setattr("aliquot.reporting.contents.Contents", never)
    other = mixture(np.zeros(40))
    with aq.Model() as strange:
        aq.Normal("q", 0, 1)
    path = tmp_path / "report.html"
    for arguments, words in [
        (({"x": 1}, model, path), "give a DataTree with a group 'posterior'.*got dict"),
        ((trace, "model", path), "model must be an aq.Model; got str"),
        ((trace, strange, path), "no draws of 'q'"),
        ((trace, other, path), "given other data of 'obs' than the model holds"),
        ((trace, model, tmp_path / "no" / "r.html"), "there is no folder .*no'"),
        ((trace, model, tmp_path), "that is a folder: name a file in it"),
        ((trace, model, 3), "path must be the name of a file.*got int"),
    ]:
        with pytest.raises(aq.ModelError, match=words):
            aq.report(*arguments)
    for options, words in [
        ({"var_names": ["mean"]}, "'mean' is not a variable of the posterior .w, means."),
        ({"max_shown": 0}, "max_shown must be a whole number of at least 1; got 0"),
        ({"prob": 95}, "prob must be between 0 and 1; got 95"),
    ]:
        with pytest.raises(aq.ModelError, match=words):
            aq.report(trace, model, path, **options)
    assert not path.exists()


def test_a_trace_of_more_than_the_model(tmp_path):
    with aq.Model() as model:
        x = aq.Normal("x", 0, 1)
        aq.Normal("y", x, 1, observed=[1.0])
    trace = build_tree(posterior={"x": draws(2, 50), "w": draws(2, 50)})
    with pytest.raises(aq.ModelError, match="the trace holds 'w', which the model does not know"):
        aq.report(trace, model, tmp_path / "report.html")

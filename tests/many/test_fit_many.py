"""``aq.fit_many``: each fit is the one of its data set alone, and what fails is a row."""

from __future__ import annotations

import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

import aliquot as aq
from aliquot.compilation import counts
from aliquot.many import crew, processes
from aliquot.many import engine as engines
from tests import seeds
from tests.many import models

pytestmark = pytest.mark.filterwarnings("ignore::aliquot.AliquotWarning")
ROOT = Path(__file__).parents[2]
SHORT: dict[str, Any] = {
    "draws": 40,
    "tune": 60,
    "chains": 2,
    "random_seed": 1,
    "progressbar": False,
}


def sets(count: int, *lengths: int) -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    return [
        models.two_clumps(rng, (lengths or (20,))[i % max(len(lengths), 1)]) for i in range(count)
    ]


def alone(build: Any, data: Any, seed: int, **options: Any) -> Any:
    with aq.Model():
        build(data)
        return aq.sample(**{**SHORT, **options, "random_seed": seed})


def seeded() -> str:
    """Give a program that lets a process have the seeds that this one has."""
    program = seeds.program(ROOT)
    return program if seeds.shifted() else ""


@pytest.fixture
def short_fits_go_to_processes(monkeypatch):
    monkeypatch.setattr(crew, "WORTH", 0.0)
    monkeypatch.setattr(crew, "LONG", float("inf"))
    code = f"{seeded()}\nfrom aliquot.many.helper import main; main()"
    monkeypatch.setattr(processes, "COMMAND", (sys.executable, "-c", code))


def same(one: Any, other: Any) -> bool:
    return all(
        np.array_equal(one[group][name].values, other[group][name].values, equal_nan=True)
        for group in ("posterior", "sample_stats", "observed_data")
        for name in one[group].data_vars
    )


def test_each_fit_is_to_the_last_bit_that_of_its_data_set_alone():
    data = dict(zip("abc", sets(3), strict=True))
    fits = aq.fit_many(models.labels, data, **SHORT)
    assert fits.posterior["means"].dims == ("dataset", "chain", "draw", "means_dim_0")
    assert fits.posterior["dataset"].values.tolist() == ["a", "b", "c"]
    for name, y in data.items():
        own = fits["fits"].to_dataset().sel(dataset=name)
        trace = alone(models.labels, y, int(own["random_seed"]))
        for group in ("posterior", "sample_stats", "observed_data"):
            for variable, array in trace[group].data_vars.items():
                mine = fits[group][variable].sel(dataset=name)
                assert np.array_equal(mine.values, array.values), (group, variable)
        assert own["status"] in ("ok", "warned")
        assert own["rhat"] >= 0.9 and own["ess_bulk"] > 0 and own["seconds"] > 0


def test_processes_and_cores_change_nothing(short_fits_go_to_processes, monkeypatch):
    data = sets(8)
    threads: set[str] = set()
    hand = crew._helped

    def watched(helper: Any, here: Any) -> Any:
        def ask(job: Any, seed: int) -> Any:
            result = helper(job, seed)
            threads.add(threading.current_thread().name)
            return result

        return ask

    monkeypatch.setattr(crew, "_helped", watched)
    helped = aq.fit_many(models.mixture, data, cores=3, **SHORT)
    assert threads, "no process was asked"
    monkeypatch.setattr(crew, "_helped", hand)
    assert same(helped, aq.fit_many(models.mixture, data, cores=1, **SHORT))


def of_a_function_that_no_process_has(y: Any) -> None:
    mu = aq.Normal("mu", 0, 10)
    lock = threading.Lock()  # which nothing can write down

    def logp(x: Any, m: Any) -> Any:
        with lock:
            return -((x - m) ** 2)

    aq.CustomDist("obs", mu, logp=logp, observed=y)


def test_what_no_process_can_do_is_done_here(short_fits_go_to_processes):
    fits = aq.fit_many(of_a_function_that_no_process_has, sets(5), cores=3, **SHORT)
    assert set(fits["fits"]["status"].values) <= {"ok", "warned"}


def test_a_process_that_ends_is_done_without(short_fits_go_to_processes, monkeypatch):
    ask = crew.Helper._ask

    def killed(self: Any, content: bytes) -> Any:
        self._process.kill()
        return ask(self, content)

    monkeypatch.setattr(crew.Helper, "_ask", killed)
    fits = aq.fit_many(models.mixture, sets(6), cores=2, **SHORT)
    assert set(fits["fits"]["status"].values) <= {"ok", "warned"}


def test_what_fails_is_a_row_with_its_reason():
    def build(y: Any) -> None:
        if len(y) == 3:
            raise KeyError("no such column")
        models.normal(y)

    data = [*sets(2), np.zeros(3), np.array([1.0, np.inf]), *sets(1)]
    with pytest.warns(aq.AliquotWarning, match="2 of 5 data sets could not be fitted"):
        fits = aq.fit_many(build, data, **SHORT)
    table = fits["fits"].to_dataset()
    assert (table["status"].values == "failed").tolist() == [False, False, True, True, False]
    assert table["reason"].values[2] == "KeyError: 'no such column'"
    assert "inf" in str(table["reason"].values[3])
    finite = np.isfinite(fits.posterior["mu"].values).all(axis=(1, 2))
    assert finite.tolist() == [True, True, False, False, True]
    assert not fits.sample_stats["diverging"].values[2].any()


def test_other_shapes_and_labels_are_aligned_and_nan_elsewhere():
    def build(data: Any) -> aq.Model:
        with aq.Model(coords={"site": data["site"]}) as model:
            mu = aq.Normal("mu", 0, 1, dims="site")
            aq.Normal("obs", mu, 1, observed=data["y"])
        return model

    data = [
        {"site": ["p", "q"], "y": [1.0, 9.0]},
        {"site": ["q", "r", "p"], "y": [9.0, 5.0, 1.0]},
    ]
    fits = aq.fit_many(build, data, **SHORT)
    mu = fits.posterior["mu"]
    assert mu["site"].values.tolist() == ["p", "q", "r"]
    assert np.isnan(mu.sel(dataset=0, site="r")).all() and np.isfinite(mu.sel(dataset=1)).all()
    lengths = aq.fit_many(models.normal, [[1.0], [1.0, 2.0, 3.0]], **SHORT)
    assert np.isnan(lengths.observed_data["obs"].values).tolist() == [
        [False, True, True],
        [False, False, False],
    ]


def test_the_rows_that_were_added_are_in_no_result():
    data = [models.pairs(np.random.default_rng(i), n) for i, n in enumerate((9, 10, 11))]
    fits = aq.fit_many(models.regression, data, **SHORT)
    assert fits.posterior["line"].shape == (3, 2, 40, 11)
    for number, each in enumerate(data):
        n = len(each["y"])
        line = fits.posterior["line"].values[number]
        expected = fits.posterior["slope"].values[number][..., None] * each["x"]
        np.testing.assert_allclose(line[..., :n], expected, rtol=1e-12)
        assert np.isnan(line[..., n:]).all()
        assert fits.observed_data["obs"].values[number, :n].tolist() == each["y"].tolist()
        assert fits.constant_data["x"].values[number, :n].tolist() == each["x"].tolist()


def test_one_program_for_many_data_sets_of_many_lengths():
    aq.fit_many(models.labels, sets(3, 20, 22, 24), cores=1, **SHORT)
    before = sum(counts()[:2])
    aq.fit_many(models.labels, sets(6, 19, 20, 21, 22, 23, 24), cores=1, **SHORT)
    # On the first of the lengths it is seen whether padding changes anything: a density or two.
    assert sum(counts()[:2]) - before <= 3


def test_groups_of_a_table_and_a_model_that_is_returned():
    table = pandas.DataFrame({"y": [1.0, 1.2, 7.0, 7.3], "school": ["n", "n", "s", "s"]})

    def build(rows: pandas.DataFrame) -> aq.Model:
        with aq.Model() as model:
            models.normal(rows["y"].to_numpy())
        return model

    fits = aq.fit_many(
        build, table, by="school", method="laplace", random_seed=1, progressbar=False
    )
    mu = fits.posterior["mu"].mean(("chain", "draw"))
    assert mu.sel(dataset="n") < 3 < mu.sel(dataset="s")
    assert fits.posterior["mu"].shape == (2, 1, 1000)
    assert (fits["fits"]["pareto_k"].values < 0.7).all()


def test_where_every_data_set_is_a_program_of_its_own_it_is_said(capsys):
    def build(data: Any) -> None:
        slope = aq.Normal("slope", data["x"][0], 1)
        aq.Normal("obs", slope, 1, observed=data["y"])

    data = [models.pairs(np.random.default_rng(i), 8) for i in range(2)]
    aq.fit_many(build, data, **{**SHORT, "progressbar": "plain"})
    assert "m = aq.Data" in capsys.readouterr().err
    for other in (models.regression, models.regression_of_arrays):
        aq.fit_many(other, data, **{**SHORT, "progressbar": "plain"})
        assert "aq.Data" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"build": 3}, aq.DTypeError, "build must be a function"),
        ({"datasets": []}, aq.ModelError, "empty"),
        ({"method": "gibbs"}, aq.ModelError, "'nuts', 'tempered', 'auto'"),
        ({"draws": 0.5}, ValueError, "draws"),
        ({"chains": 0}, aq.ModelError, "chains"),
        ({"cores": 0}, aq.ModelError, "cores"),
        ({"moves": "all"}, aq.ModelError, "moves"),
        ({"until": 3}, TypeError, "until"),
        ({"keep_warmup": True}, TypeError, "keep_warmup"),
        ({"method": "laplace"}, TypeError, "method='laplace'. takes no argument 'tune'"),
        ({"build": lambda y: None}, aq.ModelError, "wrote no variable"),
        ({"datasets": [[np.inf], [np.inf]]}, aq.ModelError, "failed for all 2 data sets"),
    ],
)
def test_wrong_input_is_refused_before_any_fit(change, error, said, monkeypatch):
    monkeypatch.setattr(engines, "run_all", lambda *_: pytest.fail("it began"))
    given = {"build": models.normal, "datasets": sets(2), **SHORT, **change}
    with pytest.raises(error, match=said):
        aq.fit_many(given.pop("build"), given.pop("datasets"), **given)


def test_exact_and_tempered_fits_and_missing_values():
    def labels_alone(y: Any) -> None:
        z = aq.Bernoulli("z", 0.4, shape=len(y))
        aq.Normal("obs", 3.0 * z, 1, observed=y)

    exact = aq.fit_many(labels_alone, sets(2, 4), **SHORT)
    assert exact.posterior["z"].shape == (2, 2, 40, 4)
    assert set(np.unique(exact.posterior["z"])) == {0, 1}
    tempered = aq.fit_many(models.normal, sets(2, 4), method="tempered", **SHORT)
    assert np.isfinite(tempered.posterior["mu"].values).all()
    gaps = [np.array([1.0, np.nan, 2.0]), np.array([np.nan, 1.0, 2.0]), np.zeros(3)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = aq.fit_many(models.normal, gaps, **SHORT)
    assert np.isfinite(found.posterior["mu"].values).all()
    said = [str(w.message) for w in caught if "missing" in str(w.message)]
    assert len(said) == 1 and said[0].startswith("data set 0 (and 1 others): obs")


def test_where_all_fail_the_first_reason_is_given():
    def build(y: Any) -> None:
        mu = aq.Normal("mu", 0, 1)
        aq.Normal("obs", mu, aq.math.sqrt(mu * 0 - 1.0), observed=y)

    with pytest.raises(aq.ModelError, match="none of the 2 data sets could be fitted"):
        aq.fit_many(build, sets(2), **SHORT)


def test_ctrl_c_again_keeps_what_has_ended(monkeypatch):
    def interrupted(groups: Any, work: Any, task: Any, *_: Any) -> None:
        for number in groups[0][:2]:
            work(number, lambda job, seed: task(job, seed, 1))
        raise KeyboardInterrupt

    monkeypatch.setattr(engines, "run_all", interrupted)
    fits = aq.fit_many(models.mixture, sets(4), **SHORT)
    assert (fits["fits"]["status"].values == "pending").sum() == 2
    assert np.isfinite(fits.posterior["means"].values[:2]).all()


def test_ctrl_c_keeps_what_has_ended(monkeypatch):
    ended: list[int] = []
    one = engines.Fits._one

    def stopping(self: Any, number: int, hand: Any) -> None:
        one(self, number, hand)
        ended.append(number)
        if len(ended) == 3:
            import signal

            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(engines.Fits, "_one", stopping)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fits = aq.fit_many(models.mixture, sets(12), cores=1, **SHORT)
    status = fits["fits"]["status"].values
    done = int((status != "pending").sum())
    assert 3 <= done < 12 and fits.attrs["partial"] == 1
    assert np.isfinite(fits.posterior["means"].values[status != "pending"]).all()
    assert np.isnan(fits.posterior["means"].values[status == "pending"]).all()
    assert any("interrupted" in str(w.message) for w in caught)

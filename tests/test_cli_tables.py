"""Commands about tables: what they leave in a folder, and what they say to wrong input."""

from __future__ import annotations

import csv
import errno
import importlib
import re
import signal
from contextlib import contextmanager

import numpy as np
import pytest
import xarray
from typer.testing import CliRunner

import aliquot.analyses.run
from aliquot.cli import app

FILES = {
    "summary.txt",
    "report.html",
    "assignments.csv",
    "components.csv",
    "posterior.nc",
    "model.py",
}


def run(*arguments):
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", "NO_COLOR": "1"})


def rows_of(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def groups(tmp_path, rng, monkeypatch):
    """Two groups far apart, in a folder that is the present one."""
    monkeypatch.chdir(tmp_path)
    label = rng.permutation(np.repeat([0, 1], [30, 20]))
    x = np.where(label == 0, 10.0, 30.0) + rng.standard_normal(50)
    lines = [f"n{i},{value:.4f},{i % 3}" for i, value in enumerate(x)]
    (tmp_path / "groups.csv").write_text("name,x,other\n" + "\n".join(lines) + "\n")
    return label


@pytest.mark.slow
def test_a_mixture_from_a_table_to_its_folder(groups, tmp_path):
    result = run("mixture", "groups.csv", "x", "-k", "1:2", "--draws", "400", "--id", "name")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "groups-mixture"
    assert {path.name for path in folder.iterdir()} == FILES | {"comparison.csv"}
    for words in ("50 rows and 3 columns", "def build(data, components)", "weakly informative"):
        assert words in result.output
    assert max(map(len, result.stdout.splitlines())) <= 100
    assigned = rows_of(folder / "assignments.csv")
    assert [row["name"] for row in assigned] == [f"n{i}" for i in range(50)]
    assert [int(row["row"]) for row in assigned] == list(range(1, 51))
    assert [int(row["component"]) for row in assigned] == groups.tolist()
    for row in assigned:
        assert abs(float(row["probability_0"]) + float(row["probability_1"]) - 1) < 1e-5
    components = rows_of(folder / "components.csv")
    mean = {int(r["component"]): float(r["mean"]) for r in components if r["parameter"] == "mean"}
    x = np.array([float(row["x"]) for row in rows_of(tmp_path / "groups.csv")])
    for k in (0, 1):
        # Within a standard error of the mean, five times over, of what the rows of the group say.
        group = x[groups == k]
        assert abs(mean[k] - group.mean()) < 5 * group.std() / np.sqrt(len(group))
    summary = (folder / "summary.txt").read_text()
    assert summary.startswith("aliquot ")
    assert "2 components" in summary
    with xarray.open_datatree(folder / "posterior.nc") as tree:
        assert tree["posterior"].sizes["component"] == 2
        assert tree.attrs["comparison_partial"] == 0
    # A second run replaces the first and nothing else.
    (folder / "mine.txt").write_text("mine")
    again = run("mixture", "groups.csv", "x", "-k", "1", "--draws", "100", "--quiet")
    assert (again.exit_code, again.output) == (0, "")
    assert {path.name for path in folder.iterdir()} == FILES | {"mine.txt"}
    assert len(set(tmp_path.iterdir())) == 2


@pytest.mark.slow
def test_rows_without_what_a_regression_needs_stay_in_their_place(tmp_path, rng, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x = rng.uniform(0, 10, 40)
    up = np.arange(40) % 2 == 0
    y = np.where(up, 3 * x, 60 - 3 * x) + 0.5 * rng.standard_normal(40)
    cells = [[f"{a:.4f}", f"{b:.4f}"] for a, b in zip(x, y, strict=True)]
    cells[3][0], cells[7][1] = "NA", ""
    lines = "".join(f"{a},{b}\n" for a, b in cells)
    (tmp_path / "d.csv").write_text("x,y\n" + lines)
    monkeypatch.setattr(aliquot.analyses.run, "_report", lambda *_: tmp_path)  # seen elsewhere
    result = run("regression", "d.csv", "y ~ x", "-k", "2", "--draws", "400", "-o", "out")
    assert result.exit_code == 0, result.output
    assert "1 row left out" in result.output
    assert "1 row without a response" in result.output
    found = rows_of(tmp_path / "out" / "assignments.csv")
    assert len(found) == 40
    assert found[3]["component"] == found[3]["probability_0"] == found[3]["fitted_0"] == ""
    sure = [i for i in range(40) if i not in (3, 7) and abs(x[i] - 10) > 1.5]
    first = found[sure[0]]["component"]
    assert {found[i]["component"] == first for i in sure if up[i] == up[sure[0]]} == {True}
    # The fitted line of the component is y without its noise.
    for i in sure:
        fitted = float(found[i][f"fitted_{found[i]['component']}"])
        assert abs(fitted - (3 * x[i] if up[i] else 60 - 3 * x[i])) < 2.5


@pytest.fixture
def nothing_is_fitted(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("something was fitted")

    monkeypatch.setattr("aliquot.analyses.fitting.posterior_of", fail)


TABLES = {
    "d.csv": "id,x,y,kind,g\na,1.5,2,r,1\nb,2.5,3,g,1\nc,4.0,1,r,2\nd,0.5,7,b,2\n",
    "one.csv": "x,y\n1,2\n",
    "flat.csv": "x,empty\n1,\n1,NA\n",
    "twice.csv": "x,x\n1,2\n2,3\n",
    "ragged.csv": "x,y\n1,2\n2,3,4\n",
    "gaps.csv": "t,x,y,z,w,one\n1,1,2,NA,3,1\n2,2,,1,4,1\n4,3,1,2,5,1\n5,2,1,3,9,1\n",
    "nothing.csv": "",
    "names.csv": "x,y\n",
    "assignments.csv": "x\n1\n2\n3\n",
}
WRONG = [
    ("mixture none.csv", "there is no file none.csv"),
    ("mixture nothing.csv", "empty"),
    ("mixture names.csv", "no rows"),
    ("mixture ragged.csv", "row 2 has 3"),
    ("mixture twice.csv", "more than one column is named 'x'"),
    ("mixture d.csv xx", "no column 'xx'"),
    ("mixture d.csv x x", "given twice"),
    ("mixture d.csv kind", "should hold numbers"),
    ("mixture one.csv x", "only one is seen"),
    ("mixture flat.csv x", "tells no rows apart"),
    ("mixture flat.csv empty", "all 2 are missing"),
    ("mixture d.csv x -k 0", "--components '0'"),
    ("mixture d.csv x -k 3:1", "--components '3:1'"),
    ("mixture d.csv x -k some", "--components 'some'"),
    ("mixture d.csv x -k 9", "there are 4 rows"),
    ("mixture d.csv x --family gauss", "the families are"),
    ("mixture d.csv x --family y:poisson", "'y' is not among the columns 'x'"),
    ("mixture d.csv x --family poisson", "is 1.5 in row 1"),
    ("mixture d.csv kind --family bernoulli", "has 3 levels"),
    ("mixture d.csv x --covariance round", "--covariance 'round'"),
    ("mixture d.csv x --covariance factor", "only one is real"),
    ("mixture d.csv x y --covariance factor --factors 2", "fewer than the 2 real columns"),
    ("mixture d.csv y --family poisson --covariance diag", "none of the columns is of real"),
    ("mixture d.csv x --id g", "names rows, but '1' is in rows 1, 2"),
    ("mixture d.csv x --id x", "at once"),
    ("mixture d.csv x --draws 5", "--draws must be"),
    ("mixture d.csv x --seed -1", "--seed must be"),
    ("mixture d.csv x --draws many", "'--draws'"),
    ("mixture d.csv x --nonsense", "--nonsense"),
    ("mixture d.csv x --separator :", "separator"),
    ("mixture d.csv x -o d.csv", "the folder cannot be made"),
    ("mixture d.csv x -o .", "assignments.csv is in this folder"),
    ("classes d.csv id -k 1:9", "there are 4 rows"),
    ("classes d.csv none", "no column 'none'"),
    ("classes flat.csv x", "tells no rows apart"),
    ("hmm d.csv x --time kind", "write times as numbers"),
    ("hmm d.csv x --time g", "more than once"),
    ("hmm d.csv x --sequence none", "no column 'none'"),
    ("hmm d.csv x --states two", "--states 'two'"),
    ("hmm d.csv x --init first", "--init 'first': it must be one of free, stationary"),
    ("hmm d.csv x --init stationary --covariate y", "'y' move have no stationary distribution"),
    ("hmm d.csv x --persistence -1", "--persistence must be a finite number of at least 0; got -1"),
    ("hmm d.csv x --persistence nan", "--persistence must be"),
    ("hmm d.csv x --startprob-prior 0", "--startprob-prior must be a finite number above 0"),
    ("hmm d.csv x --transmat-prior inf", "--transmat-prior must be a finite number above 0"),
    ("hmm d.csv x --covariate rain", "no column 'rain'"),
    ("hmm d.csv x --covariate kind", "should hold numbers"),
    ("hmm d.csv x --covariate x", "at once"),
    ("hmm gaps.csv x --covariate y --covariate z", "2 values of 'y', 'z' of gaps.csv"),
    ("hmm gaps.csv x --covariate one", "tells no rows apart"),
    ("hmm gaps.csv x --time t --covariate w", "1 step of gaps.csv has no row"),
    ("regression d.csv y~x+", "cannot be read"),
    ("regression d.csv y~", "no right side"),
    ("regression d.csv ~x", "no left side"),
    ("regression d.csv y~xx", "no column 'xx'"),
    ("regression d.csv kind~x", "must be one number a row"),
    ("regression d.csv x~y --family poisson", "counts"),
    ("regression d.csv y~x --family gauss", "the families are"),
    ("regression d.csv y~x --weights y~x", "no left side"),
    ("regression d.csv y~x --family binomial", "trials"),
    ("regression one.csv y~x", "2 or more"),
]


@pytest.mark.usefixtures("nothing_is_fitted")
@pytest.mark.parametrize(("command", "words"), WRONG)
def test_what_is_wrong_is_said_in_a_line_before_anything_is_done(
    command, words, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text)
    result = run(*command.split())
    assert result.exit_code == 2, result.output
    said = re.sub(r"[\s│╭╮╰╯─]+", " ", result.stderr)
    assert words in said
    assert "Traceback" not in said
    assert len(said) < 400
    assert {path.name for path in tmp_path.iterdir()} == set(TABLES)


def pressed_when(monkeypatch, moment):
    """Let Ctrl-C be pressed at what the status line says."""

    @contextmanager
    def status(quiet):
        def doing(text):
            if text == moment:
                signal.raise_signal(signal.SIGINT)

        yield doing

    monkeypatch.setattr("aliquot.cli.answer._status", status)


def test_ctrl_c_keeps_what_there_is_and_a_second_one_loses_nothing(groups, tmp_path, monkeypatch):
    table = aliquot.analyses.run.assignments_table

    def pressed_again(*arguments):
        signal.raise_signal(signal.SIGINT)
        return table(*arguments)

    compare = importlib.import_module("aliquot.inference.compare_components")
    posterior, calls = compare._posterior, []

    def stopped_at_the_second(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return posterior(*arguments, **options)

    monkeypatch.setattr(compare, "_posterior", stopped_at_the_second)
    monkeypatch.setattr(aliquot.analyses.run, "assignments_table", pressed_again)
    before = signal.getsignal(signal.SIGINT)
    result = run("mixture", "groups.csv", "x", "-k", "1:3", "--draws", "100")
    assert result.exit_code == 130, result.output
    assert signal.getsignal(signal.SIGINT) is before
    folder = tmp_path / "groups-mixture"
    assert {path.name for path in folder.iterdir()} == FILES | {"comparison.csv"}
    assert "PARTIAL" in (folder / "summary.txt").read_text()
    assert "PARTIAL" in (folder / "model.py").read_text()
    with xarray.open_datatree(folder / "posterior.nc") as tree:
        assert tree.attrs["comparison_partial"] == 1


@pytest.mark.parametrize(
    ("moment", "left"),
    [("fitting 1 component", None), ("writing the report", FILES - {"report.html"})],
)
def test_ctrl_c_at_the_beginning_and_at_the_end(moment, left, groups, tmp_path, monkeypatch):
    pressed_when(monkeypatch, moment)
    result = run("mixture", "groups.csv", "x", "-k", "1", "--draws", "100")
    assert result.exit_code == 130
    folder = tmp_path / "groups-mixture"
    if left is None:
        assert "nothing was written" in result.stderr
        assert not folder.exists()
    else:
        assert "All but the report" in result.stderr
        assert {path.name for path in folder.iterdir()} == left


def test_a_file_is_written_whole_or_not_at_all(groups, tmp_path, monkeypatch):
    replace = aliquot.files.replace

    def full(path, *arguments, **options):
        if path.name == "components.csv":
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(path, *arguments, **options)

    monkeypatch.setattr(aliquot.files, "replace", full)
    result = run("mixture", "groups.csv", "x", "-k", "1", "--draws", "100")
    assert result.exit_code == 1
    assert "components.csv cannot be written: there is no room" in result.stderr
    assert {path.name for path in (tmp_path / "groups-mixture").iterdir()} == {
        "posterior.nc",
        "model.py",
    }

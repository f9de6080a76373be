"""Fitted estimators, and the commands, put rows into the classes of published fits.

Here some of them; `verification/test_published_classes.py` has all of them.
"""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

import aliquot.analyses.run
from aliquot.cli import app
from tests.published.classes import check, fitted, formula, published
from tests.published.test_results import HERE, RESULTS

FITS = ["diabetes, VVV 3", "npreg, 2 regressions"]
COMMANDS = {
    "acidity, E 2": ["mixture", "--covariance", "tied", "--components"],
    "values, 2 classes": ["classes", "--classes"],
    "speed, 2 states": ["hmm", "--states"],
    "carbon dioxide, 2 regressions": ["regression", "--components"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FITS)
def test_an_estimator_finds_the_published_classes(name):
    check(published(name), fitted(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_finds_the_published_classes(name, tmp_path, monkeypatch):
    case = RESULTS[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(aliquot.analyses.run, "_report", lambda *_: tmp_path)  # seen elsewhere
    shutil.copy(HERE / case["data"], tmp_path)
    command, *options = COMMANDS[name]
    what = [formula(case)] if command == "regression" else case["columns"]
    arguments = [command, case["data"], *what, *options, str(case["components"]), "-o", "out"]
    done = CliRunner().invoke(app, [*arguments, "--draws", "1000"])
    assert done.exit_code == 0, done.output
    with (tmp_path / "out" / "assignments.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == case["n"]
    k = range(case["components"])
    ours = np.array([[float(row[f"probability_{j}"]) for j in k] for row in rows])
    check(published(name), ours)
    name_of = "class" if command == "classes" else "state" if command == "hmm" else "component"
    assert [int(row[name_of]) for row in rows] == ours.argmax(axis=1).tolist()


def test_other_classes_are_noticed():
    """A tenth of the rows in the other class, a column that says nothing, all of them even."""
    theirs = published("acidity, E 2")
    check(theirs, theirs[:, ::-1])
    wrong = theirs.copy()
    wrong[::10] = wrong[::10, ::-1]
    for answer in (wrong, np.full_like(theirs, 0.5), np.eye(2)[np.zeros(len(theirs), int)]):
        with pytest.raises(AssertionError):
            check(theirs, answer)

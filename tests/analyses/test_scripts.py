"""The text that is written is what ran: a script reads the same data and builds the same model."""

from __future__ import annotations

import runpy
import warnings

import numpy as np
import pytest

from aliquot.analyses.analysis import RunSettings
from aliquot.analyses.hidden_markov import hidden_markov_of
from aliquot.analyses.latent_classes import classes_of
from aliquot.analyses.mixture import mixture_of
from aliquot.analyses.regression import regression_of
from aliquot.analyses.script import script
from aliquot.builders import Column
from aliquot.builders.mixture import arrays
from aliquot.compilation import compiled, light
from aliquot.errors import ImputationWarning
from aliquot.precision import float64
from aliquot.tables import read_table


@pytest.fixture
def table(tmp_path):
    """Columns of every kind, with values missing, decimal commas and semicolons."""
    rows = [
        f"r{i};{i * 0.37 % 3:.3f};{i % 5};{i * 7 % 11 if i % 4 else 'NA'};{['no', 'yes'][i % 2]};"
        f"{'rgb'[i % 3] if i % 9 else ''};{i // 10}".replace(".", ",")
        for i in range(40)
    ]
    path = tmp_path / "some data.csv"
    path.write_text("id;a;n;k;yes;kind;g\n" + "\n".join(rows) + "\n")
    return read_table(path)


MIXED = ["n:poisson", "k:negative_binomial", "yes:bernoulli,kind:categorical"]
CASES = {
    "mixed": lambda t: mixture_of(t, ["a", "n", "k", "yes", "kind"], family=MIXED),
    "factor": lambda t: mixture_of(t, ["a", "k"], covariance="factor"),
    "student": lambda t: mixture_of(t, ["a"], family=["student_t"], covariance="tied"),
    "skew": lambda t: mixture_of(t, ["a", "k"], family=["skew_normal"]),
    "classes": lambda t: classes_of(t, ["yes", "kind"]),
    "hmm": lambda t: hidden_markov_of(t, ["a"], sequence="g"),
    "stationary": lambda t: hidden_markov_of(
        t, ["a"], sequence="g", init="stationary", transmat_prior=0.5, persistence=2.5
    ),
    "moved": lambda t: hidden_markov_of(
        t, ["yes"], family=["bernoulli"], sequence="g", covariates=["a", "n"], startprob_prior=2.0
    ),
    "regression": lambda t: regression_of(t, "k ~ a + kind", weights="~ n"),
    "no intercept": lambda t: regression_of(t, "log(a + 1) ~ 0 + poly(n, 2)"),
    "counts": lambda t: regression_of(t, "n ~ a*k", family="negative_binomial"),
    "binomial": lambda t: regression_of(t, "k ~ a", family="binomial", trials="20"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_script_gives_the_density_that_was_fitted_to_the_last_digit(case, table, tmp_path, rng):
    analysis = CASES[case](table)
    folder = tmp_path / "answer"
    folder.mkdir()
    text = script(analysis, 2, RunSettings(), folder, "aliquot 'x'", "")
    (folder / "model.py").write_text(text)
    space = runpy.run_path(str(folder / "model.py"))
    data = space["encode"](read_table(space["TABLE"]))
    flat = None
    found = []
    for build, made in (
        (analysis.written.build, analysis.data),
        (analysis.written.build, data),
        (space["build"], data),
    ):
        with warnings.catch_warnings(action="ignore", category=ImputationWarning):
            density = build(made, 2).density()
        flat = 0.3 * rng.standard_normal(density.size) if flat is None else flat
        program = compiled(density.log_density, flat, density.data, options=light())
        with float64():
            found.append(float(program.call(flat, density.data)))
    assert np.isfinite(found[0])
    assert found == [found[0]] * 3


def test_data_are_those_of_the_builder(table):
    """The text against the arrays that estimators make of the same numbers."""
    analysis = CASES["mixed"](table)
    frame = table.frame
    a = np.array([float(x.replace(",", ".")) for x in frame["a"]])
    k = np.array([np.nan if x == "NA" else float(x) for x in frame["k"]])
    yes = np.array([float(x == "yes") for x in frame["yes"]])
    kind = np.array([np.nan if x in (None, "") else "bgr".index(x) for x in frame["kind"]])
    n = np.array([float(x) for x in frame["n"]])
    numbers = np.column_stack([(a - a.mean()) / a.std(), n, k, yes, kind])
    kinds = ["normal", "poisson", "negative_binomial", "bernoulli", "categorical"]
    names = ["a", "n", "k", "yes", "kind"]
    levels = {"yes": ("no", "yes"), "kind": ("b", "g", "r")}
    columns = [Column(n, k, levels.get(n, ())) for n, k in zip(names, kinds, strict=True)]
    for key, value in arrays(columns, numbers).items():
        found = analysis.data[key]
        np.testing.assert_allclose(np.ma.filled(found, -9), np.ma.filled(value, -9), rtol=1e-12)

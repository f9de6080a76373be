"""The line that says what is summed out."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import pytest

import aliquot as aq
from aliquot.progress import announce

LINE = "summing out z (2 states x 3): 12 values in an evaluation"


def model() -> aq.Model:
    with aq.Model() as model:
        means = aq.Normal("means", [-1.0, 1.0], 1)
        z = aq.Categorical("z", p=[0.5, 0.5], shape=3)
        aq.Normal("obs", means[z], 1, observed=[-1.2, 0.8, 1.1])
    return model


@pytest.mark.parametrize(("show", "said"), [(True, "a line\n"), ("plain", "a line\n"), (False, "")])
def test_a_line_on_the_error_stream(
    show: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    announce("a line", show)
    assert capsys.readouterr() == ("", said)


def test_without_an_error_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    announce("a line", True)  # a program without a console: there is nowhere to say it


QUIET: dict[str, Any] = {"tune": 20, "chains": 1, "compute_convergence_checks": False}


@pytest.mark.parametrize("how", ["sample", "fit"])
def test_said_once_and_first(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    if how == "sample":
        aq.sample(20, model=model(), **QUIET)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # far from converged
            aq.fit(20, model=model())
    said = capsys.readouterr().err
    assert said.startswith(LINE + "\n")
    assert said.count("summing out") == 1


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    aq.sample(20, model=model(), progressbar=False, **QUIET)
    assert capsys.readouterr() == ("", "")


def test_models_without_discrete_variables_say_nothing_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with aq.Model() as plain:
        aq.Normal("x", 0, 1)
    aq.sample(20, model=plain, **QUIET)
    assert "summing out" not in capsys.readouterr().err

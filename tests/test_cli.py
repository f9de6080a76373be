"""The command: what it makes, and what it says to bad options."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

import aliquot.demo.analysis
from aliquot.cli import app

QUICK = ["demo", "--n", "30", "--draws", "200", "--tune", "200", "--iterations", "300"]


def run(*arguments):
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", "NO_COLOR": "1"})


def said(result):
    """Everything that came out, without the box that typer draws around errors."""
    return re.sub(r"[\s│╭╮╰╯─]+", " ", result.output)


def test_demo_makes_a_report(tmp_path):
    folder = tmp_path / "made" / "here"
    result = run(*QUICK, "--chains", "1", "--output", str(folder), "--no-progress")
    assert result.exit_code == 0, result.output
    names = {path.name for path in folder.iterdir()}
    assert "report.html" in names
    assert len([name for name in names if name.endswith(".png")]) == 10
    # Whether draws of a fit can be corrected depends on the few data of this run.
    stored = {name for name in names if name.endswith(".nc")} - {"posterior_corrected.nc"}
    assert len(stored) == 8
    for words in (
        "NUTS, no ordering",
        "NUTS, ordered",
        "ADVI, ordered",
        "NUTS, permuted",
        "NUTS, relabelled",
        "Report:",
    ):
        assert words in result.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--means", "1", "1"], "means must be two different numbers"),
        (["--means", "2", "-2"], "the lower one first; got 2 and -2"),
        (["--n", "9"], "n must be between 10 and 20,000; got 9"),
        (["--draws", "5"], "draws must be between 100"),
        (["--chains", "0"], "chains must be between 1 and 8; got 0"),
        (["--seed", "-3"], "seed must be"),
        (["--means", "1"], "--means"),
        (["--n", "many"], "'--n'"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_bad_options_are_explained(options, words, tmp_path):
    result = run("demo", *options, "--output", str(tmp_path / "none"))
    assert result.exit_code == 2
    assert words in said(result)
    assert not (tmp_path / "none").exists()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    result = run("demo", "--output", str(tmp_path / "file"))
    assert result.exit_code == 2
    assert "the folder cannot be made" in said(result)


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    result = run("demo", "--output", str(tmp_path))
    assert result.exit_code == 2
    assert "cannot be written to (Permission" in said(result)


def test_interrupted(tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(aliquot.demo.analysis.aq, "sample", stop)
    result = run(*QUICK, "--output", str(tmp_path))
    assert result.exit_code == 130
    assert "0 of 4 fits" in said(result)


def test_version():
    result = run("--version")
    assert result.exit_code == 0
    assert result.output.strip() == f"aliquot {version('aliquot')}"


def test_help_is_quick_and_names_the_options():
    result = run("demo", "--help")
    assert result.exit_code == 0
    for option in ("--n", "--seed", "--means", "--draws", "--tune", "--chains", "--output"):
        assert option in result.output
    code = "import aliquot.cli, sys; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

"""The pages: every block of Python in them runs, and says what the page says that it says.

A page is read from top to bottom, in one namespace. A block marked ``python raises`` must fail. A
block of plain ``text`` after one of Python holds what it printed, or the message of its error;
lines may be broken elsewhere. Every model that a page builds must have a finite log density.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from typer.testing import CliRunner

import aliquot as aq
from aliquot.cli import app
from aliquot.precision import float64
from tests.programs import quick
from tests.seeds import PAGE

ROOT = Path(__file__).parents[1]
# These write files, and read none of the project's.
WRITING = ("docs/unattended.md", "docs/larger_than_memory.md")
PAGES = (
    "README.md",
    "docs/coming_from_pymc.md",
    "docs/compared.md",
    "docs/discrete_variables.md",
    "docs/from_a_table.md",
    "docs/label_switching.md",
    "docs/out_of_reach.md",
    "docs/unattended.md",
    "docs/calibration.md",
    "docs/larger_than_memory.md",
)
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    """A block of Python, and the text that it is said to give."""

    line: int
    code: str
    fails: bool
    said: str | None = None


def blocks(page: str) -> list[Block]:
    found: list[Block] = []
    end = 0
    for match in FENCE.finditer(page):
        language, mark, body = match.groups()
        if language == "python":
            line = page.count("\n", 0, match.start()) + 2
            found.append(Block(line, body, "raises" in mark))
        elif language == "text" and found and not page[end : match.start()].strip():
            found[-1].said = body
        end = match.end()
    return found


def run(block: Block, namespace: dict[str, Any], page: str) -> str:
    """Run a block; give what it printed, or the message of its error."""
    program = compile("\n" * (block.line - 1) + block.code, page, "exec")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        if not block.fails:
            exec(program, namespace)
            return printed.getvalue()
        with pytest.raises((aq.AliquotError, AttributeError)) as raised:
            exec(program, namespace)
    return str(raised.value)


def assert_evaluates(model: aq.Model) -> None:
    density = model.density()
    with float64():  # compiled: operation by operation takes ten times as long
        both = jax.value_and_grad(density.log_density)
        program = both if hasattr(density, "host") else quick(both)
        value, gradient = program(density.start, density.data)
    assert np.isfinite(value)
    assert np.all(np.isfinite(gradient))


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_true(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in WRITING:
        monkeypatch.chdir(tmp_path)
    page = (ROOT / name).read_text(encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": PAGE}
    seen: list[aq.Model] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", aq.AliquotWarning)
        for block in blocks(page):
            given = run(block, namespace, name)
            if block.said is not None:
                assert given.split() == block.said.split(), f"{name}, line {block.line}"
            for value in list(namespace.values()):
                if isinstance(value, aq.Model) and not any(value is model for model in seen):
                    seen.append(value)
                    if not block.fails:
                        assert_evaluates(value)
    assert seen


COMMANDS = [
    line
    for language, _, body in FENCE.findall((ROOT / "docs/from_a_table.md").read_text("utf-8"))
    if language == "sh"
    for line in body.splitlines()
]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.split()[1])
def test_the_commands_of_the_page_work(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, *arguments = shlex.split(command)
    assert program == "aliquot"
    table = next(word for word in arguments if word.endswith(".csv"))
    shutil.copy(ROOT / "tests/published" / table, tmp_path)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [*arguments, "--draws", "400"])
    assert done.exit_code == 0, done.output
    folder = tmp_path / f"{Path(table).stem}-{arguments[0]}"
    made = {"report.html", "assignments.csv", "components.csv", "posterior.nc", "model.py"}
    assert {path.name for path in folder.iterdir()} == made | {"summary.txt"}


def test_blocks_are_found() -> None:
    first = "a\n```python\nx = 1\n```\n\n```text\n1\n```\n\n"
    page = first + "```python raises\ny\n```\nb\n```text\n2\n```\n"
    assert blocks(page) == [Block(3, "x = 1\n", False, "1\n"), Block(11, "y\n", True)]

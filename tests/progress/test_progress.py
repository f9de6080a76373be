"""The live displays, by what they write."""

from __future__ import annotations

import io
import itertools
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from aliquot.mcmc.result import ChainProgress
from aliquot.progress import fit_progress, sampling_progress
from aliquot.progress.display import Display
from aliquot.progress.fitting import FitView
from aliquot.progress.output import (
    NotebookOutput,
    PlainOutput,
    TerminalOutput,
    _notebook_bundle,
    choose_output,
)
from aliquot.progress.sampling import SamplingView


def Chain(chain: int = 0, done: int = 250, **said: Any) -> ChainProgress:
    """Make one with values that matter little."""
    usual = ChainProgress(chain, done, 1000, "sampling", 250.0, 0.3125, 0, 1750)
    return replace(usual, **said)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def terminal(width: int = 100) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, record=True)


def text(view: Any, width: int = 100) -> str:
    console = terminal(width)
    console.print(view.renderable(width))
    return console.export_text()


def sampling_view(*chains: Chain, total: int = 1000) -> tuple[SamplingView, Clock]:
    clock = Clock()
    view = SamplingView(max(len(chains), 1), total, clock)
    clock.now += 2
    view.note(chains)
    return view, clock


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for the thread that draws; a display that never draws fails here."""
    deadline = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_row_for_each_chain_and_one_for_all() -> None:
    view, _ = sampling_view(
        Chain(0, phase="warm-up"), Chain(1, done=500, divergences=3), Chain(2, done=1000)
    )
    lines = text(view).rstrip().splitlines()
    titles = ["chain", "draws", "phase", "draws/s", "step", "size", "diverged", "elapsed", "left"]
    assert lines[0].split() == titles
    assert [line.split()[0] for line in lines[1:]] == ["0", "1", "2", "all"]
    assert lines[1].split()[2:] == ["250/1,000", "tuning", "250", "0.312", "0", "0:02", "0:03"]
    assert lines[2].split()[2:] == ["500/1,000", "sampling", "250", "0.312", "3", "0:02", "0:02"]
    assert lines[3].split()[2:] == ["1,000/1,000", "done", "250", "0.312", "0", "0:02"]
    assert lines[4].split()[2:5] == ["1,750/3,000", "tuning", "875"]
    assert lines[4].split()[5:] == ["3", "0:02", "0:03"]


def test_divergences_are_red() -> None:
    view, _ = sampling_view(Chain(divergences=7))
    console = Console(
        file=io.StringIO(), force_terminal=True, width=100, color_system="standard", no_color=False
    )
    console.print(view.renderable(100))
    out = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b[1;31m       7" in out


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    view, _ = sampling_view(Chain(0, 999, total=1000), Chain(1, 1000, divergences=12))
    fit = FitView(15_000, "ADVI")
    fit.note(12_000, 1081.234)
    for shown in (view, fit):
        lines = text(shown, width).rstrip("\n").splitlines()
        assert max(map(len, lines)) <= width
        assert "…" not in "".join(lines)


def test_columns_stay_where_they_are() -> None:
    early = text(sampling_view(Chain(0, 1, phase="warm-up"), Chain(1, 0))[0]).splitlines()[0]
    late = text(sampling_view(Chain(0, 1000), Chain(1, 1000, divergences=123))[0]).splitlines()[0]
    assert early == late


def test_of_many_chains_the_furthest_behind_are_shown() -> None:
    view, _ = sampling_view(*(Chain(n, done=1000 - n) for n in range(64)))
    lines = text(view).rstrip().splitlines()
    assert len(lines) <= 14
    assert lines[1].split()[0] == "63"
    assert "53 more" in lines[-2]
    assert "/64,000" in lines[-1]


def test_before_the_first_draw() -> None:
    view, clock = sampling_view()
    assert "compiling" in text(view)
    clock.now += 5
    assert view.line() == "Sampling 1 chain: compiling, elapsed 0:07"
    unknown = Chain(done=0, draws_per_second=0.0, step_size=float("nan"), leapfrogs=0)
    assert " - " in text(sampling_view(unknown)[0])


def test_the_phase_of_a_chain_may_come_with_it() -> None:
    for given, shown in (("compiling", "compiling"), ("warm-up", "tuning")):
        chain = replace(Chain(), phase=given)
        view, _ = sampling_view(chain)  # type: ignore[arg-type]
        assert view.overall_phase() == shown


def test_seconds_run_while_compiling_and_how_long_it_took_stays() -> None:
    view, clock = sampling_view()
    assert view.compilation() == ""
    view.note([replace(Chain(done=0), phase="compiling")])
    clock.now += 3.25
    assert "compiling for 3.2 s" in text(view)
    view.note([replace(Chain(done=0), phase="warm-up")])
    clock.now += 10
    view.note([Chain(done=1000)])
    view.end()
    assert text(view).rstrip().endswith("compiled in 3.2 s")
    assert view.closing_line().endswith(", 0 divergences, compiled in 3.2 s")


def test_a_program_that_was_there_is_not_mentioned() -> None:
    view, clock = sampling_view()
    view.note([replace(Chain(done=0), phase="compiling")])
    clock.now += 0.05
    view.note([Chain(done=0)])
    assert view.compilation() == ""


def test_an_interrupted_run_is_told_as_stopped() -> None:
    view, _ = sampling_view(Chain(0), Chain(1, done=1000))
    view.end()
    assert view.closing_line() == (
        "Sampling stopped at 1,250 of 2,000 draws after 2.0 s, 0 divergences"
    )
    assert "stopped" in text(view)


def test_plain_lines() -> None:
    view, clock = sampling_view(Chain(0, 100, phase="warm-up"), Chain(1, 300, divergences=1))
    clock.now += 2
    view.note([Chain(0, 500, phase="warm-up"), Chain(1, 500, divergences=1)])
    assert view.line() == (
        "Sampling 2 chains: 50% (1,000 of 2,000 draws), tuning, 300 draws/s, 1 divergence, "
        "elapsed 0:04, remaining 0:02"
    )
    clock.now += 4
    view.note([Chain(0, 1000), Chain(1, 1000, divergences=1)])
    view.end()
    clock.now += 100
    assert view.closing_line() == (
        "Sampled 2 chains: 2,000 draws in 8.0 s (250 draws/s), 1 divergence"
    )


def test_fit_lines() -> None:
    clock = Clock()
    view = FitView(10_000, "ADVI", clock)
    assert view.line() == "ADVI: compiling, elapsed 0:00"
    clock.now += 3
    view.note(1000, 200.0)
    clock.now += 2
    view.note(5000, 181.2345)
    assert view.line() == (
        "ADVI: 50% (5,000 of 10,000 iterations), average loss 181.23, 2,000 it/s, "
        "elapsed 0:05, remaining 0:02"
    )
    shown = text(view)
    for part in ("ADVI", "5,000/10,000", "average loss 181.23", "2,000 it/s", "0:02 left"):
        assert part in shown
    view.end()
    assert "stopped at 5,000 of 10,000 iterations in 5.0 s" in view.closing_line()
    view.note(10_000, 180.0)
    assert view.closing_line() == "ADVI: 10,000 iterations in 5.0 s, average loss 180.00"


def test_on_a_terminal_the_last_frame_stays_and_the_cursor_comes_back() -> None:
    console = terminal()
    streams = sys.stdout, sys.stderr
    with sampling_progress(1, 1000, console=console) as display:
        wait_until(lambda: "compiling" in console.file.getvalue())  # type: ignore[attr-defined]
        display.update([Chain()])
        wait_until(lambda: "250/1,000" in console.file.getvalue())  # type: ignore[attr-defined]
        display.update([replace(Chain(), done=1000)])
    out = console.file.getvalue()  # type: ignore[attr-defined]
    assert out.index("\x1b[?25l") < out.index("1,000/1,000") < out.index("\x1b[?25h")
    assert out.count("\x1b[?25h") == 1
    assert (sys.stdout, sys.stderr) == streams


def test_an_interruption_passes_through_and_restores_the_terminal() -> None:
    console = terminal()
    with pytest.raises(KeyboardInterrupt), sampling_progress(1, 1000, console=console) as display:
        display.update([Chain()])
        raise KeyboardInterrupt
    out = console.file.getvalue()  # type: ignore[attr-defined]
    assert out.rstrip().endswith("\x1b[?25h")
    assert "stopped" in out
    assert not [t for t in threading.enumerate() if t.name == "aliquot-progress"]


def test_without_a_terminal_a_short_run_writes_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with sampling_progress(2, 1000) as display:
        display.update([Chain(0, 1000), Chain(1, 1000)])
    with fit_progress(100, name="ADVI") as fit:
        fit.update(100, 12.5)
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.startswith("Sampled 2 chains: 2,000 draws in ")
    assert second.startswith("ADVI: 100 iterations in ")


def test_a_long_run_writes_lines_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    output = PlainOutput()
    output.interval = 0.01
    view, _ = sampling_view(Chain())
    with Display(view, output):
        wait_until(lambda: "25% (250 of 1,000 draws)" in capsys.readouterr().err)


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    before = set(threading.enumerate())
    with sampling_progress(2, 1000, False) as display, fit_progress(10, False) as fit:
        assert set(threading.enumerate()) <= before  # others' may end meanwhile
        display.update([Chain()])
        fit.update(1, 2.0)
    assert capsys.readouterr() == ("", "")


class Gone(io.StringIO):
    """A stream whose reader goes away after some writes."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self._left = itertools.count(writes, -1)

    def write(self, _: str) -> int:
        if next(self._left) <= 0:
            raise BrokenPipeError
        return 0


@pytest.mark.parametrize("writes", [0, 1, 2, 5])
def test_a_broken_pipe_silences_the_display_and_nothing_else(
    writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = sys.stdout, sys.stderr
    console = Console(file=Gone(writes), force_terminal=True, width=100)
    with sampling_progress(1, 1000, console=console) as display:
        for done in range(0, 1000, 100):
            display.update([Chain(done=done)])
            time.sleep(0.02)
    assert (sys.stdout, sys.stderr) == streams
    monkeypatch.setattr(sys, "stderr", Gone(0))
    with sampling_progress(1, 1000, "plain") as display:
        display.update([Chain()])


def test_a_broken_view_silences_the_display(capsys: pytest.CaptureFixture[str]) -> None:
    with sampling_progress(1, 1000, "plain") as display:
        display.update([Chain(done=1000, divergences="many")])  # type: ignore[arg-type]
    assert capsys.readouterr().err == ""


def test_where_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_output(False) is None
    assert isinstance(choose_output("plain"), PlainOutput)
    assert isinstance(choose_output(True), PlainOutput)
    assert isinstance(choose_output("terminal"), TerminalOutput)
    assert isinstance(choose_output("notebook"), NotebookOutput)
    tty = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(sys, "stderr", tty)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert isinstance(choose_output(None), TerminalOutput)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(choose_output(True), PlainOutput)
    monkeypatch.setattr(sys, "stderr", None)
    assert isinstance(choose_output(True), PlainOutput)
    with pytest.raises(ValueError, match="progressbar is 'loud'"):
        choose_output("loud")  # type: ignore[arg-type]


def test_in_a_notebook_one_output_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, str]] = []
    handle = SimpleNamespace(update=lambda bundle, raw: shown.append(bundle))

    def display(bundle: dict[str, str], *, raw: bool, display_id: bool) -> Any:
        assert raw
        assert display_id
        shown.append(bundle)
        return handle

    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(
        sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell, display=None)
    )
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    with sampling_progress(1, 1000) as progress:
        progress.update([Chain(done=1000)])
    assert "1,000/1,000" in shown[-1]["text/plain"]
    assert shown[-1]["text/html"].startswith("<pre")
    assert "done" in shown[-1]["text/html"]


def test_the_notebook_has_colours_and_no_escape_codes() -> None:
    bundle = _notebook_bundle(sampling_view(Chain(divergences=2))[0])
    assert "color:" in bundle["text/html"]
    assert "\x1b" not in bundle["text/html"] + bundle["text/plain"]

"""The rows that rich draws: chains with their bars, and a line for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from aliquot.progress.format import duration, rate, significant

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    from aliquot.mcmc.result import ChainProgress
    from aliquot.progress.sampling import SamplingView

_GAP = 2
_WIDEST_BAR = 40


class _Column(NamedTuple):
    """A column of text beside the bars."""

    title: str
    least_width: int  # the narrowest display that has room for it
    width: int
    of_chain: Callable[[SamplingView, ChainProgress], str]
    of_all: Callable[[SamplingView], str]


def _left(seconds: float, phase: str) -> str:
    return "" if phase in ("done", "stopped") else duration(seconds)


_COLUMNS = (
    _Column(
        "draws",
        0,
        15,
        lambda view, item: f"{item.done:,}/{item.total:,}",
        lambda view: f"{view.done:,}/{view.chains * view.total:,}",
    ),
    _Column("phase", 60, 9, lambda view, item: view.phase(item), lambda view: view.overall_phase()),
    _Column(
        "draws/s",
        70,
        8,
        lambda view, item: rate(item.draws_per_second),
        lambda view: rate(view.rate) if view.done else "-",
    ),
    _Column("step size", 95, 9, lambda view, item: significant(item.step_size), lambda view: ""),
    _Column(
        "steps/draw",
        112,
        10,
        lambda view, item: rate(item.leapfrogs / item.done) if item.done else "-",
        lambda view: rate(sum(i.leapfrogs for i in view.latest) / view.done) if view.done else "-",
    ),
    _Column(
        "diverged",
        48,
        8,
        lambda view, item: f"{item.divergences:,}",
        lambda view: f"{view.divergences:,}",
    ),
    _Column(
        "elapsed",
        85,
        7,
        lambda view, item: duration(view.elapsed_of(item)),
        lambda view: duration(view.elapsed),
    ),
    _Column(
        "left",
        40,
        7,
        lambda view, item: _left(view.remaining(item), view.phase(item)),
        lambda view: _left(view.overall_remaining(), view.overall_phase()),
    ),
)


def chains_table(
    view: SamplingView, width: int, most_rows: int, colours: Mapping[str, str]
) -> RenderableType:
    """Return a row for each chain and one for all, no wider than `width`.

    Columns that do not fit are left out, the least important first. Of many chains those that are
    furthest behind are shown.
    """
    columns = [column for column in _COLUMNS if width >= column.least_width]
    counts = len(f"{view.chains * view.total:,}") * 2 + 1
    widths = [counts if column.title == "draws" else column.width for column in columns]
    taken = len("chain") + _GAP + sum(needed + _GAP for needed in widths)
    bar_width = max(min(width - taken - _GAP, _WIDEST_BAR), 4)
    table = _grid(
        [("chain", 5), ("", bar_width)]
        + [(column.title, needed) for column, needed in zip(columns, widths, strict=True)]
    )
    rows = list(view.latest)
    if len(rows) > most_rows:
        rows = sorted(rows, key=lambda item: (item.done, item.chain))[: most_rows - 1]
    for item in rows:
        phase = view.phase(item)
        cells = [_cell(column, column.of_chain(view, item), phase, colours) for column in columns]
        table.add_row(
            str(item.chain), bar(item.done, item.total, phase, bar_width, colours), *cells
        )
    hidden = len(view.latest) - len(rows)
    if hidden:
        table.add_row("...", f"{hidden:,} more", style="dim")
    if view.chains > 1 or not rows:
        phase = view.overall_phase()
        cells = [_cell(column, column.of_all(view), phase, colours) for column in columns]
        name = "all" if view.chains > 1 else "0"
        whole = view.chains * view.total
        table.add_row(name, bar(view.done, whole, phase, bar_width, colours), *cells, style="bold")
    if view.compilation():
        table.caption = view.compilation()
        table.caption_justify = "left"
    return table


def bar(
    done: float, total: float, phase: str, width: int, colours: Mapping[str, str]
) -> ProgressBar:
    """Return a bar; it pulses where nothing can be counted yet."""
    from rich.progress_bar import ProgressBar

    colour = colours.get(phase, "cyan")
    return ProgressBar(
        total=max(total, 1),
        completed=done,
        width=width,
        pulse=phase not in colours and not done,
        complete_style=colour,
        finished_style=colour,
        pulse_style="magenta",
    )


def _grid(titles: list[tuple[str, int]]) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, _GAP, 0, 0), header_style="dim", pad_edge=False)
    for title, width in titles:
        # Fixed widths: a table whose columns move at every frame cannot be read.
        text = title in ("chain", "", "phase")
        table.add_column(title, justify="left" if text else "right", no_wrap=True, width=width)
    return table


def _cell(column: _Column, content: str, phase: str, colours: Mapping[str, str]) -> Text:
    from rich.text import Text

    if column.title == "phase":
        return Text(content, style=colours.get(phase, "magenta"))
    if column.title == "diverged" and content != "0":
        return Text(content, style="bold red")
    return Text(content)

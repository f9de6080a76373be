"""From what was measured to ``docs/benchmarks.md``."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.peers.cases import CASES
from benchmarks.peers.fingerprint import current
from benchmarks.peers.goals import goals, lost, spread
from benchmarks.peers.libraries import TITLES, ours
from benchmarks.peers.summary import Found, Row, Summary, ahead, summarise
from benchmarks.peers.tables import TABLES, Table

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "results"

HEAD = """# How fast it is, beside other libraries

The same models, data and settings in each library, in turns on one machine. This page is made from
what was measured by `benchmarks/peers`; nothing on it is written by hand.

    make bench-peers                     # all of it: hours. Results go to benchmarks/peers/results
    make bench-peers ARGS="--cases classic-100 --repeats 5"
    .venv/bin/python -m benchmarks.peers page    # this page again

"""

HOW = """## How it is measured

* Every measurement is a process of its own, and the libraries take turns. Figures are medians.
* How far Aliquot is ahead is the median of the ratios of the turns, with their range. The best peer
  is that of all turns. Figures that were not measured in the same turns are not divided.
* A figure counts for the code, the versions, the case and the reference that it was measured with.
  Those of other ones are not on this page.
* **Cold** is the whole process, from its start to a posterior whose R-hat and ESS have been looked
  at: with every cache empty, and once more, in a second process, with what the first one left in
  them; the second process is Aliquot's and that of the three peers that are the fastest once
  compiled. Byte code is there.
* **Once compiled** is the second run in one process. Effective draws are the least bulk ESS of all
  elements of all parameters, by one and the same code for all libraries. The seconds of sampling
  are those from the call to its draws, of Aliquot's also what it does before chains begin.
  Convergence checks are in none of them: NumPyro, BlackJAX, nutpie and Stan make none. They count
  in the seconds of the whole call, where it makes them, and in those of a cold process, always.
  PyMC compiles in every call; its seconds of sampling are those that it reports.
* Where rows are many and few of them are different, the peers are given the counts of those, which
  is how a careful user would write the model for them; Aliquot and pymc-extras are given the rows.
* Draws are judged. If a mean is more than five Monte Carlo errors from what is exact, published,
  known from an implementation in NumPy that no library shares, or known from a long run, or R-hat
  is 1.05 or more, the library has failed the case, however fast it was. Such figures are struck out
  and count for nothing. Of many data sets each is judged so, and 95% of them must be right.
* Cases with several modes start in one of them, in all libraries, so that all explore the same.
  With latent classes and Poisson components only the peers are told where to start; with the
  channels in two units nobody is.
* float64 everywhere, both cores for all, each library's own recommended settings.
"""


def load(folder: Path | None = None) -> list[Row]:
    """Read all rows that were measured."""
    files = sorted((folder or RESULTS).glob("*.json"))
    return [row for path in files if path.stem in CASES for row in json.loads(path.read_text())]


def outdated(rows: list[Row]) -> str:
    """Say of which rows the code, the versions or the case are not those that are here."""
    old = [row for row in rows if not current(row)]
    if not old:
        return ""
    names = sorted({TITLES.get(row["library"], row["library"]) for row in old})
    return (
        f"Left out: {len(old)} of {len(rows)} measurements, of {', '.join(names)}, which are of "
        "another version, of another library's environment, or of a case that has changed.\n"
    )


def loop_time(folder: Path | None = None) -> float | None:
    """Read nanoseconds a row of the loop in C++, if it was measured."""
    path = (folder or RESULTS) / "loop.json"
    return float(json.loads(path.read_text())["ns_per_row"]) if path.exists() else None


def render(rows: list[Row], loop_ns: float | None = None) -> str:
    """Write the page from the rows that count."""
    left_out = outdated(rows)
    rows = [row for row in rows if current(row)]
    found = summarise(rows)
    parts = [HEAD, left_out, _standing(found, loop_ns), HOW, _machine(rows, found)]
    for table in TABLES:
        parts.append(_table(table, found))
        if table.picture and parts[-1]:
            parts.append(f"![{table.picture}](images/benchmarks_{table.measure}.png)\n")
    parts.append(_failures(found))
    return "\n".join(part for part in parts if part).rstrip() + "\n"


def _standing(found: Found, loop_ns: float | None) -> str:
    words = {True: "yes", False: "**no**", None: ""}
    lines = ["## Goals", "", "| measure | goal | measured | reached |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {goal.measure} | {goal.goal} | {goal.found} | {words[goal.reached]} |"
        for goal in goals(found, loop_ns)
    ]
    behind = lost(found)
    lines += ["", "## Where others are ahead", ""]
    nowhere = "Nowhere, among the cases below." if found else "Nothing has been measured."
    lines += [f"* {line}" for line in behind] or [nowhere]
    return "\n".join(lines) + "\n"


def _machine(rows: list[Row], found: Found) -> str:
    if not rows:
        return ""
    machine = rows[-1]["machine"]
    days = sorted({row["measured"] for row in rows})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    counts = sorted({summary.repeats for summary in found.values()})
    repeats = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    lines = [
        "## The machine, and the libraries",
        "",
        f"{machine['cores']} cores, {machine['processor']}, {machine['memory_gib']} GiB, "
        f"{machine['system']}, Python {machine['python']}; {when}; repeats: {repeats}.",
        "",
        "| library | version | settings |",
        "| --- | --- | --- |",
    ]
    for library in TITLES:
        of_it = [s for (_, name), s in found.items() if name == library and s.version]
        if of_it:
            lines.append(f"| {TITLES[library]} | {of_it[-1].version} | {of_it[-1].settings} |")
    return "\n".join(lines) + "\n"


def _table(table: Table, found: Found) -> str:
    """Write one measure: cases down, libraries across, and how far Aliquot is ahead."""
    of_kind = [x for x in table.libraries if any(key[1] == x for key in found)]
    heads = " | ".join(TITLES[library] for library in of_kind)
    lines = [f"| case | {heads} | ahead |", "| --- |" + " ---: |" * (len(of_kind) + 1)]
    for case in CASES.values():
        cells = [_cell(found.get((case.name, x)), table) for x in of_kind]
        if not set(table.kinds) & set(case.kinds) or not any(cells):
            continue
        ratio = ahead(found, case.name, table.measure)
        last = "" if ratio is None else spread(ratio)
        lines.append(f"| {case.title} | {' | '.join(cells)} | {last} |")
    if len(lines) == 2:
        return ""
    return "\n".join([f"## {table.title}", "", table.text, "", *lines]) + "\n"


def _cell(summary: Summary | None, table: Table) -> str:
    if summary is None:
        return ""
    value = getattr(summary, table.measure)
    if value is None:
        return "" if summary.right else "failed"
    bold = "**" if ours(summary.library) else ""
    written = table.write(value)
    return f"{bold}{written}{bold}" if summary.right else f"~~{written}~~"


def _failures(found: Found) -> str:
    lines = [
        f"* {CASES[case].title}, {TITLES[library]}: {summary.failed}"
        for (case, library), summary in found.items()
        if not summary.right
    ]
    return "\n".join(["## What failed", "", *lines]) + "\n" if lines else ""


def write_page(folder: Path | None = None) -> None:
    """Write the page and its pictures."""
    from benchmarks.peers.figures import draw

    rows = load(folder)
    print(outdated(rows), end="")
    (ROOT / "docs" / "benchmarks.md").write_text(render(rows, loop_time(folder)))
    draw(summarise([row for row in rows if current(row)]), ROOT / "docs" / "images")

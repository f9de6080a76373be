"""docs/verification.md, made from verification/results.json: ``python -m verification.page``."""

from __future__ import annotations

import ast
import json
import platform
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "verification.md"

HEAD = """\
# What has been verified

`make verify` runs the checks that take too long for `make test`, and makes this page from what they
found; nothing on it is written by hand. Each row says what was checked, against what, in how many
cases, and how far off the worst of them was. What is computed is compared to rounding. What is
drawn is compared with a tolerance from its Monte Carlo error: a right program fails a check by
chance at most once in 10,000 runs. Last digits, and all that is drawn, differ from machine to
machine; that the checks hold must not.
"""


def machine() -> str:
    """Name the processor in words."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def kept() -> dict[str, Any]:
    """Read what earlier runs found, by check; checks that are no longer there are left out."""
    if not RESULTS.exists():
        return {}
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    return {node: check for node, check in found.items() if _exists(node)}


def write(results: dict[str, Any]) -> None:
    """Keep results and write the page."""
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(text(results), encoding="utf-8")


def text(results: dict[str, Any]) -> str:
    """Make the page of what was found."""
    parts = [HEAD]
    for file in sorted({node.partition("::")[0] for node in results}):
        checks = {node: results[node] for node in results if node.partition("::")[0] == file}
        parts.append(_section(HERE.parent / file, checks))
    return "\n".join(parts)


def _section(file: Path, checks: dict[str, Any]) -> str:
    title = _docstring(file).splitlines()[0].rstrip(".")
    runs = sorted({f"{check['date']}, {check['machine']}" for check in checks.values()})
    lines = [f"## {title}", "", f"`{file.parent.name}/{file.name}`; {'; '.join(runs)}", ""]
    lines += ["| what | against | cases | furthest off | |", "| --- | --- | ---: | --- | --- |"]
    for node, check in sorted(checks.items()):
        result = "holds" if check["passed"] else "**fails**"
        name = node.partition("::")[2]
        rows = check["rows"] or [{"what": f"`{name}`", "against": "", "cases": "", "worst": ""}]
        for row in rows:
            count = f"{row['cases']:,}" if row["cases"] != "" else ""
            lines.append(
                f"| {row['what']} | {row['against']} | {count} | {row['worst']} | {result} |"
            )
    return "\n".join([*lines, ""])


def _docstring(file: Path) -> str:
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or file.stem


def _exists(node: str) -> bool:
    file, _, name = node.partition("::")
    path = HERE.parent / file
    return path.exists() and f"def {name.partition('[')[0]}(" in path.read_text(encoding="utf-8")


if __name__ == "__main__":
    write(kept())

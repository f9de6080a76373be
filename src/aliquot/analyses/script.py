"""``model.py``: the model that was fitted, as a script that a person can go on with."""

from __future__ import annotations

import os
from pathlib import Path

from aliquot.analyses.analysis import RunSettings, TableAnalysis
from aliquot.analyses.encoding import text
from aliquot.builders.text import IMPORTS

CHAINS = 4
NAME = "model.py"


def script(
    analysis: TableAnalysis,
    components: int,
    settings: RunSettings,
    folder: Path,
    command: str,
    note: str,
) -> str:
    """Give the text of the script; `note` is said at its beginning, if anything is."""
    table = analysis.table
    used = sorted({"read_table", *analysis.encoding.names})
    imports = sorted({*analysis.written.imports, *analysis.encoding.imports, *IMPORTS})
    head = [
        f'"""{analysis.title}',
        "",
        f"Written by: {_plain(command)}",
        *([note] if note else []),
        '"""',
        "",
        "from pathlib import Path",
        "",
        *sorted((line for line in imports if "aliquot" not in line), key=_module),
        "",
        *(line for line in imports if "aliquot" in line),
        f"from aliquot.tables import {', '.join(used)}",
        "",
        "HERE = Path(__file__).resolve().parent",
        f"TABLE = {_place(table.path, folder)}",
        f"COMPONENTS = {components}",
        "# Of each chain; there are four.",
        f"DRAWS = {max(250, -(-settings.draws // CHAINS))}",
        f"SEED = {settings.seed}",
        "",
    ]
    options = f", separator={text(table.separator)}" if table.separator else ""
    options += "" if table.header else ", header=False"
    several = components > 1
    permute = ', label_switching="permute"' if several else ""
    lines = [
        f"data = encode(read_table(TABLE{options}))",
        "model = build(data, COMPONENTS)",
        f"trace = aq.sample(DRAWS, chains={CHAINS}, model=model, random_seed=SEED{permute})",
    ]
    if several:
        lines += [
            "trace = aq.relabel(trace, model)",
            'trace = aq.recover(trace, model, kind="probabilities")',
            'probability = trace.state_probabilities["z"].mean(("chain", "draw"))',
            "print(probability.round(3))",
        ]
    lines += [
        'trace.to_netcdf(HERE / "posterior-of-model.nc")',
        'print(aq.report(trace, model, HERE / "report-of-model.html"))',
    ]
    main = "".join(f"    {line}\n" for line in lines)
    return (
        "\n".join(head)
        + f"\n{analysis.encoding.text}\n\n{analysis.written.function}\n\n"
        + f'if __name__ == "__main__":\n{main}'
    )


def _place(table: Path, folder: Path) -> str:
    """Write the table's path as seen from the script, which may move together with it."""
    try:
        relative = os.path.relpath(table.resolve(), folder.resolve())
    except ValueError:  # on another drive
        return f"Path({text(str(table.resolve()))})"
    return f"HERE / {text(Path(relative).as_posix())}"


def _plain(command: str) -> str:
    """Give a command as it can stand in a docstring."""
    return command.replace("\\", "\\\\").replace('"""', "'''")


def _module(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line.split()[1]

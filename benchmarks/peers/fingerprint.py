"""Of what code and which versions a row is: one of other ones does not count any more."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.peers.cases import CASES
from benchmarks.peers.libraries import ours, sources

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
UNDER_ALIQUOT = ("jax", "jaxlib", "numpy", "scipy", "xarray", "arviz-base", "arviz-stats")
"""What decides, next to its source, how fast Aliquot is."""


def current(row: dict[str, Any]) -> bool:
    """Say whether a row is of the code, the versions and the case that are here now."""
    if row["case"] not in CASES or row["library"] not in sources_of():
        return False
    case, library = row["case"], row["library"]
    return bool(
        row.get("case_print") == case_print(case, library)
        # What failed before it could say is of no version.
        and row.get("library_print", library_print(library)) == library_print(library)
    )


def sources_of() -> set[str]:
    """Name the libraries that there is a file for."""
    return {path.stem.replace("_", "-") for path in (HERE / "libraries").glob("*.py")}


@cache
def library_print(library: str, as_installed: bool = False) -> str:
    """Give a hash of a library: Aliquot's source, of all others the versions.

    These are the pinned ones, or those of the packages that are installed where this runs.
    """
    parts, pinned = [], _pinned(library)
    if ours(library):
        folder = _installed_aliquot() if as_installed else ROOT / "src" / "aliquot"
        for path in sorted(folder.rglob("*.py")):
            parts += [path.relative_to(folder).as_posix(), path.read_text()]
    for name in sorted(pinned):
        parts.append(f"{name}=={_version(name) if as_installed else pinned[name]}")
    return _hash(parts)


@cache
def case_print(name: str, library: str) -> str:
    """Give a hash of a case in a library: data, settings, models, and what it is judged by."""
    reference = HERE / "references" / f"{name}.json"
    parts = [_case(name), sources.text(library, name)]
    parts.append(reference.read_text() if reference.exists() else "")
    return _hash(parts)


@cache
def _case(name: str) -> str:
    case = CASES[name]
    settings = (case.draws, case.chains, case.tune, case.target_accept, case.from_start)
    parts = [name, case.kind, repr(settings), repr(case.quantities)]
    for key, values in sorted(case.data().items()):
        parts += [key, str(values.shape), sha256(values.tobytes()).hexdigest()]
    return _hash(parts)


def _hash(parts: list[str]) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:16]


def _pinned(library: str) -> dict[str, str]:
    """Give the versions that were decided on."""
    if ours(library):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        lines = project["tool"]["uv"]["constraint-dependencies"]
    else:
        lines = (HERE / "requirements.txt").read_text().splitlines()
    found = {}
    for line in lines:
        if pair := re.match(r"([A-Za-z0-9_.-]+)==([^\s;]+)", line):
            found[pair[1].lower().replace("_", "-")] = pair[2]
    return {name: found[name] for name in UNDER_ALIQUOT} if ours(library) else found


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _installed_aliquot() -> Path:
    import aliquot

    assert aliquot.__file__ is not None
    return Path(aliquot.__file__).parent

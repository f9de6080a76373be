"""The text of what runs a case in a library, read without importing the library."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
IMPORTED = re.compile(r"from benchmarks\.peers\.libraries\.(\w+) import|libraries import (\w+) as")


def key_of(names: Iterable[str], case: str) -> str | None:
    """Find a case's entry: under its own name, else under what stands before the first dash."""
    name = case.removeprefix("advi-")
    there = set(names)
    return next((key for key in (name, name.partition("-")[0]) if key in there), None)


def has_model(library: str, case: str) -> bool:
    """Say whether a library has a model of a case, in the nearest of its files with models."""
    tables = (_models(file) for file in files(library))
    return key_of(next((models for models in tables if models), {}), case) is not None


def text(library: str, case: str) -> str:
    """Give all code that runs a case in a library, without the models of other cases."""
    parts = [_without_others(file, case) for file in files(library)]
    if library == "stan":
        parts += [path.read_text() for path in sorted((HERE / "stan").glob("*.stan"))]
    return "\n".join(parts)


@cache
def files(library: str) -> tuple[str, ...]:
    """Name the files of this folder that a library's own one imports, itself first."""
    found, waiting = [], [library.replace("-", "_")]
    while waiting:
        name = waiting.pop(0)
        if name in found or name == "sources":
            continue
        found.append(name)
        waiting += [one or other for one, other in IMPORTED.findall(_read(name))]
    return tuple(found)


@cache
def _read(name: str) -> str:
    return (HERE / f"{name}.py").read_text()


@cache
def _tree(name: str) -> ast.Module:
    return ast.parse(_read(name))


def _table(node: ast.stmt) -> ast.Dict | None:
    """Give the table of models, if this is where it is written."""
    named = isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    if named and node.target.id == "MODELS" and isinstance(node.value, ast.Dict):
        return node.value
    return None


@cache
def _models(name: str) -> dict[str, str]:
    """Give which function makes each case's model."""
    tables = [table for node in _tree(name).body if (table := _table(node)) is not None]
    return {
        ast.literal_eval(key): value.id if isinstance(value, ast.Name) else ast.unparse(value)
        for table in tables
        for key, value in zip(table.keys, table.values, strict=True)
        if key is not None
    }


def _without_others(name: str, case: str) -> str:
    models = _models(name)
    key = key_of(models, case)
    own = None if key is None else models[key]
    others = set(models.values()) - {own}
    kept = [
        ast.unparse(node)
        for node in _tree(name).body
        if not (isinstance(node, ast.FunctionDef) and node.name in others) and _table(node) is None
    ]
    return "\n".join([*kept, str(own)])

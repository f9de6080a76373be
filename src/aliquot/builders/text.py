"""The text of a function that builds a model, and that function: what is read is what runs."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from textwrap import indent
from typing import Any

from aliquot.model import Model

IMPORTS = ("import numpy as np", "import aliquot as aq")


@dataclass(frozen=True)
class ModelText:
    """A Python text that defines ``build(data, components)``, which returns a model.

    Attributes
    ----------
    constants : tuple of str
        Lines before the function: numbers and names that belong to the table.
    summary : str
        The docstring of the function.
    coords : tuple of str
        Lines of the dict of coords, as in ``'"component": np.arange(components),'``.
    lines : tuple of str
        What stands in the ``with`` block.
    imports : tuple of str
        Imports besides those of NumPy and Aliquot.
    """

    summary: str
    coords: tuple[str, ...]
    lines: tuple[str, ...]
    constants: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()

    @property
    def function(self) -> str:
        """The function's text, and the constants that it reads."""
        head = "".join(f"{line}\n" for line in self.constants)
        return (
            f"{head}\n\n"
            "def build(data, components):\n"
            f'    """{self.summary}"""\n'
            "    coords = {\n"
            f"{indent(_joined(self.coords), ' ' * 8)}"
            "    }\n"
            "    with aq.Model(coords=coords) as model:\n"
            f"{indent(_joined(self.lines), ' ' * 8)}"
            "    return model\n"
        ).lstrip("\n")

    @property
    def text(self) -> str:
        """A whole module: imports, constants and the function."""
        return f"{_joined([*self.imports, *IMPORTS])}\n{self.function}"

    @cached_property
    def build(self) -> Callable[[Mapping[str, Any], int], Model]:
        """The function, as the text says it; its lines show in tracebacks."""
        name = f"<model written by aliquot {hashlib.sha256(self.text.encode()).hexdigest()[:12]}>"
        lines = self.text.splitlines(keepends=True)
        linecache.cache[name] = (len(self.text), None, lines, name)
        space: dict[str, Any] = {}
        exec(compile(self.text, name, "exec"), space)
        return space["build"]

    def __getstate__(self) -> dict[str, Any]:
        """Leave the function out: it is made again from the text."""
        return {name: value for name, value in self.__dict__.items() if name != "build"}


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)

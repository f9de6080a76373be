"""The text of a function that builds a model, and that function: what is read is what runs."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from textwrap import indent
from typing import Any

from aliquot.builders.columns import Column
from aliquot.model import Model

# Of a line; longer ones are broken.
WIDTH = 88
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
    columns : tuple of Column
        Of the table, where components are told apart by what is seen in them: they are numbered in
        ascending order of the first one.
    """

    summary: str
    coords: tuple[str, ...]
    lines: tuple[str, ...]
    constants: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()

    @property
    def function(self) -> str:
        """The function's text, and the constants that it reads."""
        head = _joined(self.constants)
        return (
            f"{head}\n\n"
            "def build(data, components):\n"
            f'    """{self.summary}"""\n'
            "    coords = {\n"
            f"{indent(_joined(self.coords, 8), ' ' * 8)}"
            "    }\n"
            "    with aq.Model(coords=coords) as model:\n"
            f"{indent(_joined(self.lines, 8), ' ' * 8)}"
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


def _joined(lines: Sequence[str], indented: int = 0) -> str:
    """Put lines below each other, long ones broken where they are lists."""
    return "".join(f"{broken(line, WIDTH - indented)}\n" for line in lines)


def broken(line: str, width: int = WIDTH) -> str:
    """Break a line that ends in a bracket at the commas in it, if it is longer than `width`.

    >>> print(broken("x = f(first, [1, 2], last='a, b')", 24))
    x = f(
        first,
        [1, 2],
        last='a, b',
    )
    """
    closing = {")": "(", "]": "[", "}": "{"}
    body = line.rstrip(",")
    if len(line) <= width or "\n" in line or body[-1:] not in closing:
        return line
    opens, parts = _parts(body)
    if opens is None:
        return line
    margin = " " * (len(line) - len(line.lstrip()))
    inside = f",\n{margin}    ".join(parts)
    one = f"{margin}    {', '.join(parts)}"
    if len(one) > width:
        one = f"{margin}    {inside},"
    return f"{body[: opens + 1]}\n{one}\n{margin}{body[-1]}{line[len(body) :]}"


def _parts(text: str) -> tuple[int | None, list[str]]:
    """Find the bracket that the last one closes, and what commas part within."""
    quote = ""
    begins: list[tuple[int, list[int]]] = []
    for place, letter in enumerate(text):
        if quote:
            if letter == quote and text[place - 1] != "\\":
                quote = ""
        elif letter in "\"'":
            quote = letter
        elif letter in "([{":
            begins.append((place, []))
        elif letter in ")]}":
            opened, commas = begins.pop()
            if place == len(text) - 1:
                cuts = [opened, *commas, place]
                pieces = [text[a + 1 : b].strip() for a, b in pairwise(cuts)]
                return opened, [piece for piece in pieces if piece]
        elif letter == "," and begins:
            begins[-1][1].append(place)
    return None, []

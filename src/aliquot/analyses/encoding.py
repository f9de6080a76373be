"""How a table becomes the data of a model, as text: what the script has is what ran."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from textwrap import indent
from typing import Any

from aliquot.tables import DataTable


@dataclass(frozen=True)
class EncodingText:
    """A Python text that defines ``encode(table)``, which returns a dict of arrays.

    Attributes
    ----------
    lines : tuple of str
        The body, down to ``return``.
    names : tuple of str
        What it uses of `aliquot.tables`.
    constants : tuple of str
        Lines before it: centres and scales.
    imports : tuple of str
    """

    lines: tuple[str, ...]
    names: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The constants and the function."""
        head = "".join(f"{line}\n" for line in self.constants)
        body = indent("".join(f"{line}\n" for line in self.lines), " " * 4)
        summary = '    """Give the columns as the model reads them."""\n'
        return f"{head}\n\ndef encode(table):\n{summary}{body}".lstrip("\n")

    @cached_property
    def encode(self) -> Callable[[DataTable], dict[str, Any]]:
        """The function, as the text says it."""
        space: dict[str, Any] = {}
        used = f"from aliquot.tables import {', '.join(self.names)}\n" if self.names else ""
        more = "".join(f"{line}\n" for line in self.imports)
        exec(f"import numpy as np\n{more}{used}{self.text}", space)
        return space["encode"]


def dictionary(entries: Mapping[str, str]) -> list[str]:
    """Write the ``return`` of a dict of expressions by key.

    >>> dictionary({"x": "x"})
    ['return {"x": x}']
    """
    one = "return {" + ", ".join(f'"{key}": {value}' for key, value in entries.items()) + "}"
    if len(one) <= 90:
        return [one]
    return ["return {", *(f'    "{key}": {value},' for key, value in entries.items()), "}"]


def text(value: str) -> str:
    """Write text as Python has it, in double quotes.

    >>> print(text("a's"))
    "a's"
    """
    return json.dumps(value, ensure_ascii=False)


def texts(values: Iterable[str]) -> str:
    """Write a list of texts.

    >>> print(texts(["a", "b"]))
    ["a", "b"]
    """
    return f"[{', '.join(map(text, values))}]"

"""A model in mathematical notation, in Unicode and plain HTML."""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup, escape

from aliquot.model import Model
from aliquot.model.describe import rows

LETTERS = "αβγδεζηθικλμνξοπρστυφχψω"
GREEK = {unicodedata.name(letter).split()[-1].lower(): letter for letter in LETTERS}
GREEK |= {"lambda": "λ", "lam": "λ"}
GREEK |= {name.capitalize(): letter.upper() for name, letter in GREEK.items()}
RELATIONS = {"~": "∼", "=": "=", "+=": "+="}
_WORD = re.compile(r"[^\W\d]\w*(?=\()|[^\W\d]\w*")


def symbol(name: str) -> Markup:
    """Write a name as a symbol: Greek where it is spelt out, with what follows as an index.

    >>> print(symbol("sigma"), symbol("mu_z"), symbol("a<b"))
    <i>σ</i> <i>μ</i><sub>z</sub> <i>a&lt;b</i>
    """
    stem, _, index = name.partition("_")
    if index and (stem in GREEK or len(stem) == 1) and len(index) <= 8:
        return symbol(stem) + Markup("<sub>{}</sub>").format(index.rstrip("_"))
    return Markup("<i>{}</i>").format(GREEK.get(name, name))


def formula(text: str) -> Markup:
    """Typeset an expression: variables become symbols, and so do names of arguments, in bold.

    >>> print(formula("Normal(mu=means[z], sigma=1)"))
    Normal(<b>μ</b> = <i>means</i>[<i>z</i>], <b>σ</b> = 1)
    """
    parts, end = [], 0
    for word in _WORD.finditer(text):
        before, after = text[: word.start()], text[word.end() :]
        parts.append(_between(text[end : word.start()]))
        if after.startswith("(") or before.endswith(".") or not before + after:
            parts.append(escape(word[0]))
        elif re.match(r"=(?!=)", after):
            parts.append(Markup("<b>{}</b>").format(GREEK.get(word[0], word[0])))
        else:
            parts.append(symbol(word[0]))
        end = word.end()
    return Markup("").join([*parts, _between(text[end:])])


def _between(text: str) -> Markup:
    for plain, better in {"<=": " ≤ ", ">=": " ≥ ", "-": "−"}.items():
        text = text.replace(plain, better)
    return escape(re.sub("^=(?!=)", " = ", text).replace("  ", " "))


def notation(model: Model) -> list[tuple[Markup, str, Markup, str]]:
    """Give a line for each variable: its symbol, a relation, what it is, and a note."""
    return [
        (symbol(name), RELATIONS[relation], formula(text), note)
        for name, relation, text, note in rows(model)
    ]

"""Names and numbers of a table as they stand in the text of a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from aliquot.builders.columns import Column

# Names that the model has for its own.
OWN = (
    *("w", "z", "mu", "sigma", "chol", "nu", "alpha", "loading", "rate", "mean", "shape", "x"),
    *("yes", "said_yes", "poisson", "negative_binomial", "P", "start", "slope"),
)


def distinct(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Make names of variables from names of columns, no two alike and none that is taken.

    >>> distinct(["age", "a/b", "a b", "w"], taken=["w"])
    ['age', 'a_b', 'a_b_2', 'w_2']
    """
    used = set(taken)
    result = []
    for name in names:
        plain = re.sub(r"\W+", "_", str(name)).strip("_") or "column"
        plain = f"column_{plain}" if plain[0].isdigit() else plain
        number, new = 1, plain
        while new in used:
            number += 1
            new = f"{plain}_{number}"
        used.add(new)
        result.append(new)
    return result


def vector(numbers: Sequence[float]) -> str:
    """Write numbers down with all their digits.

    >>> vector([1.5, 2.0])
    '[1.5, 2.0]'
    """
    return f"[{', '.join(repr(float(number)) for number in numbers)}]"


def answer_names(columns: Sequence[Column]) -> Mapping[str, str]:
    """Give each categorical column the name of its variable in the model."""
    names = [column.name for column in columns if column.kind == "categorical"]
    return dict(zip(names, distinct(names, taken=OWN), strict=True))

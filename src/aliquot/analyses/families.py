"""Which family each column of a mixture is of, as it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from aliquot.builders.columns import KINDS
from aliquot.errors import ParameterError
from aliquot.tables.words import nearest, quoted


def families_of(asked: Sequence[str], columns: Sequence[str], default: str) -> dict[str, str]:
    """Give the family of each column from "poisson", for all, and "column:family".

    Raises
    ------
    ParameterError
        For a family or a column that is not known.

    Examples
    --------
    >>> families_of(["visits:poisson"], ["height", "visits"], "normal")
    {'height': 'normal', 'visits': 'poisson'}
    """
    found = dict.fromkeys(columns, default)
    each: dict[str, str] = {}
    for entry in (part.strip() for text in asked for part in text.split(",")):
        column, colon, family = entry.rpartition(":")
        if family not in KINDS:
            meant = nearest(family, KINDS)
            advice = f"was {meant[0]!r} meant? The" if meant else "the"
            raise ParameterError(
                f"--family {entry!r}: {advice} families are {quoted(KINDS)}; for one column "
                "write column:family"
            )
        if not colon:
            found = dict.fromkeys(columns, family)
        elif column not in found:
            raise ParameterError(
                f"--family {entry!r}: {column!r} is not among the columns {quoted(columns)}"
            )
        else:
            each[column] = family
    return found | each

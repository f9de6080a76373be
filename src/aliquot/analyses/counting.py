"""Numbers of components, as they are asked for."""

from __future__ import annotations

import re

from aliquot.errors import ParameterError

AUTO = "auto"
# With "auto" so many are tried at most; fewer where the evidence falls before.
MOST = 8


def component_numbers(text: str, option: str, rows: int) -> list[int]:
    """Give the numbers of components of "2", "1:6" (the 6 included), "1,3,5" or "auto".

    Raises
    ------
    ParameterError
        Where it says something else, or more than there are rows.

    Examples
    --------
    >>> component_numbers("1:3", "--components", 100), component_numbers("2,4", "--states", 9)
    ([1, 2, 3], [2, 4])
    """
    plain = text.strip().lower()
    if plain == AUTO:
        return list(range(1, min(MOST, rows) + 1))
    if found := re.fullmatch(r"(\d+)\s*[:-]\s*(\d+)", plain):
        first, last = map(int, found.groups())
        numbers = list(range(first, last + 1))
    elif re.fullmatch(r"\d+(\s*,\s*\d+)*", plain):
        numbers = [int(part) for part in plain.split(",")]
    else:
        numbers = []
    if not numbers or min(numbers) < 1 or len(set(numbers)) < len(numbers):
        raise ParameterError(
            f"{option} {text!r}: give one number as 2, several as 1:6 (from 1 to 6) or 2,3,5, or "
            f"{AUTO!r}"
        )
    if max(numbers) > rows:
        raise ParameterError(f"{option} {text!r}: there are {rows:,} rows, fewer than that")
    if max(numbers) > 100:
        raise ParameterError(f"{option} {text!r}: more than 100 are not tried")
    return numbers

"""How things are said: lists that stay short, rows, counts, the names that may have been meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

# How many of a kind are listed before the rest is counted.
LISTED = 8
# How alike two names are for one to be offered for the other.
ALIKE = 0.6


def count(number: int, thing: str, plural: str = "") -> str:
    """Say how many there are of something.

    >>> count(1, "row"), count(1200, "row"), count(2, "entry", "entries")
    ('1 row', '1,200 rows', '2 entries')
    """
    return f"{number:,} {thing if number == 1 else plural or thing + 's'}"


def listed(things: Iterable[object], most: int = LISTED) -> str:
    """List things, of many the first ones.

    >>> listed(["a", "b"]), listed(range(12), 3)
    ('a, b', '0, 1, 2 and 9 more')
    """
    texts = [str(thing) for thing in things]
    rest = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def quoted(names: Iterable[str], most: int = LISTED) -> str:
    """List names, each in quotation marks.

    >>> quoted(["a b", "c"])
    "'a b', 'c'"
    """
    return listed((repr(str(name)) for name in names), most)


def rows(places: np.ndarray | Sequence[int], most: int = LISTED) -> str:
    """Say which rows, counted from 1.

    >>> rows([4]), rows([0, 2])
    ('row 5', 'rows 1, 3')
    """
    places = np.asarray(places)
    first = listed((f"{place + 1}" for place in places[:most]), most)
    rest = len(places) - most
    more = f" and {rest:,} more" if rest > 0 else ""
    return f"row{'' if len(places) == 1 else 's'} {first}{more}"


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Find the names most like the one given, capitals aside, best first.

    >>> nearest("Erruptions", ["eruptions", "waiting"])
    ['eruptions']
    """
    from difflib import get_close_matches

    plain = {other.casefold(): other for other in known}
    return [plain[one] for one in get_close_matches(name.casefold(), plain, 3, ALIKE)]


def number(value: float) -> str:
    """Write a number as one would by hand: six digits at most.

    >>> number(3.0), number(0.1 + 0.2)
    ('3', '0.3')
    """
    return f"{value:.6g}"

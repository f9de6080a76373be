"""How numbers are written on a page."""

from __future__ import annotations

import math


def fixed(value: float | None, digits: int = 2) -> str:
    """Write a number with a true minus sign; a dash where there is none.

    >>> fixed(-0.6512), fixed(None), fixed(float("nan"))
    ('−0.65', '–', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "−")


def count(value: float | None) -> str:
    """Write a whole number; a dash where there is none.

    >>> count(20000), count(6.08), count(None)
    ('20,000', '6', '–')
    """
    return fixed(value, 0)


def percent(share: float) -> str:
    """Write a share with the digits that it needs, and none at all as none.

    >>> percent(0.0), percent(5e-5), percent(0.0312), percent(0.31)
    ('none', '0.005%', '3.1%', '31%')
    """
    if share == 0:
        return "none"
    if share < 1e-5:
        return "less than 0.001%"
    digits = 0 if share >= 0.1 else 1 if share >= 0.01 else 2 if share >= 1e-3 else 3
    return f"{share:.{digits}%}"


def measured(value: float, scale: float) -> str:
    """Write a number to two digits of a `scale`, such as its standard deviation, or a third of it.

    What has no scale is written as it is.

    >>> measured(1.23456, 0.041), measured(51234.2, 830.0), measured(3.2e-9, 4e-10)
    ('1.235', '51,234', '3.2e−09')
    """
    if not (math.isfinite(value) and math.isfinite(scale)):
        return fixed(value)
    if scale == 0:
        return f"{value:,.6g}".replace("-", "−")
    digits = 1 - math.floor(math.log10(scale / 3))
    if digits > 7 or max(abs(value), scale) >= 1e9:
        return f"{value:.3g}".replace("-", "−")
    return fixed(value, max(digits, 0))


def listed(names: list[str], most: int = 3) -> str:
    """Name the first few, and say how many more there are.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c", "d", "e"])
    ('a', 'a and b', 'a, b and 3 more')
    """
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)

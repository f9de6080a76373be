"""Times and rates as people read them."""

from __future__ import annotations

import math


def duration(seconds: float) -> str:
    """Write a time as on a clock; a dash if it is not known.

    >>> duration(7.4), duration(75), duration(3725), duration(float("nan"))
    ('0:07', '1:15', '1:02:05', '-')
    """
    if not math.isfinite(seconds) or seconds < 0:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rate(per_second: float) -> str:
    """Write a rate with three digits or so; a dash if there is none yet.

    >>> rate(5213.7), rate(0.532), rate(12.34), rate(0), rate(2_345_678)
    ('5,214', '0.53', '12.3', '-', '2.3M')
    """
    if not math.isfinite(per_second) or per_second <= 0:
        return "-"
    if per_second >= 1e6:
        return f"{per_second / 1e6:,.1f}M"
    if per_second >= 100:
        return f"{per_second:,.0f}"
    return f"{per_second:.1f}" if per_second >= 10 else f"{per_second:.2g}"


def significant(value: float) -> str:
    """Write a step size or a loss; a dash if it is not known.

    >>> significant(0.31234), significant(181.2345), significant(-15234.56), significant(2e-5)
    ('0.312', '181.23', '-15,234.56', '2e-05')
    """
    if math.isnan(value):
        return "-"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:,.2f}"


def seconds_taken(seconds: float) -> str:
    """Write how long something took, with tenths if it was short.

    >>> seconds_taken(3.21), seconds_taken(75)
    ('3.2 s', '1:15')
    """
    return f"{seconds:.1f} s" if seconds < 60 else duration(seconds)

"""Numbers in sentences: as many digits as they are known to."""

from __future__ import annotations

import math


def rounded(value: float, scale: float) -> str:
    """Write a number to a twentieth or so of a scale.

    >>> rounded(54.4731, 5.9), rounded(2.0361, 0.27), rounded(9172.3, 400.0), rounded(-0.001, 1.0)
    ('54.5', '2.04', '9,170', '0.0')
    """
    if not (math.isfinite(value) and math.isfinite(scale)) or scale <= 0:
        return f"{value:.3g}"
    decimals = 1 - math.floor(math.log10(scale))
    value = round(value, decimals) + 0.0  # no minus before a zero
    if decimals <= 0:
        return f"{value:,.0f}"
    return f"{value:,.{min(decimals, 8)}f}" if decimals <= 6 else f"{value:.3g}"


def percent(share: float) -> str:
    """Write a share in percent, never as all or nothing where it is not.

    >>> percent(0.358), percent(0.9999), percent(1.0), percent(0.0004)
    ('36%', 'over 99%', '100%', 'under 1%')
    """
    if 0 < share < 0.005:
        return "under 1%"
    if 0.995 < share < 1:
        return "over 99%"
    return f"{share:.0%}"

"""Times as numbers that can be compared, and as steps where they are equally spaced."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aliquot.errors import TableError
from aliquot.tables.missing import is_missing
from aliquot.tables.parse import kind, parsed, texts
from aliquot.tables.read import DataTable
from aliquot.tables.words import number, rows

DAY = np.timedelta64(1, "D")
# How far from whole a difference of times may be, in units of the spacing.
WHOLE = 1e-6
# More steps than this are not counted: the differences have no common unit worth the name.
COUNTABLE = 1e12


@dataclass(frozen=True, eq=False)
class Times:
    """A column of times.

    Attributes
    ----------
    values : array (rows,)
        Numbers, or datetime64.
    shown : list of str
        As the file has them.
    """

    values: np.ndarray
    shown: list[str]


@dataclass(frozen=True, eq=False)
class TimeSteps:
    """Times as whole steps.

    Attributes
    ----------
    places : array (rows,) of int, or None
        The step of each row, from any 0; None where times are not equally spaced.
    spacing : str
        What a step is, in words.
    """

    places: np.ndarray | None
    spacing: str


def times(table: DataTable, name: str) -> Times:
    """Read a column of times: numbers, or dates as ISO 8601 writes them.

    Raises
    ------
    TableError
        If it is not there, is missing somewhere or holds something else.
    """
    series = table.frame.get_column(name)
    where = f"the time {name!r} of {table.path.name}"
    what = kind(series)
    shown = texts(series).fill_null("").to_list() if what != "nested" else []
    if what in ("boolean", "nested"):
        raise TableError(f"{where} holds neither numbers nor dates")
    if none := [at for at, text in enumerate(shown) if is_missing(text)]:
        raise TableError(f"{where} is missing in {rows(none)}: leave these rows out, or mend them")
    if what == "date":
        values = series.to_numpy()
        return Times(values.astype(values.dtype if values.dtype.kind == "M" else np.int64), shown)
    column = parsed(table, name)
    if not len(column.bad):
        if len(infinite := np.flatnonzero(~np.isfinite(column.values))):
            raise TableError(f"{where} is not finite in {rows(infinite)}")
        return Times(column.values, shown)
    return Times(_dates(shown, where), shown)


def _dates(shown: list[str], where: str) -> np.ndarray:
    written = [text.removesuffix("Z").replace(" ", "T", 1) for text in shown]
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # times with an offset become universal time, as they should
        try:
            if all(text[0].isdigit() for text in written):
                return np.array(written, dtype="datetime64[us]")
        except ValueError:
            pass
        row = next(at for at, text in enumerate(written) if not _is_date(text))
    raise TableError(
        f"{where} holds {shown[row]!r} in row {row + 1}: write times as numbers, or dates as "
        "2026-01-31 or 2026-01-31 12:00"
    )


def _is_date(text: str) -> bool:
    try:
        return text[0].isdigit() and not np.isnat(np.datetime64(text, "us"))
    except ValueError:
        return False


def steps(values: np.ndarray, sequence: np.ndarray) -> TimeSteps:
    """Find the spacing of times that are sorted within sequences, and each row's step.

    Months, quarters and years are steps where all dates are at the same day of the month, or the
    last one; working days where no date is on a weekend.

    >>> steps(np.array([1.0, 2, 4]), np.zeros(3)).places
    array([0, 1, 3])
    >>> fridays_off = np.array(["2026-01-29", "2026-01-30", "2026-02-02"], "datetime64[us]")
    >>> steps(fridays_off, np.zeros(3))
    TimeSteps(places=array([0, 1, 2]), spacing='working days')
    """
    within = sequence[1:] == sequence[:-1]
    if not within.any():
        return TimeSteps(np.zeros(len(values), int), "one step each")
    if values.dtype.kind != "M":
        return _multiples(np.asarray(values, float), within, number)
    days = values.astype("datetime64[D]")
    if (values != days).any():
        seconds = (values - values.min()) / np.timedelta64(1, "s")
        return _multiples(seconds, within, _duration)
    months = days.astype("datetime64[M]")
    of_month = days - months.astype("datetime64[D]")
    last = (days + DAY).astype("datetime64[M]") != months
    nearest = (days[1:] - days[:-1])[within].min()
    if nearest >= 28 * DAY and (last.all() or (of_month == of_month[0]).all()):
        return _multiples(months.astype(float), within, _months)
    if np.is_busday(days).all() and nearest == DAY and _spans_weekend(days, within):
        counts = np.busday_count(days.min(), days)
        return _multiples(counts.astype(float), within, lambda unit: "working days")
    return _multiples(days.astype(float), within, lambda unit: _duration(86400 * unit))


def _spans_weekend(days: np.ndarray, within: np.ndarray) -> bool:
    return bool(((days[1:] - days[:-1])[within] > 2 * DAY).any())


def _multiples(values: np.ndarray, within: np.ndarray, said: Callable[[float], str]) -> TimeSteps:
    """Give the steps of numbers that differ by whole multiples of the least difference."""
    gaps = np.diff(values)[within]
    unit = gaps.min()
    ratio = gaps / unit
    if (np.abs(ratio - np.round(ratio)) > WHOLE * ratio).any() or ratio.sum() > COUNTABLE:
        return TimeSteps(None, f"differences from {number(unit)} to {number(gaps.max())}")
    # Within a sequence steps are counted from its first row.
    jumps = np.zeros(len(values), np.int64)
    jumps[1:][within] = np.round(ratio)
    starts = np.append(0, np.flatnonzero(~within) + 1)
    total = np.cumsum(jumps)
    places = total - np.repeat(total[starts], np.diff(np.append(starts, len(values))))
    return TimeSteps(places, said(unit))


def _months(unit: float) -> str:
    return {1.0: "months", 3.0: "quarters", 12.0: "years"}.get(unit, f"{number(unit)} months")


def _duration(seconds: float) -> str:
    for size, name in ((604800, "week"), (86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            times = seconds / size
            return f"{name}s" if times == 1 else f"{number(times)} {name}s"
    return "seconds" if seconds == 1 else f"{number(seconds)} seconds"

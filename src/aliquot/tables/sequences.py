"""`sequences`: the rows of a table as sequences in time, with steps that are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aliquot.errors import TableError
from aliquot.tables.missing import is_missing
from aliquot.tables.parse import texts
from aliquot.tables.read import DataTable
from aliquot.tables.times import Times, TimeSteps, steps, times
from aliquot.tables.words import count, listed, rows


@dataclass(frozen=True, eq=False)
class SequenceOrder:
    """Which row of a table is which step of which sequence.

    Attributes
    ----------
    names : tuple of str
        The sequences, in the order in which they begin in the file; one without a name if there is
        no column of sequences.
    rows : tuple of array (steps,) of int
        For each sequence the row of each step, counted from 0; -1 where a step is missing.
    spacing : str
        What a step is, in words; empty without a time.
    notes : tuple of str
        What was done to the rows, and what may not be what was meant.
    """

    names: tuple[str, ...]
    rows: tuple[np.ndarray, ...]
    spacing: str = ""
    notes: tuple[str, ...] = ()

    @property
    def missing_steps(self) -> int:
        """How many steps have no row."""
        return int(sum((part < 0).sum() for part in self.rows))

    def arrange(self, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """Give values of rows (rows, ...) step by step: a (steps, ...) array for each sequence.

        A missing step is NaN, and -1 in integers, as a missing category is.
        """
        values = np.asarray(values)
        if values.dtype.kind == "b":
            raise TableError("truth values have no missing steps: give them as numbers")
        empty = -1 if values.dtype.kind in "iu" else None if values.dtype == object else np.nan
        parts = []
        for part in self.rows:
            arranged = values[part]
            arranged[part < 0] = empty
            parts.append(arranged)
        return tuple(parts)

    def back(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Give values of steps, a (steps, ...) array for each sequence, in the table's order."""
        order = np.concatenate(self.rows)
        together = np.concatenate([np.asarray(part) for part in parts])
        if len(together) != len(order):
            raise TableError(
                f"the sequences have {count(len(order), 'step')}, but {len(together):,} were given"
            )
        values = np.empty((int((order >= 0).sum()), *together.shape[1:]), together.dtype)
        values[order[order >= 0]] = together[order >= 0]
        return values

    def in_words(self) -> str:
        """Say how many sequences there are, how long, and what was done."""
        lengths = [len(part) for part in self.rows]
        if len(lengths) == 1:
            said = f"one sequence of {count(lengths[0], 'step')}"
        else:
            shortest, longest = min(lengths), max(lengths)
            each = f"{shortest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
            said = (
                f"{count(len(lengths), 'sequence')} of {each} {'step' if each == '1' else 'steps'}"
            )
        if self.spacing:
            said += f", steps: {self.spacing}"
        return "; ".join([said, *self.notes])


def sequences(
    table: DataTable, *, sequence: str | None = None, time: str | None = None
) -> SequenceOrder:
    r"""Bring the rows of a table into sequences.

    Parameters
    ----------
    table : DataTable
    sequence : str, optional
        The column that says to which sequence a row belongs. If not given, there is one.
    time : str, optional
        The column by which the rows of a sequence are sorted: numbers or dates. If not given, they
        are in the file's order.

    Returns
    -------
    SequenceOrder
        Where times are equally spaced, steps without a row are missing steps. Where they are not,
        or more steps would be missing than there are rows, steps follow one another, and a note
        says so.

    Raises
    ------
    TableError
        If a column is not there or is missing somewhere, or a sequence has one time twice.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from aliquot.tables.read import read_table
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "d.csv"
    >>> _ = path.write_text("who,t,x\na,4,40\nb,1,10\na,1,11\na,2,20\n")
    >>> found = sequences(read_table(path), sequence="who", time="t")
    >>> found.arrange(np.array([40.0, 10, 11, 20]))
    (array([11., 20., nan, 40.]), array([10.]))
    >>> print(found.in_words())
    2 sequences of 1 to 4 steps, steps: 1; rows sorted by 't';
    rows of sequences that alternate are brought together; 1 missing step: 'a' after 2
    >>> folder.cleanup()
    """
    table.chosen([name for name in (sequence, time) if name is not None], "sequence and time")
    code, names = _codes(table, sequence)
    clock = None if time is None else times(table, time)
    order = np.argsort(code, kind="stable")
    together = bool((order == np.arange(len(order))).all())
    if clock is not None:
        order = np.lexsort((clock.values, code))
    notes = []
    if clock is not None:
        in_file = np.argsort(code, kind="stable")
        if (order != in_file).any():
            notes.append(f"rows sorted by {time!r}")
    if not together:
        notes.append("rows of sequences that alternate are brought together")
    sorted_code = code[order]
    if clock is None:
        parts = _split(order, sorted_code)
        return SequenceOrder(names, tuple(parts), "", tuple(notes))
    _refuse_twice(clock, order, sorted_code, names, str(time))
    found = steps(clock.values[order], sorted_code)
    placed, said = _filled(found, clock, order, sorted_code, names)
    spacing = found.spacing if found.places is not None else ""
    return SequenceOrder(names, tuple(placed), spacing, (*notes, *said))


def _codes(table: DataTable, sequence: str | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number the sequences in the order in which they begin."""
    if sequence is None:
        return np.zeros(table.rows, int), ("",)
    text = texts(table.frame.get_column(sequence)).fill_null("")
    if none := [at for at, name in enumerate(text.to_list()) if is_missing(name)]:
        raise TableError(
            f"the sequence {sequence!r} of {table.path.name} is missing in {rows(none)}: "
            "leave these rows out, or mend them"
        )
    names = text.unique(maintain_order=True)
    code = text.replace_strict(names, list(range(len(names))))
    return np.array(code.to_numpy()), tuple(names.to_list())


def _split(order: np.ndarray, code: np.ndarray) -> list[np.ndarray]:
    return np.split(order, np.flatnonzero(np.diff(code)) + 1)


def _named(name: str) -> str:
    return f"the sequence {name!r}" if name else "the sequence"


def _refuse_twice(
    clock: Times, order: np.ndarray, code: np.ndarray, names: tuple[str, ...], time: str
) -> None:
    values = clock.values[order]
    twice = np.flatnonzero((values[1:] == values[:-1]) & (code[1:] == code[:-1]))
    if not len(twice):
        return
    at = order[twice[0]]
    same = np.sort(order[(values == values[twice[0]]) & (code == code[twice[0]])])
    more = f"; {count(len(twice), 'row')} in all repeat a time" if len(twice) > 1 else ""
    advice = "" if names[0] else " Is there a column that tells sequences apart?"
    raise TableError(
        f"{_named(names[code[twice[0]]])} has the time {clock.shown[at]} of {time!r} more than "
        f"once, in {rows(same)}{more}: a time may come once in each sequence.{advice}"
    )


def _filled(
    found: TimeSteps, clock: Times, order: np.ndarray, code: np.ndarray, names: tuple[str, ...]
) -> tuple[list[np.ndarray], list[str]]:
    """Put rows at their steps, and say which steps are missing."""
    parts = _split(order, code)
    if found.places is None:
        return parts, [
            f"times are not equally spaced ({found.spacing}): each row is taken as one step on"
        ]
    places = _split(found.places, code)
    lengths = [int(part[-1]) + 1 for part in places]
    missing = sum(lengths) - len(order)
    if missing == 0:
        return parts, []
    if missing > len(order):
        return parts, [
            f"in steps of {found.spacing} {missing:,} would be missing, more than there are rows: "
            "each row is taken as one step on"
        ]
    filled = []
    for part, place, length in zip(parts, places, lengths, strict=True):
        rows_of = np.full(length, -1)
        rows_of[place] = part
        filled.append(rows_of)
    after = []
    for name, part, place in zip(names, parts, places, strict=True):
        jumps = part[:-1][np.diff(place) > 1]
        after += [f"{f'{name!r} ' if name else ''}after {clock.shown[row]}" for row in jumps]
    return filled, [f"{count(missing, 'missing step')}: {listed(after)}"]

"""A model of rows that lie on a disk: written with few of them, and told of as if with all.

Whoever writes the model sees lengths of all rows. The model itself has a fixed number of them, for
which everything is worked out as for any other data: shapes, starts, symmetries, what is summed
out. These rows are spread over the file, and have the smallest and the largest number of each
column among them, so that what is concluded from bounds holds for all rows. The density goes
through the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.errors import ModelError, ShapeError
from aliquot.expression import leaves
from aliquot.expression.lengths import expect_rows_on_disk, on_disk
from aliquot.model.observed import aligned
from aliquot.model.variables import CountedRows, Data, FreeVariable, Potential

if TYPE_CHECKING:
    from aliquot.rows import RowSource

# Numbers of which a model of streamed rows is written at most, in rows of one source.
NUMBERS = 2**18
# Numbers that are read at once on the way to them.
AT_ONCE = 2**19
# How many rows that may be: prime numbers, which are hardly the length of anything else.
LENGTHS = [131, 263, 521, 1031, 2063, 4127]


class StreamedRows:
    """The rows of a model that lie on a disk; false where there are none.

    Attributes
    ----------
    total : int
        How many there are.
    shown : int
        How many the model is written with.
    sources : dict from str to RowSource
        By the name of the data.
    leaves : list of Data
        Those data, and what says which rows count.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.total = self.shown = -1
        self.sources: dict[str, RowSource] = {}
        self.leaves: list[Data] = []
        self._samples: dict[str, dict[int, np.ndarray]] = {}

    def __bool__(self) -> bool:
        return bool(self.sources)

    @property
    def width(self) -> int:
        """How many numbers a row has, of all sources together."""
        return sum(source.width for source in self.sources.values())

    def lengths(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Give a shape as the model has it, of one that whoever writes the model gave."""
        return tuple(self.shown if n == self.total else n for n in shape)

    def told(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Give a shape as whoever writes the model sees it."""
        return tuple(self.total if n == self.shown else n for n in shape)

    def has_rows(self, shape: Sequence[int]) -> bool:
        """Say whether a shape, as the model has it, has an axis of rows."""
        return self.shown in shape

    def places(self) -> np.ndarray:
        """Say which rows the model is written with, (shown,): extremes, and others evenly."""
        if self.total <= self.shown:
            return np.minimum(np.arange(self.shown), self.total - 1)
        extremes = np.array(self.extremes[: self.shown // 2], dtype=int)
        even = np.linspace(0, self.total - 1, self.shown - len(extremes)).astype(int)
        return np.sort(np.concatenate([even, extremes]))

    @property
    def extremes(self) -> list[int]:
        """List the rows with the least and the greatest number, of all columns, then of each."""
        found: dict[int, None] = {}
        surveys = [source.summary for source in self.sources.values()]
        for survey in surveys:
            found[int(np.ravel(survey.least_at)[np.argmin(survey.least)])] = None
            found[int(np.ravel(survey.greatest_at)[np.argmax(survey.greatest)])] = None
        for survey in surveys:
            found.update(dict.fromkeys(map(int, np.ravel(survey.least_at))))
            found.update(dict.fromkeys(map(int, np.ravel(survey.greatest_at))))
        return list(found)

    def has_extremes(self, name: str) -> bool:
        """Say whether the smallest and the largest number of each column of data are shown."""
        places, survey = set(self.places()), self.sources[name].summary
        return places.issuperset([*np.ravel(survey.least_at), *np.ravel(survey.greatest_at)])

    def read(self, array: Any, name: str | None = None) -> Any:
        """Let an array in memory that has all rows be data like those on the disk."""
        if not self or array.ndim == 0 or array.shape[0] != self.total:
            return array
        from aliquot.rows import array_rows

        anonymous = name is None
        name = f"(array {len(self._model.arrays)})" if name is None else name
        leaf = self.leaf(name, array_rows(array, name), None)
        if anonymous:
            self._model.arrays.append(leaf)
        return leaf

    def leaf(
        self,
        name: str,
        source: RowSource,
        dims: tuple[str, ...] | None,
        kind: type[Data] = Data,
    ) -> Data:
        """Make data that are rows of a source; the model does not have them yet."""
        if not self:
            self._begin(source)
        if source.rows != self.total:
            others = next(iter(self.sources.values())).name
            raise ShapeError(
                f"{name}: {source.name} has {source.rows:,} rows, but {others} has "
                f"{self.total:,}. All rows of a model that are read from a disk are read side by "
                "side: give data of as many rows, or an index into them as a column"
            )
        shape = (self.shown, *source.tail)
        leaf = kind(name, shape, np.dtype(source.dtype), dims=dims, owner=self._model)
        self._take(leaf, source)
        places = self.places()
        for each in self.leaves:
            each.value = self._sample(each.name, places)
        return leaf

    def _take(self, leaf: Data, source: RowSource) -> None:
        self.sources[leaf.name] = source
        self._samples[leaf.name] = {}
        self.leaves.append(leaf)
        expect_rows_on_disk()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Be what was sent from another process, where somebody expected rows."""
        vars(self).update(state)
        if self:
            expect_rows_on_disk()

    def hold(self, leaves: Sequence[Data], total: int, shown: Callable[[int], int]) -> None:
        """Let data of a model in memory be rows like those on a disk.

        Their values are then those of some rows: ``shown(extremes)`` says how many, where so many
        rows are wanted for an extreme value in them. The rest of the model is to follow.
        """
        from aliquot.rows import array_rows

        self.total = total
        for leaf in leaves:
            self._take(leaf, array_rows(np.asarray(leaf.value), leaf.name))
        self.shown = shown(len(self.extremes))
        places = self.places()
        for leaf in leaves:
            leaf.value = self._sample(leaf.name, places)
            leaf.shape = leaf.value.shape

    def count(self, variable: Any) -> None:
        """Note of an observed variable which steps of its sequences there are.

        Raises
        ------
        ModelError
            Where sequences of different lengths are observed in parts, or as wholes.
        """
        from aliquot.rows import StepsThatCount

        for source in self._ragged(variable.data_expression):
            shape = (self.shown, source.tail[0])
            name, batch = variable.name, variable.distribution.batch_shape
            if batch != shape or variable.observed.shape[:2] != shape:
                raise ModelError(
                    f"{name}: the sequences of {source.name} have {source.lengths.min()} to "
                    f"{source.lengths.max()} steps, and what follows the end of one does not "
                    "count. For that each step has to be an observation by itself: give "
                    "observed= the data as they are, of a distribution of single steps"
                )
            variable.counted = self.leaf(
                f"{name}_counted", StepsThatCount(source), None, CountedRows
            )

    def _ragged(self, expression: Any) -> list[Any]:
        """List the sequences of different lengths that an expression is computed from."""
        if not self or expression is None:
            return []
        found = [self.sources[leaf.name] for leaf in leaves(expression) if on_disk(leaf)]
        lengths = [getattr(source, "lengths", None) for source in found]
        return [
            s for s, n in zip(found, lengths, strict=True) if n is not None and n.min() < n.max()
        ]

    def check(self, variable: Any) -> None:
        """Refuse a parameter for each row, and sums over what follows the end of a sequence."""
        if isinstance(variable, Potential) and (ragged := self._ragged(variable)):
            raise ModelError(
                f"{variable.name}: the sequences of {ragged[0].name} have different lengths, and "
                "what follows the end of one would count. Give them as observed=, for instance of "
                "an aq.CustomDist"
            )
        if not self or not isinstance(variable, FreeVariable):
            return
        if self.has_rows(variable.shape) and not variable.distribution.discrete:
            raise ModelError(
                f"{variable.name}: it has a value for each of the {self.total:,} rows that lie on "
                "a disk, and each would be a coordinate. What varies from row to row can be data, "
                "a discrete variable, which is summed out, or an effect of groups of rows: "
                "effect[group], with the group of each row as a column"
            )

    def check_length(self, name: str, shape: Any, dims: Sequence[str] | None) -> None:
        """Refuse a length that by chance is how many rows are shown: it would be taken for rows."""
        if not self or self.shown == self.total:
            return
        coords = self._model.coords.as_dict()
        given = [shape] if isinstance(shape, int | np.integer) else list(shape or ())
        if self.shown in [*given, *(len(coords.get(dim, ())) for dim in dims or ())]:
            raise ModelError(
                f"{name}: a length of {self.shown} is by chance how many of the rows are looked at "
                f"while the model is written. Make it {self.shown + 1}, the last of which nothing "
                "reads"
            )

    def _begin(self, source: RowSource) -> None:
        self.total = source.rows
        fitting = [n for n in LENGTHS if n * source.width <= NUMBERS] or LENGTHS[:1]
        self.shown = next((n for n in fitting if n >= self.total), fitting[-1])
        for variable in self._model.variables.values():
            if self.total in variable.shape:
                raise ModelError(
                    f"{variable.name}: it was written before the data that lie on a disk, of "
                    f"which there are {self.total:,} rows, too. Write those first, so that it is "
                    "known to have the same rows"
                )

    def _sample(self, name: str, places: np.ndarray) -> np.ndarray:
        known, source = self._samples[name], self.sources[name]
        wanted = [int(place) for place in np.unique(places) if int(place) not in known]
        known.update(zip(wanted, gathered(source, wanted), strict=True))
        return aligned(np.stack([known[int(place)] for place in places]), source.dtype)


def gathered(source: RowSource, places: Sequence[int]) -> list[np.ndarray]:
    """Read some rows, in ascending order."""
    found: list[np.ndarray] = []
    at_once = max(AT_ONCE // source.width, 1)
    i = 0
    with source.open() as cursor:
        while i < len(places):
            j = i + 1
            # Rows that are near are read together, others by themselves.
            while j < len(places) and places[j] < places[i] + at_once:
                j += 1
            part = cursor.read(places[i], places[j - 1] + 1)
            found += [np.array(part[place - places[i]]) for place in places[i:j]]
            i = j
    return found


def refuse_rows(model: Any, user: str, instead: str) -> None:
    """Refuse what would need all rows in memory."""
    if model.rows:
        names = ", ".join(name for name in model.rows.sources if name in model.variables)
        raise ModelError(
            f"{user}: the model's rows lie on a disk ({names}: {model.rows.total:,} rows), and "
            f"this needs them in memory. {instead}"
        )

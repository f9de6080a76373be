"""The kinds of variable that a model holds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.errors import ModelError
from aliquot.expression import Expression, Leaf
from aliquot.expression.lengths import Read, is_user_code, place, told
from aliquot.model.observed import integer_bounds
from aliquot.transforms.base import Transform


class Data(Leaf):
    """Known values that can be replaced: covariates, indices, observations."""

    __slots__ = ("_value",)

    @property
    def value(self) -> Any:
        """The numbers as they are now, a copy for whoever asks; in a model use the data itself."""
        return self._numbers(sys._getframe(1))

    @value.setter
    def value(self, value: Any) -> None:
        self._value = value

    def value_now(self) -> np.ndarray | None:
        """Give the numbers as they are now."""
        return self._numbers(sys._getframe(1))

    @property
    def on_disk(self) -> bool:
        """Whether these are rows that lie on a disk: the numbers are those of some of them."""
        return self.name in getattr(getattr(self.owner, "rows", None), "sources", ())

    @property
    def has_extremes(self) -> bool:
        """Whether the smallest and the largest number of each column are among those known."""
        owner: Any = self.owner
        return not self.on_disk or owner.rows.has_extremes(self.name)

    def _numbers(self, reader: FrameType) -> Any:
        """Give the numbers, and note it where the caller keeps them."""
        if self._value is None or not is_user_code(reader):
            return self._value
        if self.on_disk:
            raise ModelError(
                f"{self.name}: its {told(self)[0]:,} rows lie on a disk: read them there, where "
                "they are needed as numbers"
            )
        if hasattr(self.owner, "note_read"):
            what = f"the value of {self.name}"
            self.owner.note_read(Read(what, self, self._value, _value_of, place(reader)))
        return np.array(self._value)


def _value_of(data: Data) -> Any:
    return data._value


class CountedRows(Data):
    """Which rows count, a truth value for each; no program depends on which these are."""

    __slots__ = ()

    @staticmethod
    def of(variable: Any, counts: np.ndarray) -> CountedRows:
        """Say it of a variable's observations, or of its elements."""
        leaf = CountedRows(
            f"{variable.name}_counted", counts.shape, counts.dtype, owner=variable.owner
        )
        leaf.value = np.array(counts)
        return leaf


@dataclass(frozen=True, eq=False)
class Written:
    """How a random variable was written: what made it, and of what."""

    constructor: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    shape: Any
    transform: Any
    initval: Any


class Random:
    """What variables with a distribution share."""

    __slots__ = ()
    distribution: Distribution
    written: Written

    @property
    def state_bounds(self) -> tuple[int, int] | None:
        """The smallest and the largest value of a discrete variable, where they are known."""
        return integer_bounds(self.distribution)


class FreeVariable(Random, Leaf):
    """A random variable without observations: what inference is about.

    Attributes
    ----------
    distribution : Distribution
    transform : Transform or None
        The way to unconstrained coordinates; ``None`` for a discrete variable.
    fits : bool
        Whether the transform reaches nothing outside the support.
    initval : numpy.ndarray or None
        The start value, where the user gave one.
    remake : callable
        Makes the distribution anew, after data of another shape were set.
    counted : CountedRows or None
        Of a discrete variable, of each element whether it is counted. None: all are.
    """

    __slots__ = ("counted", "distribution", "fits", "initval", "remake", "transform", "written")

    def __init__(
        self,
        name: str,
        distribution: Distribution,
        *,
        dims: tuple[str, ...] | None,
        owner: object,
        transform: Transform | None,
        fits: bool,
        initval: np.ndarray | None,
        remake: Callable[[], Distribution],
    ) -> None:
        super().__init__(name, distribution.shape, distribution.dtype, dims=dims, owner=owner)
        self.distribution = distribution
        self.transform = transform
        self.fits = fits
        self.initval = initval
        self.remake = remake
        self.counted: CountedRows | None = None


class ObservedVariable(Random, Expression):
    """A random variable whose values were observed, wholly or in part.

    Attributes
    ----------
    distribution : Distribution
    observed : numpy.ndarray or Expression of Data
        The observed values; missing entries hold a placeholder inside the support.
    missing : numpy.ndarray of bool or None
        Where values are missing, of the observations' shape.
    latent : MissingValues or None
        The missing values as a latent variable.
    data_expression : Expression of Data, or None
        What the user gave as observations, where it can be replaced.
    counted : CountedRows or None
        Of each observation whether it counts; what does not contributes nothing. None: all do.
    """

    __slots__ = (
        "counted",
        "data_expression",
        "dims",
        "distribution",
        "latent",
        "missing",
        "name",
        "observed",
        "owner",
        "remake",
        "written",
    )

    def __init__(
        self,
        name: str,
        distribution: Distribution,
        observed: Any,
        *,
        value: Expression,
        dims: tuple[str, ...] | None,
        owner: object,
        missing: np.ndarray | None,
        latent: MissingValues | None,
        data_expression: Expression | None,
        remake: Callable[[tuple[int, ...]], Distribution],
    ) -> None:
        super().__init__(lambda x: x, (value,), distribution.shape, distribution.dtype, name)
        self.name = name
        self.distribution = distribution
        self.observed = observed
        self.dims = dims
        self.owner = owner
        self.missing = missing
        self.latent = latent
        self.data_expression = data_expression
        self.remake = remake
        self.counted: CountedRows | None = None

    @property
    def value(self) -> Expression:
        """The values as an expression: data, with missing entries filled by the latent."""
        return self.inputs[0]


class MissingValues(Random, Leaf):
    """The missing entries of an observed variable, as unknowns: one number for each.

    They have no density of their own: the observed variable's covers them, and its `distribution`
    is theirs. `index` says where they are in it, an array of positions for each axis. `transform`
    is ``None`` where they are discrete, or where only whole events are missing whose entries
    determine one another. `placeholder` holds values inside the support for where they do not
    matter.
    """

    __slots__ = ("distribution", "index", "placeholder", "transform")

    def __init__(
        self,
        name: str,
        distribution: Distribution,
        *,
        index: tuple[np.ndarray, ...],
        transform: Transform | None,
        placeholder: np.ndarray,
        owner: object,
    ) -> None:
        super().__init__(name, (len(index[0]),), distribution.dtype, owner=owner)
        self.placeholder = placeholder
        self.distribution = distribution
        self.index = index
        self.transform = transform


class Deterministic(Expression):
    """A named quantity computed from others, recorded with the draws."""

    __slots__ = ("dims", "name", "owner")

    def __init__(
        self, name: str, value: Expression, *, dims: tuple[str, ...] | None, owner: object
    ) -> None:
        super().__init__(lambda x: x, (value,), value.shape, value.dtype, name)
        self.name = name
        self.dims = dims
        self.owner = owner
        self.taken_from = value
        self.rule = lambda spans, _: spans[0].bounds


class Potential(Expression):
    """A term added to the log density; an array's elements are summed."""

    __slots__ = ("dims", "name", "owner")

    def __init__(self, name: str, value: Expression, *, owner: object) -> None:
        super().__init__(lambda x: x, (value,), value.shape, value.dtype, name)
        self.name = name
        self.dims = None
        self.owner = owner

"""What a density does for many draws at once, in chunks of a bounded size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from aliquot.alike import repeats
from aliquot.compilation import lazily, light
from aliquot.density.chunks import chunk_length, in_chunks
from aliquot.density.layout import Slot
from aliquot.density.packed import Leaves
from aliquot.density.structure import Template
from aliquot.density.trace import Traced
from aliquot.errors import ShapeError
from aliquot.expression import Evaluation
from aliquot.precision import float64

# Of so many variables functions have few arguments and results, which hold all.
MANY = 64

# So many numbers in the data are worth a trace for them alone, where what is traced is called so
# often, with so many numbers in all: following what repeats takes as long as some ten calls.
MANY_NUMBERS = 20_000
MANY_CALLS = 16
MANY_IN_ALL = 5_000_000


class OverDraws:
    """The part of a `Density` that works on draws, on the host, with programs compiled once."""

    slots: tuple[Slot, ...]
    size: int
    data: dict[str, Any]
    deterministics: list[Any]
    _programs: dict[str, Callable[..., Any]]
    _template: Template
    _leaves: Leaves

    if TYPE_CHECKING:

        @property
        def start(self) -> np.ndarray:
            """A start point, shape (d,)."""

        def constrain(self, flat: Any, data: Any) -> dict[str, Any]: ...
        def evaluation_of(self, values: Mapping[str, Any], data: Any) -> Evaluation: ...
        def log_likelihood_at(
            self, values: Mapping[str, Any], data: Any, gone: Mapping[str, Any] | None = None
        ) -> dict[str, Any]: ...
        def flatten(self, values: Mapping[str, Any], data: Any) -> Any: ...

    def program(
        self,
        name: str,
        function: Callable[..., Any],
        options: Mapping[str, Any] | None = None,
    ) -> Callable[..., Any]:
        """Compile a pure function of this density's, once for each name.

        It is compiled once for all densities of the structure: what decides about it is in the name
        or follows from the structure. `options` are the compiler's.
        """
        if name not in self._programs:
            many = len(self.slots) + len(self.deterministics) >= MANY
            make = self._template.packed if many else self._template.lazily
            self._programs[name] = make(name, function, options or light())
        return self._programs[name]

    def of_values(self, name: str, one: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
        """Compile a function of the continuous variables' values and of data, for these data.

        It is called often, and no derivative of it is wanted.
        """
        variables = [slot.variable for slot in self.slots]
        like = {v.name: jax.ShapeDtypeStruct(v.shape, np.float64) for v in variables}
        traced = self._shortened(one, like)
        program = self.program(name, one) if traced is None else quick(traced.function)
        data = self.data if traced is None else traced.data
        return lambda values: program(values, data)

    def _shortened(
        self, one: Callable[[Any, Any], Any], like: Any, times: int | None = None
    ) -> Traced | None:
        """Trace a function of something like `like` and of data for these data alone, if that pays.

        What is alike in them is computed once, though each row gets its own number. No derivative
        of it is wanted. It pays where the data are very many and repeat themselves, and the
        function is called often: `times`, if it is known how many.
        """
        leaves = self._leaves.arrays()
        numbers = sum(map(np.size, leaves.values()))
        few = times is not None and (times < MANY_CALLS or times * numbers < MANY_IN_ALL)
        if numbers < MANY_NUMBERS or few or not repeats(leaves.values()):
            return None
        traced = Traced(one, like, leaves, everywhere=True)
        return traced if traced.is_shortened else None

    def over_draws(
        self,
        one: Callable[[Any, Any], Mapping[Any, Any]],
        rows: Any,
        *,
        name: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> dict[Any, np.ndarray]:
        """Call a function of one draw and of data on all draws, in chunks of a bounded size.

        `rows` is a tree of arrays with one leading axis, of draws, as the result is a dict of them.
        The program is kept under its `name`, if it has one, unless it is for the present data
        alone. `options` are the compiler's.
        """
        with float64():
            like = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape[1:], a.dtype), rows)
            traced = self._shortened(one, like, len(jax.tree.leaves(rows)[0]))
            function = one if traced is None else traced.function
            each = jax.vmap(function, in_axes=(0, None))
            if traced is not None or name is None:
                program = lazily(each, options or light())
            else:
                program = self.program(name, each, options)
            data = self.data if traced is None else traced.data
            return in_chunks(program, function, rows, data)

    def constrain_draws(self, flat: np.ndarray) -> dict[str, np.ndarray]:
        """Map draws back to each variable's own scale, deterministics included.

        Parameters
        ----------
        flat : array, shape (..., d)

        Returns
        -------
        dict from str to numpy.ndarray, shape (..., *shape)
        """
        flat = np.asarray(flat, dtype=float)
        if flat.shape[-1:] != (self.size,):
            raise ShapeError(f"draws must end in an axis of length {self.size}; got {flat.shape}")
        batch = flat.shape[:-1]
        program = self.program("constrain", jax.vmap(self.constrain, in_axes=(0, None)))
        with float64():
            result = in_chunks(
                program, self.constrain, flat.reshape(prod(batch), self.size), self.data
            )
        return {key: value.reshape((*batch, *value.shape[1:])) for key, value in result.items()}

    def log_likelihood_of(
        self, values: Mapping[str, np.ndarray], count: int
    ) -> dict[str, np.ndarray]:
        """Compute the pointwise log likelihood from constrained values, one row for each draw.

        Parameters
        ----------
        values : mapping from str to array, shape (rows, *shape)
            Every continuous free variable on its own scale.
        count : int
            Number of rows, which no value says where all variables are discrete.

        Returns
        -------
        dict from str to numpy.ndarray, shape (rows, *observations)
        """

        def one(row: Any, data: Any) -> dict[str, Any]:
            return self.log_likelihood_at(row[1], data)

        rows = np.arange(count), dict(values)
        return self.over_draws(one, rows, name="log_likelihood of values")

    def log_likelihood_without(
        self, values: Mapping[str, np.ndarray], count: int, gone: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Compute the log likelihood of each observation given those that are not `gone`.

        Parameters and result are as in `log_likelihood_of`; of some observed variables `gone` says
        which observations are left out, as an array of bool of the result's shape without rows. One
        program serves for all that can be left out.
        """

        def one(row: Any, rest: Any) -> dict[str, Any]:
            data, gone = rest
            return self.log_likelihood_at(row[1], data, gone)

        name = f"log likelihood without some of {', '.join(sorted(gone))}"
        program = self.program(name, jax.vmap(one, in_axes=(0, None)))
        with float64():
            rows = np.arange(count), dict(values)
            return in_chunks(program, one, rows, (self.data, dict(gone)))

    def deterministics_of(
        self, values: Mapping[str, np.ndarray], count: int
    ) -> dict[str, np.ndarray]:
        """Compute the deterministics that depend on no discrete unknown, one row for each draw.

        Parameters and result are as in `log_likelihood_of`.
        """

        def one(row: Any, data: Any) -> dict[str, Any]:
            known = self.evaluation_of(row[1], data)
            return {variable.name: known(variable) for variable in self.deterministics}

        if not self.deterministics:
            return {}
        rows = np.arange(count), dict(values)
        return self.over_draws(one, rows, name="deterministics of values")

    def unconstrain_draws(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Map draws of every continuous free variable back to flat vectors, shape (rows, d)."""

        def one(row: Any, data: Any) -> dict[str, Any]:
            return {"flat": self.flatten(row, data)}

        program = self.program("forward of draws", jax.vmap(one, in_axes=(0, None)))
        with float64():
            return in_chunks(program, one, dict(values), self.data)["flat"]

    def split(self, flat: np.ndarray) -> dict[str, np.ndarray]:
        """Cut flat draws into unconstrained variables, shape (..., *unconstrained shape)."""
        return {
            slot.unconstrained_name: flat[..., slot.start : slot.stop].reshape(
                (*flat.shape[:-1], *slot.shape)
            )
            for slot in self.slots
        }

    def prepare_draws(self, count: int) -> None:
        """Compile what `constrain_draws` will need for that many draws, ahead of time."""
        program = self.program("constrain", jax.vmap(self.constrain, in_axes=(0, None)))
        rows = np.empty((count, self.size))
        with float64():
            length, _ = chunk_length(self.constrain, rows, self.data, program=program)
        self.constrain_draws(np.broadcast_to(self.start, (length, self.size)))


def quick(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile what runs a few times only: little optimisation, half the waiting."""
    return lazily(function, light())

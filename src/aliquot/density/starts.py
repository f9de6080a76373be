"""Where a density's chains start: a part of `Density`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.density.draws import OverDraws
from aliquot.density.point import numbers
from aliquot.density.start import start_values
from aliquot.errors import ModelError, ShapeError, SupportError
from aliquot.expression import Evaluation
from aliquot.marginal import Plan, Unknown
from aliquot.precision import float64


class Starts(OverDraws):
    """The part of a `Density` that gives start points, on the host."""

    marginal: Plan | None

    @property
    def unknowns(self) -> list[Unknown]:
        """The discrete variables, which are summed out."""
        return [] if self.marginal is None else self.marginal.unknowns

    if TYPE_CHECKING:

        def _evaluation(self, data: Any) -> Evaluation: ...
        def _flatten(self, values: Evaluation) -> Any: ...

    @cached_property
    def start(self) -> np.ndarray:
        """A start point: the users' `initval`, else typical values under the prior, shape (d,)."""
        with float64():
            return self._forward_start({})

    @cached_property
    def typical(self) -> np.ndarray:
        """A point of typical values under the prior, whatever start values users gave, (d,)."""
        if all(getattr(slot.variable, "initval", None) is None for slot in self.slots):
            return self.start
        with float64():
            return self._forward_start({}, initvals=False)

    def start_with(self, values: Mapping[str, Any], turn: int = -1) -> np.ndarray:
        """Give the start point with some variables' values replaced, shape (d,).

        With a `turn` of 0, 1, ..., it is that of a chain, which may start in a mode of its own:
        where a free variable is a mixture, or depends on a discrete one.
        """
        names = {slot.variable.name for slot in self.slots}
        summed = {unknown.name for unknown in self.unknowns}
        for name in values:
            if name in summed:
                raise ModelError(
                    f"initvals: {name!r} is discrete and summed out, so it has no start value: "
                    "leave it out"
                )
            if name not in names:
                raise ModelError(
                    f"initvals: {name!r} is not a free variable of the model "
                    f"({', '.join(sorted(names))})"
                )
        with float64():
            return self._forward_start(values, turn)

    def scattered(self, noise: np.ndarray, values: Mapping[str, Any]) -> np.ndarray:
        """Give points (n, d) scattered about start points about as far as priors allow.

        `noise` (n, d) is standard normal. Point i is about the start of chain i, with some
        variables' values replaced. A point may have no density.
        """
        fixed = self._fixed(values, initvals=False)

        def compute(fixed: Any, data: Any, noise: Any) -> Any:
            def one(turn: Any, noise: Any) -> Any:
                scattered = self._evaluation(data)
                start_values(self.slots, self.unknowns, fixed, scattered, turn, noise)
                return self._flatten(scattered)

            return jax.vmap(one)(jnp.arange(len(noise)), noise)

        with float64():
            return np.asarray(self.program("scattered", compute)(fixed, self.data, noise))

    def _forward_start(
        self, given: Mapping[str, Any], turn: int = -1, *, initvals: bool = True
    ) -> np.ndarray:
        def compute(fixed: Any, data: Any, turn: Any) -> Any:
            values = self._evaluation(data)
            start_values(self.slots, self.unknowns, fixed, values, turn)
            return self._flatten(values)

        fixed = self._fixed(given, initvals=initvals)
        flat = np.asarray(self.program("start", compute)(fixed, self.data, np.asarray(turn)))
        for slot in self.slots:
            name = slot.variable.name
            if name in fixed and not np.all(np.isfinite(flat[slot.start : slot.stop])):
                raise SupportError(f"{name}: the start value {fixed[name]} is {slot.outside}")
        return flat

    def _fixed(self, given: Mapping[str, Any], *, initvals: bool) -> dict[str, np.ndarray]:
        """Give the values of variables that users gave, by name."""
        fixed = {}
        for slot in self.slots:
            own = getattr(slot.variable, "initval", None) if initvals else None
            value = given.get(slot.variable.name, own)
            if value is not None:
                array = numbers(slot.variable.name, value)
                try:
                    fixed[slot.variable.name] = np.broadcast_to(array, slot.variable.shape)
                except ValueError:
                    raise ShapeError(
                        f"{slot.variable.name}: the start value has shape {array.shape}, the "
                        f"variable {slot.variable.shape}"
                    ) from None
        return fixed

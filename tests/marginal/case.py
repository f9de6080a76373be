"""What a row of the table of models says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import aliquot as aq

Expectation = Literal["exact", "refused"]


@dataclass(frozen=True)
class Case:
    """A small model, and what becomes of its discrete variables.

    Attributes
    ----------
    name : str
    build : callable
        Makes the model.
    expect : str
        "exact": equal to enumeration. "refused": an `aq.ModelError`.
    message : tuple of str
        What the refusal must say, each somewhere.
    states : dict
        Bounds for the oracle, of variables whose support does not say them.
    """

    name: str
    build: Callable[[], aq.Model]
    expect: Expectation = "exact"
    message: tuple[str, ...] = ()
    states: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass
class Cases:
    """A list of cases; calling it gives a decorator that adds the function as one."""

    listed: list[Case] = field(default_factory=list)

    def __call__(
        self,
        expect: Expectation = "exact",
        message: tuple[str, ...] = (),
        states: dict[str, tuple[int, int]] | None = None,
        coords: dict[str, Any] | None = None,
    ) -> Callable[[Callable[[], None]], Callable[[], aq.Model]]:
        """Add a function that writes a model; the ``with`` block is put around it."""

        def add(write: Callable[[], None]) -> Callable[[], aq.Model]:
            def build() -> aq.Model:
                with aq.Model(coords=coords) as model:
                    write()
                return model

            self.listed.append(Case(write.__name__, build, expect, message, states or {}))
            return build

        return add

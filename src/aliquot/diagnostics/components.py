"""The components of a result that can trade places, and what they move in its posterior."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from aliquot.diagnostics.orbits import Shapes, fits, moved_by
from aliquot.symmetry import Block, Symmetries, block_names

# Attributes of a result: its method once relabelled, and how chains were permuted.
RELABELLED = "relabelled"
SWITCHING = "label_switching"


@dataclass(frozen=True)
class ExchangeableComponents:
    """Which components of a result can trade places so that its density has mirror modes."""

    known: bool = False  # whether the result tells
    blocks: tuple[Block, ...] = ()  # those of which all variables are there
    names: tuple[str, ...] = ()  # the first variable of each block
    shapes: Shapes = field(default_factory=dict)  # of all variables, without chains and draws
    # What depends on labels though no block moves it: computed from what it moves, or drawn so.
    computed: frozenset[str] = frozenset()
    relabelled: str | None = None  # by which method; None where it was not
    permuted: bool = False  # at random while sampling, so that each chain visits all modes

    @classmethod
    def of(
        cls, attrs: Mapping[Any, Any], shapes: Shapes, recovered: Iterable[str] = ()
    ) -> ExchangeableComponents:
        """Read what a result's attributes tell of them.

        Of variables that were recovered it is not asked how they move.
        """
        symmetries = Symmetries.of(attrs)
        if symmetries is None:
            return cls()
        named = zip(symmetries.coupled, block_names(symmetries.coupled), strict=True)
        usable = [(block, name) for block, name in named if fits(block, shapes)]
        method = attrs.get(RELABELLED)
        return cls(
            # What is left of blocks once a result has been cut down is anybody's guess.
            known=bool(usable) or not symmetries.coupled,
            blocks=tuple(block for block, _ in usable),
            names=tuple(name for _, name in usable),
            shapes=shapes,
            computed=frozenset([*symmetries.affected, *recovered]),
            relabelled=None if method is None else str(method),
            permuted=attrs.get(SWITCHING) == "permute" and method is None,
        )

    @cached_property
    def moved(self) -> tuple[dict[str, np.ndarray], ...]:
        """For each block the elements that it moves, by variable, flat."""
        return tuple(moved_by(block, self.shapes) for block in self.blocks)

    def depends(self, name: str) -> np.ndarray | None:
        """Say which elements of a variable depend on labels; None where there are no blocks."""
        if not self.blocks:
            return None
        size = int(np.prod(self.shapes[name], dtype=int))
        result = np.full(size, name in self.computed)
        for moved in self.moved:
            result |= moved.get(name, False)
        return result

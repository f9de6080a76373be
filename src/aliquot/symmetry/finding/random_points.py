"""Points at random at which what was found of a density is verified."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from aliquot.symmetry.finding.at_once import is_quick, own_scale_of_some, terms_of_some

if TYPE_CHECKING:
    from aliquot.symmetry.finding.probe import Point, Probe

# How often a point is looked for that has a density, and how far apart these are.
TRIES = 40
WIDTHS = (1.0, 0.5, 2.0, 0.2, 3.0)


class RandomPoints:
    """A probe's points at random, with its terms there: always the same, evaluated when needed."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._known: list[tuple[Point, np.ndarray]] = []
        self._seen = 0  # of these, by the probe

    def points(self, count: int, *, ahead: bool = False) -> Iterator[tuple[Point, np.ndarray]]:
        """Yield so many that have a density, or fewer where hardly any has.

        The probe notes how large their terms are, but not of those that are looked at `ahead`.
        """
        given = 0
        for number in range(TRIES):
            if given == count:
                return
            if number == len(self._known):
                self._evaluate(number)
            point, terms = self._known[number]
            if number == self._seen and not ahead:
                self._probe.see(terms[None])
                self._seen += 1
            if np.all(np.isfinite(terms)):
                given += 1
                yield point, terms

    def _evaluate(self, number: int) -> None:
        """Evaluate one more, or all that are left where that takes no longer."""
        last = TRIES if is_quick(self._probe.density) else number + 1
        wanted = [self._coordinates(each) for each in range(number, last)]
        points = list(own_scale_of_some(self._probe, wanted))
        self._known += zip(points, terms_of_some(self._probe, points), strict=True)

    def _coordinates(self, number: int) -> dict[str, np.ndarray]:
        """Give coordinates at random around the base, each element by itself."""
        rng, width = np.random.default_rng([7, number]), WIDTHS[number % len(WIDTHS)]
        probe = self._probe
        return {
            name: base + width * probe.scales[name] * rng.standard_normal(base.shape)
            for name, base in probe.base.items()
        }

"""Swaps of neighbours on a ladder, and what becomes of its replicas.

Even and odd pairs take turns. So a replica that is let through goes on in the same direction, and
comes from the reference to the target in a number of scans of the order of the number of rungs,
where swaps of pairs at random would let it diffuse.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def acceptances(betas: np.ndarray, log_ratios: np.ndarray) -> np.ndarray:
    """Return the probability of a swap of each pair of neighbours, (R - 1,).

    `log_ratios` (R,) are of target to reference, where the rungs are. What has none, since the
    target's density is zero there, stays where it is.

    >>> acceptances(np.array([0.0, 0.5, 1.0]), np.array([-4.0, -2.0, -3.0])).round(3)
    array([0.368, 1.   ])
    """
    lower, upper = log_ratios[:-1], log_ratios[1:]
    with np.errstate(invalid="ignore"):
        gain = np.where(np.isfinite(lower), np.diff(betas) * (lower - upper), -np.inf)
    return np.exp(np.minimum(gain, 0.0))


class Replicas:
    """Which replica is at each rung, and how many have come from the reference to the target."""

    CARRIED = ("at", "trips", "fresh")

    def __init__(self, rungs: int) -> None:
        self.at = np.arange(rungs)
        self.trips = 0
        self.fresh = np.zeros(rungs, bool)  # by replica: whether it has been to the reference
        self.fresh[0] = True

    @classmethod
    def of(cls, snapshot: Mapping[str, np.ndarray]) -> Replicas:
        """Go on where a snapshot was taken."""
        found = cls(len(snapshot["at"]))
        found.at, found.fresh = snapshot["at"], snapshot["fresh"]
        found.trips = int(snapshot["trips"])
        return found

    def snapshot(self) -> dict[str, np.ndarray]:
        """Return copies of all that there is, as arrays by name."""
        return {name: np.array(getattr(self, name)) for name in self.CARRIED}

    def swap(self, chosen: np.ndarray) -> np.ndarray:
        """Swap pairs, given by their lower rungs; return where what is now at each rung was."""
        order = np.arange(len(self.at))
        order[chosen], order[chosen + 1] = chosen + 1, chosen
        self.at = self.at[order]
        self.fresh[self.at[0]] = True
        if self.fresh[self.at[-1]]:
            self.trips += 1
            self.fresh[self.at[-1]] = False
        return order

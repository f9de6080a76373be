"""The error for a loss that is not finite: where it happened, in which coordinates, what to do."""

from __future__ import annotations

import numpy as np

from aliquot.errors import FitError
from aliquot.variational.approximation import VariationalApproximation

MOST_NAMES = 8


class NonFiniteLossError(FitError):
    """A variational fit whose loss or gradient was not finite.

    Attributes
    ----------
    approximation
        What had been fitted before, as the fit would have returned it.
    iteration
        The iteration at which it happened, counted from 0.
    last_loss
        The loss of the iteration before, or None at the first.
    coordinates
        The labels of the coordinates whose gradient was not finite.
    point
        The draw (d,) at which the log density was evaluated.
    """

    def __init__(
        self,
        approximation: VariationalApproximation,
        loss: float,
        bad: list[int],
        point: np.ndarray,
    ) -> None:
        """Say what happened after the last finite iteration of ``approximation``.

        The gradient was not finite in the coordinates `bad`.
        """
        hist = approximation.hist
        labels = approximation.labels
        self.approximation = approximation
        self.point = np.array(point)
        self.iteration = int(hist.size)
        self.last_loss = float(hist[-1]) if hist.size else None
        self.coordinates = [labels[i] for i in bad]
        super().__init__(self._message(loss, labels, bad, point))

    def _message(self, loss: float, labels: list[str], bad: list[int], point: np.ndarray) -> str:
        what = "loss" if not np.isfinite(loss) else "gradient"
        before = (
            "It was the first iteration."
            if self.last_loss is None
            else f"The last finite loss was {self.last_loss:.6g}; what was fitted until then is "
            "in this error's `approximation`."
        )
        if bad:
            which = f"The gradient is not finite in {listed(self.coordinates)}"
            shown = bad
        else:
            which = "The gradient is finite in every coordinate"
            shown = list(range(len(labels)))
        values = listed([f"{labels[i]} = {point[i]:.4g}" for i in shown])
        if self.last_loss is None:
            advice = (
                "Look at the start with model.debug(), which names the variable whose log density "
                "is not finite, and give it another `initval`."
            )
        else:
            advice = (
                "Try a smaller learning rate, such as optimizer=optax.adam(1e-3), and look at the "
                "start with model.debug()."
            )
        return (
            f"The {what} is not finite at iteration {self.iteration} (loss {loss}). {before} "
            f"{which}, at the draw with unconstrained {values}. {advice}"
        )


def listed(names: list[str]) -> str:
    """Name a few, and say how many more there are."""
    rest = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")

"""Criteria that end a fit early: each looks at the fit now and then, and says why it may stop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace

import numpy as np

from aliquot.variational.approximation import VariationalApproximation

# So many epochs tell how much their means differ by noise.
FEWEST_EPOCHS = 8

# What a criterion remembers of its last look at a fit.
type Seen = tuple[np.ndarray, ...]


@dataclass
class CriterionAtWork:
    """A criterion that looks at one fit: given (approx, hist, i), a reason to stop, or None."""

    criterion: Criterion
    seen: Seen = ()

    def __call__(self, approx: VariationalApproximation, hist: np.ndarray, i: int) -> str | None:
        """Look, and remember."""
        reason, self.seen = self.criterion.look(self.seen, approx, hist, i)
        return reason


class Criterion(ABC):
    """A rule for stopping, whose settings are positive; one object can serve many fits."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise ValueError(f"{name}={value}: expected a positive number.")

    def begin(self, *, seen: Seen = ()) -> CriterionAtWork:
        """Return a check for one fit, or for the rest of one of which something has been `seen`."""
        return CriterionAtWork(self, seen)

    @abstractmethod
    def over_batches(self, epoch: int) -> Criterion:
        """Give the same criterion for iterations of which so many have all rows."""

    @abstractmethod
    def look(
        self, seen: Seen, approx: VariationalApproximation, hist: np.ndarray, i: int
    ) -> tuple[str | None, Seen]:
        """Give a reason to stop, or None, and what to remember."""


@dataclass(frozen=True)
class RelativeChange(Criterion):
    """Stop when the average loss no longer changes.

    The mean loss of the last ``window`` iterations is compared with that of the window before.
    The measure is relative to the size of the loss, which has in it constants that do not matter:
    with much data, `ParameterChange` says more.

    Parameters
    ----------
    tolerance
        Stop when ``|last - before| <= tolerance * |last|``.
    window
        How many iterations to average over.

    References
    ----------
    Kucukelbir et al. (2017), Automatic differentiation variational inference, algorithm 1.

    Examples
    --------
    >>> check = RelativeChange(tolerance=0.01, window=100).begin()
    >>> check(None, np.full(200, 5.0), 200)
    'the average loss of 100 iterations changed by 0 of its size'
    """

    tolerance: float = 1e-3
    window: int = field(default=1000, kw_only=True)

    def over_batches(self, epoch: int) -> Criterion:
        """Look at whole epochs, and at how much of a change may be noise."""
        return ChangeBeyondNoise(self.tolerance, window=_whole(self.window, epoch), epoch=epoch)

    def look(
        self, seen: Seen, approx: VariationalApproximation, hist: np.ndarray, i: int
    ) -> tuple[str | None, Seen]:
        """Compare the last two windows."""
        if hist.size < 2 * self.window:
            return None, ()
        last = hist[-self.window :].mean()
        before = hist[-2 * self.window : -self.window].mean()
        change = abs(last - before)
        if change > self.tolerance * abs(last):
            return None, ()
        relative = 0.0 if change == 0 else change / abs(last)
        return (
            f"the average loss of {self.window} iterations changed by {relative:.2g} of its size",
            (),
        )


@dataclass(frozen=True)
class ChangeBeyondNoise(Criterion):
    """Stop when the average loss cannot have changed much, whatever the noise of batches hides.

    As `RelativeChange`, of two standard errors more than what is seen: a change that noise has
    covered by chance is no reason to stop. The loss is smoothed over whole epochs, in which the
    noise of batches all but cancels, and the windows grow with the fit, up to a quarter of it.

    Parameters
    ----------
    tolerance
        Stop when ``|last - before| + 2 standard errors <= tolerance * |last|``.
    window
        How many iterations to average over at least, of which windows are multiples.
    epoch
        How many iterations have all rows; windows are multiples of it, too.

    Examples
    --------
    >>> check = ChangeBeyondNoise(tolerance=0.01, window=100).begin()
    >>> noisy = np.tile([-95.0, 105.0], 400)
    >>> print(check(None, noisy, 800))
    None
    >>> check = ChangeBeyondNoise(tolerance=0.01, window=100, epoch=2).begin()
    >>> check(None, noisy, 800)
    'the average loss of 200 iterations changed by at most 0 of its size, noise included'
    """

    tolerance: float = 1e-3
    window: int = field(default=1000, kw_only=True)
    epoch: int = field(default=1, kw_only=True)

    def over_batches(self, epoch: int) -> Criterion:
        """Look at whole epochs."""
        return replace(self, window=_whole(self.window, epoch), epoch=epoch)

    def look(
        self, seen: Seen, approx: VariationalApproximation, hist: np.ndarray, i: int
    ) -> tuple[str | None, Seen]:
        """Compare the last two windows."""
        window = max(hist.size // 4 // self.window, 1) * self.window
        if hist.size < 2 * window:
            return None, ()
        last, before = hist[-window:], hist[-2 * window : -window]
        # Means of epochs, or of fewer iterations where there are few epochs.
        each = self.epoch if window >= FEWEST_EPOCHS * self.epoch else 1
        errors = [part.reshape(-1, each).mean(axis=1) for part in (last, before)]
        error = np.sqrt(sum(part.var(ddof=1) / part.size for part in errors))
        change = abs(last.mean() - before.mean()) + 2 * error
        if change > self.tolerance * abs(last.mean()):
            return None, ()
        relative = 0.0 if change == 0 else change / abs(last.mean())
        return (
            f"the average loss of {window} iterations changed by at most {relative:.2g} of its "
            "size, noise included",
            (),
        )


@dataclass(frozen=True)
class ParameterChange(Criterion):
    """Stop when the approximation no longer moves, measured in its standard deviations.

    The change of a coordinate is that of its mean over its standard deviation, or that of the log
    of its standard deviation, whichever is greater: units and scales do not matter.

    Parameters
    ----------
    tolerance
        Stop when no coordinate changed more than this.
    interval
        The iterations between the two approximations that are compared, at least.

    Examples
    --------
    >>> ParameterChange(tolerance=0.02)
    ParameterChange(tolerance=0.02, interval=1000)
    """

    tolerance: float = 0.05
    interval: int = field(default=1000, kw_only=True)

    def over_batches(self, epoch: int) -> Criterion:
        """Compare over whole epochs: within one, the order of its rows moves the fit, too."""
        return replace(self, interval=_whole(self.interval, epoch))

    def look(
        self, seen: Seen, approx: VariationalApproximation, hist: np.ndarray, i: int
    ) -> tuple[str | None, Seen]:
        """Compare with the approximation of some iterations before."""
        if seen and i < seen[0] + self.interval:
            return None, seen
        mean, std = approx.mean, approx.std
        now = (np.array(i), mean, std)
        if not seen:
            return None, now
        moved = np.maximum(np.abs(mean - seen[1]) / std, np.abs(np.log(std / seen[2])))
        if moved.max() > self.tolerance:
            return None, now
        return (
            f"no coordinate moved more than {moved.max():.2g} standard deviations "
            f"in {i - int(seen[0])} iterations",
            now,
        )


def _whole(iterations: int, epoch: int) -> int:
    """Give the least number of iterations in whole epochs that is no less."""
    return -(-iterations // epoch) * epoch

"""Bridge sampling: the integral of a density from draws of it and draws of a proposal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aliquot.variational.importance import log_mean

# The iteration is at its fixed point where it moves by less, in nats.
SETTLED = 1e-9
MOST_ITERATIONS = 1000


@dataclass(frozen=True, eq=False)
class Bridge:
    """The log of an integral, with what its error comes from.

    The integral is the mean of one function over the proposal's draws divided by that of another
    over the density's own. Each is given in units of its mean.
    """

    value: float
    converged: bool  # whether the iteration reached its fixed point
    of_draws: np.ndarray  # (n1,), bounded
    of_proposals: np.ndarray  # (n2,), bounded

    def error(self, effective: float) -> float:
        """Return the standard error of the value, in nats.

        `effective` is how many independent draws the mean of `of_draws` is worth. The error is that
        of a ratio of two independent means, by the delta method: Frühwirth-Schnatter (2004),
        Estimating marginal likelihoods for mixture and Markov switching models using bridge
        sampling techniques, Econometrics Journal 7.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            own = self.of_draws.var(ddof=1) / effective
            others = self.of_proposals.var(ddof=1) / self.of_proposals.size
        return float(np.sqrt(own + others))


def bridge(at_draws: np.ndarray, at_proposals: np.ndarray, effective: float) -> Bridge:
    """Return the log of the integral of p from log ratios ``log p - log q`` of it to a proposal q.

    They are taken at draws of p (n1,) and at draws of q (n2,), where p may be zero. `effective` is
    how many independent draws those of p are worth, by which both sides are weighed.

    Meng and Wong (1996), Simulating ratios of normalizing constants via a simple identity,
    Statistica Sinica 6, equation 4.1, with the optimal bridge. That depends on the integral: it is
    iterated to its fixed point, in logs, as in Gronau et al. (2017), A tutorial on bridge sampling,
    Journal of Mathematical Psychology 81, equation 15. To first order the error at the fixed point
    is that of the bridge held fixed, whatever `effective` is.

    >>> rng = np.random.default_rng(1)
    >>> x, y = rng.normal(0, 1, 4000), rng.normal(0, 1.5, 4000)
    >>> def log_ratio(x):
    ...     return -0.5 * x**2 + 0.5 * (x / 1.5) ** 2
    >>> found = bridge(log_ratio(x), log_ratio(y), 4000)  # of two that are not normalised
    >>> bool(abs(found.value + np.log(1.5)) < 5 * found.error(4000))
    True
    """
    log_own = np.log(effective / (effective + at_proposals.size))
    log_others = np.log(at_proposals.size / (effective + at_proposals.size))

    def functions(value: float) -> tuple[np.ndarray, np.ndarray]:
        """Give the logs of both, but for a factor that they share."""
        own = -np.logaddexp(log_own + at_draws, log_others + value)
        others = at_proposals - np.logaddexp(log_own + at_proposals, log_others + value)
        return own, others

    value = 0.5 * (log_mean(at_proposals).value - log_mean(-at_draws).value)
    if not np.isfinite(value):
        blank = np.full(at_draws.size, np.nan), np.full(at_proposals.size, np.nan)
        return Bridge(-np.inf if np.isneginf(at_proposals).all() else np.nan, False, *blank)
    converged = False
    for _ in range(MOST_ITERATIONS):
        own, others = functions(value)
        before, value = value, log_mean(others).value - log_mean(own).value
        if converged := abs(value - before) < SETTLED:
            break
    own, others = functions(value)
    own, others = (np.exp(each - log_mean(each).value) for each in (own, others))
    return Bridge(float(value), bool(converged), own, others)

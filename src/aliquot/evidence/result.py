"""The log evidence of a model, with its error and whether to believe it."""

from __future__ import annotations

from dataclasses import dataclass

from aliquot.variational.importance import Estimate

# What each method is called in a sentence.
NAMES = {
    "bridge": "bridge sampling",
    "importance": "importance sampling",
    "tempering": "stepping stones",
    "exact": "exact",
}


@dataclass(frozen=True, kw_only=True, repr=False)
class LogEvidence:
    """The log of a model's marginal likelihood, as `log_evidence` returns it.

    Attributes
    ----------
    value : float
        In nats.
    error : float
        Its Monte Carlo standard error, in nats.
    method : str
        "bridge", "importance", "tempering", or "exact" where no unknown is continuous.
    images : int
        How many mirror images of one cell the integral is put together from.
    good : bool
        Whether nothing speaks against the value and its error.
    message : str
        The verdict in words: what was found, and what to do where it should not be believed.
    second : Estimate or None
        Of bridge sampling: what importance sampling says from the same draws of the proposal,
        ``.value`` and ``.mcse``.
    pareto_k : float or None
        Of the importance ratios: above 0.7 they tell neither a value nor its error.
    effective : float or None
        How many independent draws the value rests on.

    Examples
    --------
    The logarithm of a Bayes factor is a difference, and errors add in squares:

    >>> import numpy as np
    >>> import aliquot as aq
    >>> one = aq.LogEvidence(value=-12.34, error=0.03, method="bridge", good=True, message="")
    >>> other = aq.LogEvidence(value=-15.27, error=0.04, method="bridge", good=True, message="")
    >>> one
    -12.340 ± 0.030 nats (bridge sampling)
    >>> round(one.value - other.value, 2), round(float(np.hypot(one.error, other.error)), 3)
    (2.93, 0.05)
    """

    value: float
    error: float
    method: str
    good: bool
    message: str
    images: int = 1
    second: Estimate | None = None
    pareto_k: float | None = None
    effective: float | None = None

    def __repr__(self) -> str:
        if self.method == "exact":
            return f"{self.value:.10g} nats (exact)"
        doubt = "" if self.good else "; not to be believed, see .message"
        estimate = Estimate(self.value, self.error)
        return f"{estimate!r} nats ({NAMES[self.method]}{doubt})"

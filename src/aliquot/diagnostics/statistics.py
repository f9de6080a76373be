"""R-hat, effective sample sizes and E-BFMI, by ``arviz_stats``, which is slow to import."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

# Vehtari et al. (2021), section 4.3: the lesser of the ESS of the 5% and of the 95% quantile.
_TAIL = (0.05, 0.95)


def preload() -> threading.Thread:
    """Import what :func:`aliquot.diagnostics.check` needs, in a thread of its own.

    The import takes most of a second. Started while XLA compiles, which leaves Python free,
    it costs next to nothing. Nothing needs to wait for the thread.

    Examples
    --------
    >>> preload().join()
    """
    thread = threading.Thread(target=_import_quietly, name="aliquot-preload", daemon=True)
    thread.start()
    return thread


def _import_quietly() -> None:
    try:
        _array_stats()
    except Exception:  # whatever is wrong shows itself again, in the caller's thread, when needed
        return


def _array_stats() -> Any:
    from arviz_stats.base.array import array_stats

    return array_stats


def rhat(draws: np.ndarray) -> np.ndarray:
    """Return the rank-normalised split R-hat of ``(elements, chain, draw)``, ``(elements,)``.

    Equation 14 of Vehtari et al. (2021), the greater of bulk and folded, doi:10.1214/20-BA1221.
    It is infinite where no chain moves and the chains differ.
    """
    with np.errstate(all="ignore"):
        values = np.asarray(_array_stats().rhat(draws, method="rank"), dtype=float)
    # Rounding leaves a variance of 1e-30 within chains that do not move, and so a finite ratio.
    still = (np.ptp(draws, axis=-1) == 0).all(axis=-1) & (np.ptp(draws, axis=(-2, -1)) > 0)
    return np.where(still & (draws.shape[-2] > 1), np.inf, values)


def ess_bulk(draws: np.ndarray) -> np.ndarray:
    """Return the bulk effective sample size of ``(elements, chain, draw)``, ``(elements,)``."""
    with np.errstate(all="ignore"):
        return np.asarray(_array_stats().ess(draws, method="bulk"), dtype=float)


def ess_tail(draws: np.ndarray) -> np.ndarray:
    """Return the tail effective sample size of ``(elements, chain, draw)``, ``(elements,)``."""
    with np.errstate(all="ignore"):
        return np.asarray(_array_stats().ess(draws, method="tail", prob=_TAIL), dtype=float)


def bfmi(energy: np.ndarray) -> np.ndarray:
    """Return the estimated Bayesian fraction of missing information of ``(chain, draw)``.

    One value a chain: Betancourt (2016), arXiv:1604.00695, equation 4.
    """
    with np.errstate(all="ignore"):
        return np.asarray(_array_stats().bfmi(energy), dtype=float)

"""Exact evidences of small models, by a sum over all allocations of rows to components.

Means are normal a priori and weights, or rows of a transition matrix, from a Dirichlet: given the
allocations both are integrated out in closed form.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from scipy.special import gammaln, logsumexp


def log_evidence(
    data: np.ndarray,
    components: int,
    prior_sd: float,
    log_prior: Callable[[np.ndarray], float],
) -> float:
    """Give that of normal data of unit variance, with means from Normal(0, `prior_sd`).

    `log_prior` is that of an allocation (n,), everything else integrated out of it.
    """
    terms = []
    for allocation in product(range(components), repeat=data.size):
        z = np.array(allocation)
        terms.append(
            log_prior(z) + sum(of_normals(data[z == k], prior_sd) for k in range(components))
        )
    return float(logsumexp(terms))


def of_normals(data: np.ndarray, prior_sd: float) -> float:
    """Give that of normal data of unit variance and one mean, which is integrated out."""
    n, variance = data.size, prior_sd**2
    quadratic = (data**2).sum() - variance / (1 + n * variance) * data.sum() ** 2
    return float(-0.5 * (n * np.log(2 * np.pi) + np.log1p(n * variance) + quadratic))


def of_counts(counts: np.ndarray, a: np.ndarray) -> float:
    """Give the log probability of allocations with such counts, weights from Dirichlet(a)."""
    result = gammaln(a.sum()) - gammaln(a.sum() + counts.sum())
    return float(result + (gammaln(a + counts) - gammaln(a)).sum())


def of_steps(z: np.ndarray, states: int, a: np.ndarray) -> float:
    """Give the log probability of a chain's states, rows of the matrix from Dirichlet(a).

    The first state is any with equal probability.
    """
    counts = np.zeros((states, states))
    np.add.at(counts, (z[:-1], z[1:]), 1)
    return -np.log(states) + sum(of_counts(row, a) for row in counts)

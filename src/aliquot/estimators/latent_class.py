"""Latent classes: groups of respondents, told by their answers to questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aliquot.estimators.mixture import Mixture
from aliquot.hints.estimators import LATENT_CLASS
from aliquot.hints.explain import explained


class LatentClass(Mixture):
    """Latent classes of rows of answers, each question independent of the others within a class.

    Parameters
    ----------
    n_components : int, "auto" or sequence of int
        How many classes; as of `Mixture`.
    max_components, draws, random_state, verbose
        As of `Mixture`.

    Attributes
    ----------
    probabilities_ : dict from str to array, shape (n_components_, levels)
        Posterior means of the probability of each answer in each class, by question.
    levels_ : dict from str to tuple
        The answers in the order of these probabilities, by question.
    weights_, posterior_, model_, source_, n_components_, log_evidence_, comparison_
        As of `Mixture`.

    Raises
    ------
    ParameterError
        A `ValueError`, for data or parameters that no model can be written for.

    See Also
    --------
    Mixture : The same with numbers and counts beside answers.

    Notes
    -----
    Probabilities of answers have uniform priors, so that one that nobody gave in a class is small
    and not zero. Rows with the same answers are computed once.

    References
    ----------
    .. [1] Linzer and Lewis (2011), poLCA: an R package for polytomous variable latent class
       analysis, Journal of Statistical Software 42(10).

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.estimators import LatentClass
    >>> X = np.array([["yes", "yes", "no"]] * 30 + [["no", "no", "yes"]] * 20, dtype=object)
    >>> found = LatentClass(2, random_state=0).fit(X)
    >>> sorted(found.weights_.round(1).tolist())
    [0.4, 0.6]
    """

    @explained(LATENT_CLASS, "LatentClass")
    def __init__(
        self,
        n_components: int | str | Sequence[int] = 1,
        *,
        max_components: int = 8,
        draws: int = 4000,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.max_components = max_components
        self.draws = draws
        self.random_state = random_state
        self.verbose = verbose

    # What a mixture can choose and latent classes cannot.
    family = "categorical"
    covariance_type = "full"
    n_factors = 1
    standardize = True

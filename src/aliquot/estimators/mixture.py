"""Mixtures of rows: Gaussian, of counts, of answers, or of columns of several kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from scipy.special import logsumexp
from sklearn.base import DensityMixin
from sklearn.utils.validation import check_is_fitted

from aliquot.builders.mixture import COVARIANCES, arrays, mixture
from aliquot.builders.posterior import Posterior
from aliquot.errors import ParameterError
from aliquot.estimators.base import PREDICTING
from aliquot.estimators.of_columns import OfColumns, as_table, one_of
from aliquot.estimators.rows import as_counts, in_order, in_pieces
from aliquot.estimators.table import Encoding, families_of
from aliquot.estimators.within_components import covariances
from aliquot.hints.estimators import MIXTURE, MIXTURE_LEARNT
from aliquot.hints.explain import explained


class Mixture(DensityMixin, OfColumns):
    """A mixture of rows of a table, with the posterior of everything.

    Parameters
    ----------
    n_components : int, "auto" or sequence of int
        How many components; "auto" for the number from 1 to `max_components` with the largest
        evidence, a sequence for the best of those.
    family : str, sequence of str or mapping from str to str
        Of all columns, of each, or by the columns' names: "normal", "student_t" and "skew_normal"
        for numbers, "poisson" and "negative_binomial" for counts, "bernoulli" for two values and
        "categorical" for several, which may be text. Columns of different kinds are independent
        within a component.
    covariance_type : str
        Of real columns within a component: "full", "tied" (one for all components), "diag",
        "spherical", or "factor": `n_factors` common factors and a variance for each column.
        Skew columns have "diag" or "spherical".
    n_factors : int
    max_components : int
        The largest number that "auto" tries. It stops before, where the log evidence has fallen
        twice and by more than 3 nats.
    draws : int
        Draws of the posterior.
    standardize : bool
        Whether real columns are standardised before the model sees them. Its priors are for columns
        that are.
    random_state : int, RandomState instance or None
    verbose : int
        Whether to say a line about each number of components.

    Attributes
    ----------
    posterior_ : xarray.DataTree
        Draws, components in one order (`aliquot.relabel`), in standardised units.
    model_ : Model
        The model, an ordinary one.
    source_ : str
        The text that made it.
    n_components_ : int
    log_evidence_ : float
        In the data's own units.
    comparison_ : ComponentComparison
        Of all numbers that were tried; not kept when the estimator is pickled.
    weights_ : array, shape (n_components_,)
        Posterior means.
    means_ : array, shape (n_components_, real columns)
        Posterior means of the real columns' location, in the data's own units, as are the
        following. Where no column is real there are none; so with what follows.
    covariances_ : array
        Of the real columns; of "student_t" the scale matrix, of skew columns there is none. Its
        shape is that of scikit-learn: (n_components_, real columns, real columns) for "full" and
        "factor", (real columns, real columns) for "tied", (n_components_, real columns) for "diag"
        and for "spherical", too, which is so in standardised units.
    rates_ : array, shape (n_components_, columns of counts)
        Poisson columns first.
    probabilities_ : dict from str to array, shape (n_components_, levels)
        Of each answer, by column, for categories and for two values.
    levels_ : dict from str to tuple
        The answers in the order of these probabilities, by column.
    encoding_ : Encoding
        Columns, levels, and how real ones were standardised.
    n_features_in_ : int
    feature_names_in_ : array, shape (n_features_in_,)
        Where the data were a DataFrame with names.

    Raises
    ------
    ParameterError
        A `ValueError`, for data or parameters that no model can be written for.

    See Also
    --------
    LatentClass : The same for answers to questions.
    aliquot.compare_components : How numbers of components are compared.

    Notes
    -----
    The model's text says its priors; see `aliquot.builders.mixture.mixture`. Rows are summed over
    their labels, missing values are integrated out. A prediction is the mean over 400 draws of the
    posterior.

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.estimators import Mixture
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(-3, 1, (40, 1)), rng.normal(3, 1, (60, 1))])
    >>> found = Mixture(2, random_state=0).fit(X)
    >>> found.predict([[-3.0], [np.nan], [3.0]]), found.predict_proba([[-3.0]]).round(2)
    (array([0, 1, 1]), array([[1., 0.]]))
    """

    _elsewhere = MIXTURE_LEARNT

    @explained(MIXTURE, "Mixture")
    def __init__(
        self,
        n_components: int | str | Sequence[int] = 1,
        *,
        family: str | Sequence[str] | Mapping[str, str] = "normal",
        covariance_type: str = "full",
        n_factors: int = 1,
        max_components: int = 8,
        draws: int = 4000,
        standardize: bool = True,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.family = family
        self.covariance_type = covariance_type
        self.n_factors = n_factors
        self.max_components = max_components
        self.draws = draws
        self.standardize = standardize
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the model to rows.

        Parameters
        ----------
        X : array or DataFrame, shape (rows, columns)
            Missing values are NaN (or None).
        y : ignored
        sample_weight : array of int, shape (rows,), optional
            How often each row was seen.

        Returns
        -------
        Mixture
        """
        one_of("covariance_type", self.covariance_type, COVARIANCES)
        values = self._values(X, reset=True)
        counts = as_counts(sample_weight, len(values))
        if counts.sum() < 2:
            raise ParameterError(
                f"{type(self).__name__} was given {counts.sum()} sample (row), and needs 2 or more"
            )
        families = families_of(self.family, self._names())
        repeated = values[np.repeat(np.arange(len(values)), counts)]
        self.encoding_ = Encoding.learnt(repeated, families, self._names(), self.standardize)
        columns = self.encoding_.columns
        written = mixture(columns, self.covariance_type, self.n_factors)
        table = in_order(self.encoding_.encoded(values), counts)
        volume = float(self.encoding_.log_volumes(table).sum())
        return self._learn(written, arrays(columns, table), volume)

    def predict(self, X: Any) -> np.ndarray:
        """Give the most probable component of each row, shape (rows,)."""
        return np.asarray(self.predict_proba(X)).argmax(axis=1)

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> np.ndarray:
        """Fit, and give the most probable component of each row."""
        return self.fit(X, y, sample_weight).predict(X)

    def predict_proba(self, X: Any, *, return_std: bool = False) -> Any:
        """Give the probability of each component, averaged over draws of the posterior.

        Parameters
        ----------
        X : array or DataFrame, shape (rows, columns)
        return_std : bool
            Whether to give the standard deviation over draws as well: how far what is not known of
            the components makes the probability uncertain.

        Returns
        -------
        array, shape (rows, n_components_), or two of them
        """
        check_is_fitted(self)
        table = self.encoding_.encoded(self._values(X, reset=False))

        def of_rows(rows: np.ndarray) -> np.ndarray:
            p = self._label_probabilities(arrays(self.encoding_.columns, rows))
            return np.stack([p.mean(axis=0), p.std(axis=0)], axis=-1)

        found = in_pieces(table, PREDICTING * self.n_components_, of_rows)
        mean = found[..., 0]
        mean = mean / mean.sum(axis=1, keepdims=True)
        return (mean, found[..., 1]) if return_std else mean

    def score_samples(self, X: Any) -> np.ndarray:
        """Give the log of the posterior predictive density of each row, shape (rows,), in nats."""
        check_is_fitted(self)
        table = self.encoding_.encoded(self._values(X, reset=False))

        def of_rows(rows: np.ndarray) -> np.ndarray:
            each = self._log_likelihoods(arrays(self.encoding_.columns, rows))
            return np.asarray(logsumexp(each, axis=0) - np.log(len(each)))

        found = in_pieces(table, PREDICTING * self.n_components_, of_rows)
        return found + self.encoding_.log_volumes(table)

    def score(self, X: Any, y: Any = None) -> float:
        """Give the mean log predictive density of rows, in nats."""
        return float(self.score_samples(X).mean())

    def bic(self, X: Any) -> float:
        """Give the Bayesian information criterion of rows at the mode: the less the better.

        ``-2 log L + k log(rows)`` with k free numbers. The prior draws the mode a little away from
        where the likelihood is highest; `log_evidence_` is what it approximates.
        """
        log_likelihood, size, rows = self._at_mode(X)
        return -2 * log_likelihood + size * float(np.log(rows))

    def aic(self, X: Any) -> float:
        """Give Akaike's information criterion of rows at the posterior's mode."""
        log_likelihood, size, _ = self._at_mode(X)
        return -2 * log_likelihood + 2 * size

    def sample(
        self, n_samples: int = 1, *, random_state: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw new rows from the posterior predictive distribution, and their components.

        Parameters
        ----------
        n_samples : int
        random_state : int or RandomState instance, optional
            By default the estimator's; if that is a number, two calls give the same rows.

        Returns
        -------
        X : array, shape (n_samples, columns)
        y : array of int, shape (n_samples,)
        """
        check_is_fitted(self)
        if not isinstance(n_samples, int | np.integer) or n_samples < 1:
            raise ParameterError(
                f"n_samples must be a whole number of at least 1; got {n_samples!r}"
            )
        columns = self.encoding_.columns
        one = np.zeros((1, len(columns)))
        found = self._simulated(arrays(columns, one), int(n_samples), random_state)
        drawn = {str(name): array.values[0, :, 0] for name, array in found.data_vars.items()}
        table = as_table(columns, drawn)
        return self.encoding_.decoded(table), drawn["label"].astype(int)

    def _at_mode(self, X: Any) -> tuple[float, int, int]:
        check_is_fitted(self)
        table = self.encoding_.encoded(self._values(X, reset=False))
        found, size = self._mode_and_size(arrays(self.encoding_.columns, table))
        return found + float(self.encoding_.log_volumes(table).sum()), size, len(table)

    def _learnt(self, found: Posterior) -> None:
        posterior = found.trace["posterior"].dataset
        self.weights_ = posterior["w"].mean(("chain", "draw")).values
        self._learn_columns(posterior)
        self.__dict__.pop("covariances_", None)
        covariance = covariances(posterior, self.encoding_)
        if covariance is not None and self.covariance_type in ("diag", "spherical"):
            self.covariances_ = np.diagonal(covariance, axis1=1, axis2=2).copy()
        elif covariance is not None:
            self.covariances_ = covariance[0] if self.covariance_type == "tied" else covariance

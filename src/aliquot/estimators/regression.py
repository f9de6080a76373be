"""Mixtures of regressions: groups of rows in which y depends on the same terms differently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import logsumexp, softmax
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted, validate_data

from aliquot.arguments import whole_number
from aliquot.builders.design import summary
from aliquot.builders.formula import as_table
from aliquot.builders.posterior import Posterior
from aliquot.builders.regression import REAL, RESPONSES, regression
from aliquot.errors import ParameterError
from aliquot.estimators.base import PREDICTING, WritesModel
from aliquot.estimators.of_columns import one_of
from aliquot.estimators.regression_moments import moments
from aliquot.estimators.regression_table import RegressionTable
from aliquot.estimators.response import as_response
from aliquot.estimators.rows import as_counts, in_pieces
from aliquot.hints.estimators import REGRESSION, REGRESSION_LEARNT
from aliquot.hints.explain import explained

if TYPE_CHECKING:
    import pandas


class MixtureRegression(RegressorMixin, WritesModel):
    """A mixture of regressions, with the posterior of everything; a mixture of experts.

    Parameters
    ----------
    formula : str, optional
        As in ``"y ~ x + z"``: what y depends on within a component, with transformations,
        interactions, splines and contrasts as formulaic has them. X is then a table with named
        columns, of which the response is one; with ``"~ x + z"`` y is given by itself. By default
        y depends on all columns of X and an intercept.
    n_components : int, "auto" or sequence of int
        How many components; "auto" for the number from 1 to `max_components` with the largest
        evidence, a sequence for the best of those.
    weights : str, optional
        A formula without a left side, as in ``"~ age"``: the covariates on which the components'
        weights depend, by a multinomial logit. By default they are the same for all rows.
    family : str
        Of y within a component: "normal" and "student_t"; "poisson" and "negative_binomial", with
        the logarithm as link; "bernoulli" and "binomial", with the logit.
    trials : int or str, optional
        Of family "binomial" the number of trials, or the column that holds it.
    max_components : int
        The largest number that "auto" tries; as of `Mixture`.
    draws : int
        Draws of the posterior.
    standardize : bool
        Whether numeric terms, and y of real families, are standardised before the model sees them.
        Its priors are for terms that are.
    random_state : int, RandomState instance or None
    verbose : int
        Whether to say a line about each number of components.

    Attributes
    ----------
    coefficients_ : DataFrame
        By component and term, in the data's own units: posterior mean, standard deviation and the
        ends of the 95% interval.
    weight_coefficients_ : DataFrame
        Where there are `weights`: of the log weight of a component against that of component 0.
    weights_ : array, shape (n_components_,)
        Posterior means of the weights; with covariates the mean over the rows of the fit.
    sigma_ : array, shape (n_components_,)
        Of real families the posterior means of the scale around each regression, in y's own units.
    posterior_, model_, source_, n_components_, log_evidence_, comparison_
        As of `Mixture`; the evidence in y's own units.
    table_ : RegressionTable
        How rows become the numbers of the model: formulas with their levels, means and knots, and
        how terms were standardised.
    n_features_in_ : int
    feature_names_in_ : array, shape (n_features_in_,)
        The columns of X; with a formula those that terms are made of.

    Raises
    ------
    ParameterError
        A `ValueError`, for data or parameters that no model can be written for; an `ImportError`
        for a formula where formulaic is not installed.

    See Also
    --------
    Mixture : Groups of rows by all of their columns.

    Notes
    -----
    The model's text says its priors; see `aliquot.builders.regression.regression`. A missing
    response (NaN) is integrated out. With a formula, rows of a fit that lack what a term is made
    of are left out, which a warning says, and predictions for such rows are refused; without one X
    must be complete, as for scikit-learn's regressors.

    Standardising terms changes no regression, only what its priors mean. Coefficients are
    transformed draw by draw.

    Of a response that is not known, the components' shares are their weights. The mean that
    `predict` gives is then between the regressions, where hardly any data may be: `sample` and
    `predict_quantiles` tell more.

    References
    ----------
    .. [1] Grün and Leisch (2008), FlexMix version 2, Journal of Statistical Software 28(4).
    .. [2] Jacobs, Jordan, Nowlan and Hinton (1991), Adaptive mixtures of local experts, Neural
       Computation 3.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from aliquot.estimators import MixtureRegression
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(0, 10, 80)
    >>> y = np.where(np.arange(80) < 30, 2 * x, 30 - x) + rng.normal(0, 1, 80)
    >>> rows = pd.DataFrame({"x": x, "y": y})
    >>> found = MixtureRegression("y ~ x", random_state=0).fit(rows)
    >>> sorted(found.coefficients_["mean"].xs("x", level="term").round().tolist())
    [-1.0, 2.0]
    >>> found.predict_components(pd.DataFrame({"x": [1.0, 1.0], "y": [2.0, 29.0]})).tolist() in (
    ...     [0, 1], [1, 0]
    ... )
    True
    """

    _elsewhere = REGRESSION_LEARNT

    @explained(REGRESSION, "MixtureRegression")
    def __init__(
        self,
        formula: str | None = None,
        n_components: int | str | Sequence[int] = 2,
        *,
        weights: str | None = None,
        family: str = "normal",
        trials: int | str | None = None,
        max_components: int = 8,
        draws: int = 4000,
        standardize: bool = True,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.formula = formula
        self.n_components = n_components
        self.weights = weights
        self.family = family
        self.trials = trials
        self.max_components = max_components
        self.draws = draws
        self.standardize = standardize
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        """Say whether y must be given, which a formula may do."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.formula is None
        return tags

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the model to rows.

        Parameters
        ----------
        X : array or DataFrame, shape (rows, columns)
            With a formula a table with named columns: a DataFrame of pandas or Polars, or a dict.
        y : array, shape (rows,), optional
            NaN where it is missing. Left out where the formula names the response.
        sample_weight : array of int, shape (rows,), optional
            How often each row was seen.

        Returns
        -------
        MixtureRegression
        """
        one_of("family", self.family, RESPONSES)
        if y is None and self.formula is None:
            raise ParameterError(
                "MixtureRegression requires y to be passed, but the target y is None. A formula "
                "such as 'y ~ x' takes it from X"
            )
        table = self._rows(X, reset=True)
        given = None if y is None else as_response(y, len(table))
        counts = as_counts(sample_weight, len(table))
        repeated = np.repeat(np.arange(len(table)), counts)
        self.table_, numbers = RegressionTable.learnt(
            table.iloc[repeated],
            None if given is None else given[repeated],
            self.formula,
            self.weights,
            self.family,
            self.trials,
            self.standardize,
        )
        if self.formula is not None:
            weights = self.table_.weights
            needs = {*self.table_.terms.needs, *(() if weights is None else weights.needs)}
            self.feature_names_in_ = np.array(sorted(needs), dtype=object)
            self.n_features_in_ = len(needs)
        written = regression(
            self.table_.x.names,
            self.table_.w_names or None,
            self.family,
            centre=self.table_.centre,
        )
        volume = float(self.table_.log_volumes(numbers).sum())
        return self._learn(written, self.table_.arrays(numbers), volume)

    def predict(self, X: Any, *, return_std: bool = False) -> Any:
        """Give the posterior predictive mean of y, of a binomial y that of the count.

        Parameters
        ----------
        X : array or DataFrame, shape (rows, columns)
            A response in it is not looked at.
        return_std : bool
            Whether to give the posterior predictive standard deviation as well. Of family
            "student_t" it is infinite where a draw has 2 degrees of freedom or fewer.

        Returns
        -------
        array, shape (rows,), or two of them
        """
        numbers = self._numbers_of(X, None, blind=True)
        draws = self._draws(np.iinfo(np.int64).max)["posterior"].dataset
        values = {str(name): array.values[0] for name, array in draws.data_vars.items()}

        def of_rows(rows: np.ndarray) -> np.ndarray:
            return moments(self.table_.arrays(rows), values, self.family)

        found = in_pieces(numbers, draws.sizes["draw"] * self.n_components_, of_rows)
        mean = found[:, 0] * self.table_.y_scale + self.table_.y_centre
        if not return_std:
            return mean
        return mean, np.sqrt(found[:, 1]) * self.table_.y_scale

    def predict_components(self, X: Any, y: Any = None) -> np.ndarray:
        """Give the most probable component of each row: (rows,); see `predict_component_proba`."""
        return np.asarray(self.predict_component_proba(X, y)).argmax(axis=1)

    def predict_component_proba(self, X: Any, y: Any = None, *, return_std: bool = False) -> Any:
        """Give the probability of each component, averaged over draws of the posterior.

        Parameters
        ----------
        X : array or DataFrame, shape (rows, columns)
        y : array, shape (rows,), optional
            Where it is given, or is in X with the formula's name, the probability is given y; else,
            and where it is NaN, it is the component's weight.
        return_std : bool
            Whether to give the standard deviation over draws as well.

        Returns
        -------
        array, shape (rows, n_components_), or two of them
        """
        numbers = self._numbers_of(X, y)

        def of_rows(rows: np.ndarray) -> np.ndarray:
            p = self._label_probabilities(self.table_.arrays(rows))
            return np.stack([p.mean(axis=0), p.std(axis=0)], axis=-1)

        found = in_pieces(numbers, PREDICTING * self.n_components_, of_rows)
        mean = found[..., 0] / found[..., 0].sum(axis=1, keepdims=True)
        return (mean, found[..., 1]) if return_std else mean

    def predict_quantiles(
        self, X: Any, quantiles: Sequence[float] = (0.05, 0.5, 0.95), n_samples: int = 2000
    ) -> np.ndarray:
        """Give quantiles of the posterior predictive distribution of y, from draws of it.

        Returns
        -------
        array, shape (rows, quantiles)
        """
        levels = np.asarray(quantiles, dtype=float)
        if levels.ndim != 1 or not ((levels >= 0) & (levels <= 1)).all():
            raise ParameterError(f"quantiles must be numbers from 0 to 1; got {quantiles!r}")
        return np.quantile(self.sample(X, n_samples)[0], levels, axis=1).T

    def sample(
        self, X: Any, n_samples: int = 1, *, random_state: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw responses of rows from the posterior predictive distribution, with components.

        `random_state` is the estimator's by default; if that is a number, two calls give the same.

        Returns
        -------
        y : array, shape (rows, n_samples)
            A response in X is not looked at.
        components : array of int, shape (rows, n_samples)
        """
        numbers = self._numbers_of(X, None, blind=True)
        data = self.table_.arrays(numbers)
        data["y"] = np.zeros(len(numbers), np.float64 if self.family in REAL else np.int64)
        found = self._simulated(data, whole_number("n_samples", n_samples), random_state)
        y, label = found["y"].values[0].T, found["label"].values[0].T
        return y * self.table_.y_scale + self.table_.y_centre, label.astype(int)

    def score_samples(self, X: Any, y: Any = None) -> np.ndarray:
        """Give the log posterior predictive density of each y, in nats; NaN where it is missing."""
        numbers = self._numbers_of(X, y)
        seen = ~np.isnan(self.table_.y_of(numbers))
        result = np.full(len(numbers), np.nan)

        def of_rows(rows: np.ndarray) -> np.ndarray:
            each = self._log_likelihoods(self.table_.arrays(rows))
            return np.asarray(logsumexp(each, axis=0) - np.log(len(each)))

        if seen.any():
            result[seen] = in_pieces(numbers[seen], PREDICTING * self.n_components_, of_rows)
        return result + self.table_.log_volumes(numbers)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Give the coefficient of determination of `predict`, over rows whose y is known."""
        numbers = self._known(X, y)
        response = self.table_.y_of(numbers)
        seen = ~np.isnan(response)
        weight = None if sample_weight is None else np.asarray(sample_weight)[seen]
        return float(r2_score(response[seen], self.predict(X)[seen], sample_weight=weight))

    def bic(self, X: Any, y: Any = None) -> float:
        """Give the Bayesian information criterion of rows at the mode: the less the better.

        ``-2 log L + k log(rows)`` with k free numbers. The prior draws the mode a little away from
        where the likelihood is highest; `log_evidence_` is what it approximates.
        """
        log_likelihood, size, rows = self._at_mode(X, y)
        return -2 * log_likelihood + size * float(np.log(rows))

    def aic(self, X: Any, y: Any = None) -> float:
        """Give Akaike's information criterion of rows at the posterior's mode."""
        log_likelihood, size, _ = self._at_mode(X, y)
        return -2 * log_likelihood + 2 * size

    def _at_mode(self, X: Any, y: Any) -> tuple[float, int, int]:
        numbers = self._known(X, y)
        found, size = self._mode_and_size(self.table_.arrays(numbers))
        if self.table_.w is not None:  # what is added to all log weights changes nothing
            size -= len(self.table_.w_names)
        rows = int((~np.isnan(self.table_.y_of(numbers))).sum())
        return found + float(self.table_.log_volumes(numbers).sum()), size, rows

    def _learnt(self, found: Posterior) -> None:
        draws = found.trace["posterior"].dataset.stack(sample=("chain", "draw"))
        values = {str(name): draws[name].transpose("sample", ...).values for name in draws}
        table, components = self.table_, range(found.components)
        own = table.coefficients(values["beta"])
        self.coefficients_ = summary(own, table.x.names, components)
        for name in ("weight_coefficients_", "sigma_"):  # of an earlier fit
            self.__dict__.pop(name, None)
        if table.w is None:
            self.weights_ = values["w"].mean(axis=0)
        else:
            gamma = values["gamma"]
            against = table.w.unscaled(gamma - gamma[:, :1])[:, 1:]
            self.weight_coefficients_ = summary(against, table.w_names, components[1:])
            few = gamma[:: max(len(gamma) // PREDICTING, 1)]
            logits = np.einsum("rq,dkq->drk", self._data["W"], few)
            self.weights_ = softmax(logits, axis=-1).mean(axis=(0, 1))
        if self.family in REAL:
            self.sigma_ = values["sigma"].mean(axis=0) * table.y_scale

    def _numbers_of(self, X: Any, y: Any, *, blind: bool = False) -> np.ndarray:
        """Give the numbers of rows that the model reads."""
        check_is_fitted(self)
        table = self._rows(X, reset=False)
        given = None if y is None else as_response(y, len(table))
        return self.table_.numbers(table, given, blind=blind)

    def _known(self, X: Any, y: Any) -> np.ndarray:
        """Give the numbers of rows of which at least one response is known."""
        numbers = self._numbers_of(X, y)
        if np.isnan(self.table_.y_of(numbers)).all():
            raise ParameterError(f"no response is known: give {self.table_.response_name!r}")
        return numbers

    def _rows(self, X: Any, *, reset: bool) -> pandas.DataFrame:
        """Give rows as a table; without a formula checked as scikit-learn does."""
        import pandas

        if self.formula is not None:
            table = as_table(X)
            if not len(table):
                raise ParameterError("X has no rows")
            return table.reset_index(drop=True)
        values = validate_data(self, X, reset=reset, dtype=np.float64)
        names = getattr(self, "feature_names_in_", None)
        columns = [f"x{i}" for i in range(values.shape[1])] if names is None else list(names)
        return pandas.DataFrame(values, columns=columns)

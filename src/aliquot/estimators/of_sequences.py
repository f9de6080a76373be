"""What an estimator of sequences needs to know of new ones, and of its draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from aliquot.builders.filtering import log_chain, predictive, stationary
from aliquot.builders.hidden_markov import given_states
from aliquot.builders.mixture import arrays
from aliquot.builders.posterior import quietly
from aliquot.errors import ParameterError
from aliquot.estimators.base import PREDICTING
from aliquot.estimators.of_columns import OfColumns
from aliquot.estimators.rows import MOST_NUMBERS, in_pieces
from aliquot.estimators.sequences import Covariates, Sequences
from aliquot.inference.log_likelihood import compute_log_likelihood
from aliquot.results import build_tree

if TYPE_CHECKING:
    import xarray

FEWEST_DRAWS = 50
# The variables of a chain that are not those of its states.
CHAIN = ("P", "start", "slope")


class OfSequences(OfColumns):
    """An estimator of sequences one below the other, with covariates or without."""

    covariance_type: Any
    _covariates: Covariates | None

    def _read(self, X: Any, lengths: Any) -> tuple[np.ndarray, Sequences]:
        table = self.encoding_.encoded(self._values(X, reset=False))
        return table, Sequences.of(lengths, len(table))

    @staticmethod
    def _no_lengths(call: str, X: Any, y: Any) -> None:
        """Refuse what stands in the place of y and is none: hmmlearn has `lengths` there."""
        if y is None or np.shape(y)[:1] == np.shape(X)[:1]:
            return
        raise ParameterError(
            f"y is not used, and has not as many entries as X has rows; got {y!r:.80}. Lengths of "
            f"sequences are given by name: {call}(X, lengths=...)"
        )

    def _covariates_of(self, given: Any, rows: int) -> np.ndarray | None:
        if self._covariates is not None and given is not None:
            return self._covariates.encoded(given, rows)
        if self._covariates is not None:
            raise ParameterError(
                "covariates must be given, as the model was fitted with "
                f"{', '.join(map(repr, self._covariates.names))}: one row for each row of X"
            )
        if given is not None:
            advice = ". An algorithm is given by name: algorithm=" if isinstance(given, str) else ""
            raise ParameterError(
                f"covariates were given, and the model was fitted without any{advice}"
            )
        return None

    def _data_of(self, table: np.ndarray, sequences: Sequences, covariates: Any) -> dict[str, Any]:
        data = sequences.places | arrays(self.encoding_.columns, table)
        rows = self._covariates_of(covariates, len(table))
        return data if rows is None else data | {"covariates": sequences.padded(rows)}

    def _how_many(self, sequences: Sequences) -> int:
        """Say of how many draws the probabilities of all steps can be held at once."""
        numbers = int(np.prod(sequences.shape)) * self.n_components_
        return int(np.clip(MOST_NUMBERS // numbers, FEWEST_DRAWS, PREDICTING))

    def _means(self) -> xarray.DataTree:
        """Give the posterior mean of each variable, a point that is a draw like the others."""
        posterior = self.posterior_["posterior"].dataset
        names = [v.name for v in self.model_.free if v.name in posterior]
        mean = posterior[names].mean(("chain", "draw"))
        return build_tree(
            posterior={str(name): array.values[None, None] for name, array in mean.items()}
        )

    def _log_chain(
        self, draws: xarray.DataTree, sequences: Sequences, rows: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Compute log probabilities of first states and moves, as `filtering.predictive` reads."""
        posterior = draws["posterior"].dataset
        values = {str(n): array.values[0] for n, array in posterior.items() if n in CHAIN}
        return log_chain(values, None if rows is None else sequences.padded(rows))

    def _emissions(self, draws: xarray.DataTree, table: np.ndarray) -> np.ndarray:
        """Compute the log density of each row in each state: (draws, rows, K)."""
        columns, states = self.encoding_.columns, self.n_components_
        written = given_states(columns, self.covariance_type)

        def of_rows(rows: np.ndarray) -> np.ndarray:
            data = {"state": np.tile(np.arange(states), len(rows))}
            data |= arrays(columns, np.repeat(rows, states, axis=0))
            tree = compute_log_likelihood(draws, quietly(written, data, states), by="z")
            found = tree["log_likelihood"].dataset["z"].values[0]
            return np.moveaxis(found.reshape((-1, len(rows), states)), 1, 0)

        count = draws["posterior"].dataset.sizes["draw"]
        return np.moveaxis(in_pieces(table, count * states**2, of_rows), 0, 1)

    def _one_step_ahead(
        self, X: Any, lengths: Any, covariates: Any
    ) -> tuple[np.ndarray, Sequences, np.ndarray]:
        """Compute log densities (draws, sequences, steps), and those of the data's own units."""
        check_is_fitted(self)
        table, sequences = self._read(X, lengths)
        draws = self._draws(self._how_many(sequences))
        emissions = sequences.padded(self._emissions(draws, table))
        rows = self._covariates_of(covariates, len(table))
        each = predictive(*self._log_chain(draws, sequences, rows), emissions)
        return each, sequences, self.encoding_.log_volumes(table)

    def get_stationary_distribution(self) -> np.ndarray:
        """Give the shares of states after very many steps, posterior means: (n_components_,)."""
        check_is_fitted(self)
        if self._covariates is not None:
            raise ParameterError("transitions that covariates move have no stationary distribution")
        return mean_stationary(self.posterior_["posterior"].dataset)

    def bic(self, X: Any, lengths: Any = None, covariates: Any = None) -> float:
        """Give the Bayesian information criterion of rows at the mode: the less the better."""
        log_likelihood, size, rows = self._at_mode(X, lengths, covariates)
        return -2 * log_likelihood + size * float(np.log(rows))

    def aic(self, X: Any, lengths: Any = None, covariates: Any = None) -> float:
        """Give Akaike's information criterion of rows at the posterior's mode."""
        log_likelihood, size, _ = self._at_mode(X, lengths, covariates)
        return -2 * log_likelihood + 2 * size

    def _at_mode(self, X: Any, lengths: Any, covariates: Any) -> tuple[float, int, int]:
        check_is_fitted(self)
        table, sequences = self._read(X, lengths)
        found, size = self._mode_and_size(self._data_of(table, sequences, covariates))
        if self._covariates is not None:  # of each row of slopes the mean changes nothing
            size -= self.n_components_ * len(self._covariates.names)
        return found + float(self.encoding_.log_volumes(table).sum()), size, len(table)


def mean_stationary(posterior: xarray.Dataset) -> np.ndarray:
    """Compute the posterior mean of the shares of states after very many steps."""
    P = posterior["P"].transpose("chain", "draw", ...).values
    return stationary(P.reshape((-1, *P.shape[2:]))).mean(axis=0)

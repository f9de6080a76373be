"""Hidden Markov models of sequences: of numbers, counts, answers, or columns of several kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from scipy.special import logsumexp
from sklearn.base import DensityMixin
from sklearn.utils.validation import check_is_fitted

from aliquot.arguments import whole_number
from aliquot.builders.filtering import most_probable_path
from aliquot.builders.hidden_markov import INITS, hidden_markov
from aliquot.builders.posterior import Posterior
from aliquot.errors import ParameterError
from aliquot.estimators.of_columns import as_table, one_of
from aliquot.estimators.of_sequences import OfSequences, mean_stationary
from aliquot.estimators.sequences import Covariates, Sequences
from aliquot.estimators.table import Encoding, families_of
from aliquot.estimators.within_components import covariances
from aliquot.hints.estimators import HIDDEN_MARKOV, HIDDEN_MARKOV_LEARNT, STATES_SAMPLED
from aliquot.hints.explain import explained
from aliquot.inference.recover import recover

COVARIANCES = ("full", "tied", "diag", "spherical")
ALGORITHMS = ("viterbi", "map")


class HiddenMarkov(DensityMixin, OfSequences):
    """A hidden Markov model of sequences, with the posterior of everything.

    Rows of a table are steps in the order of time. Each is in one of a few states, which depends on
    the state of the step before.

    Parameters
    ----------
    n_components : int, "auto" or sequence of int
        How many states; "auto" for the number from 1 to `max_components` with the largest evidence,
        a sequence for the best of those.
    family : str, sequence of str or mapping from str to str
        Of all columns, of each, or by the columns' names, as of `Mixture`. Columns of different
        kinds are independent within a state.
    covariance_type : str
        Of real columns within a state: "full", "tied" (one for all states), "diag" or "spherical".
    init : str
        Of the first state of a sequence: "free", probabilities of its own; "stationary", those that
        a chain has that has been running for long.
    startprob_prior, transmat_prior : float
        Concentrations of the Dirichlet priors of the first state and of each row of the transition
        matrix; 1 is uniform.
    persistence : float
        Added to the concentration of staying in a state: as many moves seen from each state to
        itself. By default nothing speaks for staying but the data.
    algorithm : str
        Of `predict` and `decode`: "viterbi", the most probable path as a whole; "map", the most
        probable state of each step.
    max_components, draws, standardize, random_state, verbose
        As of `Mixture`. `standardize` is of covariates, too.

    Attributes
    ----------
    startprob_ : array, shape (n_components_,)
        Posterior means, as of all that follows.
    transmat_ : array, shape (n_components_, n_components_)
        Row i holds the probabilities of the states after state i; with covariates, where these are
        at their mean (at 0 without `standardize`).
    slopes_ : array, shape (n_components_, n_components_, covariates)
        With covariates: what one more of it, in its own unit, adds to the log of each probability
        before the row is normalised. Sums to 0 along each row.
    means_ : array, shape (n_components_, real columns)
        In the data's own units, as are the following.
    covars_ : array, shape (n_components_, real columns, real columns)
        Of "student_t" the scale matrix; of skew columns there is none.
    rates_ : array, shape (n_components_, columns of counts)
        Poisson columns first.
    probabilities_ : dict from str to array, shape (n_components_, levels)
        Of each column of answers or of two values.
    levels_ : dict from str to tuple
        The answers in the order of these probabilities, by column.
    posterior_ : xarray.DataTree
        Draws, states in one order, in standardised units.
    model_, source_, n_components_, log_evidence_, comparison_, encoding_
        As of `Mixture`.
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    Raises
    ------
    ParameterError
        A `ValueError`, for data or parameters that no model can be written for.

    See Also
    --------
    Mixture : Where rows do not depend on each other.
    aliquot.MarkovChain : The chain, in a model of your own.

    Notes
    -----
    States are numbered in ascending order of the first column's mean (of answers, of their codes).
    Paths are summed out. Values that are missing are integrated out, whole steps as well: the chain
    goes on through them. Steps must be equally far apart, so put rows of NaN where there are none.
    A prediction is the mean over 400 draws of the posterior, or fewer, not below 50, for tables of
    more than 50,000 steps times states.

    The order of rows matters: of a part of a sequence, or of its rows in another order,
    predictions are others.

    References
    ----------
    .. [1] Rabiner (1989), A tutorial on hidden Markov models, Proceedings of the IEEE 77(2).
    .. [2] Frühwirth-Schnatter (2006), Finite Mixture and Markov Switching Models, chapter 11.

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.estimators import HiddenMarkov
    >>> rng = np.random.default_rng(0)
    >>> path = np.repeat([0, 1, 0, 1, 0], [12, 9, 15, 14, 10])
    >>> X = rng.normal(np.array([-3.0, 3.0])[path], 1)[:, None]
    >>> found = HiddenMarkov(2, draws=400, random_state=0).fit(X)
    >>> bool((found.predict(X) == path).all()), found.predict([[-3.0], [np.nan], [-3.0], [3.0]])
    (True, array([0, 0, 0, 1]))
    """

    _elsewhere = HIDDEN_MARKOV_LEARNT

    @explained(HIDDEN_MARKOV, "HiddenMarkov")
    def __init__(
        self,
        n_components: int | str | Sequence[int] = 1,
        *,
        family: str | Sequence[str] | Mapping[str, str] = "normal",
        covariance_type: str = "full",
        init: str = "free",
        startprob_prior: float = 1.0,
        transmat_prior: float = 1.0,
        persistence: float = 0.0,
        algorithm: str = "viterbi",
        max_components: int = 8,
        draws: int = 4000,
        standardize: bool = True,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.family = family
        self.covariance_type = covariance_type
        self.init = init
        self.startprob_prior = startprob_prior
        self.transmat_prior = transmat_prior
        self.persistence = persistence
        self.algorithm = algorithm
        self.max_components = max_components
        self.draws = draws
        self.standardize = standardize
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None, lengths: Any = None, covariates: Any = None) -> Self:
        """Fit the model to one or several sequences.

        Parameters
        ----------
        X : array or DataFrame, shape (rows, columns)
            Sequences one below the other. Missing values are NaN (or None).
        y : ignored
            It has its place for scikit-learn's sake; `lengths` are given by name.
        lengths : sequence of int, shape (sequences,), optional
            How many rows each sequence has. By default all are one.
        covariates : array or DataFrame, shape (rows, p), optional
            What acts on transitions, with nothing missing: row t on the move into step t, from step
            t - 1, by a multinomial logit. Of the first step of a sequence it is not used.

        Returns
        -------
        HiddenMarkov
        """
        self._check_parameters(covariates)
        self._no_lengths("fit", X, y)
        values = self._values(X, reset=True)
        if len(values) < 2:
            raise ParameterError(
                f"{type(self).__name__} was given {len(values)} sample (row), and needs 2 or more"
            )
        families = families_of(self.family, self._names())
        self.encoding_ = Encoding.learnt(values, families, self._names(), self.standardize)
        self._covariates = None
        if covariates is not None:
            self._covariates = Covariates.learnt(covariates, len(values), self.standardize)
        written = hidden_markov(
            self.encoding_.columns,
            self.covariance_type,
            () if self._covariates is None else self._covariates.names,
            init=self.init,
            startprob=self.startprob_prior,
            transmat=self.transmat_prior,
            persistence=self.persistence,
        )
        table = self.encoding_.encoded(values)
        data = self._data_of(table, Sequences.of(lengths, len(table)), covariates)
        return self._learn(written, data, float(self.encoding_.log_volumes(table).sum()))

    def predict(self, X: Any, lengths: Any = None, covariates: Any = None) -> np.ndarray:
        """Give the state of each row by `algorithm`, shape (rows,)."""
        return self.decode(X, lengths, covariates)[1]

    def decode(
        self, X: Any, lengths: Any = None, covariates: Any = None, *, algorithm: str | None = None
    ) -> tuple[float, np.ndarray]:
        """Give the states of rows, and how probable they are.

        Parameters
        ----------
        X, lengths, covariates
            As of `fit`.
        algorithm : str, optional
            By default the estimator's.

        Returns
        -------
        log_prob : float
            Of "viterbi" the log joint density of data and path, at the posterior means that the
            attributes show, where the path is the most probable one. Of "map" the expected number
            of rows whose state is right.
        states : array of int, shape (rows,)
        """
        check_is_fitted(self)
        if _algorithm(algorithm or self.algorithm) == "map":
            p = self.predict_proba(X, lengths, covariates)
            return float(p.max(axis=1).sum()), p.argmax(axis=1)
        table, sequences = self._read(X, lengths)
        at = self._means()
        start, moves = self._log_chain(at, sequences, self._covariates_of(covariates, len(table)))
        emissions = self._emissions(at, table)[0]
        states = np.empty(len(table), int)
        log_prob = float(self.encoding_.log_volumes(table).sum())
        for number, rows in enumerate(sequences.slices()):
            own = moves[0, min(number, moves.shape[1] - 1)]
            states[rows], best = most_probable_path(start[0], own, emissions[rows])
            log_prob += best
        return log_prob, states

    def predict_proba(
        self, X: Any, lengths: Any = None, covariates: Any = None, *, return_std: bool = False
    ) -> Any:
        """Give the probability of each state given all rows of its sequence, averaged over draws.

        Parameters
        ----------
        X, lengths, covariates
            As of `fit`.
        return_std : bool
            Whether to give the standard deviation over draws as well.

        Returns
        -------
        array, shape (rows, n_components_), or two of them
        """
        check_is_fitted(self)
        table, sequences = self._read(X, lengths)
        model = self._of_new(self._data_of(table, sequences, covariates))
        draws = self._draws(self._how_many(sequences))
        tree = recover(draws, model, kind="probabilities", var_names="z", thin=1)
        p = sequences.of_rows(tree["state_probabilities"].dataset["z"].values[0])
        mean = p.mean(axis=0)
        mean = mean / mean.sum(axis=1, keepdims=True)
        return (mean, p.std(axis=0)) if return_std else mean

    def score_samples(self, X: Any, lengths: Any = None, covariates: Any = None) -> np.ndarray:
        """Give the log predictive density of each row given those before it, in nats: (rows,).

        One number for each row, as in scikit-learn (hmmlearn's method of this name gives a total
        and `predict_proba`): the density one step ahead, averaged over draws. What the rows before
        tell of the parameters is left out, so that with one state rows stand alone; `score` counts
        it, and is somewhat above the sum.
        """
        each, sequences, volumes = self._one_step_ahead(X, lengths, covariates)
        found = logsumexp(each, axis=0) - np.log(len(each))
        return found[sequences.sequence, sequences.step] + volumes

    def score(self, X: Any, y: Any = None, lengths: Any = None, covariates: Any = None) -> float:
        """Give the log predictive density of all rows, in nats, as hmmlearn does.

        A total, since rows of a sequence are not so many data by themselves: the sum over sequences
        of the log of the density of each as a whole, averaged over draws. `y` is ignored.
        """
        self._no_lengths("score", X, y)
        each, _, volumes = self._one_step_ahead(X, lengths, covariates)
        whole = logsumexp(each.sum(axis=2), axis=0) - np.log(len(each))
        return float(whole.sum() + volumes.sum())

    @explained(STATES_SAMPLED)
    def sample(
        self, n_samples: int = 1, covariates: Any = None, *, random_state: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw a new sequence from the posterior predictive distribution, and its states.

        Parameters
        ----------
        n_samples : int
            Its steps.
        covariates : array, shape (n_samples, p), optional
        random_state : int or RandomState instance, optional
            By default the estimator's; if that is a number, two calls give the same sequence.

        Returns
        -------
        X : array, shape (n_samples, columns)
        states : array of int, shape (n_samples,)
        """
        check_is_fitted(self)
        rows = whole_number("n_samples", n_samples)
        columns = self.encoding_.columns
        data = self._data_of(np.zeros((rows, len(columns))), Sequences.of(None, rows), covariates)
        found = self._simulated(data, 1, random_state)
        drawn = {str(name): array.values[0, 0] for name, array in found.data_vars.items()}
        drawn["label"] = drawn["label"][0]
        return self.encoding_.decoded(as_table(columns, drawn)), drawn["label"].astype(int)

    def forecast(self, X: Any, steps: int = 1, covariates: Any = None) -> np.ndarray:
        """Draw what comes after a sequence from its posterior predictive distribution.

        Parameters
        ----------
        X : array or DataFrame, shape (rows, columns)
            One sequence.
        steps : int
        covariates : array, shape (rows + steps, p), optional
            Of the sequence and of what comes after it.

        Returns
        -------
        array, shape (draws, steps, columns)
            One future for each of 400 draws of the posterior.
        """
        check_is_fitted(self)
        steps = whole_number("steps", steps)
        table, _ = self._read(X, None)
        columns = self.encoding_.columns
        table = np.concatenate([table, np.full((steps, len(columns)), np.nan)])
        sequences = Sequences.of(None, len(table))
        model = self._of_new(self._data_of(table, sequences, covariates))
        seed = self._seed_of()
        missing = [f"{variable.name}_missing" for variable in model.observed]
        draws = self._draws(self._how_many(sequences))
        tree = recover(draws, model, kind="draws", var_names=missing, thin=1, random_seed=seed)
        drawn = {}
        for variable in model.observed:
            values = tree["posterior"].dataset[f"{variable.name}_missing"].values[0]
            shape = variable.shape[1:]
            # Missing entries are in the order of rows, and what is to come is at the end.
            last = values[:, values.shape[1] - steps * int(np.prod(shape)) :]
            drawn[variable.name] = last.reshape((-1, *shape))
        drawn["label"] = np.zeros(len(next(iter(drawn.values()))))
        futures = self.encoding_.decoded(as_table(columns, drawn))
        return futures.reshape((-1, steps, len(columns)))

    def _check_parameters(self, covariates: Any) -> None:
        one_of("covariance_type", self.covariance_type, COVARIANCES)
        one_of("init", self.init, INITS)
        _algorithm(self.algorithm)
        if covariates is not None and self.init == "stationary":
            raise ParameterError(
                "init='stationary': transitions that covariates move have no stationary "
                "distribution; use init='free'"
            )
        for name in ("startprob_prior", "transmat_prior", "persistence"):
            value = getattr(self, name)
            least = 0.0 if name == "persistence" else np.finfo(float).tiny
            if not isinstance(value, int | float | np.number) or not least <= value < np.inf:
                known = "of at least 0" if name == "persistence" else "above 0"
                raise ParameterError(f"{name} must be a finite number {known}; got {value!r}")

    def _learnt(self, found: Posterior) -> None:
        posterior = found.trace["posterior"].dataset
        self._learn_columns(posterior)
        for name in ("covars_", "slopes_"):  # of an earlier fit
            self.__dict__.pop(name, None)
        covariance = covariances(posterior, self.encoding_)
        if covariance is not None:
            self.covars_ = covariance
        self.transmat_ = posterior["P"].mean(("chain", "draw")).values
        if self.init == "stationary":
            self.startprob_ = mean_stationary(posterior)
        else:
            self.startprob_ = posterior["start"].mean(("chain", "draw")).values
        if self._covariates is not None:
            slope = posterior["slope"].mean(("chain", "draw")).values
            self.slopes_ = (slope - slope.mean(axis=1, keepdims=True)) / self._covariates.scale


def _algorithm(given: Any) -> str:
    return one_of("algorithm", given, ALGORITHMS)

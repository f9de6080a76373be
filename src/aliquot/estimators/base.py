"""What all estimators share: draws of a posterior, and predictions by the text of its model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from aliquot.arguments import whole_number
from aliquot.builders import ModelText
from aliquot.builders.posterior import Posterior, posterior_of, quietly, tell
from aliquot.errors import ParameterError
from aliquot.hints.explain import MissingError, public
from aliquot.inference.find_map import find_map
from aliquot.inference.log_likelihood import compute_log_likelihood
from aliquot.inference.predict import sample_posterior_predictive
from aliquot.inference.recover import recover
from aliquot.model import Model
from aliquot.model import deterministic as _deterministic
from aliquot.results import build_tree

if TYPE_CHECKING:
    import xarray

# Predictions are averages over so many draws at most, evenly spread over all.
PREDICTING = 400
AUTO = "auto"


class WritesModel(BaseEstimator):
    """An estimator that writes a model for its data, and keeps draws of its posterior."""

    n_components: Any
    max_components: Any
    draws: Any
    random_state: Any
    verbose: Any

    # What `fit` learns.
    written_: ModelText
    posterior_: xarray.DataTree
    n_components_: int
    log_evidence_: float
    _data: Mapping[str, Any]
    # What to use in place of what other libraries learn.
    _elsewhere: ClassVar[Mapping[str, str]] = {}
    _model: Model | None
    _seed: int

    @property
    def model_(self) -> Model:
        """The model that was fitted, an ordinary one: to sample, to extend, to report on."""
        check_is_fitted(self)
        if self._model is None:  # after unpickling
            return quietly(self.written_, self._data, self.n_components_)
        return self._model

    @property
    def source_(self) -> str:
        """The text of the function ``build(data, components)`` that made `model_`."""
        check_is_fitted(self)
        return self.written_.text

    def __sklearn_is_fitted__(self) -> bool:
        """Say whether `fit` has come to its end."""
        return "posterior_" in vars(self)

    if not TYPE_CHECKING:  # a type checker is to go on seeing which attributes there are

        def __getattr__(self, name: str) -> Any:
            if hasattr(type(self), name):  # a property whose own error is to be seen
                return object.__getattribute__(self, name)
            if name.endswith("_") and not name.startswith("_"):
                check_is_fitted(self)
            raise MissingError(
                type(self).__name__,
                name,
                self._elsewhere,
                lambda: [*public(self), *(own for own in vars(self) if own[0] != "_")],
                "found.",
            )

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made again from the text: models."""
        state = dict(super().__getstate__())
        if "_model" in state:
            state["_model"] = None
        state.pop("comparison_", None)
        return state

    def _numbers(self) -> Sequence[int]:
        """Give the numbers of components to compare."""
        if isinstance(self.n_components, str):
            if self.n_components != AUTO:
                raise ParameterError(
                    f"n_components must be a whole number or 'auto'; got {self.n_components!r}"
                )
            return range(1, whole_number("max_components", self.max_components) + 1)
        if isinstance(self.n_components, Sequence | range):
            return [whole_number("n_components", number) for number in self.n_components]
        return [whole_number("n_components", self.n_components)]

    def _learn(self, written: ModelText, data: Mapping[str, Any], log_volume: float) -> Self:
        """Fit the text's model; `log_volume` is the log density of the data's own units."""
        numbers = self._numbers()
        draws = whole_number("draws", self.draws, least=120)
        seed = self._seed_of()
        found = posterior_of(
            written, data, numbers, draws=draws, seed=seed, progressbar=bool(self.verbose)
        )
        self.written_ = written
        self._data = data
        self._model = found.model
        self._seed = seed
        self.n_components_ = found.components
        self.comparison_ = found.comparison
        evidence = next(
            row.value for row in found.comparison.rows if row.components == found.components
        )
        self.log_evidence_ = float(evidence + log_volume)
        self.posterior_ = found.trace
        self._learnt(found)
        tell(found, type(self).__name__)
        return self

    @abstractmethod
    def _learnt(self, found: Posterior) -> None:
        """Set the attributes that summarise a posterior."""

    def _draws(self, many: int = PREDICTING) -> xarray.DataTree:
        """Give some of the draws of the free variables, as one chain."""
        posterior = self.posterior_["posterior"].dataset
        values = {}
        for variable in self.model_.free:
            if variable.name in posterior:
                array = posterior[variable.name].transpose("chain", "draw", ...).values
                values[variable.name] = array.reshape((-1, *array.shape[2:]))
        total = len(next(iter(values.values())))
        few = np.unique(np.linspace(0, total - 1, min(total, many)).round().astype(int))
        return build_tree(posterior={name: value[few][None] for name, value in values.items()})

    def _of_new(self, data: Mapping[str, Any]) -> Model:
        """Build the model again for other data."""
        return quietly(self.written_, data, self.n_components_)

    def _label_probabilities(self, data: Mapping[str, Any]) -> np.ndarray:
        """Compute the probability of each label by draw, shape (draws, *labels, K)."""
        tree = recover(
            self._draws(), self._of_new(data), kind="probabilities", var_names="z", thin=1
        )
        return np.asarray(tree["state_probabilities"].dataset["z"].values[0])

    def _log_likelihoods(self, data: Mapping[str, Any]) -> np.ndarray:
        """Compute the log likelihood by draw of what each label holds, shape (draws, *labels)."""
        tree = compute_log_likelihood(self._draws(), self._of_new(data), by="z")
        return np.asarray(tree["log_likelihood"].dataset["z"].values[0])

    def _seed_of(self, random_state: Any = None) -> int:
        """Give a seed for what is drawn: by default the estimator's `random_state`."""
        given = self.random_state if random_state is None else random_state
        return int(check_random_state(given).randint(2**31 - 1))

    def _simulated(
        self, data: Mapping[str, Any], draws: int, random_state: Any = None
    ) -> xarray.Dataset:
        """Simulate data as large as those given, once for each of so many draws, with labels."""
        model = self._of_new(data)
        with model:
            _deterministic("label", model["z"] + 0)
        names = [variable.name for variable in model.observed]
        chosen = self._seed_of(random_state)
        posterior = self._draws(PREDICTING)["posterior"].dataset
        rng = np.random.default_rng(chosen)
        which = rng.integers(posterior.sizes["draw"], size=draws)
        tree = build_tree(
            posterior={str(n): a.values[:, which] for n, a in posterior.data_vars.items()}
        )
        found = sample_posterior_predictive(
            tree, model, var_names=[*names, "label"], random_seed=chosen
        )
        return found["posterior_predictive"].dataset

    def _mode_and_size(self, data: Mapping[str, Any]) -> tuple[float, int]:
        """Give the log likelihood of data at the mode, and how many numbers are free."""
        found = find_map(model=self.model_, random_seed=self._seed)
        model = self._of_new(data)
        point = {v.name: found[v.name].values for v in model.free if v.name in found}
        return float(model.log_likelihood(point)), model.density().size

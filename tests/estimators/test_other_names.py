"""Who comes from scikit-learn or hmmlearn: names that are not here, arguments out of place."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from aliquot.errors import ParameterError
from aliquot.estimators import HiddenMarkov, LatentClass, Mixture, MixtureRegression
from aliquot.hints import estimators as hints
from aliquot.hints.explain import BY_POSITION

ARGUMENTS: list[tuple[type, Mapping[str, str]]] = [
    (Mixture, hints.MIXTURE),
    (LatentClass, hints.LATENT_CLASS),
    (HiddenMarkov, hints.HIDDEN_MARKOV),
    (MixtureRegression, hints.REGRESSION),
]
LEARNT: list[tuple[type, Mapping[str, str]]] = [
    (Mixture, hints.MIXTURE_LEARNT),
    (LatentClass, hints.MIXTURE_LEARNT),
    (HiddenMarkov, hints.HIDDEN_MARKOV_LEARNT),
    (MixtureRegression, hints.REGRESSION_LEARNT),
]


def as_if_fitted(kind: type) -> Any:
    found = kind()
    found.posterior_ = None
    return found


@pytest.mark.parametrize(("kind", "table"), ARGUMENTS)
def test_arguments_that_are_not_taken_say_what_to_use(kind: type, table: Mapping[str, str]) -> None:
    takes = inspect.signature(kind).parameters
    for name, hint in table.items():
        if name == BY_POSITION:
            with pytest.raises(TypeError, match=re.escape(hint)):
                kind(2, "diag")
            continue
        assert name not in takes
        with pytest.raises(TypeError) as caught:
            kind(**{name: 1})
        assert str(caught.value) == f"{kind.__name__}() takes no argument {name!r}: {hint}"


@pytest.mark.parametrize(("kind", "table"), LEARNT)
def test_attributes_that_are_not_there_say_what_to_use(
    kind: type, table: Mapping[str, str]
) -> None:
    found = as_if_fitted(kind)
    for name, hint in table.items():
        assert not hasattr(found, name)
        with pytest.raises(AttributeError) as caught:
            getattr(found, name)
        assert str(caught.value) == f"{kind.__name__} has no attribute {name!r}: {hint}"


@pytest.mark.parametrize(("kind", "table"), [*ARGUMENTS, *LEARNT])
def test_advice_is_of_names_that_are_there(kind: type, table: Mapping[str, str]) -> None:
    document = str(Mixture.__doc__) + str(kind.__doc__)
    for hint in table.values():
        for name in re.findall(r"found\.(\w+)", hint):
            assert hasattr(kind, name) or re.search(rf"\b{name}\b", document), hint
        for name in re.findall(r"\b(\w+)=", hint):
            assert name in inspect.signature(kind).parameters, hint


def test_what_is_not_learnt_yet_is_not_fitted() -> None:
    for kind, _ in LEARNT:
        for name in ("weights_", "model_", "source_", "posterior_"):
            with pytest.raises(NotFittedError, match=f"This {kind.__name__} instance"):
                getattr(kind(), name)
        assert not hasattr(kind(), "n_features_in_")
        assert clone(kind(n_components=3)).n_components == 3
    found = as_if_fitted(Mixture)
    found.means_ = np.zeros((1, 1))
    with pytest.raises(AttributeError, match=r"'mean_': did you mean found\.means_\?"):
        found.mean_  # noqa: B018
    with pytest.raises(AttributeError, match=r"has no attribute 'nonsense'$"):
        found.nonsense  # noqa: B018


def test_lengths_in_the_place_of_y_are_refused() -> None:
    X = np.arange(6.0)[:, None]
    for call in ("fit", "score"):
        with pytest.raises(ParameterError, match=rf"got \[4, 2\].* by name: {call}\(X, lengths="):
            getattr(HiddenMarkov(2), call)(X, [4, 2])


def test_a_number_is_no_formula() -> None:
    with pytest.raises(ParameterError, match="got 2; the number of components is n_components="):
        MixtureRegression(2).fit(pd.DataFrame({"x": [1.0, 2.0]}), [1.0, 2.0])


def test_text_where_numbers_are_meant_is_named() -> None:
    table = pd.DataFrame({"age": [1.0, 2.0, 3.0], "town": ["Ulm", "Bonn", "Ulm"]})
    for X, name in [(table, "town"), (table.to_numpy(), "x1"), (table[["town"]], "town")]:
        with pytest.raises(ParameterError, match=f"'{name}' must hold numbers; got 'Ulm'.*'categ"):
            Mixture(2).fit(X)
    with pytest.raises(ParameterError, match="covariance_type must be one of 'full'"):
        Mixture(2, covariance_type="round").fit(table[["age"]])
    with pytest.raises(ParameterError, match="whole numbers of at least 0; got -1 for row 0"):
        Mixture(2).fit(table[["age"]], sample_weight=[-1, 1, 1])


def test_numbers_that_may_be_missing_stand_beside_text() -> None:
    """pandas' nullable columns, of which scikit-learn would make numbers together with the text."""
    table = pd.DataFrame(
        {"calls": pd.array([1, None, 3], dtype="Int64"), "town": pd.Categorical(["a", None, "b"])}
    )
    model = Mixture(2, family={"calls": "poisson", "town": "categorical"})
    values = model._values(table, reset=True)
    assert values[[0, 2]].tolist() == [[1, "a"], [3, "b"]]
    assert pd.isna(values[1]).all()
    assert list(model.feature_names_in_) == ["calls", "town"]

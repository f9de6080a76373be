"""scikit-learn's own checks of its conventions, on every estimator; none is expected to fail."""

from __future__ import annotations

import warnings
from unittest import SkipTest

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from aliquot.estimators import HiddenMarkov, LatentClass, Mixture, MixtureRegression

# One component and few draws: what is checked depends on neither, and the time does.
FEW = {"n_components": 1, "draws": 120}


@pytest.mark.parametrize("kind", [Mixture, LatentClass, MixtureRegression, HiddenMarkov])
def test_scikit_learns_conventions(kind, verified):
    count, failed = 0, []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for estimator, check in estimator_checks_generator(kind(**FEW)):
            name = getattr(check, "func", check).__name__
            count += 1
            try:
                check(estimator)
            except SkipTest:
                count -= 1
            except Exception as error:
                failed.append(f"{name}: {error}")
    verified(
        what=f"`aq.estimators.{kind.__name__}` keeps scikit-learn's conventions",
        against="`check_estimator`",
        cases=count,
        worst=f"{len(failed)} fail",
    )
    assert failed == []

"""scikit-learn's own checks of its conventions, each as a test; none is expected to fail."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from aliquot.estimators import HiddenMarkov, LatentClass, Mixture, MixtureRegression

# One component and few draws: what is checked depends on neither, and the time does.
FEW = {"n_components": 1, "draws": 120}


@pytest.mark.slow
@parametrize_with_checks(
    [Mixture(**FEW), LatentClass(**FEW), MixtureRegression(**FEW), HiddenMarkov(**FEW)]
)
def test_scikit_learns_conventions(estimator: Any, check: Any) -> None:
    check(estimator)

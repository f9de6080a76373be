"""scikit-learn's own checks of its conventions; of all estimators ``make verify`` runs them."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from aliquot.estimators import Mixture


# Few draws, and no covariances: what is checked does not depend on them, and the time does.
@pytest.mark.slow
@parametrize_with_checks([Mixture(covariance_type="diag", draws=120)])
def test_scikit_learns_conventions(estimator: Any, check: Any) -> None:
    check(estimator)

"""Estimators with scikit-learn's conventions; each writes an ordinary model for a table.

They need scikit-learn, an optional extra: ``pip install "aliquot[estimators]"``.
"""

try:
    import sklearn as _sklearn  # noqa: F401
except ImportError as error:
    raise ImportError(
        "aliquot.estimators needs scikit-learn, which is not installed: "
        'pip install "aliquot[estimators]"'
    ) from error

from aliquot.estimators.hidden_markov import HiddenMarkov as HiddenMarkov
from aliquot.estimators.latent_class import LatentClass as LatentClass
from aliquot.estimators.mixture import Mixture as Mixture
from aliquot.estimators.regression import MixtureRegression as MixtureRegression

__all__ = ["HiddenMarkov", "LatentClass", "Mixture", "MixtureRegression"]

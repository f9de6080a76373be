"""Mixtures."""

from aliquot.distributions.mixture import Mixture
from aliquot.distributions.normal_mixture import NormalMixture

__all__ = ["Mixture", "NormalMixture"]

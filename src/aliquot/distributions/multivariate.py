"""The multivariate continuous families."""

from aliquot.distributions.dirichlet import Dirichlet
from aliquot.distributions.lkj import LKJCholeskyCov
from aliquot.distributions.mvnormal import MvNormal
from aliquot.distributions.random_walk import GaussianRandomWalk

__all__ = ["Dirichlet", "GaussianRandomWalk", "LKJCholeskyCov", "MvNormal"]

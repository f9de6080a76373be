"""The discrete families."""

from aliquot.distributions.binary import Bernoulli, BetaBinomial, Binomial
from aliquot.distributions.categorical import Categorical, Multinomial, OrderedLogistic
from aliquot.distributions.counts import DiscreteUniform, Geometric, NegativeBinomial, Poisson
from aliquot.distributions.markov_chain import MarkovChain
from aliquot.distributions.zero_inflated import (
    ZeroInflatedBinomial,
    ZeroInflatedNegativeBinomial,
    ZeroInflatedPoisson,
)

__all__ = [
    "Bernoulli",
    "BetaBinomial",
    "Binomial",
    "Categorical",
    "DiscreteUniform",
    "Geometric",
    "MarkovChain",
    "Multinomial",
    "NegativeBinomial",
    "OrderedLogistic",
    "Poisson",
    "ZeroInflatedBinomial",
    "ZeroInflatedNegativeBinomial",
    "ZeroInflatedPoisson",
]

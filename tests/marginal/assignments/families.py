"""Log densities of Aliquot's families whose parameters are picked by a discrete variable."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

import aliquot as aq
from tests.marginal.assignments.cases import Case, positive, real
from tests.marginal.assignments.oracle import Discrete, numbered

N = 6
Z = numbered(N, 3)
ANNOTATOR = np.array([0, 1, 1, 3, 2, 0])
_RNG = np.random.default_rng(2)
COUNTS = _RNG.poisson(3.0, N)


def filled(prototype: Any, **parameters: Any) -> Any:
    """Give a distribution of known shape other parameters, which may be traced."""
    new = object.__new__(type(prototype))
    new.__dict__.update(prototype.__dict__)
    new.__dict__["parameters"] = {**prototype.parameters, **parameters}
    return new


ONES = np.ones(N)
NORMAL = aq.Normal.dist(ONES, ONES)
POISSON = aq.Poisson.dist(ONES)
CATEGORICAL = aq.Categorical.dist(p=np.ones((N, 3)) / 3)
STUDENT = aq.StudentT.dist(nu=4.0, mu=ONES, sigma=ONES)
BINOMIAL = aq.Binomial.dist(n=np.full(N, 9), p=0.3)
BERNOULLI = aq.Bernoulli.dist(p=ONES / 2)
GAMMA = aq.Gamma.dist(alpha=ONES, beta=ONES)
NEGATIVE = aq.NegativeBinomial.dist(mu=ONES, alpha=ONES)
MVNORMAL = aq.MvNormal.dist(np.ones((N, 2)), chol=np.ones((N, 1, 1)) * np.eye(2))


def simplexes(*shape: int) -> np.ndarray:
    return _RNG.dirichlet(np.ones(shape[-1]), size=shape[:-1])


def factors(count: int) -> np.ndarray:
    return np.tril(real(count, 2, 2)) + 3 * np.eye(2)


# Without a gather, scatter or dynamic slice in the program or its gradient.
MIXTURES: dict[str, Case] = {
    "Normal": Case(
        lambda m, s, y, z: filled(NORMAL, mu=m[z], sigma=s[z]).checked_log_prob(y),
        (real(3), positive(3), real(N)),
        (Z,),
    ),
    "Normal, shared sigma": Case(
        lambda m, s, y, z: filled(NORMAL, mu=m[z], sigma=s).checked_log_prob(y),
        (real(3), positive(), real(N)),
        (Z,),
    ),
    "StudentT": Case(
        lambda m, y, z: filled(STUDENT, mu=m[z]).checked_log_prob(y), (real(3), real(N)), (Z,)
    ),
    "StudentT, all": Case(
        lambda n, m, s, y, z: filled(STUDENT, nu=n[z], mu=m[z], sigma=s[z]).checked_log_prob(y),
        (positive(3), real(3), positive(3), real(N)),
        (Z,),
    ),
    "Poisson": Case(
        lambda r, y, z: filled(POISSON, mu=r[z]).checked_log_prob(y), (positive(3), COUNTS), (Z,)
    ),
    "Poisson, scaled": Case(
        lambda r, e, y, z: filled(POISSON, mu=r[z] * e).checked_log_prob(y),
        (positive(3), positive(N), COUNTS),
        (Z,),
    ),
    "Bernoulli": Case(
        lambda p, y, z: filled(BERNOULLI, p=p[z]).checked_log_prob(y),
        (_RNG.uniform(0.1, 0.9, 3), COUNTS % 2),
        (Z,),
    ),
    "Gamma": Case(
        lambda a, b, y, z: filled(GAMMA, alpha=a[z], beta=b).checked_log_prob(y),
        (positive(3), positive(), positive(N)),
        (Z,),
    ),
    "NegativeBinomial": Case(
        lambda m, y, z: filled(NEGATIVE, mu=m[z]).checked_log_prob(y), (positive(3), COUNTS), (Z,)
    ),
    "MvNormal": Case(
        lambda m, c, y, z: filled(MVNORMAL, mu=m[z], chol=c[z]).checked_log_prob(y),
        (real(3, 2), factors(3), real(N, 2)),
        (Z,),
    ),
    "Categorical": Case(
        lambda p, y, z: filled(CATEGORICAL, p=p[z]).checked_log_prob(y),
        (simplexes(3, 3), COUNTS % 3),
        (Z,),
    ),
    "annotators": Case(
        lambda t, y, z: filled(CATEGORICAL, p=t[ANNOTATOR, z]).checked_log_prob(y),
        (simplexes(4, 3, 3), COUNTS % 3),
        (Z,),
    ),
    "annotators of items": Case(
        lambda t, g, y, z: filled(CATEGORICAL, p=t[ANNOTATOR, z[g]]).checked_log_prob(y),
        (simplexes(4, 3, 3), np.array([1, 1, 0, 0, 1, 0]), COUNTS % 3),
        (numbered(2, 3),),
    ),
    "Binomial of states": Case(
        lambda p, y, z: filled(BINOMIAL, n=z, p=p).checked_log_prob(y),
        (np.array(0.3), COUNTS),
        (Discrete((N,), tuple(range(10))),),
    ),
    "regression": Case(
        lambda X, B, y, z: filled(NORMAL, mu=jnp.sum(X * B[z], axis=1)).checked_log_prob(y),
        (real(N, 2), real(3, 2), real(N)),
        (Z,),
    ),
    "regression by product": Case(
        lambda X, B, y, z: filled(NORMAL, mu=(X @ B.T)[np.arange(N), z]).checked_log_prob(y),
        (real(N, 2), real(3, 2), real(N)),
        (Z,),
    ),
    "hidden Markov": Case(lambda P, z: jnp.log(P[z[:-1], z[1:]]), (simplexes(3, 3),), (Z,)),
    "change point": Case(
        lambda r, t, y, tau: filled(POISSON, mu=jnp.where(tau > t, r[0], r[1])).checked_log_prob(y),
        (positive(2), np.arange(N), COUNTS),
        (numbered((), N),),
    ),
}

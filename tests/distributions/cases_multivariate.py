"""The multivariate rows of the table and the mixtures, against SciPy or by hand."""

from __future__ import annotations

import numpy as np
from scipy import special, stats

from aliquot.distributions.dirichlet import Dirichlet
from aliquot.distributions.lkj import LKJCholeskyCov
from aliquot.distributions.location_scale import HalfNormal, Normal
from aliquot.distributions.mixture import Mixture
from aliquot.distributions.mvnormal import MvNormal
from aliquot.distributions.normal_mixture import NormalMixture
from aliquot.distributions.random_walk import GaussianRandomWalk
from tests.distributions.case import Case

__all__ = ["CASES"]

A = np.array([0.8, 2.0, 3.5])
MU = np.array([1.0, -2.0, 0.5])
COV = np.array([[2.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 0.5]])
CHOL = np.linalg.cholesky(COV)
POINTS = np.array([[1.0, -2.0, 0.4], [0.0, 0.0, 0.0], [30.0, -20.0, 5.0]])
WEIGHTS = np.array([0.3, 0.7])


def dirichlet_uniforms(x):
    """Split a stick: what is left to the first two, and the first's part of that."""
    first = x[:, 0] / (x[:, 0] + x[:, 1])
    return np.stack(
        [
            stats.beta(A[2], A[0] + A[1]).cdf(x[:, 2]),
            stats.beta(A[0], A[1]).cdf(first),
        ],
        axis=1,
    )


def whitened(x):
    return stats.norm.cdf(np.linalg.solve(CHOL, (x - MU).T).T)


def walk_uniforms(x):
    start = stats.norm(0, 2.0).cdf(x[:, :1])
    return np.concatenate([start, stats.norm(0.5, [1.0, 2.0, 0.5]).cdf(np.diff(x))], axis=1)


def walk_log_prob(x):
    x = np.asarray(x)
    steps = stats.norm(0.5, [1.0, 2.0, 0.5]).logpdf(np.diff(x))
    return stats.norm(0, 2.0).logpdf(x[..., 0]) + steps.sum(-1)


def lkj_uniforms(x):
    """Standard deviations, and correlations: marginally Beta on (-1, 1)."""
    sds = np.sqrt(np.sum(x**2, axis=-1))
    unit = x / sds[..., None]
    r = unit @ np.swapaxes(unit, 1, 2)
    shape = 1.5 - 1 + 3 / 2
    marginals = [
        stats.beta(shape, shape).cdf((r[:, i, j] + 1) / 2) for i, j in [(1, 0), (2, 0), (2, 1)]
    ]
    return np.concatenate([stats.halfnorm(0, 2.0).cdf(sds), np.stack(marginals, axis=1)], axis=1)


def normal_mixture_cdf(x):
    return 0.3 * stats.norm(-1, 0.5).cdf(x) + 0.7 * stats.norm(2, 1.5).cdf(x)


def normal_mixture_log_prob(x):
    each = [stats.norm(-1, 0.5).logpdf(x), stats.norm(2, 1.5).logpdf(x)]
    return special.logsumexp(np.stack(each, axis=-1), b=WEIGHTS, axis=-1)


NORMAL_MIXTURE = {
    "log_prob": normal_mixture_log_prob,
    "cdf": normal_mixture_cdf,
    "mean": 0.3 * -1 + 0.7 * 2,
    "variance": 0.3 * 0.25 + 0.7 * 2.25 + 0.21 * 9,
    "points": np.array([-50.0, -1.0, 0.0, 0.4, 3.0, 100.0]),
    "outside": [np.nan, np.inf],
}


def half_or_normal(w):
    return Mixture(w, [HalfNormal(2.0), Normal(-3.0, 1.0)])


CASES: list[Case] = [
    Case(
        "dirichlet",
        Dirichlet,
        {"a": A},
        lambda x: np.array([stats.dirichlet(A).logpdf(row) for row in np.asarray(x)]),
        points=np.array([[0.2, 0.3, 0.5], [0.9, 0.05, 0.05]]),
        outside=np.array([[0.2, 0.3, 0.4], [-0.1, 0.6, 0.5], [np.nan, 0.5, 0.5]]),
        bad=[({"a": [1.0, 0.0]}, "a must be positive.*0"), ({"a": 1.0}, "a must be a vector")],
        mean=stats.dirichlet(A).mean(),
        variance=stats.dirichlet(A).var(),
        uniforms=dirichlet_uniforms,
        differentiable=False,  # not differentiable off the plane on which the values live
    ),
    *(
        Case(
            f"mv-normal-{name}",
            MvNormal,
            {"mu": MU, name: matrix},
            stats.multivariate_normal(MU, COV).logpdf,
            points=POINTS,
            outside=np.array([[np.nan, 0.0, 0.0], [0.0, np.inf, 0.0]]),
            bad=[({name: bad}, message), ({"mu": [0.0, np.nan, 0.0]}, "mu.*NaN")],
            mean=MU,
            variance=np.diag(COV),
            uniforms=whitened,
        )
        for name, matrix, bad, message in [
            ("cov", COV, -COV, "cov must be a symmetric positive-definite"),
            ("tau", np.linalg.inv(COV), np.triu(COV), "tau must be a symmetric positive-definite"),
            ("chol", CHOL, CHOL.T, "chol must be lower triangular"),
        ]
    ),
    Case(
        "gaussian-random-walk",
        GaussianRandomWalk,
        {"mu": 0.5, "sigma": [1.0, 2.0, 0.5], "init_dist": Normal(0.0, 2.0)},
        walk_log_prob,
        points=np.array([[0.0, 1.0, 2.0, 3.0], [5.0, -1.0, 0.5, 0.0]]),
        outside=np.array([[np.nan, 0.0, 0.0, 0.0]]),
        bad=[({"sigma": [1.0, -2.0]}, "sigma.*-2"), ({"init_dist": 3}, "init_dist.*3")],
        mean=np.array([0.0, 0.5, 1.0, 1.5]),
        variance=np.array([4.0, 5.0, 9.0, 9.25]),
        uniforms=walk_uniforms,
    ),
    Case(
        "lkj-cholesky-cov",
        LKJCholeskyCov,
        {"eta": 1.5, "n": 3, "sd_dist": HalfNormal(2.0)},
        None,
        points=np.stack([CHOL, np.diag([1.0, 2.0, 3.0])]),
        outside=np.stack([CHOL.T, -CHOL]),
        bad=[
            ({"eta": 0.0}, "eta.*0"),
            ({"n": 1}, "n.*1"),
            ({"sd_dist": Normal(0.0, 1.0)}, "sd_dist.*positive.*Normal"),
        ],
        uniforms=lkj_uniforms,
        differentiable=False,  # the upper triangle is off the support
    ),
    Case(
        "normal-mixture",
        NormalMixture,
        {"w": WEIGHTS, "mu": [-1.0, 2.0], "sigma": [0.5, 1.5]},
        bad=[
            ({"w": [0.5, 0.6]}, r"w.*sums to 1\.1"),
            ({"w": [0.2, 0.3, 0.5]}, r"last axis.*w \(3,\)"),
            ({"sigma": [0.5, 0.0]}, "sigma.*0"),
        ],
        **NORMAL_MIXTURE,
    ),
    Case(
        "mixture-batched",
        Mixture,
        {"w": WEIGHTS, "comp_dists": Normal([-1.0, 2.0], [0.5, 1.5])},
        bad=[({"w": [0.5, 0.6]}, r"w.*sums to 1\.1"), ({"w": [0.2, 0.3, 0.5]}, "2 components")],
        **NORMAL_MIXTURE,
    ),
    Case(
        "mixture-listed",
        Mixture,
        {"w": WEIGHTS, "comp_dists": [Normal(-1.0, 0.5), Normal(2.0, 1.5)]},
        bad=[({"comp_dists": [1, 2]}, r"comp_dists\[0\].*1"), ({"w": 1.0}, "2 components")],
        **NORMAL_MIXTURE,
    ),
    Case(
        "mixture-of-supports",
        half_or_normal,
        {"w": WEIGHTS},
        lambda x: np.log(0.3 * stats.halfnorm(0, 2).pdf(x) + 0.7 * stats.norm(-3, 1).pdf(x)),
        points=np.array([-8.0, -3.0, -0.1, 0.1, 2.0]),
        outside=[np.nan],
        mean=0.3 * 2 * np.sqrt(2 / np.pi) - 0.7 * 3,
        cdf=lambda x: 0.3 * stats.halfnorm(0, 2).cdf(x) + 0.7 * stats.norm(-3, 1).cdf(x),
    ),
]

"""Rows of the table: vectors and matrices of other kinds, and series, against SciPy or by hand."""

from __future__ import annotations

import numpy as np
from scipy import linalg, special, stats

from aliquot.distributions.autoregressive import AR
from aliquot.distributions.dirichlet_multinomial import DirichletMultinomial
from aliquot.distributions.lkj import LKJCorr
from aliquot.distributions.location_scale import HalfNormal, Normal
from aliquot.distributions.markov_chain import MarkovChain
from aliquot.distributions.mv_random_walk import MvGaussianRandomWalk
from aliquot.distributions.mv_student_t import MvStudentT
from aliquot.distributions.mvnormal import MvNormal
from aliquot.distributions.stick_breaking import StickBreakingWeights
from aliquot.distributions.zero_sum_normal import ZeroSumNormal
from tests.distributions.case import Case

__all__ = ["CASES"]

A = np.array([0.8, 2.0, 3.5])
MU = np.array([1.0, -2.0, 0.5])
COV = np.array([[2.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 0.5]])
CHOL = np.linalg.cholesky(COV)
TAU = np.linalg.inv(COV)
POINTS = np.array([[1.0, -2.0, 0.4], [0.0, 0.0, 0.0], [30.0, -20.0, 5.0]])
VECTORS_OFF = np.array([[np.nan, 0.0, 0.0], [0.0, np.inf, 0.0]])
MATRICES = [
    ("cov", COV, -COV, "must be a symmetric positive-definite"),
    ("tau", TAU, np.triu(TAU), "tau must be a symmetric positive-definite"),
    ("chol", CHOL, CHOL.T, "chol must be lower triangular"),
]
NU, ALPHA, ETA = 3.7, 1.6, 1.5


def t_uniforms(x):
    """Entries without correlation, each a t variable, and the length, which is of an F variable."""
    z = np.linalg.solve(CHOL, (x - MU).T).T
    length = stats.f(3, NU).cdf(np.sum(z**2, axis=1, keepdims=True) / 3)
    return np.concatenate([stats.t(NU).cdf(z), length], axis=1)


def t_case(name, matrix, bad, message):
    return Case(
        f"mv-student-t-{name}",
        MvStudentT,
        {"nu": NU, "mu": MU, name: matrix},
        stats.multivariate_t(MU, COV, NU).logpdf,
        points=POINTS,
        outside=VECTORS_OFF,
        bad=[
            ({name: bad}, message),
            ({"nu": -1.0}, "nu must be positive; got -1"),
            ({"mu": [0.0, 1.0]}, r"mu has shape \(2,\)"),
        ],
        mean=MU,
        variance=np.diag(COV) * NU / (NU - 2),
        uniforms=t_uniforms,
    )


def left_of_stick(w):
    """What is left before each break, and the parts of it that are broken off."""
    left = np.flip(np.cumsum(np.flip(w, -1), -1), -1)
    return left[..., :-1], w[..., :-1] / left[..., :-1]


def stick_log_prob(w):
    left, parts = left_of_stick(np.asarray(w))
    return np.sum(stats.beta(1, ALPHA).logpdf(parts) - np.log(left), axis=-1)


def stick_moments(power):
    """Means of the weights' powers: products of those of beta variables."""
    first, rest = stats.beta(1, ALPHA).moment(power), stats.beta(ALPHA, 1).moment(power)
    return np.array([first, rest * first, rest**2 * first, rest**3])


def zero_sum_coordinates(x, axes):
    """Orthonormal coordinates by Helmert's matrix, in a row."""
    for axis in range(-axes, 0):
        x = np.moveaxis(np.moveaxis(x, axis, -1) @ linalg.helmert(x.shape[axis]).T, -1, axis)
    return x.reshape(*x.shape[: x.ndim - axes], -1)


def zero_sum_case(name, shape, axes, sigma, seed):
    z = np.random.default_rng(seed).normal(size=(3, *shape))
    for axis in range(-axes, 0):
        z = z - z.mean(axis=axis, keepdims=True)
    event = shape[len(shape) - axes :]
    own = np.asarray(sigma).reshape(np.shape(sigma)[: np.ndim(sigma) - axes])
    one = np.zeros((1, *shape))
    one[0][(0,) * len(shape)] = 1.0

    def log_prob(x):
        return stats.norm(0, own[..., None]).logpdf(zero_sum_coordinates(x, axes)).sum(-1)

    def uniforms(x):
        return stats.norm.cdf(zero_sum_coordinates(x, axes) / own[..., None]).reshape(len(x), -1)

    return Case(
        name,
        ZeroSumNormal,
        {"sigma": sigma, "n_zerosum_axes": axes, "shape": shape},
        log_prob,
        points=2 * z,
        edges=np.zeros((1, *shape)),
        outside=np.concatenate([one, np.full((1, *shape), np.nan)]) if shape == event else (),
        bad=[
            ({"sigma": 0.0}, "sigma must be positive; got 0"),
            ({"sigma": np.ones(shape[-1])}, r"sigma must be of length one.*\(\d,\)"),
            ({"n_zerosum_axes": 0}, "n_zerosum_axes.*got 0"),
            ({"shape": None}, "give a shape or dims"),
            ({"shape": (*shape[:-1], 1)}, r"at least 2 entries.*1,?\)"),
        ],
        mean=np.zeros(shape),
        variance=np.asarray(sigma) ** 2 * np.prod(1 - 1 / np.array(event)),
        uniforms=uniforms,
        differentiable=False,  # off the plane on which the values live there is no density
    )


def lkj_log_prob(r):
    """The density by Lewandowski, Kurowicka and Joe (2009), equation 16, of three rows."""
    constant = 0.0
    for k in (1, 2):
        half = ETA + 0.5 * (2 - k)
        constant += (3 - k) * ((2 * ETA - 2 + 3 - k) * np.log(2) + special.betaln(half, half))
    return (ETA - 1) * np.linalg.slogdet(r)[1] - constant


def lkj_uniforms(r):
    """Partial correlations, which are independent: Beta on (-1, 1), section 2.4 of the same."""
    a, b, c = r[:, 1, 0], r[:, 2, 0], r[:, 2, 1]
    partial = (c - a * b) / np.sqrt((1 - a**2) * (1 - b**2))
    columns = [stats.beta(ETA + 0.5, ETA + 0.5).cdf((one + 1) / 2) for one in (a, b, c)]
    columns.append(stats.beta(ETA, ETA).cdf((partial + 1) / 2))
    return np.stack(columns, axis=1)


def correlations(a, b, c):
    return np.array([[1.0, a, b], [a, 1.0, c], [b, c, 1.0]])


# Autoregressive series, as the joint normal distribution that they are --------------------------


def joint(rho, constant, sigma, mean, cov, total):
    """Give mean and covariance of a series: a lower triangular system, solved."""
    order = len(rho)
    system = np.eye(total)
    for t in range(order, total):
        system[t, t - order : t] = -np.asarray(rho)[::-1]
    shock_cov = np.eye(total) * sigma**2
    shock_cov[:order, :order] = cov
    shock_mean = np.full(total, constant)
    shock_mean[:order] = mean
    inverse = np.linalg.inv(system)
    return inverse @ shock_mean, inverse @ shock_cov @ inverse.T


def series_case(name, rho, constant, sigma, init_dist, mean, cov):
    total = 6
    mean, cov = joint(rho, constant or 0.0, sigma, mean, cov, total)
    factor = np.linalg.cholesky(cov)
    points = mean + np.random.default_rng(5).normal(size=(4, total)) @ factor.T
    arguments = {
        "rho": rho if constant is None else np.array([constant, *rho]),
        "sigma": sigma,
        "constant": constant is not None,
        "init_dist": init_dist,
        "steps": total - len(rho),
    }
    return Case(
        name,
        AR,
        arguments,
        stats.multivariate_normal(mean, cov).logpdf,
        points=points,
        outside=np.array([[np.nan, *[0.0] * 5], [0.0, np.inf, *[0.0] * 4]]),
        bad=[
            ({"sigma": -1.0}, "sigma must be positive; got -1"),
            ({"rho": [np.nan, 0.1, 0.2][: len(arguments["rho"])]}, "rho.*NaN"),
            ({"init_dist": 3}, "init_dist must be.*3"),
            ({"init_dist": Normal(np.zeros(4), 1.0)}, r"init_dist.*\(4,\)"),
            ({"steps": None}, "give steps"),
            ({"shape": 4, "steps": 9}, "steps says 9, shape, less . first, says"),
            ({"rho": [], "constant": False}, "at least one coefficient"),
        ],
        mean=mean,
        variance=np.diag(cov),
        uniforms=lambda x: stats.norm.cdf(np.linalg.solve(factor, (x - mean).T).T),
        rtol=1e-11,
    )


START = MvNormal([0.3, -0.5], [[2.0, 0.4], [0.4, 0.5]])
STEPS = 3


def walk_joint():
    """Give mean and covariance of a walk of four vectors, in a row."""
    gathered = np.minimum.outer(np.arange(STEPS + 1), np.arange(STEPS + 1))
    cov = np.kron(np.ones((STEPS + 1,) * 2), 4 * np.eye(3)) + np.kron(gathered, COV)
    mean = 0.5 + np.arange(STEPS + 1)[:, None] * MU
    return mean, cov


def flat(x):
    return np.reshape(x, (len(x), -1))


def walk_case(name, matrix, bad, message):
    mean, cov = walk_joint()
    factor = np.linalg.cholesky(cov)
    shape = mean.shape
    off = np.zeros((1, *shape))
    off[0, 2, 1] = np.nan
    return Case(
        f"mv-gaussian-random-walk-{name}",
        MvGaussianRandomWalk,
        {"mu": MU, name: matrix, "init_dist": Normal(0.5, 2.0), "steps": STEPS},
        lambda x: stats.multivariate_normal(mean.ravel(), cov).logpdf(flat(x)),
        points=np.random.default_rng(6).normal(size=(3, *shape)),
        outside=off,
        bad=[
            ({name: bad}, message),
            ({"init_dist": HalfNormal([1.0, 2.0])}, r"init_dist must be.*\(2,\)"),
            ({"init_dist": MarkovChain(np.eye(2), steps=3)}, "init_dist must be a continuous"),
            ({"steps": None}, "give steps"),
            ({"shape": (9, 3)}, "steps says 3, shape, less one, says 8"),
        ],
        mean=mean,
        variance=np.diag(cov).reshape(shape),
        uniforms=lambda x: stats.norm.cdf(np.linalg.solve(factor, flat(x - mean).T).T),
        rtol=1e-11,
    )


CASES: list[Case] = [
    *(t_case(*row) for row in MATRICES),
    *(t_case(name, *MATRICES[0][1:]) for name in ("scale", "Sigma")),
    Case(
        "dirichlet-multinomial",
        DirichletMultinomial,
        {"n": 5, "a": A},
        stats.dirichlet_multinomial(A, 5).logpmf,
        points=np.array([[5, 0, 0], [1, 2, 2], [0, 4, 1]]),
        outside=np.array([[4, 0, 0], [-1, 0, 6], [1.5, 1.5, 2]]),
        bad=[
            ({"a": [0.5, 0.0]}, "a must be positive.*0"),
            ({"a": 1.0}, "a must be a vector"),
            ({"n": -1}, "n.*-1"),
        ],
        mean=stats.dirichlet_multinomial(A, 5).mean(),
        variance=stats.dirichlet_multinomial(A, 5).var(),
        pmf=stats.dirichlet_multinomial(A, 5).pmf,
        atoms=np.array([[i, j, 5 - i - j] for i in range(6) for j in range(6 - i)]),
        differentiable=False,
    ),
    Case(
        "stick-breaking-weights",
        StickBreakingWeights,
        {"alpha": ALPHA, "K": 3},
        stick_log_prob,
        points=np.array([[0.2, 0.3, 0.4, 0.1], [0.9, 0.05, 0.03, 0.02]]),
        outside=np.array([[0.2, 0.3, 0.4, 0.2], [-0.1, 0.6, 0.2, 0.3], [np.nan, 0.5, 0.3, 0.2]]),
        bad=[
            ({"alpha": 0.0}, "alpha must be positive; got 0"),
            ({"K": 0}, "K must be a whole number.*got 0"),
            ({"K": 2.5}, r"K.*2\.5"),
        ],
        mean=stick_moments(1),
        variance=stick_moments(2) - stick_moments(1) ** 2,
        uniforms=lambda w: stats.beta(1, ALPHA).cdf(left_of_stick(w)[1]),
        differentiable=False,  # not differentiable off the plane on which the values live
    ),
    zero_sum_case("zero-sum-normal", (4,), 1, np.array([1.7]), 1),
    zero_sum_case("zero-sum-normal-rows", (2, 3), 1, np.array([[0.5], [3.0]]), 2),
    zero_sum_case("zero-sum-normal-both-ways", (3, 4), 2, np.array([[0.7]]), 3),
    Case(
        "lkj-corr",
        LKJCorr,
        {"n": 3, "eta": ETA},
        lkj_log_prob,
        points=np.stack([correlations(0.3, -0.4, 0.5), np.eye(3), correlations(-0.9, 0.8, -0.7)]),
        outside=np.stack([correlations(0.9, 0.9, -0.9), 2 * np.eye(3), np.tri(3)]),
        bad=[
            ({"eta": 0.0}, "eta.*0"),
            ({"n": 1}, "n.*1"),
            ({"return_matrix": False}, r"return_matrix must be True.*triu_indices\(3, 1\)"),
        ],
        mean=np.eye(3),
        variance=(1 - np.eye(3)) * stats.beta(ETA + 0.5, ETA + 0.5).var() * 4,
        uniforms=lkj_uniforms,
        differentiable=False,  # the value is symmetric
    ),
    series_case("ar-1", [0.8], None, 0.6, Normal(0.0, 1.5), 0.0, [[2.25]]),
    series_case(
        "ar-2-constant",
        [0.5, -0.3],
        0.7,
        1.3,
        Normal([1.0, 2.0], [0.5, 2.0]),
        [1.0, 2.0],
        np.diag([0.25, 4.0]),
    ),
    series_case(
        "ar-2-start", [0.9, 0.4], None, 0.4, START, *map(np.array, START.parameters.values())
    ),
    *(walk_case(*row) for row in MATRICES),
]

"""Laws of vectors, matrices, walks and mixtures at large and small scales."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special, stats
from scipy.linalg import helmert

from aliquot.distributions.autoregressive import AR
from aliquot.distributions.counts import Poisson
from aliquot.distributions.dirichlet import Dirichlet
from aliquot.distributions.heavy_tailed import Cauchy
from aliquot.distributions.lkj import LKJCholeskyCov, LKJCorr
from aliquot.distributions.location_scale import HalfNormal, Normal
from aliquot.distributions.mixture import Mixture
from aliquot.distributions.mv_random_walk import MvGaussianRandomWalk
from aliquot.distributions.mv_student_t import MvStudentT
from aliquot.distributions.mvnormal import MvNormal
from aliquot.distributions.normal_mixture import NormalMixture
from aliquot.distributions.random_walk import GaussianRandomWalk
from aliquot.distributions.stick_breaking import StickBreakingWeights
from aliquot.distributions.zero_sum_normal import ZeroSumNormal
from tests.distributions.law import LARGEST, TINY, Law, about, beta_cdf, by, t_cdf

WIDE, NARROW = 1e140, 1e-140


def dirichlet(a: Any) -> Law:
    """Make a row by the first entry, and by the second one's share of what it leaves."""
    a = np.asarray(a, float)

    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        assert np.all(x > 0)
        np.testing.assert_allclose(x.sum(-1), 1, rtol=1e-14)
        if a.min() > 1e6:
            mean, total = a / a.sum(), a.sum()
            return stats.norm.cdf((x - mean) / np.sqrt(mean * (1 - mean) / (total + 1)))
        first = by(lambda v: beta_cdf(a[0], a[1:].sum(), np.log(v)), TINY)
        odds = np.log(x[:, 1]) - np.log(x[:, 2:].sum(-1))
        # Where both are what stands for less than a double can hold, their odds say nothing.
        known = (x[:, 1] > TINY) & (x[:, 2:].min(-1) > TINY)
        second = _share(a[1], a[2:].sum(), odds)
        low = np.where(x[:, 0] < 0.5, x[:, 0], 0.25)
        u = first(low, rng)
        u = np.where(x[:, 0] < 0.5, u, 1 - rng.random(len(x)) * (1 - first(np.array([0.5]), rng)))
        columns = [u]
        if known.all():
            columns.append(second)
        return np.stack(columns, axis=1)

    return Law(f"Dirichlet({a.tolist()})", Dirichlet, {"a": a}, law)


def _share(a: float, b: float, odds: np.ndarray) -> Any:
    """Compute the distribution function of a beta variable by its log odds."""
    low = beta_cdf(a, b, -np.logaddexp(0.0, -odds))
    return np.where(odds < 0, low, 1 - beta_cdf(b, a, -np.logaddexp(0.0, odds)))


def lkj(eta: float, scale: float) -> Law:
    """Make a row by scales, and by each row's diagonal and direction, three rows in all."""

    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        sizes = np.max(np.abs(x), axis=-1)
        sds = sizes * np.sqrt(np.sum((x / sizes[..., None]) ** 2, axis=-1))
        columns = [stats.halfnorm.cdf(sds[:, k] / scale) for k in range(3)]
        for k in (1, 2):
            lack = 2 * (np.log(x[:, k, k]) - np.log(sds[:, k]))
            a, b = eta + (2 - k) / 2, k / 2
            if eta > 1e3:
                columns.append(1 - beta_cdf(b, a, np.log(-np.expm1(lack))))
            else:
                columns.append(by(lambda v, a=a, b=b: beta_cdf(a, b, v), np.log(TINY))(lack, rng))
        angle = np.arctan2(x[:, 2, 1] / sds[:, 2], x[:, 2, 0] / sds[:, 2])
        columns.append((angle / np.pi + 1) / 2)
        return np.stack(columns, axis=1)

    def make(eta: float) -> LKJCholeskyCov:
        return LKJCholeskyCov(eta, 3, HalfNormal(scale))

    return Law(f"LKJCholeskyCov({eta:g}, scale={scale:g})", make, {"eta": eta}, law)


def whitened(factor: np.ndarray) -> Any:
    return lambda x, _: special.ndtr(np.linalg.solve(factor, x.T).T)


def mv_normal(name: str, scale: float) -> Law:
    factor = scale * np.array([[1.0, 0.0], [0.8, 0.6]])
    inverse = np.linalg.inv(factor)
    matrix = {"chol": factor, "cov": factor @ factor.T, "tau": inverse.T @ inverse}[name]
    return Law(
        f"MvNormal({name}, {scale:g})", MvNormal, {"mu": [0, 0], name: matrix}, whitened(factor)
    )


def mv_student(nu: float, scale: float) -> Law:
    factor = scale * np.array([[1.0, 0.0], [0.8, 0.6]])

    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        z = np.stack([x[:, 0] / factor[0, 0], (x[:, 1] - 0.8 * x[:, 0]) / factor[1, 1]], axis=1)
        far = np.max(np.abs(x), axis=1) >= LARGEST
        u = np.stack([t_cdf(nu, column) for column in z.T], axis=1)
        # Both entries stand for what a double cannot hold where one does.
        return u if not far.any() else u[~far]

    return Law(f"MvStudentT({nu:g}, {scale:g})", MvStudentT, {"nu": nu, "chol": factor}, law)


def sticks(alpha: float) -> Law:
    """Make a row by the parts that are broken off, as far as a double holds what they are of."""

    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        assert np.all(x > 0)
        np.testing.assert_allclose(x.sum(-1), 1, rtol=1e-14)
        rest = np.log(x[:, 1:].sum(-1)) - np.log(x.sum(-1))
        if alpha > 1e4:  # the part is next to an exponential number
            return np.exp(-alpha * x[:, 0] / (x[:, 0] + x[:, 1:].sum(-1)))
        return by(lambda v: beta_cdf(alpha, 1.0, v), np.log(2 * TINY))(rest, rng)

    return Law(
        f"StickBreakingWeights({alpha:g})", StickBreakingWeights, {"alpha": alpha, "K": 2}, law
    )


def zero_sum(scale: float) -> Law:
    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        return special.ndtr((x / scale) @ helmert(3).T)

    arguments = {"sigma": scale, "shape": 3}
    return Law(f"ZeroSumNormal({scale:g})", ZeroSumNormal, arguments, law)


def correlations(eta: float) -> Law:
    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        lack = np.log1p(-x[:, 1, 0]) - np.log(2)
        return by(lambda v: beta_cdf(eta + 0.5, eta + 0.5, v), np.log(1e-14))(lack, rng)

    return Law(f"LKJCorr({eta:g})", LKJCorr, {"n": 3, "eta": eta}, law)


def autoregression(scale: float) -> Law:
    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        rest = x[:, 2:] - 0.5 * x[:, 1:-1] + 0.25 * x[:, :-2]
        return special.ndtr(np.concatenate([x[:, :2], rest], axis=1) / scale)

    def make(sigma: float) -> AR:
        return AR([0.5, -0.25], sigma, init_dist=Normal(0.0, sigma), steps=3)

    return Law(f"AR({scale:g})", make, {"sigma": scale}, law)


def mv_walk(scale: float) -> Law:
    factor = scale * np.array([[1.0, 0.0], [0.8, 0.6]])

    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        steps = np.diff(x, axis=1).reshape(-1, 2)
        first = special.ndtr(x[:, 0] / scale)
        return np.concatenate([first, whitened(factor)(steps, rng).reshape(len(x), -1)], axis=1)

    def make(chol: np.ndarray) -> MvGaussianRandomWalk:
        return MvGaussianRandomWalk(chol=chol, init_dist=Normal(0.0, scale), steps=2)

    return Law(f"MvGaussianRandomWalk({scale:g})", make, {"chol": factor}, law)


def walk(scale: float) -> Law:
    def law(x: np.ndarray, rng: np.random.Generator) -> Any:
        steps = np.concatenate([x[:, :1], np.diff(x)], axis=1)
        return special.ndtr(steps / scale)

    def make(sigma: float) -> GaussianRandomWalk:
        return GaussianRandomWalk(0.0, sigma, init_dist=Normal(0.0, sigma), steps=3)

    return Law(f"GaussianRandomWalk({scale:g})", make, {"sigma": scale}, law)


def poissons() -> Mixture:
    return Mixture([0.25, 0.75], Poisson([1e8, 1e15]))


def two_poissons(x: np.ndarray, rng: np.random.Generator) -> Any:
    low = about(1e8, 1e4)(np.minimum(x, 10**9), rng)
    high = about(1e15, np.sqrt(1e15))(np.maximum(x, 10**9), rng)
    return np.where(x < 10**9, 0.25 * low, 0.25 + 0.75 * high)


def scales(x: np.ndarray) -> Any:
    return 0.5 * special.ndtr(x / NARROW) + 0.5 * special.ndtr(x / WIDE)


LAWS: list[Law] = [
    *(dirichlet(a) for a in [[0.01, 0.02, 0.03], [1e-3] * 4, [1e-8, 1.0, 2.0], [0.5, 1e8, 2e8]]),
    dirichlet([1e12, 2e12, 1e12]),
    *(lkj(*row) for row in [(0.01, 1.0), (1.0, 1e-120), (1e4, 1.0), (3.0, 1e120)]),
    *(mv_normal(name, scale) for name in ["chol", "cov", "tau"] for scale in [WIDE, NARROW]),
    *(walk(scale) for scale in [WIDE, NARROW]),
    *(mv_student(*row) for row in [(3.0, WIDE), (3.0, NARROW), (1e12, 1.0), (0.05, 1.0)]),
    *(sticks(alpha) for alpha in [0.01, 1.0, 1e9]),
    *(zero_sum(scale) for scale in [WIDE, NARROW]),
    *(correlations(eta) for eta in [0.05, 1.0, 200.0]),
    *(autoregression(scale) for scale in [WIDE, NARROW]),
    *(mv_walk(scale) for scale in [WIDE, NARROW]),
    Law("Mixture of Poissons", poissons, {}, two_poissons),
    Law(
        "Mixture of scales",
        lambda: Mixture(
            [0.5, 0.0, 0.5], [Normal(0.0, NARROW), Cauchy(0.0, 1.0), Normal(0.0, WIDE)]
        ),
        {},
        by(scales),
    ),
    Law(
        "NormalMixture of scales",
        NormalMixture,
        {"w": [0.5, 0.5], "mu": [0.0, 0.0], "sigma": [NARROW, WIDE]},
        by(scales),
    ),
]

"""NUTS on a prior, with no data, gives the prior: transforms, Jacobians and densities together.

Every variable is mapped to numbers that are uniform on (0, 1) if it has the distribution that was
written, by SciPy's distribution functions: marginals, and projections or conditionals that tell
dependence. Shares of these below fixed levels are compared with the levels, by Monte Carlo
standard errors that come from the effective sample size of each share; for each number by itself,
tails included, and for all numbers of a column together, which shows what is amiss with each alike.

One failure rate for the whole file: if all is right, one seed in 10,000 fails some comparison
(Bonferroni over all of them), whatever the seed. `verification/test_priors.py` tries several.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import helmert

import aliquot as aq
from tests.inference.accuracy import errors

pytestmark = pytest.mark.slow

FAMILY_WISE = 1e-4
LEVELS = np.array([0.05, 0.2, 0.5, 0.8, 0.95])
COMPARISONS = 3000  # rather more than there are
# The standard errors are estimates, with an error of a few per cent: a tenth leaves them room.
LIMIT = stats.norm.isf(0.1 * FAMILY_WISE / 2 / COMPARISONS)

DRAWS = 4000  # from each of 4 chains

Draws = Mapping[str, np.ndarray]
Columns = dict[str, np.ndarray]


def families() -> None:
    """Every continuous family of numbers, with the transform of its support."""
    aq.Normal("normal", 1.5, 2.0, shape=2)
    aq.HalfNormal("half_normal", 2.0)
    aq.TruncatedNormal("between", 1.0, 2.0, lower=-1.0, upper=4.0)
    aq.TruncatedNormal("above", 1.0, 2.0, lower=0.5)
    aq.TruncatedNormal("below", 1.0, 2.0, upper=0.5)
    aq.TruncatedNormal("tail", 0.0, 1.0, lower=10.0)
    aq.StudentT("student_t", 5.0, -1.0, sigma=2.0)
    aq.HalfStudentT("half_student_t", 3.0, 2.0)
    aq.HalfCauchy("half_cauchy", 3.0)
    aq.Laplace("laplace", -1.0, 2.0)
    aq.Logistic("logistic", 0.5, 1.5)
    aq.Gumbel("gumbel", 0.5, 2.0)
    aq.LogNormal("log_normal", 0.3, 0.7)
    aq.Exponential("exponential", 0.4)
    aq.Gamma("gamma", 2.0, 1.5)
    aq.Gamma("gamma_by_moments", mu=2.0, sigma=0.5)
    aq.InverseGamma("inverse_gamma", 5.0, 3.0)
    aq.ChiSquared("chi_squared", 5.0)
    aq.Weibull("weibull", 1.7, 2.0)
    aq.Pareto("pareto", 4.5, 2.0)
    aq.Beta("beta", 2.0, 3.5)
    aq.Beta("beta_by_moments", mu=0.3, sigma=0.1)
    aq.Uniform("uniform", -1.0, 3.0)
    aq.VonMises("von_mises", 0.5, 1.5)


def uniforms_of_families(x: Draws) -> Columns:
    laws = {
        "normal": stats.norm(1.5, 2.0),
        "half_normal": stats.halfnorm(scale=2.0),
        "between": stats.truncnorm(-1.0, 1.5, 1.0, 2.0),
        "above": stats.truncnorm(-0.25, np.inf, 1.0, 2.0),
        "below": stats.truncnorm(-np.inf, -0.25, 1.0, 2.0),
        "tail": stats.truncnorm(10.0, np.inf),
        "student_t": stats.t(5.0, -1.0, 2.0),
        "half_cauchy": stats.halfcauchy(scale=3.0),
        "laplace": stats.laplace(-1.0, 2.0),
        "logistic": stats.logistic(0.5, 1.5),
        "gumbel": stats.gumbel_r(0.5, 2.0),
        "log_normal": stats.lognorm(0.7, scale=np.exp(0.3)),
        "exponential": stats.expon(scale=2.5),
        "gamma": stats.gamma(2.0, scale=1 / 1.5),
        "gamma_by_moments": stats.gamma(16.0, scale=0.125),
        "inverse_gamma": stats.invgamma(5.0, scale=3.0),
        "chi_squared": stats.chi2(5.0),
        "weibull": stats.weibull_min(1.7, scale=2.0),
        "pareto": stats.pareto(4.5, scale=2.0),
        "beta": stats.beta(2.0, 3.5),
        "beta_by_moments": stats.beta(6.0, 14.0),
        "uniform": stats.uniform(-1.0, 4.0),
    }
    columns = {name: law.cdf(x[name]) for name, law in laws.items()}
    columns["half_student_t"] = 2 * stats.t(3.0).cdf(x["half_student_t"] / 2.0) - 1
    # Cut at pi, where the angles begin: SciPy's runs from mu - pi to mu + pi.
    law = stats.vonmises(1.5, loc=0.5)
    columns["von_mises"] = law.cdf(x["von_mises"]) - law.cdf(-np.pi)
    return columns


COVARIANCE = np.array([[2.0, 0.9, 0.3], [0.9, 1.0, -0.4], [0.3, -0.4, 1.5]])
CONCENTRATION = np.array([0.7, 2.0, 5.0, 1.0])


def vectors() -> None:
    """Families of vectors and matrices, with batches of them."""
    aq.Dirichlet("simplex", CONCENTRATION)
    aq.Dirichlet("simplexes", np.array([[1.0, 1.0, 1.0], [3.0, 0.8, 2.0]]), dims=("group", "part"))
    aq.MvNormal("mv", [1.0, 0.0, -1.0], cov=COVARIANCE)
    aq.MvNormal("mv_chol", np.zeros(3), chol=np.linalg.cholesky(COVARIANCE), shape=(2, 3))
    aq.LKJCholeskyCov("lkj", eta=1.5, n=3, sd_dist=aq.Exponential.dist(0.5))
    aq.LKJCholeskyCov("lkj2", eta=0.8, n=2, sd_dist=aq.Gamma.dist(3.0, [1.0, 4.0]))
    aq.GaussianRandomWalk(
        "walk", 0.3, 0.5, init_dist=aq.StudentT.dist(6.0, 1.0, sigma=2.0), steps=4
    )
    sigma = aq.Gamma("walk_sigma", 8.0, 8.0, dims="group")  # far from 0, where a funnel would be
    aq.GaussianRandomWalk(
        "walks", 0.0, sigma[:, None], init_dist=aq.Normal.dist(0, 1), shape=(2, 3)
    )


def uniforms_of_vectors(x: Draws) -> Columns:
    columns: Columns = {}

    def dirichlet(name: str, draws: np.ndarray, a: np.ndarray) -> None:
        # Shares of what is left are independent betas: all of the joint distribution.
        left = np.cumsum(draws[..., ::-1], axis=-1)[..., ::-1]
        rest = np.cumsum(a[::-1])[::-1]
        shares = draws[..., :-1] / left[..., :-1]
        columns[f"{name}, in turn"] = stats.beta(a[:-1], rest[1:]).cdf(shares)
        columns[f"{name}, last"] = stats.beta(a[-1], rest[0] - a[-1]).cdf(draws[..., -1])

    dirichlet("simplex", x["simplex"], CONCENTRATION)
    dirichlet("simplexes 0", x["simplexes"][..., 0, :], np.ones(3))
    dirichlet("simplexes 1", x["simplexes"][..., 1, :], np.array([3.0, 0.8, 2.0]))
    white = np.linalg.inv(np.linalg.cholesky(COVARIANCE)).T
    for name, mean in [("mv", [1.0, 0.0, -1.0]), ("mv_chol", np.zeros(3))]:
        away = x[name] - mean
        columns[name] = stats.norm.cdf(away / np.sqrt(np.diag(COVARIANCE)))
        columns[f"{name}, whitened"] = stats.norm.cdf(away @ white)
        distance = np.sum((away @ white) ** 2, axis=-1)
        columns[f"{name}, distance"] = stats.chi2(3).cdf(distance)

    corr = x["lkj_corr"]
    pairs = np.stack([corr[..., 0, 1], corr[..., 0, 2], corr[..., 1, 2]], axis=-1)
    columns["lkj, correlations"] = stats.beta(2.0, 2.0).cdf((1 + pairs) / 2)
    partial = (pairs[..., 2] - pairs[..., 0] * pairs[..., 1]) / np.sqrt(
        (1 - pairs[..., 0] ** 2) * (1 - pairs[..., 1] ** 2)
    )
    columns["lkj, partial"] = stats.beta(1.5, 1.5).cdf((1 + partial) / 2)
    columns["lkj, scales"] = stats.expon(scale=2.0).cdf(x["lkj_stds"])
    columns["lkj2, correlation"] = stats.beta(0.8, 0.8).cdf((1 + x["lkj2_corr"][..., 0, 1]) / 2)
    columns["lkj2, scales"] = stats.gamma(3.0, scale=[1.0, 0.25]).cdf(x["lkj2_stds"])

    columns["walk, first"] = stats.t(6.0, 1.0, 2.0).cdf(x["walk"][..., 0])
    columns["walk, steps"] = stats.norm(0.3, 0.5).cdf(np.diff(x["walk"]))
    columns["walk_sigma"] = stats.gamma(8.0, scale=1 / 8.0).cdf(x["walk_sigma"])
    columns["walks, first"] = stats.norm.cdf(x["walks"][..., 0])
    columns["walks, steps"] = stats.norm.cdf(np.diff(x["walks"]) / x["walk_sigma"][..., None])
    return columns


def arrays() -> None:
    """Weights of a stick, zero sums, correlation matrices, and series."""
    aq.StickBreakingWeights("sticks", 1.5, 3)
    aq.ZeroSumNormal("zero_sum", [[0.5], [2.0]], shape=(2, 3))
    aq.ZeroSumNormal("both_ways", 1.5, n_zerosum_axes=2, shape=(2, 3))
    aq.LKJCorr("corr", 3, 1.5)
    aq.LKJCorr("corr2", 2, 0.8)
    aq.MvStudentT("t", 6.0, mu=[1.0, 0.0, -1.0], scale=COVARIANCE)
    start = aq.Normal.dist([0.0, 1.0], [1.0, 0.5])
    aq.AR("series", [0.3, 0.5, -0.4], 0.7, constant=True, init_dist=start, steps=2)
    aq.MvGaussianRandomWalk(
        "walk", [0.5, -0.5], COVARIANCE[:2, :2], init_dist=aq.Normal.dist(0, 1), steps=2
    )


def uniforms_of_arrays(x: Draws) -> Columns:
    columns: Columns = {}
    left = np.cumsum(x["sticks"][..., ::-1], axis=-1)[..., ::-1]
    columns["sticks"] = stats.beta(1, 1.5).cdf(x["sticks"][..., :-1] / left[..., :-1])
    sigma = np.array([[0.5], [2.0]])
    columns["zero sum"] = stats.norm(0, sigma * np.sqrt(2 / 3)).cdf(x["zero_sum"])
    columns["zero sum, apart"] = stats.norm.cdf(x["zero_sum"] @ helmert(3).T / sigma)
    both = helmert(2) @ x["both_ways"] @ helmert(3).T
    columns["both ways, apart"] = stats.norm.cdf(both / 1.5)
    corr = x["corr"]
    pairs = np.stack([corr[..., 0, 1], corr[..., 0, 2], corr[..., 1, 2]], axis=-1)
    columns["correlations"] = stats.beta(2.0, 2.0).cdf((1 + pairs) / 2)
    partial = (pairs[..., 2] - pairs[..., 0] * pairs[..., 1]) / np.sqrt(
        (1 - pairs[..., 0] ** 2) * (1 - pairs[..., 1] ** 2)
    )
    columns["partial correlation"] = stats.beta(1.5, 1.5).cdf((1 + partial) / 2)
    columns["two rows"] = stats.beta(0.8, 0.8).cdf((1 + x["corr2"][..., 0, 1]) / 2)
    white = np.linalg.inv(np.linalg.cholesky(COVARIANCE)).T
    away = (x["t"] - np.array([1.0, 0.0, -1.0])) @ white
    columns["t"] = stats.t(6.0).cdf(away)
    columns["t, distance"] = stats.f(3, 6.0).cdf(np.sum(away**2, axis=-1) / 3)
    y = x["series"]
    columns["series, first"] = stats.norm([0.0, 1.0], [1.0, 0.5]).cdf(y[..., :2])
    rest = y[..., 2:] - 0.3 - 0.5 * y[..., 1:-1] + 0.4 * y[..., :-2]
    columns["series, innovations"] = stats.norm(0, 0.7).cdf(rest)
    columns["walk, first"] = stats.norm.cdf(x["walk"][..., 0, :])
    steps = np.diff(x["walk"], axis=-2) - np.array([0.5, -0.5])
    columns["walk, steps"] = stats.norm.cdf(steps @ white[:2, :2])
    return columns


def covariances() -> None:
    """Covariances whose scales have bounds, are of very different sizes, or a law of their own."""
    aq.LKJCholeskyCov("between", eta=0.5, n=2, sd_dist=aq.Uniform.dist(0.0, 2.0))
    aq.LKJCholeskyCov("unlike", eta=2.0, n=4, sd_dist=aq.HalfNormal.dist([1e-3, 1.0, 1e3, 1.0]))
    sd_dist = aq.TruncatedNormal.dist([1.0, 2.0], 1.0, lower=[0.5, 1.5], upper=4.0)
    aq.LKJCholeskyCov("batch", eta=[0.7, 3.0], n=2, sd_dist=sd_dist, shape=(2, 2, 2))
    eta, rate = aq.Gamma("eta", 4.0, 2.0), aq.Gamma("rate", 3.0, 2.0)
    aq.LKJCholeskyCov("deep", eta=eta, n=2, sd_dist=aq.Exponential.dist(rate))
    top = aq.Gamma("highest", 3.0, 1.0)
    aq.LKJCholeskyCov("up_to", eta=1.0, n=2, sd_dist=aq.Uniform.dist(0.0, top))


def uniforms_of_covariances(x: Draws) -> Columns:
    def correlation(name: str, a: Any) -> np.ndarray:
        return stats.beta(a, a).cdf((1 + x[f"{name}_corr"][..., 0, 1]) / 2)

    law = stats.truncnorm([-0.5, -0.5], [3.0, 2.0], [1.0, 2.0])
    rows, columns = np.tril_indices(4, -1)
    pairs = x["unlike_corr"][..., rows, columns]
    return {
        "between": x["between_stds"] / 2,
        "between, correlation": correlation("between", 0.5),
        "unlike": stats.halfnorm(scale=[1e-3, 1.0, 1e3, 1.0]).cdf(x["unlike_stds"]),
        "unlike, correlations": stats.beta(3.0, 3.0).cdf((1 + pairs) / 2),
        "batch": law.cdf(x["batch_stds"]),
        "batch, correlations": correlation("batch", np.array([0.7, 3.0])),
        "eta": stats.gamma(4.0, scale=0.5).cdf(x["eta"]),
        "rate": stats.gamma(3.0, scale=0.5).cdf(x["rate"]),
        "deep": stats.expon.cdf(x["deep_stds"] * x["rate"][..., None]),
        "deep, correlation": correlation("deep", x["eta"]),
        "up to": x["up_to_stds"] / x["highest"][..., None],
    }


def orders_and_bounds() -> None:
    """Ordered vectors, bounds that are themselves random, and other transforms."""
    ordered, positive_ordered = aq.transforms.ordered, aq.transforms.positive_ordered
    aq.Normal("order", 1.0, 2.0, shape=3, transform=ordered)
    aq.StudentT("orders", 5.0, 0.0, sigma=1.0, shape=(2, 2), transform=ordered)
    aq.Exponential("positive_order", 1.0, shape=3, transform=positive_ordered)
    aq.Normal("unlike", [0.0, 1.0], [1.0, 2.0], transform=ordered)
    aq.Exponential("positive_unlike", [2.0, 0.5], transform=positive_ordered)
    middle = aq.Normal("middle", 0.0, 1.0)
    aq.Normal("around", middle, 0.5, shape=2, transform=ordered)
    top = aq.Gamma("top", 3.0, 1.0)
    aq.Uniform("to_top", 0.0, top)
    aq.Uniform("from_middle", middle, middle + top, shape=2)
    aq.TruncatedNormal("cut", middle, 1.0, lower=middle - 1.0, upper=middle + top)
    aq.Pareto("tail", 3.0, top)
    scale = aq.LogNormal("scale", 0.0, 0.5, shape=2)
    aq.Normal("scaled", 0.0, scale)
    aq.Beta("share", 2.0, 2.0, transform=aq.transforms.logodds)
    aq.Potential("flat", -0.5 * (aq.Flat("line") - 2.0) ** 2)
    aq.Potential("half_flat", -3.0 * aq.HalfFlat("half_line"))


def uniforms_of_orders_and_bounds(x: Draws) -> Columns:
    def order_statistics(uniform: np.ndarray) -> np.ndarray:
        k = uniform.shape[-1]
        rank = np.arange(1, k + 1)
        return stats.beta(rank, k + 1 - rank).cdf(uniform)

    gap = stats.truncnorm(-1 / np.sqrt(5), np.inf, loc=1, scale=np.sqrt(5))
    weighted = 4 * x["unlike"][..., 0] + x["unlike"][..., 1]
    # Of two exponentials, given the order, the lesser has the sum of the rates, and the gap the
    # rate of the greater.
    first, second = x["positive_unlike"][..., 0], x["positive_unlike"][..., 1]
    middle, top = x["middle"], x["top"]
    low, high = -1.0, top
    inside = stats.norm.cdf(x["cut"] - middle) - stats.norm.cdf(low)
    return {
        "order": order_statistics(stats.norm(1, 2).cdf(x["order"])),
        "order, middle of the others": np.diff(stats.norm(1, 2).cdf(x["order"]))[..., 0]
        / stats.norm(1, 2).cdf(x["order"])[..., 1],
        "orders": order_statistics(stats.t(5).cdf(x["orders"])),
        "positive order": order_statistics(stats.expon.cdf(x["positive_order"])),
        "positive order, gaps": stats.expon.cdf(np.diff(x["positive_order"]) * np.array([2, 1])),
        "unlike, gap": gap.cdf(np.diff(x["unlike"])[..., 0]),
        "unlike, weighted sum": stats.norm(1, np.sqrt(20)).cdf(weighted),
        "positive unlike, lesser": stats.expon.cdf(2.5 * first),
        "positive unlike, gap": stats.expon.cdf(0.5 * (second - first)),
        "middle": stats.norm.cdf(middle),
        "around": order_statistics(stats.norm.cdf((x["around"] - middle[..., None]) / 0.5)),
        "top": stats.gamma(3.0).cdf(top),
        "to top": x["to_top"] / top,
        "from middle": (x["from_middle"] - middle[..., None]) / top[..., None],
        "cut": inside / (stats.norm.cdf(high) - stats.norm.cdf(low)),
        "tail": 1 - (x["tail"] / top) ** -3.0,
        "scale": stats.lognorm(0.5).cdf(x["scale"]),
        "scaled": stats.norm.cdf(x["scaled"] / x["scale"]),
        "share": stats.beta(2, 2).cdf(x["share"]),
        "line": stats.norm(2, 1).cdf(x["line"]),
        "half line": stats.expon.cdf(3.0 * x["half_line"]),
    }


MEANS = np.array([[-1.0, 1.5], [0.0, 3.0]])


def mixtures() -> None:
    """Mixtures as free variables: of one family and of several, on every kind of support."""
    aq.NormalMixture("normals", w=[0.3, 0.7], mu=MEANS, sigma=[1.0, 0.7])
    aq.Mixture("families", w=[0.4, 0.6], comp_dists=[
        aq.Normal.dist(-1.0, 1.0), aq.StudentT.dist(5.0, 1.0, sigma=0.5)
    ])  # fmt: skip
    aq.Mixture("positive", w=[0.5, 0.5], comp_dists=[
        aq.LogNormal.dist(0.0, 0.5), aq.Gamma.dist(4.0, 2.0)
    ], shape=2)  # fmt: skip
    aq.Mixture("unit", w=[0.7, 0.3], comp_dists=aq.Beta.dist([2.0, 5.0], [5.0, 3.0]))
    aq.Mixture("planes", w=[0.6, 0.4], comp_dists=[
        aq.MvNormal.dist([0.0, 0.0], cov=COVARIANCE[:2, :2]),
        aq.MvNormal.dist([1.0, 2.0], cov=np.eye(2)),
    ])  # fmt: skip
    w = aq.Dirichlet("w", [4.0, 4.0])
    aq.NormalMixture("weighted", w=w, mu=[-1.0, 1.0], sigma=1.0)
    aq.NormalMixture(
        "ordered", w=[0.5, 0.5], mu=[-1.0, 1.0], sigma=1.0, shape=2,
        transform=aq.transforms.ordered,
    )  # fmt: skip


def uniforms_of_mixtures(x: Draws) -> Columns:
    def normals(value: np.ndarray, w: Any, mu: Any, sigma: Any) -> np.ndarray:
        return np.sum(w * stats.norm(mu, sigma).cdf(value[..., None]), axis=-1)

    first, second = COVARIANCE[:2, :2] @ [1.0, -0.5] @ [1.0, -0.5], 1.25
    along = x["planes"] @ np.array([1.0, -0.5])
    ordered = normals(x["ordered"], 0.5, np.array([-1.0, 1.0]), 1.0)
    return {
        "normals": normals(x["normals"], np.array([0.3, 0.7]), MEANS, np.array([1.0, 0.7])),
        "families": 0.4 * stats.norm(-1, 1).cdf(x["families"])
        + 0.6 * stats.t(5, 1, 0.5).cdf(x["families"]),
        "positive": 0.5 * stats.lognorm(0.5).cdf(x["positive"])
        + 0.5 * stats.gamma(4, scale=0.5).cdf(x["positive"]),
        "unit": 0.7 * stats.beta(2, 5).cdf(x["unit"]) + 0.3 * stats.beta(5, 3).cdf(x["unit"]),
        "planes, first": normals(
            x["planes"][..., 0], np.array([0.6, 0.4]), np.array([0.0, 1.0]), np.sqrt([2.0, 1.0])
        ),
        "planes, along": normals(
            along, np.array([0.6, 0.4]), np.array([0.0, 0.0]), np.sqrt([first, second])
        ),
        "w": stats.beta(4, 4).cdf(x["w"][..., 0]),
        "weighted": normals(x["weighted"], x["w"], np.array([-1.0, 1.0]), 1.0),
        "ordered, lesser": 1 - (1 - ordered[..., 0]) ** 2,
        "ordered, greater": ordered[..., 1] ** 2,
    }


def walls() -> None:
    """No transform: NUTS must turn back where the density ends."""
    aq.Uniform("walls", -1.0, 3.0, transform=None)
    aq.HalfNormal("wall", 2.0, transform=None)


def uniforms_of_walls(x: Draws) -> Columns:
    return {
        "walls": stats.uniform(-1.0, 4.0).cdf(x["walls"]),
        "wall": stats.halfnorm(scale=2.0).cdf(x["wall"]),
    }


def heavy() -> None:
    """Tails without a mean."""
    aq.Cauchy("cauchy", 2.0, 0.5)


def uniforms_of_heavy(x: Draws) -> Columns:
    return {"cauchy": stats.cauchy(2.0, 0.5).cdf(x["cauchy"])}


Case = tuple[Callable[[], None], Callable[[Draws], Columns]]
CASES: dict[str, Case] = {
    "families": (families, uniforms_of_families),
    "vectors": (vectors, uniforms_of_vectors),
    "arrays": (arrays, uniforms_of_arrays),
    "covariances": (covariances, uniforms_of_covariances),
    "orders and bounds": (orders_and_bounds, uniforms_of_orders_and_bounds),
    "mixtures": (mixtures, uniforms_of_mixtures),
    "walls": (walls, uniforms_of_walls),
    "heavy": (heavy, uniforms_of_heavy),
}


@cache
def model_of(name: str) -> aq.Model:
    with aq.Model(coords={"group": ["a", "b"], "part": 3}) as model:
        CASES[name][0]()
    return model


@cache
def columns_by_nuts(name: str, seed: int = 1) -> Columns:
    trace = aq.sample(
        DRAWS, tune=1000, chains=4, random_seed=seed, model=model_of(name), progressbar=False,
        compute_convergence_checks=False,
    )  # fmt: skip
    return CASES[name][1]({key: value.values for key, value in trace.posterior.items()})


def distances(uniform: np.ndarray) -> np.ndarray:
    """Give the distance of shares from their levels, in Monte Carlo standard errors.

    One row for each number of a column, and one for all of them together where there are several.
    """
    columns = uniform.reshape(*uniform.shape[:2], -1, 1)
    below = (columns < LEVELS).astype(float)
    if below.shape[2] > 1:
        below = np.concatenate([below, below.mean(axis=2, keepdims=True)], axis=2)
    with np.errstate(divide="ignore"):  # a share of 0 has no error, and is far from any level
        return np.abs(below.mean((0, 1)) - LEVELS) / errors(below)[0]


def forward_distances(name: str, seed: int = 1) -> Columns:
    """Give the same of draws made by the families themselves, which are independent."""
    prior = aq.sample_prior_predictive(4 * DRAWS, model=model_of(name), random_seed=seed).prior
    columns = CASES[name][1]({key: value.values for key, value in prior.items()})
    error = np.sqrt(LEVELS * (1 - LEVELS) / (4 * DRAWS))
    return {
        key: np.abs((uniform.reshape(4 * DRAWS, -1, 1) < LEVELS).mean(0) - LEVELS) / error
        for key, uniform in columns.items()
    }


# How many comparisons each makes, so that no more than one of them has to be sampled at a time.
COUNTS = {
    "families": 490,
    "vectors": 760,
    "arrays": 470,
    "covariances": 370,
    "orders and bounds": 540,
    "mixtures": 220,
    "walls": 40,
    "heavy": 20,
}
# In which a slightly wrong distribution is sure to be noticed; of the others there is too little.
POWERFUL = ("families", "vectors", "arrays", "covariances", "orders and bounds", "mixtures")


@pytest.mark.parametrize("name", CASES)
def test_nuts_gives_the_prior(name: str) -> None:
    columns = columns_by_nuts(name)
    far = {key: float(distances(uniform).max()) for key, uniform in columns.items()}
    assert not {key: z for key, z in far.items() if not z < LIMIT}
    # Of draws and of forward draws, each number of a column and all of them together.
    count = sum(uniform[0, 0].size + 1 for uniform in columns.values())
    assert 2 * count * LEVELS.size == COUNTS[name]
    for key, uniform in columns.items():
        if name in POWERFUL:  # that puts 56.4% of its mass below the median (u**1.21 for u)
            assert distances(uniform**1.21).max() > LIMIT, key
        if key.endswith("scales"):  # of which a quarter is missing below the 5% quantile
            fewer = np.where(uniform < 0.05, uniform / 0.75, uniform)
            assert distances(fewer).max() > LIMIT, key


@pytest.mark.parametrize(
    "name", ["vectors", "arrays", "mixtures"]
)  # the others' draws are tested elsewhere
def test_forward_draws_give_the_prior(name: str) -> None:
    for key, z in forward_distances(name).items():
        assert z.max() < LIMIT, key


def test_there_are_no_more_comparisons_than_the_failure_rate_allows_for() -> None:
    assert COUNTS.keys() == CASES.keys()
    assert sum(COUNTS.values()) < COMPARISONS

"""Log densities of every family in 60 digits, and parameters and points at every scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import mpmath as mp
import numpy as np

import aliquot as aq

Arguments = dict[str, Any]
Rng = np.random.Generator

DIGITS = 60
MODERATE, LARGE, EXTREME = "moderate", "large", "extreme"
TIERS = (MODERATE, LARGE, EXTREME)
# Powers of ten between which a scale is, and those of what would be a shape or a count.
_SCALES = {MODERATE: (-1.5, 1.5), LARGE: (-9, 9), EXTREME: (-280, 280)}
_SHAPES = {MODERATE: (-1, 1.5), LARGE: (-3, 10), EXTREME: (-12, 13)}


@dataclass(frozen=True)
class Exact:
    """A family's log density by mpmath, and a draw of arguments with a point of their support.

    Attributes
    ----------
    log_density : callable
        Of the point and the arguments, mpmath's numbers all of them, or lists of them.
    draw : callable
        Of a generator and a tier.
    """

    log_density: Callable[..., Any]
    draw: Callable[[Rng, str], tuple[Any, Arguments]]


def scale(rng: Rng, tier: str) -> float:
    return float(10 ** rng.uniform(*_SCALES[tier]))


def shape(rng: Rng, tier: str) -> float:
    return float(10 ** rng.uniform(*_SHAPES[tier]))


def location(rng: Rng, tier: str) -> float:
    return float(rng.choice([-1, 1]) * scale(rng, tier))


def count(rng: Rng, tier: str) -> int:
    return int(10 ** rng.uniform(0, _SHAPES[tier][1]))


def probability(rng: Rng, tier: str) -> float:
    if tier == MODERATE:
        return float(rng.uniform(0.02, 0.98))
    near = float(10 ** rng.uniform(-9 if tier == LARGE else -15, -1))
    return float(rng.choice([rng.uniform(0.01, 0.99), near, 1 - near]))


def deviate(rng: Rng) -> float:
    """Give how many standard deviations a point is from the middle, a few of them far out."""
    return float(rng.normal() * rng.choice([0.1, 1.0, 5.0]))


def whole(value: float, low: float = 0.0, high: float = np.inf) -> int:
    return int(np.clip(np.round(value), low, min(high, 2.0**62)))


def choose(n: Any, x: Any) -> Any:
    return mp.loggamma(n + 1) - mp.loggamma(x + 1) - mp.loggamma(n - x + 1)


def power(base: Any, exponent: Any) -> Any:
    return mp.mpf(0) if exponent == 0 else exponent * mp.log(base)


def log_beta(a: Any, b: Any) -> Any:
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def normal(x: Any, mu: Any, sigma: Any) -> Any:
    return -(((x - mu) / sigma) ** 2) / 2 - mp.log(sigma) - mp.log(2 * mp.pi) / 2


def log_interval(a: Any, b: Any) -> Any:
    """Compute the log of the standard normal probability of an interval."""
    if a + b < 0:
        a, b = -b, -a
    if a < 3:
        return mp.log((mp.erfc(a / mp.sqrt(2)) - mp.erfc(b / mp.sqrt(2))) / 2)
    # The integral of the density over the density at a, in units of 1 / a.
    reach = min((b - a) * a, mp.mpf(150))
    parts = [reach * k / 4 for k in range(5)]
    total = mp.quad(lambda t: mp.exp(-t - (t / a) ** 2 / 2), parts)
    return mp.log(total / a) - a * a / 2 - mp.log(2 * mp.pi) / 2


def truncated(x: Any, mu: Any, sigma: Any, lower: Any = -mp.inf, upper: Any = mp.inf) -> Any:
    return normal(x, mu, sigma) - log_interval((lower - mu) / sigma, (upper - mu) / sigma)


def student(x: Any, nu: Any, mu: Any, sigma: Any) -> Any:
    z = (x - mu) / sigma
    constant = mp.loggamma((nu + 1) / 2) - mp.loggamma(nu / 2) - mp.log(mp.pi * nu) / 2
    return constant - mp.log(sigma) - (nu + 1) / 2 * mp.log1p(z * z / nu)


def mv_normal(deviation: Any, chol: Any) -> Any:
    factor = mp.matrix(chol)
    z = mp.lu_solve(factor, mp.matrix(deviation))
    logs = sum(mp.log(factor[i, i]) for i in range(len(deviation)))
    return -sum(v * v for v in z) / 2 - logs - len(deviation) * mp.log(2 * mp.pi) / 2


def mv_student(deviation: Any, nu: Any, chol: Any) -> Any:
    factor = mp.matrix(chol)
    z, k = mp.lu_solve(factor, mp.matrix(deviation)), len(deviation)
    constant = mp.loggamma((nu + k) / 2) - mp.loggamma(nu / 2) - mp.log(mp.pi * nu) * k / 2
    logs = sum(mp.log(factor[i, i]) for i in range(k))
    return constant - logs - (nu + k) / 2 * mp.log1p(sum(v * v for v in z) / nu)


def dirichlet_multinomial(x: Any, n: Any, a: Any) -> Any:
    parts = zip(x, a, strict=True)
    each = sum(mp.loggamma(v + c) - mp.loggamma(c) - mp.loggamma(v + 1) for v, c in parts)
    return mp.loggamma(sum(a)) + mp.loggamma(n + 1) - mp.loggamma(sum(a) + n) + each


def stick_breaking(x: Any, alpha: Any) -> Any:
    left = [sum(x[k + 1 :]) for k in range(len(x) - 1)]
    value = len(left) * mp.log(alpha) + (alpha - 1) * mp.log(left[-1])
    return value - sum(mp.log(v) for v in left[:-1])


def poisson(x: Any, mu: Any) -> Any:
    return power(mu, x) - mu - mp.loggamma(x + 1)


def binomial(x: Any, n: Any, p: Any) -> Any:
    return choose(n, x) + power(p, x) + power(1 - p, n - x)


def negative_binomial(x: Any, mu: Any, alpha: Any) -> Any:
    log_choose = mp.loggamma(x + alpha) - mp.loggamma(alpha) - mp.loggamma(x + 1)
    return log_choose + power(mu / (alpha + mu), x) + alpha * mp.log(alpha / (alpha + mu))


def inflated(plain: Callable[..., Any]) -> Callable[..., Any]:
    def log_density(x: Any, psi: Any, **others: Any) -> Any:
        value = mp.log(psi) + plain(x, **others)
        return mp.log(1 - psi + mp.exp(value)) if x == 0 else value

    return log_density


def hurdle(plain: Callable[..., Any], zero: bool = True) -> Callable[..., Any]:
    """Give zero a probability of its own, and leave out the family's, where it has a `zero`."""

    def log_density(x: Any, psi: Any, **others: Any) -> Any:
        if x == 0:
            return mp.log(1 - psi)
        some = mp.log(1 - mp.exp(plain(mp.mpf(0), **others))) if zero else 0
        return mp.log(psi) + plain(x, **others) - some

    return log_density


def mixture(x: Any, w: Any, mu: Any, sigma: Any) -> Any:
    terms = zip(w, mu, sigma, strict=True)
    return mp.log(sum(weight * mp.exp(normal(x, m, s)) for weight, m, s in terms if weight))


def gamma(x: Any, alpha: Any, beta: Any) -> Any:
    return alpha * mp.log(beta) + (alpha - 1) * mp.log(x) - beta * x - mp.loggamma(alpha)


def weibull(x: Any, alpha: Any, beta: Any) -> Any:
    return mp.log(alpha / beta) + (alpha - 1) * mp.log(x / beta) - (x / beta) ** alpha


def ordered_logistic(x: Any, eta: Any, cutpoints: Any) -> Any:
    def below(k: int) -> Any:
        return 1 / (1 + mp.exp(eta - cutpoints[k]))

    k = int(x)
    with mp.workdps(1000):  # the difference of two numbers next to 1
        upper = below(k) if k < len(cutpoints) else mp.mpf(1)
        return mp.log(upper - (below(k - 1) if k else 0))


def ordered_probit(x: Any, eta: Any, cutpoints: Any, sigma: Any) -> Any:
    k, cuts = int(x), [(cut - eta) / sigma for cut in cutpoints]
    if 0 < k < len(cuts):
        return log_interval(cuts[k - 1], cuts[k])
    z = cuts[0] if k == 0 else -cuts[-1]
    return log_normal_cdf(z)


def log_normal_cdf(z: Any) -> Any:
    """Compute the log of the standard normal distribution function, far out by its series."""
    if z < -100:  # DLMF 7.12.1
        series = mp.fsum((-1) ** n * mp.fac2(2 * n - 1) / z ** (2 * n) for n in range(30))
        return mp.log(series / -z) - z * z / 2 - mp.log(2 * mp.pi) / 2
    return mp.log(mp.erfc(-z / mp.sqrt(2)) / 2)


def skew_normal(x: Any, alpha: Any, mu: Any, sigma: Any) -> Any:
    return mp.log(2) + normal(x, mu, sigma) + log_normal_cdf(alpha * (x - mu) / sigma)


def asymmetric_laplace(x: Any, kappa: Any, mu: Any, b: Any) -> Any:
    decay = abs(x - mu) * b * (kappa if x > mu else 1 / kappa)
    return mp.log(b / (kappa + 1 / kappa)) - decay


def ex_gaussian(x: Any, mu: Any, sigma: Any, nu: Any) -> Any:
    with mp.workdps(2000):  # in which all cancels that does
        z, k = (x - mu) / sigma, sigma / nu
        return -mp.log(nu) + k * k / 2 - z * k + log_normal_cdf(z - k)


def kumaraswamy(x: Any, a: Any, b: Any) -> Any:
    return mp.log(a * b) + (a - 1) * mp.log(x) + (b - 1) * mp.log(-mp.expm1(a * mp.log(x)))


def discrete_weibull(x: Any, q: Any, beta: Any) -> Any:
    now, following = (-mp.log(q) * y**beta for y in (x, x + 1))
    return mp.log(-mp.expm1(now - following)) - now


def hypergeometric(x: Any, N: Any, k: Any, n: Any) -> Any:
    return choose(k, x) + choose(N - k, n - x) - choose(N, n)


def interpolated(x: Any, x_points: Any, pdf_points: Any) -> Any:
    each = list(pairwise(zip(x_points, pdf_points, strict=True)))
    total = sum((b - a) * (p + q) / 2 for (a, p), (b, q) in each)
    ((a, p), (b, q)) = next(two for two in each if two[0][0] <= x <= two[1][0])
    return mp.log((p + (q - p) * (x - a) / (b - a)) / total)


# Arguments and points ----------------------------------------------------------------------------


def at_location(second: str) -> Callable[[Rng, str], tuple[Any, Arguments]]:
    def draw(rng: Rng, tier: str) -> tuple[Any, Arguments]:
        sigma, mu = scale(rng, tier), location(rng, tier)
        return mu + sigma * deviate(rng), {"mu": mu, second: sigma}

    return draw


def _half_normal(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    sigma = scale(rng, tier)
    return abs(sigma * deviate(rng)), {"sigma": sigma}


def _truncated(rng: Rng, tier: str, ends: str) -> tuple[Any, Arguments]:
    far = {MODERATE: 2.0, LARGE: 200.0, EXTREME: 1e9}[tier]
    sigma, low = scale(rng, tier), float(rng.normal() * far)
    width = float(rng.exponential() * 10 ** rng.uniform(-2, 1))
    mu = float(rng.normal() * sigma)
    lower, upper = mu + sigma * low, mu + sigma * (low + width)
    # Far out the density falls off from the nearer bound within a scale over its distance.
    reach = sigma * min(width, float(rng.exponential()) / max(1.0, abs(low)))
    x = float(np.clip(lower + reach if low > -width / 2 else upper - reach, lower, upper))
    bounds = {"lower": lower, "upper": upper}
    return x, {"mu": mu, "sigma": sigma} | {k: v for k, v in bounds.items() if k in ends}


def _far_out(rng: Rng, tier: str) -> float:
    """Give a point in a heavy tail, in scales of the distribution."""
    return deviate(rng) * float(10 ** rng.uniform(0, {MODERATE: 1, LARGE: 15, EXTREME: 200}[tier]))


def _cauchy(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    alpha, beta = location(rng, tier), scale(rng, LARGE if tier == EXTREME else tier)
    return alpha + beta * _far_out(rng, tier), {"alpha": alpha, "beta": beta}


def _half_cauchy(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    x, arguments = _cauchy(rng, tier)
    return abs(x - arguments["alpha"]), {"beta": arguments["beta"]}


def _student(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    x, arguments = _cauchy(rng, tier)
    return x, {"nu": shape(rng, tier), "mu": arguments["alpha"], "sigma": arguments["beta"]}


def _half_student(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    x, arguments = _half_cauchy(rng, tier)
    return x, {"nu": shape(rng, tier), "sigma": arguments["beta"]}


def _walk(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    sigma = np.array([scale(rng, tier) for _ in range(3)])
    steps = sigma * np.array([deviate(rng) for _ in sigma])
    walk = np.concatenate([[0.0], np.cumsum(steps)])
    return walk, {"mu": rng.normal(size=3) * sigma, "sigma": sigma}


def _mv_normal(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    sizes = np.array([scale(rng, LARGE if tier == EXTREME else tier) for _ in range(3)])
    r = rng.uniform(0, 0.9)
    chol = sizes[:, None] * np.linalg.cholesky(np.eye(3) * (1 - r) + r)
    return chol @ rng.normal(size=3), {"mu": np.zeros(3), "chol": chol}


def _mv_student(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    x, arguments = _mv_normal(rng, tier)
    return x * _far_out(rng, LARGE if tier == EXTREME else tier), {
        "nu": shape(rng, tier),
        **arguments,
    }


def _zero_sum(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    # Four numbers in pairs: they sum to zero as they are rounded, too.
    sigma = scale(rng, tier)
    one, two = sigma * deviate(rng), sigma * deviate(rng)
    return np.array([one, two, -one, -two]), {"sigma": np.array([sigma])}


def _series(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    # With a power of two, what was there before is taken off without rounding.
    rho, sigma = float(2.0 ** rng.integers(-3, 2)), scale(rng, tier)
    x = [sigma * deviate(rng)]
    for _ in range(3):
        x.append(rho * x[-1] + sigma * deviate(rng))
    return np.array(x), {"rho": np.array([rho]), "sigma": sigma}


def _mv_walk(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    _, arguments = _mv_normal(rng, tier)
    return np.cumsum(rng.normal(size=(3, 3)) @ arguments["chol"].T, axis=0), arguments


def _dirichlet_multinomial(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    x, arguments = _multinomial(rng, tier)
    return x, {"n": arguments["n"], "a": np.array([shape(rng, tier) for _ in x])}


def _sticks(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    x, _ = _dirichlet(rng, tier)
    return x, {"alpha": shape(rng, tier)}


def _log_normal(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    # With a smaller one, log x in 16 digits does not say how many standard deviations it is.
    sigma = max(scale(rng, tier), 0.01)
    mu = float(rng.normal() * {MODERATE: 2, LARGE: 50, EXTREME: 300}[tier])
    x = float(np.exp(np.clip(mu + min(sigma, 100.0) * deviate(rng), -700, 700)))
    return x, {"mu": mu, "sigma": sigma}


def _gamma(rng: Rng, tier: str, inverse: bool = False) -> tuple[Any, Arguments]:
    alpha, beta = shape(rng, tier), scale(rng, LARGE if tier == EXTREME else tier)
    x = alpha * float(np.exp(deviate(rng) / max(alpha, 1.0) ** 0.5))
    return (beta / x if inverse else x / beta), {"alpha": alpha, "beta": beta}


def _chi_squared(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    x, arguments = _gamma(rng, tier)
    return 2 * x * arguments["beta"], {"nu": 2 * arguments["alpha"]}


def _weibull(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    # A power of a ratio that is rounded: of more than this nobody would ask for digits.
    alpha, beta = min(shape(rng, tier), 1e3), scale(rng, tier)
    return beta * float(np.exp(np.log(rng.exponential()) / max(alpha, 0.3))), {
        "alpha": alpha,
        "beta": beta,
    }


def _pareto(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    alpha, m = shape(rng, tier), scale(rng, tier)
    return m * float(np.exp(min(rng.exponential() / alpha, 50.0))), {"alpha": alpha, "m": m}


def _exponential(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    lam = scale(rng, tier)
    return float(rng.exponential() / lam), {"lam": lam}


def _beta(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    a, b = shape(rng, tier), shape(rng, tier)
    p = a / (a + b)
    x = p + deviate(rng) * (p * (1 - p) / (a + b + 1)) ** 0.5
    x = float(np.clip(x, p / 3, 1 - (1 - p) / 3))
    return min(max(x, 1e-300), 1 - 1e-16), {"alpha": a, "beta": b}


def _uniform(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    low, width = location(rng, tier), scale(rng, tier)
    upper = max(low + width, float(np.nextafter(low, np.inf)))
    return low + (upper - low) * 0.5, {"lower": low, "upper": upper}


def _von_mises(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    kappa = shape(rng, tier)
    x = float(np.clip(deviate(rng) / max(kappa, 1.0) ** 0.5, -np.pi, np.pi))
    return x, {"mu": float(rng.normal() / max(kappa, 1.0) ** 0.5), "kappa": kappa}


def _poisson(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    mu = shape(rng, tier)
    return whole(mu + mu**0.5 * deviate(rng)), {"mu": mu}


def _binomial(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    n, p = count(rng, tier), probability(rng, tier)
    return whole(n * p + (n * p * (1 - p)) ** 0.5 * deviate(rng), 0, n), {"n": n, "p": p}


def _negative_binomial(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    mu, alpha = shape(rng, tier), shape(rng, tier)
    sd = (mu + mu * (mu / alpha)) ** 0.5
    return whole(mu + sd * deviate(rng), 0, 1e15), {"mu": mu, "alpha": alpha}


def _failures(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    n, p = min(shape(rng, tier), 1e9), probability(rng, tier)
    mu = n * (1 - p) / p
    return whole(mu + (mu / p) ** 0.5 * deviate(rng), 0, 1e15), {"n": n, "p": p}


def _beta_binomial(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    a, b, n = shape(rng, tier), shape(rng, tier), count(rng, tier)
    p = a / (a + b)
    sd = (n * p * (1 - p) * (a + b + n) / (a + b + 1)) ** 0.5
    return whole(n * p + sd * deviate(rng), 0, n), {"alpha": a, "beta": b, "n": n}


def _geometric(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    p = probability(rng, tier)
    return whole(rng.exponential() / p, 1, 1e15), {"p": p}


def _discrete_uniform(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    low, width = -count(rng, tier), count(rng, tier)
    return low + width // 2, {"lower": low, "upper": low + width}


def _inflated(draw: Callable[[Rng, str], tuple[Any, Arguments]]) -> Any:
    def inflated_draw(rng: Rng, tier: str) -> tuple[Any, Arguments]:
        x, arguments = draw(rng, tier)
        zero = rng.uniform() < 0.3
        return (0 if zero else x), {"psi": probability(rng, tier), **arguments}

    return inflated_draw


def _mixture(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    w = rng.dirichlet(np.full(3, 1.0 if tier == MODERATE else 0.05))
    sigma = np.array([scale(rng, tier) for _ in w])
    mu = sigma * rng.normal(size=3)
    x = float(rng.choice(mu) + rng.choice(sigma) * deviate(rng))
    return x, {"w": w, "mu": mu, "sigma": sigma}


def _dirichlet(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    a = np.array([shape(rng, tier) for _ in range(3)])
    mean = a / a.sum()
    x = np.maximum(mean * np.exp(rng.normal(size=3) / np.maximum(a, 1) ** 0.5), 1e-300)
    return x / x.sum(), {"a": a}


def _multinomial(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    n, p = count(rng, tier), rng.dirichlet(np.ones(4))
    x = np.floor(n * p * np.exp(rng.normal(size=4) / np.maximum(n * p, 1) ** 0.5)).astype(np.int64)
    x = np.minimum(x, n // 4)
    x[0] += n - x.sum()
    return x, {"n": n, "p": p}


def _ordered(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    spread = {MODERATE: 2.0, LARGE: 20.0, EXTREME: 300.0}[tier]
    cuts = np.sort(rng.normal(size=3) * spread)
    return int(rng.integers(4)), {"eta": float(rng.normal() * spread), "cutpoints": cuts}


def _ordered_probit(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    x, arguments = _ordered(rng, tier)
    return x, {**arguments, "sigma": float(10 ** rng.uniform(-1, 1))}


def _skew_normal(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    x, arguments = at_location("sigma")(rng, tier)
    return x, {"alpha": float(rng.choice([-1, 1])) * shape(rng, tier), **arguments}


def _asymmetric_laplace(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    x, arguments = at_location("b")(rng, LARGE if tier == EXTREME else tier)
    kappa = float(10 ** rng.uniform(*{MODERATE: (-1, 1), LARGE: (-5, 5)}.get(tier, (-100, 100))))
    return x, {"kappa": kappa, "mu": arguments["mu"], "b": 1 / arguments["b"]}


def _ex_gaussian(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    """Draw a point where one part or the other is, of widths that may be as different as tiers."""
    sigma, nu = scale(rng, tier), scale(rng, tier)
    mu = float(rng.normal()) * sigma
    return mu + sigma * deviate(rng) + nu * float(rng.exponential()) * rng.integers(2), {
        "mu": mu,
        "sigma": sigma,
        "nu": nu,
    }


def _kumaraswamy(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    a, b = shape(rng, tier), shape(rng, tier)
    log_x = float(np.log(-np.expm1(-rng.exponential() / b)) / a)
    return float(np.clip(np.exp(log_x), 1e-300, 1 - 1e-16)), {"a": a, "b": b}


def _discrete_weibull(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    q = probability(rng, tier)
    beta = float(10 ** rng.uniform(*{MODERATE: (-0.5, 0.7)}.get(tier, (-2, 2))))
    log_x = min(float(np.log(rng.exponential() / -np.log(q))) / beta, 30.0)
    return whole(np.exp(log_x), 0, 1e15), {"q": q, "beta": beta}


def _hypergeometric(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    size = count(rng, tier)
    k, n = (int(size * probability(rng, tier)) for _ in range(2))
    mean = k * (n / size)
    sd = (mean * (1 - k / size) * (1 - n / size)) ** 0.5
    x = whole(mean + sd * deviate(rng), max(0, n - (size - k)), min(k, n))
    return x, {"N": size, "k": k, "n": n}


def _interpolated(rng: Rng, tier: str) -> tuple[Any, Arguments]:
    points = np.array([scale(rng, tier if tier != EXTREME else LARGE) for _ in range(5)])
    points = np.sort(points) * np.arange(1, 6)
    heights = np.array([scale(rng, tier) for _ in points]) * [rng.integers(2), 1, 0, 0, 1]
    first = int(rng.choice([0, 1, 3]))
    near = float(10 ** rng.uniform(-9, 0))
    share = float(rng.choice([near, 1 - near]))
    x = points[first] + (points[first + 1] - points[first]) * share
    # The end itself has no height there.
    low, high = np.nextafter(points[first], np.inf), np.nextafter(points[first + 1], -np.inf)
    return float(np.clip(x, low, high)), {"x_points": points, "pdf_points": heights}


EXACT: dict[str, Exact] = {
    "Normal": Exact(normal, at_location("sigma")),
    "HalfNormal": Exact(lambda x, sigma: normal(x, 0, sigma) + mp.log(2), _half_normal),
    "TruncatedNormal": Exact(truncated, lambda g, t: _truncated(g, t, "lower upper")),
    "TruncatedNormal above": Exact(truncated, lambda g, t: _truncated(g, t, "lower")),
    "TruncatedNormal below": Exact(truncated, lambda g, t: _truncated(g, t, "upper")),
    "StudentT": Exact(student, _student),
    "HalfStudentT": Exact(lambda x, nu, sigma: student(x, nu, 0, sigma) + mp.log(2), _half_student),
    "Cauchy": Exact(lambda x, alpha, beta: student(x, mp.mpf(1), alpha, beta), _cauchy),
    "HalfCauchy": Exact(
        lambda x, beta: student(x, mp.mpf(1), 0, beta) + mp.log(2),
        _half_cauchy,
    ),
    "Laplace": Exact(lambda x, mu, b: -abs(x - mu) / b - mp.log(2 * b), at_location("b")),
    "Logistic": Exact(
        lambda x, mu, s: -(x - mu) / s - mp.log(s) - 2 * mp.log1p(mp.exp(-(x - mu) / s)),
        at_location("s"),
    ),
    "Gumbel": Exact(
        lambda x, mu, beta: -(x - mu) / beta - mp.exp(-(x - mu) / beta) - mp.log(beta),
        at_location("beta"),
    ),
    "LogNormal": Exact(lambda x, mu, sigma: normal(mp.log(x), mu, sigma) - mp.log(x), _log_normal),
    "Exponential": Exact(lambda x, lam: mp.log(lam) - lam * x, _exponential),
    "Gamma": Exact(gamma, _gamma),
    "InverseGamma": Exact(
        lambda x, alpha, beta: gamma(1 / x, alpha, beta) - 2 * mp.log(x),
        lambda g, t: _gamma(g, t, inverse=True),
    ),
    "ChiSquared": Exact(lambda x, nu: gamma(x, nu / 2, mp.mpf(0.5)), _chi_squared),
    "Weibull": Exact(weibull, _weibull),
    "Pareto": Exact(
        lambda x, alpha, m: mp.log(alpha) + alpha * mp.log(m) - (alpha + 1) * mp.log(x), _pareto
    ),
    "Beta": Exact(
        lambda x, alpha, beta: (
            (alpha - 1) * mp.log(x) + (beta - 1) * mp.log(1 - x) - log_beta(alpha, beta)
        ),
        _beta,
    ),
    "Uniform": Exact(lambda x, lower, upper: -mp.log(upper - lower), _uniform),
    "VonMises": Exact(
        lambda x, mu, kappa: (
            kappa * (mp.cos(x - mu) - 1) - mp.log(2 * mp.pi * mp.besseli(0, kappa) * mp.exp(-kappa))
        ),
        _von_mises,
    ),
    "Poisson": Exact(poisson, _poisson),
    "Binomial": Exact(binomial, _binomial),
    "NegativeBinomial": Exact(negative_binomial, _negative_binomial),
    "NegativeBinomial by n and p": Exact(
        lambda x, n, p: (
            mp.loggamma(x + n)
            - mp.loggamma(n)
            - mp.loggamma(x + 1)
            + n * mp.log(p)
            + power(1 - p, x)
        ),
        _failures,
    ),
    "BetaBinomial": Exact(
        lambda x, alpha, beta, n: (
            choose(n, x) + log_beta(x + alpha, n - x + beta) - log_beta(alpha, beta)
        ),
        _beta_binomial,
    ),
    "Geometric": Exact(lambda x, p: mp.log(p) + power(1 - p, x - 1), _geometric),
    "DiscreteUniform": Exact(lambda x, lower, upper: -mp.log(upper - lower + 1), _discrete_uniform),
    "Bernoulli": Exact(
        lambda x, p: mp.log(p if x == 1 else 1 - p),
        lambda g, t: (int(g.integers(2)), {"p": probability(g, t)}),
    ),
    "Bernoulli by logits": Exact(
        lambda x, logit_p: -mp.log1p(mp.exp(-logit_p if x == 1 else logit_p)),
        lambda g, t: (int(g.integers(2)), {"logit_p": location(g, LARGE if t == EXTREME else t)}),
    ),
    "Categorical": Exact(
        lambda x, p: mp.log(p[int(x)] / sum(p)),
        lambda g, t: (int(g.integers(4)), {"p": g.dirichlet(np.ones(4))}),
    ),
    "ZeroInflatedPoisson": Exact(inflated(poisson), _inflated(_poisson)),
    "ZeroInflatedBinomial": Exact(inflated(binomial), _inflated(_binomial)),
    "ZeroInflatedNegativeBinomial": Exact(
        inflated(negative_binomial), _inflated(_negative_binomial)
    ),
    "HurdlePoisson": Exact(hurdle(poisson), _inflated(_poisson)),
    "HurdleNegativeBinomial": Exact(hurdle(negative_binomial), _inflated(_negative_binomial)),
    "HurdleGamma": Exact(hurdle(gamma, zero=False), _inflated(_gamma)),
    "HurdleLogNormal": Exact(
        hurdle(lambda x, mu, sigma: normal(mp.log(x), mu, sigma) - mp.log(x), zero=False),
        _inflated(_log_normal),
    ),
    "NormalMixture": Exact(mixture, _mixture),
    "Dirichlet": Exact(
        lambda x, a: (
            mp.loggamma(sum(a))
            - sum(map(mp.loggamma, a))
            + sum((c - 1) * mp.log(v) for v, c in zip(x, a, strict=True))
        ),
        _dirichlet,
    ),
    "Multinomial": Exact(
        lambda x, n, p: (
            mp.loggamma(n + 1)
            - sum(mp.loggamma(v + 1) for v in x)
            + sum(power(c, v) for v, c in zip(x, p, strict=True))
        ),
        _multinomial,
    ),
    "GaussianRandomWalk": Exact(
        lambda x, mu, sigma: (
            normal(x[0], 0, 100) + sum(normal(x[i + 1] - x[i], mu[i], sigma[i]) for i in range(3))
        ),
        _walk,
    ),
    "MvNormal": Exact(
        lambda x, mu, chol: mv_normal([v - m for v, m in zip(x, mu, strict=True)], chol),
        _mv_normal,
    ),
    "MvStudentT": Exact(
        lambda x, nu, mu, chol: mv_student([v - m for v, m in zip(x, mu, strict=True)], nu, chol),
        _mv_student,
    ),
    "DirichletMultinomial": Exact(dirichlet_multinomial, _dirichlet_multinomial),
    "StickBreakingWeights": Exact(stick_breaking, _sticks),
    "ZeroSumNormal": Exact(
        lambda x, sigma: (
            sum(normal(v, 0, sigma[0]) for v in x) + mp.log(2 * mp.pi * sigma[0] ** 2) / 2
        ),
        _zero_sum,
    ),
    "AR": Exact(
        lambda x, rho, sigma: (
            normal(x[0], 0, 100) + sum(normal(x[i + 1], rho[0] * x[i], sigma) for i in range(3))
        ),
        _series,
    ),
    "MvGaussianRandomWalk": Exact(
        lambda x, mu, chol: (
            sum(normal(v, 0, 10) for v in x[0])
            + sum(
                mv_normal([v - u - m for v, u, m in zip(x[i + 1], x[i], mu, strict=True)], chol)
                for i in range(2)
            )
        ),
        _mv_walk,
    ),
    "OrderedLogistic": Exact(ordered_logistic, _ordered),
    "OrderedProbit": Exact(ordered_probit, _ordered_probit),
    "SkewNormal": Exact(skew_normal, _skew_normal),
    "AsymmetricLaplace": Exact(asymmetric_laplace, _asymmetric_laplace),
    "ExGaussian": Exact(ex_gaussian, _ex_gaussian),
    "Kumaraswamy": Exact(kumaraswamy, _kumaraswamy),
    "DiscreteWeibull": Exact(discrete_weibull, _discrete_weibull),
    "HyperGeometric": Exact(hypergeometric, _hypergeometric),
    "Interpolated": Exact(interpolated, _interpolated),
}


# What families have besides parameters that are numbers.
MORE: dict[str, Arguments] = {
    "GaussianRandomWalk": {"init_dist": aq.Normal.dist(0, 100)},
    "MvGaussianRandomWalk": {"steps": 2},
    "AR": {"steps": 3},
    "StickBreakingWeights": {"K": 2},
}


def numbers(value: Any) -> Any:
    """Give mpmath's number of a float or integer, or a list of them."""
    array = np.asarray(value)
    return mp.mpf(array.item()) if array.ndim == 0 else [numbers(part) for part in array]


def errors(name: str, rng: Rng, tier: str, count: int) -> list[tuple[float, str]]:
    """Compare a family's log density at many parameters, each with a point of its own.

    Returns
    -------
    list of (float, str)
        The error over max(1, the exact value), and the case in words. Values beyond 1e300 have no
        float.
    """
    exact = EXACT[name]
    cases = [exact.draw(rng, tier) for _ in range(count)]
    arguments = {key: np.array([case[1][key] for case in cases]) for key in cases[0][1]}
    family = getattr(aq, name.split()[0])
    more = {"shape": (count, 4)} if family is aq.ZeroSumNormal else MORE.get(name, {})
    got = family.dist(**arguments, **more).log_prob(np.array([case[0] for case in cases]))
    found = []
    with mp.workdps(DIGITS):
        for value, (x, given) in zip(np.asarray(got), cases, strict=True):
            right = exact.log_density(numbers(x), **{k: numbers(v) for k, v in given.items()})
            in_words = f"{name} {given} at {x!r}: {value!r}, exactly {mp.nstr(right, 17)}"
            if not abs(right) < 1e300:
                continue
            error = abs(numbers(value) - right) / max(1, abs(right))
            found.append((float(error) if np.isfinite(value) else np.inf, in_words))
    return found

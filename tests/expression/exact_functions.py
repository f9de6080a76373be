"""Functions of ``aq.math`` that NumPy does not have, in 50 digits, and arguments for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath as mp
import numpy as np

import aliquot as aq
from aliquot.expression import Evaluation
from aliquot.precision import float64

Rng = np.random.Generator
DIGITS = 50


@dataclass(frozen=True)
class Function:
    """A function by mpmath, and how each of its arguments is drawn.

    Attributes
    ----------
    exact : callable
        Of mpmath's numbers.
    arguments : tuple of callable
        Each draws an array of so many from a generator.
    least : float
        Errors are relative to max(|value|, least): below it digits are lost to the value's zeros.
    call : callable, optional
        Calls the function where it takes more than arrays, or gives several.
    """

    exact: Callable[..., Any]
    arguments: tuple[Callable[[Rng, int], np.ndarray], ...]
    least: float = 0.0
    call: Callable[..., Any] | None = None

    def of(self, name: str) -> Callable[..., Any]:
        """Give the function of ``aq.math``, or what of it is compared."""
        return self.call or getattr(aq.math, name)


def sized(low: float, high: float) -> Callable[[Rng, int], np.ndarray]:
    """Draw positive numbers between two powers of ten."""
    return lambda rng, n: 10 ** rng.uniform(low, high, n)


def signed(low: float, high: float) -> Callable[[Rng, int], np.ndarray]:
    return lambda rng, n: rng.choice([-1, 1], n) * 10 ** rng.uniform(low, high, n)


def between(low: float, high: float) -> Callable[[Rng, int], np.ndarray]:
    return lambda rng, n: rng.uniform(low, high, n)


def integers(low: int, high: int) -> Callable[[Rng, int], np.ndarray]:
    return lambda rng, n: rng.integers(low, high + 1, n)


def unit(rng: Rng, n: int) -> np.ndarray:
    """Draw numbers between 0 and 1, a third of them next to either end."""
    near = 10 ** rng.uniform(-12, -1, n)
    return np.choose(rng.integers(3, size=n), [rng.uniform(size=n), near, 1 - near])


def inside(rng: Rng, n: int) -> np.ndarray:
    return 2 * unit(rng, n) - 1


def log_ndtr(x: Any) -> Any:
    return mp.log(ndtr(x)) if x < 0 else mp.log1p(-ndtr(-x))


def ndtr(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def log_add(a: Any, b: Any) -> Any:
    return mp.log(mp.exp(a) + mp.exp(b))


def log_beta(a: Any, b: Any) -> Any:
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def zeta(s: Any, q: Any) -> Any:
    with mp.workdps(8 * DIGITS):  # mpmath's own loses digits where s and q are large
        return mp.zeta(s, q)


def owens_t(h: Any, a: Any) -> Any:
    def height(t: Any) -> Any:
        return mp.exp(-h * h / 2 * (1 + t * t)) / (1 + t * t)

    return mp.quad(height, [0, a]) / (2 * mp.pi)


def polygamma(n: Any, x: Any) -> Any:
    return mp.polygamma(int(n), x)


FUNCTIONS: dict[str, Function] = {
    "beta": Function(mp.beta, (sized(-3, 2), sized(-3, 2))),
    "betaln": Function(log_beta, (sized(-6, 12), sized(-6, 12)), 1.0),
    "betainc": Function(
        lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True),
        (sized(-2, 2), sized(-2, 2), unit),
    ),
    "boxcox": Function(lambda x, y: (x**y - 1) / y, (sized(-1, 2), signed(-12, 1))),
    "boxcox1p": Function(lambda x, y: ((1 + x) ** y - 1) / y, (sized(-6, 2), signed(-12, 1))),
    "comb": Function(mp.binomial, (integers(20, 60), integers(0, 20))),
    "dawsn": Function(lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x), (signed(-3, 2),)),
    "digamma": Function(mp.digamma, (sized(-5, 12),), 1.0),
    "entr": Function(lambda x: -x * mp.log(x), (sized(-3, 3),), 1e-3),
    "erf": Function(mp.erf, (signed(-9, 1),)),
    "erfc": Function(mp.erfc, (signed(-3, 1.3),)),
    "erfcinv": Function(lambda x: mp.erfinv(1 - x), (sized(-30, 0.3),), 1e-3),
    "erfcx": Function(lambda x: mp.exp(x * x) * mp.erfc(x), (between(-20, 100),)),
    "erfinv": Function(mp.erfinv, (inside,)),
    "exp1": Function(mp.e1, (sized(-3, 2),)),
    "expi": Function(mp.ei, (signed(-3, 2),), 1e-3),
    "expit": Function(lambda x: 1 / (1 + mp.exp(-x)), (signed(-3, 2.5),)),
    "expn": Function(lambda n, x: mp.expint(int(n), x), (integers(0, 10), sized(-3, 2))),
    "factorial": Function(mp.factorial, (integers(0, 150),)),
    "gamma": Function(mp.gamma, (between(-20, 60),)),
    "gammainc": Function(
        lambda a, x: mp.gammainc(a, 0, x, regularized=True), (sized(-2, 2.5), sized(-2, 2.5))
    ),
    "gammaincc": Function(
        lambda a, x: mp.gammainc(a, x, mp.inf, regularized=True),
        (sized(-2, 2.5), sized(-2, 2.5)),
    ),
    "fresnel, sine": Function(mp.fresnels, (signed(-3, 1),), 1e-3, lambda x: aq.math.fresnel(x)[0]),
    "fresnel, cosine": Function(
        mp.fresnelc, (signed(-3, 1),), 1e-3, lambda x: aq.math.fresnel(x)[1]
    ),
    "gammasgn": Function(lambda x: mp.sign(mp.gamma(x)), (between(-20.5, 20),)),
    "gammaln": Function(mp.loggamma, (sized(-5, 12),), 1.0),
    "hyp1f1": Function(mp.hyp1f1, (signed(-2, 1.5), sized(-1, 1.5), signed(-2, 2.8))),
    "hyp2f1": Function(mp.hyp2f1, (signed(-2, 1), signed(-2, 1), sized(-1, 1), between(-30, 0.99))),
    "i0": Function(lambda x: mp.besseli(0, x), (signed(-3, 2),)),
    "i0e": Function(lambda x: mp.besseli(0, x) * mp.exp(-abs(x)), (signed(-3, 5),)),
    "i1": Function(lambda x: mp.besseli(1, x), (signed(-3, 2),)),
    "i1e": Function(lambda x: mp.besseli(1, x) * mp.exp(-abs(x)), (signed(-3, 5),)),
    "kl_div": Function(lambda x, y: x * mp.log(x / y) - x + y, (sized(-3, 3), sized(-3, 3)), 1e-3),
    "log1mexp": Function(lambda x: mp.log(-mp.expm1(-x)), (sized(-12, 1.5),)),
    "log_ndtr": Function(log_ndtr, (signed(-2, 2),)),
    "log_sigmoid": Function(lambda x: -mp.log1p(mp.exp(-x)), (signed(-3, 2.5),)),
    "logit": Function(lambda p: mp.log(p / (1 - p)), (unit,), 1e-3),
    "logaddexp": Function(log_add, (signed(-3, 2.5), signed(-3, 2.5)), 1e-3),
    "logaddexp2": Function(
        lambda a, b: mp.log(mp.mpf(2) ** a + mp.mpf(2) ** b, 2),
        (signed(-3, 2.5), signed(-3, 2.5)),
        1e-3,
    ),
    "logsumexp": Function(
        log_add,
        (signed(-3, 2.5), signed(-3, 2.5)),
        1e-3,
        lambda a, b: aq.math.logsumexp(np.stack([a, b]), axis=0),
    ),
    "logmeanexp": Function(
        lambda a, b: log_add(a, b) - mp.log(2),
        (signed(-3, 2.5), signed(-3, 2.5)),
        1e-3,
        lambda a, b: aq.math.logmeanexp(np.stack([a, b]), axis=0),
    ),
    "softmax": Function(
        lambda a, b: 1 / (1 + mp.exp(b - a)),
        (signed(-3, 2), signed(-3, 2)),
        0.0,
        lambda a, b: aq.math.softmax(np.stack([a, b]), axis=0)[0],
    ),
    "log_softmax": Function(
        lambda a, b: -mp.log1p(mp.exp(b - a)),
        (signed(-3, 2), signed(-3, 2)),
        1e-3,
        lambda a, b: aq.math.log_softmax(np.stack([a, b]), axis=0)[0],
    ),
    "multigammaln": Function(
        lambda a: 3 * mp.log(mp.pi) / 2 + sum(mp.loggamma(a - mp.mpf(j) / 2) for j in range(3)),
        (lambda rng, n: 1 + 10 ** rng.uniform(-2, 6, n),),
        1.0,
        lambda a: aq.math.multigammaln(a, 3),
    ),
    "sici, sine": Function(mp.si, (sized(-2, 2),), 1e-3, lambda x: aq.math.sici(x)[0]),
    "sici, cosine": Function(mp.ci, (sized(-2, 2),), 1e-3, lambda x: aq.math.sici(x)[1]),
    "ndtr": Function(ndtr, (signed(-3, 1.5),)),
    "ndtri": Function(lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1), (unit,), 1e-3),
    "owens_t": Function(owens_t, (signed(-3, 0.8), signed(-3, 1))),
    "poch": Function(mp.rf, (sized(-1, 1.5), sized(-1, 1))),
    "polygamma": Function(polygamma, (integers(1, 5), sized(-2, 6))),
    "rel_entr": Function(lambda x, y: x * mp.log(x / y), (sized(-3, 3), sized(-3, 3)), 1e-3),
    "softplus": Function(lambda x: mp.log1p(mp.exp(x)), (signed(-3, 2.5),)),
    "spence": Function(lambda x: mp.re(mp.polylog(2, 1 - x)), (sized(-3, 2),), 1e-3),
    "xlog1py": Function(lambda x, y: x * mp.log1p(y), (signed(-3, 2), sized(-9, 3))),
    "xlogy": Function(lambda x, y: x * mp.log(y), (signed(-3, 2), sized(-3, 3)), 1e-3),
    "zeta": Function(zeta, (lambda rng, n: 1 + 10 ** rng.uniform(-1, 1.3, n), sized(-2, 3))),
    # NumPy has these, in the same precision as JAX.
    "arccosh": Function(mp.acosh, (lambda rng, n: 1 + 10 ** rng.uniform(-10, 10, n),)),
    "arcsinh": Function(mp.asinh, (signed(-20, 20),)),
    "arctanh": Function(mp.atanh, (signed(-20, -0.01),)),
    "cosh": Function(mp.cosh, (signed(-3, 2),)),
    "expm1": Function(mp.expm1, (signed(-20, 2),)),
    "log1p": Function(mp.log1p, (sized(-20, 20),)),
    "power": Function(lambda x, y: x**y, (sized(-3, 3), signed(-3, 1.3))),
    "sin": Function(mp.sin, (signed(-3, 5),)),
    "sinc": Function(mp.sincpi, (signed(-3, 2),), 1e-3),
    "sinh": Function(mp.sinh, (signed(-20, 2),)),
    "tan": Function(mp.tan, (signed(-3, 5),)),
    "tanh": Function(mp.tanh, (signed(-20, 2),)),
}


def errors(name: str, rng: Rng, count: int) -> list[tuple[float, str]]:
    """Compare a function of ``aq.math`` at many arguments: the relative error, and the case."""
    function = FUNCTIONS[name]
    columns = [draw(rng, count) for draw in function.arguments]
    with float64():
        got = Evaluation()(function.of(name)(*map(aq.constant, columns)))
    found = []
    with mp.workdps(DIGITS):
        for value, arguments in zip(np.asarray(got), zip(*columns, strict=True), strict=True):
            right = mp.re(function.exact(*(mp.mpf(a.item()) for a in arguments)))
            call = f"{name}{tuple(a.item() for a in arguments)}"
            in_words = f"{call}: {value!r}, exactly {mp.nstr(right, 17)}"
            size = max(abs(right), mp.mpf(function.least))
            if not mp.mpf(1e-300) < size < mp.mpf(1e300):
                continue
            error = abs(mp.mpf(value.item()) - right) / size
            found.append((float(error) if np.isfinite(value) else np.inf, in_words))
    return found

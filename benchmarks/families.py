"""Nanoseconds a row of value and gradient, by the family of the observations.

    python benchmarks/families.py [--rows 10000] [--families Poisson Gamma ...]

On one core and in process time, the least of many runs of a density as the sampler compiles it:
compare two versions of the library in turns, by ratios.
"""

from __future__ import annotations

import argparse
import time

import jax
import numpy as np

import aliquot as aq
from aliquot.compilation import compiled
from aliquot.kernel import rewritten
from aliquot.precision import float64

EVALUATIONS = 50


def models(n):
    """Give a function for each family that writes its model."""
    rng = np.random.default_rng(0)
    counts, successes = rng.poisson(20.0, n), rng.binomial(30, 0.3, n)
    positive, share, real = rng.gamma(3.0, 2.0, n), rng.beta(2.0, 3.0, n), rng.normal(size=n)
    x = rng.normal(size=n)

    def rate():
        return np.exp(aq.Normal("a", 3, 1) + aq.Normal("b", 0, 1) * x)

    def odds():
        return aq.Normal("a", 0, 1) + aq.Normal("b", 0, 1) * x

    def size(name="size"):
        return aq.Gamma(name, 2, 1)

    w = np.array([0.4, 0.6])
    return {
        "Normal": lambda: aq.Normal("y", odds(), size(), observed=real),
        "HalfNormal": lambda: aq.HalfNormal("y", size(), observed=positive),
        "LogNormal": lambda: aq.LogNormal("y", odds(), size(), observed=positive),
        "TruncatedNormal": lambda: aq.TruncatedNormal(
            "y", odds(), size(), lower=0, observed=positive
        ),
        "StudentT": lambda: aq.StudentT("y", size("nu"), odds(), sigma=size(), observed=real),
        "Cauchy": lambda: aq.Cauchy("y", odds(), size(), observed=real),
        "Gamma": lambda: aq.Gamma("y", size(), size("beta"), observed=positive),
        "InverseGamma": lambda: aq.InverseGamma("y", size(), size("beta"), observed=positive),
        "Weibull": lambda: aq.Weibull("y", size(), size("beta"), observed=positive),
        "Beta": lambda: aq.Beta("y", size(), size("beta"), observed=share),
        "Poisson": lambda: aq.Poisson("y", rate(), observed=counts),
        "Binomial": lambda: aq.Binomial("y", 30, logit_p=odds(), observed=successes),
        "NegativeBinomial": lambda: aq.NegativeBinomial("y", rate(), size(), observed=counts),
        "BetaBinomial": lambda: aq.BetaBinomial("y", size(), size("beta"), 30, observed=successes),
        "ZeroInflatedPoisson": lambda: aq.ZeroInflatedPoisson("y", 0.7, rate(), observed=counts),
        "NormalMixture": lambda: aq.NormalMixture(
            "y", w, aq.Normal("mu", 0, 1, shape=2), size(), observed=real
        ),
        "NormalMixture, own scales": lambda: aq.NormalMixture(
            "y", w, aq.Normal("mu", 0, 1, shape=2), aq.Gamma("s", 2, 1, shape=2), observed=real
        ),
    }


def nanoseconds(write, rows):
    """Compile one model's value and gradient, and time it."""
    with aq.Model() as model:
        write()
    density = model.density()
    with float64():
        function = rewritten(jax.value_and_grad(density.log_density))
        run = compiled(function, density.start, density.data).call
        jax.block_until_ready(run(density.start, density.data))
        times = []
        for _ in range(20):
            start = time.process_time()
            for _ in range(EVALUATIONS):
                result = run(density.start, density.data)
            jax.block_until_ready(result)
            times.append(time.process_time() - start)
    return min(times) / EVALUATIONS / rows * 1e9


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--families", nargs="+")
    arguments = parser.parse_args()
    for name, write in models(arguments.rows).items():
        if arguments.families is None or name in arguments.families:
            print(f"{name:28s}{nanoseconds(write, arguments.rows):8.1f} ns", flush=True)

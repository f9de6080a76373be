"""Microseconds per leapfrog step, compile seconds, and gradients per effective draw, by model.

    python benchmarks/leapfrog.py [--metrics adapt_diag_grad adapt_diag adapt_full] [--models ...]

One leapfrog step includes its share of all that a draw takes: the U-turn tests, the adaptation, the
host. The figure is that of one chain on one core: with as many threads as chains it is wall time
per step of the longest chain. Effective draws per 1,000 gradients count those of the warm-up too.
"""

from __future__ import annotations

import argparse

import jax
import jax.numpy as jnp
import numpy as np
from arviz_stats.base import array_stats

from aliquot.mcmc.run import sample
from aliquot.mcmc.settings import NUTSSettings
from aliquot.mcmc.starts import Jittered


def ordered_mixture():
    rng = np.random.default_rng(0)
    z = rng.integers(0, 2, 100)
    data = rng.normal(np.array([-1.0, 1.0])[z], 1.0)

    def log_density(flat, data):
        means = jnp.stack([flat[0], flat[0] + jnp.exp(flat[1])])
        parts = jax.scipy.stats.norm.logpdf(data[:, None], means) - jnp.log(2.0)
        prior = jnp.sum(jax.scipy.stats.norm.logpdf(means, 0.0, 10.0))
        return prior + flat[1] + jnp.sum(jax.nn.logsumexp(parts, axis=1))

    return log_density, data, 2


def eight_schools():
    effect = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
    error = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])

    def log_density(flat, data):
        effect, error = data
        mu, log_tau, theta = flat[0], flat[1], flat[2:]
        tau = jnp.exp(log_tau)
        prior = -0.5 * (mu / 5) ** 2 - jnp.log1p((tau / 5) ** 2) + log_tau
        likelihood = -0.5 * jnp.sum(((effect - mu - tau * theta) / error) ** 2)
        return prior - 0.5 * jnp.sum(theta**2) + likelihood

    return log_density, (effect, error), 10


def logistic_regression():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((500, 20))
    y = (rng.uniform(size=500) < 1 / (1 + np.exp(-x @ rng.standard_normal(20)))).astype(float)

    def log_density(flat, data):
        x, y = data
        logit = x @ flat
        return jnp.sum(y * logit - jnp.logaddexp(0.0, logit)) - 0.5 * jnp.sum((flat / 5) ** 2)

    return log_density, (x, y), 20


def hierarchical():
    rng = np.random.default_rng(2)
    group, x = rng.integers(0, 40, 500), rng.standard_normal(500)
    y = 1.0 + 0.5 * rng.standard_normal(40)[group] + 0.7 * x + rng.standard_normal(500)

    def log_density(flat, data):
        group, x, y = data
        mu, log_tau, log_sigma, slope, intercepts = *flat[:4], flat[4:]
        prior = -0.5 * (mu**2 / 100 + log_tau**2 + log_sigma**2 + slope**2 / 25)
        level = -0.5 * jnp.sum(((intercepts - mu) / jnp.exp(log_tau)) ** 2) - 40 * log_tau
        residual = (y - intercepts[group] - slope * x) / jnp.exp(log_sigma)
        return prior + level - 0.5 * jnp.sum(residual**2) - 500 * log_sigma

    return log_density, (group, x, y), 44


def normal(size):
    def build():
        def log_density(flat, scales):
            return -0.5 * jnp.sum((flat / scales) ** 2)

        return log_density, np.logspace(-2, 2, size), size

    return build


MODELS = {
    "ordered mixture, 100 rows": ordered_mixture,
    "eight schools": eight_schools,
    "logistic 500 x 20": logistic_regression,
    "hierarchical, 44, 500 rows": hierarchical,
    "normal, 100": normal(100),
    "normal, 1000": normal(1000),
}


def measure(name, metric, draws, tune, chains=2):
    log_density, data, size = MODELS[name]()
    settings = NUTSSettings(draws=draws, tune=tune, metric=metric)
    starts = Jittered(np.zeros(size), chains)
    compile_seconds = sample(log_density, data, starts, settings=settings, seed=0).compile_seconds
    run = sample(log_density, data, starts, settings=settings, seed=1)
    steps = run.stats["n_steps"]
    kept = run.positions[:, tune:]
    ess = min(
        float(array_stats.ess(kept[..., i], chain_axis=0, draw_axis=1, method="bulk"))
        for i in range(size)
    )
    microseconds = 1e6 * run.sampling_seconds / steps.sum(axis=1).max()
    print(
        f"{name:27s} {metric:16s} {microseconds:8.2f} us  compile {compile_seconds:5.2f} s  "
        f"{1000 * ess / steps.sum():7.1f} effective draws per 1,000 gradients  "
        f"acceptance {run.stats['acceptance_rate'][:, tune:].mean():.2f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--metrics", nargs="*", default=["adapt_diag_grad"])
    parser.add_argument("--models", nargs="*", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--tune", type=int, default=1000)
    arguments = parser.parse_args()
    for name in arguments.models:
        for metric in arguments.metrics:
            measure(name, metric, arguments.draws, arguments.tune)


if __name__ == "__main__":
    main()

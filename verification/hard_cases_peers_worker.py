"""Other libraries' NUTS on hard cases: draws by their default settings, in their own environment.

Called as ``python hard_cases_peers_worker.py library case seed data.npz draws.npz``, by
`hard_cases_peers`. Both libraries' models are those of `hard_cases`, name by name.
"""

from __future__ import annotations

import math
import sys
import time

import numpy as np

GAUSSIANS = "three Gaussians, n=500"
CASES = {
    GAUSSIANS: "gaussians",
    "three Gaussians, n=5,000": "gaussians",
    "hidden Markov model, two channels of scales 1 and .01": "channels",
    "a square observed": "square",
    "a parameter with two modes, .3 and .7": "two_far_modes",
}


def forward(log_moves, emissions, log_sum, concatenate, steps):
    """Log of the sum over all paths, first state uniform: log emissions (steps, 2), moves (2, 2).

    Matrices of neighbouring steps are multiplied in pairs until one is left.
    """
    tables = log_moves[None] + emissions[1:, None, :]
    left = steps - 1
    while left > 1:
        pairs = log_sum(tables[0 : left - 1 : 2, :, :, None] + tables[1:left:2, None, :, :], 2)
        tables = concatenate([pairs, tables[left - 1 : left]]) if left % 2 else pairs
        left = (left + 1) // 2
    return log_sum(log_sum(emissions[0][:, None] + tables[0] - math.log(2.0), 1), 0)


def numpyro_draws(case, data, seed):
    import jax
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist
    from jax.scipy.special import logsumexp
    from numpyro.distributions import constraints
    from numpyro.infer import MCMC, NUTS

    numpyro.set_host_device_count(4)
    numpyro.enable_x64()
    y = jnp.asarray(data["y"]) if "y" in data else None

    def gaussians():
        w = numpyro.sample("w", dist.Dirichlet(jnp.ones(3)))
        mu = numpyro.sample("mu", dist.ImproperUniform(constraints.ordered_vector, (), (3,)))
        numpyro.factor("prior of mu", dist.Normal(0, 10).log_prob(mu).sum())
        sd = numpyro.sample("sd", dist.HalfNormal(5).expand([3]))
        parts = dist.Normal(mu, sd)
        numpyro.sample("y", dist.MixtureSameFamily(dist.Categorical(w), parts), obs=y)

    def channels():
        P = numpyro.sample("P", dist.Dirichlet(jnp.ones(2)).expand([2]))
        mu = numpyro.sample("mu", dist.Normal(0, 3).expand([2, 2]))
        sd = numpyro.sample("sd", dist.HalfNormal(2).expand([2, 2]))
        seen = dist.Normal(mu, sd).log_prob(y[:, None, :]).sum(-1)
        numpyro.factor("y", forward(jnp.log(P), seen, logsumexp, jnp.concatenate, len(y)))

    def square():
        mu = numpyro.sample("mu", dist.Normal(3, 3))
        numpyro.sample("y", dist.Normal(mu**2, 1), obs=9.0)

    def two_far_modes():
        weights = dist.Categorical(jnp.array([0.3, 0.7]))
        parts = dist.Normal(jnp.array([-20.0, 20.0]), 1.0)
        numpyro.sample("x", dist.MixtureSameFamily(weights, parts))

    mcmc = MCMC(
        NUTS(locals()[CASES[case]]),
        num_warmup=1_000,
        num_samples=1_000,
        num_chains=4,
        progress_bar=False,
    )
    mcmc.run(jax.random.key(seed), extra_fields=("diverging",))
    extra = mcmc.get_extra_fields(group_by_chain=True)
    return mcmc.get_samples(group_by_chain=True), int(extra["diverging"].sum())


def pymc_draws(case, data, seed):
    import pymc as pm
    import pytensor.tensor as pt

    y = data.get("y")
    names = ["w", "mu", "sd"]
    with pm.Model():
        match CASES[case]:
            case "gaussians":
                w = pm.Dirichlet("w", np.ones(3))
                # Its start, all means at 0, is not in order: the usual remedy is one by hand.
                ordered = pm.distributions.transforms.ordered
                mu = pm.Normal("mu", 0, 10, shape=3, transform=ordered, initval=[-1.0, 0.0, 1.0])
                sd = pm.HalfNormal("sd", 5, shape=3)
                pm.NormalMixture("y", w, mu, sd, observed=y)
            case "channels":
                names = ["P", "mu", "sd"]
                P = pm.Dirichlet("P", np.ones((2, 2)))
                mu = pm.Normal("mu", 0, 3, shape=(2, 2))
                sd = pm.HalfNormal("sd", 2, shape=(2, 2))
                seen = pm.logp(pm.Normal.dist(mu, sd), y[:, None, :]).sum(-1)
                total = forward(pt.log(P), seen, pt.logsumexp, pt.concatenate, len(y))
                pm.Potential("y", total)
            case "square":
                names = ["mu"]
                mu = pm.Normal("mu", 3, 3)
                pm.Normal("y", mu**2, 1, observed=9.0)
            case "two_far_modes":
                names = ["x"]
                pm.NormalMixture("x", [0.3, 0.7], [-20.0, 20.0], 1.0)
        trace = pm.sample(random_seed=seed, progressbar=False, compute_convergence_checks=False)
    values = {name: trace.posterior[name].values for name in names}
    return values, int(trace.sample_stats["diverging"].values.sum())


DRAWS = {"NumPyro": numpyro_draws, "PyMC": pymc_draws}


if __name__ == "__main__":
    library, name, seed, source, target = sys.argv[1:]
    with np.load(source) as file:
        given = dict(file)
    began = time.perf_counter()
    values, divergences = DRAWS[library](name, given, int(seed))
    seconds = time.perf_counter() - began
    arrays = {key: np.asarray(value) for key, value in values.items()}
    np.savez(target, **arrays, _divergences=divergences, _seconds=seconds)

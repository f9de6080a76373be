"""Mixtures with more to find out.

``low-dim-gauss-mix``, posteriordb's:

    mu[0] < mu[1], each Normal(0, 2);  sigma[k] ~ HalfNormal(2);  theta ~ Beta(5, 5)
    y[i] ~ theta Normal(mu[0], sigma[0]) + (1 - theta) Normal(mu[1], sigma[1])

``mixture-10``, ten components along a line; `centres` are data, and where means start:

    weights ~ Dirichlet(2, ..., 2);  means in increasing order, means[k] ~ Normal(centres[k], 1)
    sigma[k] ~ HalfNormal(1);  y[i] ~ sum_k weights[k] Normal(means[k], sigma[k])

``mixture-5d``, four components in five dimensions; `start` is data, and where means start:

    weights ~ Dirichlet(2, ..., 2);  means[k, d] ~ Normal(0, 5), means[:, 0] in increasing order
    scales[k, d] ~ HalfNormal(2);  correlation matrix of component k ~ LKJ(2)
    y[i] ~ sum_k weights[k] MvNormal(means[k], covariance of component k)

Its quantities: ``weights`` (4,), ``means`` (4, 5), ``scales`` (4, 5), and ``correlations`` (4, 10),
below the diagonal by rows: (1,0), (2,0), (2,1), (3,0), ...
"""

from __future__ import annotations

import numpy as np

from benchmarks.peers.case import Case, Data
from benchmarks.peers.cases.files import generator, moments, read


def low_dim() -> Data:
    return {"y": read("low_dim_gauss_mix")["y"]}


def ten() -> Data:
    rng = generator(10)
    centres = np.arange(-18.0, 19.0, 4.0)
    means = centres + rng.normal(0.0, 0.5, 10)
    sigma = rng.uniform(0.4, 1.0, 10)
    weights = rng.dirichlet(np.full(10, 6.0))
    z = rng.choice(10, size=1_000, p=weights)
    return {"y": rng.normal(means[z], sigma[z]), "centres": centres}


def five_dimensions() -> Data:
    rng = generator(5)
    means = np.array(
        [
            [-4.0, 1.0, 0.0, 2.0, -1.0],
            [-1.0, -3.0, 2.0, 0.0, 1.0],
            [2.0, 3.0, -1.0, -2.0, 0.0],
            [5.0, -1.0, 1.0, 3.0, 2.0],
        ]
    )
    weights = np.array([0.2, 0.3, 0.35, 0.15])
    factors = rng.normal(0.0, 0.6, (4, 5, 5))
    covariance = factors @ factors.transpose(0, 2, 1) + 0.3 * np.eye(5)
    cholesky = np.linalg.cholesky(covariance)
    z = rng.choice(4, size=2_000, p=weights)
    noise = rng.normal(size=(2_000, 5))
    return {"y": means[z] + np.einsum("nij,nj->ni", cholesky[z], noise), "start": means}


def low_dim_reference(data: Data) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    return {name: moments("low_dim_gauss_mix", name) for name in ("mu", "sigma", "theta")}


CASES = [
    Case(
        name="low-dim-gauss-mix",
        title="posteriordb's two Gaussians, n = 1,000",
        kind="nuts",
        data=low_dim,
        quantities=("mu", "sigma", "theta"),
        reference=low_dim_reference,
        fitted=True,
    ),
    Case(
        name="mixture-10",
        title="ten Gaussians, n = 1,000",
        kind="nuts",
        data=ten,
        quantities=("weights", "means", "sigma"),
        from_start=True,
        limit=600.0,
    ),
    Case(
        name="mixture-5d",
        title="four Gaussians in five dimensions, full covariances, n = 2,000",
        kind="nuts",
        data=five_dimensions,
        quantities=("weights", "means", "scales", "correlations"),
        from_start=True,
        limit=900.0,
    ),
]

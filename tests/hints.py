"""For every hint of `aliquot.hints` a program that takes its advice.

One program for each text: several names can share it. It runs in a namespace that holds what
`namespace` gives, and has to hold every call that the text names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

import aliquot as aq
from aliquot.hints import arguments, names

TABLES: dict[str, Mapping[str, str]] = {
    name: table
    for module in (arguments, names)
    for name, table in vars(module).items()
    if name.isupper() and not name.startswith("_") and isinstance(table, dict)
}
SHORT = "tune=10, chains=2, progressbar=False, compute_convergence_checks=False"
INSIDE = "with aq.Model() as other:\n    "


@cache
def namespace() -> dict[str, Any]:
    """Give a small model, a trace of it, and what the programs have imported."""
    import arviz as az
    import jax
    import optax

    with aq.Model(coords={"group": ["a", "b"]}) as model:
        covariate = aq.Data("covariate", [1.0, 2.0])
        x = aq.Normal("x", 0, 1, dims="group")
        aq.Normal("y", x * covariate, 1, observed=[0.5, 1.0])
    trace = aq.sample(
        50, tune=50, random_seed=1, progressbar=False, compute_convergence_checks=False, model=model
    )
    dist = aq.Normal.dist(0, 1)
    return {
        "aq": aq, "az": az, "jax": jax, "np": np, "optax": optax, "model": model, "trace": trace,
        "trace2": trace, "dist": dist, "x": x, "name": "x", "value": 0.5, "covariate": covariate,
    }  # fmt: skip


# From a part of a hint's text to the program. The longest part that fits decides.
PROGRAMS: dict[str, str] = {
    # Arguments of `aq.sample` and its kin.
    "the result is always an xarray.DataTree": "assert type(trace).__name__ == 'DataTree'",
    "aq.sample draws with Aliquot's own NUTS": f"aq.sample(10, model=model, {SHORT})",
    "give target_accept= and max_treedepth= by themselves": (
        f"aq.sample(10, target_accept=0.9, max_treedepth=8, model=model, {SHORT})"
    ),
    "leave it out: there is no such setting here": f"aq.sample(10, model=model, {SHORT})",
    "use store=": (
        "import tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
        f"    aq.sample(10, store=folder + '/run.zarr', model=model, {SHORT})"
    ),
    "use until=": f"aq.sample(20, until=aq.Until(ess=50), model=model, {SHORT})",
    "use random_seed=": (
        f"aq.sample(10, random_seed=np.random.default_rng(1), model=model, {SHORT})"
    ),
    "use initvals=": f"aq.sample(10, initvals={{'x': [1, 2]}}, model=model, {SHORT})",
    "every variable is recorded": "trace.posterior.dataset[['x']]",
    "call aq.compute_log_likelihood(trace)": "aq.compute_log_likelihood(trace, model)",
    "use target_accept=": f"aq.sample(10, target_accept=0.9, model=model, {SHORT})",
    "use max_treedepth=": f"aq.sample(10, max_treedepth=5, model=model, {SHORT})",
    "init= says how the metric adapts": (
        f"aq.sample(10, init='jitter+adapt_diag', model=model, {SHORT})"
    ),
    "start points that are not finite are tried again": f"aq.sample(10, model=model, {SHORT})",
    "keep_warmup=": f"aq.sample(10, keep_warmup=True, model=model, {SHORT}).warmup_posterior",
    "aq.check(trace) gives the findings": "aq.check(trace).records",
    "use draws=": (
        f"aq.sample(draws=10, model=model, {SHORT})\n"
        "aq.sample_prior_predictive(draws=10, model=model)"
    ),
    "use draws= and tune=": f"aq.sample(draws=10, model=model, {SHORT})",
    "use tune=": f"aq.sample(draws=10, model=model, {SHORT})",
    "use chains=": f"aq.sample(draws=10, model=model, {SHORT})",
    "use cores=": f"aq.sample(draws=10, cores=1, model=model, {SHORT})",
    "chains run in threads": f"aq.sample(draws=10, model=model, {SHORT})",
    "trace.posterior.isel": "trace.posterior.isel(draw=slice(None, None, 10))",
    "data are part of the model": (
        f"{INSIDE}aq.Normal('y', 0, 1, observed=aq.Data('d', [1.0, 2.0]))"
    ),
    "use progressbar=False": f"aq.sample(draws=10, model=model, {SHORT})",
    "the trace with the new group added": (
        "aq.sample_posterior_predictive(trace, model).posterior_predictive"
    ),
    "predictions are drawn all at once": "aq.sample_posterior_predictive(trace, model)",
    "one prediction is drawn for each posterior draw": (
        "aq.sample_posterior_predictive(trace, model)"
    ),
    "the model goes in as model=": (
        "aq.sample_prior_predictive(10, model=model, var_names=['x'])"
    ),
    "chains and draws are always kept apart": (
        "assert aq.sample_posterior_predictive(trace, model).posterior_predictive['y'].ndim == 3"
    ),
    "use var_names=": "aq.sample_posterior_predictive(trace, model, var_names=['y'])",
    "the trace or the approximation comes first": "aq.log_evidence(trace, model)",
    "give model=, whose density it is": "aq.log_evidence(trace, model=model)",
    "what comes first decides": "aq.log_evidence(trace, model)",
    "one run tells its error": "aq.log_evidence(trace, model).error",
    "the shape of the draws comes first": "dist.sample((3, 2), random_seed=1)",
    "the number of draws comes first": "dist.sample(100)",
    # Of cross-validation.
    "makes a sampling wrapper": "aq.leave_out(trace, model).sel_observations(1)",
    "use aq.leave_future_out": "aq.leave_future_out(trace, model, first=1, tune=10)",
    # Of fits.
    "use optimizer=, an optax": (
        "aq.fit(20, optimizer=optax.adam(0.01), model=model, progressbar=False, check=False)"
    ),
    "use n_samples=": (
        "aq.ADVI(model=model, n_samples=2).fit(20, progressbar=False, check=False)"
    ),
    "in approx.hist": (
        "approx = aq.fit(20, model=model, progressbar=False, check=False)\napprox.hist"
    ),
    "use batch_size=": (
        f"{INSIDE}mu = aq.Normal('mu', 0, 1)\n"
        "    aq.Normal('y', mu, 1, observed=aq.Data('d', [1.0, 2.0]))\n"
        "    aq.fit(20, method='advi', batch_size=1, progressbar=False, check=False)"
    ),
    "batch_size= of aq.ADVI": (
        f"{INSIDE}mu = aq.Normal('mu', 0, 1)\n"
        "    aq.Normal('y', mu, 1, observed=aq.Data('d', [1.0, 2.0]))\n"
        "    aq.ADVI(batch_size=1).fit(20, progressbar=False, check=False)"
    ),
    "optax.clip_by_global_norm": (
        "clipped = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.01))\n"
        "aq.fit(20, optimizer=clipped, model=model, progressbar=False, check=False)"
    ),
    "give the arguments by themselves": (
        "aq.fit(20, n_samples=2, model=model, progressbar=False, check=False)"
    ),
    "use n=": "aq.fit(n=20, model=model, progressbar=False, check=False)",
    "approx.sample(1_000) draws": (
        "approx = aq.fit(n=20, model=model, progressbar=False, check=False)\n"
        "approx.sample(1_000)"
    ),
    "every free variable is maximised over": "aq.find_map(model=model)",
    "it is a Newton method": "aq.find_map(model=model)",
    "the attributes of the result say": "aq.find_map(model=model).attrs",
    "values are on the variables' own scale": "aq.find_map(model=model)['x']",
    "Ctrl-C keeps the best point so far": "aq.find_map(model=model)",
    "use maxiter=": "aq.find_map(maxiter=5_000, model=model)",
    "start values go in as start=": "aq.find_map(start={'x': [0, 0]}, model=model)",
    # Of families and other calls inside a model.
    "use sigma": "aq.Normal.dist(mu=0, sigma=1)",
    "use mu": "aq.Normal.dist(mu=0, sigma=1)",
    "use shape": "aq.Normal.dist(0, 1, shape=3)",
    "use initval": f"{INSIDE}aq.Normal('x', 0, 1, initval=2)",
    "use transform": f"{INSIDE}aq.Normal('x', 0, 1, shape=2, transform=aq.transforms.ordered)",
    "give random_seed= to aq.sample": f"aq.sample(10, random_seed=1, model=model, {SHORT})",
    "use cov": "aq.MvNormal.dist([0, 0], cov=np.eye(2))",
    "use chol": "aq.MvNormal.dist([0, 0], chol=np.eye(2))",
    "use logit_p": "aq.Bernoulli.dist(logit_p=0.3)",
    "use p": "aq.Bernoulli.dist(p=0.3)",
    "use lam, beta or mu": (
        "aq.Exponential.dist(lam=1)\naq.Gamma.dist(alpha=1, beta=1)\naq.Poisson.dist(mu=1)"
    ),
    "use nu": "aq.StudentT.dist(nu=3, sigma=1)",
    "use observed": f"{INSIDE}aq.Normal('x', 0, 1, observed=[2.0])",
    "use init_dist": (
        f"{INSIDE}aq.GaussianRandomWalk('x', steps=4, init_dist=aq.Normal.dist(0, 1))"
    ),
    "probabilities are not recorded; use aq.Deterministic": (
        f"{INSIDE}p = aq.Beta('p', 1, 1)\n    aq.Deterministic('q', 1 - p)"
    ),
    "write it inside the model's own with block": (
        f"{INSIDE}x = aq.Normal('x', 0, 1, shape=2)\n    aq.Deterministic('y', x, dims=None)"
    ),
    "aq.Data can always be replaced": (
        f"{INSIDE}aq.Data('d', [1.0])\n    aq.set_data({{'d': [2.0, 3.0]}})"
    ),
    "give the labels as coords=": (
        f"{INSIDE}aq.Data('d', [1.0], dims='row', coords={{'row': ['a']}})"
    ),
    "give dims= and coords=": f"{INSIDE}aq.Data('d', [1.0], dims='row', coords={{'row': ['a']}})",
    "use value=": f"{INSIDE}aq.Deterministic('x', value=aq.Normal('y', 0, 1) + 1)",
    "a potential is one term": f"{INSIDE}aq.Potential('x', -aq.Normal('y', 0, 1) ** 2)",
    "the new data come first": "model.set_data({'covariate': [1.0, 2.0]})",
    "data are given by name": (
        f"{INSIDE}aq.Data('d', [1.0], dims='row')\n"
        "other.set_data({'d': [2.0, 3.0]}, coords={'row': ['a', 'b']})"
    ),
    "use start=": "model.debug(start={'x': [0, 1]})",
    "log densities and parameters are looked at together": "model.debug()",
    "a model has no name": "aq.Model()",
    "models are not nested": "aq.Model()",
    "data are checked where they are given": f"{INSIDE}aq.Poisson('x', 1, observed=[1, 2])",
    "use coords=, whose dims can always be replaced": "aq.Model(coords={'group': ['a']})",
    "write aq.Model(coords=": "aq.Model(coords={'group': ['a', 'b']})",
    # Names of the package.
    "use aq.Data, which can always be replaced": f"{INSIDE}aq.Data('d', [1.0])",
    "use aq.Data, or the array itself": f"{INSIDE}aq.Data('d', [1.0])",
    "as observed= or aq.Data": f"{INSIDE}aq.Normal('x', 0, 1, observed=aq.Data('d', [1.0]))",
    "pandas.read_csv(path)": (
        "import io\nimport pandas\npath = io.StringIO('a,b\\n1,2')\npandas.read_csv(path)"
    ),
    "use aq.Mixture, which": (
        "aq.Mixture.dist([0.5, 0.5], [aq.Normal.dist(0, 1), aq.Normal.dist(1, 1)])"
    ),
    "aq.recover(trace)": (
        f"{INSIDE}z = aq.Bernoulli('z', 0.5)\n    mu = aq.Normal('mu', 0, 1)\n"
        "    aq.Normal('y', mu + z, 1, observed=[1.0])\n"
        f"    trace = aq.sample(10, {SHORT})\n    aq.recover(trace)"
    ),
    "use dist.log_prob(value), with dist made by": "dist.log_prob(value)",
    "jax.scipy.stats.norm.logcdf": (
        f"{INSIDE}x = aq.Normal('x')\n    aq.lift(jax.scipy.stats.norm.logcdf)(x, 0, 1)"
    ),
    "jax.scipy.stats.norm.ppf": (
        f"{INSIDE}q = aq.Uniform('q')\n    aq.lift(jax.scipy.stats.norm.ppf)(q, 0, 1)"
    ),
    "or dist.sample(100) with dist made by": (
        "aq.sample_prior_predictive(10, model=model)\ndist.sample(100)"
    ),
    "write its log density: aq.CustomDist(name, mu, sigma": (
        "import jax.numpy\ndef f(value, mu, sigma):\n"
        "    return -jax.numpy.abs(value - mu) / sigma\n"
        f"{INSIDE}mu = aq.Normal('mu', 0, 1)\n    aq.CustomDist('x', mu, 2.0, logp=f)"
    ),
    "write its log density, logp=": f"{INSIDE}aq.CustomDist('x', logp=lambda value: -(value**2))",
    "logp= is all that is needed": f"{INSIDE}aq.CustomDist('x', logp=lambda value: -(value**2))",
    "use ndim_supp= and ndims_params=": (
        "logp = lambda value, a: -(value**2 @ a)\n"
        f"{INSIDE}aq.CustomDist('x', [1.0, 2.0], shape=2, ndim_supp=1, ndims_params=[1], logp=logp)"
    ),
    "use ndim_supp=": (
        f"{INSIDE}aq.CustomDist('x', shape=2, ndim_supp=1, logp=lambda value: -(value**2).sum(-1))"
    ),
    "use discrete=": (
        "logp = lambda value: -1.0 * value\n"
        f"{INSIDE}aq.CustomDist('x', discrete=True, support=(0, 3), logp=logp)"
    ),
    "inference needs a likelihood": (
        f"{INSIDE}aq.CustomDist('x', logp=lambda value: -(value**2), observed=[0.3])"
    ),
    "sums of trees are out of reach": (
        f"{INSIDE}basis = np.vander(np.linspace(-1, 1, 5), 4)\n"
        "    basis @ aq.Normal('coefficients', 0, 1, shape=4)"
    ),
    "solve it inside aq.lift(f)": (
        "import jax.experimental.ode\ndef f(rate):\n"
        "    fall = lambda y, t: -rate * y\n"
        "    return jax.experimental.ode.odeint(fall, 1.0 + 0 * rate, jax.numpy.arange(4.0))\n"
        f"{INSIDE}aq.lift(f)(aq.HalfNormal('rate', 1))"
    ),
    "the values go in second": (
        "aq.do(model, {'x': [0.0, 1.0]})\naq.observe(model, {'x': [0.0, 1.0]})"
    ),
    "every variable stays in the model": "aq.do(model, {'x': [0.0, 1.0]})",
    "values are aq.Data, which aq.set_data replaces": (
        f"{INSIDE}aq.Data('d', [1.0])\n    aq.set_data({{'d': [2.0]}})\n"
        "aq.do(model, {'x': [0.0, 1.0]}).set_data({'x': [1.0, 2.0]})"
    ),
    "use aq.scan(step, init, xs)": (
        "step, init, xs = lambda total, one: (total + one, total), 0.0, x\naq.scan(step, init, xs)"
    ),
    "use aq.Truncated, as in": f"{INSIDE}aq.Truncated(name, aq.Normal.dist(0, 1), lower=0)",
    "numbers need no wrapping": f"{INSIDE}aq.Normal('x', np.array([1.0, 2.0]), 1)",
    "aq.math.expit of an aq.Normal": f"{INSIDE}aq.math.expit(aq.Normal('x', 0, 1))",
    "use aq.Interpolated, with points": "aq.Interpolated.dist([-1, 0, 3], [0, 1, 0])",
    "use aq.LKJCholeskyCov": "aq.LKJCholeskyCov.dist(2, 3, aq.HalfNormal.dist(1))",
    "aq.sample is NUTS: give it": (
        f"aq.sample(10, target_accept=0.9, max_treedepth=8, model=model, {SHORT})"
    ),
    "use aq.sample(1_000, tune=1_000, chains=4)": (
        "aq.sample(1_000, tune=1_000, chains=4, progressbar=False, model=model)"
    ),
    "aq.sample is NUTS, which needs no step methods": f"aq.sample(10, model=model, {SHORT})",
    "use aq.sample": f"aq.sample(10, model=model, {SHORT})",
    "use aq.sample(sampler='tempered'), and aq.log_evidence(trace)": (
        f"with model:\n    aq.sample(10, sampler='tempered', {SHORT})\n    aq.log_evidence(trace)"
    ),
    "use aq.log_evidence(trace)": "with model:\n    aq.log_evidence(trace)",
    "take the difference of aq.log_evidence": "aq.log_evidence(trace, model).value",
    "use aq.sample_posterior_predictive(trace)": (
        "with model:\n    aq.sample_posterior_predictive(trace)"
    ),
    "use aq.fit, or aq.ADVI and aq.FullRankADVI": (
        "aq.fit(20, model=model, progressbar=False, check=False)\n"
        "aq.ADVI(model=model)\naq.FullRankADVI(model=model)"
    ),
    "aq.fit(convergence=aq.ParameterChange())": (
        "with model:\n    aq.fit(20, progressbar=False, check=False,\n"
        "           convergence=aq.ParameterChange())"
    ),
    "use aq.find_map": "aq.find_map(model=model)",
    "the model is what `with aq.Model() as model:` gives": (
        "with aq.Model() as model:\n    aq.Normal('x', 0, 1)\nmodel.free"
    ),
    "use model.to_graphviz()": "model.to_graphviz()",
    "aq.sample returns an xarray.DataTree already": (
        "import xarray\n"
        f"assert isinstance(aq.sample(10, model=model, {SHORT}), xarray.DataTree)"
    ),
    "use trace.to_netcdf(path)": (
        "import tempfile, xarray\nfolder = tempfile.TemporaryDirectory()\n"
        "path = folder.name + '/trace.nc'\ntrace.to_netcdf(path)\n"
        "xarray.open_datatree(path).close()"
    ),
    "Aliquot computes in float64": f"{INSIDE}aq.Normal('x', np.float32([1, 2]), 1)",
    "whole numbers are int64 here": f"{INSIDE}assert aq.Data('x', np.int32([1])).dtype == np.int64",
    "write the covariance of an aq.MvNormal": (
        "t = np.arange(3.0)\n"
        f"{INSIDE}scale = aq.HalfNormal('scale', 1)\n"
        "    cov = np.exp(-(((t[:, None] - t) / scale) ** 2)) + 1e-6 * np.eye(3)\n"
        "    aq.MvNormal('f', np.zeros(3), cov=cov)"
    ),
    "use aq.Potential(name, value)": (
        f"{INSIDE}value = -aq.Normal('x', 0, 1)\n    aq.Potential('factor', value)"
    ),
    "use aq.Deterministic(name, value)": (
        f"{INSIDE}value = -aq.Normal('x', 0, 1)\n    aq.Deterministic('minus', value)"
    ),
    "give the variable shape= or dims=": (
        f"{INSIDE}other.add_dim('g', 3)\n    aq.Normal('x', 0, 1, shape=3)\n"
        "    aq.Normal('y', 0, 1, dims='g')"
    ),
    "use NumPy's functions, or aq.math": (
        f"{INSIDE}x = aq.Normal('x', 0, 1)\n    np.exp(x) + aq.math.expit(x)"
    ),
    # Attributes of a model.
    "use model.variables": "model.variables['x']",
    "use model.free": "model.free",
    "use model.free and model.observed": "model.free + model.observed",
    "use model.free and model.deterministics": "model.free + model.deterministics",
    "use model.observed": "model.observed",
    "use model.data": "model.data",
    "use model.add_dim(name, labels)": "aq.Model().add_dim('g', ['a', 'b'])\nmodel.add_dim",
    "use model.set_data({}, coords={dim: labels})": (
        "model.set_data({}, coords={'group': ['a', 'b']})"
    ),
    "use model.coords.length(dim)": "model.coords.length('group')",
    "use model[name].dims": "model[name].dims",
    "use model[name].shape": "model[name].shape",
    "give initval= where the variable is written": (
        f"{INSIDE}aq.Normal('x', 0, 1, initval=2)\n"
        f"aq.sample(10, initvals={{'x': [1, 2]}}, model=model, {SHORT})"
    ),
    "use model.density().start, the start point": "model.density().start",
    "use model.density().evaluate(x)": (
        "x = model.density().start\nmodel.density().evaluate(x)\nmodel.debug()"
    ),
    "with jax.grad": (
        "x = model.density().start\nwith jax.enable_x64(True):\n"
        "    jax.grad(model.density().log_density)(x, model.density().data)"
    ),
    "use model.log_likelihood(point)": "model.log_likelihood({'x': [0.0, 1.0]})",
    "use aq.Deterministic, which is recorded": f"{INSIDE}aq.Deterministic('z', -aq.Normal('x'))",
    "use model.debug()": "model.debug()",
    "use model.marginalization()": (
        f"{INSIDE}z = aq.Bernoulli('z', 0.5)\n    aq.Normal('y', z, 1, observed=[1.0])\n"
        "model = other\nmodel.marginalization()"
    ),
    "use model[name].transform": "model[name].transform",
    "use repr(model)": "repr(model)",
    "write the model in a function, and call that again": "def write():\n    return aq.Model()",
    "use aq.fit(model=model)": "aq.fit(20, model=model, progressbar=False, check=False)",
    "use aq.sample(model=model)": f"aq.sample(10, model=model, {SHORT})",
    "use aq.find_map(model=model)": "aq.find_map(model=model)",
    # Of expressions and distributions.
    "it has no value before sampling": (
        "aq.sample_prior_predictive(10, model=model)\n"
        f"{INSIDE}aq.Deterministic('minus', -aq.Normal('x', 0, 1))"
    ),
    "use x.value_now()": "x = covariate\nassert x.value_now().sum() == 3\naq.Data",
    "use aq.set_data({name: values})": (
        "with model:\n    aq.set_data({'covariate': [1.0, 2.0]})"
    ),
    "use aq.sample_prior_predictive": "aq.sample_prior_predictive(10, model=model)",
    "with dist = x.distribution": "dist = x.distribution\ndist.log_prob([0.0, 1.0])",
    "use x.distribution": "x.distribution",
    "index with None": "x[:, None]\nx.transpose()",
    "use np.linalg.norm(x)": "np.linalg.norm(x)",
    "x.at[i].set(new)": (
        "import jax.numpy\nnp.where(x > 0, 1.0, x)\n"
        "aq.lift(lambda x, i, new: x.at[i].set(new))(x, 0, 1.0)"
    ),
    "x.at[i].add(more)": (
        "import jax.numpy\nnp.where(x > 0, x + 1.0, x)\n"
        "aq.lift(lambda x, i, more: x.at[i].add(more))(x, 0, 1.0)"
    ),
    "use dist.sample((3, 2))": "dist.sample((3, 2))",
    "use dist.sample()": "dist.sample()",
    "use dist.log_prob(value)": "dist.log_prob(value)",
    "use np.exp(dist.log_prob(value))": "np.exp(dist.log_prob(value))",
    "use np.sqrt(dist.variance())": "np.sqrt(dist.variance())",
    "use dist.variance()": "dist.variance()",
    "give shape= where it is made": "aq.Normal.dist(0, 1, shape=3)",
    # Of transforms and functions.
    "use aq.transforms": f"{INSIDE}aq.Normal('x', 0, 1, shape=2, transform=aq.transforms.ordered)",
    "use aq.transforms.simplex": (
        f"{INSIDE}aq.Dirichlet('x', np.ones(3), transform=aq.transforms.simplex)"
    ),
    "use aq.transforms.log": f"{INSIDE}aq.HalfNormal('x', 1, transform=aq.transforms.log)",
    "use aq.transforms.logodds": f"{INSIDE}aq.Beta('x', 1, 1, transform=aq.transforms.logodds)",
    "use aq.transforms.circular": (
        f"{INSIDE}aq.VonMises('x', 0, 1, transform=aq.transforms.circular)"
    ),
    "aq.LKJCholeskyCov has the right one": (
        f"{INSIDE}aq.LKJCholeskyCov('x', 2, 3, aq.HalfNormal.dist(1))"
    ),
    "goes with the support's own transform": (
        f"{INSIDE}aq.HalfNormal('x', 1, shape=2, transform=aq.transforms.ordered)"
    ),
    "the number of coefficients in rho": "aq.AR.dist(rho=[0.5, 0.2], steps=4)",
    "use aq.transforms.zero_sum": (
        f"{INSIDE}aq.ZeroSumNormal('x', 1, shape=3, transform=aq.transforms.zero_sum)"
    ),
    "use aq.constant(values)": "values = [1.0, 2.0]\naq.constant(values)",
    "use x.astype(dtype)": "dtype = float\nx.astype(dtype)",
    "use np.linalg.slogdet(x)[1]": "x = x[:, None] * x + np.eye(2)\nnp.linalg.slogdet(x)[1]",
    "use np.linalg.det(x)": "x = x[:, None] * x + np.eye(2)\nnp.linalg.det(x)",
    "use np.linalg.inv(x)": "x = x[:, None] * x + np.eye(2)\nnp.linalg.inv(x)",
    "np.linalg.solve(a, b)": "a, b = x[:, None] * x + np.eye(2), x\nnp.linalg.solve(a, b)",
    "use np.linalg.cholesky(x)": "x = x[:, None] * x + np.eye(2)\nnp.linalg.cholesky(x)",
    "np.log1p(-np.exp(b - a))": (
        "a, b = x, x - 1\na + np.log1p(-np.exp(b - a))\naq.lift(lambda a, b: a - b)(a, b)"
    ),
    "aq.lift(jax.scipy.linalg.block_diag)": (
        "a = b = x[:, None] * x\naq.lift(jax.scipy.linalg.block_diag)(a, b)"
    ),
    "gives the factor as a matrix": (
        f"{INSIDE}factor, _, _ = aq.LKJCholeskyCov('x', 2, 3, aq.HalfNormal.dist(1))\n"
        "    assert factor.shape == (3, 3)"
    ),
    "np.meshgrid": "np.meshgrid([1, 2], [3, 4])",
    "use aq.math.kron(a, b) @ x": (
        "a = b = x[:, None] * x\nx = np.ones(4)\naq.math.kron(a, b) @ x"
    ),
    "use aq.math.kron(a, b)": "a = b = x[:, None] * x\naq.math.kron(a, b)",
}  # fmt: skip


def hints() -> Iterator[tuple[str, str, str]]:
    """Give every hint: its table, the name it is for, its text."""
    for table, texts in TABLES.items():
        for name, text in texts.items():
            yield table, name, text


def program(text: str) -> str:
    """Find the program for a hint's text.

    What stands for a family or a function of ArviZ is written from the text itself.
    """
    family = re.fullmatch(r"use aq\.(\w+)", text)
    if family and family[1] in aq.families.__all__ and text not in PROGRAMS:
        return f"aq.{family[1]}.dist"
    _, _, arviz = text.partition("import arviz as az; ")
    if arviz:
        call = re.split(", (?:each )?after", arviz)[0]
        predict = "    trace = aq.sample_posterior_predictive(trace)\n"
        before = predict if "sample_posterior_predictive" in arviz else ""
        likelihood = "    trace = trace2 = aq.compute_log_likelihood(trace)\n"
        return f"with model:\n{before}{likelihood}    {call}"
    parts = [part for part in PROGRAMS if part in text]
    if not parts:
        raise LookupError(f"no program for the hint {text!r}")
    return PROGRAMS[max(parts, key=len)]

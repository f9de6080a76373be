"""What to use in place of other libraries' names."""

from __future__ import annotations

from collections.abc import Mapping

_CUSTOM = (
    "write the log density as a term, aq.Potential(name, aq.lift(f)(x, ...)), with x an aq.Flat, "
    "aq.HalfFlat or any variable of the right support"
)
_STEPS = "aq.sample is NUTS, which needs no step methods"
_PLAIN_GRAPH = "use the value itself: NumPy arrays and numbers need no wrapping"
_FITS = "use aq.fit, or aq.ADVI and aq.FullRankADVI"
_TREE = "use trace.to_netcdf(path), and xarray.open_datatree(path)"
_HURDLE = (
    "give the zeros to an aq.Bernoulli and the other values to a variable of their own; or use "
    "aq.ZeroInflatedPoisson and its kin"
)


def _arviz(call: str) -> str:
    return f"it is ArviZ's: import arviz as az; az.{call}"


# What ArviZ has under the name that PyMC hands on.
_SAME = (
    "summary", "ess", "rhat", "hdi", "mcse", "bfmi", "extract", "plot_autocorr", "plot_dist",
    "plot_energy", "plot_ess", "plot_forest", "plot_mcse", "plot_pair", "plot_parallel",
    "plot_rank", "plot_trace",
)  # fmt: skip
# PyMC's name for what ArviZ has today: how it is called.
_ARVIZ = {
    **{name: f"{name}(trace)" for name in _SAME},
    **dict.fromkeys(("plot_posterior", "plot_density", "plot_kde"), "plot_dist(trace)"),
    "plot_violin": "plot_ridge(trace)",
    "plot_hdi": "hdi(trace)",
    "traceplot": "plot_trace(trace)",
    "forestplot": "plot_forest(trace)",
    "autocorrplot": "plot_autocorr(trace)",
    "plot_ppc": "plot_ppc_dist(trace), after trace = aq.sample_posterior_predictive(trace)",
    "plot_bpv": "plot_ppc_tstat(trace), after trace = aq.sample_posterior_predictive(trace)",
    "plot_loo_pit": "plot_loo_pit(trace), after trace = aq.sample_posterior_predictive(trace) "
    "and trace = aq.compute_log_likelihood(trace)",
    "loo": "loo(trace), after trace = aq.compute_log_likelihood(trace)",
    "waic": "loo(trace), after trace = aq.compute_log_likelihood(trace)",
    "compare": "compare({'one': trace, 'other': trace2}), each after aq.compute_log_likelihood",
    "plot_compare": "plot_compare(az.compare({'one': trace, 'other': trace2})), each after "
    "aq.compute_log_likelihood",
    "plot_khat": "plot_khat(az.loo(trace, pointwise=True)), after "
    "trace = aq.compute_log_likelihood(trace)",
}

# The names that other libraries have for a family.
_FAMILIES = {
    "MultivariateNormal": "MvNormal",
    "multi_normal": "MvNormal",
    "multivariate_normal": "MvNormal",
    "MixtureSameFamily": "Mixture",
    "MixtureGeneral": "Mixture",
    "LKJCholesky": "LKJCholeskyCov",
    "LKJCorr": "LKJCholeskyCov",
    "lkj_corr_cholesky": "LKJCholeskyCov",
    "NegativeBinomial2": "NegativeBinomial",
    "NegativeBinomialProbs": "NegativeBinomial",
    "neg_binomial": "NegativeBinomial",
    "neg_binomial_2": "NegativeBinomial",
    "nbinom": "NegativeBinomial",
    "BernoulliLogits": "Bernoulli",
    "BernoulliProbs": "Bernoulli",
    "bernoulli_logit": "Bernoulli",
    "BinomialLogits": "Binomial",
    "BinomialProbs": "Binomial",
    "binom": "Binomial",
    "CategoricalLogits": "Categorical",
    "CategoricalProbs": "Categorical",
    "categorical_logit": "Categorical",
    "Chi2": "ChiSquared",
    "chi2": "ChiSquared",
    "double_exponential": "Laplace",
    "inv_gamma": "InverseGamma",
    "invgamma": "InverseGamma",
    "norm": "Normal",
    "halfnorm": "HalfNormal",
    "truncnorm": "TruncatedNormal",
    "lognorm": "LogNormal",
    "expon": "Exponential",
    "geom": "Geometric",
    "randint": "DiscreteUniform",
    "weibull_min": "Weibull",
    "gumbel_r": "Gumbel",
    "t": "StudentT",
    "poisson_log": "Poisson",
    "DiscreteHMM": "MarkovChain",
    "DiscreteMarkovChain": "MarkovChain",
    "ImproperUniform": "Flat",
}

NAMES: Mapping[str, str] = {
    "MutableData": "use aq.Data, which can always be replaced",
    "ConstantData": "use aq.Data, or the array itself",
    "Minibatch": "leave it out: the whole data are always used, as observed= or aq.Data",
    "get_data": "read a file with NumPy or pandas, such as pandas.read_csv(path)",
    "MarginalMixture": "use aq.Mixture, which is always summed out",
    "marginalize": "leave it out: discrete variables are summed out by themselves, and "
    "aq.recover(trace) gives them back",
    "recover_marginals": "use aq.recover(trace)",
    "logp": "use dist.log_prob(value), with dist made by aq.<Family>.dist(...)",
    "logcdf": "lift JAX's: aq.lift(jax.scipy.stats.norm.logcdf)(x, mu, sigma)",
    "icdf": "lift JAX's: aq.lift(jax.scipy.stats.norm.ppf)(q, mu, sigma)",
    "draw": "use aq.sample_prior_predictive, or dist.sample(100) with dist made by "
    "aq.<Family>.dist(...)",
    "AR": "write its terms: aq.Normal('x', mu=rho * past, sigma=..., observed=...), or use "
    "aq.GaussianRandomWalk",
    "CustomDist": _CUSTOM,
    "DensityDist": _CUSTOM,
    "Interpolated": _CUSTOM,
    "Simulator": _CUSTOM,
    "Bound": "use aq.TruncatedNormal, or a family with the right support",
    "Truncated": "use aq.TruncatedNormal; of another family: its variable, and "
    "aq.Potential(name, -log_mass) with the log of the mass that was kept",
    "Censored": "give the uncensored values as observed=, and the log probability of the censored "
    "ones as aq.Potential(name, aq.lift(jax.scipy.stats.norm.logsf)(bound, mu, sigma))",
    "DiracDelta": _PLAIN_GRAPH,
    "ConstantDist": _PLAIN_GRAPH,
    "Delta": _PLAIN_GRAPH,
    "ZeroSumNormal": "use aq.Normal, minus its mean: x - x.mean()",
    "StickBreakingWeights": "use aq.Dirichlet with small a",
    "LogitNormal": "use aq.math.expit of an aq.Normal",
    "OrderedProbit": "use aq.OrderedLogistic",
    "HyperGeometric": _CUSTOM,
    "SkewNormal": _CUSTOM,
    "AsymmetricLaplace": _CUSTOM,
    "ExGaussian": _CUSTOM,
    "Wald": _CUSTOM,
    "Kumaraswamy": _CUSTOM,
    "Rice": _CUSTOM,
    "Moyal": _CUSTOM,
    "Triangular": _CUSTOM,
    "MvStudentT": _CUSTOM,
    "MatrixNormal": _CUSTOM,
    "KroneckerNormal": _CUSTOM,
    "Wishart": "use aq.LKJCholeskyCov",
    "CAR": _CUSTOM,
    "ICAR": _CUSTOM,
    "DirichletMultinomial": _CUSTOM,
    "DiscreteWeibull": _CUSTOM,
    "HurdlePoisson": _HURDLE,
    "HurdleNegativeBinomial": _HURDLE,
    "HurdleGamma": _HURDLE,
    "HurdleLogNormal": _HURDLE,
    "NUTS": "aq.sample is NUTS: give it target_accept= and max_treedepth=",
    "HMC": "aq.sample is NUTS: give it target_accept= and max_treedepth=",
    "HamiltonianMC": "aq.sample is NUTS: give it target_accept= and max_treedepth=",
    "MCMC": "use aq.sample(1_000, tune=1_000, chains=4)",
    "Metropolis": _STEPS,
    "Slice": _STEPS,
    "CompoundStep": _STEPS,
    "BinaryGibbsMetropolis": _STEPS,
    "CategoricalGibbsMetropolis": _STEPS,
    "DEMetropolisZ": _STEPS,
    "step_methods": _STEPS,
    "sample_smc": "use aq.sample",
    "sample_numpyro_nuts": "use aq.sample",
    "sample_blackjax_nuts": "use aq.sample",
    "sample_ppc": "use aq.sample_posterior_predictive(trace)",
    "fast_sample_posterior_predictive": "use aq.sample_posterior_predictive(trace)",
    "SVI": _FITS,
    "SVGD": _FITS,
    "ASVI": _FITS,
    "KLqp": _FITS,
    "Inference": _FITS,
    "MeanField": _FITS,
    "FullRank": _FITS,
    "CheckParametersConvergence": "use aq.ParameterChange, as in "
    "aq.fit(convergence=aq.ParameterChange())",
    "callbacks": "use aq.ParameterChange, as in aq.fit(convergence=aq.ParameterChange())",
    "find_MAP": "use aq.find_map",
    "optimizing": "use aq.find_map",
    "modelcontext": "the model is what `with aq.Model() as model:` gives",
    "model_to_graphviz": "use model.to_graphviz()",
    "render_model": "use model.to_graphviz()",
    "model_to_networkx": "use model.to_graphviz()",
    "do": "write the model anew in a function, with the value in place of the variable",
    "observe": "write the model anew in a function, with observed=",
    "to_inference_data": "aq.sample returns an xarray.DataTree already",
    "from_pymc": "aq.sample returns an xarray.DataTree already",
    "InferenceData": "aq.sample returns an xarray.DataTree already",
    "save_trace": _TREE,
    "load_trace": _TREE,
    "floatX": "leave it out: Aliquot computes in float64 whatever the array's dtype",
    "intX": "leave it out: whole numbers are int64 here",
    "gp": "write the covariance of an aq.MvNormal",
    "factor": "use aq.Potential(name, value)",
    "target": "use aq.Potential(name, value)",
    "deterministic": "use aq.Deterministic(name, value)",
    "plate": "give the variable shape= or dims=",
    "stats": "it is ArviZ's: import arviz as az; az.summary(trace)",
    "tt": "use NumPy's functions, or aq.math",
    "pytensor": "use NumPy's functions, or aq.math",
    **{name: f"use aq.{ours}" for name, ours in _FAMILIES.items()},
    **{name: _arviz(call) for name, call in _ARVIZ.items()},
}

_LOG_DENSITY = (
    "use model.density().evaluate(x), with x the unconstrained coordinates, such as "
    "model.density().start; model.debug() prints it variable by variable"
)
_GRADIENT = (
    "differentiate model.density().log_density(x, model.density().data) by x with jax.grad, "
    "inside `with jax.enable_x64(True):`"
)

MODEL: Mapping[str, str] = {
    "named_vars": "use model.variables",
    "vars": "use model.variables",
    "basic_RVs": "use model.free and model.observed",
    "free_RVs": "use model.free",
    "unobserved_RVs": "use model.free and model.deterministics",
    "unobserved_value_vars": "use model.free and model.deterministics",
    "value_vars": "use model.free",
    "continuous_value_vars": "use model.free",
    "discrete_value_vars": "use model.free",
    "observed_RVs": "use model.observed",
    "data_vars": "use model.data",
    "add_coord": "use model.add_dim(name, labels)",
    "add_coords": "use model.add_dim(name, labels)",
    "set_dim": "use model.set_data({}, coords={dim: labels})",
    "dim_lengths": "use model.coords.length(dim)",
    "named_vars_to_dims": "use model[name].dims",
    "eval_rv_shapes": "use model[name].shape",
    "rvs_to_values": "use model.free",
    "rvs_to_transforms": "use model[name].transform",
    "set_initval": "give initval= where the variable is written, or initvals= to aq.sample",
    "initial_values": "give initval= where the variable is written, or initvals= to aq.sample",
    "initial_point": "use model.density().start, the start point in unconstrained coordinates",
    "logp": _LOG_DENSITY,
    "compile_logp": _LOG_DENSITY,
    "logp_dlogp_function": _GRADIENT,
    "dlogp": _GRADIENT,
    "compile_dlogp": _GRADIENT,
    "d2logp": _GRADIENT,
    "compile_d2logp": _GRADIENT,
    "datalogp": "use model.log_likelihood(point), with a value for each free variable",
    "observedlogp": "use model.log_likelihood(point), with a value for each free variable",
    "varlogp": _LOG_DENSITY,
    "compile_fn": "use aq.Deterministic, which is recorded with the draws",
    "point_logps": "use model.debug()",
    "check_start_vals": "use model.debug()",
    "profile": "use model.marginalization() for what summing out costs",
    "str_repr": "use repr(model)",
    "table": "use repr(model)",
    "to_latex": "use repr(model)",
    "copy": "write the model in a function, and call that again",
    "fit": "use aq.fit(model=model)",
    "sample": "use aq.sample(model=model)",
    "optimize": "use aq.find_map(model=model)",
}

EXPRESSION: Mapping[str, str] = {
    "eval": "it has no value before sampling: aq.sample_prior_predictive draws some, and "
    "aq.Deterministic records it",
    "numpy": "it has no value before sampling: aq.sample_prior_predictive draws some, and "
    "aq.Deterministic records it",
    "item": "it has no value before sampling: aq.sample_prior_predictive draws some, and "
    "aq.Deterministic records it",
    "tolist": "it has no value before sampling: aq.sample_prior_predictive draws some, and "
    "aq.Deterministic records it",
    "get_value": "use x.value_now(), which gives the values of aq.Data",
    "set_value": "use aq.set_data({name: values})",
    "random": "use aq.sample_prior_predictive",
    "logp": "use dist.log_prob(value), with dist = x.distribution",
    "log_prob": "use dist.log_prob(value), with dist = x.distribution",
    "dist": "use x.distribution",
    "dimshuffle": "index with None, as in x[:, None], or use x.transpose",
    "norm": "use np.linalg.norm(x)",
    "set": "use np.where(condition, new, x), or aq.lift with jax.numpy's x.at[i].set(new)",
    "at": "use np.where(condition, new, x), or aq.lift with jax.numpy's x.at[i].set(new)",
}

DISTRIBUTION: Mapping[str, str] = {
    "rvs": "use dist.sample((3, 2))",
    "random": "use dist.sample((3, 2))",
    "eval": "use dist.sample()",
    "logp": "use dist.log_prob(value)",
    "logpdf": "use dist.log_prob(value)",
    "logpmf": "use dist.log_prob(value)",
    "pdf": "use np.exp(dist.log_prob(value))",
    "pmf": "use np.exp(dist.log_prob(value))",
    "std": "use np.sqrt(dist.variance())",
    "var": "use dist.variance()",
    "expand": "give shape= where it is made",
}

DISTRIBUTIONS: Mapping[str, str] = {"transforms": "use aq.transforms"}

TRANSFORMS: Mapping[str, str] = {
    "univariate_ordered": "use aq.transforms.ordered",
    "multivariate_ordered": "use aq.transforms.ordered",
    "OrderedTransform": "use aq.transforms.ordered",
    "sum_to_1": "use aq.transforms.simplex",
    "stick_breaking": "use aq.transforms.simplex",
    "StickBreaking": "use aq.transforms.simplex",
    "SimplexTransform": "use aq.transforms.simplex",
    "LogTransform": "use aq.transforms.log",
    "LogExpM1": "use aq.transforms.log",
    "log_exp_m1": "use aq.transforms.log",
    "LogOddsTransform": "use aq.transforms.logodds",
    "CircularTransform": "use aq.transforms.circular",
    "CholeskyCovPacked": "leave it out: aq.LKJCholeskyCov has the right one",
    "Chain": "leave it out: aq.transforms.ordered goes with the support's own transform",
    "ZeroSumTransform": "use aq.Normal, minus its mean: x - x.mean()",
}

MATH: Mapping[str, str] = {
    "constant": "use aq.constant(values)",
    "as_tensor_variable": "use aq.constant(values)",
    "as_tensor": "use aq.constant(values)",
    "cast": "use x.astype(dtype)",
    "logdet": "use np.linalg.slogdet(x)[1]",
    "det": "use np.linalg.det(x)",
    "inv": "use np.linalg.inv(x)",
    "matrix_inverse": "use np.linalg.inv(x)",
    "solve": "use np.linalg.solve(a, b)",
    "cholesky": "use np.linalg.cholesky(x)",
    "norm": "use np.linalg.norm(x)",
    "linalg": "use NumPy's functions, such as np.linalg.solve(a, b)",
    "logdiffexp": "use a + np.log1p(-np.exp(b - a)), or aq.lift",
    "set_subtensor": "use np.where(condition, new, x), or aq.lift with jax.numpy's "
    "x.at[i].set(new)",
    "inc_subtensor": "use np.where(condition, x + more, x), or aq.lift with jax.numpy's "
    "x.at[i].add(more)",
    "block_diagonal": "use aq.lift(jax.scipy.linalg.block_diag)(a, b)",
    "expand_packed_triangular": "leave it out: aq.LKJCholeskyCov gives the factor as a matrix",
    "scan": "use aq.lift, with jax.lax.scan inside",
    "cartesian": "build the grid with np.meshgrid from known numbers",
    "kron_dot": "use aq.math.kron(a, b) @ x",
    "kron_diag": "use aq.math.kron(a, b)",
}

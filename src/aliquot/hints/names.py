"""What to use in place of other libraries' names."""

from __future__ import annotations

from collections.abc import Mapping

from aliquot.hints.explain import for_all


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
    **for_all("plot_posterior plot_density plot_kde", "plot_dist(trace)"),
    "plot_violin": "plot_ridge(trace)",
    "plot_hdi": "hdi(trace)",
    "traceplot": "plot_trace(trace)",
    "forestplot": "plot_forest(trace)",
    "autocorrplot": "plot_autocorr(trace)",
    "plot_ppc": "plot_ppc_dist(trace), after trace = aq.sample_posterior_predictive(trace)",
    "plot_bpv": "plot_ppc_tstat(trace), after trace = aq.sample_posterior_predictive(trace)",
    "plot_loo_pit": "plot_loo_pit(trace), after trace = aq.sample_posterior_predictive(trace) "
    "and trace = aq.compute_log_likelihood(trace)",
    **for_all("loo waic", "loo(trace), after trace = aq.compute_log_likelihood(trace)"),
    "reloo": "reloo(aq.leave_out(trace), az.loo(trace, pointwise=True)), after "
    "trace = aq.compute_log_likelihood(trace)",
    **for_all(
        "loo_kfold kfold",
        "loo_kfold(trace, aq.leave_out(trace), k=2), after trace = "
        "aq.compute_log_likelihood(trace)",
    ),
    "loo_moment_match": "loo_moment_match(trace, az.loo(trace, pointwise=True), "
    "**aq.leave_out(trace).moment_matching()), after trace = aq.compute_log_likelihood(trace)",
    "compare": "compare({'one': trace, 'other': trace2}), each after aq.compute_log_likelihood",
    "plot_compare": "plot_compare(az.compare({'one': trace, 'other': trace2})), each after "
    "aq.compute_log_likelihood",
    "plot_khat": "plot_khat(az.loo(trace, pointwise=True)), after "
    "trace = aq.compute_log_likelihood(trace)",
}

# The names that other libraries have for a family.
_FAMILIES = {
    "AsymmetricLaplace": "AsymmetricLaplaceQuantile laplace_asymmetric",
    "Bernoulli": "BernoulliLogits BernoulliProbs bernoulli_logit",
    "Binomial": "BinomialLogits BinomialProbs binom",
    "Categorical": "CategoricalLogits CategoricalProbs categorical_logit",
    "ChiSquared": "Chi2 chi2",
    "DirichletMultinomial": "dirichlet_multinomial",
    "DiscreteUniform": "randint",
    "ExGaussian": "exponnorm ExpModifiedNormal exp_mod_normal exgaussian",
    "Exponential": "expon",
    "Flat": "ImproperUniform",
    "Geometric": "geom",
    "Gumbel": "gumbel_r",
    "HalfNormal": "halfnorm",
    "HyperGeometric": "hypergeom",
    "InverseGamma": "inv_gamma invgamma",
    "LKJCholeskyCov": "LKJCholesky lkj_corr_cholesky",
    "LKJCorr": "LKJ lkj_corr",
    "Laplace": "double_exponential",
    "LogNormal": "lognorm",
    "MarkovChain": "DiscreteHMM DiscreteMarkovChain",
    "Mixture": "MixtureSameFamily MixtureGeneral",
    "MvNormal": "MultivariateNormal multi_normal multivariate_normal",
    "MvStudentT": "MultivariateStudentT multi_student_t multivariate_t",
    "NegativeBinomial": "NegativeBinomial2 NegativeBinomialProbs neg_binomial neg_binomial_2 "
    "nbinom",
    "Normal": "norm",
    "OrderedProbit": "ordered_probit",
    "Poisson": "poisson_log",
    "SkewNormal": "skewnorm",
    "StudentT": "t",
    "TruncatedNormal": "truncnorm",
    "Weibull": "weibull_min",
}

_CUSTOM = (
    "write its log density: aq.CustomDist(name, mu, sigma, logp=f), with f(value, mu, sigma) "
    "written with jax.numpy"
)
# What is out of reach by design: the page says why, and where to go.
_OUT_OF_REACH = "docs/out_of_reach.md says what is, and where to go"

NAMES: Mapping[str, str] = {
    "MutableData": "use aq.Data, which can always be replaced",
    "ConstantData": "use aq.Data, or the array itself",
    "Minibatch": "leave it out, and use batch_size=, as in aq.fit(method='advi', batch_size=500)",
    "get_data": "read a file with NumPy or pandas, such as pandas.read_csv(path)",
    **for_all(
        "SamplingWrapper PyMCSamplingWrapper",
        "use aq.leave_out(trace), which makes a sampling wrapper of ArviZ's",
    ),
    "lfo_cv": "use aq.leave_future_out(trace, first=10)",
    "MarginalMixture": "use aq.Mixture, which is always summed out",
    "marginalize": "leave it out: discrete variables are summed out by themselves, and "
    "aq.recover(trace) gives them back",
    "recover_marginals": "use aq.recover(trace)",
    "logp": "use dist.log_prob(value), with dist made by aq.<Family>.dist(...)",
    "logcdf": "lift JAX's: aq.lift(jax.scipy.stats.norm.logcdf)(x, mu, sigma)",
    "icdf": "lift JAX's: aq.lift(jax.scipy.stats.norm.ppf)(q, mu, sigma)",
    "draw": "use aq.sample_prior_predictive, or dist.sample(100) with dist made by "
    "aq.<Family>.dist(...)",
    **for_all("DensityDist Wald Rice Moyal PolyaGamma", _CUSTOM),
    **for_all(
        "Simulator sample_abc ABC",
        "inference needs a likelihood: write it down, aq.CustomDist(name, logp=f); "
        f"{_OUT_OF_REACH}",
    ),
    **for_all(
        "BART bart",
        f"sums of trees are out of reach: write a basis, such as splines, times coefficients that "
        f"are aq.Normal; {_OUT_OF_REACH}",
    ),
    **for_all(
        "ode DifferentialEquation odeint",
        f"solve it inside aq.lift(f), with jax.experimental.ode.odeint; {_OUT_OF_REACH}",
    ),
    "Triangular": "use aq.Interpolated, with points lower, c, upper and heights 0, 1, 0",
    **for_all("MatrixNormal KroneckerNormal CAR ICAR", _CUSTOM),
    "Bound": "use aq.Truncated, as in aq.Truncated(name, aq.Normal.dist(0, 1), lower=0)",
    **for_all(
        "DiracDelta ConstantDist Delta",
        "use the value itself: NumPy arrays and numbers need no wrapping",
    ),
    "LogitNormal": "use aq.math.expit of an aq.Normal",
    "Wishart": "use aq.LKJCholeskyCov",
    **for_all(
        "NUTS HMC HamiltonianMC", "aq.sample is NUTS: give it target_accept= and max_treedepth="
    ),
    "MCMC": "use aq.sample(1_000, tune=1_000, chains=4)",
    **for_all(
        "Metropolis Slice CompoundStep BinaryGibbsMetropolis CategoricalGibbsMetropolis "
        "DEMetropolisZ step_methods",
        "aq.sample is NUTS, which needs no step methods",
    ),
    **for_all("sample_numpyro_nuts sample_blackjax_nuts", "use aq.sample"),
    "sample_smc": "use aq.sample(sampler='tempered'), and aq.log_evidence(trace) for the marginal "
    "likelihood",
    **for_all(
        "bridge_sampler bridgesampling log_marginal_likelihood marginal_likelihood logml "
        "NestedSampler",
        "use aq.log_evidence(trace)",
    ),
    **for_all(
        "bayes_factor plot_bf",
        "take the difference of aq.log_evidence(trace, model).value of two models",
    ),
    **for_all(
        "sample_ppc fast_sample_posterior_predictive",
        "use aq.sample_posterior_predictive(trace)",
    ),
    **for_all(
        "SVI SVGD ASVI KLqp Inference MeanField FullRank",
        "use aq.fit, or aq.ADVI and aq.FullRankADVI",
    ),
    **for_all(
        "CheckParametersConvergence callbacks",
        "use aq.ParameterChange, as in aq.fit(convergence=aq.ParameterChange())",
    ),
    **for_all("find_MAP optimizing", "use aq.find_map"),
    "modelcontext": "the model is what `with aq.Model() as model:` gives",
    **for_all("model_to_graphviz render_model model_to_networkx", "use model.to_graphviz()"),
    **for_all(
        "to_inference_data from_pymc InferenceData", "aq.sample returns an xarray.DataTree already"
    ),
    **for_all("save_trace load_trace", "use trace.to_netcdf(path), and xarray.open_datatree(path)"),
    "floatX": "leave it out: Aliquot computes in float64 whatever the array's dtype",
    "intX": "leave it out: whole numbers are int64 here",
    "gp": f"write the covariance of an aq.MvNormal; {_OUT_OF_REACH}",
    **for_all("factor target", "use aq.Potential(name, value)"),
    "deterministic": "use aq.Deterministic(name, value)",
    "plate": "give the variable shape= or dims=",
    "stats": "it is ArviZ's: import arviz as az; az.summary(trace)",
    **for_all("tt pytensor", "use NumPy's functions, or aq.math"),
    **{name: f"use aq.{ours}" for ours, names in _FAMILIES.items() for name in names.split()},
    **{name: _arviz(call) for name, call in _ARVIZ.items()},
}

MODEL: Mapping[str, str] = {
    **for_all("named_vars vars", "use model.variables"),
    "basic_RVs": "use model.free and model.observed",
    **for_all(
        "free_RVs value_vars continuous_value_vars discrete_value_vars rvs_to_values",
        "use model.free",
    ),
    **for_all("unobserved_RVs unobserved_value_vars", "use model.free and model.deterministics"),
    "observed_RVs": "use model.observed",
    "data_vars": "use model.data",
    **for_all("add_coord add_coords", "use model.add_dim(name, labels)"),
    "set_dim": "use model.set_data({}, coords={dim: labels})",
    "dim_lengths": "use model.coords.length(dim)",
    "named_vars_to_dims": "use model[name].dims",
    "eval_rv_shapes": "use model[name].shape",
    "rvs_to_transforms": "use model[name].transform",
    **for_all(
        "set_initval initial_values",
        "give initval= where the variable is written, or initvals= to aq.sample",
    ),
    "initial_point": "use model.density().start, the start point in unconstrained coordinates",
    **for_all(
        "logp compile_logp varlogp",
        "use model.density().evaluate(x), with x the unconstrained coordinates, such as "
        "model.density().start; model.debug() prints it variable by variable",
    ),
    **for_all(
        "logp_dlogp_function dlogp compile_dlogp d2logp compile_d2logp",
        "differentiate model.density().log_density(x, model.density().data) by x with jax.grad, "
        "inside `with jax.enable_x64(True):`",
    ),
    **for_all(
        "datalogp observedlogp",
        "use model.log_likelihood(point), with a value for each free variable",
    ),
    "compile_fn": "use aq.Deterministic, which is recorded with the draws",
    **for_all("point_logps check_start_vals", "use model.debug()"),
    "profile": "use model.marginalization() for what summing out costs",
    **for_all("str_repr table to_latex", "use repr(model)"),
    "copy": "write the model in a function, and call that again",
    "fit": "use aq.fit(model=model)",
    "sample": "use aq.sample(model=model)",
    "optimize": "use aq.find_map(model=model)",
}

_SET = "use np.where(condition, new, x), or aq.lift with jax.numpy's x.at[i].set(new)"

EXPRESSION: Mapping[str, str] = {
    **for_all(
        "eval numpy item tolist",
        "it has no value before sampling: aq.sample_prior_predictive draws some, and "
        "aq.Deterministic records it",
    ),
    "get_value": "use x.value_now(), which gives the values of aq.Data",
    "set_value": "use aq.set_data({name: values})",
    "random": "use aq.sample_prior_predictive",
    **for_all("logp log_prob", "use dist.log_prob(value), with dist = x.distribution"),
    "dist": "use x.distribution",
    "dimshuffle": "index with None, as in x[:, None], or use x.transpose",
    "norm": "use np.linalg.norm(x)",
    **for_all("set at", _SET),
}

DISTRIBUTION: Mapping[str, str] = {
    **for_all("rvs random", "use dist.sample((3, 2))"),
    "eval": "use dist.sample()",
    **for_all("logp logpdf logpmf", "use dist.log_prob(value)"),
    **for_all("pdf pmf", "use np.exp(dist.log_prob(value))"),
    "std": "use np.sqrt(dist.variance())",
    "var": "use dist.variance()",
    "expand": "give shape= where it is made",
}

DISTRIBUTIONS: Mapping[str, str] = {"transforms": "use aq.transforms"}

TRANSFORMS: Mapping[str, str] = {
    **for_all(
        "univariate_ordered multivariate_ordered OrderedTransform", "use aq.transforms.ordered"
    ),
    **for_all(
        "sum_to_1 stick_breaking StickBreaking SimplexTransform", "use aq.transforms.simplex"
    ),
    **for_all("LogTransform LogExpM1 log_exp_m1", "use aq.transforms.log"),
    "LogOddsTransform": "use aq.transforms.logodds",
    "CircularTransform": "use aq.transforms.circular",
    "CholeskyCovPacked": "leave it out: aq.LKJCholeskyCov has the right one",
    "Chain": "leave it out: aq.transforms.ordered goes with the support's own transform",
    **for_all("ZeroSumTransform zerosum", "use aq.transforms.zero_sum"),
}

MATH: Mapping[str, str] = {
    **for_all("constant as_tensor_variable as_tensor", "use aq.constant(values)"),
    "cast": "use x.astype(dtype)",
    "logdet": "use np.linalg.slogdet(x)[1]",
    "det": "use np.linalg.det(x)",
    **for_all("inv matrix_inverse", "use np.linalg.inv(x)"),
    "solve": "use np.linalg.solve(a, b)",
    "cholesky": "use np.linalg.cholesky(x)",
    "norm": "use np.linalg.norm(x)",
    "linalg": "use NumPy's functions, such as np.linalg.solve(a, b)",
    "logdiffexp": "use a + np.log1p(-np.exp(b - a)), or aq.lift",
    "set_subtensor": _SET,
    "inc_subtensor": "use np.where(condition, x + more, x), or aq.lift with jax.numpy's "
    "x.at[i].add(more)",
    "block_diagonal": "use aq.lift(jax.scipy.linalg.block_diag)(a, b)",
    "expand_packed_triangular": "leave it out: aq.LKJCholeskyCov gives the factor as a matrix",
    **for_all("scan map_fn fori_loop while_loop", "use aq.scan(step, init, xs)"),
    "cartesian": "build the grid with np.meshgrid from known numbers",
    "kron_dot": "use aq.math.kron(a, b) @ x",
    "kron_diag": "use aq.math.kron(a, b)",
}

"""What to use in place of PyMC's names and arguments that Aliquot does not have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps

_TREE = "leave it out: the result is always an xarray.DataTree in ArviZ's schema"
_NUTS = "leave it out: aq.sample draws with Aliquot's own NUTS"
_PLAIN = "leave it out: there is no such setting here"
_ARVIZ = "it is ArviZ's: import arviz and give it the result of aq.sample"
_CUSTOM = (
    "write the log density as a term, aq.Potential(name, aq.lift(f)(x, ...)), with x an aq.Flat, "
    "aq.HalfFlat or any variable of the right support"
)

NAMES: Mapping[str, str] = {
    "MutableData": "use aq.Data, which can always be replaced",
    "ConstantData": "use aq.Data, or the array itself",
    "MarginalMixture": "use aq.Mixture, which is always summed out",
    "logp": "use dist.log_prob(value), with dist made by aq.<Family>.dist(...)",
    "logcdf": "lift JAX's: aq.lift(jax.scipy.stats.norm.logcdf)(x, mu, sigma)",
    "draw": "use aq.sample_prior_predictive, or aq.<Family>.dist(...).sample()",
    "AR": "write its terms: aq.Normal('x', mu=rho * past, sigma=..., observed=...), or use "
    "aq.GaussianRandomWalk",
    "CustomDist": _CUSTOM,
    "DensityDist": _CUSTOM,
    "Censored": "give the uncensored values as observed=, and the log probability of the censored "
    "ones as aq.Potential(name, aq.lift(jax.scipy.stats.norm.logsf)(bound, mu, sigma))",
    "NUTS": "aq.sample is NUTS: give it target_accept= and max_treedepth=",
    "Metropolis": "aq.sample is NUTS, which needs no step methods",
    "find_MAP": "use aq.find_map",
    "modelcontext": "the model is what `with aq.Model() as model:` gives",
    "model_to_graphviz": "use model.to_graphviz()",
    "summary": _ARVIZ,
    "loo": f"{_ARVIZ}, after aq.compute_log_likelihood(trace)",
    "plot_trace": _ARVIZ,
    "plot_posterior": _ARVIZ,
    "to_inference_data": "aq.sample returns an xarray.DataTree already",
}

MODEL: Mapping[str, str] = {
    "named_vars": "use model.variables",
    "basic_RVs": "use model.free and model.observed",
    "free_RVs": "use model.free",
    "unobserved_RVs": "use model.free and model.deterministics",
    "value_vars": "use model.free",
    "observed_RVs": "use model.observed",
    "add_coord": "use model.add_dim(name, labels)",
    "add_coords": "use model.add_dim(name, labels)",
    "dim_lengths": "use model.coords.length(dim)",
    "initial_point": "use model.density().start, the start point in unconstrained coordinates",
    "logp": "use model.density().log_density",
    "compile_logp": "use model.density().log_density",
    "point_logps": "use model.debug()",
    "check_start_vals": "use model.debug()",
}

SAMPLE: Mapping[str, str] = {
    "return_inferencedata": _TREE,
    "idata_kwargs": "for the pointwise log likelihood call aq.compute_log_likelihood(trace)",
    "var_names": "every variable is recorded; choose afterwards, as in trace.posterior[['mu']]",
    "start": "use initvals=",
    "trace": _PLAIN,
    "step": _NUTS,
    "nuts_sampler": _NUTS,
    "nuts_sampler_kwargs": _NUTS,
    "nuts": "give target_accept= and max_treedepth= by themselves",
    "n_init": "leave it out: init= says how the metric adapts",
    "jitter_max_retries": "leave it out: start points that are not finite are tried again",
    "discard_tuned_samples": "keep_warmup=True keeps the warm-up",
    "keep_warning_stat": "leave it out: aq.check(trace) gives the findings as records",
    "callback": _PLAIN,
    "njobs": "use cores=",
    "blas_cores": _PLAIN,
    "mp_ctx": "leave it out: chains run in threads",
    "compile_kwargs": _PLAIN,
    "quiet": "use progressbar=False",
}

PREDICT: Mapping[str, str] = {
    "return_inferencedata": _TREE,
    "extend_inferencedata": "leave it out: the result is the trace with the new group added",
    "idata_kwargs": _PLAIN,
    "progressbar": "leave it out: predictions are drawn all at once",
    "samples": "one prediction is drawn for each posterior draw; the prior takes draws=",
    "size": "one prediction is drawn for each posterior draw",
    "keep_size": "leave it out: chains and draws are always kept apart",
    "sample_dims": _PLAIN,
    "compile_kwargs": _PLAIN,
}

FIT: Mapping[str, str] = {
    "obj_optimizer": "use optimizer=, an optax optimiser such as optax.adam(0.01)",
    "obj_n_mc": "use n_samples=, where the approximation is made",
    "score": "leave it out: the loss is always kept, in approx.hist",
    "start_sigma": _PLAIN,
    "total_grad_norm_constraint": "use optimizer=, with optax.clip_by_global_norm",
    "inf_kwargs": "give the arguments by themselves",
}

FIND_MAP: Mapping[str, str] = {
    "vars": "every free variable is maximised over",
    "method": "leave it out: it is SciPy's L-BFGS-B",
    "return_raw": "leave it out: the attributes of the result say how it ended",
    "include_transformed": "leave it out: values are on the variables' own scale",
    "progressbar": "leave it out: it takes little time, and Ctrl-C keeps the best point so far",
    "progressbar_theme": _PLAIN,
    "maxeval": "use maxiter=",
    "seed": "use random_seed=",
}

FAMILY: Mapping[str, str] = {
    "sd": "use sigma",
    "size": "use shape",
    "testval": "use initval",
    "default_transform": "use transform",
    "total_size": "the whole data are always used",
    "rng": "give random_seed to aq.sample",
    "Sigma": "use cov",
    "init": "use init_dist",
    "compute_p": "probabilities are not recorded: use aq.Deterministic",
}


def missing(owner: str, name: str, hints: Mapping[str, str]) -> AttributeError:
    """Make the error for an attribute that is not there."""
    hint = f": {hints[name]}" if name in hints else ""
    return AttributeError(f"{owner} has no attribute {name!r}{hint}")


def explained[**P, R](hints: Mapping[str, str]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function say what to use in place of arguments that it does not take.

    Examples
    --------
    >>> from aliquot.porting import explained
    >>> @explained({"start": "use initvals="})
    ... def sample(initvals=None): ...
    >>> sample(start=1)
    Traceback (most recent call last):
    TypeError: sample() takes no argument 'start': use initvals=
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def told(*args: P.args, **kwargs: P.kwargs) -> R:
            for name in kwargs:
                if name in hints:
                    raise TypeError(
                        f"{function.__name__}() takes no argument {name!r}: {hints[name]}"
                    )
            return function(*args, **kwargs)

        return told

    return decorate

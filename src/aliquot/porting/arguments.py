"""What to use in place of other libraries' arguments, function by function."""

from __future__ import annotations

from collections.abc import Mapping

from aliquot.porting.explain import BY_POSITION

_TREE = "leave it out: the result is always an xarray.DataTree in ArviZ's schema"
_NUTS = "leave it out: aq.sample draws with Aliquot's own NUTS"
_NUTS_OPTIONS = "give target_accept= and max_treedepth= by themselves"
_PLAIN = "leave it out: there is no such setting here"
_SEED = "use random_seed="
_INITVALS = "use initvals="
_RECORDED = "every variable is recorded; choose afterwards, as in trace.posterior.dataset[['mu']]"

SAMPLE: Mapping[str, str] = {
    "return_inferencedata": _TREE,
    "idata_kwargs": "for the pointwise log likelihood call aq.compute_log_likelihood(trace)",
    "var_names": _RECORDED,
    "start": _INITVALS,
    "init_params": _INITVALS,
    "inits": _INITVALS,
    "initial_params": _INITVALS,
    "trace": _PLAIN,
    "backend": _PLAIN,
    "step": _NUTS,
    "nuts_sampler": _NUTS,
    "sampler": _NUTS,
    "nuts_sampler_kwargs": _NUTS_OPTIONS,
    "nuts_kwargs": _NUTS_OPTIONS,
    "step_kwargs": _NUTS_OPTIONS,
    "nuts": _NUTS_OPTIONS,
    "adapt_delta": "use target_accept=",
    "target_accept_prob": "use target_accept=",
    "max_depth": "use max_treedepth=",
    "n_init": "leave it out: init= says how the metric adapts",
    "jitter_max_retries": "leave it out: start points that are not finite are tried again",
    "discard_tuned_samples": "keep_warmup=True keeps the warm-up",
    "save_warmup": "use keep_warmup=",
    "keep_warning_stat": "leave it out: aq.check(trace) gives the findings as records",
    "callback": _PLAIN,
    "samples": "use draws=",
    "num_samples": "use draws=",
    "iter_sampling": "use draws=",
    "iter": "use draws= and tune=, which are counted apart",
    "warmup": "use tune=",
    "num_warmup": "use tune=",
    "iter_warmup": "use tune=",
    "burn": "use tune=, which is not part of draws=",
    "num_chains": "use chains=",
    "parallel_chains": "use cores=",
    "chain_method": "leave it out: chains run in threads",
    "njobs": "use cores=",
    "n_jobs": "use cores=",
    "thin": "take every tenth draw afterwards: trace.posterior.isel(draw=slice(None, None, 10))",
    "seed": _SEED,
    "random_state": _SEED,
    "rng": "use random_seed=, which takes a NumPy Generator, too",
    "rng_key": "use random_seed=, a whole number",
    "data": "data are part of the model: give them as observed=, or as aq.Data",
    "blas_cores": _PLAIN,
    "mp_ctx": "leave it out: chains run in threads",
    "compile_kwargs": _PLAIN,
    "quiet": "use progressbar=False",
    "progressbar_theme": _PLAIN,
}

PREDICT: Mapping[str, str] = {
    "return_inferencedata": _TREE,
    "extend_inferencedata": "leave it out: the result is the trace with the new group added",
    "idata_kwargs": _PLAIN,
    "progressbar": "leave it out: predictions are drawn all at once",
    "progressbar_theme": _PLAIN,
    "samples": "leave it out: one prediction is drawn for each posterior draw",
    "size": "leave it out: one prediction is drawn for each posterior draw",
    "keep_size": "leave it out: chains and draws are always kept apart",
    "sample_dims": _PLAIN,
    "sample_vars": _PLAIN,
    "freeze_vars": _PLAIN,
    "volatile_vars": _PLAIN,
    "vars": "use var_names=",
    "compile_kwargs": _PLAIN,
    "seed": _SEED,
    "random_state": _SEED,
    "rng": "use random_seed=, which takes a NumPy Generator, too",
}

PRIOR: Mapping[str, str] = {
    **PREDICT,
    "samples": "use draws=",
    "size": "use draws=",
    "num_samples": "use draws=",
    BY_POSITION: "the model goes in as model=, names as var_names=",
}

DRAW: Mapping[str, str] = {
    "size": "the shape of the draws comes first: dist.sample((3, 2))",
    "shape": "the shape of the draws comes first: dist.sample((3, 2))",
    "draws": "the number of draws comes first: dist.sample(100)",
    "rng": "use random_seed=, which takes a NumPy Generator, too",
    "random_state": "use random_seed=, which takes a NumPy Generator, too",
    "seed": _SEED,
    "key": "use random_seed=, a whole number or a NumPy Generator",
    BY_POSITION: "the shape of the draws comes first, the seed by name: "
    "dist.sample((3, 2), random_seed=1)",
}

FIT: Mapping[str, str] = {
    "obj_optimizer": "use optimizer=, an optax optimiser such as optax.adam(0.01)",
    "obj_n_mc": "use n_samples=, where the approximation is made",
    "more_obj_params": _PLAIN,
    "more_tf_params": _PLAIN,
    "more_updates": _PLAIN,
    "fn_kwargs": _PLAIN,
    "score": "leave it out: the loss is always kept, in approx.hist",
    "start_sigma": _PLAIN,
    "local_rv": _PLAIN,
    "more_replacements": "leave it out: the whole data are always used",
    "total_grad_norm_constraint": "use optimizer=, with optax.clip_by_global_norm",
    "inf_kwargs": "give the arguments by themselves",
    "progressbar_theme": _PLAIN,
    "seed": _SEED,
    "num_steps": "use n=",
    "iter": "use n=",
    "draws": "use n= for the iterations; approx.sample(1_000) draws",
}

FIND_MAP: Mapping[str, str] = {
    "vars": "every free variable is maximised over",
    "method": "leave it out: it is SciPy's L-BFGS-B",
    "return_raw": "leave it out: the attributes of the result say how it ended",
    "include_transformed": "leave it out: values are on the variables' own scale",
    "progressbar": "leave it out: it takes little time, and Ctrl-C keeps the best point so far",
    "progressbar_theme": _PLAIN,
    "maxeval": "use maxiter=",
    "fmin": _PLAIN,
    "seed": _SEED,
    BY_POSITION: "start values go in as start=, the model as model=",
}

FAMILY: Mapping[str, str] = {
    "sd": "use sigma",
    "scale": "use sigma, or what the family calls it",
    "loc": "use mu, or what the family calls it",
    "size": "use shape",
    "testval": "use initval",
    "default_transform": "use transform",
    "total_size": "leave it out: the whole data are always used",
    "rng": "give random_seed= to aq.sample",
    "Sigma": "use cov",
    "covariance_matrix": "use cov",
    "scale_tril": "use chol",
    "logits": "use logit_p",
    "probs": "use p",
    "rate": "use lam, beta or mu, as the family calls it",
    "df": "use nu",
    "obs": "use observed",
    "data": "use observed",
    "init": "use init_dist",
    "distribution": "use init_dist for the first value",
    "compute_p": "leave it out: probabilities are not recorded; use aq.Deterministic",
    "model": "write it inside the model's own with block",
}

DATA: Mapping[str, str] = {
    "mutable": "leave it out: aq.Data can always be replaced",
    "export_index_as_coords": "give the labels as coords=",
    "infer_dims_and_coords": "give dims= and coords=",
    "model": "write it inside the model's own with block",
}

DETERMINISTIC: Mapping[str, str] = {
    "model": "write it inside the model's own with block",
    "auto": _PLAIN,
    "var": "use value=",
    BY_POSITION: "write it inside the model's own with block, and give dims by name: dims=",
}

POTENTIAL: Mapping[str, str] = {
    **DETERMINISTIC,
    "dims": "leave it out: a potential is one term of the log density",
    BY_POSITION: "write it inside the model's own with block",
}

SET_DATA: Mapping[str, str] = {
    "new_data": "the new data come first: {name: values}",
    BY_POSITION: "data are given by name: {name: values}, new labels as coords=",
}

DEBUG: Mapping[str, str] = {
    "point": "use start=",
    "fn": "leave it out: log densities and parameters are looked at together",
    "verbose": _PLAIN,
}

MODEL_ARGUMENTS: Mapping[str, str] = {
    "name": "leave it out: a model has no name",
    "model": "leave it out: models are not nested",
    "check_bounds": "leave it out: data are checked where they are given",
    "coords_mutable": "use coords=, whose dims can always be replaced",
    BY_POSITION: "write aq.Model(coords={'group': ['a', 'b']})",
}

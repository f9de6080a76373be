"""What to use in place of other libraries' arguments, function by function."""

from __future__ import annotations

from collections.abc import Mapping

from aliquot.hints.explain import BY_POSITION, for_all

_TREE = "leave it out: the result is always an xarray.DataTree in ArviZ's schema"
_NONE = "leave it out: there is no such setting here"
_SEED = "use random_seed="
_GENERATOR = "use random_seed=, which takes a NumPy Generator, too"
_BLOCK = "write it inside the model's own with block"

SAMPLE: Mapping[str, str] = {
    "return_inferencedata": _TREE,
    "idata_kwargs": "for the pointwise log likelihood call aq.compute_log_likelihood(trace)",
    "var_names": "every variable is recorded; choose afterwards, as in "
    "trace.posterior.dataset[['mu']]",
    **for_all("start init_params inits initial_params", "use initvals="),
    **for_all("step nuts_sampler", "leave it out: aq.sample draws with Aliquot's own NUTS"),
    **for_all(
        "nuts_sampler_kwargs nuts_kwargs step_kwargs nuts",
        "give target_accept= and max_treedepth= by themselves",
    ),
    **for_all("adapt_delta target_accept_prob", "use target_accept="),
    "max_depth": "use max_treedepth=",
    "n_init": "leave it out: init= says how the metric adapts",
    "jitter_max_retries": "leave it out: start points that are not finite are tried again",
    "discard_tuned_samples": "keep_warmup=True keeps the warm-up",
    "save_warmup": "use keep_warmup=",
    "keep_warning_stat": "leave it out: aq.check(trace) gives the findings as records",
    **for_all("samples num_samples iter_sampling", "use draws="),
    "iter": "use draws= and tune=, which are counted apart",
    **for_all("warmup num_warmup iter_warmup", "use tune="),
    "burn": "use tune=, which is not part of draws=",
    "num_chains": "use chains=",
    **for_all("parallel_chains njobs n_jobs", "use cores="),
    **for_all("chain_method mp_ctx", "leave it out: chains run in threads"),
    "thin": "take every tenth draw afterwards: trace.posterior.isel(draw=slice(None, None, 10))",
    **for_all("seed random_state", _SEED),
    "rng": _GENERATOR,
    "rng_key": "use random_seed=, a whole number",
    "data": "data are part of the model: give them as observed=, or as aq.Data",
    "quiet": "use progressbar=False",
    **for_all("trace backend", "use store=, a folder that draws are written to"),
    "callback": "use until=, which ends a run that is precise",
    **for_all("blas_cores compile_kwargs progressbar_theme", _NONE),
}

PREDICT: Mapping[str, str] = {
    "return_inferencedata": _TREE,
    "extend_inferencedata": "leave it out: the result is the trace with the new group added",
    "progressbar": "leave it out: predictions are drawn all at once",
    **for_all("samples size", "leave it out: one prediction is drawn for each posterior draw"),
    "keep_size": "leave it out: chains and draws are always kept apart",
    "vars": "use var_names=",
    **for_all("seed random_state", _SEED),
    "rng": _GENERATOR,
    **for_all("idata_kwargs progressbar_theme compile_kwargs", _NONE),
    **for_all("sample_dims sample_vars freeze_vars volatile_vars", _NONE),
}

EVIDENCE: Mapping[str, str] = {
    **for_all("samples idata trace approx", "the trace or the approximation comes first"),
    **for_all("log_posterior logp", "give model=, whose density it is"),
    **for_all("method estimator", "leave it out: what comes first decides"),
    "repetitions": "leave it out: one run tells its error",
    **for_all("seed random_state", _SEED),
    "rng": _GENERATOR,
    **for_all("cores progressbar chains draws", _NONE),
}

PRIOR: Mapping[str, str] = {
    **PREDICT,
    **for_all("samples size num_samples", "use draws="),
    BY_POSITION: "the model goes in as model=, names as var_names=",
}

DRAW: Mapping[str, str] = {
    **for_all("size shape", "the shape of the draws comes first: dist.sample((3, 2))"),
    "draws": "the number of draws comes first: dist.sample(100)",
    **for_all("rng random_state", _GENERATOR),
    "seed": _SEED,
    "key": "use random_seed=, a whole number or a NumPy Generator",
    BY_POSITION: "the shape of the draws comes first, the seed by name: "
    "dist.sample((3, 2), random_seed=1)",
}

FIT: Mapping[str, str] = {
    "obj_optimizer": "use optimizer=, an optax optimiser such as optax.adam(0.01)",
    "obj_n_mc": "use n_samples=, where the approximation is made",
    "score": "leave it out: the loss is always kept, in approx.hist",
    "more_replacements": "use batch_size=: each iteration then looks at a batch of rows",
    "total_grad_norm_constraint": "use optimizer=, with optax.clip_by_global_norm",
    "inf_kwargs": "give the arguments by themselves",
    "seed": _SEED,
    **for_all("num_steps iter", "use n="),
    "draws": "use n= for the iterations; approx.sample(1_000) draws",
    **for_all("more_obj_params more_tf_params more_updates", _NONE),
    **for_all("fn_kwargs start_sigma local_rv progressbar_theme", _NONE),
}

FIND_MAP: Mapping[str, str] = {
    "vars": "every free variable is maximised over",
    "method": "leave it out: it is a Newton method with a trust region",
    "return_raw": "leave it out: the attributes of the result say how it ended",
    "include_transformed": "leave it out: values are on the variables' own scale",
    "progressbar": "leave it out: it takes little time, and Ctrl-C keeps the best point so far",
    "maxeval": "use maxiter=",
    "seed": _SEED,
    **for_all("progressbar_theme fmin", _NONE),
    BY_POSITION: "start values go in as start=, the model as model=",
}

FAMILY: Mapping[str, str] = {
    "sd": "use sigma",
    "scale": "use sigma, or what the family calls it",
    "loc": "use mu, or what the family calls it",
    "size": "use shape",
    "testval": "use initval",
    "default_transform": "use transform",
    "total_size": "leave it out: batch_size= of aq.ADVI makes a batch count for all rows",
    "rng": "give random_seed= to aq.sample",
    **for_all("Sigma covariance_matrix", "use cov"),
    "scale_tril": "use chol",
    "logits": "use logit_p",
    "probs": "use p",
    "rate": "use lam, beta or mu, as the family calls it",
    "df": "use nu",
    **for_all("obs data", "use observed"),
    "init": "use init_dist",
    "distribution": "use init_dist for the first value",
    "ar_order": "leave it out: it is the number of coefficients in rho",
    "support_shape": "use shape or dims",
    "compute_p": "leave it out: probabilities are not recorded; use aq.Deterministic",
    "model": _BLOCK,
}

CUSTOM: Mapping[str, str] = {
    **FAMILY,
    "dist": "write its log density, logp=",
    "logcdf": "leave it out: logp= is all that is needed",
    **for_all("moment support_point", "give initval= where the variable is written"),
    "signature": "use ndim_supp= and ndims_params=",
    "class_name": _NONE,
    "dtype": "use discrete=",
    "ndim": "use ndim_supp=",
    "event_dims": "use ndim_supp=",
}

DATA: Mapping[str, str] = {
    "mutable": "leave it out: aq.Data can always be replaced",
    "export_index_as_coords": "give the labels as coords=",
    "infer_dims_and_coords": "give dims= and coords=",
    "model": _BLOCK,
}

DETERMINISTIC: Mapping[str, str] = {
    "model": _BLOCK,
    "auto": _NONE,
    "var": "use value=",
    BY_POSITION: f"{_BLOCK}, and give dims by name: dims=",
}

POTENTIAL: Mapping[str, str] = {
    **DETERMINISTIC,
    "dims": "leave it out: a potential is one term of the log density",
    BY_POSITION: _BLOCK,
}

SET_DATA: Mapping[str, str] = {
    "new_data": "the new data come first: {name: values}",
    BY_POSITION: "data are given by name: {name: values}, new labels as coords=",
}

DO: Mapping[str, str] = {
    **for_all(
        "vars_to_interventions vars_to_observations", "the values go in second: {name: values}"
    ),
    "prune_vars": "leave it out: every variable stays in the model",
    "make_interventions_shared": "leave it out: values are aq.Data, which aq.set_data replaces",
}

DEBUG: Mapping[str, str] = {
    "point": "use start=",
    "fn": "leave it out: log densities and parameters are looked at together",
    "verbose": _NONE,
}

MODEL_ARGUMENTS: Mapping[str, str] = {
    "name": "leave it out: a model has no name",
    "model": "leave it out: models are not nested",
    "check_bounds": "leave it out: data are checked where they are given",
    "coords_mutable": "use coords=, whose dims can always be replaced",
    BY_POSITION: "write aq.Model(coords={'group': ['a', 'b']})",
}

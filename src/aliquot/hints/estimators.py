"""What to use in place of scikit-learn's and hmmlearn's names: arguments, and what a fit learns."""

from __future__ import annotations

from collections.abc import Mapping

from aliquot.hints.explain import BY_POSITION, for_all

_SEARCH = "leave it out: starts and tolerances are chosen by themselves"
_PRIORS = "leave it out: found.source_ shows the priors, and is a model to change"
_TRUST = (
    "a fit that cannot be trusted warns, and found.comparison_.table[['good', 'message']] says it"
)
_EVIDENCE = "use found.log_evidence_"
_INVERSE = "invert found.covariances_"
_ANSWERS = "use found.probabilities_, which has them by column"

_ALL: Mapping[str, str] = {
    **for_all("n_init max_iter tol n_iter init_params warm_start init_method", _SEARCH),
    **for_all("weights_init means_init precisions_init", _SEARCH),
    "verbose_interval": "use verbose=1",
    **for_all("n_clusters n_classes n_states nclass k K", "use n_components="),
    **for_all("seed random_seed rng", "use random_state="),
}

MIXTURE: Mapping[str, str] = {
    **_ALL,
    "reg_covar": "leave it out: the priors of covariances keep them from collapsing",
    **for_all(
        "weight_concentration_prior_type weight_concentration_prior mean_precision_prior "
        "mean_prior degrees_of_freedom_prior covariance_prior",
        _PRIORS,
    ),
}

LATENT_CLASS: Mapping[str, str] = {
    **MIXTURE,
    **for_all(
        "family measurement", "leave it out: all columns are answers; aq.estimators.Mixture has it"
    ),
}

REGRESSION: Mapping[str, str] = {
    **_ALL,
    "concomitant": "use weights=",
    "fit_intercept": "use formula='y ~ 0 + x', which has none",
}

HIDDEN_MARKOV: Mapping[str, str] = {
    **_ALL,
    "params": "leave it out: everything is fitted",
    "implementation": "leave it out: there is one, of logarithms",
    "min_covar": "leave it out: the priors of covariances keep them from collapsing",
    **for_all(
        "means_prior means_weight covars_prior covars_weight emissionprob_prior lambdas_prior "
        "lambdas_weight",
        _PRIORS,
    ),
    "n_features": "leave it out: the data tell",
    BY_POSITION: "what follows the number of states is given by name, as in "
    "HiddenMarkov(2, covariance_type='diag')",
}

# Hidden Markov models' ``sample``.
STATES_SAMPLED: Mapping[str, str] = {
    "currstate": "use found.forecast(X, steps), which goes on from where a sequence ends",
}

_LEARNT_BY_ALL: Mapping[str, str] = {
    **for_all("converged_ n_iter_ monitor_", _TRUST),
    **for_all("lower_bound_ lower_bounds_", _EVIDENCE),
    "comparison_": "it is left out where an estimator is pickled: fit again",
    "set_output": "leave it out: predictions are arrays",
}

# What some families have and others have not.
_LEARNT_OF_COLUMNS: Mapping[str, str] = {
    "means_": "it is of columns of real numbers; found.rates_ is of counts and "
    "found.probabilities_ of answers",
    "rates_": "it is of columns of counts; found.means_ is of real numbers and "
    "found.probabilities_ of answers",
    **for_all(
        "probabilities_ levels_",
        "it is of columns of answers; found.means_ is of real numbers and found.rates_ of counts",
    ),
    **for_all("lambdas_ lambda_", "use found.rates_"),
    **for_all("emissionprob_ feature_log_prob_", _ANSWERS),
}

MIXTURE_LEARNT: Mapping[str, str] = {
    **_LEARNT_BY_ALL,
    **_LEARNT_OF_COLUMNS,
    "labels_": "use found.predict(X)",
    "covariances_": "it is of columns of family 'normal' or 'student_t'; found.posterior_ has the "
    "draws of everything",
    "covars_": "use found.covariances_",
    **for_all("precisions_ precisions_cholesky_", _INVERSE),
    **for_all(
        "weight_concentration_ mean_precision_ degrees_of_freedom_ mean_prior_ covariance_prior_",
        "use found.posterior_, which has the draws of everything",
    ),
}

HIDDEN_MARKOV_LEARNT: Mapping[str, str] = {
    **_LEARNT_BY_ALL,
    **_LEARNT_OF_COLUMNS,
    "covars_": "it is of columns of family 'normal' or 'student_t'; found.posterior_ has the "
    "draws of everything",
    "covariances_": "use found.covars_",
    "weights_": "use found.startprob_ and found.transmat_",
    "n_features": "use found.n_features_in_",
}

REGRESSION_LEARNT: Mapping[str, str] = {
    **_LEARNT_BY_ALL,
    **for_all("coef_ intercept_ coefs_ components_", "use found.coefficients_"),
    "predict_proba": "use found.predict_component_proba(X)",
    "labels_": "use found.predict_components(X)",
    "weight_coefficients_": "it is there where weights= is given",
    "sigma_": "it is of families 'normal' and 'student_t'",
}

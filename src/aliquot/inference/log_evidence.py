"""``aq.log_evidence``: the marginal likelihood of the data, from draws or from an approximation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.arguments import as_seed
from aliquot.errors import ConvergenceWarning, ModelError, warn
from aliquot.evidence import LogEvidence
from aliquot.hints.arguments import EVIDENCE
from aliquot.hints.explain import explained
from aliquot.inference.approximation import Approximation
from aliquot.inference.evidence_of_approximation import evidence_of_approximation
from aliquot.inference.evidence_of_trace import evidence_of_trace
from aliquot.model import Model, resolve_model

if TYPE_CHECKING:
    import xarray

USER = "aq.log_evidence"
# Keeps these random numbers apart from all others of the same seed.
STREAM = 0xE71D


@explained(EVIDENCE)
def log_evidence(
    trace_or_approx: xarray.DataTree | Approximation,
    model: Model | None = None,
    *,
    random_seed: Any = None,
) -> LogEvidence:
    r"""Estimate the log of a model's evidence, which is the marginal likelihood of its data.

    All mirror images of a posterior are counted, whether draws went through all of them, stayed in
    one, were permuted, relabelled or ordered. So the value is the same for all of these.

    Parameters
    ----------
    trace_or_approx : xarray.DataTree or Approximation
        Draws of the posterior, from `sample`: by bridge sampling, or, of a tempered run, what it
        has found on the way. Or what `fit` returns: by importance sampling, which is quicker, and
        good where its draws can be corrected.
    model : Model, optional
        By default the one whose ``with`` block is running; an approximation knows its own.
    random_seed : int, sequence of int, numpy.random.Generator, optional

    Returns
    -------
    LogEvidence
        ``.value`` and its standard error ``.error`` in nats; ``.good`` and ``.message``, whether
        to believe it and what to do if not; ``.method``, ``.images`` and ``.second``.

    Raises
    ------
    ModelError
        For an improper prior, under which there is no evidence; a trace of another model or other
        data, with fewer than 30 draws a chain, or of an approximation.
    SupportError
        Where draws are nearer to a bound of their support than a float can be.

    Warns
    -----
    ConvergenceWarning
        Where the value should not be believed.

    Notes
    -----
    The evidence is :math:`p(y) = \int p(y \mid \theta)\, p(\theta)\, d\theta`, with the discrete
    variables summed out. It depends on priors, also on those that the posterior hardly depends on:
    a prior ten times as wide costs a model two nats for each parameter.

    Draws are folded into one cell of the model's symmetries (`Model.symmetries`), the points nearer
    to a reference draw than any of their mirror images. A third of the draws of each chain, on the
    unconstrained scale, gives a proposal: a t distribution with their mean and covariance, or a
    mixture where they are clearly not elliptical. The next third and draws of the proposal are the
    two ends of the bridge [1]_ [2]_. So each third is used once for either, since a proposal that
    knows the draws it is compared with biases the value [3]_. The mean of all three is the value,
    its error that of [4]_, with the autocorrelation of the bridge's function of the draws. The log
    of the number of mirror images is added.

    A tempered run draws from all densities between one that is normalised, such as the prior, and
    the posterior. Between neighbours the integral changes by a factor, for which draws of both are
    bridged [2]_ [5]_. The error is from the autocorrelation of all rungs' draws together. The
    integral is over all modes that replicas have met; where the ladder began at a fit, and the
    model has mirror images, draws are bridged as above.

    For a check, ``.second`` is what importance sampling says from the same draws of the proposal.
    Neither can know of a mode that no chain has met and that is no mirror image of another.

    References
    ----------
    .. [1] Meng and Wong (1996), Simulating ratios of normalizing constants via a simple identity,
       Statistica Sinica 6, equation 4.1.
    .. [2] Gronau et al. (2017), A tutorial on bridge sampling, Journal of Mathematical
       Psychology 81.
    .. [3] Wong, Forster and Smith (2020), Properties of the bridge sampler with a focus on
       splitting the MCMC sample, Statistics and Computing 30.
    .. [4] Frühwirth-Schnatter (2004), Estimating marginal likelihoods for mixture and Markov
       switching models using bridge sampling techniques, Econometrics Journal 7.
    .. [5] Xie, Lewis, Fan, Kuo and Chen (2011), Improving marginal likelihood estimation for
       Bayesian phylogenetic model selection, Systematic Biology 60.

    See Also
    --------
    compute_log_likelihood : For leave-one-out cross-validation, which depends on priors less.

    Examples
    --------
    >>> import numpy as np
    >>> import aliquot as aq
    >>> data = np.array([0.3, 1.2, -0.4, 0.8])
    >>> with aq.Model():
    ...     mu = aq.Normal("mu", 0, 2)
    ...     obs = aq.Normal("obs", mu, 1, observed=data)
    ...     trace = aq.sample(random_seed=1, progressbar=False)
    ...     found = aq.log_evidence(trace, random_seed=1)
    >>> cov = np.eye(4) + 4.0  # of the data, whatever mu is
    >>> exact = -0.5 * (data @ np.linalg.solve(cov, data) + np.linalg.slogdet(2 * np.pi * cov)[1])
    >>> found.good, bool(abs(found.value - exact) < 5 * found.error < 0.1)
    (True, True)
    """
    rng = np.random.default_rng([STREAM, as_seed(random_seed)])
    if isinstance(trace_or_approx, Approximation):
        if model is not None:
            model = resolve_model(model, USER)
        found = evidence_of_approximation(trace_or_approx, model, rng, USER)
    elif "posterior" in getattr(trace_or_approx, "children", {}):
        found = evidence_of_trace(trace_or_approx, resolve_model(model, USER), rng, USER)
    else:
        raise ModelError(
            f"{USER}: give draws of the posterior, a DataTree with a group 'posterior' as "
            "aq.sample returns, or an approximation as aq.fit returns; "
            f"got {type(trace_or_approx).__name__}"
        )
    if not found.good:
        warn(f"{USER}: {found.message}", ConvergenceWarning)
    return found

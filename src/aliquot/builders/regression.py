"""A mixture of regressions: within a component, one regression of y on the same terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, get_args

import numpy as np

from aliquot.builders.columns import whole_or_masked
from aliquot.builders.names import vector
from aliquot.builders.text import ModelText
from aliquot.errors import ModelError

type Response = Literal[
    "normal", "student_t", "poisson", "negative_binomial", "bernoulli", "binomial"
]
RESPONSES: tuple[str, ...] = get_args(Response.__value__)
# Families of real numbers: their response is standardised.
REAL = ("normal", "student_t")
# Families whose mean is the exponential of the linear predictor; of the others it is its logistic.
LOG = ("poisson", "negative_binomial")
# Standard deviations of the priors of coefficients of standardised terms.
WIDE = 2.5
NARROW = 1.5


def regression(
    terms: Sequence[str],
    weight_terms: Sequence[str] | None = None,
    family: str = "normal",
    *,
    centre: Sequence[float] | None = None,
    weight: float = 2.0,
    prior: float | None = None,
) -> ModelText:
    """Write a mixture of regressions, with constant weights or weights that depend on covariates.

    The function is of ``data`` as `arrays` gives them and of the number of components.

    Parameters
    ----------
    terms : sequence of str
        What the columns of ``data["X"]`` are called.
    weight_terms : sequence of str, optional
        What the columns of ``data["W"]`` are called: the log weights are linear in these. By
        default weights are the same for all rows.
    family : str
        "normal" and "student_t", with the identity as link; "poisson" and "negative_binomial", with
        the logarithm; "bernoulli" and "binomial", with the logit.
    centre : sequence of float, optional
        Prior mean of the coefficient of each term; 0 by default.
    weight : float
        Concentration of the Dirichlet prior of constant weights.
    prior : float, optional
        Prior standard deviation of coefficients; by default 2.5 of real families and 1.5 of others.

    Raises
    ------
    ModelError
        For a family that is not known, or where there are no terms.

    Notes
    -----
    Terms, and y of real families, are taken to be standardised. Spreads are log-normal about a
    half. Coefficients of the weights are Normal(0, 1.5) for each component, none of which is a
    baseline, so that components can trade places; what is added to all of them changes nothing, and
    their prior alone says it. With covariates on the weights this is a mixture of experts [1]_.

    References
    ----------
    .. [1] Grün and Leisch (2008), FlexMix version 2: finite mixtures with concomitant variables and
       varying and constant parameters, Journal of Statistical Software 28(4).

    Examples
    --------
    >>> import numpy as np
    >>> written = regression(["Intercept", "x"])
    >>> data = arrays(np.array([[1.0, -1.0], [1.0, 1.0]]), np.array([0.5, 0.7]))
    >>> [variable.name for variable in written.build(data, 2).free]
    ['w', 'z', 'beta', 'sigma']
    """
    if family not in RESPONSES:
        raise ModelError(f"family must be one of {', '.join(map(repr, RESPONSES))}; got {family!r}")
    if not terms or (weight_terms is not None and not weight_terms):
        raise ModelError("a regression needs at least one term; an intercept is one")
    coords = [
        '"component": np.arange(components),',
        '"row": np.arange(len(data["X"])),',
        f'"term": {list(terms)!r},',
    ]
    if weight_terms is None:
        lines = [
            f'w = aq.Dirichlet("w", np.full(components, {weight:g}), dims="component")',
            'z = aq.Categorical("z", w, dims="row")',
        ]
    else:
        coords.append(f'"weight_term": {list(weight_terms)!r},')
        lines = [
            f'gamma = aq.Normal("gamma", 0, {NARROW:g}, dims=("component", "weight_term"))',
            'z = aq.Categorical("z", logit_p=data["W"] @ gamma.T, dims="row")',
        ]
    wide = prior if prior is not None else WIDE if family in REAL else NARROW
    mean = "0" if centre is None or not any(centre) else f"np.array({vector(centre)})"
    lines += [
        f'beta = aq.Normal("beta", {mean}, {wide:g}, dims=("component", "term"))',
        'eta = (data["X"] * beta[z]).sum(axis=1)',
        *_likelihood(family),
    ]
    return ModelText("A mixture of regressions on the same terms.", tuple(coords), tuple(lines))


def _likelihood(family: str) -> Iterator[str]:
    end = 'dims="row", observed=data["y"])'
    if family in REAL:
        yield 'sigma = aq.LogNormal("sigma", np.log(0.5), 0.75, dims="component")'
    if family == "normal":
        yield f'aq.Normal("y", eta, sigma[z], {end}'
    elif family == "student_t":
        yield 'nu = aq.Gamma("nu", 2, 0.1)'
        yield f'aq.StudentT("y", nu, mu=eta, sigma=sigma[z], {end}'
    elif family == "poisson":
        yield f'aq.Poisson("y", np.exp(eta), {end}'
    elif family == "negative_binomial":
        yield 'shape = aq.LogNormal("shape", 1.0, 1.0, dims="component")'
        yield f'aq.NegativeBinomial("y", mu=np.exp(eta), alpha=shape[z], {end}'
    elif family == "bernoulli":
        yield f'aq.Bernoulli("y", logit_p=eta, {end}'
    else:
        yield f'aq.Binomial("y", data["trials"], logit_p=eta, {end}'


def arrays(
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None = None,
    trials: np.ndarray | None = None,
    family: str = "normal",
) -> dict[str, Any]:
    """Give the data that the text reads.

    Parameters
    ----------
    x : array, shape (rows, terms)
    y : array, shape (rows,)
        NaN where it is missing.
    weights : array, shape (rows, weight terms), optional
    trials : array, shape (rows,), optional
        Of family "binomial".
    family : str
    """
    data: dict[str, Any] = {"X": x}
    if weights is not None:
        data["W"] = weights
    if trials is not None:
        data["trials"] = trials.astype(np.int64)
    if family in REAL:
        data["y"] = y
    else:
        data["y"] = whole_or_masked(y)
    return data

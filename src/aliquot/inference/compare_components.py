"""``aq.compare_components``: how many components there are, by the evidence and by prediction."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.arguments import as_seed, whole_number
from aliquot.blas import on_one_thread
from aliquot.errors import (
    AliquotError,
    ConvergenceWarning,
    ModelError,
    PartialResultWarning,
    warn,
)
from aliquot.inference.comparison import ComponentComparison, Fitted
from aliquot.inference.filled_components import filled_components
from aliquot.inference.log_evidence import log_evidence
from aliquot.inference.log_likelihood import compute_log_likelihood
from aliquot.inference.prepared import Prepared
from aliquot.inference.sample import sample
from aliquot.model import Model
from aliquot.progress import announce

if TYPE_CHECKING:
    import xarray

    from aliquot.evidence import LogEvidence

DRAWS = 4000
# What a row without draws was estimated by.
ROUGH = "Laplace, rough"
CHAINS = 4
# Components without rows are as wide as their prior, and others narrow: small steps diverge less.
TARGET_ACCEPT = 0.9


@on_one_thread
def compare_components(
    build: Callable[[int], Model],
    components: Iterable[int] = range(1, 7),
    *,
    prior: Mapping[int, float] | None = None,
    draws: int = DRAWS,
    patience: float | None = None,
    predictive: bool = True,
    random_seed: Any = None,
    progressbar: bool = True,
) -> ComponentComparison:
    """Fit models with different numbers of components, and say how probable each number is.

    Parameters
    ----------
    build : callable
        ``build(K)`` returns the model with K components.
    components : iterable of int
        The numbers to compare.
    prior : mapping from int to float, optional
        The prior probability of each number, up to a constant. By default all are the same.
    draws : int
        Draws of the posterior given each number.
    patience : float, optional
        In nats: the numbers are taken in their order, and no more of them once the log evidence,
        with the log of the prior, has fallen twice in a row, by more than this in all. A number
        whose evidence is known roughly only, by Gaussians at the modes, is left at that where it is
        lower than the best by more than this. By default all numbers are taken, with all care.
    predictive : bool
        Whether to compute what is said of prediction, too: ``elpd`` and ``filled``.
    random_seed : int, sequence of int, numpy.random.Generator, optional
    progressbar : bool
        Whether to say a line about each number when it is done.

    Returns
    -------
    ComponentComparison
        Its ``table`` has a row for each number; ``plot()`` draws it; ``best`` is the most probable
        one. A number that could not be fitted has a row that says why. After Ctrl-C the rows so
        far are returned, marked as partial.

    Raises
    ------
    ModelError
        Where `build` is no function that makes models, or numbers or `prior` are not what is said
        above.

    Notes
    -----
    Each model is fitted by the cheapest route whose quality holds: by Gaussians at the modes, where
    Pareto k says that their draws can be corrected, else by `sample`. The evidence is
    `log_evidence`'s; of mirror modes all are counted, so that the K! labellings neither favour nor
    punish large K.

    The evidence depends on the priors of each component's parameters: vague ones make many
    components improbable. The expected log predictive density, by Pareto-smoothed leave-one-out
    cross-validation [1]_, hardly does, and prefers too many to too few. How many components have
    rows (`filled_components`) is another answer, to another question.

    References
    ----------
    .. [1] Vehtari, Gelman and Gabry (2017), Practical Bayesian model evaluation using leave-one-out
       cross-validation and WAIC, Statistics and Computing 27.

    Examples
    --------
    >>> import numpy as np
    >>> import aliquot as aq
    >>> data = np.concatenate([np.linspace(-6, -4, 20), np.linspace(4, 6, 20)])
    >>> def build(K):
    ...     with aq.Model() as model:
    ...         means = aq.Normal("means", 0, 5, shape=K)
    ...         aq.NormalMixture("y", np.full(K, 1 / K), means, 1, observed=data)
    ...     return model
    >>> found = aq.compare_components(build, [1, 2], random_seed=1, progressbar=False)
    >>> found.best, list(found.table.index)
    (2, [1, 2])
    """
    numbers = _numbers(components)
    weights = _prior(prior, numbers)
    draws = whole_number("draws", draws, least=100)
    if patience is not None and not (isinstance(patience, int | float) and patience >= 0):
        raise ModelError(f"patience must be a number of nats of at least 0; got {patience!r}")
    if not callable(build):
        raise ModelError(
            f"build must be a function that makes a model with so many components, build(K); got "
            f"{build!r:.60}"
        )
    seed = as_seed(random_seed)
    rows: list[Fitted] = []
    partial = False
    pending: dict[int, Prepared] = {}
    ahead: Prepared | None = None
    thorough = patience is None or len(numbers) == 1
    try:
        for place, number in enumerate(numbers):
            began = time.perf_counter()
            prepared = ahead or Prepared(build, number, as_seed([seed, number]))
            if place + 1 < len(numbers):
                following = numbers[place + 1]
                ahead = Prepared(build, following, as_seed([seed, following])).begin()
            row = _fitted(prepared, draws, [seed, number], predictive, thorough)
            rows.append(replace(row, seconds=time.perf_counter() - began))
            if row.trace is None and row.evidence is not None:
                pending[len(rows) - 1] = prepared
            announce(_line(rows[-1]), progressbar)
            if patience is not None and _past(rows, weights, patience):
                break
        if ahead is not None:
            ahead.drop()
        while (best := _next(rows, weights, pending, patience or 0.0)) is not None:
            began = time.perf_counter()
            row = _fitted(pending.pop(best), draws, [seed, rows[best].components], predictive)
            seconds = rows[best].seconds + time.perf_counter() - began
            rows[best] = replace(row, seconds=seconds)
            announce(_line(rows[best]), progressbar)
    except KeyboardInterrupt:
        if ahead is not None:
            ahead.drop()
        if not rows:
            raise
        partial = True
        last = f"after {len(rows)} of {len(numbers)}" if len(rows) < len(numbers) else "at the end"
        warn(
            f"compare_components was interrupted {last}. The rows so far are returned, marked as "
            "partial.",
            PartialResultWarning,
        )
    return ComponentComparison(tuple(rows), weights, partial)


def _next(
    rows: list[Fitted], prior: Mapping[int, float], pending: Mapping[int, Prepared], patience: float
) -> int | None:
    """Give the most promising row that has no draws yet, if it may be the best one."""
    with np.errstate(divide="ignore"):
        heights = {i: row.value + np.log(prior[row.components]) for i, row in enumerate(rows)}
    known = {i: height for i, height in heights.items() if np.isfinite(height)}
    if not known or not pending:
        return None
    place = max(pending, key=lambda i: known.get(i, -np.inf))
    doubt = max(patience, 3 * rows[place].error) if np.isfinite(rows[place].error) else np.inf
    return place if known.get(place, -np.inf) >= max(known.values()) - doubt else None


def _past(rows: list[Fitted], prior: Mapping[int, float], patience: float) -> bool:
    """Say whether the evidence has fallen twice in a row, by more than `patience` in all."""
    known = [row for row in rows if np.isfinite(row.value)]
    if len(known) < 3:
        return False
    with np.errstate(divide="ignore"):
        heights = [row.value + np.log(prior[row.components]) for row in known]
    return heights[-3] > heights[-2] > heights[-1] and heights[-1] < max(heights) - patience


def _fitted(
    prepared: Prepared, draws: int, seed: list[int], predictive: bool, thorough: bool = True
) -> Fitted:
    """Fit one number of components; what fails is said in the row.

    Unless `thorough`, a fit by Gaussians that is not good enough to draw from is left at a rough
    evidence, without draws.
    """
    number, model = prepared.number, prepared.model
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            if model is None:
                assert prepared.failure is not None
                raise prepared.failure
            method, trace, evidence = _posterior(prepared, draws, seed, thorough)
            row = Fitted(
                components=number, model=model, trace=trace, evidence=evidence, method=method
            )
            row = _predictive(row, seed) if predictive and trace is not None else row
        except Exception as error:  # of a user's function, or of a model that cannot be fitted
            return Fitted(
                components=number, model=model, message=f"{type(error).__name__}: {error}"
            )
    said = [str(w.message) for w in caught if issubclass(w.category, ConvergenceWarning)]
    return replace(row, message=" ".join(dict.fromkeys(said)))


def _posterior(
    prepared: Prepared, draws: int, seed: list[int], thorough: bool
) -> tuple[str, xarray.DataTree | None, LogEvidence]:
    """Draw from the posterior by the cheapest route whose quality holds."""
    model = prepared.model
    assert model is not None
    if not prepared.poor:
        with warnings.catch_warnings(), suppress(AliquotError):
            warnings.simplefilter("ignore")  # a poor fit is not used
            approx = prepared.fitting().run("laplace")
            if approx.partial:
                raise KeyboardInterrupt
            if approx.quality is not None and approx.quality.good:
                trace = approx.sample(draws, corrected=True, random_seed=seed)
                evidence = log_evidence(approx, random_seed=seed)
                if evidence.good:
                    return approx.method, trace, evidence
            if not thorough:
                evidence = log_evidence(approx, random_seed=seed)
                if np.isfinite(evidence.value):
                    prepared.poor = True
                    return ROUGH, None, evidence
    trace = sample(
        -(-draws // CHAINS),
        chains=CHAINS,
        model=model,
        random_seed=seed,
        progressbar=False,
        target_accept=TARGET_ACCEPT,
        # Labels that switch are nothing to warn of here.
        label_switching="permute" if model.symmetries(explain=False) else None,
    )
    if trace.attrs["partial"]:
        raise KeyboardInterrupt
    return "NUTS", trace, log_evidence(trace, model, random_seed=seed)


def _predictive(row: Fitted, seed: list[int]) -> Fitted:
    """Add leave-one-out cross-validation and the components that have rows."""
    from arviz_stats.loo import loo

    assert row.model is not None
    assert row.trace is not None
    trace = compute_log_likelihood(row.trace, row.model)
    pointwise, worst = [], -np.inf
    for name in trace["log_likelihood"].data_vars:
        found = loo(trace, var_name=str(name), pointwise=True)
        pointwise.append(np.ravel(found.elpd_i))
        worst = max(worst, float(np.max(found.pareto_k)))
    each = np.concatenate(pointwise)
    filled = 1.0 if row.components == 1 else np.nan
    with suppress(ModelError):  # where nothing is a mixture, or several things are
        filled = float(filled_components(row.trace, row.model, random_seed=seed).mean())
    return replace(
        row,
        elpd=float(each.sum()),
        elpd_error=float(np.sqrt(each.size * each.var())),
        pareto_k=worst,
        filled=filled,
    )


def _line(row: Fitted) -> str:
    what = "component" if row.components == 1 else "components"
    if row.evidence is None:
        return f"{row.components} {what}: failed. {row.message}"
    return (
        f"{row.components} {what}: log evidence {row.evidence!r}, {row.method}, {row.seconds:.1f} s"
    )


def _numbers(components: Any) -> list[int]:
    try:
        numbers = [whole_number("components", k) for k in components]
    except TypeError:
        raise ModelError(
            f"components must be a range or list of whole numbers; got {components!r:.60}"
        ) from None
    if not numbers or len(set(numbers)) < len(numbers):
        raise ModelError(f"components must be different numbers, one at least; got {numbers}")
    return numbers


def _prior(prior: Mapping[int, float] | None, numbers: list[int]) -> dict[int, float]:
    if prior is None:
        return {k: 1.0 / len(numbers) for k in numbers}
    if not isinstance(prior, Mapping) or set(numbers) - set(prior):
        raise ModelError(
            f"prior must be a mapping that has each of {numbers} as a key; got {prior!r:.100}"
        )
    weights = {k: float(prior[k]) for k in numbers}
    total = sum(weights.values())
    if not (all(w >= 0 for w in weights.values()) and 0 < total < np.inf):
        raise ModelError(f"prior must be of finite numbers of at least 0, not all 0; got {weights}")
    return {k: w / total for k, w in weights.items()}

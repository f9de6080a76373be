"""Where chains start, and what the ``init`` argument of `sample` means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, get_args

import numpy as np

from aliquot.errors import ModelError, StartError
from aliquot.mcmc.settings import Metric
from aliquot.mcmc.starts import Jittered, NoStartError

METRICS: dict[str, Metric] = {metric: metric for metric in sorted(get_args(Metric))}
DEFAULT = "jitter+adapt_diag_grad"
# Up to so many coordinates a dense metric is the default: a matrix of that size costs a leapfrog
# step a few microseconds, and correlations cost a diagonal one half of its draws or more.
MOST_DENSE = 128


def continuous_density(model: Any, user: str) -> Any:
    """Give a model's density, for what needs continuous unknowns.

    Where all unknowns are discrete or missing values, an error says what gives their posterior.
    """
    density = model.density()
    if density.size == 0:
        if density.marginal is None and density.integrated:
            names = ", ".join(repr(found.latent.name) for found in density.integrated)
            raise ModelError(
                f"{user}: the model's only unknowns are missing values that nothing else depends "
                f"on ({names}), so nothing is left when they are integrated out. aq.sample draws "
                "from their distribution exactly"
            )
        raise ModelError(
            f"{user}: all unknowns of the model are discrete, so nothing is left when they are "
            "summed out. aq.sample draws from their posterior exactly, and aq.recover gives its "
            "probabilities and the most probable configuration"
        )
    return density


def read_init(init: str) -> tuple[Metric, float]:
    """Split an ``init`` such as "jitter+adapt_diag" into a metric and the size of the jitter."""
    name = DEFAULT if init == "auto" else init
    metric = str(name).removeprefix("jitter+")
    if metric not in METRICS:
        known = ", ".join(f"'jitter+{key}', '{key}'" for key in METRICS)
        raise ModelError(f"init must be 'auto' or one of {known}; got {init!r}")
    return METRICS[metric], 1.0 if str(name).startswith("jitter+") else 0.0


def metric_for(init: str, metric: Metric, size: int) -> Metric:
    """Give the metric for so many coordinates: where "auto" was asked for, it depends on them."""
    return "adapt_full" if init == "auto" and 1 < size <= MOST_DENSE else metric


def jittered_starts(
    density: Any,
    initvals: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None,
    *,
    chains: int,
    jitter: float,
) -> Jittered:
    """Give the centres that chains start around, from start values by name on the variables' scale.

    Each unconstrained coordinate gets a number from uniform(-jitter, jitter) besides. A number of
    mappings other than `chains`, unknown names and values that do not fit are refused.
    """
    if initvals is None or isinstance(initvals, Mapping):
        center = _apart(density, initvals or {}, chains) if jitter else None
        if center is None:
            center = density.start_with(initvals) if initvals else density.start
    else:
        if not isinstance(initvals, Sequence) or not all(
            values is None or isinstance(values, Mapping) for values in initvals
        ):
            raise ModelError(
                f"initvals must be one mapping, or one for each of the {chains} chains; "
                f"got {initvals!r:.60}"
            )
        if len(initvals) != chains:
            raise ModelError(
                f"initvals must be one mapping, or one for each of the {chains} chains; "
                f"got {len(initvals)} of them"
            )
        center = np.stack([density.start_with(values or {}) for values in initvals])
    return Jittered(center, chains, jitter)


def _apart(density: Any, initvals: Mapping[str, Any], chains: int) -> np.ndarray | None:
    """Give centres (chains, d) in different components of what is a mixture, where anything is.

    ``None`` where nothing is, or where the density is zero at one of them.
    """
    centers = np.stack([density.start_with(initvals, turn) for turn in range(chains)])
    if np.all(centers == (density.start_with(initvals) if initvals else density.start)):
        return None
    usable = all(np.isfinite(density.evaluate(center)) for center in centers)
    return centers if usable else None


def explain_start(model: Any, error: NoStartError) -> NoReturn:
    """Raise a start error anew, with the variables at fault."""
    from aliquot.density.debug import debug_at

    report = debug_at(model, error.position)
    labels = model.density().labels
    lines = ["no start point with a finite log density and gradient was found."]
    for row in report.rows:
        if not row.finite:
            lines.append(f"  {row.name!r} ({row.kind}): its log density is {row.log_density}")
            lines += [f"    {problem}" for problem in row.parameters]
    if not report.culprits:
        bad = [label for label, g in zip(labels, error.gradient, strict=True) if not np.isfinite(g)]
        lines.append(f"  the gradient is not finite for {', '.join(bad)}")
    lines.append(
        "Give start values inside the support with initval= or initvals=, check the data against "
        "the distribution, or look closer with model.debug()."
    )
    raise StartError("\n".join(lines)) from error

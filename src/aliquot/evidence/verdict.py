"""Whether to believe an estimate of the evidence, and what to do where not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aliquot.evidence.importance import Importance
from aliquot.evidence.result import LogEvidence
from aliquot.evidence.thirds import Together
from aliquot.variational.importance import GOOD_K, POOR_K, Estimate, believable

# Fewer independent draws say too little of the error itself.
FEWEST_EFFECTIVE = 200
# Replicas of a tempered run have to come through its ladder so often, in all chains together.
FEWEST_ROUNDS = 10
# In nats: a Bayes factor is then known to a tenth.
MOST_ERROR = 0.1
# Two estimates that differ by more than so many joint errors, and by so many nats, disagree.
JOINT_ERRORS = 4.0
APART = 0.1
# Importance ratios with a Pareto k above this have no variance, so that their error may be too
# small: then this many nats.
SAFE_K, FAR_APART = 0.5, 0.5
MOST_RHAT = 1.05
# The three thirds of the draws disagree: of a chi-square with two degrees of freedom, 2e-6.
MOST_APART = 26.0


def of_draws(found: Together, images: int, rhat: float, notes: Sequence[str] = ()) -> LogEvidence:
    """Judge what bridge sampling found from draws; `rhat` is that of the bridge's function."""
    log_images = float(np.log(images))
    value, error = found.bridge.value + log_images, found.bridge.mcse
    second = Estimate(found.importance.estimate.value + log_images, found.importance.estimate.mcse)
    k = found.importance.pareto_k
    comparable = k <= POOR_K and np.isfinite(second.value)
    difference = abs(value - second.value)
    joint = float(np.hypot(error, second.mcse))
    wrong = []
    if not found.converged:
        wrong.append(
            "the iteration of the bridge did not reach its fixed point: draws and proposal hardly "
            "overlap. Take more draws, and give the model fewer or less skewed parameters"
        )
    if not rhat <= MOST_RHAT:
        wrong.append(
            f"the chains disagree about how the density is above its proposal (R-hat {rhat:.3g}): "
            "they have not converged, or not in the same mode. See aq.check(trace), and sample "
            "longer"
        )
    if found.apart > MOST_APART and found.range > APART:
        wrong.append(
            f"the three thirds of the draws give values that are {found.range:.2g} nats apart, "
            "which is more than their errors allow: the chains are still on their way. Sample "
            "longer, with a longer warm-up"
        )
    if not found.effective >= FEWEST_EFFECTIVE:
        wrong.append(
            f"only {found.effective:.0f} effective draws are behind it, and {FEWEST_EFFECTIVE} are "
            "needed for the error to be believed: sample longer"
        )
    if not error <= MOST_ERROR:
        wrong.append(
            f"its error, {error:.2g} nats, is above {MOST_ERROR}: sample longer, or write the "
            "model so that its posterior is nearer to a Gaussian (non-centred forms)"
        )
    allowed = APART if k <= SAFE_K else FAR_APART
    if comparable and difference > max(allowed, JOINT_ERRORS * joint):
        wrong.append(
            f"importance sampling from the same proposal gives {second!r} nats, which is further "
            "from it than both errors allow. Are the draws those of this model, given these data, "
            "and of all its modes? See aq.check(trace), and sample longer"
        )
    what = f"Bridge sampling gives {Estimate(value, error)!r} nats"
    if comparable:
        check = f"importance sampling from the same proposal {second!r}"
    else:
        check = (
            f"importance sampling cannot check it (Pareto k is {k:.2f}, above {POOR_K}), on which "
            "it does not depend"
        )
    behind = f"{found.effective:,.0f} effective draws are behind it"
    return LogEvidence(
        value=value,
        error=error,
        method="bridge",
        good=not wrong,
        message=_said(f"{what}; {check}. {behind}", wrong, images, notes),
        images=images,
        second=second,
        pareto_k=k,
        effective=found.effective,
    )


def of_proposal(
    found: Importance, draws: int, images: int, notes: Sequence[str] = ()
) -> LogEvidence:
    """Judge what importance sampling found from so many draws of a fitted approximation."""
    value = found.estimate.value + float(np.log(images))
    error, k = found.estimate.mcse, found.pareto_k
    # Kong (1992): what the variance of the ratios leaves of independent draws.
    effective = draws / (1.0 + draws * error**2)
    wrong = []
    sampling = "Use aq.sample and give aq.log_evidence its draws"
    if not k <= SAFE_K:
        wrong.append(
            f"Pareto k is {k:.2f}, above {SAFE_K}: the approximation misses part of the posterior, "
            "and the importance ratios have no variance, so that the value may be too low and its "
            f"error too small. {sampling}, or a richer fit"
        )
    elif not believable(k, effective / draws):
        wrong.append(
            f"Pareto k is {k:.2f}, above {GOOD_K}, and only {100 * effective / draws:.2g}% of the "
            "draws count: the approximation may miss a part of the posterior that would tell. "
            f"{sampling}, or a richer fit"
        )
    elif not effective >= FEWEST_EFFECTIVE:
        wrong.append(
            f"only {effective:.0f} effective draws are behind it, and {FEWEST_EFFECTIVE} are "
            f"needed for the error to be believed. {sampling}, or a richer fit"
        )
    if not error <= MOST_ERROR:
        wrong.append(f"its error, {error:.2g} nats, is above {MOST_ERROR}. {sampling}")
    what = (
        f"Importance sampling gives {Estimate(value, error)!r} nats from {draws:,} draws of the "
        f"approximation with the tails of a t distribution; Pareto k is {k:.2f}"
    )
    return LogEvidence(
        value=value,
        error=error,
        method="importance",
        good=not wrong,
        message=_said(what, wrong, images, notes),
        images=images,
        pareto_k=k,
        effective=effective,
    )


def of_ladder(
    found: Estimate,
    effective: float,
    rhat: float,
    trips: Sequence[int],
    rungs: int,
    notes: Sequence[str] = (),
) -> LogEvidence:
    """Judge what stepping stones found along the ladder of a tempered run, of so many rungs.

    `trips` are how many replicas have come through it in each chain.
    """
    wrong = []
    if sum(trips) < FEWEST_ROUNDS * rungs:
        wrong.append(
            f"each replica has come through the ladder {sum(trips) / rungs:.1f} times, in all "
            f"chains together, and {FEWEST_ROUNDS} times are needed for the error to be believed: "
            "sample longer"
        )
    if not min(trips, default=0) > 0:
        wrong.append(
            "in some chain no replica has come from the reference to the posterior, so that modes "
            "may be missing: sample longer, with a longer warm-up"
        )
    if not rhat <= MOST_RHAT:
        wrong.append(
            f"the chains disagree about it (R-hat {rhat:.3g}): sample longer, with a longer warm-up"
        )
    if not effective >= FEWEST_EFFECTIVE:
        wrong.append(
            f"only {effective:.0f} effective draws are behind it, and {FEWEST_EFFECTIVE} are "
            "needed for the error to be believed: sample longer"
        )
    if not found.mcse <= MOST_ERROR:
        wrong.append(f"its error, {found.mcse:.2g} nats, is above {MOST_ERROR}: sample longer")
    what = (
        f"Stepping stones along the ladder of a tempered run give {found!r} nats. "
        f"{effective:,.0f} effective draws of all rungs are behind it, and {sum(trips):,} replicas "
        "that came from the reference to the posterior"
    )
    return LogEvidence(
        value=found.value,
        error=found.mcse,
        method="tempering",
        good=not wrong,
        message=_said(what, wrong, 1, notes),
        effective=effective,
    )


def of_exact(value: float, notes: Sequence[str] = ()) -> LogEvidence:
    """Say that nothing was estimated."""
    what = "All unknowns are discrete and summed out: the value is exact to rounding"
    return LogEvidence(
        value=value, error=0.0, method="exact", good=True, message=_said(what, (), 1, notes)
    )


def _said(what: str, wrong: Sequence[str], images: int, notes: Sequence[str]) -> str:
    sentences = [what]
    if images > 1:
        sentences.append(f"{images:,} mirror images are counted")
    if wrong:
        sentences[:0] = ["The log evidence should not be believed"]
    sentences += [text[0].upper() + text[1:] for text in (*wrong, *notes)]
    return " ".join(f"{sentence}." for sentence in sentences)

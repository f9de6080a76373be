"""What each finding means and what to do about it, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

WORST_SHOWN = 3

RHAT_MEANING = "the chains do not agree with each other, so the draws cannot be trusted yet"
RHAT_ADVICE = (
    "Draw longer (more tune and draws). If R-hat stays high, the posterior has several modes or a "
    "shape that is hard to cross: look at the trace plot, give stronger priors or reparameterise."
)
RHAT_ADVICE_VECTOR = (
    f"{RHAT_ADVICE} If components of a mixture are exchangeable, their labels may have switched: "
    "order them with transform=aq.transforms.ordered."
)
RHAT_ADVICE_GUESSED = "See what is said of labels first."
GUESSED_ADVICE = (
    "This result does not say which components its model lets trade places, so this is a guess. If "
    "they can, order them with transform=aq.transforms.ordered or give them priors that differ, "
    "and until then use only what does not depend on labels, such as predictions. If they cannot, "
    "the chains disagree for another reason."
)
SWITCHED_ADVICE = (
    "For what does not depend on labels, such as predictions, use the draws as they are, or sample "
    'with label_switching="permute". To speak of single components, use aq.relabel(trace), or '
    "write the model with transform=aq.transforms.ordered on one of these variables."
)
APART_ADVICE = "See what is said of chains that ended at different heights."
EXPLAINED_ADVICE = "See what is said of switched labels."
RELABELLED_ADVICE = (
    "The components probably overlap. Try another method of aq.relabel, use fewer components, or "
    "ask only what does not depend on labels; means and intervals of single components are not to "
    "be used."
)
ONE_LABELLING_ADVICE = (
    "Nothing, for components as they are labelled here and for what does not depend on labels. In "
    "the posterior itself all components are alike."
)
ESS_BULK_MEANING = "means and medians are not yet precise"
ESS_TAIL_MEANING = "the ends of intervals are not yet precise"
ESS_ADVICE = (
    "Draw longer (more draws). If it grows slowly, reparameterise, so that parameters depend less "
    "on each other."
)
BFMI_MEANING = (
    "the energy changes too little from draw to draw, so that the tails may not have been reached"
)
BFMI_ADVICE = (
    "Reparameterise: usually a parameter has heavy tails, or a scale governs others (write "
    "x = mu + tau * z with z ~ Normal(0, 1) in place of x ~ Normal(mu, tau))."
)
ONE_CHAIN_MESSAGE = (
    "Only one chain was drawn: R-hat compares chains, so whether they agree cannot be checked."
)
ONE_CHAIN_ADVICE = "Draw four (chains=4)."
STUCK_ADVICE = (
    "Start it elsewhere (initvals or another random_seed) and tune longer; if it happens again, "
    "look for a parameter whose density is not smooth."
)
NOT_FINITE_ADVICE = (
    "Look for a division by zero, the logarithm of a value that is not positive, or an "
    "overflow in the expression that makes it."
)


# What a statistic is called, how it should be to its bound, and what it means if it is not.
STATISTICS = {
    "rhat": ("R-hat", "below", RHAT_MEANING),
    "ess_bulk": ("The bulk effective sample size (ESS)", "at least", ESS_BULK_MEANING),
    "ess_tail": ("The tail effective sample size (ESS)", "at least", ESS_TAIL_MEANING),
    "bfmi": ("E-BFMI", "at least", BFMI_MEANING),
}


class Figures(NamedTuple):
    """The worst figure as drawn and of what does not depend on labels, and what that is."""

    kind: str
    drawn: float
    free: float
    names: str


def switched_message(
    what: tuple[str, str], where: str, relabelled: str | None, figures: Figures, only: bool
) -> str:
    """Say that labels switched, or that a relabelling left them so, and that all else is well.

    Of `what`: the labels, or the signs, and of which variables.
    """
    (labels, variables) = what
    name = STATISTICS[figures.kind][0].replace("The", "the")
    bound = "at most" if figures.kind == "rhat" else "at least"
    if relabelled is None:
        subject, when = f"The {labels} of {variables} switched {where}", "as drawn"
    else:
        subject = (
            f"Relabelling by {relabelled!r} could not tell the "
            f"{'components' if labels == 'labels' else labels} of {variables} apart"
        )
        when = "once relabelled"
    text = (
        f"{subject}: {name} is {number(figures.drawn)} {when}, but {bound} "
        f"{number(figures.free)} for what does not depend on labels ({figures.names})."
    )
    return f"{text} Nothing else is wrong." if only else text


def not_labels_advice(label: str, value: float, besides: bool) -> str:
    """Say that what does not depend on labels is wrong, too, and what that means."""
    if besides:
        return (
            "Labels have switched, it seems, but what does not depend on them has not converged "
            f"either (R-hat is {number(value)} for {label}), so ordering or relabelling alone will "
            f"not mend it. {RHAT_ADVICE}"
        )
    return (
        f"What does not depend on labels disagrees, too (R-hat is {number(value)} for {label}), so "
        "this is not label switching, or not that alone: neither ordering nor relabelling will "
        f"mend it. {RHAT_ADVICE}"
    )


def chains_apart_advice(best: str) -> str:
    """Say what to do about chains in modes without mass."""
    return (
        "Drawing longer will not bring them together. Start all chains where the mass is: pass the "
        f"values of a draw of chain {best} as initvals, and see whether any chain gets higher from "
        "there; a component that is empty or has taken the place of two keeps a chain in such a "
        "mode, so fewer components or priors closer to the data leave fewer of them. Until then "
        f"keep only the chains that agree with chain {best}: trace.sel(chain=[...])."
    )


def divergence_message(count: int, total: int) -> str:
    """Say how many draws diverged, and what that means."""
    return (
        f"{count:,} of {total:,} draws after tuning diverged ({percentage(count, total)}): the "
        "steps were too large for part of the posterior, which may be missing from the draws."
    )


def divergence_advice(target_accept: float | None) -> str:
    """Say what to do about divergences, given the target that was used."""
    if target_accept is None:
        higher = "Raise target_accept, to 0.95 or 0.99"
    elif target_accept < 0.99:
        higher = f"Raise target_accept from {target_accept:g} to " + (
            "0.95" if target_accept < 0.9 else "0.99"
        )
    else:
        higher = f"target_accept is {target_accept:g} already"
    return (
        f"{higher}; if they remain, reparameterise: a scale that governs other parameters is "
        "the usual cause (write x = mu + tau * z with z ~ Normal(0, 1) in place of "
        "x ~ Normal(mu, tau))."
    )


def tree_depth_message(count: int, total: int, depth: int | None) -> str:
    """Say how many trajectories were cut off at the greatest tree depth."""
    limit = "" if depth is None else f" (max_treedepth={depth}, {2**depth - 1:,} steps)"
    return (
        f"{count:,} of {total:,} draws ({percentage(count, total)}) ended at the greatest tree "
        f"depth{limit}: their trajectories were cut off, so draws are slow and less independent."
    )


def tree_depth_advice(depth: int | None) -> str:
    """Say what to do about trajectories that are cut off."""
    higher = "Raise max_treedepth" if depth is None else f"Raise max_treedepth to {depth + 2}"
    return (
        "Tune longer and bring parameters to similar scales, or reparameterise strong "
        f"correlations away. {higher} if that is not possible."
    )


def few_draws_message(draws: int, wanted: int) -> str:
    """Say that there are too few draws to judge."""
    if draws < 4:
        return f"Only {draws} draws a chain: convergence cannot be checked with fewer than 4."
    return (
        f"Only {draws} draws a chain: effective sample sizes cannot be judged with fewer than "
        f"{wanted}, and R-hat is rough."
    )


def percentage(part: float, whole: float) -> str:
    """Write a share so that a small one is not shown as none.

    Examples
    --------
    >>> percentage(1, 40_000), percentage(47, 4_000), percentage(1_200, 4_000)
    ('< 0.1%', '1.2%', '30%')
    """
    share = 100 * part / whole if whole else 0.0
    if 0 < share < 0.1:
        return "< 0.1%"
    return f"{share:.1f}%" if share < 10 else f"{share:.0f}%"


def number(value: float) -> str:
    """Write a statistic with the digits that matter.

    Examples
    --------
    >>> number(1.0249), number(1734.2), number(float("inf")), number(8.64)
    ('1.02', '1,734', 'infinite', '8.64')
    """
    if math.isinf(value):
        return "infinite"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if 1 <= value < 10:
        return f"{value:.3f}" if value < 1.02 else f"{value:.2f}"
    return f"{value:.3g}"


def worst(statistic: str, pairs: Sequence[tuple[str, float]]) -> str:
    """Name the worst few of many, with their values.

    Examples
    --------
    >>> worst("R-hat", [("means[0]", 1.73), ("means[1]", 1.7), ("w", 1.2), ("s", 1.1), ("t", 1.1)])
    'R-hat is 1.73 for means[0], 1.70 for means[1] and 1.20 for w, and 2 more are out of bounds'
    """
    shown = [f"{number(value)} for {label}" for label, value in pairs[:WORST_SHOWN]]
    text = f"{statistic} is {listing(shown)}"
    rest = len(pairs) - len(shown)
    if rest:
        text += f", and {rest:,} more {'is' if rest == 1 else 'are'} out of bounds"
    return text


def listing(items: Sequence[str]) -> str:
    """Join `items` as in a sentence.

    Examples
    --------
    >>> listing(["a", "b", "c"])
    'a, b and c'
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"

"""What each finding means and what to do about it, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from aliquot.symmetry import listed

WORST_SHOWN = 3

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
APART_ADVICE = "See what is said of where the chains are."
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
ESS_ADVICE = (
    "Draw longer (more draws). If it grows slowly, reparameterise, so that parameters depend less "
    "on each other."
)
BFMI_ADVICE = (
    "Reparameterise: usually a parameter has heavy tails, or a scale governs others (write "
    "x = mu + tau * z with z ~ Normal(0, 1) in place of x ~ Normal(mu, tau))."
)
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
    "rhat": (
        "R-hat",
        "below",
        "the chains do not agree with each other, so the draws cannot be trusted yet",
    ),
    "ess_bulk": (
        "The bulk effective sample size (ESS)",
        "at least",
        "means and medians are not yet precise",
    ),
    "ess_tail": (
        "The tail effective sample size (ESS)",
        "at least",
        "the ends of intervals are not yet precise",
    ),
    "bfmi": (
        "E-BFMI",
        "at least",
        "the energy changes too little from draw to draw, so that the tails may not have been "
        "reached",
    ),
}


def percentage(part: float, whole: float) -> str:
    """Write a share so that a small one is not shown as none.

    >>> percentage(1, 40_000), percentage(47, 4_000), percentage(1_200, 4_000)
    ('< 0.1%', '1.2%', '30%')
    """
    share = 100 * part / whole if whole else 0.0
    if 0 < share < 0.1:
        return "< 0.1%"
    return f"{share:.1f}%" if share < 10 else f"{share:.0f}%"


def number(value: float) -> str:
    """Write a statistic with the digits that matter.

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

    >>> worst("R-hat", [("means[0]", 1.73), ("means[1]", 1.7), ("w", 1.2), ("s", 1.1), ("t", 1.1)])
    'R-hat is 1.73 for means[0], 1.70 for means[1] and 1.20 for w, and 2 more are out of bounds'
    """
    shown = [f"{number(value)} for {label}" for label, value in pairs[:WORST_SHOWN]]
    text = f"{statistic} is {listed(shown)}"
    rest = len(pairs) - len(shown)
    if rest:
        text += f", and {rest:,} more {'is' if rest == 1 else 'are'} out of bounds"
    return text

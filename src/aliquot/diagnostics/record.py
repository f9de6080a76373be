"""One finding about a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "not_finite",
    "stuck_chain",
    "chains_apart",
    "mode_missed",
    "modes",
    "empty_component",
    "label_switching",
    "rhat",
    "divergences",
    "bfmi",
    "ess_bulk",
    "ess_tail",
    "tree_depth",
    "one_chain",
    "few_draws",
    "one_labelling",
    "constant",
]
Severity = Literal["info", "warning", "error"]

# Most serious first: the order in which findings are told.
ORDER: dict[str, int] = {kind: position for position, kind in enumerate(Kind.__args__)}  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One finding: what was measured, what it should have been, and what to do.

    Attributes
    ----------
    kind
        What was found, such as ``"rhat"`` or ``"divergences"``. ``"chains_apart"``: chains have
        ended at log densities `value` nats apart; ``"mode_missed"``: all chains are where there is
        less of the mass, by `value` nats, than about a mode that was known before; ``"modes"``:
        there are several that are no mirror images, and chains crossed `value` times;
        ``"empty_component"``: `value` components have no rows in some chain;
        ``"label_switching"``: R-hat or an effective sample size is out of bounds, and not of what
        depends on no label; ``"one_labelling"``: the chains have visited `value` of `threshold`
        mirror modes.
    variable
        The variable concerned, or None if the finding concerns the sampler. Of labels: the first
        variable of the components that trade places. Where `label_free` is true it may be no
        variable of the posterior but what was made of some: ``"log density"``, ``"log p(obs)"``,
        ``"sorted means"``.
    label
        The element of the variable, such as ``"means[low]"``; None likewise.
    chain
        The label of the chain concerned, or None if it concerns all of them.
    value
        The number measured: an R-hat, an effective sample size, a count.
    threshold
        The bound that `value` should have kept to.
    severity
        ``"error"``: results should not be used; ``"warning"``: they may be imprecise or
        biased; ``"info"``: worth knowing, and no reason to warn.
    message
        The finding in a sentence.
    advice
        What to do about it.
    element
        The position of the element in the flattened variable, or None as for `label`.
    label_free
        Whether what was measured is known not to depend on which component is which. Never true
        where the result does not say which components can trade places, or where none can.
    cause
        ``"label_switching"``, ``"chains_apart"`` or ``"modes"`` where that explains the finding:
        the record of that kind speaks for it, and it gives no warning of its own. None otherwise.
    """

    kind: Kind
    variable: str | None = None
    label: str | None = None
    chain: Any = None
    value: float
    threshold: float
    severity: Severity
    message: str
    advice: str
    element: int | None = None
    label_free: bool = False
    cause: str | None = None

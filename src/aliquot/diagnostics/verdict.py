"""Whether switched labels explain what is wrong, or whether it is something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from aliquot.diagnostics import wording
from aliquot.diagnostics.components import ExchangeableComponents
from aliquot.diagnostics.convergence import ESS_PER_CHAIN, RHAT_HOPELESS, RHAT_MOST
from aliquot.diagnostics.label_free import phrase
from aliquot.diagnostics.quantity import Quantity
from aliquot.diagnostics.record import Record
from aliquot.diagnostics.statistics import ess_bulk, rhat
from aliquot.symmetry import Block, listed
from aliquot.symmetry.relabelling.features import component_features

CAUSE = "label_switching"
STATISTICS = ("rhat", "ess_bulk", "ess_tail")
# Labels are named only where they make this much of a difference: to R-hat's excess over 1, or to
# an effective sample size. What is out of bounds by a little may be so by chance.
CLEARLY = 2.0
# Labels are by far the greater part of what is wrong where R-hat's excess over 1 is this many times
# that of what does not depend on them.
BY_FAR = 10.0
# A chain that by itself has fewer effective draws has gone from one labelling to another, slowly.
FEW_IN_A_CHAIN = ESS_PER_CHAIN / 4
MOST_EXAMINED = 20
MOST_CHAINS_NAMED = 4
# So large a share of the draws has one and the same order of the components: what others there
# are is too little for a statistic to be out of bounds.
STEADY = 0.995
# Numbers of each component that are looked at, evenly spread.
MOST_NUMBERS = 50


def judge(
    records: Iterable[Record],
    facts: Mapping[str, float],
    components: ExchangeableComponents,
    quantities: Mapping[str, Quantity],
    made: Sequence[str],
    chains: Sequence[object],
) -> list[Record]:
    """Say of each finding whether switched labels are its cause.

    Where single components do not converge and all does that depends on no label, labels have
    switched and nothing else is wrong. Where neither does, it is not labels, or not labels alone.
    Nor is it where a number of the components is in the same order throughout.

    By all that was found, the extremes of the statistics, the variables that the blocks of
    `components` move, the names of what was `made` so that it does not depend on labels, and the
    chains' labels. Comes back with causes where they are known, and with a record of the kind
    "label_switching" for each block whose labels have switched.
    """
    records = list(records)
    blocks = concerned(records, components)
    high = [r.value for _, its in blocks for r in its if r.kind == "rhat"]
    free = [r for r in records if r.kind == "rhat" and r.label_free]
    if free and high:
        worst = max(free, key=lambda record: record.value)
        # Labels do switch where the rest is by far the lesser part, and yet the rest remains.
        besides = worst.value <= RHAT_HOPELESS and max(high) - 1 > BY_FAR * (worst.value - 1)
        besides = besides and not all(keeps_its_order(b, quantities) for (b, _), _ in blocks)
        where = f"(R-hat is {wording.number(worst.value)} for {worst.label or ''})"
        if besides:
            advice = (
                "Labels have switched, it seems, but what does not depend on them has not "
                f"converged either {where}, so ordering or relabelling alone will not mend it."
            )
        else:
            advice = (
                f"What does not depend on labels disagrees, too {where}, so this is not label "
                "switching, or not that alone: neither ordering nor relabelling will mend it."
            )
        advice = f"{advice} {wording.RHAT_ADVICE}"
        return [replace(r, advice=advice) if r.kind == "rhat" else r for r in records]
    switched = [
        (block, name, its)
        for (block, name), its in blocks
        if _explained(its, facts) and not keeps_its_order(block, quantities)
    ]
    if components.permuted or not switched:
        return records
    ids = {id(record) for _, _, its in switched for record in its}
    ids |= {id(r) for r in _statistics(records) if r.variable in components.computed}
    only = not any(id(r) not in ids and r.severity != "info" for r in records)
    rest = f"for what does not depend on labels ({phrase(made)})."
    if only:
        rest += " Nothing else is wrong."
    named = []
    for block, name, its in switched:
        variables = listed(block.variables)
        if components.relabelled is None:
            where = _where(its, quantities, chains)
            what = f"The {'signs' if block.signs else 'labels'} of {variables} switched {where}"
        else:
            what = (
                f"Relabelling by {components.relabelled!r} could not tell the "
                f"{'signs' if block.signs else 'components'} of {variables} apart"
            )
        named.append(_switched(name, its, facts, what, rest, components.relabelled))
    return named + [
        replace(r, cause=CAUSE, advice=wording.EXPLAINED_ADVICE) if id(r) in ids else r
        for r in records
    ]


def _statistics(records: Iterable[Record]) -> list[Record]:
    """Choose the statistics out of bounds of what may depend on labels."""
    return [r for r in records if r.kind in STATISTICS and not r.label_free]


def concerned(
    records: Iterable[Record], components: ExchangeableComponents
) -> list[tuple[tuple[Block, str], list[Record]]]:
    """Give the blocks, with their names, of which a statistic is out of bounds, and which ones."""
    dependent = _statistics(records)
    result = []
    for block, name, moved in zip(
        components.blocks, components.names, components.moved, strict=True
    ):
        its = [
            record
            for record in dependent
            if record.variable in moved and moved[record.variable][record.element or 0]
        ]
        if its:
            result.append(((block, name), its))
    return result


def _explained(its: Sequence[Record], facts: Mapping[str, float]) -> bool:
    """Say whether all is clearly better that does not depend on labels."""
    highest = max((r.value for r in its if r.kind == "rhat"), default=None)
    if highest is not None:
        free = facts.get("label_free_rhat", np.inf)
        return free <= RHAT_MOST and highest - 1 >= CLEARLY * (free - 1)
    for kind in ("ess_bulk", "ess_tail"):
        low = [record for record in its if record.kind == kind]
        if low:
            free = facts.get(f"label_free_{kind}", 0.0)
            if free < max(low[0].threshold, CLEARLY * min(record.value for record in low)):
                return False
    return facts.get("label_free_rhat", 1.0) <= RHAT_MOST


def _switched(
    name: str,
    its: Sequence[Record],
    facts: Mapping[str, float],
    what: str,
    rest: str,
    relabelled: str | None,
) -> Record:
    """Say by the worst figure what labels have done, and that other things are well.

    That is the greatest R-hat or, where no R-hat is high, the least effective sample size.
    """
    high = [record for record in its if record.kind == "rhat"]
    worst = max(high or its, key=lambda record: record.value if high else -record.value)
    mild = worst.kind == "rhat" and worst.value <= RHAT_HOPELESS
    statistic = wording.STATISTICS[worst.kind][0].replace("The", "the")
    return Record(
        kind="label_switching",
        variable=name,
        value=worst.value,
        threshold=worst.threshold,
        severity="warning" if mild else "error",
        message=(
            f"{what}: {statistic} is {wording.number(worst.value)} "
            f"{'as drawn' if relabelled is None else 'once relabelled'}, but "
            f"{'at most' if worst.kind == 'rhat' else 'at least'} "
            f"{wording.number(facts[f'label_free_{worst.kind}'])} {rest}"
        ),
        advice=wording.SWITCHED_ADVICE if relabelled is None else wording.RELABELLED_ADVICE,
    )


def _where(
    its: Sequence[Record], quantities: Mapping[str, Quantity], chains: Sequence[object]
) -> str:
    """Say whether single chains change labels, or only chains differ from one another."""
    elements = list(dict.fromkeys((str(r.variable), int(r.element or 0)) for r in its))
    draws = np.stack([quantities[name].draws[at] for name, at in elements[:MOST_EXAMINED]])
    if len(chains) == 1:
        return "within the chain"
    moving = np.array([_moves(draws[:, chain]) for chain in range(len(chains))])
    steady = draws[:, ~moving]
    apart = steady.shape[1] > 1 and bool((rhat(steady) > RHAT_MOST).any())
    if not moving.any():
        return "across chains"
    within = "within chains"
    # Chains are told by name only where all the others plainly keep to one labelling.
    if all(_keeps(draws[:, chain]) for chain in np.flatnonzero(~moving)) and not moving.all():
        which = [str(label) for label, it in zip(chains, moving, strict=True) if it]
        if len(which) > MOST_CHAINS_NAMED:
            within = f"within {len(which)} of {len(chains)} chains"
        else:
            within = f"within chain{'s' * (len(which) > 1)} {listed(which)}"
    return f"across chains, and {within}" if apart else within


def _keeps(draws: np.ndarray) -> bool:
    """Say whether a chain, (elements, draw), plainly stays in one labelling."""
    return bool((ess_bulk(draws[:, None]) >= ESS_PER_CHAIN).all())


def _moves(draws: np.ndarray) -> bool:
    """Say whether a chain, (elements, draw), does not even agree with itself."""
    half = draws.shape[-1] // 2
    halves = np.stack([draws[:, :half], draws[:, -half:]], axis=1)
    if half >= 4 and bool((rhat(halves) > RHAT_HOPELESS).any()):
        return True
    return bool((ess_bulk(draws[:, None]) < FEW_IN_A_CHAIN).any())


def keeps_its_order(block: Block, quantities: Mapping[str, Quantity]) -> bool:
    """Say whether some number keeps a block's components in one order, in all chains.

    Everything that belongs to a component moves with its label. Where means, say, never overlap and
    are always in the order in which they are elsewhere, labels have not switched, and weights that
    do not converge have another reason.

    `quantities` are all variables that the block moves, by name.
    """
    values = {}
    for name in block.variables:
        quantity = quantities[name]
        draws = quantity.draws.reshape(len(quantity.draws), -1)
        values[name] = draws.T.reshape((-1, *quantity.shape))
    features = component_features(block, values)
    features = features[:, :, :: max(1, -(-features.shape[2] // MOST_NUMBERS))]
    order = np.argsort(features, axis=1)
    # Zeros of a Cholesky factor, or any other number that components share, tell nothing.
    differ = (np.diff(np.take_along_axis(features, order, axis=1), axis=1) > 0).all(axis=1)
    # An order that nearly all draws have is, place by place, that of the median.
    usual = np.median(order, axis=0)
    return bool((((order == usual).all(axis=1) & differ).mean(axis=0) >= STEADY).any())

"""The answer in words: how many components, which, how sure, and whether to believe it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from aliquot.analyses.analysis import Parameter, TableAnalysis
from aliquot.analyses.assignments import DOUBT, SURE, Assignments
from aliquot.analyses.components import WEIGHT
from aliquot.analyses.rounding import percent
from aliquot.builders.posterior import Posterior
from aliquot.tables.words import count, listed

# Below this probability the data leave the number open; below this certainty they leave labels so.
SETTLED, LABELLED = 0.9, 0.9


def paragraphs(
    analysis: TableAnalysis,
    posterior: Posterior,
    parameters: Sequence[Parameter],
    found: Assignments,
    partial: bool,
) -> list[str]:
    """Give the answer, a few sentences each."""
    said = [
        _how_many(analysis, posterior, partial),
        _which(analysis, posterior, parameters, found),
        _how_sure(analysis, posterior, found),
        _trust(analysis, posterior),
    ]
    return [text for text in said if text]


def _how_many(analysis: TableAnalysis, posterior: Posterior, partial: bool) -> str:
    k = posterior.components
    name = count(k, analysis.kind, analysis.kinds)
    table = posterior.comparison.table
    tried = list(table.index)
    said = []
    if len(analysis.numbers) == 1:
        said.append(f"With {name}, as asked for.")
    elif len(tried) == 1:
        said.append(f"{name}: no other number was compared.")
    else:
        probability = table["probability"].fillna(0.0)
        others = [
            f"{number}: {percent(float(p))}"
            for number, p in probability.sort_values(ascending=False).items()
            if number != k and p >= 0.005
        ]
        first, last = min(tried), max(tried)
        which = f"from {first} to {last}" if len(tried) == last - first + 1 else listed(tried)
        said.append(
            f"{name}: of the numbers {which} this is the most probable one, with a probability of "
            f"{percent(float(probability[k]))}" + (f" ({', '.join(others)})." if others else ".")
        )
        if probability[k] < SETTLED:
            said.append("The data do not settle the number.")
        if failed := [n for n in tried if not np.isfinite(table["log_evidence"][n])]:
            said.append(
                f"With {listed(failed)} {analysis.kinds} no fit was possible, so that nothing is "
                "known of that."
            )
        vague = [n for n in tried if np.isfinite(table["log_evidence"][n]) and not table["good"][n]]
        if vague:
            said.append(
                f"How probable {listed(vague)} {'is' if len(vague) == 1 else 'are'} is known "
                "roughly at best: comparison.csv says why."
            )
        if k == max(tried) and not partial:
            said.append("It is the largest that was tried: try more.")
    if partial:
        said.append("PARTIAL: stopped by Ctrl-C before all numbers had been compared.")
    return " ".join(said)


def _which(
    analysis: TableAnalysis,
    posterior: Posterior,
    parameters: Sequence[Parameter],
    found: Assignments,
) -> str:
    weight = next((p.values for p in parameters if p.name == WEIGHT), None)
    said = []
    for k in range(posterior.components):
        portrait = analysis.portrait(parameters, k)
        if posterior.components == 1:
            said.append(f"All {analysis.thing}s: {portrait}." if portrait else "")
            continue
        if weight is not None:
            low, high = np.quantile(weight[:, k], [0.05, 0.95])
            size = f" holds {weight[:, k].mean():.0%} of the {analysis.thing}s "
            size += f"({low:.0%} to {high:.0%})" if f"{low:.0%}" != f"{high:.0%}" else ""
            size = size.rstrip()
        else:
            share = float(found.mean[found.known, k].mean())
            size = f" holds {share:.0%} of the {analysis.thing}s"
        said.append(f"{analysis.kind.capitalize()} {k}{size}: {portrait}.")
    return " ".join(said)


def _how_sure(analysis: TableAnalysis, posterior: Posterior, found: Assignments) -> str:
    if posterior.components == 1:
        return ""
    sure, total = found.sure, len(found.sure)
    clear, doubt = int((sure >= SURE).sum()), int((sure < DOUBT).sum())
    said = (
        f"{clear:,} of {count(total, analysis.thing)} ({percent(clear / total)}) belong to one "
        f"{analysis.kind} with a probability of {SURE:.0%} or more"
    )
    many = "is" if doubt == 1 else "are"
    return f"{said}; {f'{doubt:,}' if doubt else 'none'} {many} in doubt (below {DOUBT:.0%})."


def _trust(analysis: TableAnalysis, posterior: Posterior) -> str:
    certainty = json.loads(posterior.trace.attrs.get("relabelling_certainty", "{}"))
    said = []
    if posterior.message:
        said.append(
            "The draws cannot be trusted yet: "
            f"{reason(posterior.message)}. What may help: more draws (--draws), fewer "
            f"{analysis.kinds} or a simpler model. summary.txt has the whole finding."
        )
    else:
        said.append("The checks of the draws found nothing wrong.")
    if certainty and min(certainty.values()) < LABELLED:
        said.append(
            f"Some {analysis.kinds} overlap so much that in many draws they cannot be told apart: "
            f"numbers of single {analysis.kinds} look surer than they are."
        )
    return " ".join(said)


def reason(text: str) -> str:
    """Give the plain part of a message's first sentence: what comes after the numbers.

    >>> reason("R-hat is 1.05 for sorted mu[0]: the chains do not agree with each other. Draw on.")
    'the chains do not agree with each other'
    """
    head = text.partition(". ")[0].removesuffix(".")
    return head.rpartition(": ")[2].removesuffix(", so the draws cannot be trusted yet")

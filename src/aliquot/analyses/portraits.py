"""A component in a few words: where it is in each column, in the column's own units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aliquot.analyses.analysis import Parameter
from aliquot.analyses.components import WEIGHT
from aliquot.analyses.rounding import percent, rounded

# How many columns are told of; the rest is in components.csv.
MOST = 5
SPREADS = {"mean": "sd", "centre": "scale", "location": "scale"}


def portrait_of(parameters: Sequence[Parameter], k: int) -> str:
    """Say where component k is: means with spreads, rates, the answers that set it apart."""
    spread = {(p.of, p.name): p.values[:, k].mean() for p in parameters}
    said = []
    for parameter in parameters:
        middle = parameter.values[:, k].mean()
        if (name := SPREADS.get(parameter.name)) is not None:
            wide = float(spread[parameter.of, name])
            what = "" if name == "sd" else f"{parameter.name} "
            said.append(
                f"{parameter.of} {what}{rounded(middle, wide)} ({name} {rounded(wide, wide)})"
            )
        elif parameter.name == "rate":
            said.append(f"{parameter.of} {rounded(middle, np.sqrt(max(middle, 1e-9)))} on average")
    rest = len(said) - MOST
    said = [*said[:MOST], f"{rest} more columns in components.csv"] if rest > 0 else said
    return ", ".join([*said, *_answers(parameters, k)])


def _answers(parameters: Sequence[Parameter], k: int) -> list[str]:
    """Give the answers whose probabilities differ most from those in all rows together."""
    weight = next((p.values for p in parameters if p.name == WEIGHT), None)
    answers = [p for p in parameters if p.name == "probability"]
    if not answers:
        return []
    if weight is None:
        weight = np.full_like(answers[0].values, 1 / answers[0].values.shape[1])
    found = []
    for answer in answers:
        here = float(answer.values[:, k].mean())
        everywhere = float((answer.values * weight).sum(axis=1).mean())
        found.append((here - everywhere, here, answer))
    if weight.shape[1] > 1:
        # The answer that is more frequent here than elsewhere, one for each question.
        best: dict[str, tuple[float, float, Parameter]] = {}
        for row in found:
            if row[0] > best.get(row[2].of, (-2.0,))[0]:
                best[row[2].of] = row
        found = sorted(best.values(), key=lambda row: -row[0])
    else:
        found = sorted(found, key=lambda row: -row[1])
    return [f"{a.of} = {a.level} ({percent(here)})" for _, here, a in found[:MOST]]

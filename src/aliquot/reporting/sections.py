"""The sections of a report, with their pictures as SVG: what its template is filled with."""

from __future__ import annotations

from typing import Any

from aliquot.reporting.contents import FAMILIES, Contents
from aliquot.reporting.elements import HYPERPARAMETER, PARAMETER, Element
from aliquot.reporting.notation import notation
from aliquot.reporting.numbers import count, listed
from aliquot.reporting.svg import inline_svg


def sections(contents: Contents, title: str | None) -> dict[str, Any]:
    """Gather all that the template shows; pictures in the order in which they stand there."""
    drawn = {
        f"figure-{k}": (name, inline_svg(figure, f"figure-{k}", words, tight=cut), words)
        for k, (name, figure, words, cut) in enumerate(contents.drawings())
    }
    hidden, recovered = contents.recovered()
    checks, replicated = contents.checks()
    ok, heading, messages = contents.verdict()
    names = [e.variable for e in contents.elements if e.kind <= PARAMETER]
    names = list(dict.fromkeys([*names, *contents.states]))
    model = contents.model
    summed = None if model is None else model.marginalization()
    return {
        "contents": contents,
        "title": title or f"The posterior of {listed(names, 4) or 'nothing'}",
        "subtitle": _subtitle(contents),
        "interrupted": _interrupted(contents) if contents.partial else "",
        "verdict": {"ok": ok, "heading": heading, "messages": messages},
        "model": [] if model is None else notation(model),
        "summed": summed.line if summed is not None and summed.variables else "",
        "symmetries": contents.symmetries(),
        "shown": contents.shown,
        "choice": _choice(contents),
        "drawn": drawn,
        "hidden": [
            (one, inline_svg(one.figure, f"hidden-{k}", f"{one.name}: {one.caption}", tight=True))
            for k, one in enumerate(hidden)
        ],
        "recovered": recovered,
        "checks": [
            (one, inline_svg(one.figure, f"check-{k}", f"Observed and replicated {one.name}."))
            for k, one in enumerate(checks)
        ],
        "replicated": replicated,
        "ends": [f"{50 - 50 * contents.prob:.3g}%", f"{50 + 50 * contents.prob:.3g}%"],
    }


def _subtitle(contents: Contents) -> str:
    attrs = contents.attrs
    draws = f"{contents.draws:,} draw{'s' * (contents.draws != 1)}"
    if contents.sampler in FAMILIES:
        family = FAMILIES[contents.sampler]
        text = f"{draws} of a {family} Gaussian approximation ({contents.sampler})"
        if "iterations" in attrs:
            text += f", fitted in {attrs['iterations']:,} iterations"
    else:
        chains = f"{contents.chains} chain{'s' * (contents.chains != 1)} of "
        text = f"{chains}{draws}, by {contents.sampler}"
        if contents.sampler == "exact":
            text = f"{chains}{draws}, independent and exact"
        if attrs.get("tuning_steps"):
            text += f" after {attrs['tuning_steps']:,} of warm-up"
    if made := str(attrs.get("created_at", ""))[:10]:
        text += f"; {made}"
    return f"{text}."


def _interrupted(contents: Contents) -> str:
    if contents.sampler in FAMILIES:
        return "The fit was interrupted: what it had found by then is shown."
    wanted = contents.attrs.get("draws")
    if contents.warmup:
        return (
            "The run was interrupted in its warm-up: there are no draws of the posterior. What the "
            "chains did until then is shown, and says nothing of the posterior yet."
        )
    of = f" of {count(wanted)}" if wanted else ""
    return f"The run was interrupted: {contents.draws:,}{of} draws from each chain are there."


def _choice(contents: Contents) -> str:
    """Say how many numbers are shown, of how many, and how they were chosen."""
    shown, total = len(contents.shown), contents.numbers
    if shown == total:
        return ""
    still = sum(not element.moves for element in contents.elements)
    text = f"{shown} of {total:,} numbers, in {_variables(contents.elements)}. Shown are "
    poor = [e for e in contents.shown if e.poor]
    if poor and len(poor) < shown:
        text += "those with the worst R-hat or effective sample size, and "
    text += "a few of each variable"
    if any(e.kind == HYPERPARAMETER for e in contents.shown):
        text += ", hyperparameters before others"
    text += ". "
    if still:
        text += f"{still:,} never change or are no numbers, and have no picture. "
    return text


def _variables(elements: list[Element]) -> str:
    names = {element.variable for element in elements}
    return f"{len(names)} variable{'s' * (len(names) != 1)}"

"""What a run gives back: its draws as a tree, checked, with what there is to say of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aliquot.diagnostics import heights
from aliquot.errors import PartialResultWarning, warn
from aliquot.inference.described import described
from aliquot.inference.interrupt import Interrupts
from aliquot.inference.labels import judge
from aliquot.inference.permute import permuted, unconstrained
from aliquot.inference.run_options import RunOptions
from aliquot.inference.stored import StoredRun
from aliquot.inference.tempered import warn_of_ladder
from aliquot.mcmc.result import ChainDraws
from aliquot.model import Model
from aliquot.results import build_tree
from aliquot.symmetry import Symmetries
from aliquot.tempering.chain import LOG_RATIO

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class ChainsDrawn:
    """What chains have drawn, and what there is to say of it."""

    run: ChainDraws
    seen: ChainDraws  # with the draws in memory: all, or of a stored run perhaps every so many
    attrs: Mapping[str, Any]
    symmetries: Symmetries


def result(
    model: Model,
    density: Any,
    options: RunOptions,
    drawn: ChainsDrawn,
    recorder: StoredRun | None,
    began: float,
    stop: Interrupts,
) -> xarray.DataTree:
    """Make the tree of a run, check it and warn; who presses Ctrl-C has it without the checks."""
    run, symmetries = drawn.run, drawn.symmetries
    attrs = {**drawn.attrs, **_volumes(drawn.seen)}
    moved = symmetries if options.permuting and symmetries else None
    if recorder is None:
        tree = checked = _tree(model, density, run, attrs, options, moved)
    else:
        tree, checked = recorder.trees(run, attrs, options, moved)
    tree.attrs["total_time"] = time.perf_counter() - began
    judged = options.checks and int(run.completed.min()) > run.tune
    found = None
    if judged:
        with suppress(KeyboardInterrupt), stop.raising():
            found = judge(checked, density, symmetries)
    if recorder is not None:
        # Before anything is said: where warnings are errors, what is stored is whole.
        tree.attrs |= checked.attrs
        recorder.store.show(tree.attrs)
    if run.interrupted:
        _warn_partial(run, recorder)
    if found is not None:
        found.warn()
    elif judged:
        warn(
            "the checks were interrupted: whether the draws can be trusted is not known. "
            "aq.check(trace) looks at them",
            PartialResultWarning,
        )
    if judged and options.tempered:
        warn_of_ladder(dict(attrs))
    return tree


def _volumes(run: ChainDraws) -> dict[str, Any]:
    """Note how much room each chain fills where that decides which of them to believe."""
    kept = slice(run.tune, int(run.completed.min()))
    volumes = heights.log_volumes(run.positions[:, kept], run.stats["lp"][:, kept])
    return {} if volumes is None else {heights.ATTRIBUTE: volumes}


def _tree(
    model: Model,
    density: Any,
    run: ChainDraws,
    attrs: Mapping[str, Any],
    options: RunOptions,
    symmetries: Symmetries | None,
) -> xarray.DataTree:
    """Build the result; its draws are permuted where symmetries are given."""
    done = int(run.completed.min())
    kept = slice(run.tune, max(done, run.tune))
    warm = slice(0, min(run.tune, done))
    groups: dict[str, Any] = {
        "posterior": density.constrain_draws(run.positions[:, kept]),
        "sample_stats": {name: stat[:, kept] for name, stat in run.stats.items()}
        | ({"independence": run.independent[:, kept]} if run.independent.any() else {})
        | {name: values for name, values in run.further.items() if name != LOG_RATIO},
    }
    flat = run.positions[:, kept]
    if symmetries is not None and flat.shape[1]:
        moved = permuted(density, symmetries, groups["posterior"], attrs["random_seed"])
        if moved is not None:
            groups["posterior"] = moved
            attrs = {**attrs, "label_switching": "permute"}
            if options.keep_unconstrained:
                flat = unconstrained(density, moved)
    if options.keep_unconstrained:
        groups["unconstrained_posterior"] = density.split(flat)
    # A run that never left its warm-up has nothing else to show for itself.
    if (options.keep_warmup or done <= run.tune) and warm.stop > 0:
        groups["warmup_posterior"] = density.constrain_draws(run.positions[:, warm])
        groups["warmup_sample_stats"] = {name: s[:, warm] for name, s in run.stats.items()}
        if options.keep_unconstrained:
            groups["warmup_unconstrained_posterior"] = density.split(run.positions[:, warm])
    return build_tree(**groups, **described(model), attrs=attrs)


def _warn_partial(run: ChainDraws, recorder: StoredRun | None) -> None:
    done = int(run.completed.min())
    if done > run.tune:
        what = f"{done - run.tune} of {run.draws} draws from each chain are kept"
    else:
        what = (
            f"the chains were still in their warm-up ({done} of {run.tune} draws), which is kept "
            "as warmup_posterior; there are no posterior draws"
        )
    further = ""
    if recorder is not None:
        further = f" aq.resume({str(recorder.store.path)!r}, model=model) goes on."
    warn(
        f"sampling was interrupted: {what}. The result is marked as partial.{further}",
        PartialResultWarning,
    )

"""What is said of labels: before sampling that they can switch, afterwards whether they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aliquot.errors import AliquotWarning, warn
from aliquot.inference.label_free import log_predictive
from aliquot.inference.permute import that_hold
from aliquot.model import Model
from aliquot.symmetry import ATTRIBUTE, Symmetries

if TYPE_CHECKING:
    import xarray

    from aliquot.diagnostics import Diagnosis


def announce_symmetries(
    model: Model, symmetries: Symmetries, permuting: bool, progressbar: bool
) -> None:
    """Say before the first draw which components can trade places."""
    from aliquot.progress import announce

    if symmetries:
        after = ", all visited by permuting the draws" if permuting else ""
        announce(f"{symmetries.line}{after}.", progressbar)
    elif permuting:
        why = " ".join(broken.text for broken in model.symmetries().broken)
        warn(
            "label_switching: no components of this model can trade places, so there is nothing "
            f"to permute. {why}".strip(),
            AliquotWarning,
        )


def judge(tree: xarray.DataTree, density: Any, symmetries: Symmetries) -> Diagnosis:
    """Check a sample; where it looks bad and labels may have switched, look at more.

    What was found before sampling is first verified at the draws. The log predictive densities,
    which do not depend on labels, are computed only where something looks bad.
    """
    from aliquot import diagnostics

    if not symmetries:
        return diagnostics.check(tree)
    posterior = tree["posterior"].dataset
    values = {
        slot.variable.name: posterior[slot.variable.name].transpose("chain", "draw", ...).values
        for slot in density.slots
    }
    held = that_hold(density, symmetries, values)
    tree.attrs[ATTRIBUTE] = held.to_json()
    found = diagnostics.check(tree)
    if found.ok or not held:
        return found
    return diagnostics.check(tree, label_free=log_predictive(density, values))

"""Label switching of a sample: told of before it is drawn, looked for afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aliquot.diagnostics import Diagnosis, check
from aliquot.errors import AliquotWarning, warn
from aliquot.inference.draws import free_draws
from aliquot.inference.log_predictive import log_predictive
from aliquot.inference.permute import that_hold
from aliquot.model import Model
from aliquot.progress import announce
from aliquot.symmetry import ATTRIBUTE, Symmetries

if TYPE_CHECKING:
    import xarray


def announce_symmetries(
    model: Model, symmetries: Symmetries, permuting: bool, progressbar: bool
) -> None:
    """Say before the first draw which components can trade places."""
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
    if not symmetries:
        return check(tree)
    posterior = tree["posterior"].dataset
    values = {
        name: array.transpose("chain", "draw", ...).values
        for name, array in free_draws(density, posterior).items()
    }
    held = that_hold(density, symmetries, values)
    tree.attrs[ATTRIBUTE] = held.to_json()
    found = check(tree)
    if found.ok or not held:
        return found
    return check(tree, label_free=log_predictive(density, values))

"""``aq.report``: one page about any fit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.arguments import as_seed
from aliquot.errors import ModelError
from aliquot.files import write_text
from aliquot.hints.explain import explained
from aliquot.inference.described import observed_data
from aliquot.inference.posterior import posterior_of, posterior_values
from aliquot.inference.same_data import refuse_changed
from aliquot.model import Model, current_model, resolve_model
from aliquot.model.streamed import refuse_rows

if TYPE_CHECKING:
    import xarray

USER = "aq.report"
# Draws for what is recovered and replicated: enough for a picture, fewer of very many data.
FEWEST_DRAWS, MOST_DRAWS, MOST_NUMBERS = 20, 400, 20_000_000


@explained({})
def report(
    trace: xarray.DataTree,
    model: Model | None = None,
    path: str | Path = "report.html",
    *,
    title: str | None = None,
    var_names: Sequence[str] | None = None,
    max_shown: int = 16,
    prob: float = 0.9,
    random_seed: Any = 0,
) -> Path:
    """Write a report on a fit: one HTML page that needs no other file and no network.

    Parameters
    ----------
    trace : xarray.DataTree
        From `sample`, or the ``sample`` of an approximation, a partial one included; or such a
        trace loaded from a file.
    model : Model, optional
        The model that it is of; by default the one whose ``with`` block is running, if any. Without
        it the report says what is missing: the notation, and hidden states and replicated data that
        the trace does not hold.
    path : str or Path
        Of the file, which is replaced. Its folder must exist.
    title : str, optional
    var_names : sequence of str, optional
        Variables of the posterior to show; by default all.
    max_shown : int
        How many numbers are shown before the table of all of them, which folds out, and in
        pictures. A third at most are those with the worst R-hat or effective sample size; then come
        hyperparameters, parameters, three of each at a time, and three of each deterministic. Of a
        vector of 16 or more there are three beside the worst, and a picture of the whole.
    prob : float
        Probability of all intervals, with as much on either side.
    random_seed : int, sequence of int, numpy.random.Generator, optional
        Of replicated data.

    Returns
    -------
    pathlib.Path
        Of the file.

    Raises
    ------
    ModelError, ShapeError, SupportError
        Before any work is done: for a trace that is none, or of another model or other data; a
        folder that is not there; names that are not in the posterior.
    StorageError
        Where the file cannot be written, as on a full disk; an older one is as it was.

    Notes
    -----
    With a model, discrete variables that the trace does not hold are recovered and data replicated
    at 400 of the draws at most. The trace itself is left as it is.

    See Also
    --------
    check : The verdict on the draws, as records.

    Examples
    --------
    >>> import tempfile
    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     mu = aq.Normal("mu", 0, 1)
    ...     obs = aq.Normal("obs", mu, 1, observed=[0.1, 0.4, -0.3])
    ...     trace = aq.sample(500, tune=500, random_seed=1, progressbar=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = aq.report(trace, model, f"{folder}/report.html")
    ...     path.name, "Convergence checks" in path.read_text(encoding="utf-8")
    ('report.html', True)
    """
    target = _target(path)
    names = _choices(trace, var_names, max_shown, prob)
    seed = as_seed(random_seed)
    if model is None:
        with suppress(ModelError):  # outside of any with block: without a model
            model = current_model(USER)
    else:
        model = resolve_model(model, USER)
        refuse_rows(model, USER, "Leave model= out: the page is then of the trace alone")
    few = _few_draws(trace, model)
    if model is not None:
        _check_model(trace, few, model)

    from aliquot.reporting.contents import Contents
    from aliquot.reporting.page import render
    from aliquot.reporting.sections import sections

    contents = Contents(trace, model, few, prob, max_shown, seed, names)
    page = render("report.html.j2", **sections(contents, title))
    write_text(target, page)
    return target


def _target(path: Any) -> Path:
    if not isinstance(path, str | Path):
        raise ModelError(
            f"{USER}: path must be the name of a file, as in 'report.html'; "
            f"got {type(path).__name__}"
        )
    target = Path(path)
    if target.is_dir() or not target.parent.is_dir():
        what = f"there is no folder {str(target.parent)!r}: make it first, or choose another"
        if target.is_dir():
            what = f"that is a folder: name a file in it, as in {str(target / 'report.html')!r}"
        raise ModelError(f"{USER}: path={str(path)!r}: {what}")
    return target


def _choices(trace: Any, var_names: Any, max_shown: Any, prob: Any) -> list[str] | None:
    """Check what the report is of, and what is asked for; give the variables' names."""
    if "posterior" not in getattr(trace, "children", {}):
        raise ModelError(
            f"{USER}: give a DataTree with a group 'posterior', as aq.sample returns (of a "
            f"variational fit, approx.sample(1_000)); got {type(trace).__name__}"
        )
    posterior = posterior_of(trace, USER)
    whole = isinstance(max_shown, int | np.integer) and not isinstance(max_shown, bool)
    if not whole or max_shown < 1:
        raise ModelError(
            f"{USER}: max_shown must be a whole number of at least 1; got {max_shown!r}"
        )
    if not isinstance(prob, int | float | np.number) or not 0 < prob < 1:
        raise ModelError(f"{USER}: prob must be between 0 and 1; got {prob!r}")
    if var_names is None:
        return None
    names = [var_names] if isinstance(var_names, str) else list(var_names)
    for name in names:
        if name not in posterior.data_vars:
            raise ModelError(
                f"{USER}: var_names: {name!r} is not a variable of the posterior "
                f"({', '.join(map(str, posterior.data_vars))})"
            )
    return names


def _few_draws(trace: xarray.DataTree, model: Model | None) -> xarray.DataTree | None:
    """Give draws evenly spread over all that are finite, as one chain; None if there are none."""
    import xarray

    posterior = trace["posterior"].to_dataset()
    finite = np.ones((posterior.sizes["chain"], posterior.sizes["draw"]), bool)
    for array in posterior.data_vars.values():
        if array.dtype.kind == "f" and {"chain", "draw"} <= set(array.dims):
            own = np.isfinite(array.transpose("chain", "draw", ...).values)
            finite &= own.all(axis=tuple(range(2, own.ndim)))
    places = np.argwhere(finite)
    if not len(places):
        return None
    numbers = [1]
    if model is not None:
        numbers += [variable.size for variable in model.observed]
        numbers += [v.elements * v.states for v in model.marginalization().variables]
    count = int(np.clip(MOST_NUMBERS // max(numbers), FEWEST_DRAWS, MOST_DRAWS))
    chosen = np.unique(np.linspace(0, len(places) - 1, count).round().astype(int))
    chain, draw = (xarray.DataArray(at, dims="few") for at in places[chosen].T)
    picked = posterior.isel(chain=chain, draw=draw).drop_vars(["chain", "draw"], errors="ignore")
    picked = picked.rename(few="draw").expand_dims("chain")
    picked = picked.assign_coords(chain=[0], draw=np.arange(len(chosen)))
    groups = {"posterior": picked.transpose("chain", "draw", ...)}
    if "observed_data" in trace.children:
        groups["observed_data"] = trace["observed_data"].to_dataset()
    tree = xarray.DataTree.from_dict(groups)
    tree.attrs = dict(trace.attrs)
    return tree


def _check_model(trace: xarray.DataTree, few: xarray.DataTree | None, model: Model) -> None:
    """Refuse a trace of another model, or of other data than the model holds now."""
    if few is not None:
        posterior_values(model, few["posterior"].dataset, USER)
    stored = trace["observed_data"].dataset if "observed_data" in trace.children else {}
    unknown = [str(name) for name in trace["posterior"].dataset if name not in model]
    lacking = [variable.name for variable in model.observed if variable.name not in stored]
    strange = [str(name) for name in stored if name not in model]
    if strange or (unknown and lacking):
        what = f"data of {strange[0]!r}" if strange else f"{unknown[0]!r}"
        raise ModelError(
            f"{USER}: the trace holds {what}, which the model does not know (it has "
            f"{', '.join(model.variables)}). Give the model of the trace, or leave model= out"
        )
    refuse_changed(stored, observed_data(model), USER, "leave model= out")

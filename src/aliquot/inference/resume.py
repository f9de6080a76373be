"""``aq.resume``: go on with a run that was interrupted, or draw more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aliquot.arguments import whole_number
from aliquot.errors import AliquotWarning, ModelError, warn
from aliquot.inference.drawing import draw
from aliquot.inference.identity import identity, refuse_other
from aliquot.inference.resume_fit import resume_fit
from aliquot.inference.run_options import RunOptions
from aliquot.inference.sampling import AskedStart
from aliquot.inference.stored import FIT
from aliquot.inference.stored_approximation import from_arrays
from aliquot.model import Model, resolve_model
from aliquot.storage import RunStore, is_fit, read_path

if TYPE_CHECKING:
    import optax
    import xarray


def resume(
    store: str | PathLike[str],
    *,
    draws: int | None = None,
    iterations: int | None = None,
    optimizer: optax.GradientTransformation | None = None,
    callbacks: Sequence[Any] = (),
    cores: int | None = None,
    progressbar: bool = True,
    compute_convergence_checks: bool = True,
    model: Model | None = None,
) -> Any:
    """Go on with what ``aq.sample(..., store=...)`` or ``aq.fit(..., store=...)`` has begun.

    It may have ended by Ctrl-C, by a signal, with the machine or on a full disk, in its warm-up or
    later. What comes out is, to the last bit, what a run or a fit would have given that was never
    interrupted. A deterministic fit that was is begun again, and what a finished one gave is read.

    Parameters
    ----------
    store : str or path
        The folder of the run, or of the fit.
    draws : int, optional
        Draws of each chain to have in the end, where that is to be more than were asked for: a run
        that has ended goes on, too, and one that was to end by `until` has as many. What has been
        made before the draws stays: of NUTS what exploring found, within evaluations for as many
        draws as were asked for; of a tempered run the ladder, which does not depend on how many
        follow, so that the result is that of a run that was told so at first.
    iterations : int, optional
        Of a fit by ADVI: iterations to have in the end, where that is to be more. One that a
        criterion or a callback has ended goes on without.
    optimizer, callbacks
        Of a fit by ADVI: those that it was begun with, which a store cannot hold.
    cores, compute_convergence_checks
        Of a run: as in `sample`.
    progressbar : bool
    model : Model, optional
        The model of the run, with its data; by default the one whose ``with`` block is running.

    Returns
    -------
    xarray.DataTree or Approximation
        As from `sample`, or as from `fit`.

    Raises
    ------
    StorageError
        Where there is no such store, or another process is writing to it.
    ModelError
        Where the model or its data are not those of the run; says what differs.

    Notes
    -----
    With other versions of Aliquot, JAX or NumPy, or on another processor, last bits differ, so that
    the draws from there on are others, and as good: a warning says so.

    Where a file of the store is damaged, the run goes on before it, and a warning says so.

    A store holds the fit that a run begins at, but not its start values (``initvals``): a run with
    these that ended before its first draw was written has to be begun again.

    Examples
    --------
    >>> import tempfile
    >>> import aliquot as aq
    >>> with aq.Model(), tempfile.TemporaryDirectory() as folder:
    ...     x = aq.Normal("x", 0, 1)
    ...     run = aq.sample(200, store=f"{folder}/run.zarr", progressbar=False)
    ...     longer = aq.resume(f"{folder}/run.zarr", draws=500, progressbar=False)
    ...     _ = aq.fit(2_000, random_seed=1, store=f"{folder}/fit", progressbar=False)
    ...     approx = aq.resume(f"{folder}/fit", iterations=3_000, progressbar=False)
    >>> approx.hist.shape
    (3000,)
    >>> longer.posterior.sizes["draw"], bool((longer.posterior.x[:, :200] == run.posterior.x).all())
    (500, True)
    """
    user = "aq.resume"
    model = resolve_model(model, user)
    path = read_path(store)
    fitted = is_fit(path)
    _refuse_what_is_of_the_other(
        user,
        fitted,
        of_runs={"draws": draws is not None, "cores": cores is not None},
        of_fits={
            "iterations": iterations is not None,
            "optimizer": optimizer is not None,
            "callbacks": bool(callbacks),
        },
    )
    if fitted:
        return resume_fit(
            path,
            model,
            user,
            iterations=iterations,
            optimizer=optimizer,
            callbacks=callbacks,
            progressbar=progressbar,
        )
    return _resume_run(path, model, user, draws, cores, progressbar, compute_convergence_checks)


def _refuse_what_is_of_the_other(
    user: str, fitted: bool, of_runs: Mapping[str, bool], of_fits: Mapping[str, bool]
) -> None:
    for name, given in (of_runs if fitted else of_fits).items():
        if given:
            here, there = ("fit", "run") if fitted else ("run", "fit")
            raise ModelError(
                f"{user}: {name}= is of a {there}, and this is the store of a {here}: leave it out"
            )


def _resume_run(
    path: Path,
    model: Model,
    user: str,
    draws: int | None,
    cores: int | None,
    progressbar: bool,
    compute_convergence_checks: bool,
) -> xarray.DataTree:
    found = RunStore.open(path)
    try:
        description = found.description
        if description.get("exact"):
            raise ModelError(
                f"{user}: the draws of {path} are exact and independent, and all were made at "
                "once. aq.sample makes more"
            )
        density = model.density()
        refuse_other(description["identity"], identity(model, density), user)
        options = RunOptions.of(
            description["options"],
            cores=None if cores is None else whole_number("cores", cores),
            progressbar=progressbar,
            checks=compute_convergence_checks,
        )
        if draws is not None:
            asked = options.settings.draws
            # Of a run that ends when it is precise, they are only the most that it may have.
            least = asked if options.until is None else found.lengths["posterior"]
            options = _with_draws(options, whole_number("draws", draws), least, user)
            found.describe({**description, "options": options.described()})
        if found.checkpoint is None and not description["beginning"]["again"]:
            raise ModelError(
                f"{user}: {path} ended before its first draw, and its chains were to start at "
                "start values, which it does not hold. Remove it, and begin again with aq.sample"
            )
        fit = found.kept(FIT)
        given = None if fit is None else from_arrays(fit, model)
        _tell_what_was_dropped(found)
        found.show({"partial": True})
    except BaseException:
        found.close()
        raise
    return draw(model, options, AskedStart(given), found)


def _with_draws(options: RunOptions, draws: int, least: int, user: str) -> RunOptions:
    if draws < least:
        raise ModelError(
            f"{user}: the run has, or is to have, {least:,} draws a chain, and draws="
            f"{draws:,} is fewer. Draws are not taken back: choose from the result, as in "
            f"trace.isel(draw=slice({draws}))"
        )
    return replace(options, settings=replace(options.settings, draws=draws), until=None)


def _tell_what_was_dropped(store: Any) -> None:
    if any(store.dropped):
        chains = ", ".join(f"{n:,} of chain {c}" for c, n in enumerate(store.dropped) if n)
        warn(
            f"{store.path}: a part of the draws was damaged. The last ones ({chains}) are drawn "
            "again: they come out the same",
            AliquotWarning,
        )

"""``aq.fit_many``: one model, fitted to many data sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from aliquot.arguments import whole_number
from aliquot.errors import AliquotWarning, DTypeError, ModelError, warn
from aliquot.many.building import reason
from aliquot.many.datasets import USER, read_datasets
from aliquot.many.engine import TOLD, Asked, FitJob, Fits
from aliquot.many.methods import FitTask, read_method
from aliquot.many.padded import Writer
from aliquot.many.stored import open_store
from aliquot.many.survey import Survey
from aliquot.progress import announce

if TYPE_CHECKING:
    import xarray


def fit_many(
    build: Callable[[Any], Any],
    datasets: Any,
    *,
    by: str | Sequence[str] | None = None,
    method: str = "nuts",
    draws: int | None = None,
    cores: int | None = None,
    random_seed: Any = None,
    progressbar: bool = True,
    store: str | PathLike[str] | None = None,
    **options: Any,
) -> xarray.DataTree:
    """Fit one model to many data sets, several at once.

    Parameters
    ----------
    build : callable
        Called with each data set, it writes the model: in a ``with`` block that is running, or in
        one of its own, and then it returns the model.
    datasets : sequence, mapping or table
        Data sets, whatever `build` takes: arrays, mappings, data frames; a mapping has a label for
        each. With `by` a table whose groups are the data sets.
    by : str or sequence of str, optional
        The columns of the table that tell its groups apart.
    method : str
        "nuts" or "tempered", see `sample`; "auto" for the approximation that `fit` chooses, or one
        of its methods by name, such as "laplace".
    draws : int, optional
        Draws kept of each chain, or independent draws of an approximation; by default 1,000.
    cores : int, optional
        How many fits are under way at once, by default one for each processor. Nothing depends on
        it.
    random_seed : int, sequence of int, numpy.random.Generator, optional
        Each fit has a seed of its own made of this and of its number.
    progressbar : bool
    store : str or path, optional
        A folder to which each fit is written when it has ended: Zarr that `open_run` shows at any
        moment. After an interruption or a kill, the same call goes on with what is not there yet.
        Needs zarr: ``aliquot[zarr]``.
    **options
        As of `sample`: `tune`, `chains`, `target_accept`, `max_treedepth`, `init`, `initvals`,
        `moves`, `label_switching`. Of an approximation those of `fit`.

    Returns
    -------
    xarray.DataTree
        As from `sample`, with one more dim, ``dataset``, before chain and draw. Where data sets
        differ in the labels along a dim, or in its length, what one has not is NaN. The group
        ``fits`` has for each its ``status`` ("ok", "warned", "failed", or "pending" after an
        interruption), the ``reason``, its ``random_seed``, ``seconds``, and the greatest ``rhat``
        and least ``ess_bulk`` and ``ess_tail`` (where components can trade places, of what does not
        depend on their labels), or ``pareto_k`` and ``elbo``.
        After Ctrl-C it has the fits that had ended, and is marked as partial.

    Raises
    ------
    ModelError
        For what `sample` and `fit` refuse; where no data set could be fitted, or the store holds
        fits of other data or in another way.
    DTypeError
        Where `build` cannot be called, or `datasets` holds no data sets.
    StorageError
        Where the store cannot be written; the fits in it are kept.

    Warns
    -----
    AliquotWarning
        One for all fits that failed, and one for all that give warnings; ``fits`` has the rest.

    Notes
    -----
    A fit is what `sample` or `fit` would have given for that data set alone, with the same seed, up
    to rounding. Data sets share what is compiled, where they differ in data only: what is given as
    ``observed=`` or `aq.Data`, and columns of floats as long as the data set, such as covariates.
    Lengths that are close share it, too: shorter ones are given further rows, which do not count,
    where `build` writes the same model but for these.

    Fits that take less than two seconds are done in processes besides this one, where there are
    many; a function of yours that cannot be written down for these (see `pickle`; cloudpickle, if
    it is installed, takes more) is used in this one alone.

    Examples
    --------
    >>> import numpy as np
    >>> import aliquot as aq
    >>> def build(y):
    ...     mu = aq.Normal("mu", 0, 10)
    ...     aq.Normal("obs", mu, 1, observed=y)
    >>> schools = {"north": np.array([1.2, 0.8, 1.9]), "south": np.array([4.1, 3.7, 4.4])}
    >>> fits = aq.fit_many(build, schools, method="laplace", random_seed=1, progressbar=False)
    >>> fits.posterior["mu"].dims
    ('dataset', 'chain', 'draw')
    >>> fits.posterior["mu"].mean(["chain", "draw"]).sel(dataset="south").round(0).item()
    4.0
    >>> fits["fits"]["status"].values.tolist()
    ['ok', 'ok']
    """
    if not callable(build):
        raise DTypeError(
            f"{USER}: build must be a function that writes the model for a data set; got "
            f"{build!r:.60}"
        )
    sets = read_datasets(datasets, by)
    how = read_method(USER, method, draws, options)
    cores = None if cores is None else whole_number("cores", cores)
    survey = Survey(build, sets.values, USER)
    if len(survey.failures) == len(sets):
        raise ModelError(
            f"{USER}: build failed for all {len(sets)} data sets: {reason(survey.failures[0])}"
        ) from survey.failures[0]
    for message, numbers in list(survey.said.items())[:TOLD]:
        others = f" (and {len(numbers) - 1} others)" if len(numbers) > 1 else ""
        warn(f"data set {sets.labels[numbers[0]]}{others}: {message}", AliquotWarning)
    seed, opened = open_store(
        store,
        USER,
        sets.labels,
        random_seed,
        method=method,
        shape=list(how.shape),
        options=options,
        model=survey.description,
        data=survey.digests,
    )
    writer = Writer(build, sets.values, USER)

    def job(number: int) -> FitJob:
        written = writer.written(number)
        return FitJob(written.model, written.rows)

    try:
        fits = Fits(
            Asked(USER, sets.labels, job, FitTask(how), seed, survey.axes),
            opened,
            survey.failures,
        )
        groups = writer.grouped(fits.left)
        if writer.share_no_program(fits.left):
            announce(
                "Each data set is compiled by itself: numbers that differ are part of the model. "
                'Where they come from the data, write them so in build: m = aq.Data("m", m).',
                progressbar,
            )
        tree = fits.all(groups, cores, progressbar, {"random_seed": seed, "method": method})
    finally:
        if opened is not None:
            opened.close()
    fits.tell()
    return tree

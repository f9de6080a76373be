"""``aq.calibrate``: simulation-based calibration of a model with its sampler, or of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.arguments import as_seed, whole_number
from aliquot.calibration.result import Calibration
from aliquot.calibration.task import DIM, GROUP, NAME, NONE, Ranking, Simulation
from aliquot.errors import ModelError
from aliquot.inference import forward
from aliquot.inference.identity import lines_of
from aliquot.inference.predict import sample_prior_predictive
from aliquot.many.engine import Asked, FitJob, Fits
from aliquot.many.methods import read_method
from aliquot.many.stored import open_store
from aliquot.many.survey import Axis, digest_of
from aliquot.model import Model, resolve_model
from aliquot.model.rewritten import with_observations
from aliquot.model.streamed import refuse_rows
from aliquot.results import groups_of, tree_of

if TYPE_CHECKING:
    import xarray

USER = "aq.calibrate"
# Draws that are ranked among, at most, and draws of each chain of which they are some.
RANKED, DRAWS = 99, 250
STREAM = 0x5BC


def calibrate(
    model: Model | None = None,
    *,
    simulations: int = 200,
    method: str = "nuts",
    draws: int | None = None,
    cores: int | None = None,
    random_seed: Any = None,
    progressbar: bool = True,
    store: str | PathLike[str] | None = None,
    **options: Any,
) -> Calibration:
    r"""Check a model's inference on data that the model has made: simulation-based calibration.

    Parameters and data are drawn from the prior, the model is fitted to each of these data sets,
    and the parameters that the data were made with are ranked among the draws. Where the draws are
    of the posteriors, the ranks are uniform [1]_.

    Parameters
    ----------
    model : Model, optional
        With observed variables, whose shapes and missing values the simulated data have; by default
        the one whose ``with`` block is running.
    simulations : int
        With 200 a posterior that lies off by a quarter of its standard deviation is seen, with 500
        one that is off by a seventh.
    method : str
        "nuts" or "tempered", see `sample`; "auto" for the approximation that `fit` chooses, or one
        of its methods by name.
    draws : int, optional
        Draws of each chain, by default 250, or of an approximation. Ranked is among 99 of them at
        most, evenly spread, since ranks among draws that depend on each other are not uniform.
    cores : int, optional
        How many fits are under way at once, by default one for each processor.
    random_seed : int, sequence of int, numpy.random.Generator, optional
    progressbar : bool
    store : str or path, optional
        A folder for what has been ranked: after an interruption the same call goes on.
    **options
        As of `sample`, or of `fit`, as in `fit_many`.

    Returns
    -------
    Calibration
        Says which quantities are off and in which direction; ``.plot()`` draws them.

    Raises
    ------
    ModelError
        Where the model cannot be simulated: nothing is observed, a prior is improper, a potential
        is part of it.

    Warns
    -----
    AliquotWarning
        For fits that failed or did not converge.

    Notes
    -----
    Ranked are the continuous variables and deterministics, element by element, up to 20 of each;
    the log likelihood, which finds errors that no single parameter shows [2]_; and of discrete
    variables how many elements are in each state, and some elements. Where components can trade
    places, what is ranked does not depend on which is which: elements sorted within each draw,
    sizes of groups, and whether two elements are in one group. Ties are ranked at random [2]_.

    The bands are simultaneous, and p-values those of the whole distribution function [3]_, adjusted
    for the number of quantities by Holm's method: of models for which all is well one in twenty is
    said to be off.

    References
    ----------
    .. [1] Talts, Betancourt, Simpson, Vehtari and Gelman (2018), Validating Bayesian inference
       algorithms with simulation-based calibration, arXiv:1804.06788.
    .. [2] Modrák, Moon, Kim, Bürkner, Huurre, Faltejsková, Gelman and Vehtari (2023),
       Simulation-based calibration checking for Bayesian computation: the choice of test quantities
       shapes sensitivity, Bayesian Analysis.
    .. [3] Säilynoja, Bürkner and Vehtari (2022), Graphical test for discrete uniformity and its
       applications in goodness-of-fit evaluation and multiple sample comparison, Statistics and
       Computing 32.

    Examples
    --------
    >>> import numpy as np
    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     mu = aq.Normal("mu", 0, 1)
    ...     aq.Normal("obs", mu, 1, observed=np.zeros(3))
    <obs: float64[3]>
    >>> found = aq.calibrate(model, simulations=20, method="laplace", random_seed=1,
    ...                      progressbar=False)
    >>> found.names, found.ranks.shape
    (['mu', 'log likelihood'], (20, 2))
    """
    model = resolve_model(model, USER)
    refuse_rows(
        model,
        USER,
        "Write the model with some of the rows in memory, aq.Data(name, array), for these",
    )
    count = whole_number("simulations", simulations)
    sampled = method in ("nuts", "tempered")
    how = read_method(USER, method, DRAWS if draws is None and sampled else draws, options)
    cores = None if cores is None else whole_number("cores", cores)
    _check(model)
    chains, length = how.shape
    if length == 0:
        raise ModelError(f"{USER}: draws must be at least 1 to rank among; got 0")
    ranked = min(RANKED, chains * length)
    seed, opened = open_store(
        store,
        USER,
        range(count),
        random_seed,
        method=method,
        shape=[chains, length],
        options=options,
        model=lines_of(model),
        data=digest_of(model),
    )
    try:
        simulated = _Simulated(model, count, as_seed([seed, STREAM]))
        # Of data as they will be: those that are given may be special, such as zeros.
        first = simulated(0)
        symmetries = first.model.symmetries()
        task = Ranking(how, symmetries, first.model.symmetries(explain=False), ranked)
        names = task.names(first)
        axes = {DIM: Axis(len(names), np.array(names))}
        fits = Fits(
            Asked(
                USER, range(count), lambda n: FitJob(simulated(n)), task, seed, axes, "simulations"
            ),
            opened,
            {},
        )
        said = {"random_seed": seed, "method": method, "draws": ranked}
        tree = fits.all([fits.left], cores, progressbar, said)
    finally:
        if opened is not None:
            opened.close()
    fits.tell()
    ranks = np.full((count, len(names)), NONE)
    if GROUP in tree.children:  # else nothing that has ended could be fitted
        found = tree[GROUP].to_dataset()[NAME].values
        ranks = np.where(np.isnan(found), NONE, found).astype(int)
    return Calibration(names, ranks, ranked, _with_pit(tree, ranks, ranked, names, seed))


class _Simulated:
    """Draws from the prior, each as the model with the data that it has made."""

    def __init__(self, model: Model, count: int, seed: int) -> None:
        prior = sample_prior_predictive(count, model=model, random_seed=seed)
        self._model = model
        self._truth = _draws(prior, "prior")
        self._data = _draws(prior, "prior_predictive")
        for variable in model.observed:
            if variable.missing is not None:
                values = self._data[variable.name].astype(float)
                values[:, variable.missing] = np.nan
                self._data[variable.name] = values

    def __call__(self, number: int) -> Simulation:
        data = {name: values[number] for name, values in self._data.items()}
        truth = {name: values[number] for name, values in self._truth.items()}
        return Simulation(with_observations(self._model, data), truth)


def _draws(tree: xarray.DataTree, group: str) -> dict[str, np.ndarray]:
    if group not in tree.children:
        return {}
    return {str(n): a.values[0] for n, a in tree[group].dataset.data_vars.items()}


def _check(model: Model) -> None:
    """Refuse what cannot be simulated."""
    if not model.observed:
        raise ModelError(
            f"{USER}: the model has no observed variables, so there are no data to simulate. Give "
            "the variable that stands for data observed="
        )
    if left_out := forward.potentials(model):
        raise ModelError(
            f"{USER}: the model has the potentials {', '.join(left_out)}. A potential is a term of "
            "the log density that cannot be simulated, so draws of the prior are not of this "
            "model: write it as a variable"
        )
    forward.check_simulable(model)


def _with_pit(
    tree: xarray.DataTree, ranks: np.ndarray, draws: int, names: list[str], seed: int
) -> xarray.DataTree:
    """Add the PIT values, spread at random within each rank, of simulations that have all ranks."""
    import xarray

    whole = ranks[(ranks >= 0).all(axis=1)]
    spread = np.random.default_rng([seed, STREAM]).random(whole.shape)
    pit = (whole + spread) / (draws + 1)
    groups: Mapping[str, Any] = groups_of(tree)
    added = xarray.Dataset(
        {"pit": (("chain", "draw", DIM), pit[None])},
        coords={"chain": [0], "draw": np.arange(len(pit)), DIM: names},
    )
    return tree_of({**groups, "prior_sbc": added}, tree.attrs)

"""``aq.fit``: an approximation in the place of a posterior, by any method."""

from __future__ import annotations

from os import PathLike
from typing import Any

from aliquot.arguments import as_seed
from aliquot.blas import on_one_thread
from aliquot.errors import ModelError
from aliquot.hints.arguments import FIT
from aliquot.hints.explain import explained, unknown_argument
from aliquot.inference.advi import ADVI, FullRankADVI
from aliquot.inference.approximation import Approximation
from aliquot.inference.choosing import choose
from aliquot.inference.deterministic import DETERMINISTIC, Fitting
from aliquot.inference.stored_deterministic import fit_with
from aliquot.inference.stored_fit import new_path
from aliquot.model import Model, resolve_model
from aliquot.progress import announce

STOCHASTIC: dict[str, type[ADVI]] = {"advi": ADVI, "fullrank_advi": FullRankADVI}
METHODS = (*DETERMINISTIC, *STOCHASTIC)
ITERATIONS = 15_000
# What `fit` hands on: to any method, to a deterministic one, to the making of a stochastic one and
# to its run.
ALL = ("start", "label_switching", "check")
SEARCHING = ("restarts",)
MAKING = ("optimizer", "n_samples", "batch_size", "start", "label_switching")
RUNNING = ("callbacks", "convergence", "every", "check")


@explained(FIT)
@on_one_thread
def fit(
    n: int | None = None,
    *,
    method: str | None = None,
    model: Model | None = None,
    random_seed: Any = None,
    progressbar: bool = True,
    store: str | PathLike[str] | None = None,
    **kwargs: Any,
) -> Approximation:
    """Fit an approximation to a model's posterior.

    Parameters
    ----------
    n : int, optional
        Iterations of a stochastic method, by default 15,000. Without a `method` it asks for "advi".
    method : str, optional
        By default one is chosen, which a line says with the reason: the first of "laplace",
        "fullrank" and "dadvi" of which Pareto k is at most 0.7, or else the best of them.

        * "laplace": a Gaussian at the mode with the curvature there; where there are several modes
          that are not mirror images, a mixture of them, weighted by the mass of each.
        * "fullrank": the Gaussian of any covariance with the largest ELBO, deterministically.
        * "dadvi": the mean-field Gaussian with the largest ELBO over fixed draws [1]_, and the
          covariance by linear response [2]_.
        * "pathfinder": Gaussians along the paths of an optimiser [3]_.
        * "advi" and "fullrank_advi": mean-field and full-rank Gaussians by stochastic optimisation,
          as `ADVI` and `FullRankADVI`.
    model : Model, optional
        By default the one whose ``with`` block is running.
    random_seed : int, sequence of int, numpy.random.Generator, optional
        The same seed gives the same fit.
    progressbar : bool
    store : str or path, optional
        A folder to be made, where a stochastic method writes about every second where it is, and
        any method what it gave in the end. `resume` goes on with a fit that was interrupted, runs a
        deterministic one again, and gives what a finished one gave.
    **kwargs
        `start`, a mapping from names of free variables to start values on their own scale;
        `label_switching`, as in `ADVI`; `check`, whether to assess the fit and to warn if it is
        poor. Of a deterministic method: `restarts`, how many starts besides the first, by default
        8. Of a stochastic one: `optimizer`, `n_samples` and `batch_size` of `ADVI`; `callbacks`,
        `convergence` and `every` of `ADVI.fit`.

    Returns
    -------
    Approximation
        After Ctrl-C what had been reached, marked as partial.

    Raises
    ------
    ModelError
        For an unknown method or option, or a model without continuous unknowns.
    StorageError
        Where `store` cannot be made or written to.
    StartError
        Where no start point has a finite log density and gradient; names the variables at fault.
    FitError
        Where there is no mode, or its Hessian is not definite: names the coordinates.

    Warns
    -----
    ConvergenceWarning
        Where the approximation is poor.

    References
    ----------
    .. [1] Giordano, Ingram and Broderick (2024), Black box variational inference with a
       deterministic objective, JMLR 25.
    .. [2] Giordano, Broderick and Jordan (2018), Covariances, robustness, and variational Bayes,
       JMLR 19.
    .. [3] Zhang, Carpenter, Gelman and Vehtari (2022), Pathfinder: parallel quasi-Newton
       variational inference, JMLR 23.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     x = aq.Normal("x", 3, 2)
    ...     approx = aq.fit(random_seed=1, progressbar=False)
    >>> approx.method, approx.mean.round(6), approx.std.round(6)
    ('Laplace', array([3.]), array([2.]))
    >>> approx.sample(100, random_seed=1).posterior["x"].shape
    (1, 100)
    """
    if method is not None and method not in METHODS:
        raise ModelError(f"method must be one of {', '.join(map(repr, METHODS))}; got {method!r}")
    known = dict.fromkeys([*ALL, *SEARCHING, *MAKING, *RUNNING])
    for name in kwargs:  # before anything is compiled
        if name not in known:
            takes = ["method", "model", "random_seed", "progressbar", "store", *known]
            raise unknown_argument("aq.fit", name, FIT, ["n", *takes])
    stochastic = [name for name in kwargs if name in (*MAKING, *RUNNING) and name not in ALL]
    if n is not None:
        stochastic.insert(0, "n")
    asked = method is not None or not stochastic
    if not asked:
        method = "advi"
    path = new_path(store)
    if method in STOCHASTIC:
        for name in SEARCHING:
            if name in kwargs:
                raise ModelError(f"{name}= is of no use to method={method!r}: leave it out")
        making = {key: kwargs.pop(key) for key in MAKING if key in kwargs}
        made = STOCHASTIC[method](model=model, random_seed=random_seed, **making)
        n = ITERATIONS if n is None else n
        approx = made.fit(n, progressbar=progressbar, store=store, **kwargs)
        if not asked:
            announce(
                f"ADVI was chosen because {stochastic[0]}= was given; method= chooses another.",
                progressbar,
            )
        return approx
    if stochastic:
        raise ModelError(
            f"{stochastic[0]}= is for the stochastic methods 'advi' and 'fullrank_advi'; "
            f"method={method!r} is deterministic: leave it out"
        )
    fitting = Fitting(
        resolve_model(model, "aq.fit"), as_seed(random_seed), progressbar=progressbar, **kwargs
    )
    if path is not None:
        return fit_with(path, fitting, method, kwargs.get("start"))
    return choose(fitting) if method is None else fitting.run(method)

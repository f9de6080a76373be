"""``aq.ADVI`` and ``aq.FullRankADVI``: variational fits by stochastic optimisation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aliquot.arguments import as_seed
from aliquot.blas import on_one_thread
from aliquot.density.debug import debug_at
from aliquot.errors import FitError, ModelError
from aliquot.hints.arguments import FIT
from aliquot.hints.explain import explained
from aliquot.inference.approximation import Approximation
from aliquot.inference.batched import read_batches
from aliquot.inference.described import described
from aliquot.inference.initialisation import continuous_density
from aliquot.inference.interrupt import interrupts
from aliquot.inference.labels import announce_symmetries
from aliquot.inference.permute import read_label_switching
from aliquot.inference.stored_fit import (
    StoredFit,
    describe_criterion,
    new_path,
    record_to_arrays,
)
from aliquot.model import Model, resolve_model
from aliquot.progress import announce, fit_progress
from aliquot.variational import (
    FullRank,
    MeanField,
    ParameterChange,
    RelativeChange,
    VariationalApproximation,
    VariationalFit,
)
from aliquot.variational.approximation import check_count
from aliquot.variational.stochastic.family import Family
from aliquot.variational.stochastic.record import FitRecord

if TYPE_CHECKING:
    import optax

Callback = Callable[[Approximation, np.ndarray, int], Any]


class ADVI:
    """Mean-field variational inference: a Gaussian with independent coordinates.

    The posterior on its unconstrained scale is approximated by the independent Gaussian with the
    largest evidence lower bound (ELBO) [1]_. Fast, and often good for means; standard deviations
    come out too small where coordinates are correlated. The fit is checked at its end, and a
    warning says when it should not be trusted.

    Parameters
    ----------
    model : Model, optional
        By default the one whose ``with`` block is running.
    random_seed : int, sequence of int, numpy.random.Generator, optional
        The same seed gives the same fit, to the bit.
    optimizer : optax.GradientTransformation, optional
        Any of optax's; the default decays its learning rate with the iterations.
    n_samples : int
        Monte Carlo draws for each gradient.
    start : mapping from str to array, optional
        Start values of free variables, on their own scale.
    label_switching : str, optional
        "permute": what is drawn from the approximation has its components trade places at
        random, so that all mirror modes are covered and not the one that was found.
    batch_size : int, optional
        Each iteration looks at so many rows at most, instead of all: of the observed variables, or
        of data that lie on a disk. An iteration is as fast then with any number of rows, and its
        gradient noisier, without bias. Each row comes once in an epoch, in another order each
        time: blocks of a file in random order, and rows shuffled among the few blocks that are in
        memory. What comes out is checked against all rows.

    Attributes
    ----------
    hist : numpy.ndarray, shape (iterations,)
        The loss (negative ELBO estimate, in nats) of each iteration so far.
    approx : Approximation
        Where the fit is now.

    References
    ----------
    .. [1] Kucukelbir et al. (2017), Automatic differentiation variational inference, JMLR 18.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     x = aq.Normal("x", 3, 2)
    >>> advi = aq.ADVI(model=model, random_seed=1)
    >>> approx = advi.fit(2_000, progressbar=False)
    >>> advi.hist.shape, approx.mean.shape
    ((2000,), (1,))

    In batches of 100 of 10,000 rows:

    >>> with aq.Model() as model:
    ...     mu = aq.Normal("mu", 0, 10)
    ...     obs = aq.Normal("obs", mu, 1, observed=np.linspace(1.0, 3.0, 10_000))
    >>> approx = aq.ADVI(model=model, random_seed=1, batch_size=100).fit(2_000, progressbar=False)
    >>> approx.mean.round(1), approx.std.round(2)
    (array([2.]), array([0.01]))
    """

    _family: ClassVar[type[Family]] = MeanField

    def __init__(
        self,
        *,
        model: Model | None = None,
        random_seed: Any = None,
        optimizer: optax.GradientTransformation | None = None,
        n_samples: int = 1,
        start: Mapping[str, Any] | None = None,
        label_switching: str | None = None,
        batch_size: int | None = None,
    ) -> None:
        user = f"aq.{type(self).__name__}"
        self._permuting = read_label_switching(label_switching)
        self.model = resolve_model(model, user)
        self.seed = as_seed(random_seed)
        self._optimizer = optimizer
        density = continuous_density(self.model, user)
        self._described = described(self.model)
        self._symmetries = self.model.symmetries(explain=False)
        self._batch_size = batch_size
        batches = read_batches(self.model, density, batch_size, self.seed, user)
        self._fit = VariationalFit(
            density,
            self._family,
            seed=self.seed,
            optimizer=optimizer,
            n_samples=n_samples,
            start=density.start_with(start) if start else None,
            wrap=self._of_the_model,
            batches=batches,
        )

    @property
    def hist(self) -> np.ndarray:
        """The loss of each iteration so far, shape (iterations,)."""
        return self._fit.hist

    @property
    def approx(self) -> Approximation:
        """The approximation that the fit has reached."""
        reached: Approximation = self._fit.approximation()
        return reached

    @explained(FIT)
    @on_one_thread
    def fit(
        self,
        n: int = 15_000,
        *,
        progressbar: bool = True,
        callbacks: Sequence[Callback] = (),
        convergence: RelativeChange | ParameterChange | None = None,
        every: int = 500,
        check: bool = True,
        store: str | PathLike[str] | None = None,
    ) -> Approximation:
        """Run n more iterations; calling it again goes on from where the fit is.

        Parameters
        ----------
        n : int
            Iterations to run.
        progressbar : bool
            Show the running average loss.
        callbacks : sequence of callable
            Each is called as ``callback(approx, hist, i)`` after every `every` iterations. One that
            raises StopIteration ends the fit.
        convergence : RelativeChange or ParameterChange, optional
            Ends the fit early, when its criterion is met.
        every : int
            Iterations between two looks at callbacks and convergence.
        check : bool
            Whether to assess the fit at its end by Pareto k and to warn if it is poor.
        store : str or path, optional
            A folder to be made, where the fit writes about every second where it is, so that it can
            be gone on with by `resume` after whatever has ended it: to the same, to the last bit.

        Returns
        -------
        Approximation
            After Ctrl-C what had been reached, marked as partial.

        Raises
        ------
        ModelError
            For a callback that cannot be called, or is a criterion of convergence.
        StorageError
            Where `store` cannot be made or written to.
        FitError
            Where the loss is not finite: names the iteration and the coordinates at fault; its
            ``approximation`` is the last good one.
        """
        _check_callbacks(callbacks)
        path = new_path(store)
        check_count("n", n)
        check_count("every", every)
        if not len(self.hist):
            if self.model.density().marginal is not None:
                announce(self.model.marginalization().line, progressbar)
            announce_symmetries(self.model, self._symmetries, self._permuting, progressbar)
        self._fit.look_from_here()
        how: dict[str, Any] = {
            "callbacks": callbacks,
            "convergence": convergence,
            "every": every,
            "check": check,
        }
        end = len(self.hist) + n
        if path is None:
            return self._run_to(end, progressbar, **how)
        stored = self._stored(path, end, **how)
        try:
            return self._run_to(end, progressbar, stored, **how)
        finally:
            stored.close()

    def _run_to(
        self, end: int, progressbar: bool, stored: StoredFit | None = None, **how: Any
    ) -> Approximation:
        n = end - len(self.hist)
        with (
            interrupts() as stop,
            fit_progress(n, progressbar, name=type(self).__name__) as display,
        ):
            if stored is not None:
                stored.stop = stop

            def shown(done: int, _: int, loss: float) -> None:
                display.update(done, loss)
                # What is to be gone on with ends between two calls; the check may end anywhere.
                stop.held = stored is not None and done < n
                if stop.is_set():
                    raise KeyboardInterrupt

            try:
                result: Approximation = self._fit.run_to(
                    end, on_progress=shown, recorder=stored, **how
                )
            except FitError as error:
                self._name_parameters(error)
                raise
        return result

    def _stored(
        self,
        path: Path,
        end: int,
        *,
        callbacks: Sequence[Callback],
        convergence: Any,
        every: int,
        check: bool,
    ) -> StoredFit:
        """Make a store of the fit as it is now."""
        own = self._optimizer is not None
        options = {
            "method": type(self).__name__,
            "iterations": end,
            "seed": self.seed,
            "n_samples": self._fit.n_samples,
            "label_switching": "permute" if self._permuting else None,
            "optimizer": {"step": self._fit.optimizer_fingerprint} if own else None,
            "batches": self._batches_described,
            "callbacks": len(callbacks),
            "convergence": describe_criterion(convergence),
            "every": every,
            "check": check,
        }
        state = record_to_arrays(self._fit.record())
        return StoredFit.begin(path, self.model, self._fit.density, options, state)

    @property
    def _batches_described(self) -> dict[str, int] | None:
        """What the order of rows depends on besides the seed."""
        if self._fit.batches is None:
            return None
        return {"batch_size": int(self._batch_size or 0), **self._fit.batches.described}

    def _go_to(self, record: FitRecord, step: str | None) -> None:
        """Go to where another fit was, whose optimiser had this fingerprint, if it has one."""
        try:
            self._fit.restore(record)
            same = step is None or step == self._fit.optimizer_fingerprint
        except ValueError:
            same = False
        if not same:
            raise ModelError(
                "optimizer: this is not the one that the fit was begun with, or it has other "
                "settings, or comes from another version of optax"
            )

    def _go_on(
        self,
        stored: StoredFit,
        callbacks: Sequence[Callback],
        convergence: Any,
        progressbar: bool,
    ) -> Approximation:
        """Go on with the fit of a store to its end."""
        _check_callbacks(callbacks)
        options = stored.options
        return self._run_to(
            len(self.hist) if self._fit.stopped else options["iterations"],
            progressbar,
            stored,
            callbacks=callbacks,
            convergence=convergence,
            every=options["every"],
            check=options["check"],
        )

    def _of_the_model(self, fitted: VariationalApproximation) -> Approximation:
        return Approximation(
            **vars(fitted),
            model=self.model,
            method=type(self).__name__,
            symmetries=self._symmetries,
            permuting=self._permuting,
            _described=self._described,
        )

    def _name_parameters(self, error: FitError) -> None:
        """Add to an error the parameters that were out of range where the loss was not finite."""
        point = getattr(error, "point", None)
        if point is None:
            return
        report = debug_at(self.model, point)
        lines = [
            f"{row.name!r}: {problem}"
            for row in report.rows
            if not row.finite
            for problem in row.parameters
        ]
        if lines:
            error.args = ("\n  ".join([str(error), *lines]),)


def _check_callbacks(callbacks: Any) -> None:
    """Refuse criteria of convergence among callbacks, and what cannot be called."""
    if not isinstance(callbacks, list | tuple):
        raise ModelError(f"callbacks must be a list of functions; got {callbacks!r:.60}")
    for callback in callbacks:
        if hasattr(callback, "begin"):
            raise ModelError(
                f"callbacks: {callback!r} is a criterion of convergence, of which a fit has one: "
                f"give it as convergence=aq.{type(callback).__name__}(...)"
            )
        if not callable(callback):
            raise ModelError(
                f"callbacks: each is called as callback(approx, hist, i); got {callback!r:.60}"
            )


class FullRankADVI(ADVI):
    """Full-rank variational inference: a Gaussian with any covariance.

    As `ADVI`, with d**2 more parameters: it follows correlations between coordinates, at the price
    of a slower fit. The parameters are those of `ADVI`.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     x = aq.MvNormal("x", [0, 0], cov=[[1, 0.8], [0.8, 1]])
    >>> approx = aq.FullRankADVI(model=model, random_seed=1).fit(3_000, progressbar=False)
    >>> approx.covariance.shape
    (2, 2)
    """

    _family = FullRank

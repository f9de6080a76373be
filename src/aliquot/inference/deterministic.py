"""Deterministic fits of a model: from several starts to an approximation that has been checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event
from typing import Any, NoReturn

import numpy as np

from aliquot.arguments import whole_number
from aliquot.errors import ConvergenceWarning, FitError, PartialResultWarning, warn
from aliquot.exploration import points_to_climb_from
from aliquot.inference.approximation import Approximation
from aliquot.inference.described import described
from aliquot.inference.folding import Folding
from aliquot.inference.initialisation import continuous_density, explain_start
from aliquot.inference.interrupt import interrupts
from aliquot.inference.labels import announce_symmetries
from aliquot.inference.permute import read_label_switching
from aliquot.mcmc.starts import NoStartError, evaluator
from aliquot.model import Model
from aliquot.progress import announce, fit_progress
from aliquot.variational.fixed_draws.dadvi import dadvi
from aliquot.variational.full_rank.fit import full_rank
from aliquot.variational.gaussians.mixture import GaussianMixture
from aliquot.variational.heights import log_densities
from aliquot.variational.modes.laplace import mixture_of
from aliquot.variational.modes.search import ModeSearch, find_modes, folded
from aliquot.variational.noise import Stream, generator
from aliquot.variational.pathfinder.path import find_paths
from aliquot.variational.pathfinder.several_paths import joined

RESTARTS = 8
FULL_RANK_STEPS, PATH_STEPS = 200, 1000


class Fitting:
    """One model to be fitted by some deterministic method, or by several until one will do.

    Where not `exact`, curvatures at the modes are differences of gradients: what takes long to
    compile is then what `sample` explores with, too.
    """

    def __init__(
        self,
        model: Model,
        seed: int,
        *,
        progressbar: bool = True,
        start: Mapping[str, Any] | None = None,
        restarts: int = RESTARTS,
        label_switching: str | None = None,
        check: bool = True,
        exact: bool = True,
    ) -> None:
        self.permuting = read_label_switching(label_switching)
        restarts = whole_number("restarts", restarts, least=0)
        self.model, self.seed, self.check, self.exact = model, seed, check, exact
        self.restarts = restarts
        self.progressbar = progressbar
        self.search: ModeSearch | None = None  # the modes, once a method has looked for them
        self.density = continuous_density(model, "aq.fit")
        if self.density.marginal is not None:
            announce(model.marginalization().line, progressbar)
        self.symmetries = model.symmetries(explain=False)
        announce_symmetries(model, self.symmetries, self.permuting, progressbar)
        found = points_to_climb_from(self.density, start, restarts, seed)
        self.starts, self.moves = found.points, found.moves

    def run(self, method: str, *, warned: bool = True) -> Approximation:
        """Fit by one method, check the fit, and warn where it is poor unless told otherwise."""
        if not np.isfinite(log_densities(self.density, np.stack(self.starts))).any():
            self.no_start()
        with interrupts(at_once=False) as stop:
            approx = DETERMINISTIC[method](self, stop)
        if approx.partial:
            warn(
                f"{approx.method} was interrupted: what was reached is returned, marked partial.",
                PartialResultWarning,
            )
        elif warned and approx.quality is not None:
            self.judge(approx)
        return approx

    def judge(self, approx: Approximation) -> None:
        """Warn of a fit that is poor."""
        quality = approx.quality
        if quality is not None and not quality.good:
            warn(f"{approx.method}: {quality.message}", ConvergenceWarning)

    def folding(self, q: GaussianMixture) -> Folding:
        """Give the cell of one mirror mode, around the first centre of a distribution."""
        return Folding.around(self.density, self.symmetries, q, self.seed)

    def progress(self, n: int, name: str, unit: str, loss: str) -> Any:
        """Show how a fit goes."""
        return fit_progress(n, self.progressbar, name=name, unit=unit, loss=loss)

    def no_start(self) -> NoReturn:
        """Raise the error that names what has no finite log density where fits begin."""
        first = self.starts[0]
        height, gradient = evaluator(self.density.log_density, self.density.data)(first)
        if np.isfinite(height) and np.all(np.isfinite(gradient)):
            raise FitError(
                "the log density is finite at the start point, but not around it, so that no fit "
                "can begin. Give start= well inside the support"
            )
        explain_start(self.model, NoStartError(first, height, gradient, tries=len(self.starts)))

    def approximation(
        self, method: str, family: str, q: GaussianMixture, **fields: Any
    ) -> Approximation:
        """Put a distribution in the place of the model's posterior."""
        return Approximation(
            density=self.density,
            family=family,
            q=q,
            seed=self.seed,
            model=self.model,
            method=method,
            symmetries=self.symmetries,
            permuting=self.permuting,
            _described=described(self.model),
            **fields,
        )

    def checked(self, approx: Approximation, **found: Any) -> Approximation:
        """Assess an approximation that is whole, if that is asked for."""
        return approx._checked(**found) if self.check and not approx.partial else approx


def laplace(fitting: Fitting, stop: Event) -> Approximation:
    """Fit Gaussians at the modes."""
    density, starts = fitting.density, fitting.starts
    with fitting.progress(len(starts), "Laplace", "climbs", "least -log density") as display:
        search = find_modes(
            density,
            starts,
            seed=fitting.seed,
            moves=fitting.moves,
            exact=fitting.exact,
            stopped=stop.is_set,
            on_progress=lambda done, total, loss: display.update(done, loss),
        )
    fitting.search = None if search.interrupted else search
    if not search.modes:
        if search.interrupted:
            raise KeyboardInterrupt
        if not search.failures:
            fitting.no_start()
        raise FitError(f"method='laplace': {search.failures[0]}")
    modes = search.modes[:1]
    folding = fitting.folding(modes[0].gaussian)
    if not search.interrupted:
        modes = folded(search, density, folding.folded)
    rng = generator(fitting.seed, Stream.WEIGHTS)
    q = mixture_of(density, modes, rng, folding.inside)
    approx = fitting.approximation(
        "Laplace",
        "Laplace",
        q,
        folding=folding,
        hist=np.array([-mode.height for mode in modes]),
        partial=search.interrupted,
        stopped="interrupted" if search.interrupted else None,
    )
    return fitting.checked(approx, left=modes[0].left, modes=len(modes), **search.counts)


def mean_field(fitting: Fitting, stop: Event) -> Approximation:
    """Fit the mean-field Gaussian over fixed draws, with the covariance by linear response."""
    with fitting.progress(8, "DADVI", "rounds", "-ELBO") as display:

        def shown(done: int, total: int, loss: float) -> None:
            display.view.n = total
            display.update(done, loss)

        optimum = dadvi(
            fitting.density,
            fitting.starts,
            seed=fitting.seed,
            search=fitting.search,
            stopped=stop.is_set,
            on_progress=shown,
        )
        if optimum is None:
            fitting.no_start()
        display.view.n = len(optimum.hist)  # so many were enough
    response = optimum.response
    approx = fitting.approximation(
        "DADVI",
        "mean-field",
        optimum.mean_field if response is None else response,
        mean_field=None if response is None else optimum.mean_field,
        hist=optimum.hist,
        partial=optimum.interrupted,
        stopped="interrupted" if optimum.interrupted else None,
    )
    return fitting.checked(approx, left=optimum.left, draws_error=optimum.draws_error)


def full_rank_fit(fitting: Fitting, stop: Event) -> Approximation:
    """Fit the Gaussian of any covariance that has the highest ELBO."""
    with fitting.progress(FULL_RANK_STEPS, "Full rank", "steps", "-ELBO") as display:
        optimum = full_rank(
            fitting.density,
            fitting.starts,
            seed=fitting.seed,
            steps=FULL_RANK_STEPS,
            search=fitting.search,
            stopped=stop.is_set,
            on_progress=lambda done, total, loss: display.update(done, loss),
        )
        display.view.n = len(optimum.hist)  # so many were enough
    approx = fitting.approximation(
        "FullRank",
        "full-rank",
        optimum.q,
        hist=optimum.hist,
        partial=optimum.interrupted,
        stopped="interrupted" if optimum.interrupted else optimum.ending,
    )
    return fitting.checked(approx, left=optimum.left, draws_error=optimum.draws_error)


def paths_fit(fitting: Fitting, stop: Event) -> Approximation:
    """Fit Gaussians along the paths of an optimiser."""
    density, starts = fitting.density, fitting.starts
    with fitting.progress(PATH_STEPS, "Pathfinder", "steps", "least -log density") as display:
        found = find_paths(
            density,
            starts,
            seed=fitting.seed,
            steps=PATH_STEPS,
            stopped=stop.is_set,
            on_progress=lambda done, total, loss: display.update(done, loss),
        )
        display.view.n = max(display.view.done, 1)  # so many were enough
    folding = fitting.folding(found.paths[0].q)
    q = joined(density, found, fitting.seed, folding.folded, folding.inside)
    approx = fitting.approximation(
        "Pathfinder",
        "pathfinder",
        q,
        folding=folding,
        hist=np.asarray(found.paths[0].hist),
        partial=found.interrupted,
        stopped="interrupted" if found.interrupted else None,
    )
    return fitting.checked(approx)


DETERMINISTIC: dict[str, Callable[[Fitting, Event], Approximation]] = {
    "laplace": laplace,
    "dadvi": mean_field,
    "fullrank": full_rank_fit,
    "pathfinder": paths_fit,
}

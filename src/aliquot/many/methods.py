"""How one model is fitted: by a sampler or by an approximation, with what there is to say of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.alike import rows_apart
from aliquot.errors import ModelError, heard
from aliquot.hints.explain import unknown_argument
from aliquot.inference.asked import DRAWS, read_run
from aliquot.inference.drawing import draw
from aliquot.inference.fit import ALL, MAKING, METHODS, RUNNING, SEARCHING, fit
from aliquot.inference.labels import judge
from aliquot.inference.run_options import RunOptions
from aliquot.inference.sampling import AskedStart
from aliquot.inference.tempered import SAMPLERS
from aliquot.many.building import reason
from aliquot.many.record import FAILED, OK, WARNED, FitRow
from aliquot.model import Model
from aliquot.results.axes import AXES

if TYPE_CHECKING:
    import xarray

# Arguments of `sample`, and of `fit`, that hold for each of many as they do for one.
OF_SAMPLE = (
    *("tune", "chains", "target_accept", "max_treedepth", "init", "initvals", "moves"),
    "label_switching",
)
OF_FIT = ("n", *dict.fromkeys((*ALL, *SEARCHING, *MAKING, *RUNNING)))
# The approximation that `aq.fit` chooses.
CHOSEN = "auto"


# Of data sets of up to so many numbers every row is computed by itself, whatever they repeat.
APART = 20_000
# What is kept of each fit.
GROUPS = ("posterior", "sample_stats", "observed_data", "constant_data")


@dataclass(frozen=True)
class FitArray:
    """One array of a fit's result, with the labels along each of its axes."""

    group: str
    name: str
    dims: tuple[str, ...]
    values: np.ndarray
    labels: tuple[np.ndarray, ...]
    attrs: Mapping[str, Any]


@dataclass(frozen=True)
class FitOutcome:
    """The draws of one fit, and its row in the table."""

    record: FitRow
    arrays: Sequence[FitArray] = ()
    partial: bool = False  # whether it was interrupted


def arrays_of(tree: xarray.DataTree) -> list[FitArray]:
    """Take a result apart."""
    return [
        FitArray(
            group,
            str(name),
            tuple(map(str, array.dims)),
            array.values,
            tuple(array[dim].values for dim in array.dims),
            {k: v for k, v in array.attrs.items() if k == AXES},
        )
        for group in GROUPS
        if group in tree.children
        for name, array in tree[group].dataset.data_vars.items()
    ]


@dataclass(frozen=True)
class FitTask:
    """Fits a model, and says of what fails why."""

    method: Method

    def __call__(self, model: Model, seed: int, cores: int) -> FitOutcome:
        """Fit it."""
        return attempted(lambda: self.method.fit(model, seed, cores), seed)


def attempted(fit: Callable[[], FitOutcome], seed: int) -> FitOutcome:
    """Make one of many fits; where it fails say why."""
    try:
        with rows_apart(APART):
            return fit()
    except Exception as failure:
        return FitOutcome(failed(failure, seed))
    except KeyboardInterrupt:  # asked to stop before the first draw
        return FitOutcome(FitRow(random_seed=seed), partial=True)


def failed(failure: BaseException, seed: int) -> FitRow:
    """Say why there is no fit."""
    return FitRow(status=FAILED, reason=reason(failure), random_seed=seed)


class SampledFits:
    """Fits by NUTS, or tempered."""

    def __init__(self, options: RunOptions, start: AskedStart) -> None:
        self._options, self._start = options, start

    @property
    def shape(self) -> tuple[int, int]:
        """How many chains there are, of how many draws."""
        return self._options.chains, self._options.settings.draws

    def fit(self, model: Model, seed: int, cores: int, *, judged: bool = True) -> FitOutcome:
        """Draw, and judge the draws if that is not left to the caller."""
        began = time.perf_counter()
        options = replace(self._options, seed=seed, cores=cores)
        with heard() as messages:
            tree = draw(model, options, self._start)
            partial = bool(tree.attrs.get("partial"))
            facts: Mapping[str, float] = {}
            if judged and not partial and model.density().size:
                found = judge(tree, model.density(), model.symmetries(explain=False))
                facts = found.facts
                messages += found.messages.values()
        figures = {
            name: float(facts.get(f"label_free_{name}", facts.get(name, float("nan"))))
            for name in ("rhat", "ess_bulk", "ess_tail", "divergences")
        }
        seconds = time.perf_counter() - began
        record = _record(messages, seed, seconds, **figures)
        return FitOutcome(record, arrays_of(tree), partial)


class ApproximateFits:
    """Fits by an approximation, of which independent draws are given."""

    def __init__(self, method: str | None, draws: int, options: Mapping[str, Any]) -> None:
        self._method, self._draws, self._options = method, draws, dict(options)

    @property
    def shape(self) -> tuple[int, int]:
        """How many chains there are, of how many draws."""
        return 1, self._draws

    def fit(self, model: Model, seed: int, cores: int, *, judged: bool = True) -> FitOutcome:
        """Fit, and draw; the fit is judged in any case."""
        began = time.perf_counter()
        with heard() as messages:
            approx = fit(
                method=self._method,
                model=model,
                random_seed=seed,
                progressbar=False,
                **self._options,
            )
            tree = approx.sample(self._draws, random_seed=seed)
        figures = {name: float(tree.attrs.get(name, float("nan"))) for name in ("pareto_k", "elbo")}
        seconds = time.perf_counter() - began
        record = _record(messages, seed, seconds, **figures)
        return FitOutcome(record, arrays_of(tree), approx.partial)


Method = SampledFits | ApproximateFits


def read_method(user: str, method: Any, draws: int | None, options: Mapping[str, Any]) -> Method:
    """Read how each data set is to be fitted.

    Raises
    ------
    ModelError
        For an unknown method, or numbers that cannot be.
    TypeError
        For an argument that the method does not take.
    """
    choices = (*SAMPLERS, CHOSEN, *METHODS)
    if method not in choices:
        raise ModelError(f"method must be one of {', '.join(map(repr, choices))}; got {method!r}")
    takes = OF_SAMPLE if method in SAMPLERS else OF_FIT
    for name in options:
        if name not in takes:
            said = str(unknown_argument(user, name, {}, list(takes)))
            raise TypeError(said.replace("()", f"(..., method={method!r})", 1))
    read, start = read_run(
        draws=DRAWS if draws is None else draws,
        progressbar=False,
        compute_convergence_checks=False,
        random_seed=0,
        **({"sampler": method, **options} if method in SAMPLERS else {}),
    )
    if method in SAMPLERS:
        return SampledFits(read, start)
    chosen = None if method == CHOSEN else method
    return ApproximateFits(chosen, read.settings.draws, options)


def _record(messages: list[str], seed: int, seconds: float, **figures: float) -> FitRow:
    return FitRow(
        status=WARNED if messages else OK,
        reason="\n".join(messages),
        random_seed=seed,
        seconds=seconds,
        **figures,
    )

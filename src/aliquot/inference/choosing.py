"""Which method to fit by, where nobody says."""

from __future__ import annotations

from dataclasses import replace

from aliquot.errors import FitError
from aliquot.inference.approximation import Approximation
from aliquot.inference.deterministic import Fitting
from aliquot.progress import announce

# In the order in which they are tried: what is cheap first, and what assumes least last.
ORDER = ("laplace", "fullrank", "dadvi")


def choose(fitting: Fitting, *, warned: bool = True) -> Approximation:
    """Fit by one method after another until Pareto k says that one will do.

    Where none will, the best of them is returned, with a warning unless told otherwise. A line says
    which it is and why.
    """
    fitting.check = True
    best: Approximation | None = None
    said: list[str] = []
    tried: list[str] = []
    failure: FitError | None = None
    for method in ORDER:
        tried.append(method)
        try:
            approx = fitting.run(method, warned=False)
        except FitError as error:
            failure = failure or error
            said.append(f"{method} failed ({str(error).partition('. ')[0]})")
            continue
        if approx.partial:
            return approx
        assert approx.quality is not None
        said.append(f"Pareto k of {method} is {approx.quality.pareto_k:.2f}")
        if best is None or best.quality is None or approx.quality.pareto_k < best.quality.pareto_k:
            best = approx
        if approx.quality.good:
            break
    if best is None:
        assert failure is not None
        raise failure
    if best.quality is not None:
        best = replace(best, quality=replace(best.quality, tried=tuple(tried)))
    announce(f"{best.method} was chosen: {'; '.join(said)}.", fitting.progressbar)
    if warned:
        fitting.judge(best)
    return best

"""What `sample` is told, read and found good before anything is done."""

from __future__ import annotations

from typing import Any

from aliquot.arguments import as_seed, whole_number
from aliquot.errors import ModelError
from aliquot.inference.approximation import Approximation
from aliquot.inference.beginning import MOVES
from aliquot.inference.initialisation import read_init
from aliquot.inference.permute import read_label_switching
from aliquot.inference.run_options import RunOptions
from aliquot.inference.sampling import AskedStart
from aliquot.inference.tempered import read_sampler
from aliquot.inference.until import Until
from aliquot.mcmc.settings import NUTSSettings

# Draws of each chain where nobody says how many, and where precision does.
DRAWS, MOST_DRAWS = 1000, 100_000


def read_run(
    *,
    draws: int | None = None,
    sampler: str = "nuts",
    tune: int = 1000,
    chains: int = 4,
    cores: int | None = None,
    random_seed: Any = None,
    target_accept: float = 0.8,
    max_treedepth: int = 10,
    init: Any = "auto",
    initvals: Any = None,
    moves: str = "auto",
    progressbar: bool = True,
    keep_warmup: bool = False,
    keep_unconstrained: bool = False,
    compute_convergence_checks: bool = True,
    label_switching: str | None = None,
    until: Until | None = None,
) -> tuple[RunOptions, AskedStart]:
    """Read the arguments of `sample`: how a run draws, and where its chains start.

    Raises
    ------
    ModelError
        For what is not one of the choices, or no number of draws or chains.
    """
    given, how = (init, "auto") if isinstance(init, Approximation) else (None, init)
    if moves not in MOVES:
        raise ModelError(f"moves must be one of {', '.join(map(repr, MOVES))}; got {moves!r}")
    if until is not None and not isinstance(until, Until):
        raise ModelError(f"until must be an aq.Until, as in aq.Until(ess=400); got {until!r:.60}")
    if draws is None:
        draws = DRAWS if until is None else MOST_DRAWS
    options = RunOptions(
        settings=NUTSSettings(
            draws=draws,
            tune=tune,
            target_accept=target_accept,
            max_treedepth=max_treedepth,
            metric=read_init(how)[0],
        ),
        chains=whole_number("chains", chains),
        seed=as_seed(random_seed),
        tempered=read_sampler(sampler),
        init=how,
        moves=moves,
        permuting=read_label_switching(label_switching),
        keep_warmup=keep_warmup,
        keep_unconstrained=keep_unconstrained,
        until=until,
        cores=None if cores is None else whole_number("cores", cores),
        progressbar=progressbar,
        checks=compute_convergence_checks,
    )
    return options, AskedStart(given, initvals)

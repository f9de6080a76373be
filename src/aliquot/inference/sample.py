"""``aq.sample``: from a model to a posterior that has been checked."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, Any

from aliquot.arguments import as_seed, whole_number
from aliquot.blas import on_one_thread
from aliquot.compilation import uncollected
from aliquot.diagnostics import heights
from aliquot.errors import ModelError, PartialResultWarning, warn
from aliquot.hints.arguments import SAMPLE
from aliquot.hints.explain import explained
from aliquot.inference.approximation import Approximation
from aliquot.inference.beginning import MOVES, Compiling, StartingPlan
from aliquot.inference.described import described
from aliquot.inference.exact import exact_draws
from aliquot.inference.initialisation import explain_start, metric_for, read_init
from aliquot.inference.initialised import refuse_other_model
from aliquot.inference.interrupt import interrupts
from aliquot.inference.labels import announce_symmetries, judge
from aliquot.inference.permute import permuted, read_label_switching, unconstrained
from aliquot.inference.tempered import (
    metric_of_rungs,
    read_sampler,
    run_tempered,
    warn_of_ladder,
)
from aliquot.mcmc.result import ChainDraws
from aliquot.mcmc.run import sample as run_chains
from aliquot.mcmc.settings import NUTSSettings
from aliquot.mcmc.starts import NoStartError
from aliquot.model import Model, resolve_model
from aliquot.progress import announce, sampling_progress
from aliquot.results import build_tree
from aliquot.symmetry import ATTRIBUTE, Symmetries

if TYPE_CHECKING:
    import xarray


@explained(SAMPLE)
@on_one_thread
def sample(
    draws: int = 1000,
    *,
    sampler: str = "nuts",
    tune: int = 1000,
    chains: int = 4,
    cores: int | None = None,
    random_seed: Any = None,
    target_accept: float = 0.8,
    max_treedepth: int = 10,
    init: str | Approximation = "auto",
    initvals: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    moves: str = "auto",
    progressbar: bool = True,
    keep_warmup: bool = False,
    keep_unconstrained: bool = False,
    compute_convergence_checks: bool = True,
    label_switching: str | None = None,
    model: Model | None = None,
) -> xarray.DataTree:
    r"""Draw from a model's posterior with NUTS.

    Parameters
    ----------
    draws : int
        Draws kept from each chain.
    sampler : str
        "nuts", or "tempered" for a posterior with several modes that NUTS does not get across:
        parallel tempering, with NUTS on each rung of a ladder. It takes as many times as long as
        there are rungs, and three times that. See Notes.
    tune : int
        Draws of warm-up before them at most, in which the step size and the metric adapt. They end
        early where what exploring found describes the posterior well; the attribute
        ``tuning_steps`` says after how many.
    chains : int
        Independent chains. Two at least, so that they can be compared; four are better.
    cores : int, optional
        Threads to run them in, by default one for each processor. The draws do not depend on it.
    random_seed : int, sequence of int, numpy.random.Generator, optional
        The same seed gives the same draws, to the bit. Recorded in the results' attributes.
    target_accept : float
        Mean acceptance statistic to aim at. Closer to 1 means smaller steps: raise it to 0.95 or
        0.99 where divergences are reported.
    max_treedepth : int
        A trajectory has at most ``2**max_treedepth - 1`` leapfrog steps.
    init : str or Approximation
        How chains start and which metric adapts. "auto" explores first, for up to 128 coordinates:
        chains start in the modes that it finds, in proportion to their mass, and a dense metric
        begins as the covariance there. "jitter+adapt_full" has the same metric, made of draws and
        their gradients [3]_, but starts around the start point, as "auto" does with `initvals`.
        "jitter+adapt_diag_grad" is diagonal, from the variances of draws and gradients [3]_: what
        "auto" means for more coordinates. "jitter+adapt_diag" is diagonal, from the variances of
        draws in Stan's windows. Without "jitter+" every chain starts at the start point itself.
        From an approximation of the same model, such as ``aq.fit()`` gives: chains start at draws
        from it, with the tails of a t, and the metric begins as its covariance.
    initvals : mapping, or a sequence of one for each chain, optional
        Start values by variable, on the variable's own scale. Nothing is explored then. Of a
        tempered run all rungs start there but the reference; by default they start at draws of
        that.
    moves : str
        "auto": where there are several modes, or very many data, and a mixture of t's fitted to the
        warm-up describes the posterior well, nine of ten draws are independence Metropolis steps
        [4]_ that propose from it, which carries chains from mode to mode; the others are by NUTS.
        A mixture that describes it less well is tried several times for a step [6]_. Where it does
        not describe it, all are by NUTS. "nuts": all are by NUTS in any case.
    progressbar : bool
        Show a live display on a terminal and in notebooks, plain lines elsewhere.
    keep_warmup : bool
        Keep the warm-up as the groups ``warmup_posterior`` and ``warmup_sample_stats``.
    keep_unconstrained : bool
        Keep the unconstrained coordinates as the group ``unconstrained_posterior``.
    compute_convergence_checks : bool
        Look at R-hat, ESS, divergences, tree depth and energy at the end, and warn.
    label_switching : str, optional
        "permute": after each draw the components that can trade places do so at random. A chain
        then visits all mirror modes, and R-hat and ESS are right. By default draws stay as they
        are. Warm-up draws stay so in any case.
    model : Model, optional
        By default the one whose ``with`` block is running.

    Returns
    -------
    xarray.DataTree
        In ArviZ's schema: ``posterior``, ``sample_stats``, ``observed_data``, ``constant_data``.
        A run interrupted by Ctrl-C returns what it has, chains cut to equal length; then
        ``tree.attrs["partial"]`` is 1 and a `PartialResultWarning` says so.

    Raises
    ------
    ModelError
        Where there is nothing to sample, a discrete variable cannot be summed out, or an argument
        is not one of those above.
    StartError
        Where no start point has a finite log density and gradient; names the variables at fault.

    Notes
    -----
    Discrete variables are summed out, which a line says first; `recover` gives them back. Where
    nothing else is unknown, the draws are exact and independent, and include them.

    Where components can trade places without changing the posterior, a line says so (see
    `Model.symmetries`), and the checks tell labels that switched from chains that did not converge.

    What exploring found is in the attribute ``exploration``: how many modes, which are no mirror
    images of each other, their shares of the mass with errors, and how many evaluations it took.
    What independence steps proposed is in ``moves``, and ``sample_stats["independence"]`` says
    which draws are theirs.

    A tempered run is non-reversible parallel tempering [5]_. A ladder of densities,
    ``reference**(1 - beta) * posterior**beta``, leads from a reference that can be drawn from to
    the posterior. Each chain has a replica on every rung. They make NUTS transitions, that on the
    reference is drawn anew, and even and odd neighbours swap in turn; a draw is kept after three
    such scans. In the warm-up rungs move to where swaps are rejected equally often, and become
    about twice as many as are rejected in all. The reference is the prior, where that can be drawn
    from and the model has data or a potential; else it is made of t distributions around modes that
    climbs find, and a wide one. With many coordinates, or priors far wider than the posterior, the
    ladder is long: a fit is then a better beginning, as ``init=aq.fit(method="laplace")``, if it
    covers the modes.

    The attributes say ``reference``, ``beta``, ``swap_acceptance`` by chain and pair of rungs,
    ``barrier``, ``round_trips`` (of each chain, how many replicas have come from the reference to
    the posterior), ``log_evidence`` and ``log_evidence_error``. ``sample_stats`` has
    ``round_trips`` so far, and ``replica``, which one is on each rung; ``n_steps`` are those of all
    three scans. See `plots.plot_tempering` and `log_evidence`.

    Multinomial NUTS [1]_ [2]_ with the generalised U-turn criterion, checked across subtrees too;
    dual averaging of the step size.

    References
    ----------
    .. [1] Hoffman and Gelman (2014), The No-U-Turn sampler, JMLR 15.
    .. [2] Betancourt (2017), A conceptual introduction to Hamiltonian Monte Carlo,
       arXiv:1701.02434.
    .. [3] Seyboldt et al. (2026), arXiv:2603.18845.
    .. [4] Tierney (1994), Markov chains for exploring posterior distributions, Annals of
       Statistics 22.
    .. [5] Syed, Bouchard-Côté, Deligiannidis and Doucet (2022), Non-reversible parallel tempering:
       a scalable highly parallel MCMC scheme, JRSS B 84.
    .. [6] Martino (2018), A review of multiple try MCMC algorithms for signal processing, Digital
       Signal Processing 75.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     x = aq.Normal("x", 0, 1)
    ...     trace = aq.sample(chains=2, random_seed=1, progressbar=False)
    >>> trace.posterior["x"].dims
    ('chain', 'draw')

    Two modes, of which NUTS sees one in each chain:

    >>> with aq.Model():
    ...     x = aq.NormalMixture("x", w=[0.3, 0.7], mu=[-20, 20], sigma=1)
    ...     trace = aq.sample(sampler="tempered", random_seed=1, progressbar=False)
    >>> bool(abs((trace.posterior["x"] < 0).mean() - 0.3) < 0.1)
    True
    """
    model = resolve_model(model, "aq.sample")
    permuting = read_label_switching(label_switching)
    given, how = (init, "auto") if isinstance(init, Approximation) else (None, init)
    metric, jitter = read_init(how)
    tempered = read_sampler(sampler)
    if moves not in MOVES:
        raise ModelError(f"moves must be one of {', '.join(map(repr, MOVES))}; got {moves!r}")
    chains = whole_number("chains", chains)
    if cores is not None:
        cores = whole_number("cores", cores)
    settings = NUTSSettings(
        draws=draws,
        tune=tune,
        target_accept=target_accept,
        max_treedepth=max_treedepth,
        metric=metric,
    )
    seed = as_seed(random_seed)
    began = time.perf_counter()
    density = model.density()
    if density.marginal is not None:
        announce(model.marginalization().line, progressbar)
    if density.size == 0:
        return exact_draws(model, settings.draws, chains, seed)
    if given is not None:
        refuse_other_model(given, density, initvals)
    metric = metric_for(how, metric, density.size)
    settings = replace(settings, metric=metric_of_rungs(how, metric) if tempered else metric)
    explores = given is None and how == "auto" and initvals is None and not tempered
    compiling = Compiling(density, settings, chains)
    if explores:
        compiling.start()
    symmetries = model.symmetries(explain=False)
    announce_symmetries(model, symmetries, permuting, progressbar)
    beginning = StartingPlan(density, symmetries, settings, chains=chains, seed=seed, moves=moves)
    if given is None:
        beginning.around(initvals, jitter)
        if explores:
            beginning.explore(compiling)
    elif not tempered:
        beginning.from_approximation(given)
    count = chains * settings.draws
    helpers = [
        Thread(target=density.prepare_draws, args=(count,), daemon=True),
        Thread(target=_import_results, daemon=True),
    ]

    def meanwhile() -> None:
        for helper in helpers:
            helper.start()

    said: dict[str, Any] = {}
    if tempered:
        where = beginning.starts if given is None and initvals is not None else None
        run, said = run_tempered(
            model, density, given, where, settings, seed, cores, progressbar, meanwhile, chains
        )
    else:
        run = _run(model, density, beginning, settings, seed, cores, progressbar, meanwhile, chains)
        said = beginning.attributes(run)
        if line := beginning.said(run):
            announce(line, progressbar)
    for helper in helpers:
        helper.join()
    attrs = {
        "sampling_time": run.sampling_seconds,
        "warmup_time": run.warmup_seconds,
        "compile_time": run.compile_seconds,
        "compile_cached": run.compile_cached,
        "tuning_steps": run.tune,
        "random_seed": seed,
        "sampler": "tempered" if tempered else "NUTS",
        "init": f"a fit by {given.method}" if given is not None else init,
        "metric": settings.metric,
        "draws": settings.draws,
        "chains": chains,
        "cores": min(cores or os.cpu_count() or 1, chains),
        "target_accept": settings.target_accept,
        "max_treedepth": settings.max_treedepth,
        "partial": run.interrupted,
        ATTRIBUTE: symmetries.to_json(),
    }
    attrs |= _volumes(run) | said
    moved = symmetries if permuting and symmetries else None
    tree = _tree(model, density, run, attrs, keep_warmup, keep_unconstrained, moved)
    tree.attrs["total_time"] = time.perf_counter() - began
    if run.interrupted:
        _warn_partial(run)
    if compute_convergence_checks and int(run.completed.min()) > run.tune:
        judge(tree, density, symmetries).warn()
        if tempered:
            warn_of_ladder(said)
    return tree


def _run(
    model: Model,
    density: Any,
    beginning: StartingPlan,
    settings: NUTSSettings,
    seed: int,
    cores: int | None,
    progressbar: bool,
    meanwhile: Callable[[], None],
    chains: int,
) -> ChainDraws:
    total = settings.tune + settings.draws
    with interrupts() as stop, sampling_progress(chains, total, progressbar) as display:
        try:
            return run_chains(
                density.log_density,
                density.data,
                beginning.starts,
                settings=settings,
                seed=seed,
                cores=cores,
                scale=beginning.scale,
                warmed=beginning.warmed,
                stop=stop,
                on_progress=display.update,
                meanwhile=meanwhile,
            )
        except NoStartError as error:
            failure = error
    explain_start(model, failure)


def _volumes(run: ChainDraws) -> dict[str, Any]:
    """Note how much room each chain fills where that decides which of them to believe."""
    kept = slice(run.tune, int(run.completed.min()))
    volumes = heights.log_volumes(run.positions[:, kept], run.stats["lp"][:, kept])
    return {} if volumes is None else {heights.ATTRIBUTE: volumes}


def _import_results() -> None:
    # While XLA compiles or chains run, so that nobody waits for it.
    with uncollected():
        import xarray  # noqa: F401


def _tree(
    model: Model,
    density: Any,
    run: ChainDraws,
    attrs: Mapping[str, Any],
    keep_warmup: bool,
    keep_unconstrained: bool,
    symmetries: Symmetries | None,
) -> xarray.DataTree:
    """Build the result; its draws are permuted where symmetries are given."""
    done = int(run.completed.min())
    kept = slice(run.tune, max(done, run.tune))
    warm = slice(0, min(run.tune, done))
    groups: dict[str, Any] = {
        "posterior": density.constrain_draws(run.positions[:, kept]),
        "sample_stats": {name: stat[:, kept] for name, stat in run.stats.items()}
        | ({"independence": run.independent[:, kept]} if run.independent.any() else {}),
    }
    flat = run.positions[:, kept]
    if symmetries is not None and flat.shape[1]:
        moved = permuted(density, symmetries, groups["posterior"], attrs["random_seed"])
        if moved is not None:
            groups["posterior"] = moved
            attrs = {**attrs, "label_switching": "permute"}
            if keep_unconstrained:
                flat = unconstrained(density, moved)
    if keep_unconstrained:
        groups["unconstrained_posterior"] = density.split(flat)
    # A run that never left its warm-up has nothing else to show for itself.
    if (keep_warmup or done <= run.tune) and warm.stop > 0:
        groups["warmup_posterior"] = density.constrain_draws(run.positions[:, warm])
        groups["warmup_sample_stats"] = {name: s[:, warm] for name, s in run.stats.items()}
        if keep_unconstrained:
            groups["warmup_unconstrained_posterior"] = density.split(run.positions[:, warm])
    return build_tree(**groups, **described(model), attrs=attrs)


def _warn_partial(run: ChainDraws) -> None:
    done = int(run.completed.min())
    if done > run.tune:
        what = f"{done - run.tune} of {run.draws} draws from each chain are kept"
    else:
        what = (
            f"the chains were still in their warm-up ({done} of {run.tune} draws), which is kept "
            "as warmup_posterior; there are no posterior draws"
        )
    warn(
        f"sampling was interrupted: {what}. The result is marked as partial.",
        PartialResultWarning,
    )

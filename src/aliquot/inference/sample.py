"""``aq.sample``: from a model to a posterior that has been checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from aliquot.hints.arguments import SAMPLE
from aliquot.hints.explain import explained
from aliquot.inference.approximation import Approximation
from aliquot.inference.asked import read_run
from aliquot.inference.drawing import draw
from aliquot.inference.until import Until
from aliquot.model import Model, resolve_model
from aliquot.storage import read_path

if TYPE_CHECKING:
    import xarray


@explained(SAMPLE)
def sample(
    draws: int | None = None,
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
    store: str | PathLike[str] | None = None,
    until: Until | None = None,
    model: Model | None = None,
) -> xarray.DataTree:
    r"""Draw from a model's posterior with NUTS.

    Parameters
    ----------
    draws : int, optional
        Draws kept from each chain: 1,000, and with `until` 100,000 at most.
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
    store : str or path, optional
        A folder that is made, and to which draws are written while the chains run, warm-up
        included: at any moment a DataTree in Zarr's format that `open_run` shows. Memory then does
        not grow with the number of draws. After an interruption, a kill or a loss of power `resume`
        goes on, to the draws of a run that was not interrupted. So it is for both samplers. Needs
        zarr: ``aliquot[zarr]``.
    until : Until, optional
        When the run may end before it has all `draws`: ``aq.Until(ess=400, rhat=1.01)``. The
        attribute ``stopped`` says whether it was "precise", out of "time" or had all "draws".
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
    StorageError
        Where the store exists, or cannot be written.
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
    three scans. A `store` has besides, in its ``sample_stats``, the ``log_ratio`` of posterior to
    reference by scan and rung, which the evidence is made of; of more than 20 million of them it is
    made of every so many. The warm-up does not depend on `draws`: the first draws of a long run
    are those of a short one. See `plots.plot_tempering` and `log_evidence`.

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
    options, beginning = read_run(
        draws=draws,
        sampler=sampler,
        tune=tune,
        chains=chains,
        cores=cores,
        random_seed=random_seed,
        target_accept=target_accept,
        max_treedepth=max_treedepth,
        init=init,
        initvals=initvals,
        moves=moves,
        progressbar=progressbar,
        keep_warmup=keep_warmup,
        keep_unconstrained=keep_unconstrained,
        compute_convergence_checks=compute_convergence_checks,
        label_switching=label_switching,
        until=until,
    )
    return draw(model, options, beginning, None if store is None else read_path(store))

"""The whole examination of a sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.diagnostics import wording
from aliquot.diagnostics.components import ExchangeableComponents
from aliquot.diagnostics.convergence import ESS_PER_CHAIN, FEWEST_DRAWS, quantity_records
from aliquot.diagnostics.diagnosis import Diagnosis
from aliquot.diagnostics.empty import empty_records
from aliquot.diagnostics.heights import height_records
from aliquot.diagnostics.label_free import label_free_quantities
from aliquot.diagnostics.modes import mode_records
from aliquot.diagnostics.one_labelling import one_labelling
from aliquot.diagnostics.quantity import quantity_of
from aliquot.diagnostics.record import Record
from aliquot.diagnostics.sampler import sampler_records
from aliquot.diagnostics.verdict import STATISTICS, concerned, judge
from aliquot.errors import ModelError
from aliquot.hints.explain import explained
from aliquot.results.axes import dataset_in_order

if TYPE_CHECKING:
    import xarray


@explained({})
def check(
    tree: xarray.DataTree,
    *,
    var_names: Sequence[str] | None = None,
    max_elements: int = 200,
    label_free: Mapping[str, Any] | None = None,
) -> Diagnosis:
    """Examine an MCMC sample and say whether it can be trusted.

    Where components of the model can trade places (``tree.attrs["symmetries"]``, from
    ``model.symmetries()``), the sample is examined twice: as it was drawn, and through quantities
    that do not depend on which component is which [3]_ [4]_: the log density, pointwise log
    likelihoods, and the components' values sorted within each draw. If only the draws as they are
    do not converge, labels have switched and nothing else is wrong. If both do not, it is not
    called label switching. Where no components can trade places, labels are never named.

    Parameters
    ----------
    tree
        With the group ``posterior``, dims ``chain`` and ``draw``, and where there are such
        ``sample_stats`` and ``log_likelihood``.
    var_names
        The variables of the posterior to examine; if None, all of them but those that
        `recover` drew.
    max_elements
        How many elements of one variable to examine in full. In a larger variable the elements with
        the greatest split R-hat and autocorrelation are chosen.
    label_free
        Further quantities that do not depend on labels, by name, arrays (chain, draw, ...), such
        as log predictive densities of some rows. Of those known for fewer draws than the posterior
        has only an R-hat above 1.05 counts.

    Returns
    -------
    Diagnosis
        Its `records` hold rank-normalised split R-hat above 1.01, bulk and tail effective
        sample sizes below 100 a chain [1]_, divergences, more than 5% of draws at the greatest tree
        depth, E-BFMI below 0.3 [2]_, labels that have switched, one chain alone, too few
        draws, chains that never moved, that ended at log densities far apart or stayed in one of
        several mirror modes, and values that are not finite or never change.

    Raises
    ------
    ModelError
        If `tree` has no posterior with chains and draws, or lacks one of `var_names`, or if an
        array of `label_free` has other chains or more draws.

    Notes
    -----
    Findings that switched labels explain stay among the records, with the cause
    ``"label_switching"``, and give no warning of their own. So do those of chains that have ended
    at log densities more than 10 nats apart, with the cause ``"chains_apart"``: their record says
    which, how far, and whether they are on their way or in a mode that holds next to no mass (the
    mass about a chain is taken from its log density and the volume that its draws fill).
    Deterministics that depend on labels, which ``tree.attrs["symmetries"]`` names with the rest,
    and recovered variables speak neither for nor against switched labels. A tree without that
    attribute does not say what can trade places; there labels are named as a guess, where sorting
    mends R-hat.

    References
    ----------
    .. [1] Vehtari, Gelman, Simpson, Carpenter, Bürkner (2021). Rank-normalization, folding, and
       localization: an improved R-hat for assessing convergence of MCMC. Bayesian Analysis 16(2).
       The tail ESS is that of the 5% and 95% quantiles, as there.
    .. [2] Betancourt (2016). Diagnosing suboptimal cotangent disintegrations in Hamiltonian Monte
       Carlo. arXiv:1604.00695.
    .. [3] Stephens (2000). Dealing with label switching in mixture models. Journal of the Royal
       Statistical Society B 62(4).
    .. [4] Jasra, Holmes, Stephens (2005). Markov chain Monte Carlo methods and the label switching
       problem in Bayesian mixture modeling. Statistical Science 20(1).

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.results import build_tree
    >>> draws = np.random.default_rng(0).normal(size=(4, 500))
    >>> check(build_tree(posterior={"x": draws})).ok
    True
    >>> apart = check(build_tree(posterior={"x": draws + np.arange(4)[:, None]}))
    >>> apart.ok, sorted({record.kind for record in apart.records})
    (False, ['ess_bulk', 'ess_tail', 'rhat'])

    Two components that chains 1 and 3 name the other way round:

    >>> from aliquot.symmetry import Block, Role, Symmetries
    >>> means = np.stack([draws - 5, draws[::-1] + 5], axis=-1)
    >>> means[1::2] = means[1::2, :, ::-1]
    >>> symmetries = Symmetries((Block((Role(("means",), 0, (0, 1)),)),))
    >>> attrs = {"symmetries": symmetries.to_json()}
    >>> switched = check(build_tree(posterior={"means": means}, attrs=attrs))
    >>> list(switched.messages), {record.cause for record in switched.records[1:]}
    (['label_switching'], {'label_switching'})
    """
    posterior = whole = _posterior(tree, None)
    if var_names is not None:
        posterior = _posterior(tree, var_names)
        whole = whole.assign(posterior.data_vars)
    facts: dict[str, float] = {
        "chains": posterior.sizes["chain"],
        "draws": posterior.sizes["draw"],
    }
    records = list(_run_records(posterior))
    apart: list[Record] = []
    if posterior.sizes["draw"]:
        if "sample_stats" in tree.children:
            stats = tree["sample_stats"].to_dataset()
            records.extend(sampler_records(stats, tree.attrs, facts))
            apart = height_records(stats, tree.attrs, facts)
        names = [str(name) for name in posterior]
        records = _with_draws(records, tree, whole, names, max_elements, label_free, facts)
    modes = mode_records(tree.attrs, int(facts["chains"]), int(posterior["draw"].size), facts)
    cause = "chains_apart" if apart else ""
    if not apart and any(r.kind == "modes" and r.severity != "info" for r in modes):
        cause = "modes"
    if cause:
        records = [
            replace(r, cause=cause, advice=wording.APART_ADVICE) if r.kind in STATISTICS else r
            for r in records
        ]
    records = apart + modes + empty_records(tree.attrs) + records
    return Diagnosis.of(records, facts)


def _with_draws(
    records: list[Record],
    tree: xarray.DataTree,
    whole: xarray.Dataset,
    names: list[str],
    max_elements: int,
    given: Mapping[str, Any] | None,
    facts: dict[str, float],
) -> list[Record]:
    """Examine the draws, as they are and through what does not depend on labels, and judge all."""
    # The dims are in order: chain and draw come first.
    shapes = {str(name): array.shape[2:] for name, array in whole.data_vars.items()}
    recovered = [str(name) for name, a in whole.data_vars.items() if a.attrs.get("recovered")]
    components = ExchangeableComponents.of(tree.attrs, shapes, recovered)
    needed = [*names, *(name for block in components.blocks for name in block.variables)]
    quantities = {
        name: quantity_of(whole[name], depends=components.depends(name))
        for name in dict.fromkeys(needed)
    }
    made = label_free_quantities(tree, whole, components.blocks, given)
    looked_at = [*(quantities[name] for name in names), *made]
    records.extend(quantity_records(looked_at, max_elements, facts, guess=not components.known))
    chains = list(whole["chain"].values)
    records = judge(records, facts, components, quantities, [q.name for q in made], chains)
    if whole.sizes["draw"] >= ESS_PER_CHAIN:
        wrong = {name for (_, name), _ in concerned(records, components)}
        records.extend(one_labelling(components, quantities, wrong))
    return records


def _posterior(tree: xarray.DataTree, var_names: Sequence[str] | None) -> xarray.Dataset:
    if "posterior" not in getattr(tree, "children", {}):
        raise ModelError(
            "There is no group 'posterior' to check; give the tree that sample returned."
        )
    posterior = tree["posterior"].to_dataset()
    if var_names is not None:
        unknown = [name for name in var_names if name not in posterior.data_vars]
        if unknown:
            known = ", ".join(map(str, posterior.data_vars))
            raise ModelError(f"The posterior has no variable {unknown[0]!r}; it has {known}.")
        posterior = posterior[list(var_names)]
    else:
        # Exact draws given the others say nothing of the chains that the others do not say.
        posterior = posterior.drop_vars(
            [name for name, array in posterior.data_vars.items() if array.attrs.get("recovered")]
        )
    for dim in ("chain", "draw"):
        if dim not in posterior.dims:
            raise ModelError(
                f"The posterior has no dim {dim!r}; its variables need chain and draw."
            )
    numeric = [
        name
        for name, array in posterior.data_vars.items()
        if array.dtype.kind in "biuf" and {"chain", "draw"} <= set(array.dims)
    ]
    return dataset_in_order(posterior[numeric])


def _run_records(posterior: xarray.Dataset) -> Iterator[Record]:
    """Yield what can be said of the run as a whole."""
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    if chains == 1:
        yield Record(
            kind="one_chain",
            chain=np.asarray(posterior["chain"].values[0]).item(),
            value=1,
            threshold=2,
            severity="warning",
            message=(
                "Only one chain was drawn: R-hat compares chains, so whether they agree cannot be "
                "checked."
            ),
            advice="Draw four (chains=4).",
        )
    if draws < ESS_PER_CHAIN:
        what = (
            f"effective sample sizes cannot be judged with fewer than {ESS_PER_CHAIN}, and R-hat "
            "is rough"
        )
        if draws < FEWEST_DRAWS:
            what = f"convergence cannot be checked with fewer than {FEWEST_DRAWS}"
        yield Record(
            kind="few_draws",
            value=draws,
            threshold=ESS_PER_CHAIN,
            severity="warning" if draws >= FEWEST_DRAWS else "error",
            message=f"Only {draws} draws a chain: {what}.",
            advice="Draw longer (more draws); 1,000 a chain is usual.",
        )
    if draws > 1:
        yield from _stuck_chains(posterior)


def _stuck_chains(posterior: xarray.Dataset) -> Iterator[Record]:
    """Yield a record for each chain in which no variable ever changes."""
    moved = np.zeros(posterior.sizes["chain"], bool)
    for array in posterior.data_vars.values():
        if moved.all():
            return
        values = array.transpose("chain", "draw", ...).values
        changes = values != values[:, :1]
        moved |= changes.reshape(len(values), -1).any(axis=1)
    if not posterior.data_vars:
        return
    for chain in posterior["chain"].values[~moved]:
        yield Record(
            kind="stuck_chain",
            label=f"chain {chain}",
            chain=np.asarray(chain).item(),
            value=0,
            threshold=1,
            severity="error",
            message=f"Chain {chain} never moved: all its draws are the same point.",
            advice=wording.STUCK_ADVICE,
        )

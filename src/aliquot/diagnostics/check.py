"""The whole examination of a sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aliquot.diagnostics import wording
from aliquot.diagnostics.convergence import ESS_PER_CHAIN, variable_records
from aliquot.diagnostics.diagnosis import Diagnosis
from aliquot.diagnostics.record import Record
from aliquot.diagnostics.sampler import sampler_records
from aliquot.errors import ModelError

if TYPE_CHECKING:
    import xarray


def check(
    tree: xarray.DataTree, *, var_names: Sequence[str] | None = None, max_elements: int = 200
) -> Diagnosis:
    """Examine an MCMC sample and say whether it can be trusted.

    Parameters
    ----------
    tree
        With the group ``posterior``, dims ``chain`` and ``draw``, and where there is one
        ``sample_stats``.
    var_names
        The variables of the posterior to examine; if None, all of them but those that
        `recover` drew.
    max_elements
        How many elements of one variable to examine in full. In a larger variable the elements with
        the greatest split R-hat and autocorrelation are chosen.

    Returns
    -------
    Diagnosis
        Its `records` hold rank-normalised split R-hat above 1.01, bulk and tail effective
        sample sizes below 100 a chain [1]_, divergences, more than 5% of draws at the greatest tree
        depth, E-BFMI below 0.3 [2]_, labels that have switched, one chain alone, too few
        draws, chains that never moved, and values that are not finite or never change.

    Raises
    ------
    ModelError
        If `tree` has no posterior with chains and draws, or lacks one of `var_names`.

    References
    ----------
    .. [1] Vehtari, Gelman, Simpson, Carpenter, Bürkner (2021). Rank-normalization, folding, and
       localization: an improved R-hat for assessing convergence of MCMC. Bayesian Analysis 16(2).
       The tail ESS is that of the 5% and 95% quantiles, as there.
    .. [2] Betancourt (2016). Diagnosing suboptimal cotangent disintegrations in Hamiltonian Monte
       Carlo. arXiv:1604.00695.

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
    """
    posterior = _posterior(tree, var_names)
    facts: dict[str, float] = {
        "chains": posterior.sizes["chain"],
        "draws": posterior.sizes["draw"],
    }
    records = list(_run_records(posterior))
    if posterior.sizes["draw"]:
        for variable in posterior.data_vars.values():
            records.extend(variable_records(variable, max_elements, facts))
        if "sample_stats" in tree.children:
            stats = tree["sample_stats"].to_dataset()
            records.extend(sampler_records(stats, tree.attrs, facts))
    return Diagnosis.of(records, facts)


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
    return posterior[numeric]


def _run_records(posterior: xarray.Dataset) -> Iterator[Record]:
    """Yield what can be said of the run as a whole."""
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    if chains == 1:
        yield Record(
            kind="one_chain",
            variable=None,
            label=None,
            chain=np.asarray(posterior["chain"].values[0]).item(),
            value=1,
            threshold=2,
            severity="warning",
            message=wording.ONE_CHAIN_MESSAGE,
            advice=wording.ONE_CHAIN_ADVICE,
        )
    if draws < ESS_PER_CHAIN:
        yield Record(
            kind="few_draws",
            variable=None,
            label=None,
            chain=None,
            value=draws,
            threshold=ESS_PER_CHAIN,
            severity="warning" if draws >= 4 else "error",
            message=wording.few_draws_message(draws, ESS_PER_CHAIN),
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
            variable=None,
            label=f"chain {chain}",
            chain=np.asarray(chain).item(),
            value=0,
            threshold=1,
            severity="error",
            message=f"Chain {chain} never moved: all its draws are the same point.",
            advice=wording.STUCK_ADVICE,
        )

"""What a sample says that does not depend on which component is which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.diagnostics.orbits import mirrors, orbits
from aliquot.diagnostics.quantity import Quantity, label_of, quantity_of
from aliquot.errors import ModelError
from aliquot.symmetry import Block, listed

if TYPE_CHECKING:
    import xarray

# Rows of a log likelihood that are looked at, evenly spread.
MOST_ROWS = 50
LOG_DENSITY = "log density"
SORTED = "sorted "
MOST_NAMED = 3


def label_free_quantities(
    tree: xarray.DataTree,
    posterior: xarray.Dataset,
    blocks: Sequence[Block],
    given: Mapping[str, Any] | None,
) -> list[Quantity]:
    """Make what does not depend on the labels of components.

    Functions of the draws that are the same however components trade places converge where single
    components cannot: Jasra, Holmes & Stephens (2005), section 3, Stephens (2000), section 3.

    They are the log density and pointwise log likelihoods of the `tree` (50 rows, evenly spread),
    what is `given` by name (for some of the draws, perhaps), and the elements of the blocks'
    variables in the `posterior`, sorted within each set of those that trade places. A given array
    that has other chains than the posterior, or more draws, is refused.
    """
    sample = (posterior.sizes["chain"], posterior.sizes["draw"])
    found: dict[str, Quantity] = {}
    if blocks:
        found |= {quantity.name: quantity for quantity in _from_groups(tree, sample)}
    for name, values in (given or {}).items():
        found[name] = _quantity(name, values, sample)
    return [*found.values(), *sorted_quantities(posterior, blocks)]


def phrase(names: Sequence[str]) -> str:
    """Name the quantities in a sentence.

    >>> phrase(["log density", "log p(obs)", "sorted means", "sorted w"])
    'the log density, log p(obs) and sorted means and w'
    """
    plain = ["the log density" if n == LOG_DENSITY else n for n in names if SORTED not in n]
    ordered = [name.removeprefix(SORTED) for name in names if SORTED in name]
    if ordered:
        plain.append(SORTED + _listed(ordered))
    return _listed(plain)


def _from_groups(tree: xarray.DataTree, sample: tuple[int, int]) -> Iterator[Quantity]:
    if "sample_stats" in tree.children and "lp" in tree["sample_stats"].data_vars:
        lp = tree["sample_stats"]["lp"]
        if lp.dims in (("chain", "draw"), ("draw", "chain")):
            yield quantity_of(lp.rename(LOG_DENSITY), derived=True)
    if "log_likelihood" not in tree.children:
        return
    for name, array in tree["log_likelihood"].data_vars.items():
        if (array.sizes.get("chain"), array.sizes.get("draw")) != sample:
            continue
        whole = quantity_of(array.rename(f"log p({name})"), derived=True)
        rows = np.unique(np.linspace(0, len(whole.draws) - 1, MOST_ROWS).round().astype(int))
        labels = [whole.label(int(row)) for row in rows]
        draws = whole.draws[rows]
        yield Quantity(whole.name, draws, (len(rows),), labels.__getitem__, derived=True)


def _quantity(name: str, values: Any, sample: tuple[int, int]) -> Quantity:
    array = values if hasattr(values, "dims") else _labelled(np.asarray(values, dtype=float))
    chains, draws = array.sizes.get("chain"), array.sizes.get("draw", 0)
    if chains != sample[0] or not 0 < draws <= sample[1]:
        raise ModelError(
            f"label_free[{name!r}] has shape {array.shape}, but the posterior has {sample[0]} "
            f"chains of {sample[1]} draws; give an array ({sample[0]}, {sample[1]}, ...), or one "
            "with fewer draws."
        )
    quantity = quantity_of(array.rename(name), derived=True)
    return replace(quantity, thinned=draws < sample[1])


def _labelled(array: np.ndarray) -> xarray.DataArray:
    import xarray

    dims = ["chain", "draw", *(f"dim_{i}" for i in range(array.ndim - 2))]
    return xarray.DataArray(array, dims=dims[: array.ndim])


def sorted_quantities(posterior: xarray.Dataset, blocks: Sequence[Block]) -> Iterator[Quantity]:
    """Sort, within each draw, the elements that trade places with one another.

    Mirror images among them stand for themselves: of p that becomes 1 - p the lesser of the two.
    """
    if not blocks:
        return
    names = list(dict.fromkeys(name for block in blocks for name in block.variables))
    arrays = [posterior[name] for name in names]
    whole = [quantity_of(array) for array in arrays]
    first = np.cumsum([0, *(len(quantity.draws) for quantity in whole)])
    shapes = {q.name: q.shape for q in whole}
    sums = mirrors(blocks, shapes)
    together: dict[tuple[int, ...], list[tuple[str, np.ndarray]]] = {}
    for members in orbits(blocks, shapes):
        places = np.where(members < 0, ~members, members)
        plain = np.unique(places)
        owners = np.searchsorted(first, places, side="right") - 1
        which = tuple(int(i) for i in np.unique(owners))
        values = np.stack(
            [
                sums[at] - whole[i].draws[at - first[i]] if image else whole[i].draws[at - first[i]]
                for i, at, image in zip(owners, places, members < 0, strict=True)
            ]
        )
        texts = [
            label_of(
                arrays[i],
                [str(d) for d in arrays[i].dims if d not in ("chain", "draw")],
                plain[(first[i] <= plain) & (plain < first[i + 1])] - first[i],
            )
            for i in which
        ]
        ordered = np.sort(values, axis=0)
        if len(plain) < len(members):
            # The upper half are the images of the lower.
            ordered = ordered[: len(members) // 2]
        together.setdefault(which, []).append((_set(texts), ordered))
    for which, sets in together.items():
        labels = [f"{SORTED}{text}[{rank}]" for text, v in sets for rank in range(len(v))]
        draws = np.concatenate([values for _, values in sets])
        name = SORTED + _listed([whole[i].name for i in which])
        yield Quantity(name, draws, (len(draws),), labels.__getitem__, derived=True)


def _set(texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    shown = texts if len(texts) <= MOST_NAMED else [texts[0], "...", texts[-1]]
    return f"({', '.join(shown)})"


def _listed(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMED + 1:
        names = [*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} more"]
    return listed(names)

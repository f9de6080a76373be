"""Which missing values are integrated out of the density, and which are coordinates.

A missing entry on which nothing else depends integrates to one, whatever its family: as a
coordinate it would only be in the way, and where a label decides about it, it would have several
modes. Which entries something else depends on is established from the computation itself, as for
discrete variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.errors import ModelError
from aliquot.expression import Evaluation, leaves
from aliquot.marginal.dependence import Mixed, analyse
from aliquot.model.imputed import part_of
from aliquot.model.variables import Data, FreeVariable, MissingValues, ObservedVariable, Potential
from aliquot.precision import float64


@dataclass(frozen=True, eq=False)
class Integrated:
    """An observed variable of which missing entries are integrated out."""

    variable: ObservedVariable
    missing: np.ndarray  # bool, of the variable's shape: the entries that are integrated out
    held: MissingValues | None  # the other missing entries, which are coordinates, if there are any
    places: np.ndarray  # int: where those are among all missing entries
    consulted: dict[Data, np.ndarray]  # data whose values decided that, as they were

    @property
    def latent(self) -> MissingValues:
        """The missing entries, all of them."""
        assert self.variable.latent is not None
        return self.variable.latent

    def fill(self, held: Any = None) -> Any:
        """Give a value for all missing entries, a placeholder where they are integrated out.

        `held` has the values of those that are coordinates.
        """
        placeholder = self.latent.placeholder
        return placeholder if held is None else jnp.asarray(placeholder).at[self.places].set(held)

    def seen(self, values: Evaluation) -> Any:
        """Give the variable's values as far as they are known, placeholders where they are not."""
        x = jnp.asarray(values(self.variable.observed))
        if self.held is None:
            return x
        return x.at[self.held.index].set(values(self.latent)[self.places])

    def holds(self) -> bool:
        """Say whether the data that decided are still the same."""
        return all(
            leaf.value is not None and np.array_equal(leaf.value, was)
            for leaf, was in self.consulted.items()
        )


def find_integrated(
    model: Any, discrete: Sequence[ObservedVariable], unknowns: Sequence[Any]
) -> list[Integrated]:
    """Decide about the missing values of a model.

    From the last variable to the first: what depends on an entry that is integrated out itself does
    not count. The missing entries of the `discrete` variables have been found to matter to nothing;
    those of the `unknowns` are summed out over a list of states.

    It is a `ModelError` where what would be integrated out has an infinite integral, and where a
    whole event is missing that would have to be a coordinate and cannot be.
    """
    found: dict[str, Integrated] = {}
    for variable in reversed(model.observed):
        latent = variable.latent
        if latent is None or any(variable is other for other in unknowns):
            continue
        if any(variable is other for other in discrete):
            needed, consulted = _nothing(latent)
        else:
            needed, consulted = _needed(model, variable, found)
        held = np.zeros(variable.missing.shape, bool)
        held[tuple(positions[needed] for positions in latent.index)] = True
        kept = variable.distribution.kept(variable.missing & ~held)
        needed |= kept[latent.index]
        missing = variable.missing & ~held & ~kept
        _check(variable, missing, needed)
        if missing.any():
            part = part_of(latent, needed) if needed.any() else None
            places = np.flatnonzero(needed)
            found[variable.name] = Integrated(variable, missing, part, places, consulted)
    return list(found.values())[::-1]


def _check(variable: ObservedVariable, missing: np.ndarray, needed: np.ndarray) -> None:
    distribution = variable.distribution
    if missing.any() and distribution.improper(missing):
        raise ModelError(
            f"{variable.name}: {int(missing.sum())} of its values are missing, and "
            f"{distribution.family} is improper, so they have no distribution: leave those rows "
            "out, or give it a proper one"
        )
    if needed.any() and variable.latent is not None and variable.latent.transform is None:
        raise ModelError(
            f"{variable.name}: something else in the model depends on whole values of "
            f"{distribution.family} that are missing, which cannot be imputed: leave those rows "
            "out, or write the missing ones as a free variable of their own"
        )


def _needed(
    model: Any, variable: ObservedVariable, found: dict[str, Integrated]
) -> tuple[np.ndarray, dict[Data, np.ndarray]]:
    """Say on which missing entries something else depends, and which data decided that."""
    latent = variable.latent
    assert latent is not None
    users = [v for v in model.variables.values() if _uses(v, variable, latent)]
    if not users:
        return _nothing(latent)
    if any(leaf is latent for v in users for leaf in leaves(getattr(v, "transform", None) or ())):
        return np.ones(latent.shape, bool), {}
    inputs = leaves([_sources(v) for v in users], users)

    def compute(*arrays: Any) -> list[Any]:
        values = Evaluation(dict(zip(inputs, arrays, strict=True)))
        return [_term(user, values, found.get(user.name)) for user in users]

    with float64():
        closed = jax.make_jaxpr(compute)(
            *(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in inputs)
        )
    known = {
        position: (lambda leaf=leaf: np.asarray(leaf.value))
        for position, leaf in enumerate(inputs)
        if isinstance(leaf, Data)
    }
    position = next(i for i, leaf in enumerate(inputs) if leaf is latent)
    analysis = analyse(closed, discrete={position: 0}, known=known)
    consulted = {
        leaf: np.array(leaf.value)
        for i in analysis.consulted
        if isinstance(leaf := inputs[i], Data)
    }
    needed = np.zeros(latent.shape, bool)
    for summand in analysis.summands:
        if isinstance(summand.dependence, Mixed):
            return np.ones(latent.shape, bool), consulted
        for reference in summand.dependence:
            needed[reference.index[reference.index >= 0]] = True
    return needed, consulted


def _nothing(latent: MissingValues) -> tuple[np.ndarray, dict[Data, np.ndarray]]:
    return np.zeros(latent.shape, bool), {}


def _uses(user: Any, variable: ObservedVariable, latent: MissingValues) -> bool:
    """Say whether a variable's density depends on missing values; to report them is not to."""
    if user is variable or not isinstance(user, FreeVariable | ObservedVariable | Potential):
        return False
    return any(leaf is latent for leaf in leaves(_sources(user)))


def _sources(user: Any) -> list[Any]:
    if isinstance(user, Potential):
        return [user]
    return [user.distribution, getattr(user, "transform", None) or ()]


def _term(user: Any, values: Evaluation, integrated: Integrated | None) -> Any:
    """Compute the density of what depends on missing values."""
    if isinstance(user, Potential):
        return values(user)
    distribution = values(user.distribution)
    if integrated is None:
        return distribution.checked_log_prob(values(user))
    return distribution.seen_log_prob(values(user.observed), integrated.missing)

"""Components that can trade places, and all that moves with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from math import factorial, prod
from typing import Any

import numpy as np

from aliquot.symmetry.role import Role, listed


@dataclass(frozen=True)
class Block:
    """A set of components of which any two can trade places without changing the log density.

    Attributes
    ----------
    roles : tuple of Role
        What moves together, each with the same number of components, in the same order. A variable
        that moves along two axes (a transition matrix) has two roles. Where all roles mirror
        variables in place, the two components are a mode and its mirror image: factors and
        loadings change sign.
    states : tuple of (str, tuple of int)
        Discrete variables whose states are these components, with the state that each one is.
    coupled : bool
        Whether the components compete in the likelihood, so that the density has mirror modes.
        Elements that are independent given everything else trade places, too, and nobody minds.

    Examples
    --------
    >>> import numpy as np
    >>> block = Block((Role(("means",), 0, (0, 1)), Role(("w",), 0, (0, 1))))
    >>> block.components, block.modes, block.variables
    (2, 2, ('means', 'w'))
    >>> moved = block.permute(
    ...     {"means": np.array([-1.0, 1.0]), "w": np.array([0.2, 0.8])}, np.array([1, 0])
    ... )
    >>> moved["means"], moved["w"]
    (array([ 1., -1.]), array([0.8, 0.2]))

    Two components whose weight is one number:

    >>> block = Block((Role(("means",), 0, (0, 1)), Role(("p",), mirror=1.0)))
    >>> block.text
    'the 2 components of means (with p turned to 1 - p)'
    >>> block.permute({"means": np.array([-1.0, 1.0]), "p": np.array(0.25)}, np.array([1, 0]))
    {'means': array([ 1., -1.]), 'p': array(0.75)}
    """

    roles: tuple[Role, ...]
    states: tuple[tuple[str, tuple[int, ...]], ...] = ()
    coupled: bool = True

    @property
    def components(self) -> int:
        """How many components can trade places."""
        if self.roles:
            return self.roles[0].components
        return len(self.states[0][1])

    @property
    def modes(self) -> int:
        """In how many ways the components can be arranged: components factorial."""
        return factorial(self.components)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables that move, each once."""
        return tuple(dict.fromkeys(name for role in self.roles for name in role.variables))

    @property
    def signs(self) -> bool:
        """Whether nothing trades places: variables are mirrored where they are."""
        return bool(self.roles) and all(role.stays for role in self.roles)

    def linear(self) -> Block:
        """Give the block that mirrors about 0 whatever this one mirrors."""
        return replace(
            self,
            roles=tuple(
                role if role.mirror is None else replace(role, mirror=0) for role in self.roles
            ),
        )

    def permute(
        self, values: Mapping[str, np.ndarray], permutations: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Let the components trade places: component k gets the values of ``permutations[k]``.

        Parameters
        ----------
        values : mapping from str to array, shape (*batch, *shape)
            Variables by name; those that do not move are left out of the result.
        permutations : numpy.ndarray of int, shape (*batch, components)
            Of 0, 1, ..., components - 1, one permutation for each entry of the batch.

        Returns
        -------
        dict from str to numpy.ndarray, shape (*batch, *shape)
        """
        moved = {name: values[name] for name in self.variables if name in values}
        for role in self.roles:
            if all(name in moved for name in role.variables):
                moved |= role.permute(moved, permutations)
        return moved

    def permute_states(self, name: str, states: np.ndarray, permutations: np.ndarray) -> np.ndarray:
        """Rename the states of a discrete variable as the components trade places."""
        named = np.asarray(dict(self.states)[name])
        batch = permutations.ndim - 1
        # What was state permutations[k] is now component k.
        inverse = np.argsort(permutations, axis=-1)
        flat = np.asarray(states).reshape((*permutations.shape[:batch], -1))
        order = np.argsort(named)
        found = order[np.clip(np.searchsorted(named[order], flat), 0, len(named) - 1)]
        moves = named[found] == flat
        renamed = named[np.take_along_axis(inverse, found, axis=-1)]
        return np.where(moves, renamed, flat).reshape(np.shape(states))

    def permute_probabilities(
        self, name: str, probabilities: np.ndarray, permutations: np.ndarray, lowest: int = 0
    ) -> np.ndarray:
        """Rename the states along the last axis of probabilities; the first state is `lowest`."""
        named = np.asarray(dict(self.states)[name]) - lowest
        batch = permutations.ndim - 1
        source = named[permutations].reshape(
            (*permutations.shape[:batch], *(1,) * (probabilities.ndim - batch - 1), -1)
        )
        result = np.array(probabilities)
        result[..., named] = np.take_along_axis(probabilities, source, axis=-1)
        return result

    @property
    def text(self) -> str:
        """The block in words: ``the 3 components of means and w``."""
        if self.signs:
            what = "values" if any(role.mirror for role in self.roles) else "signs"
            parts = [f"{role.variables[0]}{_at(role.within)}" for role in self.roles]
            return f"the {what if len(parts) > 1 else what[:-1]} of {listed(parts)}"
        moving = [role for role in self.roles if not role.stays]
        names = list(dict.fromkeys(name for role in moving for name in role.variables))
        names = names or [name for name, _ in self.states]
        within = {role.within for role in moving}
        group = within.pop() if len(within) == 1 else ()
        some = (
            {} if not within else {role.variables[0]: _within(self.roles, role) for role in moving}
        )
        listing = listed([f"{name}{some.get(name, '')}" for name in names])
        text = f"the {self.components} components of {listing}{_at(group)}{self._which}"
        mirrored = [
            f"{role.variables[0]}{_at(role.within)} turned to {role.image(role.variables[0])}"
            for role in self.roles
            if role.stays
        ]
        mirrored += [
            f"{listed(role.variables)} mirrored about {0.5 * role.mirror:g} besides"
            for role in moving
            if role.mirror is not None
        ]
        return f"{text} (with {listed(mirrored)})" if mirrored else text

    @property
    def can(self) -> str:
        """What the block's components can do, in words."""
        if not self.signs:
            return "trade places"
        what = "be mirrored" if any(role.mirror for role in self.roles) else "turn"
        return f"{what} together" if len(self.roles) > 1 else what

    @property
    def _which(self) -> str:
        """Say which places along an axis, where these are not all from the first on."""
        positions = next((role.positions for role in self.roles if role.positions), ())
        if positions and positions != tuple(range(len(positions))):
            return f" at {', '.join(map(str, positions))}"
        return ""

    def as_dict(self) -> dict[str, Any]:
        """Give the block as what JSON can hold."""
        found = asdict(self)
        # A role without a mirror does not mention one.
        found["roles"] = [
            {name: value for name, value in role.items() if (name, value) != ("mirror", None)}
            for role in found["roles"]
        ]
        return found

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Block:
        """Read what `as_dict` gave, here or in a version that says more."""
        found = _tuples(given)
        return _known(cls, found | {"roles": tuple(_known(Role, role) for role in found["roles"])})


def _known[Kind](kind: type[Kind], given: Mapping[str, Any]) -> Kind:
    """Make a dataclass of those of its fields that are given."""
    names = (field.name for field in fields(kind))  # type: ignore[arg-type]
    return kind(**{name: given[name] for name in names if name in given})


def _tuples(value: Any) -> Any:
    """Put tuples in place of JSON's lists, however deep."""
    if isinstance(value, Mapping):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def trading(components: int, one: int, other: int) -> np.ndarray:
    """Give the permutation by which two of some components trade places, (components,)."""
    permutation = np.arange(components)
    permutation[[one, other]] = other, one
    return permutation


def numbered(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Give every element of every variable a number, counted through."""
    numbers, first = {}, 0
    for name, shape in shapes.items():
        size = prod(shape)
        numbers[name] = first + np.arange(size).reshape(shape)
        first += size
    return numbers


def _at(within: Sequence[tuple[int, int]]) -> str:
    """Say which part of a variable it is."""
    return (
        f" (at {', '.join(f'{at} on axis {axis}' for axis, at in sorted(within))})"
        if within
        else ""
    )


def _within(roles: Sequence[Role], one: Role) -> str:
    """Say which parts of a variable move, where it has several roles."""
    own = dict.fromkeys(r.within for r in roles if r.variables == one.variables and not r.stays)
    places: dict[int, list[int]] = {}
    for within in own:
        for axis, at in within:
            places.setdefault(axis, []).append(at)
    text = ", ".join(f"{listed([*map(str, at)])} on axis {axis}" for axis, at in places.items())
    return f" (at {text})" if text else ""

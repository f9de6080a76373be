"""A model, the components that can trade places in it, and the table that it is added to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

import aliquot as aq
from aliquot.symmetry import Block
from tests.seeds import fixed

# Which components are alike is written down with these data, so no seed shifts them.
RNG = fixed(0)
DATA = RNG.normal(np.array([-1.0, 1.0])[RNG.integers(0, 2, 40)], 1.0)
COUNTS = RNG.poisson(np.array([2.0, 9.0])[RNG.integers(0, 2, 30)])
PLANE = RNG.normal(size=(20, 2))
X = RNG.normal(size=40)


# A block as (what moves, components): names with their axis, or a tuple of names written apart.
Expected = tuple[frozenset[object], int]


def block(*moves: object, components: int) -> Expected:
    """Say what moves, such as ``("means", 0)``, and how many components there are."""
    return frozenset(moves), components


def described(found: Block) -> Expected:
    """Put a block that was found in the same words."""
    moves: list[object] = []
    for role in found.roles:
        if role.stays:
            moves.append((role.variables[0], "mirrored", *(at for _, at in role.within)))
        elif role.axis is None:
            moves.append(role.variables)
        else:
            moves.append((role.variables[0], role.axis, *(at for _, at in role.within)))
    return frozenset(moves), found.components


@dataclass(frozen=True)
class Case:
    """A model and what is to be found in it."""

    name: str
    make: Callable[[], None]
    blocks: tuple[Expected, ...] = ()
    alike: tuple[Expected, ...] = ()
    """Without mirror modes."""
    broken: frozenset[str] = field(default_factory=frozenset)
    """Names that the reasons tell of."""
    states: tuple[str, ...] = ()
    """Discrete variables that move along."""
    positions: tuple[int, ...] = ()

    def model(self) -> aq.Model:
        with aq.Model() as model:
            self.make()
        return model


CASES: list[Case] = []


def case(*blocks: Expected, **known: object) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Add a model to the table."""

    def add(make: Callable[[], None]) -> Callable[[], None]:
        CASES.append(Case(make.__name__, make, blocks, **known))  # type: ignore[arg-type]
        return make

    return add


def mixture(mu: object, w: object = (0.5, 0.5), sigma: object = 1.0) -> None:
    aq.NormalMixture("obs", w=w, mu=mu, sigma=sigma, observed=DATA)

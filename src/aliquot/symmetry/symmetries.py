"""What is known of a model's symmetries, for programs and for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import prod
from typing import Any

from aliquot.symmetry.block import Block
from aliquot.symmetry.role import Role

# So many blocks are named in a sentence, of more three.
MOST_SAID = 4
# Where a result says which components of its model can trade places.
ATTRIBUTE = "symmetries"


@dataclass(frozen=True)
class Broken:
    """Components that something keeps from trading places.

    Attributes
    ----------
    block : Block
        What would move.
    by : str
        "ordering", or "terms": parts of the density that the exchange changes.
    names : tuple of str
        The ordered variables, or the variables whose terms change.
    """

    block: Block
    by: str
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """Say what stands in the way."""
        names = " and ".join(self.names)
        if self.by == "ordering":
            return f"{self.block.text} cannot trade places: {names} is ordered"
        return f"{self.block.text} cannot trade places: that changes the density of {names}"


@dataclass(frozen=True)
class Unseen:
    """Components of which nothing can be said: they made no difference where it was looked at.

    Attributes
    ----------
    block : Block
        What might trade places.
    names : tuple of str
        The terms of the density that the components are part of, but in which whatever they are
        was lost in rounding.
    """

    block: Block
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """Say that nothing is claimed."""
        return (
            f"whether {self.block.text} can {self.block.can} is not known: at no point looked at "
            f"did they matter to {' and '.join(self.names)} by more than rounding"
        )


@dataclass(frozen=True)
class Symmetries:
    """Which components of a model can trade places without changing its log density.

    Attributes
    ----------
    blocks : tuple of Block
        Components that can, with all that moves with them.
    broken : tuple of Broken
        Components that could, were it not for an ordering or a term that tells them apart.
    unexamined : tuple of str
        Variables in which there was too much to look at: long axes, or many that are alike.
    affected : tuple of str
        Deterministics that change where components with mirror modes trade places.
    unseen : tuple of Unseen
        Components that mattered too little wherever it was looked at, so that nothing is claimed.
    rotated : tuple of Block
        Those of the blocks of which a rotation of two components leaves the density unchanged, too:
        there is a continuum of modes, of which these are a few.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     means = aq.Normal("means", 0, 10, shape=3)
    ...     w = aq.Dirichlet("w", [1.0, 1.0, 1.0])
    ...     obs = aq.NormalMixture("obs", w, means, 1, observed=[-2.0, 0.5, 3.0, 1.0])
    >>> found = model.symmetries()
    >>> found
    The 3 components of means and w can trade places: 6 mirror modes.
    >>> found.modes, [role.axis for role in found.blocks[0].roles]
    (6, [0, 0])
    """

    blocks: tuple[Block, ...] = ()
    broken: tuple[Broken, ...] = ()
    unexamined: tuple[str, ...] = ()
    affected: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    rotated: tuple[Block, ...] = ()

    @property
    def coupled(self) -> tuple[Block, ...]:
        """The blocks that give the density mirror modes."""
        return tuple(block for block in self.blocks if block.coupled)

    @property
    def modes(self) -> int:
        """How many mirror images each mode has, itself included.

        They are one and the same where the components agree in it: modes are as many as this only
        where the data keep the components apart.
        """
        return prod(block.modes for block in self.coupled)

    def __bool__(self) -> bool:
        """Whether there are mirror modes."""
        return bool(self.coupled)

    @property
    def line(self) -> str:
        """One sentence on the mirror modes; empty where there are none."""
        if not self.coupled:
            return ""
        parts = []
        for own in (
            [block for block in self.coupled if not block.signs],
            [block for block in self.coupled if block.signs],
        ):
            for can in dict.fromkeys(block.can for block in own):
                texts = [block.text for block in own if block.can == can]
                if len(texts) > MOST_SAID:
                    more = len(texts) - MOST_SAID + 1
                    texts = [*texts[: MOST_SAID - 1], f"{more} more such sets"]
                each = ", each among themselves" if can == "trade places" else ", each by itself"
                parts.append(f"{'; '.join(texts)} can {can}{each if len(texts) > 1 else ''}")
        sentence = f"{'; '.join(parts)}: {self._modes} mirror modes"
        return sentence[0].upper() + sentence[1:]

    @property
    def _modes(self) -> str:
        """Write the number of modes, by factorials where it is a long one."""
        if self.modes < 1_000_000:
            return f"{self.modes:,}"
        return " x ".join(f"{block.components}!" for block in self.coupled[:4]) + (
            " x ..." if len(self.coupled) > 4 else ""
        )

    @property
    def text(self) -> str:
        """All that was found, in sentences."""
        lines = [self.line] if self.coupled else ["No components can trade places"]
        for block in self.blocks:
            if not block.coupled:
                lines.append(
                    f"{block.text} are alike and independent given everything else, which makes no "
                    "mirror modes"
                )
        lines += [broken.text for broken in self.broken]
        lines += [one.text for one in self.unseen]
        lines += [
            f"{block.text} can be rotated into one another besides, which makes a continuum of "
            "modes: no permutation or relabelling names them. Fix the rotation, as by zeros among "
            "the loadings of the first factors"
            for block in self.rotated
        ]
        if self.unexamined:
            lines.append(f"not looked at, because there is too much: {', '.join(self.unexamined)}")
        return "\n".join(f"{line[0].upper()}{line[1:]}." for line in lines)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(line)}</p>" for line in self.text.splitlines())

    def to_json(self) -> str:
        """Write the blocks as an attribute of a result can hold them."""
        return json.dumps(
            {
                "blocks": [block.as_dict() for block in self.blocks],
                "affected": list(self.affected),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Symmetries:
        """Read what `to_json` wrote."""
        given = json.loads(text)
        blocks = tuple(Block.from_dict(block) for block in given["blocks"])
        return cls(blocks, affected=tuple(given.get("affected", ())))

    @classmethod
    def of(cls, attrs: Mapping[str, Any]) -> Symmetries | None:
        """Read the symmetries that a result's attributes tell of; ``None`` where they do not."""
        return cls.from_json(attrs[ATTRIBUTE]) if ATTRIBUTE in attrs else None


def block_names(blocks: Sequence[Block]) -> list[str]:
    """Give each block a name of its own: that of its first variable, numbered where taken."""
    names: list[str] = []
    for block in blocks:
        first = (*block.variables, *(name for name, _ in block.states))[0]
        taken = sum(name == first or name.startswith(f"{first}_block_") for name in names)
        names.append(f"{first}_block_{taken}" if taken else first)
    return names


def signs_of(block: Block, blocks: Sequence[Block]) -> list[Block]:
    """Give the blocks by which each component of a block changes sign by itself.

    One for each component, in their order; none where not each has one.
    """
    result = []
    for k in range(block.components):
        parts = {_slice(role, k) for role in block.roles}
        own = [b for b in blocks if b.signs and {(r.variables, r.within) for r in b.roles} == parts]
        if len(own) != 1:
            return []
        result += own
    return result


def _slice(role: Role, k: int) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Say which part of which variable is a component's."""
    if role.axis is None:
        return (role.variable_of(k),), role.within
    place = (role.axis, role.positions[k])
    return role.variables, tuple(sorted((*role.within, place)))

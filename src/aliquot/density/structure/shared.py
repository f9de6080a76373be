"""What densities of one structure have in common, and where a later model finds it.

A model that is written like an earlier one, with other data of the same shapes, takes what that one
has traced and compiled. Nothing of a model is kept here, nor of its data. What is found again
stays as long as a density uses it, and that of the last few structures longer, so that a loop
which lets go of each model before it writes the next compiles once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import jax
import numpy as np

from aliquot.compilation import compiled, kept, light
from aliquot.density.integrated import Integrated
from aliquot.density.structure.written import Key, written
from aliquot.density.trace import Traced
from aliquot.marginal import Plan, Unknown
from aliquot.marginal.terms import Term
from aliquot.precision import float64
from aliquot.stacking import Layouts, packed

# So many structures are kept when no density uses them, if what all their data share is no larger,
# and if their keys are not longer.
RECENT = 12
BYTES = 4_000_000
PARTS = 50_000
# Data that repeat themselves in another way, or that decide otherwise what depends on what, need
# another program: so many of one structure are kept.
VARIANTS = 4

_sharing: ContextVar[bool] = ContextVar("aliquot_sharing", default=True)
_lock = threading.Lock()


class Served(NamedTuple):
    """What a model takes from an earlier one, for its own data, or makes for later ones."""

    template: Template
    plan: Plan | None
    traced: Traced


class Template:
    """What was traced of a model, without the model, and the owner of what is compiled of it."""

    def __init__(self, plan: Plan | None, integrated: Sequence[Integrated], traced: Traced) -> None:
        self._plan = None if plan is None else plan.released()
        self._integrated = [_places(found) for found in integrated]
        self._traced = traced.released()
        self._layouts: dict[str, Layouts] = {}
        # Whether a first look has found no parameter that has to be looked at.
        self.nothing_in_doubt = False
        consulted = () if plan is None else plan.consulted.values()
        self.bytes = traced.constant_bytes + sum(array.nbytes for array in consulted)

    def of(
        self,
        unknowns: Sequence[Unknown],
        terms: Sequence[Term],
        integrated: Sequence[Integrated],
        data: dict[str, np.ndarray],
    ) -> Served | None:
        """Give what serves a model of the same structure, or None where its data decide otherwise.

        `terms` are those that depend on its `unknowns`.
        """
        if list(map(_places, integrated)) != self._integrated:
            return None
        plan = None if self._plan is None else self._plan.of(unknowns, terms)
        if (plan is None) != (self._plan is None):
            return None
        traced = self._traced.of(data)
        return None if traced is None else Served(self, plan, traced)

    def packed(
        self, name: str, function: Callable[..., Any], options: Mapping[str, Any] | None
    ) -> Callable[..., Any]:
        """Return the same as `lazily`, of few arguments and results, which hold many."""

        def made(whole: Callable[..., Any], key: Any) -> Callable[..., Any]:
            return self.lazily((name, key), whole, options)

        call = packed(function, made, self._layouts.setdefault(name, {}))
        call.kept_with = self, name  # type: ignore[attr-defined]
        return call

    def lazily(
        self, name: Any, function: Callable[..., Any], options: Mapping[str, Any] | None
    ) -> Callable[..., Any]:
        """Return a function that is compiled, under a name, where no other density has done so.

        It has to be the same function for all densities of this structure, but for the model.
        """
        owner = self

        def call(*arguments: Any) -> Any:
            with float64():
                if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(arguments)):
                    return function(*arguments)  # part of a larger program
                make = lambda: compiled(function, *arguments, options=options).call  # noqa: E731
                program, _ = kept(owner, name, arguments, make)
                return program(*arguments)

        call.kept_with = owner, name  # type: ignore[attr-defined]
        return call


class Shared:
    """The templates of one structure."""

    def __init__(self) -> None:
        self._templates: list[Template] = []

    def find(self, *model: Any) -> Served | None:
        """Find what serves a model: the arguments are those of `Template.of`."""
        for template in self.templates:
            if (found := template.of(*model)) is not None:
                return found
        return None

    def add(self, template: Template) -> None:
        """Keep what was traced for the next model."""
        with _lock:
            self._templates = [template, *self._templates][:VARIANTS]

    @property
    def templates(self) -> list[Template]:
        """Those that were traced last."""
        with _lock:
            return list(self._templates)

    @property
    def bytes(self) -> int:
        """How much memory the largest of them keeps for its constants."""
        return max((template.bytes for template in self.templates), default=0)


_alive: WeakValueDictionary[Key, Shared] = WeakValueDictionary()
_recent: OrderedDict[Key, Shared] = OrderedDict()


def shared_by(key: Key | None) -> Shared:
    """Return what models of a key share; of a model without one, nothing that others find.

    >>> shared_by(("a",)) is shared_by(("a",)), shared_by(None) is shared_by(None)
    (True, False)
    """
    if key is None or not _sharing.get():
        return Shared()
    with _lock:
        shared = _alive.get(key)
        if shared is None:
            shared = _alive[key] = Shared()
        return shared


def used(key: Key | None, shared: Shared) -> None:
    """Note that a structure was used just now: the last few are kept."""
    if key is None or not _sharing.get():
        return
    small = shared.bytes <= BYTES and len(key) <= PARTS
    with _lock:
        _recent.pop(key, None)
        if small:
            _recent[key] = shared
        while len(_recent) > RECENT:
            _recent.popitem(last=False)


def found_or_made(
    model: Any,
    unknowns: Sequence[Unknown],
    terms: Sequence[Term],
    integrated: Sequence[Integrated],
    data: dict[str, np.ndarray],
    make: Callable[[], tuple[Plan | None, Traced]],
) -> tuple[Served, Shared]:
    """Give what serves a model, of an earlier one where there is one; else it is made and kept.

    Besides what the model shares with others of its structure, which is kept as long as someone
    holds it. The arguments are those of `Template.of`.
    """
    key = written(model)
    shared = shared_by(key)
    found = shared.find(unknowns, terms, integrated, data)
    if found is None:
        plan, traced = make()
        found = Served(Template(plan, integrated, traced), plan, traced)
        shared.add(found.template)
    used(key, shared)
    return found, shared


def program_of(
    key: Key | None, function: Callable[..., Any], *arguments: Any
) -> Callable[..., Any]:
    """Compile a function that runs once, if it has not been for what has the same key."""
    shared = shared_by(key)
    make = lambda: compiled(function, *arguments, options=light()).call  # noqa: E731
    program, _ = kept(shared, "program", arguments, make)
    used(key, shared)
    return program


@contextmanager
def unshared() -> Iterator[None]:
    """Let models that are written, and compiled, in a block share nothing with others."""
    token = _sharing.set(False)
    try:
        yield
    finally:
        _sharing.reset(token)


def _places(found: Integrated) -> tuple[Any, ...]:
    """Give which missing values are integrated out, and which are coordinates."""
    return found.variable.name, found.missing.tobytes(), found.places.tobytes()

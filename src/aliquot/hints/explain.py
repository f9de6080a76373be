"""Errors for names and arguments that are not there: what to use, or which one was meant."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cache, wraps
from typing import Any

# How alike two names have to be for one to be taken for a misspelling of the other.
ALIKE = 0.8
# The place in a table of hints for what to do where too much is given by position.
BY_POSITION = "by position"


def for_all(names: str, advice: str) -> dict[str, str]:
    """Give the part of a table in which all names, written one after the other, say the same."""
    return dict.fromkeys(names.split(), advice)


class MissingError(AttributeError):
    """An attribute that is not there, and what to use in its place.

    What it says is worked out when it is read: most who ask for an attribute (`hasattr`, and the
    protocols of other libraries) go on without it.

    Parameters
    ----------
    owner : str
        What it was asked of.
    name : str
        The attribute.
    hints : mapping from str to str
        What to use in place of other libraries' names.
    known : callable
        Lists the attributes that are there, one of which may have been meant.
    prefix : str
        What the user writes before an attribute.
    otherwise : str
        What to say where nothing else is known.
    """

    def __init__(
        self,
        owner: str,
        name: str,
        hints: Mapping[str, str],
        known: Callable[[], Iterable[str]] = tuple,
        prefix: str = "",
        otherwise: str = "",
    ) -> None:
        super().__init__(owner, name)
        self._said = f"{owner} has no attribute {name!r}"
        self._advice = lambda: _advice(name, hints, [*known()], f"{prefix}{{}}") or otherwise

    def __str__(self) -> str:
        return self._said + self._advice()

    def __reduce__(self) -> tuple[type[AttributeError], tuple[str]]:
        return AttributeError, (str(self),)


def public(thing: Any) -> list[str]:
    """List the public attributes that an object has by its class."""
    return [name for name in dir(type(thing)) if not name.startswith("_")]


def similar(name: str, known: Iterable[str]) -> str | None:
    """Find the one of the known names that was meant: capitals and underscores do not count."""
    from difflib import get_close_matches

    names = {_plain(other): other for other in known}
    found = get_close_matches(_plain(name), names, n=1, cutoff=ALIKE)
    return names[found[0]] if found else None


def _advice(name: str, hints: Mapping[str, str], known: list[str], written: str) -> str:
    """Say what to use in place of a name, or which one was meant, as the user writes it."""
    if name in hints:
        return f": {hints[name]}"
    meant = similar(name, [*hints, *known])
    if meant is None:
        return ""
    if meant in known:
        return f": did you mean {written.format(meant)}?"
    return f" (nor {meant!r}): {hints[meant]}"


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def explained[**P, R](
    hints: Mapping[str, str], name: str | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function say what to use in place of arguments that it does not take.

    `name` is what the user calls it, where that is not the function's own name.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        call = name or function.__qualname__.rpartition(".<locals>.")[2]

        @cache
        def takes() -> tuple[list[str], list[str], bool]:
            """List what can be given by position, what by name only, and whether others can."""
            signature = inspect.signature(function)
            open_ended = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
            return *places_and_names(signature), open_ended

        @wraps(function)
        def told(*args: P.args, **kwargs: P.kwargs) -> R:
            places, named, open_ended = takes()
            if len(args) > len(places):
                advice = hints.get(BY_POSITION)
                raise too_many(call, places, named, len(args), advice)
            for given in kwargs:
                if given in hints or not (open_ended or given in places or given in named):
                    raise unknown_argument(call, given, hints, [*places, *named])
            return function(*args, **kwargs)

        return told

    return decorate


def unknown_argument(call: str, name: str, hints: Mapping[str, str], takes: list[str]) -> TypeError:
    """Make the error for an argument that a call does not take."""
    takes = [other for other in takes if other != "self"]
    hints = {other: hint for other, hint in hints.items() if other != BY_POSITION}
    advice = _advice(name, hints, takes, "{}=") or f"; its arguments are {', '.join(takes)}"
    return TypeError(f"{call}() takes no argument {name!r}{advice}")


def places_and_names(signature: inspect.Signature) -> tuple[list[str], list[str]]:
    """List the arguments that can be given by position, and those by name only."""
    parameters = signature.parameters.values()
    return (
        [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD],
        [p.name for p in parameters if p.kind is p.KEYWORD_ONLY],
    )


def too_many(
    call: str, places: list[str], named: list[str], given: int, advice: str | None = None
) -> TypeError:
    """Make the error for more arguments by position than a call takes."""
    own = [name for name in places if name != "self"]
    given -= len(places) - len(own)
    few = f"{len(own)} argument{'' if len(own) == 1 else 's'} by position"
    which = f" ({', '.join(own)})" if own else ""
    rest = f": give the others by name ({', '.join(named)})" if named else ""
    if advice is not None:
        rest = f": {advice}"
    return TypeError(f"{call}() takes {few}{which}, but {given} were given{rest}")

"""What a traced program is, written so that different programs are never written the same.

What XLA is given follows from it and from JAX's version: a program on the disk is found without
being lowered, which takes longer than all else. Only what is known to say everything about itself
is written: of any other program there is no fingerprint.
"""

from __future__ import annotations

import enum
import hashlib
import re
import struct
from typing import Any

import jax
import numpy as np

from aliquot.primitives.gather_sum import written_out
from aliquot.primitives.internals import (
    ClosedJaxpr,
    Jaxpr,
    context_of,
    is_jaxs,
    is_literal,
    key_name,
)

# How many constants, states and rows a scan has, in JAX's notation: without their names.
_GROUPS = re.compile(r"(?:None|RightsOnly|Right|Left|Pytree|vals=|tree=|PyTreeDef|[()\[\], *])*")
# Functions with derivatives of their own are lowered as what they call.
_WITH_DERIVATIVES = ("custom_jvp_call", "custom_vjp_call")


class _UnknownError(Exception):
    """Something that may not say everything about itself."""


def fingerprint(program: ClosedJaxpr) -> str | None:
    """Return a digest of a jaxpr, or None where it holds something unknown.

    It does not depend on the process, nor on where functions were written.

    >>> import jax.numpy as jnp
    >>> one, other = (jax.make_jaxpr(lambda x, a=a: jnp.sin(x) + a)(0.5) for a in (1.0, 2.0))
    >>> fingerprint(one) == fingerprint(one), fingerprint(one) == fingerprint(other)
    (True, False)
    """
    writer = _Writer()
    try:
        writer.value(program)
    except (_UnknownError, AttributeError, TypeError):  # also where JAX has changed
        return None
    return hashlib.sha256("\0".join(writer.parts).encode(errors="surrogatepass")).hexdigest()


class _Writer:
    """Writes a jaxpr's parts; none holds the zero between them."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._names: dict[Any, str] = {}  # of variables, by their order
        # Of objects that equations share, by identity: what was made here has to live as long.
        self._types: dict[int, str] = {}
        self._contexts: dict[int, str] = {}
        self._made: list[ClosedJaxpr] = []

    def value(self, value: Any) -> None:
        """Write a parameter, a literal or a constant."""
        write, kind = self.parts.append, type(value)
        if value is None or kind in (bool, int, str):
            write(repr(value))
        elif isinstance(value, float | complex | int) and kind.__name__.startswith("Typed"):
            write(value.dtype.name)  # type: ignore[union-attr]  # a weak scalar of JAX's
            self.value(kind.__base__(value))  # type: ignore[misc]
        elif kind is float:
            # Digits leave out a NaN's sign.
            write(repr(value) if value == value else struct.pack(">d", value).hex())
        elif kind.__name__ == "PRNGImpl":
            write(kind.__name__)  # the type of what it makes says which it is
        elif isinstance(value, tuple | list):  # with names or without
            write(f"{kind.__qualname__}(")
            for each in value:
                self.value(each)
            write(")")
        elif isinstance(value, ClosedJaxpr):
            for constant in value.consts:
                self.value(constant)
            self._jaxpr(value.jaxpr)
        elif isinstance(value, Jaxpr):
            self._jaxpr(value)
        elif isinstance(value, np.ndarray | np.generic | jax.Array):
            self._array(value)
        elif isinstance(value, np.dtype):
            write(self._dtype(value))
        elif isinstance(value, type) and issubclass(value, np.generic):
            write(value.__name__)
        elif isinstance(value, enum.Enum):
            write(f"{kind.__qualname__}.{value.name}")
        elif kind is frozenset and not value:
            write("frozenset")
        elif kind.__module__.startswith("jax."):
            write(f"{kind.__name__}{self._said(value)}")
        else:
            raise _UnknownError

    @staticmethod
    def _said(value: Any) -> str:
        """Say what some objects of JAX's are: no sharding, no devices, so many of a group."""
        name, text = type(value).__name__, repr(value)
        if name == "UnspecifiedValue" or (name in ("Mesh", "AbstractMesh") and value.empty):
            return ""
        if name.startswith("FT") and _GROUPS.fullmatch(text):
            return text
        raise _UnknownError

    def _array(self, value: Any) -> None:
        if not isinstance(value.dtype, np.dtype):
            raise _UnknownError
        dtype = self._dtype(value.dtype)
        array = np.ascontiguousarray(value)
        digest = hashlib.sha256(array.view(np.uint8) if array.size else b"").hexdigest()
        self.parts.append(f"{dtype}{np.shape(value)}{digest}")

    @staticmethod
    def _dtype(dtype: Any) -> str:
        if isinstance(dtype, np.dtype) and not dtype.hasobject:
            return str(dtype.name)
        # Whoever makes another kind of keys also makes its rules.
        if (name := key_name(dtype)) is None:
            raise _UnknownError
        return name

    def _jaxpr(self, jaxpr: Any) -> None:
        if jaxpr.effects:
            raise _UnknownError
        write = self.parts.append
        write("{")
        self._define(jaxpr.constvars)
        write("|")
        self._define(jaxpr.invars)
        for equation in jaxpr.eqns:
            self._equation(equation)
        write("->")
        self._read(jaxpr.outvars)
        write("}")

    def _equation(self, equation: Any) -> None:
        primitive, params = equation.primitive, equation.params
        write = self.parts.append
        if (called := written_out(equation)) is not None:
            write("=")
            self._made.append(called)
            self.value(called)
        elif not is_jaxs(primitive):
            raise _UnknownError
        else:
            write(f"={primitive.name}")
            if primitive.name in _WITH_DERIVATIVES:
                params = {"call_jaxpr": params["call_jaxpr"]}
            for name in sorted(params):
                write(name)
                self.value(params[name])
        write(":")
        self._context(equation)
        self._read(equation.invars)
        write(">")
        self._define(equation.outvars)

    def _define(self, variables: Any) -> None:
        for variable in variables:
            self._names[variable] = name = f"v{len(self._names)}"
            self.parts += (name, self._type(variable.aval))

    def _read(self, atoms: Any) -> None:
        for atom in atoms:
            if is_literal(atom):
                self.parts += ("literal", self._type(atom.aval))
                self.value(atom.val)
            else:
                self.parts.append(self._names[atom])

    def _type(self, aval: Any) -> str:
        known = self._types.get(id(aval))
        if known is None:
            if type(aval) is not jax.core.ShapedArray or not aval.sharding.mesh.empty:
                raise _UnknownError
            dtype = self._dtype(aval.dtype)
            known = f"{aval.shape}{dtype}{aval.weak_type}{aval.memory_space}"
            self._types[id(aval)] = known
        return known

    def _context(self, equation: Any) -> None:
        """Write the settings that an equation is lowered with."""
        context = equation.ctx
        known = self._contexts.get(id(context))
        if known is None:
            known = self._contexts[id(context)] = f"c{len(self._contexts)}"
            for name, value in context_of(equation):
                self.parts.append(name)
                self.value(value)
        self.parts.append(known)

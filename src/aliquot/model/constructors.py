"""What is called inside a model, ``aq.Normal("x", ...)`` and its kin; what ``help`` says of it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any, ClassVar

import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.distributions.parameters import as_shape
from aliquot.errors import AliquotError, ModelError, ShapeError
from aliquot.expression import Expression, leaves, unwrapped
from aliquot.expression.given import as_read
from aliquot.hints.arguments import DATA, DETERMINISTIC, FAMILY, POTENTIAL, SET_DATA
from aliquot.hints.explain import explained, places_and_names, too_many, unknown_argument
from aliquot.model import observed as observations
from aliquot.model.context import Model, current_model, resolve_model
from aliquot.model.dims import as_dims, as_labels
from aliquot.model.free import free_variable
from aliquot.model.imputed import observed_variable
from aliquot.model.observed import aligned
from aliquot.model.variables import Data, Deterministic, Potential, Written

_NAME = """\
name : str
    Of the variable, in the model and in results. ``.dist(...)`` takes none."""
_EXTRA = """\
dims : str or tuple of str, optional
    Names of the axes; their lengths come from the model's coords.
observed : array, Data or expression of Data, optional
    Observed values. Missing ones (NaN, ``None``, masked) become latent variables.
transform : Transform or None, optional
    The way to unconstrained coordinates: chosen from the support by default; ``None`` for none.
initval : array, optional
    Start value, inside the support."""
_RAISES = """\
ModelError, ShapeError, DTypeError, ParameterError, SupportError
    On the line that writes the variable: a name or dim that does not fit the model, shapes that do
    not agree, what is no number, a parameter outside its range, data or a start off the support."""
_SHAPE = """\
shape : int or tuple of int, optional
    Of the variable. By default that of its parameters, dims or observations."""
_UPPER = """\
upper : int or int array, optional
    Largest possible value, a known number: the count is then distributed as one that is known
    to be at most that. It makes the count finite, so that it can be summed out where it is not
    observed."""


def call_docstring(family: type[Any], more: str = "") -> str:
    """Write the docstring of a family's constructor: its own, with what every call takes.

    `more` describes parameters that this constructor alone has.
    """
    sections = re.split(r"\n\n(?=[A-Z][A-Za-z ]+\n-{3,}\n)", inspect.cleandoc(family.__doc__ or ""))
    place = len(sections)
    for number, section in enumerate(sections):
        title, line, body = (*section.split("\n", 2), "", "")[:3]
        if title == "Parameters":
            shape = "" if re.search("(?m)^shape :", body) else _SHAPE
            # What has a description of its own keeps it.
            for bare, meant in ((each.split("\n")[0], each) for each in (_UPPER, _SHAPE)):
                body = re.sub(rf"(?m)^{re.escape(bare)}(?!\n )", meant, body)
            parts = [title, line, _NAME, body.rstrip(), shape, _EXTRA, more]
            sections[number] = "\n".join(part for part in parts if part)
            place = number + 1
    if sections[place:] and sections[place].startswith("Raises\n"):
        sections[place] = f"{sections[place].rstrip()}\n{_RAISES}"
    else:
        sections.insert(place, f"Raises\n------\n{_RAISES}")
    return "\n\n".join(sections)


def call_signature(family: type[Any], extra: Mapping[str, Any]) -> inspect.Signature:
    """Give the signature of a family's constructor: name, its parameters, keywords for all."""
    own = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(family).parameters.values()
    ]
    taken = {parameter.name for parameter in own}
    keywords = [
        inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default)
        for key, default in extra.items()
        if key not in taken
    ]
    name = inspect.Parameter("name", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return inspect.Signature([name, *own, *keywords])


class _Default:
    """The mark of an argument that was left out, where ``None`` means something else."""

    def __repr__(self) -> str:
        return "default"


DEFAULT: Any = _Default()

KINDS = {"b": np.bool_, "u": np.int64, "i": np.int64, "f": np.float64}


class Constructor[Family: Distribution]:
    """A family of distributions as a user calls it.

    ``aq.Normal("x", mu, sigma)`` adds a variable to the model whose ``with`` block is running;
    ``aq.Normal.dist(mu, sigma)`` makes a distribution without a name.
    """

    keywords: ClassVar[dict[str, Any]] = {
        "shape": None,
        "dims": None,
        "observed": None,
        "transform": DEFAULT,
        "initval": None,
    }

    hints: ClassVar[Mapping[str, str]] = FAMILY

    def __init__(self, family: type[Family]) -> None:
        self.family = family
        self.__doc__ = call_docstring(family)
        self.__name__ = family.__name__
        self.__wrapped__ = family
        self.__signature__ = call_signature(family, self.keywords)

    def dist(self, *args: Any, **kwargs: Any) -> Family:
        """Make a distribution without a name, for `Mixture`, `init_dist` or its own methods."""
        if args and isinstance(args[0], str):
            raise ModelError(
                f"{self.__name__}.dist makes a distribution without a name; got {args[0]!r} first"
            )
        signature = inspect.signature(self.family)
        with explaining(f"aq.{self.__name__}.dist", signature, len(args), self.hints):
            return self.family(*args, **kwargs)

    def __call__(
        self,
        name: str | None = None,
        *args: Any,
        shape: Any = None,
        dims: Any = None,
        observed: Any = None,
        transform: Any = DEFAULT,
        initval: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Add a variable of this family to the model whose ``with`` block is running."""
        model = current_model(f"aq.{self.__name__}")
        model.check_name(name)
        assert name is not None  # refused just now
        names = as_dims(name, dims)
        # Kept for when data are replaced: what the caller does to an array later is not to matter.
        args = tuple(_copied(value) for value in args)
        kwargs = {key: _copied(value) for key, value in kwargs.items()}

        def make(size: Any) -> Family:
            call = f"{name}: aq.{self.__name__}"
            given = 1 + len(args)
            with naming(name), explaining(call, self.__signature__, given, self.hints):
                family: Any = self.family  # each family has a signature of its own
                made: Family = family(*args, shape=size, **kwargs)
                return made

        def shaped() -> tuple[int, ...] | None:
            by_dims = None if names is None else model.coords.shape(name, names)
            asked = by_dims if shape is None else model.rows.lengths(as_shape(shape))
            if by_dims is not None and asked != by_dims:
                raise ShapeError(f"{name}: shape {as_shape(shape)}, but dims {names} say {by_dims}")
            return asked

        model.check_inputs(name, args, kwargs)
        model.rows.check_length(name, shape, names)
        written = Written(self, args, kwargs, shape, transform, initval)
        if observed is None:
            free = free_variable(
                model,
                name,
                remake=lambda: make(shaped()),
                dims=names,
                transform=transform,
                default=DEFAULT,
                initval=initval,
            )
            free.written = written
            return free
        if transform is not DEFAULT or initval is not None:
            raise ModelError(f"{name}: an observed variable takes no transform and no initval")
        seen = observed_variable(
            model, name, make=make, shaped=shaped, dims=names, observed=observed
        )
        seen.written = written
        return seen

    def __repr__(self) -> str:
        return f"<aq.{self.__name__}{self.__signature__}>"


def _copied(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return as_read(copy(value))
    return copy(value) if isinstance(value, list) else unwrapped(value)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Put the variable's name in front of errors that its distribution raises."""
    try:
        yield
    except AliquotError as error:
        if str(error).startswith(f"{name}: "):
            raise
        raise type(error)(f"{name}: {error}").with_traceback(error.__traceback__) from None


@contextmanager
def explaining(
    call: str, signature: inspect.Signature, given: int, hints: Mapping[str, str]
) -> Iterator[None]:
    """Say which arguments a family takes, where it was given others, or too many by position."""
    places, named = places_and_names(signature)
    any_number = any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values())
    if given > len(places) and not any_number:
        raise too_many(call, places, named, given)
    try:
        yield
    except TypeError as error:
        if "__init__()" not in str(error):
            raise
        if unknown := re.search(r"unexpected keyword argument '(\w+)'", str(error)):
            takes = list(signature.parameters)
            raise unknown_argument(call, unknown[1], hints, takes) from None
        text = str(error).split("__init__() ")[-1]
        raise TypeError(f"{call}: {text}") from None


@explained(DATA, "aq.Data")
def data(
    name: str,
    value: Any,
    *,
    dims: Any = None,
    coords: Mapping[str, Any] | None = None,
) -> Data:
    """Add data that can be replaced later with `set_data`.

    Parameters
    ----------
    name : str
    value : array
    dims : str or tuple of str, optional
        Names of the axes. A dim that the model does not know yet is added, counted from 0.
    coords : mapping from str to sequence, optional
        Labels of dims to add to the model.

    Raises
    ------
    DTypeError, ShapeError, ModelError
        For values that are no numbers, no values at all, dims of another length.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     x = aq.Data("x", [1.0, 2.0, 3.0], dims="row")
    >>> model.set_data({"x": [4.0, 5.0]})
    >>> x.shape
    (2,)
    """
    model = current_model("aq.Data")
    model.check_name(name)
    if isinstance(value, Expression):
        raise ModelError(
            f"{name}: data are numbers; got the expression {value.text}. Use aq.Deterministic to "
            "name a computed quantity"
        )
    array = model.rows.read(observations.as_values(name, value), name)
    if isinstance(array, Data):
        return model.add(array)
    array = aligned(array, KINDS[array.dtype.kind])
    names = as_dims(name, dims)
    if names is not None and len(names) != array.ndim:
        raise ShapeError(f"{name}: dims {names} for data of shape {array.shape}")
    if name in (names or ()):
        raise ModelError(f"{name}: a variable cannot have the name of its dim: use another name")
    for dim, labels in (coords or {}).items():
        if dim in model.coords and model.coords.length(dim) != len(as_labels(dim, labels)):
            raise ModelError(
                f"{name}: dim {dim!r} is there already, with length {model.coords.length(dim)}: "
                "give coords of that length, or use another dim"
            )
        model.add_dim(dim, labels)
    for dim, size in zip(names or (), array.shape, strict=names is not None):
        if dim not in model.coords:
            model.add_dim(dim, size)
    return model.add(Data(name, array.shape, array.dtype, dims=names, value=array, owner=model))


@explained(DETERMINISTIC, "aq.Deterministic")
def deterministic(name: str, value: Any, *, dims: Any = None) -> Deterministic:
    """Name a computed quantity, so that it is recorded with the draws.

    Parameters
    ----------
    name : str
    value : Expression
    dims : str or tuple of str, optional

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     means = aq.Normal("means", 0, 10, shape=2)
    ...     gap = aq.Deterministic("gap", means[1] - means[0])
    >>> gap.shape
    ()
    """
    model, expression = _written("aq.Deterministic", name, value)
    return model.add(Deterministic(name, expression, dims=as_dims(name, dims), owner=model))


@explained(POTENTIAL, "aq.Potential")
def potential(name: str, value: Any) -> Potential:
    """Add a term to the model's log density; the elements of an array are summed.

    Parameters
    ----------
    name : str
    value : Expression

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     x = aq.Normal("x", 0, 1, shape=2)
    ...     penalty = aq.Potential("penalty", -100 * x.sum() ** 2)
    """
    model, expression = _written("aq.Potential", name, value)
    return model.add(Potential(name, expression, owner=model))


@explained(SET_DATA, "aq.set_data")
def set_data(
    values: Mapping[str, Any],
    model: Model | None = None,
    *,
    coords: Mapping[str, Any] | None = None,
) -> None:
    """Replace data of a model, as `Model.set_data` does.

    Parameters
    ----------
    values : mapping from str to array
        New values by name of the data.
    model : Model, optional
        By default the one whose ``with`` block is running.
    coords : mapping from str to sequence, optional
        New labels of dims whose length changes.

    Raises
    ------
    ModelError, ShapeError, DTypeError
        Where the model does not make sense with the new data; it is then left as it was.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model():
    ...     x = aq.Data("x", [1.0, 2.0, 3.0])
    ...     aq.set_data({"x": [4.0, 5.0]})
    >>> x.shape
    (2,)
    """
    resolve_model(model, "aq.set_data").set_data(values, coords=coords)


def _written(user: str, name: str, value: Any) -> tuple[Model, Expression]:
    """Read what is computed of the variables of the model whose ``with`` block is running."""
    model = current_model(user)
    model.check_name(name)
    value = unwrapped(value)
    model.check_inputs(name, value)
    if isinstance(value, list | tuple) and leaves(value):
        value = np.stack(value)
    if isinstance(value, Expression):
        return model, value
    raise ModelError(
        f"{name}: give an expression of model variables; got {value!r:.60}, which depends on none"
    )

"""The model: a context that collects variables, in the order in which they were written."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self, TypeVar

from aliquot.arguments import whole_number
from aliquot.errors import ModelError
from aliquot.expression import Read, leaves, refuse_in_step, refuse_step_value
from aliquot.hints.arguments import DEBUG, MODEL_ARGUMENTS, SET_DATA
from aliquot.hints.explain import MissingError, explained, public
from aliquot.hints.names import MODEL
from aliquot.model import portable, replace
from aliquot.model.dims import RESERVED, Coords, check_dims
from aliquot.model.observed import refuse_missing
from aliquot.model.result_names import refuse_clash, refuse_clashing_dim, refuse_unstorable
from aliquot.model.streamed import StreamedRows
from aliquot.model.variables import (
    Data,
    Deterministic,
    FreeVariable,
    MissingValues,
    ObservedVariable,
    Potential,
)

if TYPE_CHECKING:
    from aliquot.density import Density
    from aliquot.density.debug import DebugReport
    from aliquot.marginal.marginalization import Marginalization
    from aliquot.symmetry import Symmetries

_STACK: ContextVar[tuple[Model, ...]] = ContextVar("aliquot_models", default=())
Kind = TypeVar("Kind")


class Model:
    """A Bayesian model, written inside a ``with`` block.

    Parameters
    ----------
    coords : mapping from str to sequence, optional
        Named dims and the labels along them; a whole number stands for that many.
    max_table : int
        The most entries that a table may have when discrete variables are summed out: joint states
        times rows. What needs more is refused, with the size that it would have.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model(coords={"component": ["low", "high"]}) as model:
    ...     means = aq.Normal("means", 0, 10, dims="component")
    ...     obs = aq.Normal("obs", means.sum(), 1, observed=[0.3, 1.2, -0.5])
    >>> model
    means ~ Normal(mu=0, sigma=10)          dims component (2)
      obs ~ Normal(mu=means.sum(), sigma=1)   observed (3)
    """

    @explained(MODEL_ARGUMENTS, "aq.Model")
    def __init__(
        self, coords: Mapping[str, Any] | None = None, *, max_table: int = 100_000_000
    ) -> None:
        self.rows = StreamedRows(self)  # which of the data lie on a disk, if any do
        self.coords = Coords(coords, on_read=self.note_read, rows=self.rows)
        self.max_table = whole_number("max_table", max_table)
        self.variables: dict[str, Any] = {}
        self.arrays: list[Data] = []  # those that are data without a name
        # What was read as numbers, and after how many variables: later ones may hold them.
        self.noted: list[tuple[int, Read]] = []
        self._density: Density | None = None
        # By how much was asked for: what was found, and for which density.
        self._symmetries: dict[bool, tuple[Density, Symmetries]] = {}

    def __enter__(self) -> Self:
        _STACK.set((*_STACK.get(), self))
        return self

    def __exit__(self, *exception: object) -> None:
        _STACK.set(_STACK.get()[:-1])

    @property
    def free(self) -> list[FreeVariable | MissingValues]:
        """The variables without observations, missing observations included."""
        return self._of(FreeVariable, MissingValues)

    @property
    def observed(self) -> list[ObservedVariable]:
        """The observed variables."""
        return self._of(ObservedVariable)

    @property
    def deterministics(self) -> list[Deterministic]:
        """The named quantities computed from others."""
        return self._of(Deterministic)

    @property
    def potentials(self) -> list[Potential]:
        """The terms added to the log density."""
        return self._of(Potential)

    @property
    def data(self) -> list[Data]:
        """The data that can be replaced."""
        return self._of(Data)

    def _of(self, *kinds: type[Any]) -> list[Any]:
        return [v for v in self.variables.values() if isinstance(v, kinds)]

    def __getitem__(self, name: str) -> Any:
        if name not in self.variables:
            known = ", ".join(self.variables)
            raise KeyError(f"the model has no variable {name!r}; it has {known}")
        return self.variables[name]

    def __contains__(self, name: object) -> bool:
        return name in self.variables

    __getstate__ = portable.packed

    def __setstate__(self, state: portable.State) -> None:
        vars(self).update(portable.unpacked(self, state))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return memo.setdefault(id(self), portable.copied(self))

    __copy__ = portable.copied  # variables belong to one model

    if not TYPE_CHECKING:  # a type checker is to go on seeing which attributes there are

        def __getattr__(self, name: str) -> Any:
            raise MissingError("aq.Model", name, MODEL, lambda: public(self), "model.")

    def check_name(self, name: Any) -> None:
        """Refuse a name that is not a string, or that is taken, and variables inside of a loop."""
        refuse_in_step(name)
        if not isinstance(name, str) or not name:
            raise ModelError(
                f"a variable's first argument is its name, a string; got {name!r}. "
                "For a distribution without a name use .dist(...)"
            )
        if name in self.variables:
            raise ModelError(f"the model already has a variable named {name!r}: use another name")
        if name in self.coords or name in RESERVED:
            raise ModelError(
                f"{name!r} is the name of a dim, so a variable cannot have it: use another name"
            )
        refuse_unstorable("variable", name)

    def add_dim(self, name: str, labels: Any) -> None:
        """Add a dim, or give a dim that is there new labels.

        Raises
        ------
        ModelError
            Where a variable has that name.
        """
        if name in self.variables:
            raise ModelError(
                f"{name!r} is the name of a variable, so a dim cannot have it: use another name"
            )
        self.coords.add(name, labels)
        refuse_clashing_dim(name, self.variables)

    def check_inputs(self, name: str, *trees: Any) -> None:
        """Refuse inputs that belong to another model, or data with missing values."""
        for leaf in leaves(*trees):
            refuse_step_value(name, leaf)
            if leaf.owner is not self:
                raise ModelError(
                    f"{name}: it uses {leaf.name!r}, which belongs to another model. Make it anew "
                    "inside this model's with block"
                )
            if isinstance(leaf, Data):
                refuse_missing(name, leaf.name, leaf.value)

    def add(self, variable: Any) -> Any:
        """Register a variable under its name."""
        if variable.dims is not None:
            check_dims(variable.name, variable.dims, variable.shape, self.coords)
        refuse_clash(variable, self.variables, self.coords)
        self.rows.check(variable)
        self.variables[variable.name] = variable
        self._density = None
        return variable

    def note_read(self, read: Read, *, after: int | None = None) -> None:
        """Note that a length, labels or data were read, `after` so many variables: now, all."""
        self.noted.append((len(self.variables) if after is None else after, read))

    def reads(self, *, before: int | None = None) -> list[Read]:
        """List what was read before there was another variable, or before the last."""
        n = len(self.variables)
        return [r for at, r in self.noted if at < n and before in (None, at)]

    @explained(SET_DATA)
    def set_data(
        self, values: Mapping[str, Any], *, coords: Mapping[str, Any] | None = None
    ) -> None:
        """Replace data, their shapes included; variables that follow from them change shape.

        Parameters
        ----------
        values : mapping from str to array
            New values by the name given to `aq.Data`.
        coords : mapping from str to sequence, optional
            New labels of dims. A dim whose length changes without them is counted from 0.

        Raises
        ------
        ModelError
            For a name that is not data of this model.
        ShapeError
            Where the model does not make sense with the new shapes, or holds a length that was read
            of the old ones (``len(x)``) as a number; it is then left as it was.
        """
        replace.set_data(self, values, coords or {})
        if self._density is not None:
            self._density = self._density.with_current_data()

    def density(self) -> Density:
        """Compile the model into a pure function of one flat vector (kept until the model changes).

        Raises
        ------
        ModelError
            Where there is nothing to infer, or a free discrete variable is left.
        ParameterError
            Where a parameter that is computed cannot be what it must be, such as probabilities that
            do not sum to one: names it, with the value at the start or near it.
        """
        from aliquot.density import density_of

        if self._density is None:
            self._density = density_of(self)
        self._density.first_look()
        return self._density

    def log_likelihood(self, point: Any) -> float:
        r"""Compute the log likelihood of the observed data at given values of the parameters.

        Parameters
        ----------
        point : mapping from str to array, or xarray.Dataset
            A value for each continuous free variable, on its own scale and of its shape; or what
            `aq.find_map` returns, or one draw of a posterior. A value may lie on a bound of its
            support, as maximum likelihood estimates do, and vectors need not be in an order that
            `transform` asks for.

        Returns
        -------
        float
            The log density of all that was observed, the discrete variables summed out with their
            own probabilities. Priors of continuous variables are left out, and so are potentials,
            which a warning says: a potential is a term of the log density, and whether it stands
            for data only you know. A continuous value that is missing from the data and imputed
            is taken as given in `point`.

        Raises
        ------
        ModelError
            For a name that is missing or unknown; where nothing is observed.
        ShapeError, DTypeError
            For a value of another shape, or that is no number.
        SupportError
            For a value outside of its variable's support, or where the likelihood is undefined.

        Notes
        -----
        With :math:`\ell` its maximum, k the number of parameters (``parameters`` in what
        `aq.find_map` returns) and n that of observations, AIC is :math:`2k - 2\ell` and BIC
        :math:`k \log n - 2\ell`. Under flat priors `aq.find_map` finds that maximum.

        Examples
        --------
        >>> import aliquot as aq
        >>> with aq.Model() as model:
        ...     p = aq.Beta("p", 1, 1)
        ...     z = aq.Bernoulli("z", p, shape=2)
        ...     obs = aq.Normal("obs", 4.0 * z, 1, observed=[0.0, 4.0])
        >>> round(model.log_likelihood({"p": 0.5}), 6)
        -3.223501
        """
        from aliquot.density.likelihood import log_likelihood

        return log_likelihood(self, point)

    def marginalization(self) -> Marginalization:
        """Show how the discrete variables are summed out: which, in what order, at what cost.

        Returns
        -------
        Marginalization
            Text and HTML, and a record: `.variables`, `.tables`, `.steps`, `.line`, and `.alike`:
            terms whose rows are of few kinds, each of which is computed once.

        Raises
        ------
        ModelError
            Where one cannot be summed out, with the reason.
        """
        from aliquot.density.alike_rows import alike_rows
        from aliquot.marginal.marginalization import describe

        density = self.density()
        found = describe(density.marginal, self.max_table, lambda: alike_rows(density))
        return found.of_rows(self.rows.shown, self.rows.total) if self.rows else found

    def symmetries(self, *, explain: bool = True) -> Symmetries:
        """Find which components can trade places without changing the log density.

        Parameters
        ----------
        explain : bool
            Look for the discrete variables that move along, too, and for what keeps components
            from trading places.

        Returns
        -------
        Symmetries
            Text and HTML, and a record: `.blocks` of components, with all variables that move
            together, `.modes`, and `.broken`, what stands in the way of others.

        Notes
        -----
        Found from how the density responds to exchanges of two components, and verified at
        points at random, up to rounding.
        """
        from aliquot.symmetry.finding import find_symmetries

        density = self.density()
        if self._symmetries.get(explain, (None,))[0] is not density:
            self._symmetries[explain] = density, find_symmetries(self, explain=explain)
        return self._symmetries[explain][1]

    @explained(DEBUG)
    def debug(self, start: Mapping[str, Any] | None = None) -> DebugReport:
        """Print each variable's log density at the start point, and name what is not finite.

        Parameters
        ----------
        start : mapping from str to array, optional
            Values of free variables, in place of the model's own start point.

        Returns
        -------
        DebugReport
            The same as a record: `.rows`, `.culprits`.
        """
        from aliquot.density.debug import debug

        report = debug(self, start)
        print(report.text)
        return report

    def to_graphviz(self) -> Any:
        """Draw the model: a ``graphviz.Digraph`` that notebooks show and ``.render()`` saves.

        Raises
        ------
        ImportError
            Where the Python package graphviz is not installed, with the command that installs it.
        """
        from aliquot.model.describe import digraph

        return digraph(self)

    def __repr__(self) -> str:
        from aliquot.model.describe import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from aliquot.model.describe import as_html

        return as_html(self)


def is_written() -> bool:
    """Say whether the ``with`` block of some model is running."""
    return bool(_STACK.get())


def current_model(user: str, takes_model: bool = False) -> Model:
    """Give the model whose ``with`` block is running; without one, that is an error."""
    if _STACK.get():
        return _STACK.get()[-1]
    choice = ", or pass model=" if takes_model else ""
    raise ModelError(f"{user} needs a model: write it inside `with aq.Model() as model:`{choice}")


def resolve_model(model: Model | None, user: str) -> Model:
    """Give the model passed in, else the one whose ``with`` block is running."""
    if model is None:
        return current_model(user, takes_model=True)
    if not isinstance(model, Model):
        raise ModelError(f"{user}: model must be an aq.Model; got {type(model).__name__}")
    return model

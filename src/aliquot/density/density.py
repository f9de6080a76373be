"""The narrow waist: above it models, below it algorithms that see a function of a flat vector."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aliquot.density import terms
from aliquot.density.draws import quick
from aliquot.density.exact import Notes, exactly
from aliquot.density.first_look import refuse_impossible
from aliquot.density.integrated import find_integrated
from aliquot.density.layout import Slot, lay_out
from aliquot.density.likelihood import sum_of
from aliquot.density.packed import Leaves
from aliquot.density.parameters import may_be_lost, out_of_range, parameter_problems
from aliquot.density.point import of_slots
from aliquot.density.starts import Starts
from aliquot.density.structure import found_or_made
from aliquot.density.trace import Traced
from aliquot.density.validity import filled_in
from aliquot.errors import SupportError
from aliquot.expression import Evaluation
from aliquot.marginal import Plan, depends_on, find_unknowns
from aliquot.precision import float64


class Density(Starts):
    """A model compiled into pure functions of one flat unconstrained vector.

    Made by `Model.density`. Every function takes `data`, the arrays that the model is conditioned
    on, so that a program compiled once serves for other data of the same shapes.

    Attributes
    ----------
    size : int
        Number of unconstrained coordinates, d.
    data : dict from str to numpy.ndarray
        Observed values and other data, and the large constants of the model.
    labels : list of str
        One name for each coordinate.
    slots : tuple of Slot
        The continuous free variables, each with its place in the vector.
    integrated : list of Integrated
        Missing values that have no place in it: nothing else depends on them.
    observed : list of ObservedVariable
    marginal : Plan or None
        How the discrete variables are summed out.

    Examples
    --------
    >>> import aliquot as aq
    >>> with aq.Model() as model:
    ...     x = aq.Normal("x", 0, 1, shape=2)
    >>> density = model.density()
    >>> density.size, density.labels
    (2, ['x[0]', 'x[1]'])
    >>> round(density.evaluate([0.0, 0.0]), 6)
    -1.837877
    """

    def __init__(self, model: Any) -> None:
        unknowns, ignorable = find_unknowns(model)
        nodes = [unknown.node for unknown in unknowns]
        self.integrated = find_integrated(model, ignorable, nodes)
        self.slots: tuple[Slot, ...] = lay_out(model, unknowns, self.integrated)
        self.size = self.slots[-1].stop if self.slots else 0
        self.labels = [label for slot in self.slots for label in slot.labels]
        self.observed = list(model.observed)
        later = [*nodes, *(found.latent for found in self.integrated)]
        self.deterministics = [d for d in model.deterministics if not depends_on(d, later)]
        self.potentials = list(model.potentials)
        seen = [v for v in self.observed if not any(v is node for node in nodes)]
        all_terms = terms.terms_of(self.slots, seen, self.potentials, self.integrated)
        hidden = [term for term in all_terms if depends_on(term.sources, nodes)]
        self._terms = [term for term in all_terms if term not in hidden]
        self._leaves = Leaves.of(model)
        data = self._leaves.arrays()

        def make() -> tuple[Plan | None, Traced]:
            self.marginal = Plan(unknowns, hidden, model.max_table, filled_in) if unknowns else None
            flat = jax.ShapeDtypeStruct((self.size,), np.float64)
            return self.marginal, Traced(self._log_density, flat, data)

        found, self._shared = found_or_made(model, unknowns, hidden, self.integrated, data, make)
        self._template, self.marginal, self._traced = found
        self._traced_signature = self._signature()
        self._programs = {}
        self.data: dict[str, Any] = self._traced.data
        self.log_density: Callable[[Any, Any], Any] = self._traced.function
        self._looked_at = False

    def with_current_data(self) -> Density | None:
        """Give the density of the model's present data, sharing all that is compiled.

        Returns
        -------
        Density or None
            ``None`` where the data's shapes are others, or an index that decides what depends on
            which discrete variable, so that the model has to be traced anew.
        """
        if self._signature() != self._traced_signature:
            return None
        if self.marginal is not None and not self.marginal.holds():
            return None
        if not all(found.holds() for found in self.integrated):
            return None
        traced = self._traced.of(self._leaves.arrays())
        if traced is None:
            return None
        fresh = copy(self)
        fresh._traced = traced
        fresh.data = traced.data
        fresh._programs = {}  # they hold the density that they were asked of, with its data
        fresh._looked_at = False
        for cached in ("start", "typical", "numbers_read"):
            fresh.__dict__.pop(cached, None)
        return fresh

    @cached_property
    def numbers_read(self) -> int:
        """How many numbers of the data the log density reads: rows that are alike once."""
        return self._traced.numbers_read

    @property
    def fingerprint(self) -> str | None:
        """What the log density computes, as a digest; None where that cannot be said."""
        return self._traced.fingerprint

    def first_look(self) -> None:
        """Refuse parameters that are computed and cannot be what they must be, once.

        Raises
        ------
        ParameterError
            For probabilities that do not sum to one and the like.
        """
        if not self._looked_at:
            if not self._template.nothing_in_doubt:
                self._template.nothing_in_doubt = not refuse_impossible(self)
            self._looked_at = True

    def constrain(self, flat: Any, data: Any) -> dict[str, Any]:
        """Compute free variables and deterministics on their own scale; a pure function.

        Parameters
        ----------
        flat : array, shape (d,)
        data : dict
            As `Density.data`.

        Returns
        -------
        dict from str to array
        """
        values, _, _ = self._assign(flat, data)
        named = [slot.variable for slot in self.slots] + self.deterministics
        return {variable.name: values(variable) for variable in named}

    def log_likelihood(self, flat: Any, data: Any) -> dict[str, Any]:
        """Compute the pointwise log likelihood by observed variable; a pure function.

        Discrete unknowns are summed out: a number is the log of p(y_i | theta, all other y), which
        is that of p(y_i | theta) where observations are independent given theta.
        """

        def compute(flat: Any, data: Any) -> Any:
            values, _, notes = self._assign(flat, data)
            return self._pointwise(values), notes

        return exactly(compute)(flat, data)

    def log_likelihood_sum(self, given: Mapping[str, Any], data: Any) -> Any:
        """Compute the log likelihood at constrained values, a scalar; a pure function.

        The observed variables' terms alone, summed over the discrete unknowns with these' own
        probabilities: neither priors nor potentials.
        """
        values = self.evaluation_of(given, data)
        result = sum_of((term for term in self._terms if term.kind == "observed"), values)
        marginal = self._likelihood_marginal
        return result if marginal is None else result + marginal.evaluate(values).log_sum()

    def log_likelihood_by(self, unknown: str, given: Mapping[str, Any], data: Any) -> Any:
        """Compute the log likelihood of what hangs together by each element of an unknown."""
        marginal = self._likelihood_marginal
        assert marginal is not None
        number = [each.name for each in marginal.unknowns].index(unknown)
        return marginal.evaluate(self.evaluation_of(given, data)).log_sum_by_part(number)

    @cached_property
    def _likelihood_marginal(self) -> Plan | None:
        """The discrete unknowns with the observed terms alone."""
        marginal = self.marginal
        if marginal is None or all(term.kind == "observed" for term in marginal.terms):
            return marginal
        observed = [term for term in marginal.terms if term.kind == "observed"]
        return Plan(marginal.unknowns, observed, marginal.largest, filled_in)

    def log_terms(self, flat: Any, data: Any) -> dict[str, Any]:
        """Compute the log density's terms by name, each a scalar; they sum to the whole.

        What depends on discrete unknowns is one term, the log of the sum over their states.
        """
        return exactly(self._noted_terms)(flat, data)

    def _noted_terms(self, flat: Any, data: Any) -> tuple[dict[str, Any], Notes]:
        values, jacobians, notes = self._assign(flat, data)
        result = {
            slot.variable.name: jnp.sum(jacobians[slot.variable.name]) + terms.constant(slot)
            for slot in self.slots
        }
        for name, value in self._sums(values).items():
            result[name] = result.get(name, 0.0) + value
        return result, notes

    def log_terms_of(self, given: Mapping[str, Any], data: Any) -> dict[str, Any]:
        """Compute the terms at constrained values, without Jacobians and orderings."""
        return self._sums(self.evaluation_of(given, data))

    def term_names(self) -> set[str]:
        """Name the terms that `log_terms_of` gives."""
        summed = set() if self.marginal is None else {self.marginal.name}
        return {term.name for term in self._terms} | summed

    def terms_with(self, nodes: Sequence[Any]) -> set[str]:
        """Name the terms, as `log_terms` does, that are computed from some of the nodes."""
        found = {term.name for term in self._terms if depends_on(term.sources, nodes)}
        if self.marginal is not None:
            hidden = [t.sources for t in self.marginal.terms]
            hidden += [unknown.distribution for unknown in self.marginal.unknowns]
            if any(depends_on(sources, nodes) for sources in hidden):
                found.add(self.marginal.name)
        return found

    def _sums(self, values: Evaluation) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for term in self._terms:
            result[term.name] = result.get(term.name, 0.0) + jnp.sum(term.compute(values))
        if self.marginal is not None:
            result[self.marginal.name] = self.marginal.evaluate(values).log_sum()
        return result

    def log_jacobian(self, flat: Any, data: Any) -> Any:
        """Compute the log volume change from unconstrained to constrained; a pure function.

        ``log_density - log_jacobian`` is the log density of the variables on their own scale.
        """

        def compute(flat: Any, data: Any) -> Any:
            _, jacobians, notes = self._assign(flat, data)
            return sum((jnp.sum(jacobian) for jacobian in jacobians.values()), jnp.zeros(())), notes

        return exactly(compute)(flat, data)

    def unconstrain(self, values: Mapping[str, Any]) -> np.ndarray:
        """Map values of every free variable to the flat vector.

        Raises
        ------
        ModelError, ShapeError, SupportError
            For a variable that is missing or unknown, a wrong shape, a value outside the support.
        """
        arrays = of_slots(self.slots, values)
        with float64():
            flat = np.asarray(self.program("forward", self.flatten)(arrays, self.data))
        for slot in self.slots:
            if not np.all(np.isfinite(flat[slot.start : slot.stop])):
                raise SupportError(
                    f"{slot.variable.name}: the value {np.asarray(values[slot.variable.name])} is "
                    f"{slot.outside}"
                )
        return flat

    def evaluate(self, flat: Any) -> float:
        """Compute the log density at a flat vector, on the host."""
        with float64():
            function = self.program("log_density", self.log_density)
            return float(function(np.asarray(flat, dtype=float), self.data))

    def terms_at(self, flat: np.ndarray) -> dict[str, float]:
        """Compute the log density's terms at a flat vector, on the host."""
        with float64():
            result = self.program("log_terms", self.log_terms)(flat, self.data)
        return {name: float(value) for name, value in result.items()}

    def parameter_problems(self, name: str, flat: np.ndarray) -> list[str]:
        """Name the parameters of a variable's distribution that are out of range at a point."""
        variables = {slot.variable.name: slot.variable for slot in self.slots}
        variables |= {v.name: v for v in self.observed}
        distribution = getattr(variables.get(name), "distribution", None)
        if distribution is None:
            sources = [p for p in self.potentials if p.name == name]
            nodes = [unknown.node for unknown in self.unknowns]
            return [] if depends_on(sources, nodes) else self._lost(sources, flat)
        lost = self._lost(distribution, flat)
        if lost:
            return lost

        def compute(flat: Any, data: Any) -> Any:
            return self._assign(flat, data)[0](distribution).parameters

        with float64():
            parameters = quick(compute)(flat, self.data)
        return parameter_problems(distribution, parameters)

    def _lost(self, sources: Any, flat: np.ndarray) -> list[str]:
        """Name what is taken out of range at a point."""
        taken = may_be_lost(sources)
        if not taken:
            return []

        def compute(flat: Any, data: Any) -> Any:
            values = self._assign(flat, data)[0]
            return [jnp.isnan(values(n)) & ~jnp.isnan(values.safely(n)) for n in taken]

        with float64():
            lost = [np.asarray(each) for each in quick(compute)(flat, self.data)]
        return out_of_range(taken, lost)

    def log_likelihood_at(
        self, values: Mapping[str, Any], data: Any, gone: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Compute it at constrained values; what is `gone` counts for no other observation."""
        return self._pointwise(self.evaluation_of(values, data), gone)

    def pointwise_of(self, name: str, values: Evaluation) -> Any:
        """Compute the pointwise log likelihood of what depends on no discrete unknown."""
        return next(t for t in self._terms if t.name == name).compute(values)

    def evaluation_of(self, values: Mapping[str, Any], data: Any) -> Evaluation:
        """Start an evaluation at constrained values of continuous free variables."""
        known = self._evaluation(data)
        for slot in self.slots:
            if slot.variable.name in values:
                slot.give(known, values[slot.variable.name])
        return known

    def evaluation_at(self, flat: Any, data: Any) -> Evaluation:
        """Start an evaluation at a flat vector."""
        return self._assign(flat, data)[0]

    def _pointwise(self, values: Evaluation, gone: Any = None) -> dict[str, Any]:
        each = {term.name: term for term in self._terms if term.kind == "observed"}
        marginal = self.marginal
        apart = {} if marginal is None else marginal.evaluate(values).pointwise(gone)
        return {
            v.name: apart[v.name] if v.name in apart else each[v.name].compute(values)
            for v in self.observed
        }

    def _log_density(self, flat: Any, data: Any) -> Any:
        def compute(flat: Any, data: Any) -> Any:
            terms, notes = self._noted_terms(flat, data)
            return sum(terms.values(), jnp.zeros(())), notes

        return exactly(compute)(flat, data)

    def _signature(self) -> tuple[Any, ...]:
        """Give every shape that the trace depends on."""
        variables = [slot.variable for slot in self.slots] + self.observed
        return (
            *self._leaves.types(),
            *((v.shape, v.distribution.shape) for v in variables),
            *(v.shape for v in (*self.deterministics, *self.potentials)),
        )

    def _evaluation(self, data: Any) -> Evaluation:
        values = Evaluation(self._leaves.values(data))
        for found in self.integrated:
            values.set(found.latent, found.fill())
        return values

    def _assign(self, flat: Any, data: Any) -> tuple[Evaluation, dict[str, Any], Notes]:
        values = self._evaluation(data)
        return values, *terms.assign(self.slots, flat, values)

    def flatten(self, arrays: Mapping[str, Any], data: Any) -> Any:
        """Map constrained values to the flat vector; a pure function."""
        values = self._evaluation(data)
        for slot in self.slots:
            slot.give(values, arrays[slot.variable.name])
        return self._flatten(values)

    def _flatten(self, values: Evaluation) -> Any:
        parts = [
            jnp.reshape(values(slot.transform).forward(values(slot.variable)), (-1,))
            for slot in self.slots
        ]
        return jnp.concatenate(parts) if parts else jnp.zeros(0)

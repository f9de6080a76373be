"""From what a term depends on to factors: which rows are about which elements.

A summand of a term is an array. Axes along which its dependence does not vary are summed; what is
left are its rows. A row that depends on m different elements is a table over their joint states.
Elements of a variable of which no two are in one row have the same colour, and go through their
states together: the value is evaluated with one axis for the states of each *colour class*, and a
row finds its own element's states along the axis of that element's class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aliquot.marginal.coloring import color
from aliquot.marginal.covering import cover
from aliquot.marginal.dependence import Reference, Summand


@dataclass(frozen=True)
class ColorClass:
    """The elements of a variable that have one colour: no two of them are in one row."""

    variable: int
    color: int


# Groups that differ only in which classes their rows are read along: more of them become one.
MOST_ALIKE = 2


@dataclass(frozen=True)
class RowGroup:
    """The rows of a summand that depend on their elements in the same way."""

    rows: np.ndarray | None  # which rows, None for all
    elements: np.ndarray  # (rows, m): numbers of the elements, over all variables
    # For each column of `elements` the number of its colour class (where rows are read by
    # assignment, that of the first row).
    classes: tuple[int, ...]
    # (K1, ..., Km, rows): the assignment in which a row has these states, where the layout lists
    # assignments.
    where: np.ndarray | None = None


@dataclass(frozen=True)
class Layout:
    """How a summand becomes factors."""

    summand: Summand
    shape: tuple[int, ...]  # of the summand's value, without tabulated axes
    summed: tuple[int, ...]  # axes along which the rows' elements do not vary
    count: int  # number of rows: the product of the other axes
    classes: tuple[ColorClass, ...]  # those of the variables that the value is evaluated for
    colors: dict[int, np.ndarray]  # each element's colour, for variables of more than one
    # Variables whose states are the last axes of the value itself (a table of probabilities).
    tabulated: tuple[int, ...]
    groups: tuple[RowGroup, ...]
    # (assignments, classes): states of all classes together, of which the summand is evaluated in
    # each; None where it is evaluated in all joint states.
    assignments: np.ndarray | None = None

    def variables(self) -> list[int]:
        """List the variable of each element that a row depends on at most."""
        if self.assignments is None:
            return [*(each.variable for each in self.classes), *self.tabulated]
        most = max(self.groups, key=lambda group: len(group.classes)).classes
        classes = [self.classes[each].variable for each in most if each < len(self.classes)]
        return [*classes, *self.tabulated]


def lay_out(
    summand: Summand,
    shape: tuple[int, ...],
    references: Sequence[Reference],
    tabulated: Sequence[Reference],
    sizes: Sequence[int],
    states: Sequence[int] | None = None,
) -> Layout:
    """Find a summand's rows, their elements and the classes to evaluate it along.

    `shape` is that of its value, without tabulated axes. `references` are what each element of the
    value depends on, `tabulated` the elements whose states are the value's last axes. `sizes` and
    `states` have the numbers of elements and of states of each variable. Where `states` are given,
    a summand whose rows are about many sets of classes is evaluated in a few assignments of states
    to classes.
    """
    every = [*references, *tabulated]
    varying = [
        axis for axis in range(len(shape)) if any(each.index.shape[axis] > 1 for each in every)
    ]
    summed = tuple(axis for axis in range(len(shape)) if axis not in varying)
    rest = tuple(shape[axis] for axis in varying)
    count = int(np.prod(rest, dtype=int))
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    columns = []
    for reference in every:
        index = reference.index.reshape([reference.index.shape[axis] for axis in varying])
        flat = np.broadcast_to(index, rest).reshape(-1)
        columns.append(np.where(flat < 0, -1, flat + offsets[reference.variable]))
    elements = np.stack(columns, axis=1) if columns else np.zeros((count, 0), dtype=np.int64)
    owners = np.array([reference.variable for reference in every])
    colors = _colors(elements, owners, len(references), offsets, sizes)
    classes = tuple(
        ColorClass(variable, c)
        for variable in dict.fromkeys(reference.variable for reference in references)
        for c in range(int(colors[variable].max()) + 1 if variable in colors else 1)
    )
    groups = tuple(_row_groups(elements, owners, len(references), classes, colors, offsets))
    tabulated_variables = tuple(reference.variable for reference in tabulated)
    assignments = None
    if states is not None:
        of_classes = [states[each.variable] for each in classes]
        assignments, groups = _by_assignment(groups, classes, of_classes, len(tabulated))
    return Layout(
        summand, shape, summed, count, classes, colors, tabulated_variables, groups, assignments
    )


def _by_assignment(
    groups: tuple[RowGroup, ...],
    classes: Sequence[ColorClass],
    states: Sequence[int],
    tabulated: int,
) -> tuple[np.ndarray | None, tuple[RowGroup, ...]]:
    """Make one group of those that are about elements of the same variables, if they are many."""
    alike: dict[tuple[int, ...], list[RowGroup]] = {}
    for group in groups:
        kind = sorted(classes[each].variable for each in group.classes if each < len(classes))
        if len(group.classes) != len(kind) + tabulated:
            return None, groups
        alike.setdefault(tuple(kind), []).append(group)
    if max((len(each) for each in alike.values()), default=0) <= MOST_ALIKE:
        return None, groups
    merged: list[tuple[np.ndarray, np.ndarray, tuple[int, ...]]] = []
    patterns: list[tuple[int, ...]] = []
    which: list[np.ndarray] = []
    for same in alike.values():
        width = len(same[0].classes) - tabulated
        rows = [np.arange(len(p.elements)) if p.rows is None else p.rows for p in same]
        elements = np.concatenate([group.elements for group in same])
        of_classes = np.concatenate([np.tile(p.classes, (len(p.elements), 1)) for p in same])
        of_classes = of_classes.reshape(len(elements), -1).astype(np.int64)
        order = np.argsort(np.concatenate(rows), kind="stable")
        elements, of_classes = elements[order], of_classes[order]
        across = np.argsort(elements[:, :width], axis=1)
        for each in (elements, of_classes):
            each[:, :width] = np.take_along_axis(each[:, :width], across, axis=1)
        found, inverse = np.unique(of_classes[:, :width], axis=0, return_inverse=True)
        first = tuple(of_classes[0].tolist())
        merged.append((np.sort(np.concatenate(rows)), elements, first))
        which.append(inverse.reshape(-1) + len(patterns))
        patterns.extend(map(tuple, found.tolist()))
    covered = cover(patterns, states)
    if covered is None:
        return None, groups
    assignments, where = covered
    result = []
    for (rows_here, elements, first), chosen in zip(merged, which, strict=True):
        at = np.stack([where[pattern] for pattern in range(chosen.min(), chosen.max() + 1)])
        result.append(
            RowGroup(rows_here, elements, first, np.moveaxis(at[chosen - chosen.min()], 0, -1))
        )
    return assignments, tuple(result)


def _colors(
    elements: np.ndarray, owners: np.ndarray, width: int, offsets: np.ndarray, sizes: Sequence[int]
) -> dict[int, np.ndarray]:
    result = {}
    for variable in dict.fromkeys(owners[:width].tolist()):
        columns = [j for j in range(width) if owners[j] == variable]
        if len(columns) == 1:
            continue
        pairs = [
            elements[:, [a, b]][(elements[:, a] >= 0) & (elements[:, b] >= 0)]
            for i, a in enumerate(columns)
            for b in columns[i + 1 :]
        ]
        found = color(np.concatenate(pairs) - offsets[variable], sizes[variable])
        if found.max(initial=0) > 0:
            result[variable] = found
    return result


def _row_groups(
    elements: np.ndarray,
    owners: np.ndarray,
    width: int,
    classes: Sequence[ColorClass],
    colors: dict[int, np.ndarray],
    offsets: np.ndarray,
) -> list[RowGroup]:
    numbers = {each: i for i, each in enumerate(classes)}
    class_of = np.full(elements.shape, -1, dtype=np.int64)
    for j in range(elements.shape[1]):
        if j >= width:
            class_of[:, j] = len(classes) + j - width  # tabulated axes follow the classes
            continue
        variable = int(owners[j])
        if variable not in colors:
            class_of[:, j] = numbers[ColorClass(variable, 0)]
            continue
        classes_of_variable = np.array(
            [numbers[ColorClass(variable, c)] for c in range(int(colors[variable].max()) + 1)]
        )
        position = np.maximum(elements[:, j] - offsets[variable], 0)
        class_of[:, j] = classes_of_variable[colors[variable][position]]
    # A pattern says of each column: absent or a repetition (-1), or the class whose axis it is
    # read along.
    pattern = np.where(elements >= 0, class_of, -1)
    for j in range(1, elements.shape[1]):
        repeated = (elements[:, [j]] == elements[:, :j]).any(axis=1)
        pattern[repeated, j] = -1
    if len(pattern) and np.all(pattern == pattern[0]):
        kinds, which = pattern[:1], None
    else:
        kinds, which = np.unique(pattern, axis=0, return_inverse=True)
    groups = []
    for number, kind in enumerate(kinds):
        rows = None if which is None else np.flatnonzero(which.reshape(-1) == number)
        chosen = elements if rows is None else elements[rows]
        present = np.flatnonzero(kind >= 0)
        groups.append(RowGroup(rows, chosen[:, present], tuple(kind[present].tolist())))
    return groups


def evaluations(layout: Layout, states: Sequence[int]) -> int:
    """Count the combinations of states that a summand is evaluated in, tabulated ones included."""
    if layout.assignments is None:
        return joint_states(layout, states)
    tabulated = [states[variable] for variable in layout.tabulated]
    return len(layout.assignments) * int(np.prod(tabulated, dtype=int))


def joint_states(layout: Layout, states: Sequence[int]) -> int:
    """Count the joint states of a summand's colour classes and tabulated variables."""
    counts = [states[each.variable] for each in layout.classes]
    counts += [states[variable] for variable in layout.tabulated]
    result = 1
    for count in counts:  # Python's integers: the product may be astronomical
        result *= count
    return result

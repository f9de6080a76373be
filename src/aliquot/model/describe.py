"""A model in words, one line for each variable, read like the maths; and as a picture."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from aliquot.distributions.base import Distribution
from aliquot.expression import Expression, expressions
from aliquot.expression.lengths import told
from aliquot.model.variables import (
    Data,
    Deterministic,
    FreeVariable,
    MissingValues,
    ObservedVariable,
    Potential,
)


def as_text(model: Any) -> str:
    """Write the model as aligned lines."""
    lines = rows(model)
    if not lines:
        return "<an empty aq.Model>"
    left = max(len(name) for name, _, _, _ in lines)
    middle = max(len(text) for _, _, text, _ in lines)
    return "\n".join(
        f"{name:>{left}} {relation} {text:<{middle}}  {note}".rstrip()
        for name, relation, text, note in lines
    )


def as_html(model: Any) -> str:
    """Write the model as an HTML table, for notebooks."""
    relations = {"~": "&sim;", "=": "=", "+=": "&plus;="}
    style = "text-align:{};font-family:serif;font-size:110%;padding:2px 6px;border:none"
    lines = []
    for name, relation, text, note in rows(model):
        cells = [
            ("right", f"<i>{escape(name)}</i>"),
            ("center", relations[relation]),
            ("left", escape(text)),
            ("left", f"<span style='opacity:.6;font-size:85%'>{escape(note)}</span>"),
        ]
        tds = "".join(f'<td style="{style.format(side)}">{cell}</td>' for side, cell in cells)
        lines.append(f"<tr style='background:none'>{tds}</tr>")
    return f"<table style='border:none'>{''.join(lines)}</table>"


def rows(model: Any) -> list[tuple[str, str, str, str]]:
    """Give a line for each variable: its name, a relation, what it is, and a note."""
    return [_row(variable) for variable in model.variables.values()]


def _row(variable: Any) -> tuple[str, str, str, str]:
    name = variable.name
    if isinstance(variable, MissingValues):
        return name, "~", variable.distribution.family, f"missing values ({variable.size})"
    if isinstance(variable, FreeVariable):
        chosen = variable.transform
        order = f", {chosen.name}" if chosen is not None and "ordered" in chosen.name else ""
        return name, "~", distribution_text(variable.distribution), _shape(variable) + order
    if isinstance(variable, ObservedVariable):
        count = "" if variable.missing is None else f", {int(variable.missing.sum())} missing"
        sizes = " x ".join(map(str, told(variable))) or "1"
        return name, "~", distribution_text(variable.distribution), f"observed ({sizes}{count})"
    if isinstance(variable, Data):
        return name, "=", "data on a disk" if variable.on_disk else "data", _shape(variable)
    if isinstance(variable, Potential):
        return name, "+=", variable.inputs[0].text, "potential"
    assert isinstance(variable, Deterministic)
    return name, "=", variable.inputs[0].text, _shape(variable)


def _shape(variable: Any) -> str:
    if variable.dims:
        dims = ", ".join(variable.dims)
        return f"dims {dims} ({', '.join(map(str, told(variable)))})"
    return f"shape {told(variable)}" if variable.shape else ""


def distribution_text(distribution: Distribution) -> str:
    """Write a distribution with its parameters."""
    parts = [f"{key}={_value(value)}" for key, value in distribution.parameters.items()]
    return f"{distribution.family}({', '.join(parts)})"


def _value(value: Any) -> str:
    if isinstance(value, Distribution):
        return distribution_text(value)
    if isinstance(value, Expression):
        return value.text
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{array[()]:g}"
    if array.size <= 6:
        return str(np.round(array, 4).tolist())
    if np.all(array == array.flat[0]):
        return f"{array.flat[0]:g}"
    return f"array{list(array.shape)}"


def digraph(model: Any) -> Any:
    """Draw a model as a `graphviz.Digraph`, where that Python package is installed."""
    try:
        from graphviz import Digraph
    except ImportError:
        raise ImportError(
            "to_graphviz needs the Python package graphviz (pip install graphviz) and, to render, "
            "the Graphviz programs"
        ) from None
    graph = Digraph("model", graph_attr={"rankdir": "TB", "fontname": "Helvetica"})
    graph.attr("node", fontname="Helvetica", fontsize="12")
    plates: dict[str, list[Any]] = {}
    for variable in model.variables.values():
        plates.setdefault(_plate(variable), []).append(variable)
    for number, (title, members) in enumerate(plates.items()):
        if not title:
            for variable in members:
                _node(graph, variable)
            continue
        with graph.subgraph(name=f"cluster_{number}") as plate:
            plate.attr(label=title, labelloc="b", labeljust="r", style="rounded", color="#888888")
            for variable in members:
                _node(plate, variable)
    for variable in model.variables.values():
        for parent in parents(variable):
            graph.edge(parent, variable.name)
    return graph


def parents(variable: Any) -> list[str]:
    """Name the variables that a variable directly depends on."""
    if isinstance(variable, MissingValues):
        return []
    stack = [*expressions(getattr(variable, "distribution", ())), *variable.inputs]
    found: dict[str, None] = {}
    while stack:
        node = stack.pop()
        name = getattr(node, "name", None)
        if name is not None and name != variable.name:
            found[name] = None
        else:
            stack.extend(node.inputs)
    return list(found)


def _plate(variable: Any) -> str:
    if variable.dims:
        return " x ".join(
            f"{dim} ({size})" for dim, size in zip(variable.dims, told(variable), strict=True)
        )
    return " x ".join(map(str, told(variable)))


def _node(graph: Any, variable: Any) -> None:
    match variable:
        case FreeVariable() | ObservedVariable():
            text = f"~\n{variable.distribution.family}"
            style = "filled" if isinstance(variable, ObservedVariable) else "solid"
            look = {"shape": "ellipse", "style": style, "fillcolor": "#d9d9d9"}
        case MissingValues():
            text, look = "missing", {"shape": "ellipse", "style": "dashed"}
        case Data():
            text = "data"
            look = {"shape": "box", "style": "rounded,filled", "fillcolor": "#eeeeee"}
        case Deterministic():
            text, look = f"=\n{variable.inputs[0].text}", {"shape": "box"}
        case _:
            text, look = "potential", {"shape": "octagon"}
    graph.node(variable.name, f"{variable.name}\n{text}", **look)

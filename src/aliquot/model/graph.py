"""The model as a picture: variables as nodes, dependence as arrows, dims as plates."""

from __future__ import annotations

from typing import Any

from aliquot.expression import expressions
from aliquot.model.variables import (
    Data,
    Deterministic,
    FreeVariable,
    MissingValues,
    ObservedVariable,
)


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
            f"{dim} ({size})" for dim, size in zip(variable.dims, variable.shape, strict=True)
        )
    return " x ".join(map(str, variable.shape))


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

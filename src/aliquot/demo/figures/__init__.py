"""The pictures of the article, one a file. Each function returns a finished matplotlib figure."""

from __future__ import annotations

from aliquot.demo.figures.autocorrelation import autocorrelation_figure
from aliquot.demo.figures.data import data_figure
from aliquot.demo.figures.joint import joint_figure
from aliquot.demo.figures.label_switch import label_switch_figure
from aliquot.demo.figures.loss import loss_figure
from aliquot.demo.figures.relabelled import relabelled_figure
from aliquot.demo.figures.trace import trace_figure

__all__ = [
    "autocorrelation_figure",
    "data_figure",
    "joint_figure",
    "label_switch_figure",
    "loss_figure",
    "relabelled_figure",
    "trace_figure",
]

"""The pictures of the article, one a file. Each function returns a finished matplotlib figure."""

from __future__ import annotations

from aliquot.report.figures.autocorrelation import autocorrelation_figure
from aliquot.report.figures.data import data_figure
from aliquot.report.figures.joint import joint_figure
from aliquot.report.figures.loss import loss_figure
from aliquot.report.figures.trace import trace_figure

__all__ = [
    "autocorrelation_figure",
    "data_figure",
    "joint_figure",
    "loss_figure",
    "trace_figure",
]

"""Stochastic ADVI: one compiled loop of optimisation, continued in stretches."""

from __future__ import annotations

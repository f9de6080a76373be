"""Laplace's approximation: the modes of a density, a Gaussian at each, the mass of each."""

from __future__ import annotations

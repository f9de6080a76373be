"""Gaussians along climbs by L-BFGS from several starts."""

from __future__ import annotations

"""Gaussians on the unconstrained scale: square roots of covariances, and mixtures."""

from __future__ import annotations

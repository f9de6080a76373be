"""The mean-field Gaussian with the highest ELBO over fixed draws: a function without noise."""

from __future__ import annotations

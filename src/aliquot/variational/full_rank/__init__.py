"""The Gaussian with any covariance that has the highest ELBO over fixed draws."""

from __future__ import annotations

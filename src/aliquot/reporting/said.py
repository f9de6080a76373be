"""Warnings that were caught: Aliquot's own are kept, others passed on."""

from __future__ import annotations

import warnings

from aliquot.errors import AliquotWarning


def said_by_aliquot(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    """Keep Aliquot's own warnings, and pass on what others had to say."""
    own = []
    for warning in caught:
        if issubclass(warning.category, AliquotWarning):
            own.append(f"{warning.category.__name__}: {warning.message}")
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return tuple(own)

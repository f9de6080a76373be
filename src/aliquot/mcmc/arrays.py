"""The type of what a chain carries."""

from __future__ import annotations

from typing import Any

Value = Any
"""A NumPy array on the host between two calls of the program, a JAX array within one."""

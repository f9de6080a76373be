"""Several processes, on one machine or many, that share the work of one script.

The first, of rank 0, runs the script; the others serve it. JAX's own runtime brings them together,
and sums between them are collectives in compiled programs. What they compute, this part does not
know.
"""

from __future__ import annotations

from aliquot.distributed.initialize import initialize, processes, team
from aliquot.distributed.team import Team

__all__ = ["Team", "initialize", "processes", "team"]

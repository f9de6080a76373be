"""What every picture is made in: its look, and its name in front of what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np

from aliquot.errors import ModelError, ShapeError
from aliquot.plots.style import styled


def picture[**P](draw: Callable[P, np.ndarray]) -> Callable[P, np.ndarray]:
    """Let a function draw in this look, and begin what it refuses with its name."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> np.ndarray:
        try:
            with styled():
                return draw(*args, **kwargs)
        except (ModelError, ShapeError) as error:
            error.args = (f"aq.plots.{draw.__name__}: {error}",)
            raise

    return drawn

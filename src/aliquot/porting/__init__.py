"""What to use in place of names and arguments of PyMC, NumPyro and Stan that are not here."""

from aliquot.porting.arguments import (
    DATA,
    DEBUG,
    DETERMINISTIC,
    DRAW,
    FAMILY,
    FIND_MAP,
    FIT,
    MODEL_ARGUMENTS,
    POTENTIAL,
    PREDICT,
    SAMPLE,
    SET_DATA,
)
from aliquot.porting.explain import BY_POSITION, MissingError, explained, similar, unknown_argument
from aliquot.porting.names import (
    DISTRIBUTION,
    DISTRIBUTIONS,
    EXPRESSION,
    MATH,
    MODEL,
    NAMES,
    TRANSFORMS,
)

__all__ = [
    "BY_POSITION",
    "DATA",
    "DEBUG",
    "DETERMINISTIC",
    "DISTRIBUTION",
    "DISTRIBUTIONS",
    "DRAW",
    "EXPRESSION",
    "FAMILY",
    "FIND_MAP",
    "FIT",
    "MATH",
    "MODEL",
    "MODEL_ARGUMENTS",
    "NAMES",
    "POTENTIAL",
    "PREDICT",
    "SAMPLE",
    "SET_DATA",
    "TRANSFORMS",
    "MissingError",
    "explained",
    "similar",
    "unknown_argument",
]

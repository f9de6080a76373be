"""Probability distributions: parameters, support, log density, draws and moments."""

from typing import TYPE_CHECKING

from aliquot import porting as _porting

if not TYPE_CHECKING:  # a type checker is to go on seeing which names there are

    def __getattr__(name: str) -> None:
        raise _porting.MissingError(
            "aq.distributions",
            name,
            _porting.DISTRIBUTIONS,
            otherwise=": families of distributions are aq.Normal and its kin",
        )

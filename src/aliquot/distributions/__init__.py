"""Probability distributions: parameters, support, log density, draws and moments."""

from typing import TYPE_CHECKING

from aliquot.hints import explain as _explain
from aliquot.hints import names as _names

if not TYPE_CHECKING:  # a type checker is to go on seeing which names there are

    def __getattr__(name: str) -> None:
        raise _explain.MissingError(
            "aq.distributions",
            name,
            _names.DISTRIBUTIONS,
            otherwise=": families of distributions are aq.Normal and its kin",
        )

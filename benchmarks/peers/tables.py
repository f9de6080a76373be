"""The tables of the page, one a measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.peers.libraries import LIBRARIES


@dataclass(frozen=True)
class Table:
    """A measure of all libraries on all cases of a kind, fits beside samplers."""

    measure: str
    """A field of `Summary`."""
    title: str
    text: str
    write: Callable[[float], str]
    kinds: tuple[str, ...] = ("nuts",)
    """Of cases."""
    picture: str | None = None
    """What the picture below it shows."""

    @property
    def libraries(self) -> list[str]:
        """Its columns."""
        beside = LIBRARIES["nuts"] if "fit" in self.kinds else ()
        return list(dict.fromkeys([*LIBRARIES[self.kinds[0]], *beside]))


def seconds(value: float) -> str:
    return f"{value:.1f}"


def whole(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def digits(value: float) -> str:
    return f"{value:,.1f}" if value >= 1 else f"{value:.2g}"


TABLES = (
    Table(
        "rate",
        "Once compiled: effective draws a second",
        '"Ahead", here and below: how many times better Aliquot is than the best of the others, as '
        "the median of the turns, with their range.",
        whole,
        picture="Effective draws a second, relative to the best peer's",
    ),
    Table(
        "sets",
        "Many data sets through one model: data sets a second",
        "Those whose posterior is right; at most 120 seconds.",
        digits,
        kinds=("sets",),
    ),
    Table(
        "again",
        "Once compiled: seconds of the whole call",
        "With all that the library does in it besides sampling. PyMC compiles in every call.",
        lambda value: f"{value:.2f}",
    ),
    Table(
        "cold",
        "Cold: seconds of a whole process, caches empty",
        "From its start to a posterior that has been checked: of many data sets, of the first one.",
        seconds,
        kinds=("nuts", "sets"),
        picture="Where the seconds of a cold process go",
    ),
    Table(
        "second",
        "Second process: seconds, with the caches filled",
        "The same, after another process has done it.",
        seconds,
        kinds=("nuts", "sets"),
    ),
    Table(
        "per_gradient",
        "Effective draws in 1,000 gradients",
        "Of the draws. The warm-up's are left out, since not every library tells them. An "
        "independence step of Aliquot's, which evaluates the density alone, counts as a gradient.",
        digits,
    ),
    Table(
        "gradient",
        "Microseconds of one core for one gradient",
        "The time of the chains by all leapfrog steps, the warm-up's too, where they are told. Of "
        "Aliquot it is that of another run in which all draws are by NUTS.",
        digits,
        picture="Time of a gradient by rows of data",
    ),
    Table(
        "moments",
        "Posterior means and standard deviations within 2% of the sd: seconds, once compiled",
        "Of a sampler: the sampling time of 2,500 effective draws, which give a mean to 2% of its "
        "standard deviation; that is generous to those that would have a fixed warm-up. Of a fit, "
        "which draws no chains: all of its time, with 3,000 draws that are corrected by "
        "importance; it has failed where these are chosen from draws worth less than 2,500, a "
        "mean or a standard deviation is more than five errors off, or Pareto k is 0.7 or more. "
        '"Ahead" is over the fastest sampler of all, Aliquot\'s own among them.',
        lambda value: f"{value:.3g}",
        kinds=("fit",),
    ),
    Table(
        "memory",
        "Peak memory, MB",
        "Of the process itself, not of those it starts.",
        whole,
        kinds=("nuts", "sets"),
    ),
    Table(
        "target",
        "ADVI: seconds to 0.05 nats from the best ELBO, once compiled",
        "The best is known by direct optimisation; where each fit is on its way, by quadrature.",
        lambda value: f"{value:.3g}",
        kinds=("advi",),
    ),
    Table(
        "cold_target",
        "ADVI: the same in seconds of a cold process, caches empty",
        "From its start.",
        seconds,
        kinds=("advi",),
    ),
)

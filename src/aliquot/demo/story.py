"""What the text says that depends on how the fits came out: computed, never typed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from aliquot.demo.analysis import Analysis
from aliquot.demo.density import plot_range
from aliquot.demo.quadrature import log_joint

# Means closer than two standard deviations add up to a density with one hump.
ONE_HUMP = 2.0
ESS_PER_CHAIN = 100


@dataclass(frozen=True)
class Named:
    """Facts about the relabelled draws."""

    alike: bool  # all methods gave every draw the same labels
    turned: int  # the most draws that a method left with the first mean the greater one
    unsure: float  # the greatest share of draws of a method whose labels are in doubt
    shift: float  # the greatest distance of means from the exact ordered ones, in exact sd
    sd_ratio: tuple[float, float]  # the least and the greatest sd over the exact ordered ones
    error: float  # the Monte Carlo error of a mean, in sd: 1 / sqrt(least bulk ESS)
    # For each chain, the share of draws in which the first mean is the greater: drawn, permuted.
    upper_share: tuple[tuple[float, ...], tuple[float, ...]]
    overlap: float  # the share of the exact ordered density's peak where the means coincide


@dataclass(frozen=True)
class Story:
    """Facts about one run."""

    upper: int  # observations that came from the upper component
    one_hump: bool  # whether the true density has a single mode
    # "rare": now and then a chain went from one mirror image to the other; "often": so often that
    # the sample is large enough; "apart": none did, and they sit in different ones; "same": none
    # did, and all sit in the same.
    switching: str
    switches: int  # of all chains of the unordered NUTS fit together
    barrier: float  # how many times lower than the modes the ridge between them is at its highest
    gain: float  # bulk ESS of the ordered NUTS fit over that of the unordered one
    elbo_gap: dict[str, float]  # for each ADVI fit, log evidence less ELBO, in nats
    advi_took_one_mode: bool  # whether the unordered ADVI fit holds one mirror image only
    sd_ratio: np.ndarray  # of the ordered ADVI fit, standard deviations over the exact ones, (2,)
    named: Named  # how the relabelled draws compare with the ordered posterior

    @property
    def log_two(self) -> float:
        """What an approximation of one of two equal modes loses at least, in nats."""
        return math.log(2)


def tell(analysis: Analysis) -> Story:
    """Find the facts that the article speaks of."""
    fits = analysis.fits
    unordered = fits["nuts_unordered"].summary
    sides = {share > 0.5 for share in unordered.upper_share}
    switches = sum(unordered.switches)
    if switches:
        enough = (unordered.ess or 0.0) >= ESS_PER_CHAIN * len(unordered.switches)
        switching = "often" if enough else "rare"
    else:
        switching = "apart" if len(sides) > 1 else "same"
    share = fits["advi_unordered"].summary.upper_share[0]
    barrier = _barrier(analysis)
    low, high = analysis.settings.means
    return Story(
        upper=int(analysis.labels.sum()),
        one_hump=high - low <= ONE_HUMP,
        switching=switching,
        switches=switches,
        barrier=barrier,
        gain=(fits["nuts_ordered"].summary.ess or 0.0) / (unordered.ess or math.inf),
        elbo_gap={
            key: analysis.exact.log_evidence - fit.elbo
            for key, fit in fits.items()
            if fit.elbo is not None
        },
        advi_took_one_mode=share < 0.01 or share > 0.99,
        sd_ratio=fits["advi_ordered"].summary.sd / analysis.exact.ordered.sd,
        named=_named(analysis, 1 / barrier),
    )


def _named(analysis: Analysis, overlap: float) -> Named:
    versions, exact = analysis.versions, analysis.exact.ordered
    named = [version for version in versions.values() if version.method]
    ratios = np.stack([version.summary.sd / exact.sd for version in named])
    shifts = np.stack([(version.summary.mean - exact.mean) / exact.sd for version in named])
    return Named(
        alike=all(np.array_equal(version.draws, named[0].draws) for version in named),
        turned=max(version.turned for version in named),
        unsure=max(version.unsure or 0.0 for version in named),
        shift=float(np.abs(shifts).max()),
        sd_ratio=(float(ratios.min()), float(ratios.max())),
        error=max((version.summary.ess or 1.0) ** -0.5 for version in named),
        upper_share=(
            versions["as_drawn"].summary.upper_share,
            versions["permuted"].summary.upper_share,
        ),
        overlap=overlap,
    )


def _barrier(analysis: Analysis) -> float:
    points = np.linspace(*plot_range(analysis), 101)
    first, second = np.meshgrid(points, points)
    peak = log_joint(first, second, analysis.data).max()
    saddle = log_joint(points, points, analysis.data).max()
    return float(np.exp(min(peak - saddle, 700.0)))

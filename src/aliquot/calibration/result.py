"""What a calibration has found: ranks, how far they are from uniform, and what that means."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from aliquot.calibration.uniformity import band, holm, p_value

if TYPE_CHECKING:
    import pandas
    import xarray

# The probability of a false alarm about any of the quantities.
LEVEL = 0.05
# Standard errors by which a mean or a spread has to be off to be named as what is wrong.
CLEAR = 2.5
# Quantities that are told one by one.
TOLD = 5
# By how much of a posterior's standard deviation the mean of a PIT value moves with the posterior:
# 1 / (2 sqrt(pi)); and its variance with the posterior's width: 1 / (2 sqrt(3) pi).
PER_SD, PER_WIDTH = 0.2821, 0.0919


@dataclass(frozen=True, repr=False, eq=False)
class Calibration:
    """Ranks of what data were simulated with, among draws of the posteriors given these data.

    True in a condition where nothing is found: ``if aq.calibrate(model): ...``.

    Attributes
    ----------
    names : list of str
        The quantities that were ranked.
    ranks : numpy.ndarray of int, shape (simulations, quantities)
        How many of `draws` draws are less; -1 where there is no rank, as of a fit that failed.
    draws : int
        Draws that each is ranked among.
    tree : xarray.DataTree
        The ranks; the table ``fits`` of all simulations, as from `fit_many`; and as ``prior_sbc``
        the PIT values, which ``arviz.plot_ecdf_pit`` draws.

    Examples
    --------
    >>> import numpy as np
    >>> from aliquot.calibration.result import Calibration
    >>> ranks = np.random.default_rng(0).integers(0, 100, size=(200, 2))
    >>> ranks[:, 1] //= 2
    >>> print(Calibration(["mu", "sigma"], ranks, 99, None))
    Calibration, 200 simulations: 1 of 2 quantities is not as it should be
      * sigma: the posterior lies too high (p < 0.001)
    """

    names: list[str]
    ranks: np.ndarray
    draws: int
    tree: xarray.DataTree

    @cached_property
    def p_values(self) -> np.ndarray:
        """Of each quantity: how often uniform ranks would be as far from uniform, (quantities,)."""
        each = [self.ranks_of(i) for i in range(len(self.names))]
        return np.array([p_value(ranks, self.draws + 1) if len(ranks) else 1.0 for ranks in each])

    @cached_property
    def adjusted(self) -> np.ndarray:
        """The same for the number of quantities, by Holm's method, (quantities,)."""
        return holm(self.p_values)

    def ranks_of(self, quantity: int) -> np.ndarray:
        """Give the ranks of one quantity, those that there are."""
        ranks = self.ranks[:, quantity]
        return ranks[ranks >= 0]

    def wrong(self, quantity: int) -> bool:
        """Say whether a quantity is off."""
        return bool(self.adjusted[quantity] <= LEVEL)

    def band(self, quantity: int, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Give the simultaneous band of the shares of ranks that are at most 0, 1, ..."""
        return band(len(self.ranks_of(quantity)), self.draws + 1, level)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return bool((self.adjusted > LEVEL).all())

    def __bool__(self) -> bool:
        return self.ok

    @property
    def simulations(self) -> int:
        """How many simulations there are ranks of."""
        return int((self.ranks >= 0).any(axis=1).sum())

    def finding(self, quantity: int) -> str:
        """Say in which direction the posteriors of a quantity are off, as far as that is clear."""
        pit, flat = self._pit(quantity)
        n = len(pit)
        # By their own spread: of a posterior that is too narrow the mean varies more.
        shift = (pit.mean() - 0.5) / np.sqrt(max(pit.var(), np.finfo(float).tiny) / n)
        width = (((pit - 0.5) ** 2).mean() - flat) / np.sqrt(1 / (180 * n))
        if max(abs(shift), abs(width)) <= CLEAR:
            return "the posterior has another shape than it should"
        if abs(shift) >= abs(width):
            return f"the posterior lies too {'low' if shift > 0 else 'high'}"
        return f"the posterior is too {'narrow' if width > 0 else 'wide'}"

    def _pit(self, quantity: int) -> tuple[np.ndarray, float]:
        """Give the PIT values of a quantity, and the variance of such as are uniform."""
        values = self.draws + 1
        return (self.ranks_of(quantity) + 0.5) / values, (1 - 1 / values**2) / 12

    @property
    def verdict(self) -> str:
        """What was found, in a sentence or two."""
        wrong, n = self._all_wrong(), self.simulations
        if not wrong:
            if n == 0:
                return "There is nothing to go by: no simulation could be fitted."
            off = 3 / np.sqrt(12 * n) / PER_SD
            wide = 3 * np.sqrt(1 / (180 * n)) / PER_WIDTH
            return (
                f"Nothing is found to be wrong in {len(self.names)} quantities. With {n} "
                f"simulations it would most likely have been seen if a posterior lay off by "
                f"{off:.2f} of its standard deviations, or were too wide or too narrow by "
                f"{wide:.0%}; less than that may be so."
            )
        first = [f"{self.names[i]}: {self.finding(i)}" for i in wrong[:TOLD]]
        rest = f"; and {len(wrong) - TOLD} more" if len(wrong) > TOLD else ""
        return f"Not as it should be: {'; '.join(first)}{rest}."

    def _all_wrong(self) -> list[int]:
        """List what is off, the clearest first."""
        return [int(i) for i in np.argsort(self.adjusted, kind="stable") if self.wrong(int(i))]

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a row for each quantity.

        Returns
        -------
        pandas.DataFrame
            Index: the quantities. Columns: ``p_value``, ``adjusted``, ``ranks`` (how many there
            are), ``mean_pit`` (0.5 where all is well), ``spread`` (of the PIT values' variance to
            that of a uniform distribution), and ``finding``, empty where there is none.
        """
        import pandas

        rows = []
        for i in range(len(self.names)):
            pit, flat = self._pit(i)
            rows.append(
                {
                    "p_value": self.p_values[i],
                    "adjusted": self.adjusted[i],
                    "ranks": len(pit),
                    "mean_pit": pit.mean() if len(pit) else np.nan,
                    "spread": ((pit - 0.5) ** 2).mean() / flat if len(pit) else np.nan,
                    "finding": self.finding(i) if self.wrong(i) else "",
                }
            )
        return pandas.DataFrame(rows, index=pandas.Index(self.names, name="quantity"))

    def plot(self, **options: Any) -> np.ndarray:
        """Draw how the ranks are distributed; see `plots.plot_calibration`."""
        from aliquot.plots import plot_calibration

        return plot_calibration(self, **options)

    def __str__(self) -> str:
        wrong = self._all_wrong()
        head = f"Calibration, {self.simulations:,} simulations: "
        if not wrong:
            return f"{head}{self.verdict[0].lower()}{self.verdict[1:]}"
        how = "is not as it should be" if len(wrong) == 1 else "are not as they should be"
        lines = [f"{head}{len(wrong)} of {len(self.names)} quantities {how}"]
        for i in wrong[:TOLD]:
            p = self.adjusted[i]
            said = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
            lines.append(f"  * {self.names[i]}: {self.finding(i)} ({said})")
        if len(wrong) > TOLD:
            lines.append(f"  and {len(wrong) - TOLD} more; to_dataframe() has all")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        first, *rest = str(self).splitlines()
        items = "".join(f"<li>{html.escape(line.strip(' *'))}</li>" for line in rest)
        return f"<div><b>{html.escape(first)}</b>{f'<ul>{items}</ul>' if items else ''}</div>"

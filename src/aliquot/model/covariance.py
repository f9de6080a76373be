"""``aq.LKJCholeskyCov``: a covariance matrix whose parts are recorded too."""

from __future__ import annotations

from typing import Any, ClassVar

from aliquot.distributions.lkj import LKJCholeskyCov, correlation_and_scales
from aliquot.expression import apply
from aliquot.model.constructors import Constructor, call_docstring, deterministic


class CholeskyConstructor(Constructor[LKJCholeskyCov]):
    """The constructor of Cholesky factors, which gives correlations and scales as well."""

    keywords: ClassVar[dict[str, Any]] = Constructor.keywords | {"compute_corr": True}

    def __init__(self, family: type[LKJCholeskyCov]) -> None:
        super().__init__(family)
        self.__doc__ = call_docstring(
            family,
            "compute_corr : bool\n"
            "    Also record ``{name}_corr`` and ``{name}_stds``, and give the factor, the\n"
            "    correlations and the standard deviations; where it is False, the factor alone.",
        )

    def __call__(
        self, name: str | None = None, *args: Any, compute_corr: bool = True, **kwargs: Any
    ) -> Any:
        """Add a Cholesky factor to the model, with correlations and scales as PyMC does."""
        chol = super().__call__(name, *args, **kwargs)
        if not compute_corr:
            return chol
        scales = chol.distribution.support.scales
        corr, stds = apply(
            lambda *args: tuple(correlation_and_scales(*args)),
            chol, scales.lower, scales.upper, text=chol.name,
        )  # fmt: skip
        return (
            chol,
            deterministic(f"{name}_corr", corr),
            deterministic(f"{name}_stds", stds),
        )

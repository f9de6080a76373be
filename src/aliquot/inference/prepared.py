"""A model that is made ready to be fitted while another one is being fitted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event

from aliquot.background import Background
from aliquot.errors import AliquotError, ModelError
from aliquot.inference.deterministic import Fitting
from aliquot.model import Model
from aliquot.variational.modes.search import climber_of


class Prepared:
    """The model with some number of components, and a fit of it that is ready to run.

    The model is built at once, by a function of the user's. What then takes long, tracing the
    density, compiling and looking for starts, can go on in a thread of its own: XLA does not hold
    Python up.
    """

    def __init__(self, build: Callable[[int], Model], number: int, seed: int) -> None:
        self.number = number
        self.model: Model | None = None
        self.failure: Exception | None = None  # why there is no model
        self.poor = False  # whether the fit was run, and is not good enough to draw from
        self._seed = seed
        self._fitting: Fitting | None = None
        self._thread: Background | None = None
        self._unwanted = Event()
        try:
            model = build(number)
        except Exception as error:  # whatever a user's function raises belongs into its row
            self.failure = error
            return
        if not isinstance(model, Model):
            raise ModelError(
                f"build({number}) must return an aq.Model; got {type(model).__name__}. Has it a "
                "`return model` at its end?"
            )
        self.model = model

    def begin(self) -> Prepared:
        """Go on in a thread."""
        if self.model is not None:
            self._thread = Background(target=self._ahead)
            self._thread.start()
        return self

    def drop(self) -> None:
        """Say that it is not wanted any more."""
        self._unwanted.set()

    def fitting(self) -> Fitting:
        """Give what can be run, when it is there; an `AliquotError` where nothing can be fitted."""
        if self._thread is not None:
            self._thread.join()
        return self._make() if self._fitting is None else self._fitting

    def _ahead(self) -> None:
        # What fails fails again, and is told, when its turn comes.
        with suppress(AliquotError, KeyboardInterrupt):
            fitting = self._make()
            if not self._unwanted.is_set():
                climber_of(fitting.density, exact=fitting.exact)
            self._fitting = fitting

    def _make(self) -> Fitting:
        assert self.model is not None
        return Fitting(self.model, self._seed, progressbar=False, exact=False)

"""What stands in a report: gathered from a trace, and from its model where there is one."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray

from aliquot.diagnostics import check
from aliquot.errors import AliquotError, AliquotWarning
from aliquot.inference.described import observed_data
from aliquot.inference.predict import sample_posterior_predictive
from aliquot.inference.recover import recover
from aliquot.model import Model
from aliquot.plots import plot_label_traces
from aliquot.plots.recovered import GROUP
from aliquot.reporting import hidden, pictures, predictive
from aliquot.reporting.elements import LONG, Element, choose, elements_of, kinds_of
from aliquot.reporting.observed import answers_of, columns_of
from aliquot.reporting.report import MOST_DRAWS
from aliquot.reporting.said import said_by_aliquot
from aliquot.results.axes import dataset_in_order
from aliquot.symmetry import Symmetries
from aliquot.variational import Estimate
from aliquot.variational.importance import FitQuality

FAMILIES = {"ADVI": "mean-field", "FullRankADVI": "full-rank"}
MOST_HIDDEN = MOST_VECTORS = 4
MOST_OBSERVED = 8
LONGEST_VECTOR = 2_000
# Attributes of a result that are not settings of a run.
NO_SETTINGS = ("symmetries", "log_volumes", "created_at", "creation_", "inference_")


@dataclass
class Contents:
    """What a report is made of; each part is filled in once, from the same draws."""

    tree: xarray.DataTree
    model: Model | None
    few: xarray.DataTree | None  # some of the draws, all finite, as one chain; None: there are none
    prob: float  # of all intervals
    most: int  # how many numbers are shown before the table of all
    seed: int
    var_names: list[str] | None
    notes: list[str] = field(default_factory=list)  # what is missing from the report, and why

    def __post_init__(self) -> None:
        # Files give their numbers back as NumPy's.
        attrs = {str(k): v.item() if hasattr(v, "item") else v for k, v in self.tree.attrs.items()}
        self.attrs, self.sampler = attrs, str(attrs.get("sampler", "MCMC"))
        self.independent = self.sampler in FAMILIES or self.sampler == "exact"
        self.partial = bool(attrs.get("partial", 0))
        posterior = self.tree["posterior"].to_dataset()
        self.chains, self.draws = posterior.sizes["chain"], posterior.sizes["draw"]
        self.warmup = not self.draws and "warmup_posterior" in self.tree.children
        if self.warmup:
            posterior = self.tree["warmup_posterior"].to_dataset()
        self.posterior = dataset_in_order(posterior)
        self.kinds = kinds_of(self.posterior, self.model)
        if self.model is None:
            self.notes.append(
                "No model was given, so that it cannot be written out, nor can hidden states and "
                "replicated data be computed that the trace does not hold. "
                "Give it: aq.report(trace, model)."
            )
        if self.few is None:
            self.notes.append(
                "No draw is there in which all numbers are finite, so that nothing was recovered "
                "or replicated."
            )
        self.states = self._states()
        self.elements = self._elements()
        self.shown = choose(self.elements, self.most)

    def _states(self) -> list[str]:
        """Name the discrete variables that have pictures of their own."""
        if self.model is not None:
            summed = self.model.marginalization().variables
            return [v.name for v in summed if v.observed < v.elements]
        if GROUP in self.tree.children:
            return [str(name) for name in self.tree[GROUP].dataset.data_vars]
        return [
            str(name)
            for name, array in self.posterior.data_vars.items()
            if array.attrs.get("recovered") and array.dtype.kind in "iu"
        ]

    def _elements(self) -> list[Element]:
        wanted = self.var_names or [str(name) for name in self.posterior.data_vars]
        arrays = [
            array
            for name in wanted
            if (array := self.posterior[name]).dtype.kind in "biuf"
            and {"chain", "draw"} <= set(array.dims)
            and array.size
            and name not in self.states
        ]
        return elements_of(arrays, self.kinds, prob=self.prob, independent=self.independent)

    @property
    def numbers(self) -> int:
        """How many numbers a draw has, those of very long vectors that are in no table included."""
        names = dict.fromkeys(element.variable for element in self.elements)
        return sum(self.posterior[name][:1, :1].size for name in names)

    def verdict(self) -> tuple[bool, str, list[str]]:
        """Say whether the draws can be trusted: a heading, and what is wrong with what to do."""
        if self.sampler in FAMILIES:
            if "pareto_k" not in self.attrs:
                return False, "The fit was not checked", []
            elbo = Estimate(float(self.attrs["elbo"]), float(self.attrs["elbo_mcse"]))
            k, family = float(self.attrs["pareto_k"]), FAMILIES[self.sampler]
            quality = FitQuality(k, elbo, 0, family)
            said = f"{quality.message} ELBO {elbo!r} nats.".replace(" -", " −")
            return quality.good, said, []
        if self.sampler == "exact":
            return True, "These are independent draws of the exact posterior", []
        found = check(self.tree)
        return found.ok, str(found).splitlines()[0], list(found.messages.values())

    def symmetries(self) -> list[str]:
        """Say which components can trade places, and what became of it in these draws."""
        found = Symmetries.of(self.attrs) if self.model is None else self.model.symmetries()
        lines = ["The trace does not say which components can trade places."]
        if found is not None:  # of those that nobody minds nothing is said
            lines = replace(found, blocks=found.coupled).text.splitlines()
        if self.attrs.get("label_switching") == "permute":
            lines.append("In these draws they have traded places at random: all modes are visited.")
        if "relabelled" in self.attrs:
            lines.append(f"These draws were relabelled (method {self.attrs['relabelled']!r}).")
        return lines

    def drawings(self) -> Iterator[tuple[str, Any, str, bool]]:
        """Yield pictures of the parameters: a name, the figure, a caption, whether to cut it."""
        shown = [element for element in self.shown if np.isfinite(element.draws).any()]
        if not shown:
            return
        yield "traces", pictures.trace_figure(shown), self._of_traces(), False
        if Symmetries.of(self.attrs) and not self.independent and self.draws > 1:
            axes = self._told("labels", lambda: plot_label_traces(self.tree, max_draws=500))
            if axes is not None:
                words = "Components that can trade places, by chain; each colour is one label."
                yield "labels", hidden.closed(axes), words, True
        pairs = pictures.paired(shown)
        if len(pairs) > 1 and pairs[0].draws.size >= 20:
            diverging = self._diverging()
            words = "Pairs of those shown above that depend on each other most: the regions that "
            words += "hold 20, 50, 80 and 95% of the draws."
            if diverging is not None and diverging.any():
                words += " Dots: draws that diverged."
            yield "pairs", pictures.pair_figure(pairs, diverging), words, False
        for array in self._vectors():
            words = f"All of {array.name}: mean and {self.prob:.0%} interval of each element."
            figure = pictures.vector_figure(array, self.prob)
            yield f"vector-{array.name}", figure, words, False

    def _of_traces(self) -> str:
        words = "The draws in their order, and their density."
        if self.chains > 1:
            words = "Every chain in a colour of its own, over the draws; at the right its density."
        return f"{words} These are draws of the warm-up." if self.warmup else words

    def _diverging(self) -> np.ndarray | None:
        stats = self.tree["sample_stats"].dataset if "sample_stats" in self.tree.children else {}
        if "diverging" not in stats:
            return None
        found = np.asarray(stats["diverging"].transpose("chain", "draw").values)
        return found if found.shape == (self.chains, self.draws) and not self.warmup else None

    def _vectors(self) -> list[xarray.DataArray]:
        names = dict.fromkeys(element.variable for element in self.elements if element.moves)
        arrays = [self.posterior[name] for name in names]
        long = [a for a in arrays if LONG <= a[:1, :1].size <= LONGEST_VECTOR]
        return sorted(long, key=lambda a: self.kinds[str(a.name)])[:MOST_VECTORS]

    def recovered(self) -> tuple[list[hidden.Hidden], str]:
        """Draw the discrete variables, and say where they come from."""
        if not self.states or self.few is None:
            return [], ""
        return self._told("hidden states", self._recovered) or ([], "")

    def _recovered(self) -> tuple[list[hidden.Hidden], str]:
        tree, source = self.tree, "As the trace holds them, in its group state_probabilities."
        if GROUP not in tree.children and self.model is not None:
            tree = self._with_states()
            draws = tree["posterior"].sizes["draw"]
            source = f"Recovered for this report at {draws:,} of the draws; "
            source += "the trace does not hold them."
        elif GROUP not in tree.children:
            tree = hidden.from_draws(tree, self.states)
            source = "Shares of the draws in each state."
        names = [name for name in self.states if name in tree[GROUP].dataset]
        return hidden.pictures(tree, names[:MOST_HIDDEN], self.model), source

    def _with_states(self) -> Any:
        """Recover the discrete variables in the few draws, once."""
        if self.few is not None and GROUP not in self.few.children:
            kinds = ("probabilities", "draws")
            self.few = recover(self.few, self.model, kind=kinds, random_seed=self.seed)
        return self.few

    def checks(self) -> tuple[list[predictive.Check], str]:
        """Hold the data against replications, and say where these come from."""
        return self._told("replicated data", self._checks) or ([], "")

    def _checks(self) -> tuple[list[predictive.Check], str]:
        tree, source = self.tree, "As the trace holds them, in its group posterior_predictive."
        if "posterior_predictive" not in tree.children:
            if self.model is None or self.few is None:
                return [], ""
            # Of states that several observations share new ones would be drawn without their data.
            known = all(name in self.few["posterior"].dataset for name in self.states)
            tree = self.few if known else self._with_states()
            tree = sample_posterior_predictive(tree, self.model, random_seed=self.seed)
            source = f"Replicated for this report at {tree['posterior'].sizes['draw']:,} draws."
        found, observed = [], self._observed()
        for name, array in tree["posterior_predictive"].dataset.data_vars.items():
            draws = np.asarray(array.transpose("chain", "draw", ...).values)
            draws = draws.reshape(-1, *draws.shape[2:])
            draws = draws[np.unique(np.linspace(0, len(draws) - 1, MOST_DRAWS).astype(int))]
            data = observed.get(str(name), np.zeros(0, object))
            if data.shape == draws.shape[1:] and data.dtype.kind in "biuf":
                answers = answers_of(self.model, str(name))
                for title, at in columns_of(array, MOST_OBSERVED):
                    own = draws[:, *at] if isinstance(at, tuple) else draws
                    flat, one = own.reshape(len(draws), -1), data[at].ravel()
                    found.append(predictive.check_of(title, one, flat, self.prob, answers))
        checks = [check for check in found if check is not None]
        if len(checks) > MOST_OBSERVED:
            source += f" Of {len(checks)} the first {MOST_OBSERVED} are shown."
        return checks[:MOST_OBSERVED], source

    def _observed(self) -> dict[str, np.ndarray]:
        if "observed_data" in self.tree.children:
            data = self.tree["observed_data"].dataset.data_vars
            return {str(name): np.asarray(array.values) for name, array in data.items()}
        return {} if self.model is None else observed_data(self.model)

    def _told[Made](self, what: str, make: Callable[[], Made]) -> Made | None:
        """Make a part, and put into the notes what Aliquot says meanwhile, an error included."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", AliquotWarning)
            try:
                made = make()
            except AliquotError as error:
                made = None
                self.notes.append(f"There are no {what} here: {error}")
        said = [text.partition(": ")[2] for text in said_by_aliquot(caught)]
        self.notes += [f"{text[0].upper()}{text[1:]}" for text in said]
        return made

    def settings(self) -> dict[str, Any]:
        """Give what the run was told and what it took, as the trace tells of it."""
        return {
            name: f"{value:,.4g}" if isinstance(value, float) else value
            for name, value in self.attrs.items()
            if not name.startswith(NO_SETTINGS) and len(str(value)) <= 80
        }

    def call(self) -> str:
        """Write the call that repeats the run."""
        a = self.attrs
        if (
            self.sampler not in ("NUTS", "tempered")
            or not {"draws", "tuning_steps", "random_seed"} <= a.keys()
        ):
            return ""
        names = ("chains", "init", "target_accept", "max_treedepth", "label_switching")
        given = [str(a["draws"]), f"tune={a['tuning_steps']}"]
        given += ["sampler='tempered'"] if self.sampler == "tempered" else []
        given += [f"{name}={a[name]!r}" for name in names if name in a]
        return f"aq.sample({', '.join(given)}, random_seed={a['random_seed']})"

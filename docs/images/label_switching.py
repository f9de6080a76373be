"""Draw the pictures of the page on label switching, beside this file."""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib as mpl
import numpy as np

import aliquot as aq

HERE = Path(__file__).parent


def model(data: np.ndarray, transform: aq.transforms.Transform) -> aq.Model:
    with aq.Model() as made:
        means = aq.Normal("means", 0, 10, shape=2, transform=transform)
        aq.NormalMixture("obs", w=[0.5, 0.5], mu=means, sigma=1, observed=data)
    return made


def main() -> None:
    mpl.use("Agg")
    warnings.simplefilter("ignore", aq.ConvergenceWarning)  # that the labels switch is the point
    rng = np.random.default_rng(0)
    data = rng.normal(np.array([-0.75, 0.75])[rng.integers(0, 2, 100)], 1.0)
    unordered, ordered = model(data, aq.transforms.identity), model(data, aq.transforms.ordered)
    settings = {"tune": 2_000, "chains": 2, "target_accept": 0.95, "random_seed": 0}
    drawn = aq.sample(10_000, model=unordered, **settings)
    relabelled = aq.relabel(drawn, unordered)
    answers = {
        "as drawn": drawn,
        "permuted": aq.sample(10_000, model=unordered, label_switching="permute", **settings),
        "relabelled": relabelled,
        "ordered": aq.sample(10_000, model=ordered, **settings),
    }
    pictures = {
        "mirror_modes": aq.plots.plot_mirror_modes(answers),
        "label_traces": aq.plots.plot_label_traces(relabelled),
    }
    for name, axes in pictures.items():
        np.ravel(axes)[0].figure.savefig(HERE / f"{name}.png", dpi=110)


if __name__ == "__main__":
    main()

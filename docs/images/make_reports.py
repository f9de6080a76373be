"""Draw docs/images/report_*.png: reports of the gallery's models and of others, in a browser.

Run from anywhere: .venv/bin/python docs/images/make_reports.py [--keep FOLDER] [NAME ...]
It needs Chromium, and Pillow.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageChops

import aliquot as aq

HERE = Path(__file__).parent
GALLERY = HERE.parent / "gallery"
BROWSER = next(filter(shutil.which, ("chromium", "chromium-browser", "google-chrome")), "chromium")
# In pixels: the width of a window, wide and narrow, its height, and how much a picture shows of it.
WIDTH, NARROW, TALLEST, SHOWN = 900, 400, 12_000, 3_400
MOST_BYTES = 290_000
QUIET = {"progressbar": False, "compute_convergence_checks": False}

Made = tuple[Any, aq.Model | None]


def of_notebook(name: str) -> Made:
    """Run the cells of a notebook up to the first trace, and give that with its model."""
    known: dict[str, Any] = {}
    notebook = json.loads((GALLERY / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), known)
        if "traces" in known:
            return known["traces"][5], known["models"][5]
        if "trace" in known:
            return known["trace"], known.get("model") or known["free"]
    raise ValueError(f"{name} makes no trace")


def hospitals() -> aq.Model:
    """Make a hierarchical model of 198 groups, 200 numbers, and data from it."""
    rng = np.random.default_rng(4)
    patients = rng.integers(20, 200, 198)
    recovered = rng.binomial(patients, 1 / (1 + np.exp(-rng.normal(0, 0.6, 198))))
    with aq.Model(coords={"hospital": np.arange(1, 199)}) as model:
        mu = aq.Normal("mu", 0, 1)
        tau = aq.HalfNormal("tau", 1)
        theta = aq.Normal("theta", mu, tau, dims="hospital")
        p = 1 / (1 + np.exp(-theta))
        aq.Binomial("recovered", n=patients, p=p, observed=recovered)
    return model


def many() -> Made:
    model = hospitals()
    return aq.sample(model=model, random_seed=1, **QUIET), model


def variational() -> Made:
    model = hospitals()
    approximation = aq.ADVI(model=model, random_seed=1).fit(20_000, progressbar=False)
    return approximation.sample(1_000, random_seed=1), model


def partial() -> Made:
    """Cut a run short, which leaves a trace as an interruption does."""
    trace, model = of_notebook("change_point")
    trace = trace.isel(draw=slice(0, 180))
    trace.attrs["partial"] = 1
    return trace, model


FITS: dict[str, Callable[[], Made]] = {
    **{
        name: (lambda name=name: of_notebook(name))
        for name in (
            "gaussian_mixtures",
            "hidden_markov_model",
            "annotators",
            "change_point",
            "latent_classes",
        )
    },
    "variational": variational,
    "many": many,
    "partial": partial,
}


def shot(page: Path, picture: Path, width: int) -> None:
    """Have the browser draw a page, and cut what is empty below it."""
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--window-size={width},{TALLEST}", f"--screenshot={picture}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True)
    image = Image.open(picture).convert("RGB")
    paper = Image.new("RGB", image.size, image.getpixel((1, image.height - 1)))
    box = ImageChops.difference(image, paper).getbbox()
    for height in range(min(box[3] + 24, SHOWN), 0, -200):
        shown = image.crop((0, 0, width, height)).quantize(256, dither=Image.Dither.NONE)
        shown.save(picture, optimize=True)
        if picture.stat().st_size <= MOST_BYTES:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(FITS))
    parser.add_argument("--keep", type=Path, help="a folder for the pages, at both widths")
    given = parser.parse_args()
    mpl.use("Agg")
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep.resolve() if given.keep else Path(temporary)
        os.chdir(GALLERY)
        for name in given.names or FITS:
            trace, model = FITS[name]()
            page = aq.report(trace, model, folder / f"{name}.html")
            shot(page, HERE / f"report_{name}.png", WIDTH)
            if given.keep:
                shot(page, folder / f"{name}_narrow.png", NARROW)


if __name__ == "__main__":
    main()

"""Draw the small pictures of docs/gallery/README.md from the notebooks' own figures.

Run from anywhere: .venv/bin/python docs/gallery/make_images.py [NOTEBOOK ...]
"""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

import nbclient
import nbformat
from PIL import Image

HERE = Path(__file__).parent
WIDTH, HEIGHT = 360, 210
# Which of a notebook's figures stands for it; the first where nothing is said.
CHOSEN = {"gaussian_mixtures": 2, "annotators": 1, "how_many": 2, "latent_classes": 1}


def figures(path: Path) -> list[bytes]:
    """Run a notebook and return its figures as PNG."""
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": HERE}}).execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    found = [out["data"]["image/png"] for out in outputs if "image/png" in out.get("data", {})]
    return [base64.b64decode(image) for image in found]


def small(image: bytes) -> Image.Image:
    """Fit a figure into the common size, on white."""
    figure = Image.open(io.BytesIO(image)).convert("RGB")
    figure.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    paper = Image.new("RGB", (WIDTH, HEIGHT), "white")
    paper.paste(figure, ((WIDTH - figure.width) // 2, (HEIGHT - figure.height) // 2))
    return paper


def main() -> None:
    wanted = sys.argv[1:] or [path.stem for path in sorted(HERE.glob("*.ipynb"))]
    (HERE / "images").mkdir(exist_ok=True)
    for name in wanted:
        image = figures(HERE / f"{name}.ipynb")[CHOSEN.get(name, 0)]
        small(image).save(HERE / "images" / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()

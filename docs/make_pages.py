"""Write the Markdown pages as HTML beside the notebooks: ``docs/make_pages.py SITE``."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import mistune

ROOT = Path(__file__).parents[1]
PAGES = {
    "README.md": "index.html",
    "CONTRIBUTING.md": "contributing.html",
    "CHANGELOG.md": "changelog.html",
    "docs/architecture.md": "architecture.html",
    "docs/discrete_variables.md": "discrete_variables.html",
    "docs/label_switching.md": "label_switching.html",
    "docs/coming_from_pymc.md": "coming_from_pymc.html",
    "docs/from_a_table.md": "from_a_table.html",
    "docs/unattended.md": "unattended.html",
    "docs/calibration.md": "calibration.html",
    "docs/larger_than_memory.md": "larger_than_memory.html",
    "docs/several_processes.md": "several_processes.html",
    "docs/compared.md": "compared.html",
    "docs/out_of_reach.md": "out_of_reach.html",
    "docs/benchmarks.md": "benchmarks.html",
    "docs/verification.md": "verification.html",
    "docs/gallery/README.md": "gallery/index.html",
}
LINK = re.compile(r'(?P<attribute>href|src)="(?P<target>[^"#:]+)(?P<rest>#[^"]*)?"')
STYLE = """
body { font: 16px/1.55 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
pre { background: #f5f6f8; padding: .8rem 1rem; overflow-x: auto; border-radius: 4px }
code { font: 14px/1.45 ui-monospace, monospace }
table { border-collapse: collapse } td, th { padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top }
img { max-width: 100% } a { color: #0b5a91 }
"""  # noqa: E501


def place(source: str) -> str:
    """Say where a file of the repository lies in the site."""
    if source in PAGES:
        return PAGES[source]
    inside = source.removeprefix("docs/")
    return str(Path(inside).with_suffix(".html")) if inside.endswith(".ipynb") else inside


def page(source: str, site: Path) -> str:
    """Turn a page into HTML, its links into links within the site, and copy its pictures."""
    target = PAGES[source]

    def moved(link: re.Match[str]) -> str:
        wanted = os.path.normpath(Path(source).parent / link["target"])
        there = place(wanted)
        if wanted.endswith(".png"):
            (site / there).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / wanted, site / there)
        relative = os.path.relpath(there, Path(target).parent)
        return f'{link["attribute"]}="{relative}{link["rest"] or ""}"'

    text = (ROOT / source).read_text(encoding="utf-8")
    body = LINK.sub(moved, str(mistune.create_markdown(plugins=["table"])(text)))
    title = re.sub("[#`]", "", text.splitlines()[0]).strip()
    head = f"<meta charset='utf-8'><title>{title}</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang='en'><head>{head}</head><body>{body}</body></html>\n"


def main(site: Path) -> None:
    for source, target in PAGES.items():
        (site / target).parent.mkdir(parents=True, exist_ok=True)
        (site / target).write_text(page(source, site), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

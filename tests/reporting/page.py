"""Reading a page of HTML: what it holds, and whether it is whole and needs no other file."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """Collects ids, references and text, and checks that every element is closed."""

    def __init__(self):
        super().__init__()
        self.ids, self.loads, self.links, self.text = [], [], [], []
        self.open, self.shows = [], []

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            elif name == "data-shows":
                self.shows.append(value)
            elif tag == "a" and name == "href":
                self.links.append(value)
            elif name in {"src", "href", "xlink:href", "srcset", "data"}:
                self.loads.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in {"style", "text"}:
            self.text.append(data)


def parsed(source: str) -> Page:
    page = Page()
    page.feed(source)
    page.close()
    assert page.open == []
    return page


def plain(page: Page) -> str:
    return re.sub(r"\s+", " ", " ".join(page.text))


def assert_alone(source: str, page: Page, folder: Path | None = None) -> None:
    """Nothing is loaded from elsewhere, ids are unique and references resolve."""
    assert "http:" not in source
    assert "https:" not in source
    assert "@import" not in source
    assert "<script" not in source
    assert all(load.startswith(("data:", "#")) for load in page.loads)
    assert page.links == [] if folder is None else all((folder / a).is_file() for a in page.links)
    assert re.findall(r"url\((?!#)", source) == []
    assert len(page.ids) == len(set(page.ids))
    used = set(re.findall(r"url\(#([^)]+)\)", source))
    used |= {load[1:] for load in page.loads if load.startswith("#")}
    assert used <= set(page.ids)

"""An HTML page as tests read it: its elements as a tree, found by class, id or tag."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

_VOID = {"meta", "link", "br", "img", "input", "rect", "path", "wbr"}


class Element:
    """An element with what is in it.

    Attributes:
        tag: Its name.
        attributes: Its attributes.
        children: Elements and texts.
    """

    def __init__(self, tag: str, attributes: dict[str, str]):
        self.tag, self.attributes = tag, attributes
        self.children: list[Element | str] = []

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def text(self) -> str:
        """All text in it, with single blanks."""
        return re.sub(r"\s+", " ", "".join(self._texts())).strip()

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            yield child if isinstance(child, str) else child.text if child.tag == "bdi" else "".join(child._texts())

    def __iter__(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child

    def find(self, what: str) -> list[Element]:
        """The elements within it of a tag (``li``), class (``.gap``), both (``li.gap``) or id (``#now``)."""
        if what.startswith("#"):
            return [each for each in self if each.attributes.get("id") == what[1:]]
        tag, _, name = what.partition(".")
        return [each for each in self if (not tag or each.tag == tag) and (not name or name in each.classes)]

    def one(self, what: str) -> Element:
        """The only one of them."""
        (found,) = self.find(what)
        return found

    def rows(self) -> list[list[str]]:
        """The texts of the cells of each row in its tables' bodies."""
        bodies = [row for body in self.find("tbody") for row in body.find("tr")]
        return [[cell.text for cell in row.children if isinstance(cell, Element)] for row in bodies]


class Document(HTMLParser):
    """A page. Each element that is opened is closed, or reading it fails."""

    def __init__(self, page: str):
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]
        self.feed(page)
        self.close()
        assert self._open == [self.root], [each.tag for each in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

"""Is a page fit to be mailed: whole, quiet, and without anything from elsewhere?

HTML in, complaints out. Mail programs drop scripts and block what would be fetched; what they leave looks
broken, and fetching tells somebody who reads the letter, and when. A block of styles may stand in the head: those who
drop it there lose nothing else.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

# Elements that end where they begin (HTML standard, section 13.1.2).
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())

_ACTIVE = frozenset("script iframe object embed form input button link base svg math video audio".split())

# What may be named as the source of something: parts of the same mail, and what a reader clicks on.
_FETCHED = frozenset({"src", "background", "poster", "data", "srcset"})
# The same within styles; a backslash could spell any of them.
_STYLE_FETCHES = re.compile(r"url\(|image-set\(|@import|\\", re.IGNORECASE)


def complaints(page: str) -> tuple[str, ...]:
    """Each thing that is wrong with the page, once, in the order of its first place."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    left = [f"<{tag}> is never closed" for tag in reader.open]
    return tuple(dict.fromkeys([*reader.found, *left]))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ACTIVE or (tag == "style" and "head" not in self.open):
            self.found.append(f"<{tag}> has no place in a letter")
        if tag not in _VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name.startswith("on"):
                self.found.append(f"<{tag} {name}=…> would be run")
            elif name in _FETCHED and not (value or "").startswith("cid:"):
                self.found.append(f"<{tag} {name}=…> is fetched from elsewhere")
            elif name == "style" and (fetching := _STYLE_FETCHES.search(value or "")):
                self.found.append(f"<{tag} style=…{fetching[0].lower()}…> is fetched from elsewhere")

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["style"] and (fetching := _STYLE_FETCHES.search(data)):
            self.found.append(f"<style>…{fetching[0].lower()}… is fetched from elsewhere")

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.open:
            self.found.append(f"</{tag}> closes nothing")
            return
        while (inner := self.open.pop()) != tag:
            self.found.append(f"<{inner}> is never closed")

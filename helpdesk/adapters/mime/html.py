"""HTML of mails as text, for the rules, the queue and the letters: no markup of others is ever passed on.

`to_text` gives lines of text in which what the markup calls a quotation begins with ">", so that
`core.quote` sees HTML and plain mails alike. It never raises; markup beyond the caps is not parsed at all but
stripped of its tags. No network, ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

from selectolax.lexbor import LexborHTMLParser, LexborNode

# Both parsers become slow on deep nests (100,000 open tags took 26 s): beyond these bounds tags are only stripped.
MAX_HTML = 2_000_000
MAX_TAGS = 60_000
MAX_DEPTH = 1_000

# Nobody reads a tenth level of quotation, and a nest of them must not multiply the text.
MAX_QUOTE_MARKS = 9

_BLOCKS = frozenset(
    (
        "address article aside blockquote body center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 "
        "header hr li main nav ol p pre section table tbody tfoot thead tr ul"
    ).split()
)
_PARAGRAPHS = frozenset("p h1 h2 h3 h4 h5 h6 ul ol table pre".split())
_LISTS = frozenset(["ul", "ol"])
_UNNUMBERED = -1
_SILENT = frozenset("head script style title template noscript object svg math select".split())

# What mail programs call the quoted message: by class, and by the id of an element below which all is quoted.
_QUOTE_CLASSES = ("yahoo_quoted", "protonmail_quote", "tutanota_quote", "zmail_extra", "moz-cite-prefix")
_QUOTE_IDS = frozenset(["mail-editor-reference-message-container", "replySplit", "composer-quoted"])
_QUOTED_BELOW = frozenset(["divRplyFwdMsg", "appendonsend", "x_divRplyFwdMsg", "x_appendonsend"])

_SPACE = re.compile(r"[ \t\r\n\f]+")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_OPENING = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())


def to_text(html: str) -> str:
    """The text of an HTML mail as lines; quotations begin with ">", links and pictures are named."""
    if _is_too_much(html):
        return _stripped(html)
    root = LexborHTMLParser(html).root
    if root is None:
        return ""
    page = _Page()
    _walk(root, page)
    return page.text()


def _is_too_much(html: str) -> bool:
    """Would parsing this be slow? Counts tags and open elements without parsing."""
    if len(html) > MAX_HTML or html.count("<") > MAX_TAGS:
        return True
    if html.count("<") <= MAX_DEPTH:
        return False
    depth = deepest = 0
    for closing, name in _OPENING.findall(html):
        if name.lower() in _VOID:
            continue
        depth += -1 if closing else 1
        deepest = max(deepest, depth)
    return deepest > MAX_DEPTH


def _stripped(html: str) -> str:
    """The characters between the tags, for markup that is too much to parse."""
    return unescape(_TAG.sub("\n", html[:MAX_HTML]))


@dataclass(slots=True)
class _Page:
    """Lines as they are written; a line knows how deeply it is quoted."""

    lines: list[str] = field(default_factory=list)
    current: list[str] = field(default_factory=list)
    depth: int = 0
    preformatted: int = 0
    lists: list[int] = field(default_factory=list)  # items so far in each open list, or _UNNUMBERED
    links: list[int] = field(default_factory=list)  # where in the line the words of open links begin

    def write(self, text: str) -> None:
        """Continue the current line; outside <pre> any white space is one blank."""
        if self.preformatted:
            first, *more = text.split("\n")
            self.current.append(first)
            for line in more:
                self.break_line()
                self.current.append(line)
            return
        text = _SPACE.sub(" ", text)
        if text.startswith(" ") and (not self.current or self.current[-1].endswith(" ")):
            text = text[1:]
        if text:
            self.current.append(text)

    def begin_item(self) -> None:
        """Write what stands before the words of a list item: its mark, indented in lists within lists."""
        if not self.lists:
            self.current.append("- ")
            return
        indent = "  " * min(len(self.lists) - 1, MAX_QUOTE_MARKS)
        if self.lists[-1] != _UNNUMBERED:
            self.lists[-1] += 1
        mark = "- " if self.lists[-1] == _UNNUMBERED else f"{self.lists[-1]}. "
        self.current.append(indent + mark)

    def end_line(self) -> None:
        """Begin a new line unless the current one is still empty."""
        if self.current:
            self.break_line()

    def break_line(self) -> None:
        """End the current line, even an empty one."""
        line = "".join(self.current).replace("\u00a0", " ").rstrip()
        self.lines.append(f"{self._marks()} {line}".rstrip() if self.depth else line)
        self.current.clear()

    def gap(self) -> None:
        """Leave one blank line before what follows."""
        self.end_line()
        blank = self._marks()
        if self.lines and self.lines[-1] != blank:
            self.lines.append(blank)

    def _marks(self) -> str:
        return ">" * min(self.depth, MAX_QUOTE_MARKS)

    def text(self) -> str:
        """All lines."""
        self.end_line()
        return "\n".join(self.lines).strip("\n")


def _walk(root: LexborNode, page: _Page) -> None:
    """Write the whole tree. Iterative: the depth of the markup is the sender's choice."""
    stack: list[tuple[LexborNode, bool]] = [(root, False)]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            _leave(node, page)
            continue
        if node.tag == "-text":
            page.write(node.text_content or "")
            continue
        if node.tag != "-document" and (not node.tag or node.tag.startswith("-") or _is_silent(node)):
            continue
        _enter(node, page)
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(list(_children(node))))


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next


def _enter(node: LexborNode, page: _Page) -> None:
    """What an element puts before its content."""
    tag = node.tag
    if tag == "br":
        page.break_line()
        return
    in_line = _is_inline(node)
    if tag in _BLOCKS and not in_line:
        page.end_line()
    if _is_quote(node):
        page.end_line()
        page.depth += 1
    elif node.id in _QUOTED_BELOW:
        # Everything that follows in the document is the message that was answered.
        page.depth = max(page.depth, 1)
    if tag in _PARAGRAPHS and not in_line and not (tag in _LISTS and page.lists):
        page.gap()
    if tag in _LISTS:
        page.lists.append(_first_number(node) - 1 if tag == "ol" else _UNNUMBERED)
    elif tag == "li":
        page.begin_item()
    elif tag in ("td", "th") and page.current:
        page.write(" | ")
    elif tag == "hr":
        page.write("-" * 20)
    elif tag == "img":
        _write_picture(node, page)
    elif tag == "a":
        page.links.append(len(page.current))
    elif tag == "pre":
        page.preformatted += 1


def _leave(node: LexborNode, page: _Page) -> None:
    """What an element puts behind its content."""
    tag = node.tag
    if tag == "pre":
        page.preformatted -= 1
    if tag == "a":
        _write_link(node, page, page.links.pop())
    if tag in _LISTS:
        page.lists.pop()
    in_line = _is_inline(node)
    if tag in _BLOCKS and not in_line:
        page.end_line()
    if tag in _PARAGRAPHS and not in_line and not (tag in _LISTS and page.lists):
        page.gap()
    if _is_quote(node):
        page.end_line()
        page.depth -= 1


def _is_inline(node: LexborNode) -> bool:
    """Is this paragraph all that a table cell holds, or the first thing in a list item? Then it begins no line."""
    parent = node.parent
    if node.tag not in ("p", "div") or parent is None or parent.tag not in ("td", "th", "li"):
        return False
    return _is_first(node) and (parent.tag == "li" or _is_last(node))


def _is_first(node: LexborNode) -> bool:
    before = node.prev
    while before is not None and before.tag == "-text" and not (before.text_content or "").strip():
        before = before.prev
    return before is None


def _is_last(node: LexborNode) -> bool:
    after = node.next
    while after is not None and after.tag == "-text" and not (after.text_content or "").strip():
        after = after.next
    return after is None


def _first_number(node: LexborNode) -> int:
    """The number of the first item of a numbered list."""
    start = node.attributes.get("start") or "1"
    return int(start) if start.isdecimal() and len(start) <= 4 else 1


def _is_quote(node: LexborNode) -> bool:
    """Does the markup call this element the quoted message?

    An indented paragraph is a blockquote too, in the mail of several programs; those draw no border.
    """
    if node.tag == "blockquote":
        style = (node.attributes.get("style") or "").replace(" ", "").lower()
        return node.attributes.get("type") == "cite" or "border:none" not in style
    if node.tag == "div":
        return node.id in _QUOTE_IDS or any(name in (node.attributes.get("class") or "") for name in _QUOTE_CLASSES)
    return False


def _is_silent(node: LexborNode) -> bool:
    """Is this element nothing that the reader sees (programs, preview texts, planted words)?"""
    return node.tag in _SILENT or "display:none" in (node.attributes.get("style") or "").replace(" ", "").lower()


def _write_link(node: LexborNode, page: _Page, begin: int) -> None:
    """The address of a link, where its words do not show it already."""
    href = (node.attributes.get("href") or "").strip()
    if not href.lower().startswith(("http://", "https://")) or len(href) > 2_000:
        return
    shown = "".join(page.current[begin:])
    if href.rstrip("/").partition("://")[2] not in shown:
        page.write(f" <{href}>")


def _write_picture(node: LexborNode, page: _Page) -> None:
    """A picture by its alternative text; pictures of one pixel count readers and are nothing."""
    if node.attributes.get("width") in ("0", "1") or node.attributes.get("height") in ("0", "1"):
        return
    described = (node.attributes.get("alt") or "").strip()
    if described:
        page.write(f"[{described[:200]}]")

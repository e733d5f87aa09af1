"""The text of a mail: which part of the MIME tree it is, decoded, flowed lines joined, HTML as text.

A parsed message in, text out. Plain text is preferred where the sender offers the same in two forms. Text of
a message within the message, of attachments and of reports' machine parts is not the writer's. Sources: RFC
2046 section 5.1.4 (alternative), RFC 3676 (flowed).
"""

from __future__ import annotations

from email.message import Message

from helpdesk.adapters.mime.charset import decode
from helpdesk.adapters.mime.html import to_text
from helpdesk.adapters.mime.parts import MAX_LEVELS, children, content, is_text, leaves, parcel
from helpdesk.adapters.mime.rtf import decompress, letter

# Rules and quotation marks are looked for in so much; nobody writes a megabyte by hand.
MAX_TEXT = 1_000_000


def written(message: Message) -> tuple[str, bool]:
    """The text of the mail, and whether it had to be cut."""
    text = _text(message, 0) or _named_text(message) or _parcel_text(message)
    return text[:MAX_TEXT], len(text) > MAX_TEXT


def _text(message: Message, level: int) -> str:
    """The text of a part and of what it contains; empty for files."""
    inner = children(message)
    if not inner:
        return _leaf_text(message) if is_text(message) else ""
    if level >= MAX_LEVELS:
        return ""
    kind = message.get_content_subtype()
    if kind == "alternative":
        return _plainest(inner, level)
    if kind in ("related", "signed", "report"):
        # The first part is the letter; the next ones only where a broken program left nothing in it.
        return next((text for child in inner if (text := _text(child, level + 1)).strip()), "")
    texts = (_text(child, level + 1).strip("\n") for child in inner)
    return "\n\n".join(text for text in texts if text.strip())


def _plainest(inner: list[Message], level: int) -> str:
    """Of several forms of the same the plain one, unless it is empty."""
    plain = [child for child in inner if child.get_content_type() == "text/plain"]
    for child in [*plain, *(child for child in reversed(inner) if child not in plain)]:
        text = _text(child, level + 1)
        if text.strip():
            return text
    return ""


def _named_text(message: Message) -> str:
    """The first plain text that bears a file name, for programs that give the letter itself one."""
    for leaf in leaves(message):
        part = leaf.message
        if part.get_content_type() == "text/plain" and part.get_content_disposition() != "attachment":
            return _leaf_text(part)
    return ""


def _parcel_text(message: Message) -> str:
    """The letter inside a winmail.dat, for mails that hold nothing else."""
    found = next(filter(None, (parcel(part) for part in message.walk() if not part.is_multipart())), None)
    if found is None:
        return ""
    text, html = found.text, found.html
    if not text and not html:
        text, html = letter(decompress(found.compressed_rtf))
    return (text or to_text(html)).replace("\r", "")


def _leaf_text(message: Message) -> str:
    """The decoded text of one leaf."""
    data = content(message)[: 4 * MAX_TEXT]
    text, _ = decode(data, message.get_content_charset())
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if message.get_content_type() == "text/html":
        return to_text(text)
    if "flowed" in str(message.get("Content-Type", "")).lower() and _parameter(message, "format") == "flowed":
        return unflow(text, joined=_parameter(message, "delsp") == "yes")
    return text


def _parameter(message: Message, name: str) -> str:
    return str(message.get_param(name) or "").lower()


def unflow(text: str, *, joined: bool) -> str:
    """Flowed text with its paragraphs on one line each. `joined` (DelSp): the blank at the end is no blank."""
    lines: list[str] = []
    paragraph: list[str] = []
    depth = 0
    for line in text.split("\n"):
        content_of_line = line.lstrip(">")
        quotes = len(line) - len(content_of_line)
        content_of_line = content_of_line.removeprefix(" ")
        if paragraph and quotes != depth:
            lines.append(_marked(depth, paragraph))
            paragraph = []
        depth = quotes
        if content_of_line.endswith(" ") and content_of_line != "-- ":
            paragraph.append(content_of_line[:-1] if joined else content_of_line)
        else:
            lines.append(_marked(depth, [*paragraph, content_of_line]))
            paragraph = []
    if paragraph:
        lines.append(_marked(depth, paragraph))
    return "\n".join(lines)


def _marked(depth: int, paragraph: list[str]) -> str:
    """A paragraph with its quotation marks."""
    text = "".join(paragraph)
    return f"{'>' * depth} {text}" if depth else text

"""The parts of a parsed mail: which there are, what they hold, which of them is the text.

A part number counts the leaves of the MIME tree in their order; a message within the message is one leaf, so
that nobody's forwarded words become the writer's. Numbers stay the same as long as the bytes do: `part`
finds a file again for passing it on; number 0 is the whole mail. Source: RFC 2045 to 2049, RFC 2183, RFC 2392.
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.generator import BytesGenerator
from email.message import Message
from io import BytesIO

from helpdesk.adapters.mime.headers import RescuingPolicy, read_words, unfold
from helpdesk.core import filename

# Caps: what lies deeper or behind is not looked at.
MAX_LEVELS = 100
MAX_PARTS = 1_000

WHOLE = 0

_POLICY = RescuingPolicy()

# Endings for parts without a name whose type the standard table does not know well.
_ENDINGS = {
    "message/rfc822": ".eml", "text/calendar": ".ics", "image/jpeg": ".jpg", "text/plain": ".txt", "text/html": ".html",
    "message/delivery-status": ".txt", "text/rfc822-headers": ".txt", "application/octet-stream": ".bin",
    "message/disposition-notification": ".txt", "message/feedback-report": ".txt",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part without parts of its own."""

    number: int
    message: Message


@dataclass(frozen=True, slots=True)
class PartBytes:
    """A file of a mail, ready to be attached to another one."""

    name: str
    type: str
    content: bytes


def parse(raw: bytes) -> Message:
    """The tolerant parse on which everything else works. May raise RecursionError on a hostile nest."""
    return message_from_bytes(raw, policy=_POLICY)


def part(raw: bytes, number: int) -> PartBytes:
    """The part with this number (0: the whole mail). Raises LookupError when the mail has no such part."""
    if number == WHOLE:
        return PartBytes("message.eml", "message/rfc822", raw)
    for leaf in leaves(parse(raw)):
        if leaf.number == number:
            return PartBytes(name_of(leaf), leaf.message.get_content_type(), content(leaf.message))
    raise LookupError(f"the mail has no part {number}")


def leaves(root: Message) -> Iterator[Leaf]:
    """All leaves in order of appearance, as far as the caps allow."""
    number = 0
    stack = [(root, 0)]
    while stack and number < MAX_PARTS:
        message, level = stack.pop()
        inner = children(message)
        if inner and level < MAX_LEVELS:
            stack.extend((child, level + 1) for child in reversed(inner[:MAX_PARTS]))
        else:
            number += 1
            yield Leaf(number, message)


def children(message: Message) -> list[Message]:
    """The parts of a multipart; nothing for leaves, messages within messages and broken multiparts."""
    payload = message.get_payload()
    if message.get_content_maintype() != "multipart" or not isinstance(payload, list):
        return []
    return [child for child in payload if isinstance(child, Message)]


def message_within(message: Message) -> Message | None:
    """The message that a message/rfc822 part holds, or None."""
    payload = message.get_payload()
    if message.get_content_type() != "message/rfc822" or not isinstance(payload, list) or not payload:
        return None
    return payload[0] if isinstance(payload[0], Message) else None


def content(message: Message) -> bytes:
    """The decoded bytes of a leaf; of a message within, its own bytes."""
    payload = message.get_payload()
    if not isinstance(payload, list):
        decoded = message.get_payload(decode=True)
        return decoded if isinstance(decoded, bytes) else b""
    inner = b"\n".join(_as_bytes(child) for child in payload if isinstance(child, Message))
    if str(message.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":
        # Forbidden for messages (RFC 2046 section 5.2.1), and sent all the same.
        try:
            return base64.b64decode(inner, validate=False)
        except (binascii.Error, ValueError):
            return inner
    return inner


def _as_bytes(message: Message) -> bytes:
    """A message as it came, as far as the parser kept it."""
    target = BytesIO()
    BytesGenerator(target, mangle_from_=False, maxheaderlen=0).flatten(message)
    return target.getvalue()


def is_text(message: Message) -> bool:
    """Is this leaf something to read in the mail itself, not a file?"""
    return (
        (message.get_content_type() in ("text/plain", "text/html") or message.get_content_maintype() == "multipart")
        and not isinstance(message.get_payload(), list)
        and message.get_content_disposition() != "attachment"
        and not given_name(message)
    )


def given_name(message: Message) -> str:
    """The file name as the sender wrote it, decoded, or an empty string."""
    name = message.get_filename()
    return read_words(str(name)) if name else ""


def name_of(leaf: Leaf) -> str:
    """The cleaned file name of a part; parts without one are named by number and type."""
    kind = leaf.message.get_content_type()
    name = filename.clean(given_name(leaf.message))
    within = message_within(leaf.message)
    if not name and within is not None:
        subject = filename.clean(read_words(unfold(str(within.get("Subject", "")))))
        name = f"{subject[:60]}.eml" if subject else ""
    return name or f"part-{leaf.number}{_ENDINGS.get(kind) or mimetypes.guess_extension(kind) or '.bin'}"

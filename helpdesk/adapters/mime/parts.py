"""The parts of a parsed mail: which there are, what they hold, which of them is the text.

A part number counts the leaves of the MIME tree in their order; a message within the message is one leaf, so
that nobody's forwarded words become the writer's; a winmail.dat is replaced by the files in it. Numbers stay
the same as long as the bytes do: `part` finds a file again for passing it on; number 0 is the whole mail.
Source: RFC 2045 to 2049, RFC 2183, RFC 2392, RFC 5545 (SUMMARY).
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.generator import BytesGenerator
from email.message import Message
from io import BytesIO

from helpdesk.adapters.mime.bounding import bounded
from helpdesk.adapters.mime.charset import decode
from helpdesk.adapters.mime.headers import RescuingPolicy, read_words, unfold
from helpdesk.adapters.mime.tnef import File, Parcel, unpack
from helpdesk.core import filename

# Caps: what lies deeper or behind is not looked at.
MAX_LEVELS = 100
MAX_PARTS = 1_000
MAX_PARAMETERS = 8 * 1024

WHOLE = 0


class _Part(Message):
    """A message that works its type out once: whoever walks a mail asks for it dozens of times."""

    _known_type = ""

    def get_content_type(self) -> str:
        """The type in lower case, "text/plain" where there is none. The parser asks when it has read the header."""
        if not self._known_type:
            # Some programs forget the semicolon before the parameters.
            self._known_type = super().get_content_type().split()[0]
        return self._known_type


_POLICY = RescuingPolicy(message_factory=_Part)

# Endings for parts without a name whose type the standard table does not know well.
_ENDINGS = {
    "message/rfc822": ".eml", "text/calendar": ".ics", "image/jpeg": ".jpg", "text/plain": ".txt", "text/html": ".html",
    "message/delivery-status": ".txt", "text/rfc822-headers": ".txt", "application/octet-stream": ".bin",
    "message/disposition-notification": ".txt", "message/feedback-report": ".txt",
    "application/pgp-signature": ".asc", "application/pgp-encrypted": ".asc", "application/pgp-keys": ".asc",
    "application/pkcs7-signature": ".p7s", "application/x-pkcs7-signature": ".p7s",
    "application/pkcs7-mime": ".p7m", "application/x-pkcs7-mime": ".p7m",
}  # fmt: skip

_TNEF = frozenset(["application/ms-tnef", "application/vnd.ms-tnef"])
_SUMMARY = re.compile(r"^SUMMARY(?:;[^:\n]{0,200})?:([^\n]{1,200}(?:\n [^\n]{1,200})?)", re.MULTILINE)


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
    content_id: str | None = None


def parse(raw: bytes) -> Message:
    """The tolerant parse on which everything else works. May raise RecursionError on a hostile nest."""
    return message_from_bytes(raw, policy=_POLICY)


def part(raw: bytes, number: int) -> PartBytes:
    """The part with this number (0: the whole mail).

    Raises LookupError when the mail has no such part, TooMuchError when it is beyond what is parsed.
    """
    if number == WHOLE:
        return PartBytes("message.eml", "message/rfc822", raw)
    bounded_raw, _ = bounded(raw)
    for leaf in leaves(parse(bounded_raw)):
        if leaf.number == number:
            found = leaf.message
            return PartBytes(name_of(leaf), found.get_content_type(), content(found), content_id_of(found))
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
            _shorten_parameters(message)
            yield from _unpacked(message, number) or [Leaf(number, message)]


def _shorten_parameters(message: Message) -> None:
    """Cut the headers whose parameters name a file: to take very many of them apart takes quadratic time."""
    for name in ("Content-Type", "Content-Disposition"):
        value = str(message.get(name, ""))
        if len(value) > MAX_PARAMETERS:
            message.replace_header(name, value[:MAX_PARAMETERS])


def parcel(message: Message) -> Parcel | None:
    """What is in this leaf when it is a winmail.dat, or None."""
    name = (message.get_filename() or "").lower() if message.get_content_maintype() == "application" else ""
    if message.get_content_type() not in _TNEF and name != "winmail.dat":
        return None
    return unpack(content(message))


def _unpacked(message: Message, number: int) -> list[Leaf]:
    """The files of a winmail.dat as leaves; their numbers lie behind those of all parts, so that no other one moves."""
    found = parcel(message)
    files = found.files if found is not None else ()
    return [Leaf(number + MAX_PARTS * place, _as_part(file)) for place, file in enumerate(files, start=1)]


def _as_part(file: File) -> Message:
    """A file of a parcel as if it had been attached to the mail."""
    name = filename.clean(file.name)
    kind = file.type or mimetypes.guess_type(name)[0] or ""
    part = Message()
    part["Content-Type"] = kind if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,60}", kind) else "application/octet-stream"
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
    part.set_payload(file.content)
    return part


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


def content_id_of(message: Message) -> str | None:
    """The id by which the HTML of the mail shows this part, without its brackets."""
    return unfold(str(message.get("Content-ID", ""))).strip("<> ")[:200] or None


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
    # Most parts have none, and to take their parameters apart costs more than to look.
    if "name" not in f"{message.get('Content-Type', '')} {message.get('Content-Disposition', '')}".lower():
        return ""
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
    if not name and kind == "text/calendar":
        summary = _SUMMARY.search(
            decode(content(leaf.message), leaf.message.get_content_charset())[0].replace("\r", "")
        )
        subject = filename.clean(summary[1].replace("\n ", "")) if summary else ""
        name = f"{subject[:60]}.ics" if subject else ""
    return name or f"part-{leaf.number}{_ENDINGS.get(kind) or mimetypes.guess_extension(kind) or '.bin'}"

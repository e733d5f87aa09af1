"""Header values as a person would read them, and a sketch of a mail from its headers alone.

Values come as the parser keeps them: folded, encoded words inside, raw 8-bit bytes as surrogates. They leave
as one line of text without control characters. Never raises, linear. Sources: RFC 5322 section 2.2.3
(folding), RFC 2047 (encoded words).
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from email.policy import Compat32

from helpdesk.adapters.mime.charset import decode
from helpdesk.core.address import only_mailbox
from helpdesk.core.message import Address, Sketch

# A sketch looks at so much of a mail and no further.
_SKETCHED = 64 * 1024

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,64})\?([bBqQ])\?([^?\r\n]*)\?=")
_BASE64_WORD = re.compile(r"=\?[^?\s]+\?[bB]\?([^?\s]*)\?=")
_CONTROLS = re.compile("[\x00-\x1f\x7f\u0085\u2028\u2029\ud800-\udfff]+")
_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]")
_ID = re.compile(r"<[^<>]{1,900}>")


class RescuingPolicy(Compat32):
    """The tolerant parser of the standard library, with raw 8-bit header bytes read instead of dropped."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        """The stored value as text."""
        return rescue(value)


def rescue(value: str, hint: str | None = None) -> str:
    """The value with raw 8-bit bytes (kept as surrogates) as text. `hint`: the charset of the mail's body."""
    if value.isascii():
        return value
    try:
        raw = value.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return value
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return decode(raw, hint)[0]


def unfold(value: str) -> str:
    """The value on one line."""
    return value.replace("\r", "").replace("\n", "").replace("\t", " ").strip() if "\n" in value else value.strip()


def read_words(value: str) -> str:
    """The unfolded value with encoded words decoded, on one line, without control characters."""
    if "=?" in value:
        value = _decode_words(value)
    return _CONTROLS.sub(" ", value).strip()


def _decode_words(value: str) -> str:
    """Decode encoded words; bytes of adjacent ones are joined first, for senders that split characters."""
    shown: list[str] = []
    charset, pending = "", b""
    end = 0
    for match in _ENCODED_WORD.finditer(value):
        raw = _word_bytes(match[2], match[3])
        if raw is None:
            continue
        between = value[end : match.start()]
        name = match[1].partition("*")[0].lower()
        if pending and (between.strip() or name != charset):
            shown.append(decode(pending, charset)[0])
            pending = b""
        if between.strip() or end == 0:
            shown.append(between)
        charset, pending, end = name, pending + raw, match.end()
    return "".join([*shown, decode(pending, charset)[0], value[end:]])


def without_broken_words(value: str) -> str:
    """The value with encoded words that are not base64 made plain: mail-parser 4.8 raises on them."""
    return _BASE64_WORD.sub(lambda word: word[0] if _word_bytes("b", word[1]) is not None else word[1], value)


def _word_bytes(encoding: str, text: str) -> bytes | None:
    """The bytes of one encoded word, or None when it is none."""
    if not text.isascii():
        return None
    if encoding in "qQ":
        return quopri.decodestring(text.encode("ascii"), header=True)
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


def message_ids(value: str) -> list[str]:
    """All ids in the value, with their angle brackets and without blanks inside."""
    return [
        identifier for found in _ID.findall(value) if (identifier := _CONTROLS.sub("", found).replace(" ", "")) != "<>"
    ]


def own_message_id(value: str) -> str | None:
    """The id of a Message-ID header, also of one without angle brackets, or None."""
    found = message_ids(value)
    if found:
        return found[0]
    bare = read_words(value).strip("<>")
    return f"<{bare}>" if bare and " " not in bare and len(bare) <= 900 else None


def sketch(raw: bytes) -> Sketch:
    """From, Subject and Message-ID of a mail that cannot be read otherwise. Cannot fail.

    The sender counts only where one From header names one mailbox, as everywhere.
    """
    head = _HEAD_ENDS.split(raw[:_SKETCHED], maxsplit=1)[0]
    found: dict[str, str] = {}
    froms: list[str] = []
    for line in _FOLD.sub(" ", head.decode("ascii", "surrogateescape")).split("\n"):
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if colon and name in ("from", "subject", "message-id"):
            value = rescue(value.strip())
            found.setdefault(name, read_words(value))
            froms += [value] if name == "from" else []
    address = only_mailbox(froms) if len(head) < _SKETCHED else None
    return Sketch(
        sender=found.get("from", "")[:300],
        address=Address(address) if address else None,
        subject=found.get("subject", "")[:300],
        message_id=own_message_id(found.get("message-id", "")),
    )

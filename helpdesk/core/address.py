"""Mail addresses: one canonical form to compare by, and who the one author of a mail is.

`normalise` takes an address as a person or a program wrote it and gives the form by which it is compared,
or None. `only_mailbox` takes the From headers of a mail and gives the one address that they name, or None.
Nothing here guesses: whatever two readers could understand differently names nobody, because rights hang
on it. Never fails, linear in the length. Sources: RFC 5322 sections 3.2.3 and 3.4, RFC 6532, RFC 5890.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# RFC 5321 section 4.5.3.1.1 and the erratum on section 4.5.3.1.3.
MAX_LOCAL = 64
MAX_ADDRESS = 254

# Comments in comments; a deeper nest has no honest use.
MAX_COMMENT_DEPTH = 20

# A From header beyond this length is not looked at: nobody's name is that long.
MAX_FROM = 2_000

# RFC 5322 atext, and letters beyond ASCII by RFC 6532 (\w adds digits, marks and the underscore).
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*")


def normalise(address: str) -> str | None:
    """The address in the one form by which it is compared, or None when it is not one plain mailbox.

    Lower case, composed (NFC), domain as A-labels. Quoted local parts, domain literals, look-alikes that
    only compatibility mapping makes equal (fullwidth letters) and encoded words name no mailbox here.
    """
    address = unicodedata.normalize("NFC", address.strip())
    if len(address) > MAX_ADDRESS or unicodedata.normalize("NFKC", address) != address:
        return None
    local, at, domain = address.lower().rpartition("@")
    if not at or len(local) > MAX_LOCAL or "=?" in local or not _LOCAL.fullmatch(local):
        return None
    host = _to_a_labels(domain)
    return f"{local}@{host}" if host else None


def _to_a_labels(domain: str) -> str | None:
    """The domain name in ASCII, or None when it is none or when its mapping loses something (ß to ss)."""
    if not domain.isascii():
        try:
            encoded = domain.encode("idna").decode("ascii")
            if encoded.encode("ascii").decode("idna") != domain:
                return None
        except UnicodeError:
            return None
        domain = encoded
    return domain if _HOST.fullmatch(domain) else None


def only_mailbox(headers: Sequence[str]) -> str | None:
    """The normalised address of the only mailbox of the only From header, or None.

    `headers` are the values of all From headers, unfolded, encoded words left encoded. Several headers or
    mailboxes, groups, control characters and names that look like another address name nobody.
    """
    if len(headers) != 1 or len(headers[0]) > MAX_FROM:
        return None
    value = headers[0].strip()
    if any(unicodedata.category(char) in ("Cc", "Cs") and char != "\t" for char in value):
        return None
    pieces = _pieces(value)
    if pieces is None:
        return None
    phrase, inside, after = pieces
    if inside is None:
        return normalise(phrase)
    address = normalise(inside)
    if after.strip() or ("@" in phrase and normalise(phrase) != address):
        return None
    return address


def _pieces(value: str) -> tuple[str, str | None, str] | None:
    """What stands before, between and after the angle brackets; None when the structure is unclear.

    Comments and quoted strings before the brackets are left out: they name nobody. None for anything that
    separates mailboxes (, ; :) or is left open.
    """
    before: list[str] = []
    inside: list[str] | None = None
    after: list[str] = []
    target = before
    depth = 0
    quoted = escaped = False
    for char in value:
        if escaped:
            escaped = False
        elif char == "\\":
            if not quoted and not depth:
                return None
            escaped = True
        elif quoted:
            quoted = char != '"'
        elif char == "(":
            depth += 1
            if depth > MAX_COMMENT_DEPTH:
                return None
        elif depth:
            depth -= char == ")"
        elif char == '"':
            if target is not before:
                return None
            quoted = True
        elif char in ",;:)[]":
            return None
        elif char == "<":
            if inside is not None:
                return None
            inside = target = []
        elif char == ">":
            if target is not inside:
                return None
            target = after
        else:
            target.append(char)
    if quoted or escaped or depth or (inside is not None and target is inside):
        return None
    return "".join(before), None if inside is None else "".join(inside), "".join(after)

"""The secret in a letter: what proves that a mail answers something that only we sent to that address.

A token is 8 random bytes and 17 bytes of HMAC-SHA256 over them, the ticket, the recipient and the
recipient's role, written as 40 letters a-z and digits 2-7, so that no server's folding of case harms it. It is
the left side of our Message-ID (RFC 5322 section 3.6.4) and, where the host supports it, part of the
reply address. Nothing here fails on foreign input: what is no token of ours is None or False.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32decode, b32encode
from hashlib import sha256

from helpdesk.core.outgoing import Audience

NONCE_BYTES = 8
MAC_BYTES = 17  # 136 bits; together with the nonce 25 bytes, which is 40 characters without padding

# Longer Message-IDs do not fit on a header line of 78 characters (RFC 5322 section 2.1.1).
MAX_MESSAGE_ID = 77

_TOKEN = re.compile(r"[a-z2-7]{40}")
_TOKEN_WITHIN = r"(?<![a-z0-9])[a-z2-7]{40}(?![a-z0-9])"
# The token is the whole left side of an address, or follows a separator there: support+TOKEN.
_TOKEN_OF_LOCAL_PART = re.compile(r"(?:^|[+._=-])([a-z2-7]{40})$")


def new_token(key: bytes, *, ticket: int | None, recipient: str, audience: Audience, nonce: bytes) -> str:
    """A token for one letter to `recipient` (normalised). `nonce`: at least 8 random bytes, never used twice."""
    if len(nonce) < NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes or more, this one {len(nonce)}")
    nonce = nonce[:NONCE_BYTES]
    return b32encode(nonce + _mac(key, nonce, ticket, recipient, audience)).decode("ascii").lower()


def is_token(key: bytes, token: str, ticket: int | None, recipient: str, audience: Audience) -> bool:
    """Did we make this token for that recipient, ticket and role? Takes the same time whatever is wrong."""
    if not looks_ours(token):
        return False
    given = b32decode(token.upper())
    expected = _mac(key, given[:NONCE_BYTES], ticket, recipient, audience)
    return hmac.compare_digest(given[NONCE_BYTES:], expected)


def looks_ours(token: str) -> bool:
    """Has it the form of a token? Says nothing about who made it."""
    return _TOKEN.fullmatch(token) is not None


def token_of(text: str) -> str | None:
    """The token in a Message-ID, an address or the left side of one, or None.

    >>> token_of("support+" + "a" * 40) == "a" * 40
    True
    """
    local_part = text.strip().removeprefix("<").partition("@")[0].lower()
    found = _TOKEN_OF_LOCAL_PART.search(local_part)
    return found.group(1) if found else None


def without_tokens(text: str, *known: str | None) -> str:
    """The text with everything that looks like a token taken out, and `known` ones also where lines break them."""
    broken = (r"[\s>|=]*".join(token) for token in known if token)
    return re.sub("|".join((*broken, _TOKEN_WITHIN)), "…", text, flags=re.IGNORECASE)


def message_id(token: str, domain: str) -> str:
    """`<TOKEN@domain>`. A domain that would make it too long loses labels from the left."""
    return f"<{token}@{_fitting(domain, MAX_MESSAGE_ID - len(token) - len('<@>'))}>"


def pseudo_reference(key: bytes, ticket: int, domain: str, side: int = 0) -> str:
    """An id of no message that leads the References of every letter of a ticket.

    It keeps a ticket's mails together in a client that misses some of them. It is stable, cannot be guessed
    from the number, and proves nothing: everybody in the conversation sees it. A partner's `side` has one of its own.
    """
    of = f"{ticket}\0{side}" if side else f"{ticket}"
    mac = hmac.digest(key, f"reference\0{of}".encode(), "sha256")[:10]
    left = f"ticket-{ticket}.{b32encode(mac).decode('ascii').lower()}"
    return f"<{left}@{_fitting(domain, MAX_MESSAGE_ID - len(left) - len('<@>'))}>"


def _mac(key: bytes, nonce: bytes, ticket: int | None, recipient: str, audience: Audience) -> bytes:
    # The recipient is hashed first: fields of fixed form cannot run into each other.
    who = sha256(recipient.encode("utf-8", "replace")).hexdigest()
    bound = f"letter\0{ticket if ticket is not None else '-'}\0{audience.value}\0{who}\0".encode()
    return hmac.digest(key, bound + nonce, "sha256")[:MAC_BYTES]


def _fitting(domain: str, room: int) -> str:
    while len(domain) > room and domain.count(".") > 1:
        domain = domain.partition(".")[2]
    return domain[-room:].lstrip(".-")

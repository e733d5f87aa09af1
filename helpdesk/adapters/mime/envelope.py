"""The envelope as the headers tell it: who wrote, to whom, when, about what, in answer to which mails.

Raw header values in, addresses, ids and times out. mail-parser reads the address lists and the date; the author
counts only where our own strict reading finds the same. What says nothing certain is None or left out. Never
raises on what a parsed mail can hold. Sources: RFC 5322 section 3.6, RFC 5321 section 4.4 (Return-Path).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_tz
from functools import lru_cache

from mailparser.dates import parse_mail_date
from mailparser.utils import get_addresses

from helpdesk.adapters.mime.headers import message_ids, read_words, rescue, unfold, without_broken_words
from helpdesk.core.address import normalise, only_mailbox
from helpdesk.core.message import Address

# Bounds of what is used; many more recipients or ancestors are no information for a desk.
MAX_ADDRESSES = 200
MAX_REFERENCES = 100
MAX_SUBJECT = 1_000

# The length of a list of addresses that is worth remembering: our own address stands in most mails.
_REMEMBERED_LENGTH = 200

_DELIVERED_TO = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")

# It would report every odd mail on standard error; we keep its findings as defects.
logging.getLogger("mailparser").setLevel(logging.CRITICAL)

# (name, address) of each mailbox.
Mailboxes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """mail-parser's reading of addresses and date, and what it had to forgive."""

    from_: Mailboxes
    to: Mailboxes
    cc: Mailboxes
    reply_to: Mailboxes
    date: datetime | None
    defects: tuple[str, ...]


def header_values(message: Message) -> list[tuple[str, str]]:
    """(lower-case name, value on one line, encoded words still encoded) of all headers, topmost first."""
    hint = message.get_content_charset()
    return [(name.lower(), unfold(rescue(value, hint))) for name, value in message.raw_items()]


def first(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """The topmost value of the header `name` (lower case), or None."""
    return next((value for key, value in headers if key == name), None)


def parsed_envelope(headers: list[tuple[str, str]]) -> Envelope:
    """The envelope as mail-parser reads it: header by header, since its walk of a mail costs twice as much."""
    read, defects = {}, []
    for name in ("cc", "from", "reply-to", "to"):
        value = first(headers, name)
        mailboxes, faults = _addresses(without_broken_words(_few_addresses(value))) if value is not None else ((), ())
        read[name] = mailboxes
        defects += [f"{name}: {fault}" for fault in faults]
    date = first(headers, "date")
    found = parse_mail_date(without_broken_words(_few_addresses(date)) if date is not None else None)
    return Envelope(
        from_=read["from"],
        to=read["to"],
        cc=read["cc"],
        reply_to=read["reply-to"],
        date=found.value,
        defects=(*defects, *(f"date: {fault}" for fault in found.reasons)),
    )


def _addresses(value: str) -> tuple[Mailboxes, tuple[str, ...]]:
    """The mailboxes of a list, and what was wrong with it."""
    return _remembered_addresses(value) if len(value) <= _REMEMBERED_LENGTH else _read_addresses(value)


def _read_addresses(value: str) -> tuple[Mailboxes, tuple[str, ...]]:
    faults: list[dict[str, object]] = []
    found = get_addresses(value, defects=faults, decode_names=True)
    mailboxes = tuple(("" if name == address else name, address) for name, address in found if address)
    return mailboxes, tuple(str(fault["reason"]) for fault in faults)


_remembered_addresses = lru_cache(maxsize=128)(_read_addresses)


def _few_addresses(value: str) -> str:
    """The value up to a comma behind more addresses than will be used."""
    if value.count(",") <= 2 * MAX_ADDRESSES:
        return value
    return ",".join(value.split(",", 2 * MAX_ADDRESSES)[: 2 * MAX_ADDRESSES])


def only_author(froms: list[str], envelope: Envelope) -> Address | None:
    """The author, when our strict reading and mail-parser's name the same single mailbox."""
    address = only_mailbox(froms)
    if address is None or [normalise(found) for _, found in envelope.from_] != [address]:
        return None
    return Address(address, read_words(envelope.from_[0][0])[:200])


def mailboxes_of(found: Mailboxes, defects: list[str]) -> tuple[Address, ...]:
    """The mailboxes of a list, without doubles; what is no plain mailbox is left out."""
    mailboxes: dict[str, Address] = {}
    for name, written_address in found:
        address = normalise(written_address)
        if address and address not in mailboxes:
            mailboxes[address] = Address(address, read_words(name)[:200])
    if len(mailboxes) > MAX_ADDRESSES:
        defects.append(f"more than {MAX_ADDRESSES} addresses")
    return tuple(mailboxes.values())[:MAX_ADDRESSES]


def date_of(envelope: Envelope, headers: list[tuple[str, str]]) -> datetime | None:
    """The Date header in UTC, or None when it is missing or no date. Without a zone it is taken for UTC."""
    date = envelope.date
    if not isinstance(date, datetime):
        return _loose_date(first(headers, "date") or "")
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def _loose_date(value: str) -> datetime | None:
    """A date without zone or weekday, or in the order of old Unix programs."""
    found = parsedate_tz(value[:100])
    try:
        return datetime(*found[:6], tzinfo=UTC) - timedelta(seconds=found[9] or 0) if found else None
    except (ValueError, OverflowError):
        return None


def subject_of(headers: list[tuple[str, str]]) -> str:
    """The topmost subject, decoded, blanks collapsed."""
    return " ".join(read_words(first(headers, "subject") or "").split())[:MAX_SUBJECT]


def return_path_of(headers: list[tuple[str, str]]) -> str | None:
    """The envelope sender that the delivering server noted; "" for the null sender, None when unknown."""
    value = first(headers, "return-path")
    if value is None:
        return None
    inside = value.strip().strip("<>").strip()
    return normalise(inside) if inside else ""


def delivered_to(headers: list[tuple[str, str]]) -> tuple[str, ...]:
    """The addresses to which servers say they delivered."""
    found = (normalise(value.strip("<> ")) for name, value in headers if name in _DELIVERED_TO)
    return tuple(dict.fromkeys(address for address in found if address))[:MAX_ADDRESSES]


def references_of(headers: list[tuple[str, str]]) -> tuple[str, ...]:
    """References, then In-Reply-To; the newest stay when there are too many."""
    ids = [
        found for wanted in ("references", "in-reply-to") for name, value in headers if name == wanted
        for found in message_ids(value)
    ]  # fmt: skip
    newest_first = list(dict.fromkeys(reversed(ids)))[:MAX_REFERENCES]
    return tuple(reversed(newest_first))

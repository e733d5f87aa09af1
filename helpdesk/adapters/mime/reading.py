"""Raw bytes of a mail to an Inbound. Malformed mail is data: `read` never raises.

One tolerant parse of the standard library is shared: mail-parser reads the envelope (addresses, date and what
is wrong with them), our own walk takes text, files and reports. What the caps cut away is named in `defects`;
a mail that defies reading still gives its headers, and itself as an attachment. The size of the whole mail is
the caller's bound. Sources: RFC 5322, RFC 2045 to 2049, RFC 3676 (flowed text), reliability by caps.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from email.message import Message

from mailparser import MailParser

from helpdesk.adapters.mime.bodies import written
from helpdesk.adapters.mime.bounces import read_bounce
from helpdesk.adapters.mime.headers import (
    RescuingPolicy,
    message_ids,
    own_message_id,
    read_words,
    rescue,
    sketch,
    unfold,
    without_broken_words,
)
from helpdesk.adapters.mime.parts import MAX_PARTS, WHOLE, Leaf, content, is_text, leaves, name_of, parse
from helpdesk.core.address import normalise, only_mailbox
from helpdesk.core.classify import looks_returned
from helpdesk.core.message import Address, Attachment, Inbound
from helpdesk.core.quote import split

# Bounds of what is parsed; the defects name what they cut.
MAX_HEADERS = 1_000
MAX_HEAD = 100 * 1024
MAX_HEADER = 64 * 1024
MAX_ADDRESSES = 200
MAX_REFERENCES = 100
MAX_SUBJECT = 1_000
MAX_DEFECTS = 20

# The parser tries every open boundary on every line: so many nested multiparts, boundary-like lines, and
# lines times nested multiparts are not given to it.
_MAX_CONTAINERS = 500
_MAX_BOUNDARY_LINES = 20_000
_MAX_LINE_CHECKS = 5_000_000

# Not kept in Inbound.headers: they are long, say where the mail travelled, or have a field of their own.
DROPPED_HEADERS = frozenset(
    """received dkim-signature domainkey-signature x-google-dkim-signature arc-seal arc-message-signature
    x-gm-message-state x-google-smtp-source x-received x-ms-exchange-antispam-messagedata
    x-ms-exchange-antispam-messagedata-0 x-microsoft-antispam-message-info x-forefront-antispam-report
    subject from to cc bcc reply-to references in-reply-to autocrypt face x-face openpgp""".split()
)
MAX_KEPT_VALUE = 2_000

_ENVELOPE = ("from", "to", "cc", "reply-to", "date")
_DELIVERED_TO = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")

_HEAD_ENDS = re.compile(rb"\r?\n\r?\n|\r\r")
_HEADER_ENDS = re.compile(rb"\n(?![ \t])|\Z")
_FROM_LINE = re.compile(rb"^from[ \t]*:", re.IGNORECASE | re.MULTILINE)
_CONTAINER = re.compile(rb"content-type:[ \t\r\n]*(?:multipart|message)/", re.IGNORECASE)

# It would report every odd mail on standard error; we keep its findings as defects.
logging.getLogger("mailparser").setLevel(logging.CRITICAL)


class _TooMuchError(Exception):
    """The mail is beyond what is parsed."""


def read(raw: bytes) -> Inbound:
    """What the mail says. Never raises; what could not be read is named in `defects`."""
    try:
        return _read(raw)
    except Exception as error:  # every exception means the same: these bytes cannot be read as they should
        why = str(error) if isinstance(error, _TooMuchError) else type(error).__name__
    digest = hashlib.sha256(raw).hexdigest()
    whole = Attachment(part=WHOLE, name="message.eml", type="message/rfc822", size=len(raw), sha256=digest)
    return replace(
        _headers_alone(raw),
        sha256=digest,
        fingerprint=digest,
        size=len(raw),
        text="",
        quoted="",
        attachments=(whole,),
        defects=(f"unreadable: {why}",),
    )


def _headers_alone(raw: bytes) -> Inbound:
    """What the headers of an unreadable mail say, at least at a glance."""
    try:
        return _read(_head(raw) + b"\n\n")
    except Exception:  # as above
        shown = sketch(raw)
        return Inbound(
            sha256="",
            fingerprint="",
            size=0,
            message_id=shown.message_id,
            sender=shown.address,
            from_shown=shown.sender,
            subject=shown.subject,
        )


def _read(raw: bytes) -> Inbound:
    defects: list[str] = []
    message = parse(_bounded(raw, defects))
    headers = _headers(message)
    envelope = _envelope(headers)
    froms = [value for name, value in headers if name == "from"]
    subject = _subject(headers)
    from_shown = ", ".join(read_words(value) for value in froms)[:300]
    found = list(leaves(message))
    if len(found) >= MAX_PARTS:
        defects.append(f"more than {MAX_PARTS} parts")
    body, cut = written(message)
    if cut:
        defects.append("text cut")
    text, quoted = split(body)
    attachments = tuple(_attachment(leaf) for leaf in found if not is_text(leaf.message))
    message_id = own_message_id(_first(headers, "message-id") or "")
    defects.extend(_parser_defects(message, found, envelope))
    # Counted in the raw bytes too: other programs may see a header where our parser sees none.
    sender = _sender(froms, envelope) if len(_FROM_LINE.findall(_head(raw))) == 1 else None
    addresses = {name: _addresses(getattr(envelope, name), defects) for name in ("to", "cc", "reply_to")}
    date = _date(envelope)
    inbound = Inbound(
        sha256=hashlib.sha256(raw).hexdigest(),
        fingerprint=_fingerprint(message_id, from_shown, date, subject, text, quoted, attachments),
        size=len(raw),
        message_id=message_id,
        references=_references(headers),
        date=date,
        sender=sender,
        from_shown=from_shown,
        return_path=_return_path(headers),
        reply_to=addresses["reply_to"],
        to=addresses["to"],
        cc=addresses["cc"],
        delivered_to=_delivered_to(headers),
        subject=subject,
        headers=tuple(
            (name, read_words(value)[:MAX_KEPT_VALUE]) for name, value in headers if name not in DROPPED_HEADERS
        ),
        text=text,
        quoted=quoted,
        content_type=message.get_content_type(),
        report_type=str(message.get_param("report-type") or "").lower(),
        attachments=attachments,
        defects=tuple(dict.fromkeys(defects))[:MAX_DEFECTS],
    )
    if looks_returned(inbound) or any(file.type == "message/delivery-status" for file in attachments):
        inbound = replace(inbound, bounce=read_bounce(message, size=len(raw)))
    return inbound


# --- bounds ---------------------------------------------------------------------------------------


def _head(raw: bytes) -> bytes:
    """The bytes of the header."""
    match = _HEAD_ENDS.search(raw)
    return raw[: match.start()] if match else raw


def _bounded(raw: bytes, defects: list[str]) -> bytes:
    """The bytes to parse: without the headers beyond the caps. Raises _TooMuchError for hostile structures."""
    containers = len(_CONTAINER.findall(raw))
    if containers > _MAX_CONTAINERS:
        raise _TooMuchError(f"{containers} nested parts")
    if containers > 10 and containers * raw.count(b"\n") > _MAX_LINE_CHECKS:
        raise _TooMuchError(f"{containers} nested parts of many lines")
    if containers and raw.count(b"\n--") > _MAX_BOUNDARY_LINES:
        raise _TooMuchError("too many boundaries")
    head = _head(raw)
    if len(head) <= MAX_HEADER and head.count(b"\n") < MAX_HEADERS:
        return raw
    kept = _kept_headers(head)
    if len(kept) < len(head):
        defects.append(f"{len(head) - len(kept)} bytes of headers cut")
    return kept + raw[len(head) :]


def _kept_headers(head: bytes) -> bytes:
    """The headers that fit into the caps; a long one is cut, and what does not fit makes no other one disappear."""
    kept: list[bytes] = []
    room = MAX_HEAD
    start = 0
    for match in _HEADER_ENDS.finditer(head):
        header = head[start : min(match.end(), start + MAX_HEADER)].rstrip(b"\r\n")
        start = match.end()
        if len(header) < room and len(kept) < MAX_HEADERS:
            kept.append(header)
            room -= len(header) + 1
    return b"\n".join(kept)


# --- headers --------------------------------------------------------------------------------------


def _headers(message: Message) -> list[tuple[str, str]]:
    """(lower-case name, value on one line, encoded words still encoded) of all headers, topmost first."""
    hint = message.get_content_charset()
    return [(name.lower(), unfold(rescue(value, hint))) for name, value in message.raw_items()]


def _first(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    return next((value for key, value in headers if key == name), None)


def _envelope(headers: list[tuple[str, str]]) -> MailParser:
    """mail-parser's reading of addresses and date: it gets these headers alone, because it reads all that it gets."""
    slim = Message(policy=RescuingPolicy())
    for name in _ENVELOPE:
        value = _first(headers, name)
        if value is not None:
            slim[name] = without_broken_words(_few_addresses(value))
    return MailParser(slim)


def _few_addresses(value: str) -> str:
    """The value up to a comma behind more addresses than will be used."""
    if value.count(",") <= 2 * MAX_ADDRESSES:
        return value
    return ",".join(value.split(",", 2 * MAX_ADDRESSES)[: 2 * MAX_ADDRESSES])


def _sender(froms: list[str], envelope: MailParser) -> Address | None:
    """The author, when our strict reading and mail-parser's name the same single mailbox."""
    address = only_mailbox(froms)
    if address is None or [normalise(found) for _, found in envelope.from_] != [address]:
        return None
    return Address(address, read_words(envelope.from_[0][0])[:200])


def _addresses(found: list[tuple[str, str]], defects: list[str]) -> tuple[Address, ...]:
    """The mailboxes of a list, without doubles; what is no plain mailbox is left out."""
    mailboxes: dict[str, Address] = {}
    for name, written_address in found:
        address = normalise(written_address)
        if address and address not in mailboxes:
            mailboxes[address] = Address(address, read_words(name)[:200])
    if len(mailboxes) > MAX_ADDRESSES:
        defects.append(f"more than {MAX_ADDRESSES} addresses")
    return tuple(mailboxes.values())[:MAX_ADDRESSES]


def _date(envelope: MailParser) -> datetime | None:
    """The Date header in UTC, or None when it is missing or says nothing certain."""
    date = envelope.date
    if not isinstance(date, datetime):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def _subject(headers: list[tuple[str, str]]) -> str:
    """The topmost subject, decoded, blanks collapsed."""
    return " ".join(read_words(_first(headers, "subject") or "").split())[:MAX_SUBJECT]


def _return_path(headers: list[tuple[str, str]]) -> str | None:
    """The envelope sender that the delivering server noted; "" for the null sender, None when unknown."""
    value = _first(headers, "return-path")
    if value is None:
        return None
    inside = value.strip().strip("<>").strip()
    return normalise(inside) if inside else ""


def _delivered_to(headers: list[tuple[str, str]]) -> tuple[str, ...]:
    """The addresses to which servers say they delivered."""
    found = (normalise(value.strip("<> ")) for name, value in headers if name in _DELIVERED_TO)
    return tuple(dict.fromkeys(address for address in found if address))[:MAX_ADDRESSES]


def _references(headers: list[tuple[str, str]]) -> tuple[str, ...]:
    """References, then In-Reply-To; the newest stay when there are too many."""
    ids = [
        found for wanted in ("references", "in-reply-to") for name, value in headers if name == wanted
        for found in message_ids(value)
    ]  # fmt: skip
    newest_first = list(dict.fromkeys(reversed(ids)))[:MAX_REFERENCES]
    return tuple(reversed(newest_first))


# --- content --------------------------------------------------------------------------------------


def _attachment(leaf: Leaf) -> Attachment:
    """A file of the mail."""
    data = content(leaf.message)
    content_id = unfold(str(leaf.message.get("Content-ID", ""))).strip("<> ")[:200] or None
    disposition = leaf.message.get_content_disposition()
    return Attachment(
        part=leaf.number,
        name=name_of(leaf),
        type=leaf.message.get_content_type(),
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        inline=disposition == "inline" or (content_id is not None and disposition is None),
        content_id=content_id,
    )


def _parser_defects(message: Message, found: list[Leaf], envelope: MailParser) -> Iterable[str]:
    """What both parsers had to forgive."""
    for part in (message, *(leaf.message for leaf in found)):
        yield from (type(defect).__name__ for defect in part.defects)
    yield from (f"{defect['header']}: {defect['reason']}" for defect in envelope.address_header_defects)
    yield from (f"date: {defect['reason']}" for defect in envelope.date_header_defects)


def _fingerprint(
    message_id: str | None,
    from_shown: str,
    date: datetime | None,
    subject: str,
    text: str,
    quoted: str,
    attachments: tuple[Attachment, ...],
) -> str:
    """A hash that is the same when the same mail comes by two routes."""
    identity = [message_id or "", from_shown, date.isoformat() if date else "", subject, text, quoted]
    return hashlib.sha256("\0".join([*identity, *(file.sha256 for file in attachments)]).encode()).hexdigest()

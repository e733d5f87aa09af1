"""Raw bytes of a mail to an Inbound. Malformed mail is data: `read` never raises.

One tolerant parse of the standard library is shared: mail-parser reads the envelope (addresses, date and what
is wrong with them), our own walk takes text, files and reports. What the caps cut away is named in `defects`;
a mail that defies reading still gives its headers, and itself as an attachment. Of a large mail the bytes of its
files are left out before anything is parsed. The size of the whole mail is the caller's bound.
Sources: RFC 5322, RFC 2045 to 2049.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from email.message import Message

from helpdesk.adapters.mime.bodies import written
from helpdesk.adapters.mime.bounces import read_bounce
from helpdesk.adapters.mime.bounding import TooMuchError, bounded, head_of
from helpdesk.adapters.mime.enclosed import enclosed_mail
from helpdesk.adapters.mime.envelope import (
    Envelope,
    date_of,
    delivered_to,
    first,
    header_values,
    mailboxes_of,
    only_author,
    parsed_envelope,
    references_of,
    return_path_of,
    subject_of,
)
from helpdesk.adapters.mime.headers import own_message_id, read_words, sketch
from helpdesk.adapters.mime.parts import (
    MAX_PARTS,
    WHOLE,
    Leaf,
    content,
    content_id_of,
    is_text,
    leaves,
    name_of,
    parse,
)
from helpdesk.adapters.mime.thinning import Thin, holds_text_in_a_file, thin
from helpdesk.core.message import SIGNATURES, Attachment, Inbound
from helpdesk.core.quote import split
from helpdesk.core.returned import looks_returned
from helpdesk.raw import Raw, digest, mapped

MAX_DEFECTS = 20

# Parsing takes ten times as much memory. What is left of a mail without its files is larger only where somebody sends
# very long text; then the whole mail is its attachment.
MAX_PARSED = 4 * 1024 * 1024

# Not kept in Inbound.headers: they are long, say where the mail travelled, or have a field of their own.
DROPPED_HEADERS = frozenset(
    """received dkim-signature domainkey-signature x-google-dkim-signature arc-seal arc-message-signature
    x-gm-message-state x-google-smtp-source x-received x-ms-exchange-antispam-messagedata
    x-ms-exchange-antispam-messagedata-0 x-microsoft-antispam-message-info x-forefront-antispam-report
    subject from to cc bcc reply-to references in-reply-to autocrypt face x-face openpgp""".split()
)
MAX_KEPT_VALUE = 2_000

_FROM_LINE = re.compile(rb"^from[ \t]*:", re.IGNORECASE | re.MULTILINE)


def read(raw: Raw) -> Inbound:
    """What the mail says. Never raises; what could not be read is named in `defects`."""
    sha256 = digest(raw)
    whole = Attachment(part=WHOLE, name="message.eml", type="message/rfc822", size=len(raw), sha256=sha256)
    with mapped(raw) as searched:
        small = thin(searched, sha256)
        try:
            if len(small.raw) <= MAX_PARSED or holds_text_in_a_file(small.raw):
                return replace(_read(small.raw, small), sha256=sha256, size=len(raw))
            beginning = small.raw[:MAX_PARSED]
            inbound = _read(beginning, thin(beginning, sha256))
            cut = f"only the first {len(beginning)} bytes were read"
            return replace(
                inbound,
                sha256=sha256,
                fingerprint=sha256,
                size=len(raw),
                attachments=(whole,),
                defects=(cut, *inbound.defects)[:MAX_DEFECTS],
            )
        except Exception as error:  # every exception means the same: these bytes cannot be read as they should
            why = str(error) if isinstance(error, TooMuchError) else type(error).__name__
        return replace(
            _headers_alone(small.raw),
            sha256=sha256,
            fingerprint=sha256,
            size=len(raw),
            text="",
            quoted="",
            attachments=(whole,),
            defects=(f"unreadable: {why}",),
        )


def _headers_alone(raw: bytes) -> Inbound:
    """What the headers of an unreadable mail say, at least at a glance."""
    try:
        head = head_of(raw) + b"\n\n"
        return _read(head, thin(head, ""))
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


def _read(raw: bytes, small: Thin) -> Inbound:
    """What a mail within the bounds says, save for the hash of the whole. May raise on hostile structures."""
    bounded_raw, cut_headers = bounded(raw)
    defects = [cut_headers] if cut_headers else []
    message = parse(bounded_raw)
    headers = header_values(message)
    envelope = parsed_envelope(headers)
    froms = [value for name, value in headers if name == "from"]
    subject = subject_of(headers)
    from_shown = ", ".join(read_words(value) for value in froms)[:300]
    found = list(leaves(message))
    if len(found) >= MAX_PARTS:
        defects.append(f"more than {MAX_PARTS} parts")
    body, cut = written(message)
    if cut:
        defects.append("text cut")
    text, quoted = split(body)
    attachments = tuple(_attachment(leaf, small) for leaf in found if not is_text(leaf.message))
    message_id = own_message_id(first(headers, "message-id") or "")
    defects.extend(_parser_defects(message, found, envelope))
    # Counted in the raw bytes too: other programs may see a header where our parser sees none.
    sender = only_author(froms, envelope) if len(_FROM_LINE.findall(head_of(raw))) == 1 else None
    addresses = {name: mailboxes_of(getattr(envelope, name), defects) for name in ("to", "cc", "reply_to")}
    date = date_of(envelope, headers)
    inbound = Inbound(
        sha256="",
        fingerprint=_fingerprint(message_id, from_shown, date, subject, text, quoted, attachments),
        size=len(raw),
        message_id=message_id,
        references=references_of(headers),
        date=date,
        sender=sender,
        from_shown=from_shown,
        return_path=return_path_of(headers),
        reply_to=addresses["reply_to"],
        to=addresses["to"],
        cc=addresses["cc"],
        delivered_to=delivered_to(headers),
        subject=subject,
        headers=tuple(
            (name, read_words(value)[:MAX_KEPT_VALUE]) for name, value in headers if name not in DROPPED_HEADERS
        ),
        text=text,
        quoted=quoted,
        content_type=message.get_content_type(),
        report_type=str(message.get_param("report-type") or "").lower(),
        attachments=attachments,
        enclosed=enclosed_mail(found),
        defects=tuple(dict.fromkeys(defects))[:MAX_DEFECTS],
    )
    if looks_returned(inbound) or any(file.type == "message/delivery-status" for file in attachments):
        inbound = replace(inbound, bounce=read_bounce(message, inbound))
    return inbound


# --- content --------------------------------------------------------------------------------------


def _attachment(leaf: Leaf, small: Thin) -> Attachment:
    """A file of the mail."""
    size, found = 0, hashlib.sha256()
    for piece in small.pieces(content(leaf.message)):
        size += len(piece)
        found.update(piece)
    content_id = content_id_of(leaf.message)
    disposition = leaf.message.get_content_disposition()
    return Attachment(
        part=leaf.number,
        name=name_of(leaf),
        type=leaf.message.get_content_type(),
        size=size,
        sha256=found.hexdigest(),
        inline=disposition == "inline"
        or (content_id is not None and disposition is None)
        or leaf.message.get_content_type() in SIGNATURES,
        content_id=content_id,
    )


def _parser_defects(message: Message, found: list[Leaf], envelope: Envelope) -> Iterable[str]:
    """What both parsers had to forgive."""
    for part in (message, *(leaf.message for leaf in found)):
        yield from (type(defect).__name__ for defect in part.defects)
    yield from envelope.defects


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

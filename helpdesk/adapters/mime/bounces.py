"""Who did not get which of our letters, by a delivery report.

A parsed mail in, a Bounce or None out. The machine-readable report is read first (RFC 3464); mails that only
look like a report are left to flufl.bounce, which knows the prose of many servers but only addresses. None
also for reports of success. Never raises.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from itertools import islice

from flufl.bounce import all_failures

from helpdesk.adapters.mime.bodies import written
from helpdesk.adapters.mime.headers import message_ids, own_message_id
from helpdesk.adapters.mime.parts import content, leaves, message_within
from helpdesk.core import address
from helpdesk.core.failure import failed_in
from helpdesk.core.message import Bounce, FailedRecipient

# It survives its own detectors' failures on odd mail, and would put a stack trace into our log for each.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

# A report beyond this size is read by its machine part alone, and names no more recipients.
MAX_PROSE = 512 * 1024
MAX_RECIPIENTS = 100

# So far behind an address a server writes why it failed.
MAX_REASON = 400

_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_ID_LINE = re.compile(
    r"^[> \t]{0,4}(?:(?:X-)?Original-)?Message-ID:[ \t]*(<[^<>\s]{1,900}>)", re.IGNORECASE | re.MULTILINE
)
# XWall misspells it; servers of many names send reports with addresses beyond ASCII (RFC 6533).
_MACHINE_PARTS = frozenset(
    ["message/delivery-status", "message/xdelivery-status", "message/global-delivery-status"],
)
_DELIVERED = frozenset(["delivered", "relayed", "expanded"])


def read_bounce(message: Message, *, size: int) -> Bounce | None:
    """The bounce that this mail is, or None. Ask only about mail that may be one: prose is easily misread."""
    reports = [leaf.message for leaf in leaves(message) if leaf.message.get_content_type() in _MACHINE_PARTS]
    told = _by_report(message, reports)
    if told is not None and (told.recipients or size > MAX_PROSE):
        return told
    if told is None and reports:
        return None
    # A report that names nobody, or none at all: the words for people may say more.
    return (_by_prose(message) if size <= MAX_PROSE else None) or told


def _by_report(message: Message, reports: list[Message]) -> Bounce | None:
    """RFC 3464: failed and delayed recipients; None when there is no report, or all it names was delivered."""
    recipients: dict[str, FailedRecipient] = {}
    delivered = False
    for fields in islice(_fields(reports), MAX_RECIPIENTS):
        action = str(fields.get("Action", "")).split(";")[0].strip().lower()
        if action in _DELIVERED:
            delivered = True
            continue
        named = _address(fields, "Original-Recipient") or _address(fields, "Final-Recipient")
        if named:
            status = _STATUS.search(str(fields.get("Status", "")))
            failed = action == "failed" or (not action and status is not None and status[0].startswith("5"))
            recipients[named] = FailedRecipient(address=named, status=status[0] if status else "", permanent=failed)
    is_report = bool(reports) or message.get_param("report-type") == "delivery-status"
    if not is_report or (delivered and not recipients):
        return None
    return Bounce(recipients=tuple(recipients.values()), original_message_id=_original_id(message))


def _fields(reports: list[Message]) -> Iterator[Message]:
    """The blocks of fields of delivery reports, one per recipient."""
    for report in reports:
        payload = report.get_payload()
        encoded = str(report.get("Content-Transfer-Encoding", "")).strip().lower() in ("base64", "quoted-printable")
        # The parser takes only the usual type apart; of others it makes a message within.
        if isinstance(payload, list) and not encoded and report.get_content_type() == "message/delivery-status":
            yield from (block for block in payload if isinstance(block, Message))
        else:
            text = content(report).decode("utf-8", "replace").replace("\r\n", "\n")
            yield from (message_from_string(block) for block in text.strip().split("\n\n", MAX_RECIPIENTS))


def _address(fields: Message, name: str) -> str | None:
    """The mailbox in a field such as "rfc822; user@example.com"."""
    # Some servers put the type twice: "rfc822;rfc822;user@example.com".
    return address.normalise(str(fields.get(name, "")).rpartition(";")[2].strip().strip("<>"))


def _original_id(message: Message) -> str | None:
    """The Message-ID of the letter that came back, from the copy that reports carry."""
    for leaf in leaves(message):
        kind = leaf.message.get_content_type()
        within = message_within(leaf.message)
        if within is not None:
            found = own_message_id(str(within.get("Message-ID", "")))
        elif kind in ("text/rfc822-headers", "message/global-headers", "message/global"):
            found = _id_in(content(leaf.message))
        else:
            continue
        if found:
            return found
    return None


def _id_in(text: bytes) -> str | None:
    """The last Message-ID line in a text, where old servers paste the letter."""
    found = _ID_LINE.findall(text[:MAX_PROSE].decode("utf-8", "replace"))
    return message_ids(found[-1])[0] if found else None


def _by_prose(message: Message) -> Bounce | None:
    """What flufl.bounce, the header X-Failed-Recipients and our own phrases know; None when they know nobody."""
    try:
        temporary, permanent = all_failures(message)
    except Exception:
        # The library looks at hostile text with dozens of patterns; what it cannot read names nobody.
        temporary, permanent = frozenset(), frozenset()
    named = {text: True for found in permanent if (text := _plain(found))}
    named |= {text: False for found in temporary if (text := _plain(found)) and text not in named}
    for found in str(message.get("X-Failed-Recipients", "")).split(",")[:MAX_RECIPIENTS]:
        if text := _plain(found):
            named.setdefault(text, True)
    words = written(message)[0][:MAX_PROSE]
    if not named:
        named = failed_in(words)
    if not named:
        return None
    recipients = (
        FailedRecipient(address=text, status=_status_near(text, words), permanent=failed)
        for text, failed in sorted(named.items())
    )
    original = _original_id(message) or next(
        filter(None, (_id_in(content(leaf.message)) for leaf in leaves(message))), None
    )
    return Bounce(recipients=tuple(recipients)[:MAX_RECIPIENTS], original_message_id=original)


def _plain(found: str | bytes) -> str | None:
    return address.normalise(found.decode("ascii", "replace") if isinstance(found, bytes) else found)


def _status_near(named: str, words: str) -> str:
    """The enhanced status code (RFC 3463) behind the place where an address is named, or nothing."""
    at = words.lower().find(named)
    found = _STATUS.search(words[at : at + MAX_REASON]) if at >= 0 else None
    return found[0] if found else ""

"""Who did not get which of our letters, by a delivery report.

A parsed mail in, a Bounce or None out. The machine-readable report is read first (RFC 3464); mails that only
look like a report are left to flufl.bounce, which knows the prose of many servers but only addresses. None
also for reports of success. Never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from itertools import islice

from flufl.bounce import all_failures

from helpdesk.adapters.mime.headers import message_ids, own_message_id
from helpdesk.adapters.mime.parts import content, leaves, message_within
from helpdesk.core import address
from helpdesk.core.message import Bounce, FailedRecipient

# A report beyond this size is read by its machine part alone, and names no more recipients.
MAX_PROSE = 512 * 1024
MAX_RECIPIENTS = 100

_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_ID_LINE = re.compile(r"^[> \t]{0,4}Message-ID:[ \t]*(<[^<>\s]{1,900}>)", re.IGNORECASE | re.MULTILINE)
_DELIVERED = frozenset(["delivered", "relayed", "expanded"])


def read_bounce(message: Message, *, size: int) -> Bounce | None:
    """The bounce that this mail is, or None. Ask only about mail that may be one: prose is easily misread."""
    reports = [leaf.message for leaf in leaves(message) if leaf.message.get_content_type() == "message/delivery-status"]
    if reports:
        return _by_report(message, reports)
    return _by_prose(message) if size <= MAX_PROSE else None


def _by_report(message: Message, reports: list[Message]) -> Bounce | None:
    """RFC 3464: failed and delayed recipients; None when everything that is named was delivered."""
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
    if delivered and not recipients:
        return None
    return Bounce(recipients=tuple(recipients.values()), original_message_id=_original_id(message))


def _fields(reports: list[Message]) -> Iterator[Message]:
    """The blocks of fields of delivery reports, one per recipient."""
    for report in reports:
        payload = report.get_payload()
        if isinstance(payload, list):
            yield from (block for block in payload if isinstance(block, Message))
        else:
            text = content(report).decode("utf-8", "replace").replace("\r\n", "\n")
            yield from (message_from_string(block) for block in text.strip().split("\n\n", MAX_RECIPIENTS))


def _address(fields: Message, name: str) -> str | None:
    """The mailbox in a field such as "rfc822; user@example.com"."""
    value = str(fields.get(name, ""))
    return address.normalise(value.partition(";")[2].strip().strip("<>") or value.strip().strip("<>"))


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
    """What flufl.bounce and the header X-Failed-Recipients know; None when they know nobody."""
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
    if not named:
        return None
    recipients = (FailedRecipient(address=text, status="", permanent=failed) for text, failed in sorted(named.items()))
    original = _original_id(message) or next(
        filter(None, (_id_in(content(leaf.message)) for leaf in leaves(message))), None
    )
    return Bounce(recipients=tuple(recipients)[:MAX_RECIPIENTS], original_message_id=original)


def _plain(found: str | bytes) -> str | None:
    return address.normalise(found.decode("ascii", "replace") if isinstance(found, bytes) else found)

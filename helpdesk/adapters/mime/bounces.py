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
from helpdesk.core.failure import failed_in, is_for_now, is_reported, named_in
from helpdesk.core.message import Bounce, FailedRecipient, Inbound
from helpdesk.core.returned import is_surely_returned

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
# The first is the standard's word.
_FAILED = frozenset(["failed", "failure", "fail", "expired", "error", "undeliverable"])


def read_bounce(message: Message, inbound: Inbound) -> Bounce | None:
    """The bounce that this mail is, or None. `inbound`: what else was read of it.

    Ask only about mail that may be one: prose is easily misread.
    """
    reports = [leaf.message for leaf in leaves(message) if leaf.message.get_content_type() in _MACHINE_PARTS]
    told = _by_report(message, reports)
    if told is not None and (told.recipients or inbound.size > MAX_PROSE):
        return told
    if told is None and reports:
        return None
    # A report that names nobody, or none at all: the words for people may say more.
    return (_by_prose(message, inbound) if inbound.size <= MAX_PROSE else None) or told


def _by_report(message: Message, reports: list[Message]) -> Bounce | None:
    """RFC 3464: failed and delayed recipients; None when there is no report, or all it names was delivered."""
    recipients: dict[str, FailedRecipient] = {}
    delivered = False
    for fields in islice(_fields(reports), MAX_RECIPIENTS):
        action = _word(fields, "Action")
        if action in _DELIVERED:
            delivered = True
            continue
        named = _address(fields, "Original-Recipient") or _address(fields, "Final-Recipient")
        if named:
            status = _STATUS.search(str(fields.get("Status", "")))
            failed = action in _FAILED or (action != "delayed" and status is not None and status[0].startswith("5"))
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


def _word(fields: Message, name: str) -> str:
    """The first word of a field, lower case; some servers explain it behind: "failed (bad address)"."""
    found = re.match(r"\s*([a-z]+)", str(fields.get(name, "")).lower())
    return found[1] if found else ""


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


def _by_prose(message: Message, inbound: Inbound) -> Bounce | None:
    """What the header X-Failed-Recipients, flufl.bounce and our own phrases know; None when they know nobody."""
    words = written(message)[0][:MAX_PROSE]
    named = _in_header(message, words) or _by_words(message, inbound, words)
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


def _in_header(message: Message, words: str) -> dict[str, bool]:
    """Whom Exim and Gmail name in a header of their own; Gmail also while it still tries."""
    named = [_plain(found) for found in str(message.get("X-Failed-Recipients", "")).split(",")[:MAX_RECIPIENTS]]
    return dict.fromkeys(filter(None, named), not is_for_now(words))


def _by_words(message: Message, inbound: Inbound, words: str) -> dict[str, bool]:
    """Whom the report names in words, by the library and by us: ours where it finds them all, too."""
    theirs = _by_library(message)
    theirs = {text: failed for text, failed in theirs.items() if is_reported(text, words)} or theirs
    everyone = (inbound.sender, *inbound.to, *inbound.cc)
    aside = frozenset([*(one.address for one in everyone if one is not None), *inbound.delivered_to])
    ours = named_in(words, aside) if is_surely_returned(inbound) else failed_in(words, aside)
    goes_on = is_for_now(words)
    return {text: theirs.get(text, True) and not goes_on for text in (ours if ours.keys() >= theirs.keys() else theirs)}


def _by_library(message: Message) -> dict[str, bool]:
    """What flufl.bounce says: the addresses, and whether it takes the failure for one for good."""
    try:
        temporary, permanent = all_failures(message)
    except Exception:
        # It looks at hostile text with dozens of patterns; what it cannot read names nobody.
        return {}
    found = dict.fromkeys(filter(None, map(_plain, temporary)), False)
    return found | dict.fromkeys(filter(None, map(_plain, permanent)), True)


def _plain(found: str | bytes) -> str | None:
    return address.normalise(found.decode("ascii", "replace") if isinstance(found, bytes) else found)


def _status_near(named: str, words: str) -> str:
    """The enhanced status code (RFC 3463) behind the place where an address is named, or nothing."""
    at = words.lower().find(named)
    found = _STATUS.search(words[at : at + MAX_REASON]) if at >= 0 else None
    return found[0] if found else ""

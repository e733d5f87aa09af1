"""A letter to a ticket closed long ago that is probably about something new.

The evidence is that of a reader: the ticket was closed long ago, the subject has words of its own, nothing is quoted.
It moves nothing: the ticket opens again as it always does, and the agent, who sees the words, may #split.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from helpdesk.core.message import Inbound, Reason
from helpdesk.core.subject_tag import strip_prefixes
from helpdesk.core.ticket import State, Ticket

# Who writes again within two weeks usually means the same matter.
LONG_AGO = timedelta(days=14)

_WORD = re.compile(r"[^\W_]{2,}")


def new_matter(inbound: Inbound, ticket: Ticket, now: datetime) -> Reason | None:
    """Why this letter is probably a request of its own, with its words; None where any of the evidence is missing."""
    if ticket.state is not State.CLOSED or ticket.closed_at is None or now - ticket.closed_at < LONG_AGO:
        return None
    known = set(_words(ticket.subject))
    new = tuple(word for word in _words(strip_prefixes(inbound.subject)) if word not in known)
    if not new or _quotes(inbound.quoted):
        return None
    return Reason("new-request", f"{ticket.closed_at:%Y-%m-%d}; {', '.join(dict.fromkeys(new))}")


def _words(subject: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(subject)]


def _quotes(quoted: str) -> bool:
    """Is there history in what was folded away? A signature alone is none (RFC 3676 section 4.3)."""
    return bool(quoted.strip()) and not quoted.lstrip("\n").startswith("--")

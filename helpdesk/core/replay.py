"""What changed rules would have made of past mail: two verdicts on the same mail in, their differences out.

A verdict is that of the moment at which the mail came: the desk's hours then, and what its sender had asked before.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from helpdesk.core.case import Arrival, study
from helpdesk.core.facts import Facts
from helpdesk.core.message import Inbound
from helpdesk.core.opening import judged
from helpdesk.core.policy import Policy
from helpdesk.core.rules import Verdict
from helpdesk.core.sender import Contact, Opened
from helpdesk.core.ticket import Ticket

# As far back as rules look at what a sender has asked before.
LOOKS_BACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Met:
    """What was known of a sender when a mail came: whether he had written before, and how much of late."""

    known: bool
    requests_1h: int


@dataclass(slots=True)
class Senders:
    """Who opened tickets, while past mail is gone through in the order in which it came."""

    _known: set[str] = field(default_factory=set)
    _lately: deque[tuple[datetime, str]] = field(default_factory=deque)

    def meet(self, sender: str, at: datetime) -> Met:
        """What the mails before told of `sender`; this one, which came `at` that moment, counts from now on."""
        while self._lately and self._lately[0][0] <= at - LOOKS_BACK:
            self._lately.popleft()
        met = Met(sender in self._known, sum(one == sender for _, one in self._lately))
        self._known.add(sender)
        self._lately.append((at, sender))
        return met


def verdict_then(inbound: Inbound, ticket: Ticket, policy: Policy, *, at: datetime, met: Met) -> Verdict:
    """What the rules of `policy` make of the mail that opened `ticket` at that moment."""
    requester = ticket.requester.address if ticket.requester else ""
    contact = Contact(requester, language=ticket.language) if met.known else None
    facts = Facts(contact=contact, opened=Opened(tickets_1h=met.requests_1h))
    return judged(study(inbound, facts, policy, Arrival(desk=ticket.desk, at=at), at).of_author)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that would have been otherwise."""

    what: str
    before: str
    after: str


def differences(before: Verdict, after: Verdict) -> tuple[Difference, ...]:
    """What the two verdicts disagree on, the place in the queue first."""
    return tuple(
        Difference(what, old, new)
        for (what, old), (_, new) in zip(_told(before), _told(after), strict=True)
        if old != new
    )


def as_it_stands(ticket: Ticket, now: Verdict) -> Verdict:
    """A verdict that gives the ticket the place which it has, and agrees with `now` on what a ticket does not keep."""
    return Verdict(
        lane=ticket.lane,
        situation=ticket.situation,
        priority=ticket.priority,
        desk=now.desk,
        tags=now.tags,
        assignee=now.assignee,
        notify=now.notify,
        checklist=now.checklist,
        template=now.template,
        fields=now.fields,
    )


def _told(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    return (
        ("lane", verdict.lane.value),
        ("situation", verdict.situation or "none"),
        ("priority", verdict.priority.value),
        ("desk", verdict.desk or "where it came"),
        ("assignee", verdict.assignee or "nobody"),
        ("notify", ", ".join(verdict.notify) or "nobody else"),
        ("tags", ", ".join(verdict.tags) or "none"),
        ("checklist", verdict.checklist or "by topic"),
        ("template", verdict.template or "the usual one"),
        ("fields", ", ".join(f"{name}: {value}" for name, value in verdict.fields) or "none"),
    )

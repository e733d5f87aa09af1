"""When many reports are one incident: which one a report belongs to, or which earlier reports begin one with it.

A report is an open outage of a known situation. Once so many different requesters of a desk report the same situation
within so much time (policy.Incidents), an incident begins; what is reported while it is open belongs to it. Times are
those of arrival at our server, so that a backlog is judged as the mail came. Whoever the trusted server called forged
is nobody's requester and counts for nothing. Never fails: "it stands alone" is a result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from helpdesk.core.message import Address
from helpdesk.core.policy import Incidents
from helpdesk.core.ticket import Lane, State, Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """An open outage that hangs on no incident. The counts are automatic letters to its requester so far.

    `taken_by`: the agent who has taken it; whomever a rule gave it to has not.
    """

    ticket: int
    subject: str
    requester: Address | None
    desk: str
    situation: str | None
    language: str
    words: bool
    forged: bool
    opened_at: datetime
    taken_by: str | None = None
    letters_3h: int = 0
    letters_24h: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """An incident that is open. `news` is what agents last told everybody on it, empty for nothing yet."""

    number: int
    desk: str
    situation: str | None
    assignee: str | None = None
    news: str = ""


@dataclass(frozen=True, slots=True)
class HangOn:
    """A ticket hangs on an incident from now on, or on none."""

    ticket: int
    incident: int | None


@dataclass(frozen=True, slots=True)
class SetNews:
    """What whoever joins the incident from now on is told; empty: nothing yet."""

    incident: int
    news: str


def is_report(ticket: Ticket) -> bool:
    """May this ticket, as it begins, belong to an incident?"""
    return ticket.lane is Lane.OUTAGE and ticket.situation is not None and ticket.state is not State.CLOSED


def incident_of(ticket: Ticket, incidents: Iterable[Incident]) -> Incident | None:
    """The open incident that is about what this ticket reports; the oldest, should there be several."""
    same = (one for one in incidents if (one.desk, one.situation) == (ticket.desk, ticket.situation))
    return min(same, key=lambda incident: incident.number, default=None)


def begun_by(ticket: Ticket, reports: Iterable[Report], settings: Incidents) -> tuple[Report, ...]:
    """The earlier reports with which this one makes an incident, oldest first; none while there are too few."""
    if ticket.requester is None or ticket.forged or not settings.reporters:
        return ()
    same = [
        report
        for report in reports
        if (report.desk, report.situation) == (ticket.desk, ticket.situation)
        and report.requester is not None
        and not report.forged
        and abs(report.opened_at - ticket.opened_at) <= settings.within
    ]
    reporters = {ticket.requester.address, *(report.requester.address for report in same if report.requester)}
    if len(reporters) < settings.reporters:
        return ()
    return tuple(sorted(same, key=lambda report: (report.opened_at, report.ticket)))

"""What follows when a mail that begins a ticket belongs to an incident: the ticket hangs on it, and few letters leave.

Agents get one notification when the incident begins; what joins it later comes as a line of their next list. A
requester is told once that it is known: in the acknowledgement or, where that was written before, in a letter of its
own. Which incident, if any, is decided in `incident`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from helpdesk.core.case import Case
from helpdesk.core.decision import (
    Assign,
    Change,
    OpenTicket,
    Record,
    Unschedule,
)
from helpdesk.core.escalation import ESCALATE, watch
from helpdesk.core.incident import HangOn, Incident, Report, begun_by, incident_of, is_report
from helpdesk.core.message import Reason
from helpdesk.core.notices import to_agents, to_requester
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.policy import Agent, Bounds, Desk, Policy
from helpdesk.core.subject_tag import tag
from helpdesk.core.texts import Wording
from helpdesk.core.ticket import NEW, NEW_INCIDENT, Lane, State, Ticket

SUBJECT = Wording.read("Incident: {} | Инцидент: {} | Інцидент: {} | Incydent: {}")

# Nobody reads further in a notification; `show` has them all.
MAX_LISTED = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathering:
    """An incident takes the new ticket in. `told`: why its requester need not be told once more that it is known."""

    changes: tuple[Change, ...]
    letters: tuple[Letter, ...]
    reason: Reason
    news: str = ""  # what agents last told everybody on the incident
    told: Reason | None = None


def gather(case: Case, ticket: Ticket) -> Gathering | None:
    """What happens when `ticket`, which this mail begins, belongs to an incident; None when it stands alone."""
    if not is_report(ticket):
        return None
    incident = incident_of(ticket, case.facts.incidents)
    if incident is not None:
        return _join(case, incident)
    reports = begun_by(ticket, case.facts.reports, case.policy.incidents)
    return _begin(case, ticket, reports) if reports else None


def _join(case: Case, incident: Incident) -> Gathering:
    reason = Reason("joins-incident", tag(incident.number))
    known = case.facts.opened.incident == incident.number
    return Gathering(
        changes=(HangOn(NEW, incident.number), Record(NEW, "helpdesk", "joined an incident", tag(incident.number))),
        letters=to_agents(
            Event.NOTIFY,
            _stand_in(incident, case),
            case.policy,
            case.inbound.sha256,
            audience=Audience.COLLEAGUES,
            reasons=(reason,),
            listed=True,
        ),
        reason=reason,
        news=incident.news,
        told=Reason("told-before", tag(incident.number)) if known else None,
    )


def _begin(case: Case, ticket: Ticket, reports: tuple[Report, ...]) -> Gathering:
    began_at = min(reports[0].opened_at, ticket.opened_at)
    incident = incident_from(ticket, reports[0].subject, began_at, case.policy.desk(ticket.desk))
    # Two daemons that begin the same incident at once name the same cause: no letter leaves twice.
    cause = f"incident:{reports[0].ticket}"
    requesters = {report.requester.address for report in reports if report.requester is not None}
    sender = ticket.requester.address if ticket.requester else ""
    reason = Reason("incident", f"{len(requesters | {sender})} report {ticket.situation}")
    taken_by = next((report.taken_by for report in reports if report.taken_by is not None), None)
    changes: list[Change] = [
        OpenTicket.of(incident),
        Record(NEW_INCIDENT, "helpdesk", "opened", str(reason)),
    ]
    for number in (*(report.ticket for report in reports), NEW):
        changes += (HangOn(number, NEW_INCIDENT), Record(number, "helpdesk", "joined an incident", str(reason)))
    changes += (Unschedule(report.ticket, (ESCALATE,)) for report in reports)
    changes += begun(replace(incident, assignee=taken_by), case.policy, case.now)
    notice = to_agents(
        Event.NOTIFY,
        incident,
        case.policy,
        cause,
        agents=desk_of(incident, case.policy),
        audience=Audience.COLLEAGUES,
        body=_listed(reports, ticket, case),
        reasons=(reason,),
    )
    return Gathering(
        changes=tuple(changes),
        letters=(*_we_know(reports, cause, case), *notice),
        reason=reason,
        told=Reason("told-before", tag(reports[0].ticket)) if sender in requesters else None,
    )


def incident_from(ticket: Ticket, subject: str, opened_at: datetime, desk: Desk) -> Ticket:
    """The incident as it begins with this report: it stands in the queue where the first report stood."""
    return Ticket(
        number=NEW_INCIDENT,
        subject=SUBJECT.of(desk.language).format(subject),
        requester=None,
        desk=ticket.desk,
        state=State.NEW,
        lane=Lane.OUTAGE,
        priority=ticket.priority,
        situation=ticket.situation,
        language=desk.language,
        opened_at=opened_at,
        active_at=ticket.active_at,
        reasons=ticket.reasons,
        gathers=0,
    )


def begun(incident: Ticket, policy: Policy, now: datetime) -> tuple[Change, ...]:
    """The incident is whose it is, if anybody's; else the leads are told unless somebody takes it."""
    if incident.assignee is not None:
        return (Assign(NEW_INCIDENT, incident.assignee),)
    return watch(incident, policy, now)


def desk_of(incident: Ticket, policy: Policy) -> tuple[Agent, ...] | None:
    """Everybody on the desk: also whoever has not taken the incident may be asked about it; None for the leads."""
    return tuple(agent for agent in policy.agents if agent.serves(incident.desk)) or None


def _stand_in(incident: Incident, case: Case) -> Ticket:
    """As much of an incident as a notice about it needs."""
    return Ticket(
        number=incident.number,
        subject="",
        requester=None,
        desk=incident.desk,
        lane=Lane.OUTAGE,
        assignee=incident.assignee,
        opened_at=case.now,
        active_at=case.now,
    )


def _listed(reports: tuple[Report, ...], ticket: Ticket, case: Case) -> str:
    """Who reported it so far, a line each."""
    first = [f"{tag(report.ticket)} {report.requester or '?'}: {report.subject}" for report in reports[:MAX_LISTED]]
    left = len(reports) - MAX_LISTED
    more = [f"… +{left}"] if left > 0 else []
    return "\n".join([*first, *more, f"{ticket.requester or '?'}: {ticket.subject}", "", case.inbound.text]).strip()


def _we_know(reports: Iterable[Report], cause: str, case: Case) -> tuple[Letter, ...]:
    """A letter to each requester whose acknowledgement was written before anybody knew."""
    first: dict[str, Report] = {}
    for report in reports:
        if report.requester is not None and _may_be_written(report, case.policy.bounds):
            first.setdefault(report.requester.address, report)
    return tuple(
        letter for report in first.values() for letter in to_requester(Event.INCIDENT, _of_report(report, case), cause)
    )


def _may_be_written(report: Report, bounds: Bounds) -> bool:
    return report.letters_3h < bounds.per_address_3h and report.letters_24h < bounds.per_address_24h


def _of_report(report: Report, case: Case) -> Ticket:
    """As much of a report's ticket as a letter to its requester needs."""
    return Ticket(
        number=report.ticket,
        subject=report.subject,
        requester=report.requester,
        desk=report.desk,
        language=report.language,
        words=report.words,
        forged=report.forged,
        opened_at=report.opened_at,
        active_at=case.now,
    )

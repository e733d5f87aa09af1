"""#incident, #join and #broadcast: what agents do with many tickets of one outage.

A broadcast is an answer to every requester on the incident, each privately: an own letter on the own ticket, in the
desk's own frame of that language. Whoever has several tickets there gets one. Nothing goes to an address that the
trusted server called forged. Whoever joins later gets the last one with the word that the outage is known.
"""

from __future__ import annotations

from dataclasses import replace

from helpdesk.core.bench import Announcement, Bench, Carried, changed
from helpdesk.core.decision import (
    CancelLetters,
    Change,
    OpenTicket,
    Record,
    SetState,
    Unschedule,
)
from helpdesk.core.escalation import ESCALATE
from helpdesk.core.gathering import begun, desk_of, incident_from
from helpdesk.core.incident import HangOn, Incident, SetNews, incident_of
from helpdesk.core.message import Reason
from helpdesk.core.notices import answer, to_agents, to_requester
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.subject_tag import tag
from helpdesk.core.ticket import NEW_INCIDENT, State, Ticket


def begin_incident(ticket: Ticket, bench: Bench) -> Carried | str:
    """The outage `ticket` becomes an incident: one begins, the ticket hangs on it, and its requester is told."""
    refused = _cannot_hang(ticket, bench)
    if refused is not None:
        return refused
    same = incident_of(ticket, bench.incidents) if ticket.situation is not None else None
    if same is not None:
        return bench.words.incident_exists.format(number=same.number)
    incident = incident_from(ticket, ticket.subject, ticket.opened_at, bench.policy.desk(ticket.desk))
    why = Reason("agent", bench.agent.name)
    changes: list[Change] = [
        OpenTicket.of(incident),
        Record(NEW_INCIDENT, bench.agent.name, "opened", tag(ticket.number)),
    ]
    changes += begun(replace(incident, assignee=ticket.assignee), bench.policy, bench.now)
    notice = to_agents(
        Event.NOTIFY,
        incident,
        bench.policy,
        f"incident:{bench.cause}",
        agents=desk_of(incident, bench.policy),
        audience=Audience.COLLEAGUES,
        body=f"{tag(ticket.number)} {ticket.requester or '?'}: {ticket.subject}",
        reasons=(why,),
    )
    return _hung(ticket, NEW_INCIDENT, bench.words.incident_begun, (*changes,), bench, letters=notice)


def named_incident(number: int, bench: Bench) -> Incident | str:
    """The open incident `number`, or the one that the ticket `number` hangs on."""
    named = next((one for one in bench.others if one.number == number), None)
    if named is None:
        return bench.words.no_ticket.format(number=number)
    wanted = number if named.gathers is not None else named.incident
    found = next((one for one in bench.incidents if one.number == wanted), None)
    return found or bench.words.no_incident.format(number=number)


def join_incident(ticket: Ticket, incident: Incident, bench: Bench) -> Carried | str:
    """The ticket hangs on the incident; its requester is told what is known."""
    refused = _cannot_hang(ticket, bench)
    if refused is not None:
        return refused
    line = bench.words.joined_incident.format(number=incident.number)
    return _hung(ticket, incident.number, line, (), bench, news=incident.news)


def leave_incident(ticket: Ticket, bench: Bench) -> tuple[Change, ...]:
    """What takes a ticket off the incident that it hangs on, if it does."""
    if ticket.incident is None:
        return ()
    left = Record(ticket.number, bench.agent.name, "left the incident", tag(ticket.incident))
    return (HangOn(ticket.number, None), left)


def broadcast(ticket: Ticket, announcement: Announcement | None, bench: Bench) -> Carried | str:
    """Every requester on the incident `ticket` gets the text and, when everything closes, learns that as well."""
    if ticket.gathers is None or announcement is None:
        return bench.words.not_on_incident
    if not announcement.text:
        return bench.words.broadcast_empty
    changes: list[Change] = [SetNews(ticket.number, announcement.text)]
    letters: list[Letter] = []
    told: set[str] = set()
    for member in _open_members(bench):
        changes += _told(member, ticket, announcement, bench)
        if member.requester is None or member.forged or member.requester.address in told:
            continue
        told.add(member.requester.address)
        letters += _copy(member, announcement, bench)
    colleagues = to_agents(
        Event.NOTE,
        ticket,
        bench.policy,
        f"broadcast:{bench.cause}",
        agents=desk_of(ticket, bench.policy),
        audience=Audience.COLLEAGUES,
        body=announcement.text,
        author=announcement.author,
        but=bench.agent.addresses[0],
    )
    changes.append(Record(ticket.number, bench.agent.name, "told everybody", f"{len(told)} requesters"))
    lines = [bench.words.broadcast.format(count=len(told))]
    if announcement.resolution is not None:
        lines.append(bench.words.broadcast_closes.format(count=len(_open_members(bench))))
    return Carried(ticket=ticket, changes=tuple(changes), letters=(*letters, *colleagues), lines=tuple(lines))


def undo_broadcast(ticket: Ticket, bench: Bench) -> Carried | None:
    """The last broadcast of this agent is taken back where it has not left yet; None when there is none."""
    unsent = [member for member in bench.gathered[1:] if bench.agent.name in member.unsent]
    if ticket.gathers is None or not unsent:
        return None
    changes: list[Change] = [SetNews(ticket.number, ""), SetState(ticket.number, State.OPEN)]
    for member in unsent:
        changes += (
            CancelLetters(member.number, bench.agent.name),
            Record(member.number, bench.agent.name, "took the answer back"),
            SetState(member.number, State.OPEN),
        )
    return changed(replace(ticket, state=State.OPEN), bench.words.undone, *changes)


def _cannot_hang(ticket: Ticket, bench: Bench) -> str | None:
    """Why this ticket cannot come to hang on an incident."""
    if ticket.gathers is not None:
        return bench.words.is_incident
    if any(one.number == ticket.incident for one in bench.incidents):
        return bench.words.hangs_already.format(number=ticket.incident)
    if ticket.state is State.CLOSED:
        return bench.words.merge_closed.format(number=ticket.number)
    return None


def _hung(
    ticket: Ticket,
    incident: int,
    line: str,
    before: tuple[Change, ...],
    bench: Bench,
    *,
    letters: tuple[Letter, ...] = (),
    news: str = "",
) -> Carried:
    """The ticket on its incident; its requester is told that the outage is known."""
    to_whom = to_requester(
        Event.INCIDENT,
        ticket,
        bench.cause,
        in_reply_to=ticket.thread[-1] if ticket.thread else None,
        body=news,
    )
    why = Record(ticket.number, bench.agent.name, "joined an incident", tag(incident) if incident > 0 else "")
    # Its clock stops: the incident has one.
    hangs = (HangOn(ticket.number, incident), why, Unschedule(ticket.number, (ESCALATE,)))
    return changed(replace(ticket, incident=incident), line, *before, *hangs, letters=(*to_whom, *letters))


def _open_members(bench: Bench) -> tuple[Ticket, ...]:
    """What hangs on the incident and is not over, oldest first."""
    return tuple(member for member in bench.gathered[1:] if member.state is not State.CLOSED)


def _told(member: Ticket, incident: Ticket, announcement: Announcement, bench: Bench) -> tuple[Change, ...]:
    told = Record(member.number, bench.agent.name, "told with everybody", tag(incident.number))
    if announcement.resolution is None:
        return (told,)
    closed = SetState(member.number, State.CLOSED, resolution=announcement.resolution)
    return (told, Unschedule(member.number), closed)


def _copy(member: Ticket, announcement: Announcement, bench: Bench) -> tuple[Letter, ...]:
    return answer(
        member,
        bench.agent,
        announcement.text,
        bench.cause,
        event=Event.REPLY if announcement.resolution is None else Event.CLOSED,
        parts=announcement.parts,
        parts_of=announcement.parts_of,
        send_after=announcement.send_after,
    )

"""#merge: a ticket goes into another one, with everything that is on it.

Whoever took part in it takes part in the other one from now on and gets the answers that agents write there; of what
was written before nobody gets anything, because no letter carries history. Where that brings people together who were
apart, the agent is asked first (see `agent_mail`), and what answers an older notification is, too: such a mail has
told him somebody else. Nobody is let in on the word of a first mail that the trusted server called forged.
"""

from __future__ import annotations

from dataclasses import replace

from helpdesk.core.bench import Bench, Carried, changed
from helpdesk.core.decision import (
    Assign,
    Change,
    Join,
    Link,
    Record,
    Schedule,
    SetFacts,
    SetPlace,
    SetState,
    Unschedule,
)
from helpdesk.core.escalation import ESCALATE, calm, is_taken
from helpdesk.core.incident import HangOn
from helpdesk.core.message import Reason
from helpdesk.core.notices import to_agents
from helpdesk.core.outgoing import Event
from helpdesk.core.regrouping import Merge, SetRequester
from helpdesk.core.subject_tag import tag
from helpdesk.core.ticket import MERGED, Part, Participant, State, Ticket


def merge(ticket: Ticket, number: int, bench: Bench) -> Carried | str:
    """The ticket goes into `number`, or into what that one went into; the ticket afterwards is that one."""
    known = {other.number: other for other in bench.others}
    into = known.get(number)
    if into is not None and into.merged_into is not None:
        into = known.get(into.merged_into)
    if into is None:
        return bench.words.no_ticket.format(number=number)
    if ticket.gathers is not None or into.gathers is not None:
        return bench.words.incident_stays
    if into.number == ticket.number:
        return bench.words.merge_itself.format(number=number)
    if into.state is State.CLOSED:
        return bench.words.merge_closed.format(number=into.number)
    joining = _joining(ticket, into)
    after, changes = _with_people(into, joining)
    for step in (_as_urgent, _on_incident, _as_open, _with_facts, _with_clock, _with_assignee):
        after, more = step(ticket, after)
        changes += more
    regroups = _people(ticket) != _people(into)
    by = bench.agent.name
    line = bench.words.merged.format(tag=tag(into.number), subject=into.subject, requester=into.requester or "?")
    merged = changed(
        replace(after, held=after.held + ticket.held),
        line,
        Record(ticket.number, by, MERGED, f"into {tag(into.number)}"),
        Record(into.number, by, MERGED, f"with {tag(ticket.number)}, which was {ticket.requester or 'nobody'}'s"),
        Unschedule(ticket.number),
        Link(ticket.number, into.number, MERGED),
        Merge(ticket.number, into.number, regroups),
        *changes,
        letters=to_agents(
            Event.NOTIFY,
            after,
            bench.policy,
            f"merge:{bench.cause}",
            reasons=(Reason(MERGED, f"{tag(ticket.number)}, {by}"),),
            but=bench.agent.addresses[0],
        )
        if after.assignee not in (None, by)
        else (),
    )
    readers = tuple(person for person in joining if person.part is not Part.PARTNER)
    if not readers:
        return replace(merged, regroups=regroups)
    people = ", ".join(str(person.address) for person in readers)
    return replace(merged, regroups=regroups, lines=(*merged.lines, bench.words.joins.format(people=people)))


def _people(ticket: Ticket) -> frozenset[str]:
    return frozenset(person.address.address for person in ticket.participants)


def _joining(ticket: Ticket, into: Ticket) -> tuple[Participant, ...]:
    """Who takes part in the other ticket from now on; its requester stays who it is."""
    believed = (one for one in ticket.participants if not (ticket.forged and one.part is Part.REQUESTER))
    return tuple(
        Participant(one.address, Part.CC if one.part is Part.REQUESTER and into.requester else one.part)
        for one in believed
        if into.part_of(one.address.address) is None
    )


def _with_people(into: Ticket, joining: tuple[Participant, ...]) -> tuple[Ticket, tuple[Change, ...]]:
    changes: list[Change] = []
    after = replace(into, participants=into.participants + joining)
    for one in joining:
        if one.part is Part.REQUESTER:
            changes.append(SetRequester(into.number, one.address))
            after = replace(after, requester=one.address)
        else:
            changes.append(Join(into.number, one.address, one.part))
    return after, tuple(changes)


def _as_urgent(ticket: Ticket, into: Ticket) -> tuple[Ticket, tuple[Change, ...]]:
    """An outage is worked on out of turn, wherever it went."""
    if not ticket.outranks or into.outranks:
        return into, ()
    after = replace(into, lane=ticket.lane, situation=ticket.situation, reasons=ticket.reasons)
    place = SetPlace(into.number, ticket.lane, into.priority, ticket.situation, ticket.reasons)
    if into.state is State.WAITING:
        # Nothing in the outage lane closes by itself.
        after = replace(after, state=State.OPEN)
        return after, (place, Unschedule(into.number), SetState(into.number, State.OPEN))
    return after, (place,)


def _on_incident(ticket: Ticket, into: Ticket) -> tuple[Ticket, tuple[Change, ...]]:
    """What hung on an incident still does; nobody is told twice what is new."""
    if ticket.incident is None:
        return into, ()
    gone = HangOn(ticket.number, None)
    if into.incident is not None:
        return into, (gone,)
    return replace(into, incident=ticket.incident), (gone, HangOn(into.number, ticket.incident))


def _as_open(ticket: Ticket, into: Ticket) -> tuple[Ticket, tuple[Change, ...]]:
    """What waited for us still does."""
    if ticket.state not in (State.NEW, State.OPEN) or ticket.wake_at is not None:
        return into, ()
    if into.state is not State.WAITING and into.wake_at is None:
        return into, ()
    after = replace(into, state=State.OPEN, wake_at=None)
    return after, (Unschedule(into.number), SetState(into.number, State.OPEN))


def _with_facts(ticket: Ticket, into: Ticket) -> tuple[Ticket, tuple[Change, ...]]:
    """What is known there is known here; what both say stays as the surviving ticket has it."""
    known = dict(into.fields)
    new = tuple((name, value) for name, value in ticket.fields if name not in known)
    if not new:
        return into, ()
    missing = tuple(item for item in into.missing if item not in dict(new))
    after = replace(into, fields=into.fields + new, missing=missing)
    return after, (SetFacts(into.number, new, missing, into.checklist),)


def _with_assignee(ticket: Ticket, into: Ticket) -> tuple[Ticket, tuple[Change, ...]]:
    if into.assignee is not None or ticket.assignee is None:
        return into, ()
    taken = calm(into) if is_taken(ticket) else ()
    return replace(into, assignee=ticket.assignee), (Assign(into.number, ticket.assignee), *taken)


def _with_clock(ticket: Ticket, into: Ticket) -> tuple[Ticket, tuple[Change, ...]]:
    """Whatever was to be told to the leads is told of the other one, unless somebody has that."""
    due_at = next((one.due_at for one in ticket.follow_ups if one.kind == ESCALATE), None)
    runs = any(one.kind == ESCALATE for one in into.follow_ups)
    if due_at is None or runs or into.assignee is not None:
        return into, ()
    return into, (Schedule(into.number, ESCALATE, due_at),)

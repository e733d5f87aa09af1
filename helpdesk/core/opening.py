"""A mail that begins a ticket: its place in the queue, what is missing, who is written to.

Case -> Decision with disposition `open`. The requester gets one acknowledgement, which also asks for what is
missing; the desk's agents get one notification each. An outage is asked for facts and stays open; any other
vague report waits for its requester, is reminded and closed when nobody answers. One of many reports of the same
outage belongs to their incident, and asks nothing (see `gathering`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from helpdesk.core.bounds import breaker_alerts, guessing, guessing_alerts, in_turn, refusal
from helpdesk.core.case import Case
from helpdesk.core.chains import Occasion
from helpdesk.core.checklist import CUSTOMER, Findings, Request, examine, questions, request
from helpdesk.core.decision import (
    Assign,
    Change,
    Decision,
    Disposition,
    Filing,
    Link,
    OpenTicket,
    Outcome,
    Record,
    Schedule,
    SetState,
)
from helpdesk.core.escalation import watch
from helpdesk.core.gathering import Gathering, gather
from helpdesk.core.language import guess
from helpdesk.core.look_ups import with_look_ups
from helpdesk.core.message import Address, Inbound, Kind, Reason
from helpdesk.core.notices import concerned, to_agents, to_requester
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.policy import Desk
from helpdesk.core.routes import probable
from helpdesk.core.rules import Verdict, judge
from helpdesk.core.scheduling import closes_at, start
from helpdesk.core.sender import Remember
from helpdesk.core.settling import Tongue, learn, shown_by
from helpdesk.core.stages import Trigger, stage_on
from helpdesk.core.subject_tag import strip_prefixes, strip_tags, tag
from helpdesk.core.thread import admits
from helpdesk.core.ticket import COMPLETE, NEW, Lane, Part, Participant, State, Ticket
from helpdesk.core.trust import Authentication

# A subject made from the first words of a letter that came without one.
SUBJECT_FROM_TEXT = 60


def open_ticket(case: Case, *, linked: Ticket | None = None) -> Decision:
    """The decision to open a ticket for this mail, linked to `linked` when its sender named that one.

    A mail that a proven agent or partner passes on opens it for whoever wrote that first.
    """
    forwarder, case = case, case.of_author
    arrived, mail, tongue = case.desk_of_arrival, _plain(case.inbound), _tongue(case)
    language = tongue.language or arrived.language
    verdict = in_turn(case, judged(case))
    desk = case.policy.desk(verdict.desk or arrived.name)  # a rule may send it to another one
    today, customer = desk.today(case.now), case.facts.customer
    known = frozenset({CUSTOMER}) if customer else frozenset[str]()
    findings = examine(desk.checklists, mail, known=known, named=verdict.checklist, today=today)
    if customer is not None and findings.checklist is not None:
        findings = replace(findings, fields=((CUSTOMER, customer.value("name")), *findings.fields))
    findings = with_look_ups(findings, desk.checklists, {}, case.facts.entries)
    guesses = guessing(case)
    silence = guesses or refusal(case)
    ticket = _ticket(case, mail, desk, language, verdict, findings, asks=silence is None)
    gathering = None if guesses else gather(case, ticket)
    chain = start(NEW, desk, Occasion.MISSING, case.now) if ticket.state is State.WAITING else ()
    others = tuple(other for other in case.desks_addressed if other.name not in (arrived.name, desk.name))

    changes: list[Change] = [OpenTicket.of(ticket), *_remembered(case, tongue), *_links(case, linked), *chain]
    changes.append(Record(NEW, case.sender or "nobody", "opened", "; ".join(ticket.reasons)))
    if findings.by_form and not findings.missing:
        changes += _completed(ticket, desk, case.now)
    if gathering is not None:
        changes += gathering.changes
        silence = silence or gathering.told
    else:
        # Whomever a rule gives it to has not taken it.
        changes += watch(replace(ticket, assignee=None), case.policy, case.now)
    if ticket.assignee is not None:
        changes.append(Assign(NEW, ticket.assignee))
    if silence is not None:
        changes.append(Record(NEW, "helpdesk", "no acknowledgement", str(silence)))
    if case.forwarded is not None:
        changes.append(_passed_on(forwarder))
    if others:
        changes.append(Record(NEW, "helpdesk", "also to", ", ".join(other.name for other in others)))

    if guesses is not None:
        letters = guessing_alerts(case, guesses)
    else:
        letters = (
            *breaker_alerts(case, silence),
            *_acknowledge(
                case,
                ticket,
                desk,
                findings,
                chain,
                silence,
                gathering,
                verdict.template,
                follows=_follows(case, linked),
            ),
            *(gathering.letters if gathering else _news(case, ticket, desk, verdict, _follows(case, linked))),
            *(() if gathering else _also_told(case, ticket, verdict)),
            *(_cover_note(forwarder, ticket) if case.forwarded is not None else ()),
            *_note_to_others(case, ticket, others, listed=gathering is not None),
        )
    whys = (gathering.reason if gathering else None, silence)
    reasons = (*verdict.reasons, *findings.reasons, *(why for why in whys if why is not None))
    outcome = Outcome(ticket=NEW, changes=tuple(changes), letters=letters, reasons=reasons)
    return case.decision(Disposition.OPEN, Filing.VISIBLE, outcome, language=language)


def _completed(ticket: Ticket, desk: Desk, now: datetime) -> tuple[Change, ...]:
    """What follows from a form that came complete: the acknowledgement is the letter of its stage, too.

    A stage with words of its own that depend on the ticket's number or fields is entered once it has the number.
    """
    stage = stage_on(desk.stages, Trigger.COMPLETE, ticket, dict(ticket.fields), today=desk.today(now))
    if stage is None:
        return ()
    if stage.when or stage.rma or stage.documents:
        return (Schedule(NEW, COMPLETE, now),)
    return (SetState(NEW, stage.state, stage=stage.key),)


def judged(case: Case) -> Verdict:
    """Where a new ticket for this mail stands by the rules of the desk that it came to."""
    desk = case.desk_of_arrival
    return judge(
        desk.rules,
        case.inbound,
        desk=desk.name,
        # A rule asks what this letter is written in, whatever its sender is answered in.
        language=guess(_words(case)) or _tongue(case).language or desk.language,
        # A form's words are as urgent as a letter's.
        kind=Kind.HUMAN if case.asks_by_itself else case.kind,
        known=case.facts.contact is not None,
        working=desk.calendar.is_open(case.arrival.at),
        requests_1h=case.facts.opened.tickets_1h,
        organisation=case.facts.organisation,
    )


def _plain(inbound: Inbound) -> Inbound:
    return replace(inbound, subject=plain_subject(inbound.subject))


def _tongue(case: Case) -> Tongue:
    return learn(case.facts.contact, shown_by(case.inbound, _words(case)))


def _words(case: Case) -> str:
    return f"{case.inbound.subject}\n{case.inbound.text}"


def _ticket(
    case: Case, mail: Inbound, desk: Desk, language: str, verdict: Verdict, findings: Findings, *, asks: bool
) -> Ticket:
    """The ticket as it begins; `asks`: its requester may be asked for what is missing."""
    # What comes from an address of our own (a form on our site), or from a machine, has nobody to be answered.
    requester = None if case.policy.is_ours(case.sender) or case.asks_by_itself else mail.sender
    if case.arrival.silent:
        state = State.CLOSED
    elif verdict.lane is Lane.OUTAGE:
        state = State.OPEN
    else:
        state = State.WAITING if asks and findings.missing else State.NEW
    opened_at = min(case.arrival.at, case.now)
    if case.arrival.silent and mail.date:
        opened_at = min(mail.date, opened_at)
    return Ticket(
        number=NEW,
        subject=mail.subject or _first_words(mail.text),
        requester=requester,
        desk=desk.name,
        state=state,
        lane=verdict.lane,
        priority=verdict.priority,
        situation=verdict.situation,
        assignee=_assignee(case, desk, verdict),
        language=language,
        checklist=findings.checklist,
        missing=findings.missing,
        fields=_fields(verdict, findings),
        participants=_participants(requester, _first_cc(case)),
        opened_at=opened_at,
        active_at=case.now,
        words=case.authentication in (Authentication.PASSED, Authentication.UNCONFIGURED),
        forged=case.authentication is Authentication.FAILED,
        reasons=tuple(str(reason) for reason in verdict.reasons),
    )


def _assignee(case: Case, desk: Desk, verdict: Verdict) -> str | None:
    """The agent whom a rule names, if he serves the desk that the ticket came to, and is not away."""
    named = (agent for agent in case.policy.agents if agent.name == verdict.assignee and agent.serves(desk.name))
    return next((agent.name for agent in named if case.policy.away_until(agent) is None), None)


def _fields(verdict: Verdict, findings: Findings) -> tuple[tuple[str, str], ...]:
    """What the letter fills in, what rules read from its words, and their tags."""
    tags = (("tags", ", ".join(verdict.tags)),) if verdict.tags else ()
    return tuple({**dict(verdict.fields), **dict(findings.fields), **dict(tags)}.items())


def _also_told(case: Case, ticket: Ticket, verdict: Verdict) -> tuple[Letter, ...]:
    """Agents whom a rule names hear of the ticket beside those whom it concerns."""
    told = concerned(ticket, case.policy)
    named = (agent for agent in case.policy.agents if agent.name in verdict.notify and agent not in told)
    return to_agents(
        Event.NOTIFY,
        ticket,
        case.policy,
        f"rule:{case.inbound.sha256}",
        agents=tuple(named),
        audience=Audience.COLLEAGUES,
        body=case.inbound.text,
        author=case.inbound.sender,
        reasons=verdict.reasons,
        but=case.sender,
    )


def _news(case: Case, ticket: Ticket, desk: Desk, verdict: Verdict, follows: Ticket | None) -> tuple[Letter, ...]:
    """The notification to the desk's agents."""
    evidence = (Reason("follows", tag(follows.number)),) if follows else case.thread.reasons
    return to_agents(
        Event.NOTIFY,
        ticket,
        case.policy,
        case.inbound.sha256,
        body=case.inbound.text,
        author=case.inbound.sender,
        parts=case.inbound.files,
        missing=questions(desk.checklists, ticket.checklist, ticket.missing, desk.language),
        reasons=(*verdict.reasons, *evidence),
        suggested=probable(desk.routes, case.inbound, desk.language),
        but=case.sender,
    )


def _passed_on(case: Case) -> Record:
    """Who forwarded the mail, and what he wrote above it, for colleagues alone."""
    agent = case.policy.agent(case.sender)
    return Record(NEW, agent.name if agent else case.sender, "forwarded", case.inbound.text)


def _cover_note(case: Case, ticket: Ticket) -> tuple[Letter, ...]:
    """What the forwarder wrote above the mail is a note."""
    if not case.inbound.text:
        return ()
    return to_agents(
        Event.NOTE,
        ticket,
        case.policy,
        case.inbound.sha256,
        audience=Audience.COLLEAGUES,
        body=case.inbound.text,
        author=case.inbound.sender,
        but=case.sender,
    )


def _note_to_others(case: Case, ticket: Ticket, others: tuple[Desk, ...], *, listed: bool) -> tuple[Letter, ...]:
    """One mail to several desks is one ticket: the agents of the others learn who works on it, and may add a note."""
    told = concerned(ticket, case.policy)
    agents = tuple(
        agent for agent in case.policy.agents if agent not in told and any(agent.serves(other.name) for other in others)
    )
    return to_agents(
        Event.NOTIFY,
        ticket,
        case.policy,
        f"also-to:{case.inbound.sha256}",
        agents=agents,
        audience=Audience.COLLEAGUES,
        body=case.inbound.text,
        author=case.inbound.sender,
        reasons=(Reason("several-desks", f"{ticket.desk} works on it"),),
        but=case.sender,
        listed=listed,
    )


def plain_subject(subject: str) -> str:
    """The requester's own words: no tags, no Re: and Fwd:."""
    return strip_prefixes(strip_tags(subject))


def _first_words(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= SUBJECT_FROM_TEXT else line[:SUBJECT_FROM_TEXT].rsplit(" ", 1)[0] + "…"


def _first_cc(case: Case) -> tuple[Address, ...]:
    """Whoever the first mail also went to, save ourselves and our agents: they get what an agent answers."""
    others = (*case.inbound.to, *case.inbound.cc)
    seen = {case.sender}
    kept = []
    for address in others:
        ours = case.policy.is_ours(address.address) or case.policy.agent(address.address) is not None
        if ours or address.address in seen:
            continue
        seen.add(address.address)
        kept.append(address)
    return tuple(kept)


def _participants(requester: Address | None, cc: tuple[Address, ...]) -> tuple[Participant, ...]:
    first = (Participant(requester, Part.REQUESTER),) if requester else ()
    return first + tuple(Participant(address, Part.CC) for address in cc)


def _remembered(case: Case, tongue: Tongue) -> tuple[Change, ...]:
    sender = case.inbound.sender
    if sender is None or case.policy.is_ours(sender.address) or case.authentication is Authentication.FAILED:
        return ()
    # The desk's own language says nothing of the sender.
    return (
        Remember(
            sender.address,
            name=sender.name or None,
            language=tongue.language,
            failing=False,
            settled=tongue.settled if tongue.language else None,
        ),
    )


def _follows(case: Case, linked: Ticket | None) -> Ticket | None:
    """The ticket, closed long ago, that the sender has a part in and goes on with."""
    return linked if admits(case.role) else None


def _links(case: Case, linked: Ticket | None) -> tuple[Change, ...]:
    if linked is None:
        return ()
    if _follows(case, linked):
        closed = f"{tag(linked.number)}, closed on {linked.closed_at:%Y-%m-%d}"
        return (
            Link(NEW, linked.number, "follows"),
            Record(NEW, "helpdesk", "follows", closed),
            Record(linked.number, case.sender, "wrote again", "too late to open it: it is a request of its own"),
        )
    return (
        Link(NEW, linked.number, "named-by-stranger"),
        Record(NEW, "helpdesk", "linked", f"the subject names {tag(linked.number)}, in which the sender has no part"),
    )


def _acknowledge(
    case: Case,
    ticket: Ticket,
    desk: Desk,
    findings: Findings,
    chain: tuple[Schedule, ...],
    silence: Reason | None,
    gathering: Gathering | None,
    template: str | None,
    *,
    follows: Ticket | None,
) -> tuple[Letter, ...]:
    """The first letter to the requester, which asks for what is missing as well; none where it may not leave.

    `template` names the words that a rule chose for it. Where many report the same, it says that this is known, and
    asks for nothing.
    """
    if silence is not None:
        return ()
    asked = Request() if gathering else request(desk.checklists, findings, ticket.language, words=ticket.words)
    return to_requester(
        Event.OPENED,
        ticket,
        case.inbound.sha256,
        missing=asked.questions,
        form=asked.form,
        understood=asked.understood,
        due_at=closes_at(chain),
        ahead=desk.ahead(ticket.lane, ticket.priority, ticket.opened_at, case.now),
        in_reply_to=case.inbound.message_id,
        follows=follows.number if follows else None,
        body=gathering.news if gathering else "",
        template=template or "",
    )

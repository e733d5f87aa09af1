"""A mail on a ticket that exists: from somebody who takes part in it, or held because that is not certain.

Case -> Decision with disposition `append`, `hold` or `record`. Any answer of the requester cancels what was due,
wakes a sleeping ticket, reopens a closed one and ticks off what was missing.
"""

from __future__ import annotations

from dataclasses import replace

from helpdesk.core.bounds import breaker_alerts, refusal
from helpdesk.core.case import Case
from helpdesk.core.chains import Occasion
from helpdesk.core.checklist import Findings, examine, form_of, questions, request, settle
from helpdesk.core.decision import (
    Change,
    Decision,
    Disposition,
    Filing,
    Join,
    Outcome,
    Proof,
    Record,
    Role,
    SetFacts,
    SetState,
)
from helpdesk.core.escalation import watch
from helpdesk.core.look_ups import with_look_ups
from helpdesk.core.message import Reason
from helpdesk.core.new_matter import new_matter
from helpdesk.core.notices import to_agents, to_requester
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.policy import Agent, Desk
from helpdesk.core.routes import suggested
from helpdesk.core.scheduling import answered, closes_at, start
from helpdesk.core.sender import Remember
from helpdesk.core.settling import learn, shown_by
from helpdesk.core.stage_moves import Entered, enter
from helpdesk.core.stages import Trigger, entered_by_words, stage_on
from helpdesk.core.ticket import Lane, Part, State, Ticket
from helpdesk.core.trust import Authentication
from helpdesk.core.wishes import SetLanguage

# What a mail that opens a ticket again says of it, followed by its resolution.
CLOSED_AS = "was closed as "

# At most this many notices of held mail an hour; the queue shows the count all the same.
HELD_NOTICES = 20

# So many held mails of a ticket have a notice each, which an agent can answer with #accept.
FEW_HELD = 3

# Nobody decides on more held mails of one ticket; further ones are recorded on it.
MAX_HELD = 100


def append(case: Case, ticket: Ticket) -> Decision:
    """The mail of a participant joins the conversation."""
    if case.arrival.silent:
        return _keep(case, ticket)
    ticket, learned = _learned(case, ticket)
    desk = case.policy.desk(ticket.desk)
    findings = _findings(case, ticket, desk)
    findings = with_look_ups(findings, desk.checklists, dict(ticket.fields), case.facts.entries)
    move = _move(case, ticket, desk, findings)
    progress = findings.missing != ticket.missing
    silence = refusal(case)
    # Where an agent has taken over, a machine does not ask between; a form that was filled in wrongly, it does.
    calls_for_more = findings.missing and (
        (progress and ticket.assignee is None)
        or (findings.by_form and (findings.fields or findings.problems or findings.blank))
    )
    ask_again = bool(calls_for_more and silence is None and move is None)
    reopened = ticket.state is State.CLOSED
    state = State.WAITING if ask_again and ticket.lane is Lane.NORMAL else State.OPEN
    if ticket.state is State.NEW and not ask_again:
        state = State.NEW

    changes: list[Change] = [Record(ticket.number, case.sender, "wrote", _evidence(case))]
    changes.append(answered(ticket.number))
    if case.inbound.sender is not None and case.sender in ticket.colleagues and ticket.part_of(case.sender) is None:
        changes.append(Join(ticket.number, case.inbound.sender, Part.CC))
    if move is not None:
        changes += move.changes
    elif state is not ticket.state or ticket.stage is not None or ticket.wake_at is not None:
        changes.append(SetState(ticket.number, state))
    if reopened:
        changes += watch(replace(ticket, state=state), case.policy, case.now)
    if progress or findings.fields:
        changes.append(SetFacts(ticket.number, findings.fields, findings.missing, findings.checklist))
        changes += _corrections(ticket, findings.fields, case.sender)
    changes += learned
    if silence is not None and (reopened or (progress and findings.missing)):
        changes.append(Record(ticket.number, "helpdesk", "no letter", str(silence)))
    letters: list[Letter] = list(breaker_alerts(case, silence))
    chain = start(ticket.number, desk, Occasion.MISSING, case.now) if state is State.WAITING else ()
    changes += chain
    asked = request(desk.checklists, findings, ticket.language, words=ticket.words)
    if ask_again:
        letters += to_requester(
            Event.MISSING,
            ticket,
            case.inbound.sha256,
            missing=asked.questions,
            form=asked.form,
            understood=asked.understood,
            due_at=closes_at(chain),  # an outage never closes by itself
            in_reply_to=case.inbound.message_id,
        )
    elif move is not None:
        letters += move.letters if silence is None else ()
    elif reopened and silence is None:
        letters += to_requester(Event.REOPENED, ticket, case.inbound.sha256, in_reply_to=case.inbound.message_id)
    why: tuple[Reason, ...] = (Reason("reopened", f"{CLOSED_AS}{ticket.resolution or 'solved'}"),) if reopened else ()
    matter = new_matter(case.inbound, ticket, case.now)
    why += (matter,) if matter is not None else ()
    readers, listed = _readers(case, ticket)
    letters += to_agents(
        Event.NOTIFY,
        ticket,
        case.policy,
        case.inbound.sha256,
        body=case.inbound.text,
        author=case.inbound.sender,
        parts=case.inbound.files,
        missing=questions(desk.checklists, findings.checklist, findings.missing, desk.language),
        reasons=(*_disagreements(case), *why, *_complete(ticket, findings)),
        suggested=suggested(desk.routes, case.inbound, ticket, desk.language),
        but=case.sender,
        agents=readers,
        listed=listed,
    )
    reasons = (*why, *findings.reasons)
    outcome = Outcome(ticket=ticket.number, changes=tuple(changes), letters=tuple(letters), reasons=reasons)
    return case.decision(Disposition.APPEND, Filing.VISIBLE, outcome, language=ticket.language)


def _learned(case: Case, ticket: Ticket) -> tuple[Ticket, tuple[Change, ...]]:
    """What the letter shows of its sender's language; the ticket follows a requester who moves to another one."""
    before = case.facts.contact.language if case.facts.contact else None
    tongue = learn(case.facts.contact, shown_by(case.inbound, case.inbound.text))
    known = Remember(
        case.sender, language=tongue.language, failing=False, settled=tongue.settled if tongue.language else None
    )
    if case.role is not Role.REQUESTER or tongue.language in (None, before, ticket.language):
        return ticket, (known,)
    return replace(ticket, language=tongue.language), (known, SetLanguage(ticket.number, tongue.language))


def _corrections(ticket: Ticket, fields: tuple[tuple[str, str], ...], by: str) -> tuple[Record, ...]:
    """Lines of history that keep the values which new ones replace."""
    known = dict(ticket.fields)
    return tuple(
        Record(ticket.number, by, "field", f"{name} = {value} (was {known[name]})")
        for name, value in fields
        if known.get(name, value) != value
    )


def _move(case: Case, ticket: Ticket, desk: Desk, findings: Findings) -> Entered | None:
    """The stage that the requester's words enter, or that everything has come for."""
    fields, today = dict(ticket.fields) | dict(findings.fields), desk.today(case.now)
    # Whoever says yes to what cannot be is asked again.
    said = None if findings.problems else entered_by_words(desk.stages, ticket, case.inbound, fields, today)
    stage = said[0] if said else None
    if stage is not None and stage.registers and case.proof is Proof.NONE:
        # Whoever only claims to be the requester registers nobody.
        stage = None
    news = bool(ticket.missing) or any(dict(ticket.fields).get(name) != value for name, value in findings.fields)
    if stage is None and findings.by_form and news and not findings.missing:
        stage = stage_on(desk.stages, Trigger.COMPLETE, ticket, fields, today)
    if stage is None:
        return None
    why = str(said[1]) if said else "everything has come"
    mail = case.inbound
    after = replace(ticket, fields=tuple(fields.items()), missing=findings.missing)
    return enter(after, stage, desk, case.now, by=case.sender, cause=mail.sha256, why=why, in_reply_to=mail.message_id)


def _complete(ticket: Ticket, findings: Findings) -> tuple[Reason, ...]:
    """Agents are told with the letter that brings the last of what was asked for."""
    return (Reason("complete", ""),) if ticket.missing and not findings.missing else ()


def _keep(case: Case, ticket: Ticket) -> Decision:
    """Imported history joins the conversation and moves nothing: a closed ticket stays closed."""
    changes = (Record(ticket.number, case.sender, "wrote", _evidence(case)),)
    return case.decision(
        Disposition.APPEND, Filing.VISIBLE, Outcome(ticket=ticket.number, changes=changes), language=ticket.language
    )


def _readers(case: Case, ticket: Ticket) -> tuple[tuple[Agent, ...] | None, bool]:
    """Who is told, None for those whom it concerns, and whether as a line of a list.

    What hangs on an open incident is the business of whoever has taken that. Before, hundreds write to everybody.
    """
    incident = next((one for one in case.facts.incidents if one.number == ticket.incident), None)
    if incident is None or ticket.assignee is not None:
        return None, False
    taken = tuple(agent for agent in case.policy.agents if agent.name == incident.assignee)
    return taken or None, not taken


def _evidence(case: Case) -> str:
    """How the mail came to its ticket; where tag and references disagree, that too."""
    return "; ".join((case.thread.evidence, *map(str, _disagreements(case))))


def _disagreements(case: Case) -> tuple[Reason, ...]:
    return tuple(reason for reason in case.thread.reasons if reason.rule == "thread-disagreement")


def hold(case: Case, ticket: Ticket, why: Reason, *, instead: tuple[Letter, ...] | None = None) -> Decision:
    """The mail is kept on the ticket, unverified: the desk is told, the requester never sees it.

    The desk is told by a notice, or by the letters `instead` of it.
    """
    if len(ticket.held) >= MAX_HELD:
        return record(case, ticket, Reason("held-full", f"{len(ticket.held)} mails are held here; {why}"))
    notices = instead or ()
    if instead is None and case.facts.counts.held_notices_1h < HELD_NOTICES:
        # A flood of guesses is one line in the queue, not a flood of letters: from the third on one notice an hour.
        notices = to_agents(
            Event.HELD,
            ticket,
            case.policy,
            case.inbound.sha256 if len(ticket.held) < FEW_HELD else f"{case.now:%Y-%m-%dT%H}",
            audience=Audience.NOBODY,
            body=case.inbound.text,
            author=case.inbound.sender,
            reasons=(why,),
            but=case.sender,
        )
    outcome = Outcome(
        ticket=ticket.number,
        changes=(Record(ticket.number, case.sender or "nobody", "held", str(why)),),
        letters=notices,
        reasons=(why,),
    )
    return case.decision(Disposition.HOLD, Filing.HELD, outcome)


def record(case: Case, ticket: Ticket | None, why: Reason) -> Decision:
    """The mail is kept, on its ticket or in the delivery log; nothing happens and nothing is sent."""
    changes = (Record(ticket.number, case.sender or "nobody", "recorded", str(why)),) if ticket else ()
    outcome = Outcome(ticket=ticket.number if ticket else None, changes=changes, reasons=(why,))
    return case.decision(Disposition.RECORD, Filing.RECORDED, outcome)


def doubt(case: Case) -> Reason | None:
    """Why a participant's mail is not simply believed, or None."""
    if case.authentication is Authentication.FAILED:
        return auth_failed(case)
    return None


def auth_failed(case: Case) -> Reason:
    """What the trusted server said when it called the sender forged."""
    return next(reason for reason in case.reasons if reason.rule == "auth-failed")


def _findings(case: Case, ticket: Ticket, desk: Desk) -> Findings:
    """What the mail tells and what is still missing. A form that is filled in, or asked for, is then the checklist."""
    known = next((checklist for checklist in desk.checklists if checklist.key == ticket.checklist), None)
    form = form_of(desk.checklists, case.inbound) if known is None or known.form is None else None
    today = desk.today(case.now)
    if form is not None:
        return examine((form,), case.inbound, known=frozenset(), today=today)
    found = settle(known, ticket.missing, case.inbound, fields=ticket.fields, today=today)
    return found if known is not None else replace(found, checklist=ticket.checklist)

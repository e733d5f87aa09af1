"""#split: a mail that came to a ticket becomes a ticket of its own.

It is judged as if it had come new: rules, checklist, acknowledgement with the new number, notification. A ticket that
nothing but this mail had opened again is closed again. What our server called forged stays without a letter.
"""

from __future__ import annotations

from dataclasses import replace

from helpdesk.core.appending import CLOSED_AS
from helpdesk.core.bench import Bench, Carried
from helpdesk.core.chains import Occasion
from helpdesk.core.checklist import examine, questions
from helpdesk.core.decision import Change, Link, OpenTicket, Record, SetState
from helpdesk.core.escalation import watch
from helpdesk.core.message import KeptMail, Kind
from helpdesk.core.notices import to_agents, to_requester
from helpdesk.core.opening import plain_subject
from helpdesk.core.outgoing import Event
from helpdesk.core.regrouping import MoveMail
from helpdesk.core.rules import judge
from helpdesk.core.scheduling import closes_at, start
from helpdesk.core.subject_tag import tag
from helpdesk.core.ticket import NEW, Lane, Part, Participant, State, Ticket


def split(ticket: Ticket, bench: Bench) -> Carried | str:
    """The mail that the answered letter told of begins a ticket, which is the ticket afterwards."""
    told = bench.told
    if told is None or told.ticket != ticket.number or told.first or told.inbound.sender is None:
        return bench.words.nothing_to_split
    if bench.policy.agent(told.inbound.sender.address) is not None:
        return bench.words.nothing_to_split
    new = _ticket(told, ticket, bench)
    desk = bench.policy.desk(new.desk)
    chain = start(NEW, desk, Occasion.MISSING, bench.now) if new.state is State.WAITING else ()
    cause = f"split:{told.inbound.sha256}"
    asked = questions(desk.checklists, new.checklist, new.missing, new.language)
    acknowledgement = to_requester(
        Event.OPENED,
        new,
        cause,
        missing=asked,
        due_at=closes_at(chain),
        in_reply_to=told.inbound.message_id,
        apart_from=ticket.number,
    )
    news = to_agents(
        Event.NOTIFY,
        new,
        bench.policy,
        cause,
        body=told.inbound.text,
        author=told.inbound.sender,
        parts=told.inbound.files,
        parts_of=told.id,
        missing=questions(desk.checklists, new.checklist, new.missing, desk.language),
    )
    by = bench.agent.name
    return Carried(
        ticket=new,
        changes=(
            OpenTicket.of(new),
            Record(NEW, by, "opened", f"a mail taken out of {tag(ticket.number)}"),
            MoveMail(told.id, ticket.number, NEW),
            Link(NEW, ticket.number, "split"),
            Record(ticket.number, by, "split", told.inbound.subject),
            *chain,
            *watch(new, bench.policy, bench.now),
            *_closed_again(told, ticket),
        ),
        letters=acknowledgement + news,
        lines=(bench.words.split if acknowledgement else bench.words.split_quietly,),
    )


def _ticket(told: KeptMail, ticket: Ticket, bench: Bench) -> Ticket:
    """The ticket as it begins. The desk and language are those of the old one: an agent there has read the mail."""
    mail = replace(told.inbound, subject=plain_subject(told.inbound.subject))
    desk = bench.policy.desk(ticket.desk)
    verdict = judge(desk.rules, told.inbound, desk=desk.name, language=ticket.language, kind=Kind.HUMAN)
    findings = examine(desk.checklists, mail, known=frozenset())
    rules = {reason.rule for reason in told.reasons}
    forged = "auth-failed" in rules
    if verdict.lane is Lane.OUTAGE:
        state = State.OPEN
    else:
        state = State.WAITING if findings.missing and not forged else State.NEW
    return Ticket(
        number=NEW,
        subject=mail.subject or ticket.subject,
        requester=mail.sender,
        desk=desk.name,
        state=state,
        lane=verdict.lane,
        priority=verdict.priority,
        situation=verdict.situation,
        language=ticket.language,
        checklist=findings.checklist,
        missing=findings.missing,
        fields=findings.fields,
        participants=(Participant(mail.sender, Part.REQUESTER),) if mail.sender else (),
        opened_at=min(told.at, bench.now),
        active_at=bench.now,
        words=bool(rules & {"auth-passed", "auth-unconfigured"}),
        forged=forged,
        reasons=tuple(str(reason) for reason in verdict.reasons),
    )


def _closed_again(told: KeptMail, ticket: Ticket) -> tuple[Change, ...]:
    """Nothing else has happened since the mail opened the ticket again."""
    before = next((one.evidence for one in told.reasons if one.rule == "reopened"), "")
    if not before or not told.last or ticket.state not in (State.NEW, State.OPEN):
        return ()
    return (SetState(ticket.number, State.CLOSED, resolution=before.removeprefix(CLOSED_AS)),)

"""A ticket enters a stage: its state, what is due then, and the letter that says so.

(ticket, stage, who, when) -> the ticket afterwards, changes and letters. Whether it may was decided before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from helpdesk.core.companies import TAX_NUMBER, registered
from helpdesk.core.decision import Change, Done, Outcome, Record, SetFacts, SetState
from helpdesk.core.form_words import form_values
from helpdesk.core.message import Reason
from helpdesk.core.notices import to_requester
from helpdesk.core.outgoing import Event, Letter
from helpdesk.core.policy import Desk
from helpdesk.core.rma import RMA, rma_number
from helpdesk.core.scheduling import answered, closes_at, start
from helpdesk.core.stages import Stage, Trigger, filled_in, stage_on
from helpdesk.core.texts import text_in
from helpdesk.core.ticket import COMPLETE, State, Ticket


@dataclass(frozen=True, slots=True)
class Entered:
    """The ticket in its new stage, what makes it so, and the letter to its requester."""

    ticket: Ticket
    changes: tuple[Change, ...]
    letters: tuple[Letter, ...]


def enter(
    ticket: Ticket,
    stage: Stage,
    desk: Desk,
    now: datetime,
    *,
    by: str,
    cause: str,
    why: str = "",
    in_reply_to: str | None = None,
) -> Entered:
    """The ticket enters the stage; what was due before is over, what comes after the stage begins."""
    after, given = _with_number(ticket, stage, desk, by)
    resolution = stage.key if stage.state is State.CLOSED else None
    after = replace(after, state=stage.state, stage=stage.key, resolution=resolution, wake_at=None)
    chain = start(ticket.number, desk, stage.key, now) if stage.state is State.WAITING else ()
    text = text_in(stage.letter, ticket.language)
    letters = to_requester(
        Event.STATE,
        after,
        f"{stage.key}:{cause}",
        body=filled_in(text, after, fields=dict(after.fields), ours=_summary(after, desk)),
        documents=stage.documents,
        due_at=closes_at(chain),
        in_reply_to=in_reply_to or (ticket.thread[-1] if ticket.thread else None),
    )
    return Entered(
        after,
        (
            answered(ticket.number),
            *given,
            *_registers(after, stage),
            SetState(ticket.number, stage.state, resolution=resolution, stage=stage.key),
            Record(ticket.number, by, f"stage: {stage.called(desk.language)}", why),
            *chain,
        ),
        letters if text else (),
    )


def complete(ticket: Ticket, desk: Desk, now: datetime) -> Outcome:
    """A form that came complete with the first letter enters its stage, now that the ticket has a number."""
    done = Done(ticket.number, COMPLETE)
    stage = stage_on(desk.stages, Trigger.COMPLETE, ticket, dict(ticket.fields), desk.today(now))
    if stage is None or ticket.missing:
        return Outcome(ticket=ticket.number, changes=(done,), reasons=(Reason("follow-up-void", COMPLETE),))
    why = "everything has come"
    entered = enter(ticket, stage, desk, now, by="helpdesk", cause=COMPLETE, why=why)
    reasons = (Reason(COMPLETE, stage.key),)
    return Outcome(ticket=ticket.number, changes=(done, *entered.changes), letters=entered.letters, reasons=reasons)


def _with_number(ticket: Ticket, stage: Stage, desk: Desk, by: str) -> tuple[Ticket, tuple[Change, ...]]:
    """The ticket with its RMA number, where the stage gives one and it has none yet."""
    fields = dict(ticket.fields)
    if not stage.rma or RMA in fields:
        return ticket, ()
    number = rma_number(desk.rma_series, ticket.number)
    after = replace(ticket, fields=(*ticket.fields, (RMA, number)))
    facts = SetFacts(ticket.number, ((RMA, number),), ticket.missing, ticket.checklist)
    return after, (facts, Record(ticket.number, by, RMA, number))


def _registers(ticket: Ticket, stage: Stage) -> tuple[Change, ...]:
    """The company that the form names is registered, where the stage does that."""
    fields = dict(ticket.fields)
    if not stage.registers or ticket.requester is None or TAX_NUMBER not in fields:
        return ()
    return registered(fields[TAX_NUMBER], fields.get("company", ""), ticket.requester.address)


def _summary(ticket: Ticket, desk: Desk) -> dict[str, str]:
    """The form as it was understood, for {summary}; nothing of whoever is not proven."""
    form = next((one.form for one in desk.checklists if one.key == ticket.checklist), None)
    if form is None or not ticket.words:
        return {}
    told = (value for value in ticket.fields if form.field(value[0]) is not None)
    return {"summary": "\n".join(form_values(form, told, ticket.language))}

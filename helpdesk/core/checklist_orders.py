"""Commands about the facts of a ticket: what is asked for, and what has come by other means."""

from __future__ import annotations

from dataclasses import replace

from helpdesk.core.bench import Bench, Carried, changed
from helpdesk.core.chains import Occasion
from helpdesk.core.checklist import key_called, questions
from helpdesk.core.decision import Change, Record, SetFacts, SetState, Unschedule
from helpdesk.core.field_values import Fault, understand
from helpdesk.core.form import Problem
from helpdesk.core.form_words import form_question
from helpdesk.core.notices import to_requester
from helpdesk.core.outgoing import Event, Letter
from helpdesk.core.policy import Desk
from helpdesk.core.scheduling import answered, closes_at, start
from helpdesk.core.ticket import Lane, State, Ticket


def ask(ticket: Ticket, items: tuple[str, ...], bench: Bench) -> Carried:
    """The requester is asked for these items."""
    desk = bench.policy.desk(ticket.desk)
    items = _keys(ticket, items, desk)
    missing = tuple(dict.fromkeys((*ticket.missing, *items)))
    waits = ticket.lane is Lane.NORMAL
    schedule = start(ticket.number, desk, Occasion.MISSING, bench.now) if waits else ()
    after = replace(ticket, missing=missing, state=State.WAITING if waits else State.OPEN, wake_at=None)
    asked = questions(desk.checklists, ticket.checklist, items, ticket.language)
    due_at = closes_at(schedule)
    letters: tuple[Letter, ...] = ()
    if not bench.has_answer:
        parent = ticket.thread[-1] if ticket.thread else None
        letters = to_requester(Event.MISSING, after, bench.cause, missing=asked, due_at=due_at, in_reply_to=parent)
    return Carried(
        ticket=after,
        changes=(
            SetFacts(ticket.number, (), missing, ticket.checklist),
            SetState(ticket.number, after.state),
            answered(ticket.number),
            *schedule,
        ),
        letters=letters,
        lines=(bench.words.asked.format(items=", ".join(items)),),
        settles_state=True,
        asked=asked,
        due_at=due_at,
    )


def got(ticket: Ticket, items: tuple[str, ...], bench: Bench) -> Carried | str:
    """These items have come by other means."""
    items = _keys(ticket, items, bench.policy.desk(ticket.desk))
    unknown = [item for item in items if item not in ticket.missing]
    if unknown:
        return bench.words.not_missing.format(items=", ".join(unknown), missing=", ".join(ticket.missing) or "-")
    return _known(ticket, items, (), bench.words.got.format(items=", ".join(items)))


def _keys(ticket: Ticket, items: tuple[str, ...], desk: Desk) -> tuple[str, ...]:
    """The keys of what an agent names; a name of several words needs no quotes."""
    whole = " ".join(items)
    key = key_called(desk.checklists, ticket.checklist, whole)
    if key != whole:
        return (key,)
    return tuple(key_called(desk.checklists, ticket.checklist, item) for item in items)


def set_field(ticket: Ticket, name: str, value: str, bench: Bench) -> Carried | str:
    """A fact is written down."""
    desk = bench.policy.desk(ticket.desk)
    form = next((each.form for each in desk.checklists if each.key == ticket.checklist), None)
    key = form.key_called(name) if form else None
    field = form.field(key) if form and key else None
    if form is not None and key is not None and field is not None:
        understood = understand(field.kind, value, field.choices)
        if isinstance(understood, Fault):
            return form_question(form, key, desk.language, Problem(key, understood, value), words=True) or key
        name, value = key, understood
    line = f"{name} = {value}"
    known = _known(ticket, (name,), ((name, value),), line)
    return replace(known, changes=(*known.changes, Record(ticket.number, bench.agent.name, "field", line)))


def _known(ticket: Ticket, items: tuple[str, ...], fields: tuple[tuple[str, str], ...], line: str) -> Carried:
    """These facts are known now; a ticket that waited for nothing else is ours again."""
    missing = tuple(item for item in ticket.missing if item not in items)
    after = replace(ticket, missing=missing, fields=tuple((dict(ticket.fields) | dict(fields)).items()))
    changes: tuple[Change, ...] = (SetFacts(ticket.number, fields, missing, ticket.checklist),)
    if ticket.missing and not missing and ticket.state is State.WAITING:
        after = replace(after, state=State.OPEN)
        changes = (*changes, Unschedule(ticket.number), SetState(ticket.number, State.OPEN))
    return changed(after, line, *changes)

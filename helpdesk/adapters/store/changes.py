"""Carries out the changes of an outcome, in the transaction of the message or follow-up that led to it.

NEW stands for the ticket that the outcome opens. A change of state,
place or assignee leaves a line in the ticket's history by itself; what else people may ask about comes as Record.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store import clocks, colleagues, directories, follow_ups, incidents, merging, outbox, staff
from helpdesk.adapters.store.later import Later
from helpdesk.adapters.store.models import (
    CONTACT,
    HISTORY,
    LINK,
    MESSAGE,
    META,
    PARTICIPANT,
    TICKET,
    insert,
)
from helpdesk.adapters.store.prepared import Prepared
from helpdesk.core.decision import (
    Assign,
    CancelLetters,
    Change,
    Decision,
    Disposition,
    Done,
    Filing,
    Join,
    Leave,
    Link,
    MarkBounced,
    OpenTicket,
    Outcome,
    Record,
    Schedule,
    SetDesk,
    SetFacts,
    SetPlace,
    SetState,
    SettleHeld,
    SpendSecret,
    Unschedule,
)
from helpdesk.core.directory import AddEntry, RemoveEntry
from helpdesk.core.incident import HangOn, SetNews
from helpdesk.core.message import Address
from helpdesk.core.regrouping import Merge, MoveMail, SetRequester
from helpdesk.core.sender import AddColleague, CameBack, Reached, Remember, RemoveColleague, SetAway, Settled
from helpdesk.core.service_levels import SetClock
from helpdesk.core.ticket import NEW, NEW_INCIDENT, Part, State
from helpdesk.core.wishes import SetLanguage, SetQuiet, SetSatisfaction

_NEXT_NUMBER = Prepared(sa.update(META).values(next_number=META.c.next_number + 1).returning(META.c.next_number - 1))

_OPEN = Prepared(insert(TICKET))

_RECORD = Prepared(insert(HISTORY))

_UPDATE_TICKET = sa.update(TICKET).where(TICKET.c.number == sa.bindparam("ticket"))

_THIS_TICKET = TICKET.c.number == sa.bindparam("ticket", type_=TICKET.c.number.type)

# Another daemon may add a field at the same moment: the row is ours until the commit.
_FIELDS = Prepared(sa.select(TICKET.c.fields).where(_THIS_TICKET).with_for_update())
_SET_FACTS = Prepared(
    sa.update(TICKET)
    .where(_THIS_TICKET)
    .values(
        fields=sa.bindparam("told", type_=TICKET.c.fields.type),
        missing=sa.bindparam("missed", type_=TICKET.c.missing.type),
        checklist=sa.bindparam("list", type_=TICKET.c.checklist.type),
    )
)

_SOMEBODY = insert(PARTICIPANT)
_JOIN = Prepared(
    _SOMEBODY.on_conflict_do_update(
        index_elements=["ticket", "address"],
        set_={"part": _SOMEBODY.excluded.part, "name": _SOMEBODY.excluded.name},
        # Whoever asked stays the requester, also when named in a Cc.
        where=PARTICIPANT.c.part != Part.REQUESTER,
    )
)

_LINK = Prepared(insert(LINK).on_conflict_do_nothing())


def _news(column: sa.Column[Any], otherwise: Any) -> sa.ColumnElement[Any]:
    """What a Remember says of this column, or `otherwise` where it says nothing."""
    return sa.func.coalesce(sa.bindparam(f"new_{column.name}", type_=column.type), otherwise)


_REMEMBERED = (CONTACT.c.name, CONTACT.c.language, CONTACT.c.settled, CONTACT.c.blocked, CONTACT.c.failing)
_REMEMBER = Prepared(
    insert(CONTACT)
    .values(
        address=sa.bindparam("of"),
        name=_news(CONTACT.c.name, ""),
        language=_news(CONTACT.c.language, sa.null()),
        settled=_news(CONTACT.c.settled, sa.literal(Settled.LETTERS, CONTACT.c.settled.type)),
        blocked=_news(CONTACT.c.blocked, sa.false()),
        failing=_news(CONTACT.c.failing, sa.false()),
    )
    .on_conflict_do_update(
        index_elements=["address"], set_={column.name: _news(column, column) for column in _REMEMBERED}
    )
)

_TOUCH = Prepared(
    sa.update(TICKET)
    .where(
        TICKET.c.number.in_(sa.bindparam("numbers", expanding=True)),
        TICKET.c.active_at < sa.bindparam("now", type_=TICKET.c.active_at.type),
    )
    .values(active_at=sa.bindparam("now", type_=TICKET.c.active_at.type)),
    lists=("numbers",),
)


def apply(connection: Connection, later: Later, outcome: Outcome, now: datetime, by: str) -> int | None:
    """Carry out the changes; the number of the ticket that the outcome is about, or None.

    It counts as activity on that ticket, unless it is a message that is ignored.
    """
    work = _Work(connection, later, now, by)
    for change in outcome.changes:
        work.carry_out(change)
    ticket = work.opened if outcome.ticket == NEW else outcome.ticket
    ignored = isinstance(outcome, Decision) and outcome.disposition is Disposition.IGNORE
    if ticket is not None and not ignored:
        work.touched.add(ticket)
    work.touched.discard(work.opened or NEW)
    if work.touched:
        _TOUCH.run(connection, {"numbers": sorted(work.touched), "now": now})
    return ticket


@dataclass(slots=True)
class _Work:
    """One outcome being carried out: the transaction, the moment, whose doing it is, and what came of it so far."""

    connection: Connection
    later: Later
    now: datetime
    by: str
    opened: int | None = None
    incident: int | None = None  # that began
    touched: set[int] = field(default_factory=set)

    def carry_out(self, change: Change) -> None:
        """Do one change."""
        match change:
            case OpenTicket(gathers=True):
                self.incident = incidents.same_as(self.connection, change) or self._begin(change)
            case OpenTicket():
                self.opened = self._open(change)
            case HangOn(ticket, incident):
                number = None if incident is None else self._number(incident)
                incidents.hang(self.connection, self._number(ticket), number)
            case SetNews(incident, news):
                incidents.set_news(self.connection, self._number(incident), news)
            case SetState():
                self._set_state(change)
            case SetPlace():
                self._set_place(change)
            case Assign(ticket, agent):
                self._update(ticket, assignee=agent)
                self._record(ticket, f"assigned: {agent}" if agent else "released", "")
            case SetDesk(ticket, desk):
                self._update(ticket, desk=desk)
            case SetQuiet(ticket):
                self._update(ticket, quiet=True)
            case SetLanguage(ticket, language):
                self._update(ticket, language=language)
            case SetFacts():
                self._set_facts(change)
            case Join(ticket, address, part):
                self._join(self._number(ticket), (address, part))
            case SetRequester(ticket, requester):
                self._set_requester(self._number(ticket), requester)
            case Leave(ticket, address):
                self._leave(self._number(ticket), PARTICIPANT.c.address == address)
            case Schedule(ticket, kind, due_at):
                follow_ups.schedule(self.connection, self._number(ticket), kind, due_at)
            case Unschedule(ticket, kinds, kept):
                follow_ups.remove(self.connection, self._number(ticket), kinds, kept)
            case SetClock(ticket, clock):
                clocks.put(self.connection, self._number(ticket), clock)
            case SetSatisfaction(ticket, satisfaction):
                self._update(ticket, satisfaction=satisfaction.value)
                self._record(ticket, f"satisfaction: {satisfaction}", "")
            case Done(ticket, kind):
                follow_ups.remove(self.connection, self._number(ticket), [kind])
            case SettleHeld():
                self._settle_held(change)
            case Link(a, b, kind):
                row = {"a": self._number(a), "b": self._number(b), "kind": kind}
                _LINK.run(self.connection, row)
            case Merge(ticket, into, regroups):
                merging.merge(self.connection, self._number(ticket), self._number(into), self.now, regroups=regroups)
            case MoveMail(message, ticket, to):
                merging.move_mail(self.connection, message, self._number(ticket), self._number(to))
            case AddEntry(directory, entry):
                directories.put(self.connection, directory, entry)
            case RemoveEntry(directory, key):
                directories.remove(self.connection, directory, key)
            case Remember():
                self._remember(change)
            case SpendSecret(message_id):
                outbox.spend_secret(self.connection, message_id)
            case CancelLetters(ticket, agent):
                outbox.cancel_answers(self.connection, self._number(ticket), agent)
            case MarkBounced(message_id, bounce):
                # The bounce may be of a letter of this very transaction.
                self.later.write()
                outbox.mark_bounced(self.connection, message_id, bounce)
            case CameBack(address, message_id):
                staff.add_returned(self.connection, address, message_id)
            case Reached(address):
                staff.clear_returned(self.connection, address)
            case SetAway(agent, until):
                staff.set_away(self.connection, agent, until)
            case AddColleague(requester, colleague):
                colleagues.add(self.connection, requester, colleague)
            case RemoveColleague(requester, address):
                colleagues.remove(self.connection, requester, address)
            case Record(ticket, by, what, why):
                self.later.insert(
                    _RECORD,
                    {"ticket": self._number(ticket), "at": self.now, "by": by, "what": what, "why": why},
                )
            case _:
                assert_never(change)

    def _begin(self, new: OpenTicket) -> int:
        number = self._open(new)
        incidents.begin(self.connection, number)
        return number

    def _open(self, new: OpenTicket) -> int:
        """The number of the new ticket."""
        requester = new.requester
        values = {
            "subject": new.subject,
            "requester_address": requester.address if requester else None,
            "requester_name": requester.name if requester else "",
            "desk": new.desk,
            "state": new.state,
            "lane": new.lane,
            "priority": new.priority,
            "situation": new.situation,
            "language": new.language,
            "resolution": None,
            "stage": None,
            "checklist": new.checklist,
            "missing": new.missing,
            "fields": new.fields,
            "reasons": new.reasons,
            "words": new.words,
            "forged": new.forged,
            "opened_at": new.opened_at,
            "active_at": self.now,
            "closed_at": self.now if new.state is State.CLOSED else None,
            "wake_at": None,
        }
        if new.over is None:
            number = int(_NEXT_NUMBER.scalar(self.connection, {}))
            begun = dict.fromkeys(("assignee", "merged_into", "regrouped_at", "incident", "satisfaction"))
            _OPEN.run(self.connection, values | begun | {"number": number, "quiet": False})
        else:
            # What was said of it so far came from the headers alone.
            number = new.over
            self._update(number, **values, regrouped_at=self.now)
            self._leave(number, PARTICIPANT.c.part == Part.REQUESTER)
        people = [(requester, Part.REQUESTER)] if requester is not None else []
        people += [(address, Part.CC) for address in new.cc]
        if people:
            self._join(number, *people)
        return number

    def _set_state(self, change: SetState) -> None:
        closed = change.state is State.CLOSED
        self._update(
            change.ticket,
            state=change.state,
            resolution=change.resolution,
            stage=change.stage,
            wake_at=change.wake_at,
            closed_at=self.now if closed else None,
        )
        until = f"until {change.wake_at:%Y-%m-%d %H:%M} UTC" if change.wake_at else ""
        self._record(change.ticket, f"state: {change.state}", change.resolution or until)

    def _set_place(self, change: SetPlace) -> None:
        self._update(
            change.ticket,
            lane=change.lane,
            priority=change.priority,
            situation=change.situation,
            reasons=change.reasons,
        )
        place = f"place: {change.lane}, {change.priority}"
        if change.situation:
            place += f", {change.situation}"
        self._record(change.ticket, place, "; ".join(change.reasons))

    def _set_facts(self, change: SetFacts) -> None:
        number = self._number(change.ticket)
        fields = dict(_FIELDS.scalar(self.connection, {"ticket": number})) | dict(change.fields)
        _SET_FACTS.run(
            self.connection,
            {
                "ticket": number,
                "told": tuple(fields.items()),
                "missed": change.missing,
                "list": change.checklist,
            },
        )

    def _join(self, number: int, *people: tuple[Address, Part]) -> None:
        _JOIN.run(
            self.connection,
            *(
                {"ticket": number, "address": address.address, "name": address.name, "part": part}
                for address, part in people
            ),
        )

    def _leave(self, number: int, who: sa.ColumnElement[bool]) -> None:
        self._execute(sa.delete(PARTICIPANT).where(PARTICIPANT.c.ticket == number, who))

    def _set_requester(self, number: int, requester: Address) -> None:
        self._leave(number, PARTICIPANT.c.part == Part.REQUESTER)
        self._join(number, (requester, Part.REQUESTER))
        # An agent vouches for this one.
        self._update(
            number,
            requester_address=requester.address,
            requester_name=requester.name,
            forged=False,
            regrouped_at=self.now,
        )

    def _settle_held(self, change: SettleHeld) -> None:
        accepted = Filing.NOTE if change.aside else Filing.VISIBLE
        filing = accepted if change.accepted else Filing.RECORDED
        self._execute(
            sa.update(MESSAGE)
            .where(
                MESSAGE.c.id == change.id,
                MESSAGE.c.ticket == self._number(change.ticket),
                MESSAGE.c.filing == Filing.HELD,
            )
            .values(filing=filing)
        )

    def _remember(self, change: Remember) -> None:
        _REMEMBER.run(
            self.connection,
            {
                "of": change.address,
                "new_name": change.name,
                "new_language": change.language,
                "new_settled": change.settled,
                "new_blocked": change.blocked,
                "new_failing": change.failing,
            },
        )

    def _update(self, ticket: int, **values: Any) -> None:
        self._execute(_UPDATE_TICKET, {"ticket": self._number(ticket)} | values)

    def _record(self, ticket: int, what: str, why: str) -> None:
        self.carry_out(Record(ticket, self.by, what, why))

    def _number(self, ticket: int) -> int:
        """The number that `ticket` means here; the ticket is noted as touched."""
        new = {NEW: self.opened, NEW_INCIDENT: self.incident}
        number = new.get(ticket, ticket)
        if number is None:
            raise ValueError("a change speaks of a new ticket before the outcome opened one")
        self.touched.add(number)
        return number

    def _execute(self, statement: sa.Executable, row: dict[str, Any] | None = None) -> None:
        self.connection.execute(statement, row)

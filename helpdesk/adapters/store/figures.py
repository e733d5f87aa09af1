"""What happened within a week, for the report and #stats: a few statements; one reads all tickets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.models import HISTORY, OUTBOX, ROUND, TICKET, insert
from helpdesk.core.outgoing import Audience, OutboxState
from helpdesk.core.report import Figures
from helpdesk.core.service_levels import Alarm
from helpdesk.core.ticket import MERGED, Satisfaction, State

_NEW = insert(ROUND)
_NOTE = _NEW.on_conflict_do_update(
    index_elements=["kind"], set_={"day": _NEW.excluded.day}, where=ROUND.c.day < _NEW.excluded.day
).returning(ROUND.c.day)


def begin_round(connection: Connection, kind: str, day: str) -> bool:
    """Note that this was done for `day` (ISO 8601); False when it was for this day, or a later one."""
    return connection.execute(_NOTE, {"kind": kind, "day": day}).first() is not None


def figures(connection: Connection, since: datetime, until: datetime, desks: Sequence[str] = ()) -> Figures:
    """The figures of tickets, answers and promises from `since` until `until`; of these desks (none named: of all)."""
    theirs = TICKET.c.desk.in_(desks) if desks else sa.true()

    def moments(column: sa.Column[datetime]) -> tuple[datetime, ...]:
        within = sa.select(column).where(
            column >= since, column < until, TICKET.c.resolution.is_distinct_from(MERGED), theirs
        )
        return tuple(connection.execute(within).scalars())

    by_agents = (
        OUTBOX.c.audience == Audience.REQUESTER,
        OUTBOX.c.automatic.is_(False),
        OUTBOX.c.state != OutboxState.CANCELLED,
    )
    # Of those few tickets alone it is asked which answer was the first.
    of_late = sa.select(OUTBOX.c.ticket).where(*by_agents, OUTBOX.c.created_at >= since, OUTBOX.c.created_at < until)
    answered = (
        sa.select(OUTBOX.c.ticket, sa.func.min(OUTBOX.c.created_at).label("at"))
        .where(OUTBOX.c.ticket.in_(of_late), *by_agents)
        .group_by(OUTBOX.c.ticket)
        .subquery()
    )
    answers = connection.execute(
        sa.select(TICKET.c.desk, TICKET.c.opened_at, answered.c.at)
        .join(answered, answered.c.ticket == TICKET.c.number)
        .where(answered.c.at >= since, answered.c.at < until, theirs)
    ).all()
    # Lines are written in the order of time, so what is behind the newest older one is all that there is.
    before = sa.select(HISTORY.c.id).where(HISTORY.c.at < since).order_by(HISTORY.c.id.desc()).limit(1)
    told = connection.execute(
        sa.select(HISTORY.c.what, HISTORY.c.why)
        .join(TICKET, TICKET.c.number == HISTORY.c.ticket)
        .where(
            HISTORY.c.id > sa.func.coalesce(before.scalar_subquery(), 0),
            HISTORY.c.at >= since,
            HISTORY.c.at < until,
            sa.or_(HISTORY.c.what == "alarm", HISTORY.c.what.like("satisfaction: %")),
            theirs,
        )
    ).all()
    unfinished = connection.execute(
        sa.select(TICKET.c.state, sa.func.count().label("tickets"))
        .where(TICKET.c.state != State.CLOSED, theirs)
        .group_by(TICKET.c.state)
    ).all()
    states = {row.state: int(row.tickets) for row in unfinished}
    given = [row.what.partition(": ")[2] for row in told if row.what != "alarm"]
    return Figures(
        opened=moments(TICKET.c.opened_at),
        closed=moments(TICKET.c.closed_at),
        answers=tuple((row.desk, row.opened_at, row.at) for row in answers),
        late_answers=sum(Alarm.ANSWER_LATE in row.why for row in told if row.what == "alarm"),
        late_solutions=sum(Alarm.SOLUTION_LATE in row.why for row in told if row.what == "alarm"),
        satisfaction=tuple((one, given.count(one)) for one in Satisfaction if one in given),
        open_now=states.get(State.NEW, 0) + states.get(State.OPEN, 0),
        waiting_now=states.get(State.WAITING, 0),
    )

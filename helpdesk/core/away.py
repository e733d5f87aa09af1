"""#away: an agent's tickets go back to the desk, and no new ones come until he is back.

Post -> Decision. Whoever shares a desk with him hears of what he gives back as lines of one list. Who is away by
when is kept by the store, and comes to every later decision with the policy: then `concerned` leaves him out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk.core.absence import LONGEST, away_until
from helpdesk.core.bench import Refused
from helpdesk.core.command_values import Away
from helpdesk.core.decision import Assign, Change, Decision, Filing, Outcome, Record
from helpdesk.core.duration import Duration
from helpdesk.core.escalation import is_taken, watch_anew
from helpdesk.core.listing import queue_list
from helpdesk.core.message import Reason
from helpdesk.core.notices import to_agents
from helpdesk.core.outgoing import Event, Letter
from helpdesk.core.policy import Desk
from helpdesk.core.post import Post, answered_with, line_refused, refuse
from helpdesk.core.sender import SetAway
from helpdesk.core.ticket import Ticket


def decide_away(post: Post, order: Away) -> Decision:
    """What this agent's absence, or his return, does; it wants a mail of its own."""
    case, ticket, words = post.case, post.case.ticket, post.words
    if post.parsed.answer.strip() or len(post.parsed.commands) > 1:
        return refuse(post, ticket, (line_refused(post, Refused(order, words.alone)),))
    if order.until is None:
        changes: tuple[Change, ...] = (SetAway(post.agent.name, None),)
        return answered_with(post, ticket, _outcome(ticket, changes), (words.is_back,), Filing.COMMAND)
    desk = case.policy.desk(post.agent.desks[0] if post.agent.desks else "")
    until = _moment(order.until, desk, case.now)
    if until is None:
        return refuse(post, ticket, (line_refused(post, Refused(order, words.no_day)),))
    owned = tuple(one for one in case.facts.queue if one.assignee == post.agent.name)
    given_back = tuple(replace(one, assignee=None) for one in owned)
    changes = (SetAway(post.agent.name, until),)
    letters: tuple[Letter, ...] = ()
    for one, after in zip(owned, given_back, strict=True):
        # Of what a rule gave him the clock runs already.
        clock = watch_anew(after, case.policy, case.now) if is_taken(one) else ()
        gave = Record(one.number, post.agent.name, "gave back", f"away until {until.isoformat(timespec='minutes')}")
        changes = (*changes, Assign(one.number, None), *clock, gave)
        letters += to_agents(
            Event.NOTIFY,
            after,
            case.policy,
            f"away:{post.cause}",
            reasons=(Reason("given-back", post.agent.name),),
            but=post.agent.addresses[0],
            listed=True,
        )
    at = until.astimezone(ZoneInfo(desk.calendar.timezone))
    line = words.is_away_now.format(until=f"{at:%Y-%m-%d %H:%M}", count=len(given_back))
    lines = (line, *(queue_list(given_back, post.language) if given_back else ()))
    return answered_with(post, ticket, _outcome(ticket, changes, letters), lines, Filing.COMMAND)


def _outcome(ticket: Ticket | None, changes: tuple[Change, ...], letters: tuple[Letter, ...] = ()) -> Outcome:
    return Outcome(ticket=ticket.number if ticket else None, changes=changes, letters=letters)


def _moment(until: Duration | str, desk: Desk, now: datetime) -> datetime | None:
    """When he is back: after so long, or as the day that is named ends; None where no day of the next year is meant."""
    if not isinstance(until, str):
        back = desk.calendar.add(now, until)
    else:
        day = away_until(f"until {until}", desk.today(now))
        if day is None:
            return None
        back = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(desk.calendar.timezone))
    return back if now < back <= now + LONGEST + timedelta(days=1) else None

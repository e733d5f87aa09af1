"""Commands that say whose a ticket is."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from helpdesk.core.bench import Bench, Carried, changed
from helpdesk.core.decision import Assign, Change, SetState
from helpdesk.core.escalation import calm, watch_anew
from helpdesk.core.message import Reason
from helpdesk.core.notices import to_agents
from helpdesk.core.outgoing import Event, Letter
from helpdesk.core.policy import Agent
from helpdesk.core.ticket import State, Ticket


def assign(ticket: Ticket, agent: Agent, bench: Bench) -> Carried:
    """The ticket is this agent's, who is told unless he ordered it himself."""
    after = replace(ticket, assignee=agent.name, state=State.OPEN if ticket.state is State.NEW else ticket.state)
    changes: tuple[Change, ...] = (Assign(ticket.number, agent.name), *calm(ticket))
    if after.state is not ticket.state:
        changes = (*changes, SetState(ticket.number, after.state))
    news: tuple[Letter, ...] = ()
    if agent.name != bench.agent.name:
        why = (Reason("assigned", bench.agent.name),)
        news = to_agents(Event.NOTIFY, after, bench.policy, f"assign:{bench.cause}", agents=(agent,), reasons=why)
    return Carried(ticket=after, changes=changes, letters=news, lines=(bench.words.assigned.format(name=agent.name),))


def release(ticket: Ticket, bench: Bench) -> Carried:
    """The ticket is nobody's."""
    after = replace(ticket, assignee=None)
    clock = watch_anew(after, bench.policy, bench.now)
    return changed(after, bench.words.released, Assign(ticket.number, None), *clock)


def assign_by_name(ticket: Ticket, name: str, bench: Bench) -> Carried | str:
    """The ticket is that of the only agent who is so called, or whose name so begins."""
    wanted = name.casefold().strip("@ ")
    exact = [one for one in bench.policy.agents if wanted in (one.name.casefold(), *one.addresses)]
    found = exact or [one for one in bench.policy.agents if _begins(one, wanted)]
    if len(found) == 1:
        until = bench.policy.away_until(found[0])
        if until is not None and found[0].name != bench.agent.name:
            zone = ZoneInfo(bench.policy.desk(ticket.desk).calendar.timezone)
            return bench.words.is_away.format(name=found[0].name, until=f"{until.astimezone(zone):%Y-%m-%d %H:%M}")
        return assign(ticket, found[0], bench)
    names = ", ".join(agent.name for agent in (found or bench.policy.agents))
    return (bench.words.several_agents if found else bench.words.no_agent).format(name=name, names=names)


def _begins(agent: Agent, wanted: str) -> bool:
    words = (*agent.name.casefold().split(), *(address.partition("@")[0] for address in agent.addresses))
    return any(word.startswith(wanted) for word in words)

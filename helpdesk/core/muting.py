"""An agent's address at which letters come back for good: it is muted, and the leads are told once.

A muted agent gets no notifications; news of his tickets go to the others of the desk or, failing them, to the leads.
A good mail of his, or the lead, ends it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from helpdesk.core.decision import Change
from helpdesk.core.message import Reason
from helpdesk.core.notices import alerts
from helpdesk.core.outgoing import Letter
from helpdesk.core.policy import MUTE_AFTER, Agent, Policy
from helpdesk.core.sender import CameBack
from helpdesk.core.ticket import Ticket


def refused(
    policy: Policy, agent: Agent, message_id: str, why: Reason, ticket: Ticket | None, now: datetime
) -> tuple[tuple[Change, ...], tuple[Letter, ...]]:
    """A letter to an agent was refused for good: what is noted, and what the leads are told."""
    if policy.is_muted(agent):
        # It left before; that it comes back, too, is no news.
        return (), ()
    address = agent.addresses[0]
    known = replace(policy, came_back=tuple(dict.fromkeys((*policy.came_back, (address, message_id)))))
    if known.is_muted(agent):
        what = f"muted: {agent.name} <{address}>, {MUTE_AFTER} letters; {why}"
        letters = alerts(known, what, f"muted:{address}:{message_id}", ticket=ticket, but=address)
    else:
        letters = alerts(policy, str(why), f"{address}:{now:%Y-%m-%dT%H}", ticket=ticket, but=address)
    return (CameBack(address, message_id),), letters

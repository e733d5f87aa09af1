"""A ticket enters a stage: its state, what is due then, and the letter that says so.

(ticket, stage, who, when) -> the ticket afterwards, changes and letters. Whether it may was decided before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from helpdesk.core.decision import Change, Record, SetState
from helpdesk.core.notices import to_requester
from helpdesk.core.outgoing import Event, Letter
from helpdesk.core.policy import Desk
from helpdesk.core.stages import Stage, filled_in
from helpdesk.core.texts import text_in
from helpdesk.core.ticket import State, Ticket
from helpdesk.core.timers import answered, closes_at, start


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
    resolution = stage.key if stage.state is State.CLOSED else None
    after = replace(ticket, state=stage.state, stage=stage.key, resolution=resolution, wake_at=None)
    chain = start(ticket.number, desk, stage.key, now) if stage.state is State.WAITING else ()
    text = text_in(stage.letter, ticket.language)
    letters = to_requester(
        Event.STATE,
        after,
        f"{stage.key}:{cause}",
        body=filled_in(text, after, fields=dict(ticket.fields)),
        due_at=closes_at(chain),
        in_reply_to=in_reply_to or (ticket.thread[-1] if ticket.thread else None),
    )
    return Entered(
        after,
        (
            answered(ticket.number),
            SetState(ticket.number, stage.state, resolution=resolution, stage=stage.key),
            Record(ticket.number, by, f"stage: {stage.called(desk.language)}", why),
            *chain,
        ),
        letters if text else (),
    )

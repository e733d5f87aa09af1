"""A letter as it would leave, to look at: an event, and a ticket or none -> Composed. Nothing is kept or sent.

Without a ticket everybody and everything in it is invented (`core/samples`); with one, whatever the ticket knows takes
its place, and only what a person would have written for the occasion stays a sample.
"""

from __future__ import annotations

from helpdesk.compose import compose, face_of
from helpdesk.core.checklist import questions
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.policy import Policy
from helpdesk.core.samples import NOW, sample_letter, sample_ticket
from helpdesk.ports import Composed, Renderer, TicketFile

# It proves nothing to anybody: previews are not sent.
_KEY, _NONCE = bytes(32), bytes(16)

_MAX_BYTES = 25 * 1024 * 1024


def preview(
    event: Event, language: str, policy: Policy, renderer: Renderer, *, desk: str = "", file: TicketFile | None = None
) -> Composed:
    """The letter in `language`, from the desk of the ticket or, without one, from `desk` ("": the first)."""
    letter = sample_letter(event, language)
    if file is None:
        ticket = sample_ticket(event, language)
    else:
        ticket = file.ticket
        letter = sample_letter(event, language, **_of_ticket(letter, file, policy))
    return compose(
        letter,
        ticket if letter.ticket else None,
        face_of(policy, ticket.desk if file else desk),
        (),
        key=_KEY,
        nonce=_NONCE,
        now=NOW,
        renderer=renderer,
    )


def _of_ticket(letter: Letter, file: TicketFile, policy: Policy) -> dict[str, object]:
    """What the ticket knows better than the sample."""
    ticket = file.ticket
    known: dict[str, object] = {"in_reply_to": None, "urgent": letter.urgent and ticket.outranks}
    if letter.ticket:
        known["ticket"] = ticket.number
    if letter.audience is Audience.REQUESTER:
        known |= {"to": ticket.requester or letter.to, "words": ticket.words}
    if letter.missing:
        desk = policy.desk(ticket.desk)
        known["missing"] = questions(desk.checklists, ticket.checklist, ticket.missing, letter.language)
        known["due_at"] = max((one.due_at for one in ticket.follow_ups), default=None)
    if letter.event is Event.NOTIFY:
        written = [message.text for message in file.messages if message.direction == "in"]
        known |= {"reasons": (), "author": ticket.requester, "body": written[-1] if written else ""}
    return known

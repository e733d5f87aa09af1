"""A mail beyond the size that is taken: only its headers were read, the mail itself stays on the server.

Case (of the headers alone) -> Outcome. A person is told once how large a mail may be and what to do; machines, forged
senders and whoever must not be written to (core/bounds) are told nothing. The desk learns of it on the ticket that the
mail belongs to, or on a new one that its headers begin.
"""

from __future__ import annotations

from helpdesk.core.appending import doubt
from helpdesk.core.bounds import breaker_alerts, refusal
from helpdesk.core.case import Case
from helpdesk.core.decision import Change, OpenTicket, Outcome, Record, Role
from helpdesk.core.message import Kind, Reason
from helpdesk.core.notices import alerts, side, to_agents
from helpdesk.core.opening import plain_subject
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.thread import admits
from helpdesk.core.ticket import NEW, State, Ticket
from helpdesk.core.trust import Authentication

MEGABYTE = 1024 * 1024


def too_large(case: Case, size: int, limit: int, entry: int) -> Outcome:
    """What follows from a mail of `size` bytes where `limit` are taken; `entry` is its place in quarantine."""
    why = Reason("too-large", f"{size / MEGABYTE:.1f} MB, {limit // MEGABYTE} MB are taken")
    blocked = case.facts.contact is not None and case.facts.contact.blocked
    if case.kind is not Kind.HUMAN or case.spam is not None or blocked:
        return Outcome(reasons=(why,))
    silence = refusal(case)
    if case.inbound.sender is None or case.policy.is_ours(case.sender):
        return _told(case, Outcome(letters=alerts(case.policy, f"{why}. {_where(entry)}", f"quarantine:{entry}")))
    if case.role in (Role.AGENT, Role.LEAD):
        # What an agent meant to say is unknown: it is nobody's request, and nobody else's business.
        number = case.ticket.number if case.ticket else None
        noted = (Record(number, case.sender, "wrote", str(why)),) if number else ()
        answer = _to_sender(case, number, case.policy.desk(case.arrival.desk).language, limit, silence)
        return _told(case, Outcome(ticket=number, changes=noted, letters=answer, reasons=(why,)))
    ticket, changes = _place(case, why)
    if silence is not None:
        changes = (*changes, Record(ticket.number, "helpdesk", "no letter", str(silence)))
    letters = (
        *breaker_alerts(case, silence),
        *_to_sender(case, ticket.number, ticket.language, limit, silence, words=ticket.words),
        *to_agents(
            Event.NOTIFY,
            ticket,
            case.policy,
            f"quarantine:{entry}",
            body=f"{case.sender}: {case.inbound.subject}\n{_where(entry)}",
            reasons=(why,),
        ),
    )
    return _told(case, Outcome(ticket=ticket.number, changes=changes, letters=letters, reasons=(why,)))


def _where(entry: int) -> str:
    return (
        f"The mail itself lies in the quarantine folder of the mailbox; its headers: helpdesk quarantine show {entry}. "
        "To take it in all the same, raise max_message_mb and move it back into the inbox."
    )


def _place(case: Case, why: Reason) -> tuple[Ticket, tuple[Change, ...]]:
    """The ticket that a participant's mail belongs to, which stays as it is: the sender will write again. For others a
    ticket of which only the sender and the subject are known.
    """
    if case.ticket is not None and admits(case.role) and doubt(case) is None:
        return case.ticket, (Record(case.ticket.number, case.sender, "wrote", str(why)),)
    desk, contact = case.desk_of_arrival, case.facts.contact
    ticket = Ticket(
        number=NEW,
        subject=plain_subject(case.inbound.subject),
        requester=case.inbound.sender,
        desk=desk.name,
        state=State.CLOSED if case.arrival.silent else State.NEW,
        language=(contact.language if contact else None) or desk.language,
        opened_at=min(case.arrival.at, case.now),
        active_at=case.now,
        words=case.authentication in (Authentication.PASSED, Authentication.UNCONFIGURED),
        forged=case.authentication is Authentication.FAILED,
        reasons=(str(why),),
    )
    return ticket, (OpenTicket.of(ticket), Record(NEW, case.sender, "opened", str(why)))


def _to_sender(
    case: Case, ticket: int | None, language: str, limit: int, silence: Reason | None, *, words: bool = True
) -> tuple[Letter, ...]:
    """The one polite answer. The same mail in two mailboxes, or sent again, is answered once."""
    if silence is not None or case.inbound.sender is None:
        return ()
    of_agent = case.role in (Role.AGENT, Role.LEAD)
    asked = case.ticket if case.role is Role.PARTNER else None
    letter = Letter(
        event=Event.TOO_LARGE,
        ticket=ticket,
        to=case.inbound.sender,
        audience=Audience.NOBODY if of_agent else Audience.PARTNER if asked else Audience.REQUESTER,
        side=side(asked, case.sender, case.policy) if asked else 0,
        language=language,
        dedupe_key=f"{Event.TOO_LARGE}:{case.sender}:{case.inbound.message_id or case.inbound.sha256}",
        words=words and asked is None,
        limit_mb=limit // MEGABYTE,
        subject=plain_subject(case.inbound.subject) if ticket is None else "",
        in_reply_to=case.inbound.message_id,
    )
    return (letter,)


def _told(case: Case, outcome: Outcome) -> Outcome:
    """Imported history is told to nobody."""
    if not case.arrival.silent:
        return outcome
    return Outcome(ticket=outcome.ticket, changes=outcome.changes, reasons=outcome.reasons)

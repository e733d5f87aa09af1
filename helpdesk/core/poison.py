"""A mail that could not be processed after its last try: the desk gets a ticket from what its headers say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from helpdesk.core.case import Arrival
from helpdesk.core.decision import Decision, OpenTicket, Outcome, Record, Unschedule
from helpdesk.core.message import Reason, Sketch
from helpdesk.core.notices import alerts, to_agents
from helpdesk.core.outgoing import Event
from helpdesk.core.policy import Policy
from helpdesk.core.regrouping import Merge
from helpdesk.core.subject_tag import tag
from helpdesk.core.ticket import MERGED, NEW, State, Ticket


def given_up(sketch: Sketch, entry: int, error: str, policy: Policy, arrival: Arrival, now: datetime) -> Outcome:
    """A ticket from the headers and a word to those who lead the desk; nothing goes to the sender."""
    why = Reason("quarantine", f"mail could not be processed: {error}")
    what = f"{why}. It is kept: helpdesk quarantine show {entry}; another try: helpdesk quarantine retry {entry}."
    if sketch.address is None or policy.is_ours(sketch.address.address):
        return Outcome(letters=alerts(policy, what, f"quarantine:{entry}"), reasons=(why,))
    ticket = Ticket(
        number=NEW,
        subject=sketch.subject,
        requester=sketch.address,
        desk=policy.desk(arrival.desk).name,
        state=State.OPEN,
        language=policy.desk(arrival.desk).language,
        opened_at=min(arrival.at, now),
        active_at=now,
        reasons=(str(why),),
        words=False,
    )
    letters = to_agents(Event.NOTIFY, ticket, policy, f"quarantine:{entry}", body=what, reasons=(why,))
    return Outcome(
        ticket=NEW,
        changes=(OpenTicket.of(ticket), Record(NEW, "helpdesk", "opened", str(why))),
        letters=letters,
        reasons=(why,),
    )


def instead_of_sketch(decision: Decision, sketched: int) -> Decision:
    """The decision about a mail that was given up before and can be read now: one ticket, not two.

    What it begins takes the place of the ticket made from its headers; where it belongs to another ticket, that one
    takes the other in.
    """
    if any(isinstance(change, OpenTicket) for change in decision.changes):
        changes = tuple(
            replace(change, over=sketched) if isinstance(change, OpenTicket) else change for change in decision.changes
        )
        return replace(decision, changes=changes)
    if not decision.ticket or decision.ticket == sketched:
        return decision
    known = Record(sketched, "helpdesk", MERGED, f"its mail can be read now and belongs to {tag(decision.ticket)}")
    merged = Merge(sketched, decision.ticket, regroups=True)
    return replace(decision, changes=(*decision.changes, known, Unschedule(sketched), merged))

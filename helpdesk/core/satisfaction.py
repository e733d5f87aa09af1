"""What a requester answers to the question whether we have helped: 1, 2 or 3, in reply to exactly the letter that asks.

Letter -> Grade, or None where it says anything else: then it is a letter like any other. It needs no web page, and
no secret but that of our own letter.
"""

from __future__ import annotations

import re
from dataclasses import replace

from helpdesk.core.case import Case
from helpdesk.core.decision import (
    Change,
    Decision,
    Disposition,
    Filing,
    Outcome,
    Record,
    Role,
    SetState,
)
from helpdesk.core.message import Reason
from helpdesk.core.outgoing import Event
from helpdesk.core.scheduling import stop
from helpdesk.core.ticket import Lane, Satisfaction, State, Ticket
from helpdesk.core.trust import own_letter
from helpdesk.core.wishes import SetSatisfaction

ASKING = frozenset({Event.SOLVED, Event.CLOSED})

# What is offered, by its number or in the words of the letter.
_WORDS = {
    Satisfaction.SOLVED: "1 solved решено вирішено rozwiązane",
    Satisfaction.NOT_SOLVED: "2 not_solved не_решено не_вирішено nierozwiązane nie_rozwiązane",
    Satisfaction.CALL_ME: "3 call_me перезвоните передзвоніть proszę_o_telefon proszę_zadzwonić",
}
_SAID = {word.replace("_", " "): grade for grade, words in _WORDS.items() for word in words.split()}
_NUMBERED = re.compile(r"([123])[\s.,:;)!—–-]*(.*)")

RESOLVED = "solved"


def grade(case: Case) -> Satisfaction | None:
    """What the requester answers, if this is such an answer."""
    letter = own_letter(case.inbound, case.facts.letters)
    if letter is None or letter.event not in ASKING or case.role is not Role.REQUESTER or case.inbound.files:
        return None
    said = " ".join(case.inbound.text.casefold().split()).strip(" .!")
    numbered = _NUMBERED.fullmatch(said)
    if numbered is None:
        return _SAID.get(said)
    given = _SAID[numbered[1]]
    # "2 solved" says two things, and "2. The export still fails" says more: a person reads both.
    return given if not numbered[2] or _SAID.get(numbered[2]) is given else None


def graded(decision: Decision, ticket: Ticket, given: Satisfaction) -> Decision:
    """What the letter leads to, and the answer kept for reports."""
    why = Reason(given.value)
    letters = tuple(
        replace(letter, reasons=(*letter.reasons, why)) if letter.event is Event.NOTIFY else letter
        for letter in decision.letters
    )
    return replace(
        decision,
        changes=(*decision.changes, SetSatisfaction(ticket.number, given)),
        letters=letters,
        reasons=(*decision.reasons, why),
    )


def settles(ticket: Ticket, given: Satisfaction) -> bool:
    """Is nobody needed any more? An outage is over when an agent says so."""
    waits = ticket.state is State.CLOSED or (ticket.state is State.WAITING and ticket.lane is Lane.NORMAL)
    return given is Satisfaction.SOLVED and waits


def settle(case: Case, ticket: Ticket) -> Decision:
    """It is solved: the ticket is closed if it is not, and nobody is written to."""
    changes: tuple[Change, ...] = (Record(ticket.number, case.sender, "says that it is solved"),)
    if ticket.state is not State.CLOSED:
        changes += (stop(ticket.number), SetState(ticket.number, State.CLOSED, resolution=RESOLVED))
    outcome = Outcome(ticket=ticket.number, changes=changes)
    return case.decision(Disposition.APPEND, Filing.VISIBLE, outcome, language=ticket.language)

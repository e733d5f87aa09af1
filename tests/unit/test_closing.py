"""Letters to closed tickets, and what requesters answer when asked whether we have helped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.core.calendar import Calendar
from helpdesk.core.decision import Decision, Disposition, Link, OpenTicket, SetState, Unschedule
from helpdesk.core.duration import BusinessDays
from helpdesk.core.outgoing import Audience, Event, SentLetter
from helpdesk.core.policy import Desk, Policy
from helpdesk.core.ticket import NEW, FollowUp, Lane, Satisfaction, State, Ticket
from helpdesk.core.wishes import SetSatisfaction
from tests.build import (
    ANNA,
    BORIS,
    DAY,
    DESK,
    EVE,
    NOW,
    NUMBER,
    SITE_DOWN,
    acknowledged,
    answering,
    changes,
    decided,
    mail,
    policy,
    sent,
    ticket,
    to_customers,
    written,
)


def closing(**values: Any) -> Policy:
    desk = Desk(name="support", address=DESK, language="en", calendar=Calendar.always(), rules=(SITE_DOWN,), **values)
    return policy(desks=(desk,))


def closed(ago: timedelta = DAY, **values: Any) -> Ticket:
    state: dict[str, Any] = {"state": State.CLOSED, "resolution": "solved", "closed_at": NOW - ago}
    return ticket(**state | values)


def wrote(
    on: Ticket, rules: Policy, text: str = "It fails again.", letter: SentLetter | None = None, **values: Any
) -> Decision:
    """What a letter to this ticket, in reply to one of ours, does."""
    letter = letter or acknowledged(values.get("sender", ANNA))
    told = {"references": (letter.message_id,), "subject": f"Re: [##{NUMBER}##] A question"} | values
    return decided(mail(text, **told), answering(letter, on), rules)


FORTNIGHT = closing(reopen_within=BusinessDays(14))
FINAL = closing(final=("refused",), turn_to="Lena, +48 22 000 00 00")


# --- too late -------------------------------------------------------------------------------------


def test_a_letter_within_the_time_opens_the_ticket_again() -> None:
    again = wrote(closed(14 * DAY), FORTNIGHT)
    assert again.disposition is Disposition.APPEND
    assert changes(again, SetState) == [SetState(NUMBER, State.OPEN)]


def test_a_later_letter_begins_a_linked_ticket_without_the_old_tag() -> None:
    late = wrote(closed(15 * DAY), FORTNIGHT)
    assert late.disposition is Disposition.OPEN
    (opened,) = changes(late, OpenTicket)
    assert opened.subject == "A question"
    assert changes(late, Link) == [Link(NEW, NUMBER, "follows")]
    assert changes(late, SetState) == []
    (acknowledgement,) = to_customers(late)
    assert (acknowledgement.event, acknowledgement.follows) == (Event.OPENED, NUMBER)


def test_without_a_limit_every_letter_opens_it_again() -> None:
    assert wrote(closed(999 * DAY), closing()).disposition is Disposition.APPEND


def test_thanks_that_come_late_are_kept_and_open_nothing() -> None:
    assert wrote(closed(99 * DAY), FORTNIGHT, "Thank you very much!").disposition is Disposition.RECORD


def test_a_stranger_is_no_participant_however_old_the_ticket_is() -> None:
    strange = decided(
        mail(sender=EVE, subject=f"Re: [##{NUMBER}##]"),
        replace(answering(acknowledged(), closed(99 * DAY)), letters=()),
    )
    assert strange.disposition is Disposition.HOLD


# --- only agents open -----------------------------------------------------------------------------


def test_what_was_closed_for_good_stays_closed_and_the_requester_is_told_whom_to_turn_to() -> None:
    on = closed(resolution="Refused")
    kept = wrote(on, FINAL)
    assert changes(kept, SetState) == []
    assert written(kept) == [
        ("stays-closed", "anna@shop.test"),
        ("notify", "ivan@help.test"),
        ("notify", "olha@help.test"),
    ]
    again = wrote(on, FINAL, "Hello? Anybody?")
    # The store queues a letter with this key once.
    assert to_customers(again)[0].dedupe_key == to_customers(kept)[0].dedupe_key


def test_other_resolutions_of_that_desk_are_not_final() -> None:
    assert changes(wrote(closed(), FINAL), SetState) == [SetState(NUMBER, State.OPEN)]


def test_a_desk_may_have_agents_alone_open_tickets() -> None:
    everything = closing(final=("*",))
    assert changes(wrote(closed(), everything), SetState) == []


def test_whoever_asks_how_it_stands_is_answered_and_opens_nothing() -> None:
    asked = wrote(closed(resolution="refused"), FINAL, "Status?")
    assert changes(asked, SetState) == []
    assert written(asked) == [("status", "anna@shop.test")]


def test_a_copy_is_kept_and_not_answered() -> None:
    kept = wrote(closed(resolution="refused"), FINAL, sender=BORIS)
    assert to_customers(kept) == []
    assert len(kept.letters) == 2


# --- whether we have helped -----------------------------------------------------------------------


def asked(event: Event = Event.SOLVED) -> SentLetter:
    return sent(ANNA.address, Audience.REQUESTER, event)


WAITING = ticket(state=State.WAITING, follow_ups=(FollowUp("answered:auto-close", NOW + DAY),))


@pytest.mark.parametrize("text", ["1", "1.", " 1) ", "Solved!", "1 — solved", "решено", "1 - решено", "Вирішено."])
def test_solved_closes_the_ticket_and_disturbs_nobody(text: str) -> None:
    answer = wrote(WAITING, policy(), text, asked())
    assert changes(answer, SetState) == [SetState(NUMBER, State.CLOSED, resolution="solved")]
    assert changes(answer, SetSatisfaction) == [SetSatisfaction(NUMBER, Satisfaction.SOLVED)]
    assert len(changes(answer, Unschedule)) == 1
    assert answer.letters == ()


@pytest.mark.parametrize(
    ("text", "given"),
    [("2", Satisfaction.NOT_SOLVED), ("не решено", Satisfaction.NOT_SOLVED), ("3", Satisfaction.CALL_ME)],
)
@pytest.mark.parametrize("on", [WAITING, closed()])
def test_not_solved_and_call_me_open_the_ticket_and_tell_the_agents(text: str, given: Satisfaction, on: Ticket) -> None:
    answer = wrote(on, policy(), text, asked(Event.CLOSED))
    assert changes(answer, SetState) == [SetState(NUMBER, State.OPEN)]
    assert changes(answer, SetSatisfaction) == [SetSatisfaction(NUMBER, given)]
    told = [letter for letter in answer.letters if letter.event is Event.NOTIFY]
    assert {reason.rule for letter in told for reason in letter.reasons} >= {given.value}


def test_solved_of_a_closed_ticket_is_only_kept() -> None:
    answer = wrote(closed(), policy(), "1", asked(Event.CLOSED))
    assert (changes(answer, SetState), answer.letters) == ([], ())
    assert len(changes(answer, SetSatisfaction)) == 1


@pytest.mark.parametrize("text", ["2. The export still fails", "1 2", "2 solved", "12", "", "It is solved, but slow"])
def test_whatever_says_more_is_a_letter(text: str) -> None:
    assert changes(wrote(WAITING, policy(), text, asked()), SetSatisfaction) == []


def test_a_number_means_nothing_in_reply_to_another_letter_or_from_somebody_else() -> None:
    assert changes(wrote(WAITING, policy(), "1", acknowledged()), SetSatisfaction) == []
    assert changes(wrote(WAITING, policy(), "1", asked(), sender=BORIS), SetSatisfaction) == []


def test_an_outage_is_not_over_because_its_requester_says_so() -> None:
    answer = wrote(ticket(lane=Lane.OUTAGE), policy(), "1", asked(Event.CLOSED))
    assert changes(answer, SetState) == []
    assert len(changes(answer, SetSatisfaction)) == 1
    assert [letter.event for letter in answer.letters] == [Event.NOTIFY, Event.NOTIFY]


def test_not_solved_does_not_open_what_is_closed_for_good() -> None:
    answer = wrote(closed(resolution="refused"), FINAL, "2", asked(Event.CLOSED))
    assert changes(answer, SetState) == []
    assert changes(answer, SetSatisfaction) == [SetSatisfaction(NUMBER, Satisfaction.NOT_SOLVED)]

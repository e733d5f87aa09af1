"""Returns: RMA numbers with a check digit, whom they let in, and parcels that leave on the shipping day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.calendar import Calendar, parse_hours
from helpdesk.core.decision import Decision, Disposition, Done, Link, Record, Schedule, SetFacts, Unschedule
from helpdesk.core.facts import Facts
from helpdesk.core.outgoing import Event, Parcel
from helpdesk.core.policy import Desk, Policy
from helpdesk.core.rma import MAX_READ, RMA, TRACKING, Named, named_in, rma_number
from helpdesk.core.shipping import leaves_at, leaving_with
from helpdesk.core.ticket import NEW, SHIP, FollowUp, State, Ticket
from helpdesk.core.timers import happen
from tests.build import (
    ANNA,
    BORIS,
    DESK,
    EVE,
    IVAN_WRITES,
    NOW,
    NUMBER,
    acknowledged,
    answering,
    changes,
    decided,
    mail,
    policy,
    sent,
    ticket,
    to_customers,
)

OWN = "R-1000015"
SERIES = frozenset({"R"})


def shipping(day: int | None, hours: str = "Mon-Fri 10:00-18:00", **calendar: object) -> Policy:
    """A desk whose parcels leave on this weekday."""
    week = Calendar(week=parse_hours(hours), **calendar)  # type: ignore[arg-type]
    desk = Desk(name="support", address=DESK, language="en", calendar=week, shipping_day=day)
    return policy(desks=(desk,))


def ordered(text: str, on: Ticket | None = None, rules: Policy | None = None) -> Decision:
    """What comes of an agent's reply to a notification."""
    return decided(mail(text, sender=IVAN_WRITES), answering(sent(), on or ticket()), rules)


def told(decision: Decision) -> str:
    """What the agent is answered."""
    return next(letter.body for letter in decision.letters if letter.event is Event.RESULT)


def returned(number: int = NUMBER, **values: object) -> Ticket:
    return ticket(number, fields=((RMA, rma_number("R", number)), (TRACKING, f"TT{number}")), **values)


# --- the number --------------------------------------------------------------------------------------


def test_the_check_digit_is_the_one_of_the_published_scheme() -> None:
    # The example that descriptions of Damm's algorithm give: 572 is protected by 4.
    assert rma_number("R", 572) == "R-0005724"
    assert rma_number("R", NUMBER) == OWN


@given(st.integers(100_001, 10**11), st.data())
def test_every_wrong_digit_and_every_swap_of_neighbours_shows(number: int, data: st.DataObject) -> None:
    digits = rma_number("R", number).removeprefix("R-")
    place = data.draw(st.integers(0, len(digits) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != digits[place]]))
    mistyped = {digits[:place] + wrong + digits[place + 1 :]}
    mistyped |= {digits[:one] + digits[one + 1] + digits[one] + digits[one + 2 :] for one in range(len(digits) - 1)}
    for slip in mistyped - {digits}:
        assert named_in(f"R-{slip}", SERIES) == (Named(f"R-{slip}", None),)
    assert named_in(f"R-{digits}", SERIES) == (Named(f"R-{digits}", number),)


@pytest.mark.parametrize(
    "typed",
    [
        "R-1000015",
        "my return r1000015.",
        "RMA R 100 0015",
        "R–100-001-5",  # as a telephone number
        "(R—1000015)",
    ],
)
def test_a_number_is_read_as_people_type_it(typed: str) -> None:
    assert named_in(typed, SERIES) == (Named(OWN, NUMBER),)


def test_letters_that_look_alike_in_both_alphabets_are_one() -> None:
    assert named_in("возврат ВС-1000015", frozenset({"BC"})) == (Named("BC-1000015", NUMBER),)


@pytest.mark.parametrize(
    "typed",
    [
        "Q-1000015",  # nobody's series
        "XR-1000015",
        "R-10001",  # too short for a ticket
        "R-1000015000000000000",  # too long for one
        "R-1000015A",
        "x " * MAX_READ + OWN,  # history, or a pasted list
    ],
)
def test_what_is_no_number_of_ours_is_left_alone(typed: str) -> None:
    assert named_in(typed, SERIES) == ()


@given(st.text())
def test_reading_any_text_never_fails(text: str) -> None:
    assert all(one.number.startswith("R-") for one in named_in(text, SERIES))


# --- #rma --------------------------------------------------------------------------------------------


def test_rma_gives_the_number_and_tells_the_requester_alone() -> None:
    decision = ordered("#rma")
    assert changes(decision, SetFacts) == [SetFacts(NUMBER, ((RMA, OWN),), (), None)]
    assert Record(NUMBER, "Ivan", RMA, OWN) in decision.changes
    (letter,) = to_customers(decision)
    assert (letter.event, letter.to) == (Event.RMA, ANNA)
    assert OWN in told(decision)


def test_asked_again_the_same_number_is_sent_again() -> None:
    decision = ordered("#возврат", returned())
    assert changes(decision, SetFacts) == []
    assert [letter.event for letter in to_customers(decision)] == [Event.RMA]


def test_a_number_that_a_maker_has_given_takes_the_place_of_ours() -> None:
    decision = ordered("#rma b-4711/26", returned())
    assert changes(decision, SetFacts) == [SetFacts(NUMBER, ((RMA, "B-4711/26"),), (), None)]
    assert Record(NUMBER, "Ivan", RMA, f"B-4711/26; before: {OWN}") in decision.changes


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("R-1000051", "R-1000051 is mistyped: its check digit does not fit"),
        (rma_number("R", 100002), f"{rma_number('R', 100002)} is the RMA number of [##100002##]"),
        ("tomorrow", "that is no RMA number"),
        ("1 <b>", "that is no RMA number"),
    ],
)
def test_a_number_that_cannot_be_is_refused_with_the_reason(typed: str, why: str) -> None:
    decision = ordered(f"#rma {typed}")
    assert to_customers(decision) == []
    assert changes(decision, SetFacts) == []
    assert why in told(decision)


# --- whom it lets in ---------------------------------------------------------------------------------


def test_a_letter_that_names_the_number_is_filed_on_its_ticket() -> None:
    decision = decided(mail(f"Where is {OWN}?", subject="My return"), Facts(by_number=(returned(),)))
    assert (decision.disposition, decision.ticket, decision.evidence) == (Disposition.APPEND, NUMBER, "tag")


def test_whoever_is_in_cc_takes_part_and_a_stranger_gets_a_ticket_of_his_own() -> None:
    known = Facts(by_number=(returned(),))
    assert decided(mail(f"Where is {OWN}?", sender=BORIS), known).disposition is Disposition.APPEND
    stranger = decided(mail(f"Where is {OWN}?", sender=EVE), known)
    assert (stranger.disposition, stranger.ticket) == (Disposition.OPEN, NEW)
    assert [(link.a, link.b) for link in changes(stranger, Link)] == [(NEW, NUMBER)]


def test_a_stranger_who_tries_out_numbers_causes_no_letter() -> None:
    opened = replace(Facts().opened, tickets_1h=policy().bounds.guesses_1h)
    decision = decided(mail(OWN, sender=EVE), Facts(by_number=(returned(),), opened=opened))
    assert to_customers(decision) == []
    assert decision.disposition is Disposition.HOLD


def test_a_number_that_was_never_given_leads_nowhere() -> None:
    assert decided(mail(OWN), Facts(by_number=(ticket(),))).ticket == NEW
    other = ticket(fields=((RMA, "B-4711"),))
    assert decided(mail(OWN), Facts(by_number=(other,))).ticket == NEW


def test_a_mistyped_number_is_said_to_be_mistyped() -> None:
    decision = decided(mail("Where is R-1000051?"))
    assert decision.ticket == NEW
    assert "rma-mistyped: R-1000051" in map(str, decision.reasons)
    assert any("rma-mistyped: R-1000051" in map(str, letter.reasons) for letter in decision.letters)


def test_an_answer_to_a_letter_stays_where_it_belongs_whatever_number_it_names() -> None:
    other = returned(100002)
    known = answering(acknowledged(), ticket(), by_number=(other,))
    assert decided(mail(f"And {rma_number('R', 100002)}?"), known).ticket == NUMBER


# --- parcels -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        (datetime(2026, 3, 2, 9, 0, tzinfo=UTC), datetime(2026, 3, 6, 18, 0, tzinfo=UTC)),  # Monday
        (datetime(2026, 3, 6, 17, 59, tzinfo=UTC), datetime(2026, 3, 6, 18, 0, tzinfo=UTC)),  # just in time
        (datetime(2026, 3, 6, 18, 0, tzinfo=UTC), datetime(2026, 3, 16, 18, 0, tzinfo=UTC)),  # the next is a holiday
        (datetime(2026, 3, 14, 12, 0, tzinfo=UTC), datetime(2026, 3, 20, 18, 0, tzinfo=UTC)),  # a weekend
    ],
)
def test_parcels_leave_when_the_desk_closes_on_its_shipping_day(now: datetime, leaves: datetime) -> None:
    desk = shipping(4, holidays=frozenset({date(2026, 3, 13)})).desk("support")
    assert leaves_at(desk, now) == leaves


def test_a_desk_that_never_closes_ships_until_midnight() -> None:
    desk = shipping(0, "Mon-Sun 00:00-24:00").desk("support")
    assert leaves_at(desk, NOW) == datetime(2026, 3, 3, 0, 0, tzinfo=UTC)


def test_the_requester_hears_of_a_parcel_when_it_has_left() -> None:
    decision = ordered("#ship TT 000 111", rules=shipping(4))
    assert to_customers(decision) == []
    assert changes(decision, SetFacts) == [SetFacts(NUMBER, ((TRACKING, "TT 000 111"),), (), None)]
    assert changes(decision, Schedule) == [Schedule(NUMBER, SHIP, datetime(2026, 3, 6, 18, 0, tzinfo=UTC))]
    assert "2026-03-06 18:00" in told(decision)


@pytest.mark.parametrize(
    ("line", "day"), [("#ship TT000111 now", 4), ("#отгрузка TT000111 сейчас", 4), ("#ship TT000111", None)]
)
def test_an_urgent_parcel_and_that_of_a_desk_without_a_day_are_told_at_once(line: str, day: int | None) -> None:
    decision = ordered(line, returned(), shipping(day))
    (letter,) = to_customers(decision)
    assert (letter.event, letter.parcels) == (Event.SHIPPED, (Parcel(NUMBER, "A question", "TT000111"),))
    assert Unschedule(NUMBER, (SHIP,)) in decision.changes


@pytest.mark.parametrize("typed", ["tomorrow", "1", "TT000\u202e111"])
def test_what_is_no_tracking_number_is_refused(typed: str) -> None:
    decision = ordered(f"#ship {typed} now")
    assert to_customers(decision) == []
    assert "that is no tracking number" in told(decision)


def test_all_that_leaves_for_one_requester_is_one_letter() -> None:
    due = NOW - timedelta(hours=1)
    first, second = (returned(one, follow_ups=(FollowUp(SHIP, due),)) for one in (NUMBER, 100002))
    elsewhere = replace(second, number=100003, requester=BORIS)
    asked = replace(second, number=100004)
    waiting = [(first, SHIP), (second, SHIP), (elsewhere, SHIP), (asked, "reminder")]
    together = leaving_with(first, SHIP, waiting)
    assert together == (second,)
    outcome = happen(first, SHIP, policy(), NOW, together)
    (letter,) = outcome.letters
    assert [(one.ticket, one.tracking) for one in letter.parcels] == [(NUMBER, "TT100001"), (100002, "TT100002")]
    assert changes(outcome, Done) == [Done(NUMBER, SHIP), Done(100002, SHIP)]


def test_the_words_of_somebody_unproven_stay_out_of_the_letter() -> None:
    second = returned(100002, words=False)
    (letter,) = happen(returned(), SHIP, policy(), NOW, (second,)).letters
    assert [one.subject for one in letter.parcels] == ["A question", ""]


@pytest.mark.parametrize("text", ["#close", "#wait 3d", "#ask photo", "#outage", "#reopen", "Hello."])
def test_nothing_that_is_said_in_the_meantime_holds_a_parcel_back(text: str) -> None:
    on = returned(state=State.WAITING, follow_ups=(FollowUp(SHIP, NOW + timedelta(days=1)),))
    decision = ordered(text, on)
    assert all(SHIP in one.kept or one.kinds for one in changes(decision, Unschedule))
    assert not any(SHIP in one.kinds for one in changes(decision, Unschedule))


def test_a_requester_who_writes_does_not_hold_it_back_either() -> None:
    on = returned(state=State.WAITING)
    decision = decided(mail("Any news?"), answering(acknowledged(), on))
    assert all(SHIP in one.kept for one in changes(decision, Unschedule))

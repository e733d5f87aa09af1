"""An outage that nobody takes: when the leads are told, and what ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from helpdesk.core.calendar import Calendar, parse_hours
from helpdesk.core.decision import Assign, Decision, Done, Outcome, Record, Schedule, Unschedule
from helpdesk.core.escalation import PAGE_LENGTH, watch
from helpdesk.core.facts import Facts
from helpdesk.core.incident import HangOn
from helpdesk.core.outgoing import Audience
from helpdesk.core.policy import Desk, Escalation, Policy
from helpdesk.core.ticket import NEW, NEW_INCIDENT, FollowUp, Lane, State, Ticket
from helpdesk.core.timers import happen
from tests.build import (
    AUTHSERV,
    DAY,
    DESK,
    IVAN_WRITES,
    NOW,
    NUMBER,
    SITE_DOWN,
    answering,
    changes,
    decided,
    mail,
    passed,
    policy,
    sent,
    ticket,
    written,
)
from tests.unit.test_incident import report

MINUTE = timedelta(minutes=1)
PAGING = policy(escalation=Escalation(page="oncall@sms.test"))
TRUSTING = policy(trusted_authserv=AUTHSERV)
TEN_YEARS = timedelta(days=3653)
DUE = FollowUp("escalate", NOW)


def outage(**values: Any) -> Ticket:
    """An outage that was reported ten minutes ago."""
    state: dict[str, Any] = {
        "subject": "The site is down",
        "lane": Lane.OUTAGE,
        "opened_at": NOW - 10 * MINUTE,
        "follow_ups": (DUE,),
    }
    return ticket(**state | values)


def escalated(on: Ticket, rules: Policy = PAGING, now: datetime = NOW) -> Outcome:
    return happen(on, "escalate", rules, now)


def ordered(text: str, on: Ticket) -> Decision:
    """What a mail of Ivan's in reply to a notification does."""
    letter = sent()
    inbound = mail(text, sender=IVAN_WRITES, headers=passed(), references=(letter.message_id,))
    return decided(inbound, answering(letter, on), TRUSTING)


# --- the clock ------------------------------------------------------------------------------------


def test_an_outage_starts_the_clock_and_nothing_else_does() -> None:
    assert changes(decided(mail("The site is down!")), Schedule) == [Schedule(NEW, "escalate", NOW + 10 * MINUTE)]
    assert changes(decided(mail("Which price?")), Schedule) == []
    assert changes(decided(mail("The site is down!"), silent=True), Schedule) == []


@pytest.mark.parametrize(
    "on",
    [
        outage(lane=Lane.NORMAL),
        outage(state=State.CLOSED),
        outage(wake_at=NOW + DAY),
        outage(incident=100009),  # the incident has a clock
    ],
)
def test_what_has_no_clock(on: Ticket) -> None:
    assert watch(on, PAGING, NOW) == ()
    # And one that runs out on it does nothing but end.
    assert (escalated(on).changes, escalated(on).letters) == ((Done(NUMBER, "escalate"),), ())


def test_whoever_has_taken_an_outage_is_left_alone_until_it_is_nobodys_again() -> None:
    taken = outage(assignee="Ivan", follow_ups=(), state=State.OPEN)
    assert watch(taken, PAGING, NOW) == ()
    for text in ("#outage", "#reopen", "#priority high"):
        assert changes(ordered(text, taken), Schedule) == []


def test_an_outage_that_a_rule_gave_to_somebody_is_escalated_until_he_does_something() -> None:
    given = replace(SITE_DOWN, assignee="Ivan")
    desks = (replace(policy().desks[0], rules=(given,)),)
    opening = decided(mail("The site is down!"), rules=policy(desks=desks))
    assert changes(opening, Assign) == [Assign(NEW, "Ivan")]
    assert changes(opening, Schedule) == [Schedule(NEW, "escalate", NOW + 10 * MINUTE)]
    assert [event for event, _ in written(escalated(outage(assignee="Ivan")))] == ["alert", "page"]


@pytest.mark.parametrize("text", ["#take", "We are looking into it."])
def test_whoever_a_rule_gave_an_outage_to_ends_it_by_taking_or_answering(text: str) -> None:
    decision = ordered(text, outage(assignee="Ivan"))
    assert Unschedule(NUMBER, ("escalate",)) in decision.changes


@pytest.mark.parametrize("text", ["#outage site-down\n#take", "#reopen\n\nWe are looking into it."])
def test_a_clock_set_and_stopped_by_one_mail_does_not_run(text: str) -> None:
    ordered_so = ordered(text, outage(follow_ups=(), state=State.OPEN)).changes
    set_at = max(place for place, change in enumerate(ordered_so) if isinstance(change, Schedule))
    assert Unschedule(NUMBER, ("escalate",)) in ordered_so[set_at:]


def test_an_outage_that_somebody_has_taken_and_moves_to_another_desk_is_nobodys_again() -> None:
    taken = outage(assignee="Ivan", follow_ups=(), state=State.OPEN)
    assert changes(ordered("#desk sales", taken), Schedule) == [Schedule(NUMBER, "escalate", NOW + 10 * MINUTE)]
    assert changes(ordered("#desk sales", outage()), Schedule) == []  # the clock that runs goes on


def test_a_desk_may_never_escalate() -> None:
    assert watch(outage(), policy(escalation=Escalation(after=None)), NOW) == ()


def test_a_backlog_gives_agents_their_time() -> None:
    (clock,) = watch(outage(opened_at=NOW - DAY), PAGING, NOW)
    assert clock.due_at == NOW + 10 * MINUTE


@pytest.mark.parametrize(
    ("around_the_clock", "due_at"),
    # Friday, five minutes before closing: ten minutes of business time end on Monday.
    [(True, "2026-03-06T15:05:00+00:00"), (False, "2026-03-09T07:05:00+00:00")],
)
def test_opening_hours_count_unless_the_desk_works_around_the_clock(around_the_clock: bool, due_at: str) -> None:
    office = Calendar(timezone="Europe/Moscow", week=parse_hours("Mon-Fri 10:00-18:00"))
    desk = Desk(
        name="support",
        address=DESK,
        language="en",
        calendar=office,
        rules=(SITE_DOWN,),
        around_the_clock=around_the_clock,
    )
    friday = datetime.fromisoformat("2026-03-06T14:55:00+00:00")
    (clock,) = watch(outage(opened_at=friday), policy(desks=(desk,)), friday)
    assert clock.due_at == datetime.fromisoformat(due_at)


# --- when it has run out --------------------------------------------------------------------------


def test_the_leads_are_told_and_told_again() -> None:
    outcome = escalated(outage())
    alert, page = outcome.letters
    assert (alert.event.value, alert.to.address, alert.urgent) == ("alert", "lena@help.test", True)
    assert alert.body == "[##100001##] The site is down · Anna <anna@shop.test>"
    assert [reason.rule for reason in alert.reasons] == ["untaken"]
    assert (page.event.value, page.to.address, page.audience) == ("page", "oncall@sms.test", Audience.NOBODY)
    assert changes(outcome, Record) == [Record(NUMBER, "helpdesk", "escalated", "nobody has taken it")]
    assert outcome.changes[0] == Done(NUMBER, "escalate")  # before the next one is planned
    assert changes(outcome, Schedule) == [Schedule(NUMBER, "escalate", NOW + 30 * MINUTE)]


def test_no_moment_leads_to_two_letters_and_the_next_one_to_another() -> None:
    once, twice = escalated(outage()), escalated(outage(), now=NOW + MINUTE)
    assert [one.dedupe_key for one in once.letters] == [one.dedupe_key for one in twice.letters]
    later = outage(follow_ups=(FollowUp("escalate", NOW + 30 * MINUTE),))
    again = escalated(later, now=NOW + 30 * MINUTE)
    assert {one.dedupe_key for one in again.letters}.isdisjoint(one.dedupe_key for one in once.letters)


def test_a_clock_that_jumps_tells_once_and_plans_from_where_it_is() -> None:
    outcome = escalated(outage(), now=NOW + TEN_YEARS)
    assert [event for event, _ in written(outcome)] == ["alert", "page"]
    assert changes(outcome, Schedule) == [Schedule(NUMBER, "escalate", NOW + TEN_YEARS + 30 * MINUTE)]


def test_once_may_be_enough_and_there_may_be_no_second_address() -> None:
    outcome = escalated(outage(), policy(escalation=Escalation(again=None)))
    assert written(outcome) == [("alert", "lena@help.test")]
    assert changes(outcome, Schedule) == []


@pytest.mark.parametrize("subject", ["The site is down", "Сайт лежит " * 50, "two\nlines"])
def test_a_page_is_one_line_that_fits_into_a_text_message(subject: str) -> None:
    for language in ("en", "ru", "uk", "pl"):
        desk = replace(policy().desks[0], language=language)
        page = escalated(outage(subject=subject, gathers=37), replace(PAGING, desks=(desk,))).letters[-1]
        assert len(page.body) <= PAGE_LENGTH
        assert "[##100001##]" in page.body
        assert "\n" not in page.body


def test_a_page_of_an_incident_says_how_many() -> None:
    page = escalated(outage(requester=None, gathers=37)).letters[-1]
    assert page.body == "Nobody has taken this outage since 08:50: [##100001##] The site is down · ×37"


# --- what ends it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["#take", "#assign olha", "We are looking into it."])
def test_whoever_takes_or_answers_an_outage_ends_it(text: str) -> None:
    decision = ordered(text, outage())
    assert Unschedule(NUMBER, ("escalate",)) in decision.changes
    assert changes(decision, Assign) != []


@pytest.mark.parametrize("text", ["#close", "#wait 2h", "#normal", "#spam"])
def test_what_else_ends_it(text: str) -> None:
    ended = [change.kinds for change in changes(ordered(text, outage()), Unschedule)]
    assert () in ended or ("escalate",) in ended


@pytest.mark.parametrize("text", ["#release", "#outage site-down", "#reopen"])
def test_an_outage_that_is_nobodys_again_starts_the_clock_again(text: str) -> None:
    on = outage(assignee="Ivan" if text == "#release" else None, follow_ups=(), state=State.OPEN)
    assert changes(ordered(text, on), Schedule) == [Schedule(NUMBER, "escalate", NOW + 10 * MINUTE)]


@pytest.mark.parametrize("text", ["#ask ip", "#got time", "#priority high", "#note Who knows this shop?"])
def test_what_does_not_end_it(text: str) -> None:
    ended = changes(ordered(text, outage(missing=("time",))), Unschedule)
    assert all("escalate" in one.kept for one in ended)


def test_the_requester_who_writes_again_does_not_end_it() -> None:
    decision = decided(mail("Still down!"), Facts(by_reference=(("<first@shop.test>", outage()),)))
    assert "escalate" in changes(decision, Unschedule)[0].kept


def test_a_requester_who_opens_an_outage_again_starts_the_clock() -> None:
    closed = outage(state=State.CLOSED, follow_ups=())
    decision = decided(mail("Down again!"), Facts(by_reference=(("<first@shop.test>", closed),)))
    assert changes(decision, Schedule) == [Schedule(NUMBER, "escalate", NOW + 10 * MINUTE)]


# --- incidents ------------------------------------------------------------------------------------


def test_an_incident_has_one_clock_from_its_first_report_and_its_tickets_have_none() -> None:
    decision = decided(mail("The site is down!"), Facts(reports=(report(1), report(2))))
    assert changes(decision, Schedule) == [Schedule(NEW_INCIDENT, "escalate", NOW + 9 * MINUTE)]
    stopped = {change.ticket for change in changes(decision, Unschedule) if change.kinds == ("escalate",)}
    assert stopped == {100001, 100002}
    assert HangOn(NEW, NEW_INCIDENT) in decision.changes


def test_an_incident_of_a_report_that_somebody_has_taken_is_his() -> None:
    decision = decided(mail("The site is down!"), Facts(reports=(report(1, taken_by="Olha"), report(2))))
    assert changes(decision, Assign) == [Assign(NEW_INCIDENT, "Olha")]
    assert changes(decision, Schedule) == []
    # The others learn of it all the same.
    assert [to for event, to in written(decision) if event == "notify"] == ["ivan@help.test", "olha@help.test"]

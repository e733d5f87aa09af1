"""Routing cases: what a letter suggests, what `#case` does, and whose answer is watched for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.core.calendar import parse_hours
from helpdesk.core.decision import Decision, Done, Schedule, SetFacts, SetState, Unschedule
from helpdesk.core.facts import Facts
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.phrases import compile_pattern
from helpdesk.core.policy import Desk, Partner, Policy
from helpdesk.core.routes import CASE, Route
from helpdesk.core.rules import Words
from helpdesk.core.scheduling import answered
from helpdesk.core.ticket import WATCH, FollowUp, Part, Participant, State, Ticket
from helpdesk.core.timers import happen
from tests.build import (
    ANNA,
    IVAN_WRITES,
    NOW,
    NUMBER,
    answering,
    changes,
    decided,
    mail,
    policy,
    sent,
    ticket,
    to_customers,
)

STORE = Address("store@brand.test", "Brand store")
OFFERS = Route(
    key="late-parcel",
    label=(("en", "late parcel"), ("ru", "посылка опаздывает")),
    topic=Words(any_of=(compile_pattern("parcel ..3 late"),)),
    reply=(("en", "Please ask the store about request {number}."),),
    again=(("en", "We have passed it on."),),
    forward=(("en", "Where is it?"),),
    expects=(("en", "tells where the parcel is"),),
    insists=True,
    watch=timedelta(days=2),
)
ASKS = Route(
    key="region", label=(("en", "region"),), reply=(("en", "We ask."),), partner="brand", forward=(("en", "Can you?"),)
)
TELLS = Route(
    key="see",
    label=(("en", "see it"),),
    topic=Words(any_of=(compile_pattern("see it"),)),
    reply=(("en", "In a store."),),
)


def rules(**values: Any) -> Policy:
    desks = tuple(replace(desk, routes=(OFFERS, ASKS, TELLS)) for desk in policy().desks)
    return policy(desks=desks, partners=(Partner(name="Brand store", addresses=(STORE.address,)),), **values)


RULES = rules()


def ordered(text: str, on: Ticket | None = None) -> Decision:
    """What comes of an agent's reply to a notification."""
    on = on or ticket()
    known = answering(sent(), on, request=((NUMBER, "The parcel is late."),))
    return decided(mail(text, sender=IVAN_WRITES), known, RULES)


def asked(decision: Decision) -> list[Letter]:
    return [one for one in decision.letters if one.audience is Audience.PARTNER]


def result(decision: Decision) -> str:
    return next(one.body for one in decision.letters if one.event is Event.RESULT)


def told_before(**values: Any) -> Ticket:
    return ticket(fields=((CASE, "late-parcel"),), **values)


def test_a_notification_names_the_probable_case_with_the_words_that_led_there() -> None:
    decision = decided(mail("My parcel is very late. Can I see it?"), Facts(), RULES)
    news = next(one for one in decision.letters if one.event is Event.NOTIFY)
    assert news.cases == (("late parcel", "late-parcel"), ("see it", "see"))
    reasons = [str(reason) for reason in news.reasons if reason.rule == "routing-case"]
    assert reasons == [
        "routing-case: late parcel (#case late-parcel); text: parcel is very late",
        "routing-case: see it (#case see); text: see it",
    ]


def test_a_letter_that_suggests_no_case_names_none() -> None:
    decision = decided(mail("Good morning."), Facts(), RULES)
    assert all(not one.cases for one in decision.letters)


def test_a_later_letter_suggests_the_second_step_of_the_case() -> None:
    known = answering(replace(sent(audience=Audience.REQUESTER), recipient=ANNA.address), told_before())
    decision = decided(mail("I called them."), known, RULES)
    news = next(one for one in decision.letters if one.event is Event.NOTIFY)
    assert news.cases == (("late parcel", "late-parcel"),)


def test_a_case_for_those_who_insist_asks_nobody_at_first() -> None:
    decision = ordered("#case late parcel")
    assert asked(decision) == []
    assert {one.body for one in to_customers(decision)} == {f"Please ask the store about request {NUMBER}."}
    assert changes(decision, SetFacts)[0].fields == ((CASE, "late-parcel"),)
    assert changes(decision, SetState)[-1].state is State.WAITING
    assert "once more" in result(decision)


def test_carried_out_again_with_a_partner_it_asks_him_and_watches() -> None:
    decision = ordered("#case late-parcel, brand\n\nAnna, we shall write today.", told_before(state=State.WAITING))
    (letter,) = asked(decision)
    assert (letter.to, letter.body, letter.request) == (STORE, "Where is it?", "The parcel is late.")
    assert {one.body for one in to_customers(decision)} == {"We have passed it on.\n\nAnna, we shall write today."}
    assert Schedule(NUMBER, WATCH, NOW + timedelta(days=2)) in decision.changes
    # It waits for the partner, not for the customer: nothing reminds her.
    assert changes(decision, SetState)[-1].state is State.OPEN
    assert "The partner is expected to: tells where the parcel is" in result(decision)


def test_whoever_names_the_partner_asks_him_at_once() -> None:
    assert len(asked(ordered("#case late, Brand store"))) == 1


def test_a_case_with_a_partner_of_its_own_needs_none_named() -> None:
    decision = ordered("#случай region")
    assert [letter.to for letter in asked(decision)] == [STORE]
    assert not [one for one in changes(decision, Schedule) if one.kind == WATCH]


@pytest.mark.parametrize(
    ("line", "on", "why"),
    [
        # Insisting, but at which store?
        ("#case late-parcel", told_before(), "needs a partner: #case late-parcel, PARTNER. Partners: Brand store"),
        ("#case lost", ticket(), 'there is no case "lost". There are: late-parcel (late parcel), region (region)'),
        ("#case region, nobody", ticket(), 'there is no partner "nobody"'),
        ("#case", ticket(), "something is missing"),
        # An answer that reaches nobody is not written.
        ("#note\n#case see", ticket(), "#note"),
    ],
)
def test_a_case_that_cannot_be_carried_out_says_why_and_does_nothing(line: str, on: Ticket, why: str) -> None:
    decision = ordered(line, on)
    assert why in result(decision)
    assert (asked(decision), to_customers(decision), changes(decision, SetFacts)) == ([], [], [])


def watched(**values: Any) -> Ticket:
    people = (*ticket().participants, Participant(STORE, Part.PARTNER))
    return told_before(participants=people, follow_ups=(FollowUp(WATCH, NOW),), **values)


def test_a_partners_answer_ends_the_watch() -> None:
    known = answering(replace(sent(audience=Audience.PARTNER), recipient=STORE.address), watched())
    decision = decided(mail("Tomorrow.", sender=STORE), known, RULES)
    assert changes(decision, Unschedule) == [Unschedule(NUMBER, (WATCH,))]
    assert to_customers(decision) == []


def test_the_customers_answer_does_not_end_it() -> None:
    assert WATCH in answered(NUMBER).kept


def test_the_agents_learn_that_a_partner_is_silent_and_again_later() -> None:
    outcome = happen(watched(assignee="Ivan"), WATCH, RULES, NOW)
    assert [(one.event, one.to.address) for one in outcome.letters] == [(Event.NOTIFY, "ivan@help.test")]
    assert [str(reason) for reason in outcome.letters[0].reasons] == [f"partner-silent: {STORE}"]
    assert changes(outcome, Done) == [Done(NUMBER, WATCH)]
    assert changes(outcome, Schedule) == [Schedule(NUMBER, WATCH, NOW + timedelta(days=2))]


def test_nobody_is_watched_for_a_closed_ticket() -> None:
    outcome = happen(watched(state=State.CLOSED), WATCH, RULES, NOW)
    assert (outcome.letters, outcome.changes) == ((), (Done(NUMBER, WATCH),))


def test_outside_the_desks_hours_the_watch_waits_for_its_opening() -> None:
    closed = replace(RULES.desks[0].calendar, week=parse_hours("Sat-Sun 10:00-11:00"))
    desks: tuple[Desk, ...] = (replace(RULES.desks[0], calendar=closed), *RULES.desks[1:])
    outcome = happen(watched(), WATCH, replace(RULES, desks=desks), NOW)
    assert outcome.letters == ()
    assert [one.kind for one in changes(outcome, Schedule)] == [WATCH]

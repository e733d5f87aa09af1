"""Letters that decisions ask for: whom they go to, and that no cause leads to one twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpdesk.core.message import Address
from helpdesk.core.notices import alerts, answer, concerned, leads, result, to_agents, to_requester
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.policy import Agent
from helpdesk.core.ticket import Part, Participant
from tests.build import ANNA, BORIS, IVAN, LENA, OLHA, policy, ticket


@pytest.mark.parametrize(
    ("on", "agents"),
    [
        (ticket(assignee="Olha"), (OLHA,)),
        (ticket(), (IVAN, OLHA)),
        (ticket(desk="sales"), (IVAN, OLHA, LENA)),
        (ticket(assignee="Left long ago"), (IVAN, OLHA)),
    ],
)
def test_whom_news_of_a_ticket_concern(on: object, agents: tuple[Agent, ...]) -> None:
    assert concerned(on, policy()) == agents  # type: ignore[arg-type]


def test_a_desk_that_nobody_serves_is_the_leads_concern() -> None:
    nobody = replace(IVAN, desks=("sales",))
    assert concerned(ticket(), policy(agents=(nobody, LENA))) == (LENA,)


def test_without_leads_every_agent_is_told_of_trouble() -> None:
    assert leads(policy()) == (LENA,)
    assert leads(policy(agents=(IVAN, OLHA))) == (IVAN, OLHA)


def test_whoever_caused_the_news_is_not_told() -> None:
    news = to_agents(Event.NOTIFY, ticket(), policy(), "mail", but="ivan@home.test")
    assert [letter.to.address for letter in news] == ["olha@help.test"]


def test_an_answer_is_a_copy_for_each_with_the_same_faces_shown() -> None:
    partner = Participant(Address("parts@maker.test"), Part.PARTNER)
    on = ticket(participants=(*ticket().participants, partner))
    letters = answer(on, IVAN, "Done.", "mail")
    assert [letter.to for letter in letters] == [ANNA, BORIS]  # a partner hears agents only
    assert {(letter.shown_to, letter.shown_cc) for letter in letters} == {((ANNA,), (BORIS,))}
    assert len({letter.dedupe_key for letter in letters}) == 2


def test_agents_letters_are_in_the_language_of_their_desk() -> None:
    assert {letter.language for letter in to_agents(Event.NOTIFY, ticket(desk="sales"), policy(), "m")} == {"ru"}
    assert result(LENA, None, policy(), "…", "m").language == "ru"
    assert result(IVAN, None, policy(), "…", "m").language == "en"


def test_event_ticket_recipient_and_cause_make_a_letter_unique() -> None:
    keys = [
        to_requester(Event.OPENED, ticket(), "mail")[0].dedupe_key,
        to_requester(Event.REOPENED, ticket(), "mail")[0].dedupe_key,
        to_requester(Event.OPENED, ticket(100002), "mail")[0].dedupe_key,
        to_requester(Event.OPENED, ticket(), "other")[0].dedupe_key,
        to_requester(Event.OPENED, ticket(requester=BORIS), "mail")[0].dedupe_key,
        alerts(policy(), "disk full", "mail")[0].dedupe_key,
    ]
    assert len(set(keys)) == len(keys)
    assert to_requester(Event.OPENED, ticket(), "mail")[0].dedupe_key == keys[0]


def test_a_reply_to_an_alert_reaches_nobody() -> None:
    (alert,) = alerts(policy(), "disk full", "disk")
    assert (alert.event, alert.audience, alert.to.address) == (Event.ALERT, Audience.NOBODY, "lena@help.test")
    assert alerts(policy(), "disk full", "disk", but="lena@help.test") == ()


def test_who_was_forged_gets_no_automatic_letter_ever() -> None:
    assert to_requester(Event.CLOSED, ticket(forged=True), "cause") == ()

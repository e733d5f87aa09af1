"""A mail whose ticket belongs to an incident: what hangs on it, and who gets a letter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpdesk.core.decision import Decision, OpenTicket, Record
from helpdesk.core.facts import Facts
from helpdesk.core.incident import HangOn, Incident
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience
from helpdesk.core.policy import Incidents
from helpdesk.core.sender import LetterCounts, Opened
from helpdesk.core.ticket import NEW, NEW_INCIDENT, Lane, Priority, State
from tests.build import (
    AUTHSERV,
    FORGED,
    NOW,
    asking_policy,
    changes,
    decided,
    mail,
    policy,
    ticket,
    to_customers,
    written,
)
from tests.unit.test_incident import MINUTE, report

TWO = Facts(reports=(report(2, who="piotr"), report(1, who="olena")))
OPEN = Incident(number=100009, desk="support", situation="site-down", news="We restart the servers.")
ONE_OPEN = Facts(incidents=(OPEN,), reports=TWO.reports)
DOWN = mail("The site is down!", subject="Help")


def begun(facts: Facts = TWO) -> Decision:
    return decided(DOWN, facts, asking_policy())


def test_the_third_report_begins_an_incident_that_stands_where_the_first_stood() -> None:
    decision = begun()
    own, incident = changes(decision, OpenTicket)
    assert (own.gathers, incident.gathers) == (False, True)
    assert (incident.subject, incident.requester, incident.desk) == ("Incident: The site is down", None, "support")
    assert (incident.lane, incident.situation, incident.state) == (Lane.OUTAGE, "site-down", State.NEW)
    assert (incident.priority, incident.opened_at) == (Priority.NORMAL, NOW - MINUTE)
    assert changes(decision, HangOn) == [HangOn(number, NEW_INCIDENT) for number in (100001, 100002, NEW)]
    assert {record.ticket for record in changes(decision, Record) if "incident" in record.what} == {100001, 100002, NEW}
    assert [str(reason) for reason in decision.reasons if reason.rule == "incident"] == ["incident: 3 report site-down"]


def test_each_requester_is_told_once_and_the_desk_gets_one_notification_of_the_whole() -> None:
    decision = begun()
    assert written(decision) == [
        ("opened", "anna@shop.test"),
        ("incident", "olena@shop.test"),
        ("incident", "piotr@shop.test"),
        ("notify", "ivan@help.test"),
        ("notify", "olha@help.test"),
    ]
    notice = decision.letters[-1]
    assert (notice.ticket, notice.audience, notice.urgent) == (NEW_INCIDENT, Audience.COLLEAGUES, True)
    assert notice.body.splitlines() == [
        "[##100001##] olena@shop.test: The site is down",
        "[##100002##] piotr@shop.test: The site is down",
        "Anna <anna@shop.test>: Help",
        "",
        "The site is down!",
    ]


def test_what_is_known_is_asked_of_nobody() -> None:
    (acknowledgement, *_) = to_customers(begun())
    assert acknowledgement.missing == ()
    assert changes(begun(), OpenTicket)[0].missing == ("ip", "time")  # an agent may still #ask


def test_two_daemons_that_begin_the_same_incident_write_the_same_letters() -> None:
    other = decided(mail("The site is down!", sender=Address("john@tyres.test")), TWO)
    keys = {letter.dedupe_key for letter in begun().letters if letter.event.value != "opened"}
    assert {letter.dedupe_key for letter in other.letters if letter.event.value != "opened"} == keys


def test_a_later_report_joins_and_its_requester_learns_what_is_known() -> None:
    decision = decided(DOWN, ONE_OPEN)
    assert len(changes(decision, OpenTicket)) == 1
    assert changes(decision, HangOn) == [HangOn(NEW, 100009)]
    assert [(letter.event.value, letter.body) for letter in to_customers(decision)] == [
        ("opened", "We restart the servers.")
    ]


def test_agents_get_what_joins_as_lines_of_a_list() -> None:
    notices = [letter for letter in decided(DOWN, ONE_OPEN).letters if letter.audience is not Audience.REQUESTER]
    assert [(letter.to.address, letter.ticket, letter.listed) for letter in notices] == [
        ("ivan@help.test", 100009, True),
        ("olha@help.test", 100009, True),
    ]
    taken = decided(DOWN, replace(ONE_OPEN, incidents=(replace(OPEN, assignee="Olha"),)))
    assert [letter.to.address for letter in taken.letters if letter.listed] == ["olha@help.test"]


def test_whoever_was_told_before_gets_no_second_acknowledgement() -> None:
    decision = decided(DOWN, replace(ONE_OPEN, opened=Opened(incident=100009)))
    assert to_customers(decision) == []
    assert Record(NEW, "helpdesk", "no acknowledgement", "told-before: [##100009##]") in decision.changes


def test_a_reporter_who_writes_again_as_the_incident_begins_is_told_on_the_first_ticket() -> None:
    facts = Facts(reports=(*TWO.reports, report(3, who="anna")))
    letters = to_customers(begun(facts))
    assert [(letter.event.value, letter.ticket, letter.to.address) for letter in letters] == [
        ("incident", 100001, "olena@shop.test"),
        ("incident", 100002, "piotr@shop.test"),
        ("incident", 100003, "anna@shop.test"),
    ]


def test_bounds_hold_for_every_requester() -> None:
    flooded = (report(1, letters_3h=10), report(2, letters_24h=20))
    assert [letter.event.value for letter in to_customers(begun(Facts(reports=flooded)))] == ["opened"]
    refused = replace(TWO, counts=LetterCounts(address_3h=10))
    assert [letter.event.value for letter in to_customers(begun(refused))] == ["incident", "incident"]


def test_words_that_nobody_proved_are_not_repeated() -> None:
    unproven = (report(1, words=False), report(2))
    assert [letter.words for letter in to_customers(begun(Facts(reports=unproven)))] == [True, False, True]


def test_a_forged_report_begins_nothing_and_gets_nothing_but_joins() -> None:
    trusting = policy(trusted_authserv=AUTHSERV)
    forged = replace(DOWN, headers=FORGED)
    assert len(changes(decided(forged, TWO, trusting), OpenTicket)) == 1
    joined = decided(forged, ONE_OPEN, trusting)
    assert changes(joined, HangOn) == [HangOn(NEW, 100009)]
    assert to_customers(joined) == []


def test_imported_history_and_other_matters_join_nothing() -> None:
    assert changes(decided(DOWN, ONE_OPEN, silent=True), HangOn) == []
    assert changes(decided(mail("Which price?"), ONE_OPEN), HangOn) == []


def test_whoever_reports_one_outage_after_another_joins_nothing() -> None:
    flood = decided(DOWN, replace(ONE_OPEN, opened=Opened(tickets_1h=20, outages_1h=20)))
    assert changes(flood, HangOn) == []


def test_a_desk_without_incidents_goes_on_as_before() -> None:
    decision = decided(DOWN, TWO, policy(incidents=Incidents(reporters=0)))
    assert [event for event, _ in written(decision)] == ["opened", "notify", "notify"]


@pytest.mark.parametrize(
    ("on", "incident", "told"),
    [
        # Nobody has taken anything: it is one of hundreds.
        ({"incident": 100009}, OPEN, [("ivan@help.test", True), ("olha@help.test", True)]),
        # Whoever has taken the incident reads what its customers add.
        ({"incident": 100009}, replace(OPEN, assignee="Olha"), [("olha@help.test", False)]),
        # Somebody works on this very ticket.
        ({"incident": 100009, "assignee": "Ivan"}, OPEN, [("ivan@help.test", False)]),
        # The incident is over.
        ({"incident": 100008}, OPEN, [("ivan@help.test", False), ("olha@help.test", False)]),
    ],
)
def test_who_learns_what_a_customer_of_many_adds(
    on: dict[str, Any], incident: Incident, told: list[tuple[str, bool]]
) -> None:
    known = (("<first@shop.test>", ticket(lane=Lane.OUTAGE, **on)),)
    decision = decided(mail("Still down."), Facts(incidents=(incident,), by_reference=known))
    assert [(one.to.address, one.listed) for one in decision.letters if one.audience is Audience.AGENT] == told

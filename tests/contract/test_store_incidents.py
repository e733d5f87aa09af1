"""What a store knows of incidents, and how tickets come to hang on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpdesk.adapters.store import SqlStore
from helpdesk.core.decision import (
    Assign,
    Outcome,
    Record,
    Schedule,
    SetState,
    Unschedule,
)
from helpdesk.core.incident import HangOn, Incident, Report, SetNews
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.ticket import NEW, NEW_INCIDENT, Lane, State
from helpdesk.ports import Unit
from tests.desk import (
    ANNA,
    DAY,
    HOUR,
    IVAN,
    MINUTE,
    NOW,
    OPENING,
    PETER,
    change,
    facts,
    letter,
    open_ticket,
    queue,
    shown,
    ticket,
    ticket_of,
)

OUTAGE: dict[str, Any] = {"lane": Lane.OUTAGE, "situation": "site-down", "state": State.OPEN}
AROUND = (NOW - MINUTE, NOW + MINUTE)
GATHERING = replace(OPENING, requester=None, gathers=True, subject="Инцидент", opened_at=NOW - MINUTE, **OUTAGE)


def begin(unit: Unit, *members: int) -> int:
    """An incident that begins with a report of Anna and gathers `members`; its number."""
    hung = [HangOn(number, NEW_INCIDENT) for number in (*members, NEW)]
    outcome = Outcome(
        ticket=NEW,
        changes=(
            replace(OPENING, **OUTAGE),
            GATHERING,
            Record(NEW_INCIDENT, "helpdesk", "opened", "three"),
            *hung,
        ),
    )
    number = unit.apply(outcome, NOW, by="test")
    assert number is not None
    opened = unit.ticket(number)
    assert opened is not None
    assert opened.incident is not None
    return opened.incident


def test_an_incident_gathers_what_hangs_on_it(store: SqlStore) -> None:
    first = ticket_of(store, **OUTAGE)
    with store.unit() as unit:
        number = begin(unit, first)
    incident = ticket(store, number)
    assert (incident.gathers, incident.incident, incident.requester) == (2, None, None)
    assert (incident.lane, incident.opened_at, incident.subject) == (Lane.OUTAGE, NOW - MINUTE, "Инцидент")
    assert (ticket(store, first).incident, ticket(store, first).gathers) == (number, None)
    assert shown(store, number).links == ((first, "incident"), (number - 1, "incident"))
    assert shown(store, first).links == ((number, "incident"),)
    assert [line.what for line in shown(store, number).history] == ["opened"]


def test_a_ticket_may_leave_its_incident(store: SqlStore) -> None:
    with store.unit() as unit:
        number = begin(unit)
        change(unit, number - 1, HangOn(number - 1, None))
    assert (ticket(store, number).gathers, ticket(store, number - 1).incident) == (0, None)


def test_open_outages_are_known_as_incidents_and_reports(store: SqlStore) -> None:
    with store.unit() as unit:
        number = begin(unit)
        alone = open_ticket(unit, requester=PETER, words=False, **OUTAGE)
        queue(unit, letter("new", PETER), alone)
        queue(unit, letter("old", PETER), alone, now=NOW - 4 * HOUR)
        queue(unit, letter("older", PETER), alone, now=NOW - 2 * DAY)
        queue(unit, letter("ours", PETER, audience=Audience.AGENT, event=Event.NOTIFY), alone)
    known = facts(store, reports_between=AROUND)
    assert known.incidents == (Incident(number=number, desk="support", situation="site-down"),)
    assert known.reports == (
        Report(
            ticket=alone,
            subject="Сайт лежит",
            requester=PETER,
            desk="support",
            situation="site-down",
            language="ru",
            words=False,
            forged=False,
            opened_at=NOW,
            letters_3h=1,
            letters_24h=2,
        ),
    )


def test_an_outage_is_taken_once_its_clock_is_stopped(store: SqlStore) -> None:
    number = ticket_of(store, **OUTAGE)
    with store.unit() as unit:
        change(unit, number, Assign(number, "Ivan"), Schedule(number, "escalate", NOW))
    assert [report.taken_by for report in facts(store, reports_between=AROUND).reports] == [None]
    with store.unit() as unit:
        change(unit, number, Unschedule(number, ("escalate",)))
    assert [report.taken_by for report in facts(store, reports_between=AROUND).reports] == ["Ivan"]


@pytest.mark.parametrize("which", [{"lane": Lane.NORMAL}, {"state": State.CLOSED}])
def test_what_is_over_or_no_outage_is_no_report(store: SqlStore, which: dict[str, Any]) -> None:
    ticket_of(store, **OUTAGE | which)
    assert facts(store, reports_between=AROUND).reports == ()


def test_reports_are_those_of_the_time_that_is_asked_for(store: SqlStore) -> None:
    reported = [ticket_of(store, **OUTAGE, opened_at=NOW + minutes * MINUTE) for minutes in (-16, -15, 0, 15, 16)]
    asked = facts(store, reports_between=(NOW - 15 * MINUTE, NOW + 15 * MINUTE))
    assert [report.ticket for report in asked.reports] == reported[3:0:-1]
    assert facts(store).reports == ()


def test_incidents_are_known_however_old_they_are(store: SqlStore) -> None:
    with store.unit() as unit:
        number = begin(unit)
    late = (NOW + 30 * DAY, NOW + 31 * DAY)
    assert [one.number for one in facts(store, reports_between=late).incidents] == [number]


def test_a_closed_incident_takes_nothing_in(store: SqlStore) -> None:
    with store.unit() as unit:
        number = begin(unit)
        change(unit, number, SetState(number, State.CLOSED))
    assert facts(store).incidents == ()


def test_a_sender_is_known_to_be_on_an_incident_until_the_ticket_closes(store: SqlStore) -> None:
    with store.unit() as unit:
        number = begin(unit)
    assert facts(store, sender=ANNA.address).opened.incident == number
    assert facts(store, sender=PETER.address).opened.incident is None
    with store.unit() as unit:
        change(unit, number - 1, SetState(number - 1, State.CLOSED))
    assert facts(store, sender=ANNA.address).opened.incident is None


def test_an_incident_that_another_daemon_has_just_begun_is_the_one(store: SqlStore) -> None:
    with store.unit() as unit:
        number = begin(unit)
    with store.unit() as unit:
        assert begin(unit) == number
    assert ticket(store, number).gathers == 2


def test_an_agents_mail_comes_with_everything_that_hangs_on_the_incident(store: SqlStore) -> None:
    first = ticket_of(store, **OUTAGE)
    with store.unit() as unit:
        number = begin(unit, first)
        queue(unit, letter("to-agent", IVAN, audience=Audience.AGENT, event=Event.NOTIFY), first)
        change(unit, number - 1, SetState(number - 1, State.CLOSED))
    for known in (
        facts(store, references=("<to-agent@desk.test>",), sender=IVAN.address, agent=IVAN.address),
        facts(store, tags=(number,), sender=IVAN.address, agent=IVAN.address),
    ):
        assert [(one.number, one.state) for one in known.gathered] == [
            (number, State.OPEN),
            (first, State.OPEN),
            (number - 1, State.CLOSED),
        ]
    assert facts(store, tags=(number,), sender=PETER.address).gathered == ()
    assert facts(store, tags=(ticket_of(store),), sender=IVAN.address, agent=IVAN.address).gathered == ()


def test_whoever_joins_is_told_the_last_news(store: SqlStore) -> None:
    with store.unit() as unit:
        number = begin(unit)
        change(unit, number, SetNews(number, "Диск меняем."))
    assert [one.news for one in facts(store).incidents] == ["Диск меняем."]

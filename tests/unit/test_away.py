"""An agent who is away: until when, whose tickets go back, and who hears of new ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from helpdesk.core.command_values import Assign as AssignTo
from helpdesk.core.decision import Assign, Decision, Record, Schedule, SetState
from helpdesk.core.facts import Facts
from helpdesk.core.notices import concerned, leads
from helpdesk.core.outgoing import Event
from helpdesk.core.policy import Policy
from helpdesk.core.rounds import digests
from helpdesk.core.sender import SetAway
from helpdesk.core.ticket import Lane, State
from tests.build import (
    IVAN,
    IVAN_WRITES,
    LENA,
    NOW,
    OLHA,
    answering,
    changes,
    decided,
    mail,
    passed,
    policy,
    sent,
    ticket,
    to_customers,
    written,
)
from tests.unit.test_orders import done, refused

BACK = NOW + timedelta(days=3)
AWAY = ((IVAN.name, BACK),)


def ordered(text: str, facts: Facts | None = None, **values: Any) -> Decision:
    """Ivan writes to the support address; the server proves him."""
    return decided(mail(text, sender=IVAN_WRITES, headers=passed()), facts or Facts(), rules(**values))


def rules(**values: Any) -> Policy:
    return policy(**{"trusted_authserv": "mx.help.test"} | values)


# --- until when -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "back"),
    [
        ("15.03", "2026-03-16"),  # the whole of that day
        ("2026-03-15", "2026-03-16"),
        ("до 15 марта", "2026-03-16"),
        ("Friday", "2026-03-07"),
        ("п'ятниця", "2026-03-07"),
        ("3d", "2026-03-05T09:00"),
        ("3 дня", "2026-03-05T09:00"),
        ("01.03", "2027-03-02"),  # it is the second today: the next first of March
    ],
)
def test_a_day_or_a_length_of_time_says_until_when(said: str, back: str) -> None:
    decision = ordered(f"#away {said}")
    assert changes(decision, SetAway) == [SetAway("Ivan", datetime.fromisoformat(back).replace(tzinfo=NOW.tzinfo))]
    assert back.replace("T", " ") in decision.letters[0].body


@pytest.mark.parametrize("said", ["soon", "31.02", "800d", "0d", "2029-01-01"])
def test_what_is_no_day_of_the_next_year_changes_nothing(said: str) -> None:
    decision = ordered(f"#away {said}")
    assert decision.changes == ()
    assert "no day within the next year" in decision.letters[0].body


def test_no_ends_it() -> None:
    assert ordered("#отсутствую нет").changes == (SetAway("Ivan", None),)


def test_it_wants_a_mail_of_its_own() -> None:
    for text in ("#away 3d\nI am on holiday.", "#take\n#away 3d"):
        decision = decided(mail(text, sender=IVAN_WRITES), answering(sent(), ticket()))
        assert {change.what for change in changes(decision, Record)} == {"refused"}
        assert to_customers(decision) == []


# --- what goes back -------------------------------------------------------------------------------


def test_his_tickets_go_back_and_his_colleagues_hear_of_it_in_one_list() -> None:
    queue = (
        ticket(100002, assignee="Ivan", lane=Lane.OUTAGE, state=State.OPEN),
        ticket(100003, assignee="Ivan", state=State.WAITING),
        ticket(100004, assignee="Olha"),
        ticket(100005),
    )
    decision = ordered("#away 3d", Facts(queue=queue))
    assert [(one.ticket, one.agent) for one in changes(decision, Assign)] == [(100002, None), (100003, None)]
    assert changes(decision, SetState) == []  # whoever waits for the customer goes on waiting
    # The outage is nobody's again, so somebody is told unless it is taken.
    assert [one.ticket for one in changes(decision, Schedule)] == [100002]
    notices = [letter for letter in decision.letters if letter.event is Event.NOTIFY]
    assert {(letter.ticket, letter.to.address) for letter in notices} == {
        (100002, "olha@help.test"),
        (100003, "olha@help.test"),
    }
    assert all(letter.listed for letter in notices)
    assert "Given back to the desk: 2." in decision.letters[-1].body


# --- what keeps away ------------------------------------------------------------------------------


def test_new_tickets_and_alarms_go_to_whoever_is_there() -> None:
    away = rules(away=AWAY)
    assert concerned(ticket(), away) == (OLHA,)
    assert concerned(ticket(assignee="Ivan"), away) == (IVAN,)  # what he took while away is his
    assert leads(rules(agents=(IVAN, LENA, replace(OLHA, lead=True)), away=((LENA.name, BACK),))) == (
        replace(OLHA, lead=True),
    )


def test_where_everybody_is_away_somebody_hears_of_it_all_the_same() -> None:
    everybody = rules(away=tuple((one.name, BACK) for one in (IVAN, OLHA, LENA)))
    assert concerned(ticket(), everybody) == leads(everybody) == (LENA,)


def test_nobody_can_give_him_a_ticket_but_he_can_take_one() -> None:
    assert "is away" in refused(AssignTo("Ivan"), policy=rules(away=AWAY), agent=OLHA)
    assert done(AssignTo("Ivan"), policy=rules(away=AWAY)).ticket.assignee == "Ivan"


def test_he_gets_no_morning_digest() -> None:
    letters = digests((ticket(),), rules(away=AWAY), NOW, NOW.date())
    assert "Ivan" not in {letter.to.name for letter in letters}


def test_the_same_words_of_somebody_unproven_do_nothing() -> None:
    decision = decided(mail("#away 3d", sender=IVAN_WRITES), Facts(), rules())
    assert changes(decision, SetAway) == []
    assert {event for event, _ in written(decision)} <= {"unproven", "alert"}

"""A mail that is too large: who is told what, and where the desk sees it."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk.core.case import Arrival, study
from helpdesk.core.decision import OpenTicket, Outcome, Record
from helpdesk.core.facts import Facts
from helpdesk.core.message import Address, Inbound
from helpdesk.core.oversize import MEGABYTE, too_large
from helpdesk.core.sender import LetterCounts
from helpdesk.core.ticket import NEW, State
from tests.build import (
    ANNA,
    AUTHSERV,
    EVE,
    FORGED,
    IVAN_WRITES,
    NOW,
    NUMBER,
    changes,
    mail,
    policy,
    ticket,
    to_customers,
    written,
)

WHY = "too-large: 31.5 MB, 25 MB are taken"
ON_ANNAS_TICKET = Facts(by_reference=(("<first@shop.test>", ticket()),))
AGENTS_ARE_TOLD = [("notify", "ivan@help.test"), ("notify", "olha@help.test")]


def refused(
    inbound: Inbound,
    facts: Facts = Facts(),  # noqa: B008 - frozen
    *,
    silent: bool = False,
    **settings: Any,
) -> Outcome:
    """What follows from a mail of which only the headers were read."""
    arrival = Arrival(desk="support", at=NOW, silent=silent)
    case = study(inbound, facts, policy(**settings), arrival, NOW)
    return too_large(case, int(31.5 * MEGABYTE), 25 * MEGABYTE, 7)


def test_the_sender_is_told_the_limit_and_the_desk_gets_a_ticket() -> None:
    outcome = refused(mail(""))
    (opening,) = changes(outcome, OpenTicket)
    assert (opening.subject, opening.requester, opening.state) == ("A question", ANNA, State.NEW)
    assert changes(outcome, Record) == [Record(NEW, "anna@shop.test", "opened", WHY)]
    assert written(outcome) == [("too-large", "anna@shop.test"), *AGENTS_ARE_TOLD]
    assert outcome.letters[0].limit_mb == 25
    assert "helpdesk quarantine show 7" in outcome.letters[1].body


def test_the_same_mail_by_another_route_is_answered_once() -> None:
    keys = {refused(mail(text)).letters[0].dedupe_key for text in ("", "with another Received")}
    assert len(keys) == 1


@pytest.mark.parametrize(
    "inbound",
    [
        mail("", headers=(("auto-submitted", "auto-replied"),)),  # an absence
        mail("", headers=(("list-id", "<news.shop.test>"), ("precedence", "bulk"))),  # a newsletter
        mail("", return_path="", sender=Address("mailer-daemon@shop.test")),  # a bounce
    ],
)
def test_machines_are_not_answered(inbound: Inbound) -> None:
    outcome = refused(inbound)
    assert (outcome.ticket, outcome.changes, outcome.letters) == (None, (), ())


def test_a_forged_sender_is_not_written_to() -> None:
    outcome = refused(mail("", headers=FORGED), trusted_authserv=AUTHSERV)
    assert to_customers(outcome) == []
    assert changes(outcome, OpenTicket)[0].forged is True
    assert Record(NEW, "helpdesk", "no letter", "auth-failed: no letter to a forged address") in outcome.changes


def test_where_the_sender_is_not_proven_his_words_are_not_repeated() -> None:
    assert refused(mail(""), trusted_authserv=AUTHSERV).letters[0].words is False


def test_bounds_hold_for_this_letter_too() -> None:
    assert written(refused(mail(""), Facts(counts=LetterCounts(address_3h=10)))) == AGENTS_ARE_TOLD


def test_an_agent_is_told_and_nobody_else() -> None:
    outcome = refused(mail("", sender=IVAN_WRITES))
    assert written(outcome) == [("too-large", "ivan@help.test")]
    assert (outcome.ticket, outcome.changes) == (None, ())
    assert outcome.letters[0].subject == "A question"


def test_without_a_sender_the_leads_are_told() -> None:
    assert written(refused(mail("", sender=None))) == [("alert", "lena@help.test")]


def test_imported_history_is_told_to_nobody() -> None:
    outcome = refused(mail(""), silent=True)
    assert outcome.letters == ()
    assert changes(outcome, OpenTicket)[0].state is State.CLOSED


def test_a_reply_is_seen_on_its_ticket() -> None:
    outcome = refused(mail("", references=("<first@shop.test>",)), ON_ANNAS_TICKET)
    assert outcome.ticket == NUMBER
    assert outcome.changes == (Record(NUMBER, "anna@shop.test", "wrote", WHY),)
    assert written(outcome) == [("too-large", "anna@shop.test"), *AGENTS_ARE_TOLD]


def test_a_stranger_who_names_a_ticket_gets_one_of_his_own() -> None:
    outcome = refused(mail("", sender=EVE, references=("<first@shop.test>",)), ON_ANNAS_TICKET)
    assert outcome.ticket == NEW

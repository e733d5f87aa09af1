"""#split: which mail becomes a ticket of its own, and what becomes of the old one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.core.case import wanted
from helpdesk.core.decision import Decision, Disposition, Link, OpenTicket, Record, Schedule, SetState
from helpdesk.core.facts import Wanted
from helpdesk.core.message import Address, Attachment, Inbound, KeptMail, Reason
from helpdesk.core.new_matter import LONG_AGO, new_matter
from helpdesk.core.outgoing import Event, Letter, SentLetter
from helpdesk.core.regrouping import MoveMail
from helpdesk.core.ticket import NEW, Held, Lane, State, Ticket
from tests.build import (
    ANNA,
    ARRIVAL,
    DAY,
    EVE,
    IVAN_WRITES,
    NOW,
    NUMBER,
    answering,
    asking_policy,
    changes,
    decided,
    mail,
    policy,
    sent,
    ticket,
    written,
)

FILE = Attachment(part=2, name="a.pdf", type="application/pdf", size=9, sha256="x")
CHECKED = Reason("auth-unconfigured")


def told(text: str = "And now the printer.", *why: Reason, sender: Address | None = ANNA, **values: Any) -> KeptMail:
    """Anna's second mail to the ticket."""
    inbound = mail(text, sender=sender, subject="Re: [##100001##] The printer", attachments=(FILE,))
    came: dict[str, Any] = {
        "id": 7,
        "ticket": NUMBER,
        "inbound": inbound,
        "at": NOW - DAY,
        "reasons": (CHECKED, *why),
        "first": False,
        "last": True,
    }
    return KeptMail(**came | values)


NOTIFIED = sent(cause=7)


def ordered(
    kept: KeptMail | None, text: str = "#split", on: Ticket | None = None, letter: SentLetter = NOTIFIED, **more: Any
) -> Decision:
    inbound = mail(text, sender=IVAN_WRITES)
    return decided(inbound, answering(letter, on or ticket(), told=kept), **more)


def test_the_mail_becomes_a_ticket_as_if_it_had_come_new() -> None:
    decision = ordered(told())
    (opening,) = changes(decision, OpenTicket)
    assert (opening.subject, opening.requester, opening.state) == ("The printer", ANNA, State.NEW)
    assert (opening.cc, opening.opened_at, opening.words, opening.forged) == ((), NOW - DAY, True, False)
    assert decision.changes == (
        opening,
        Record(NEW, "Ivan", "opened", "a mail taken out of [##100001##]"),
        MoveMail(7, NUMBER, NEW),
        Link(NEW, NUMBER, "split"),
        Record(NUMBER, "Ivan", "split", "Re: [##100001##] The printer"),
    )
    assert (decision.disposition, decision.ticket) == (Disposition.COMMAND, NEW)


def test_the_customer_gets_the_number_and_agents_a_notification_to_answer() -> None:
    decision = ordered(told())
    assert written(decision) == [
        ("opened", "anna@shop.test"),
        ("notify", "ivan@help.test"),
        ("notify", "olha@help.test"),
        ("result", "ivan@help.test"),
    ]
    acknowledgement, news = decision.letters[:2]
    assert (acknowledgement.apart_from, acknowledgement.in_reply_to) == (NUMBER, "<mail@shop.test>")
    assert (news.body, news.parts, news.parts_of) == ("And now the printer.", (2,), 7)
    assert {letter.ticket for letter in decision.letters} == {NEW}


def test_an_outage_among_the_words_is_found() -> None:
    (opening,) = changes(ordered(told("The site is down!")), OpenTicket)
    assert (opening.lane, opening.situation, opening.state) == (Lane.OUTAGE, "site-down", State.OPEN)


def test_what_is_missing_is_asked_for_in_the_acknowledgement() -> None:
    decision = ordered(told(), rules=asking_policy())
    assert decision.letters[0].missing == ("Which IP?", "Since when?")
    assert [one.ticket for one in changes(decision, Schedule)] == [NEW, NEW]


REOPENED = Reason("reopened", "was closed as duplicate")


def test_a_ticket_that_only_this_mail_had_opened_is_closed_again() -> None:
    assert changes(ordered(told("Hi", REOPENED)), SetState) == [SetState(NUMBER, State.CLOSED, resolution="duplicate")]
    assert changes(ordered(told("Hi", REOPENED, last=False)), SetState) == []
    assert changes(ordered(told("Hi", REOPENED), on=ticket(state=State.WAITING)), SetState) == []
    assert changes(ordered(told("Hi")), SetState) == []


def test_what_was_called_forged_stays_without_a_letter() -> None:
    held = ticket(held=(Held(id=7, sender=EVE, subject="", at=NOW),))
    kept = told("Hi", Reason("auth-failed", "dmarc=fail"), sender=EVE)
    decision = ordered(kept, on=held, letter=sent(event=Event.HELD, cause=7))
    (opening,) = changes(decision, OpenTicket)
    assert opening.forged
    assert "opened" not in [event for event, _ in written(decision)]


def result(decision: Decision) -> Letter:
    letter = decision.letters[-1]
    assert letter.event is Event.RESULT
    return letter


@pytest.mark.parametrize(
    "kept",
    [
        None,
        told(first=True),  # it began this very ticket
        told(ticket=100009),  # it was taken out before
        told(id=8),  # the answered letter tells of another one
        told(sender=None),
        told(sender=IVAN_WRITES),
    ],
)
def test_there_must_be_a_customers_mail_to_take_out(kept: KeptMail | None) -> None:
    decision = ordered(kept)
    assert changes(decision, OpenTicket) == []
    assert "notification of a customer's mail" in result(decision).body


def test_splitting_wants_a_mail_of_its_own() -> None:
    assert "wants a mail of its own" in result(ordered(told(), "#split\n\nWe will look.")).body


def test_the_mail_is_loaded_for_this_command_alone() -> None:
    def asked(inbound: Inbound) -> Wanted:
        return wanted(inbound, policy(), ARRIVAL)

    assert asked(mail("#split", sender=IVAN_WRITES)).told
    assert not asked(mail("#take", sender=IVAN_WRITES)).told
    assert not asked(mail("#split")).told


# --- probably a new matter ------------------------------------------------------------------------

CLOSED = ticket(state=State.CLOSED, closed_at=NOW - LONG_AGO, subject="Invoice for February")


def test_new_words_to_a_ticket_closed_long_ago_are_probably_a_new_matter() -> None:
    letter = mail(subject="Re: [##100001##] Printer for the office")
    assert new_matter(letter, CLOSED, NOW) == Reason("new-request", "2026-02-16; printer, the, office")


@pytest.mark.parametrize(
    ("letter", "on"),
    [
        (mail(subject="Re: invoice for FEBRUARY"), CLOSED),  # the same matter
        (mail(subject="Printer", quoted="> We have sent it."), CLOSED),  # goes on where it was left
        (mail(subject="Printer"), replace(CLOSED, closed_at=NOW - LONG_AGO + timedelta(seconds=1))),
        (mail(subject="Printer"), ticket(subject="Invoice")),  # still being worked on
    ],
)
def test_one_sign_that_is_missing_makes_it_the_same_matter(letter: Inbound, on: Ticket) -> None:
    assert new_matter(letter, on, NOW) is None


def test_a_signature_is_no_quoted_text() -> None:
    assert new_matter(mail(subject="Printer", quoted="-- \nAnna"), CLOSED, NOW) is not None


def test_the_notification_says_so_and_the_ticket_opens_as_always() -> None:
    decision = decided(mail(subject="[##100001##] Printer"), answering(sent(ANNA.address), CLOSED))
    assert changes(decision, SetState) == [SetState(NUMBER, State.OPEN)]
    (news,) = (one for one in decision.letters if one.to.address == "ivan@help.test")
    assert Reason("new-request", "2026-02-16; printer") in news.reasons

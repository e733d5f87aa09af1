"""Machines that ask for something, and machines that answer: only the former are worth a ticket."""

from __future__ import annotations

import pytest

from helpdesk.core.decision import Disposition, OpenTicket
from helpdesk.core.facts import Facts
from helpdesk.core.message import Address, Inbound, Kind
from helpdesk.core.sender import Contact
from helpdesk.core.ticket import Lane, State
from tests.build import NUMBER, asking_policy, changes, decided, mail, policy, ticket, to_customers, written

FORM = Address("no-reply@shop.test", "Shop form")
MONITOR = Address("monitor@shop.test", "Monitor")
GENERATED = (("auto-submitted", "auto-generated"),)

ASKING = [
    mail(sender=FORM),  # a web form
    mail(sender=MONITOR, headers=GENERATED),
    mail(sender=FORM, headers=GENERATED),
    mail(sender=MONITOR, headers=(("auto-submitted", "auto-generated; type=alarm"),)),
    # It asks others for silence; that says nothing of how it was written.
    mail(sender=FORM, headers=(("x-auto-response-suppress", "All"),)),
]


@pytest.mark.parametrize("inbound", ASKING)
def test_a_machine_that_asks_opens_a_ticket_and_gets_no_letter(inbound: Inbound) -> None:
    decision = decided(inbound)
    assert (decision.kind, decision.disposition) == (Kind.AUTO_REPLY, Disposition.OPEN)
    assert written(decision) == [("notify", "ivan@help.test"), ("notify", "olha@help.test")]


def test_nobody_is_there_to_be_answered_later_either() -> None:
    (opening,) = changes(decided(mail(sender=FORM), rules=asking_policy()), OpenTicket)
    assert (opening.requester, opening.state) == (None, State.NEW)


def test_the_words_of_a_form_are_as_urgent_as_a_letter() -> None:
    (opening,) = changes(decided(mail("The site is down.", sender=FORM)), OpenTicket)
    assert (opening.lane, opening.situation) == (Lane.OUTAGE, "site-down")


ANSWERING = [
    mail(sender=FORM, references=("<ours@help.test>",)),  # it answers something
    mail(sender=MONITOR, headers=(("auto-submitted", "auto-replied"),)),
    mail(sender=MONITOR, headers=(*GENERATED, ("x-autoreply", "yes"))),  # one sign of an answer is enough
    mail(sender=FORM, subject="Automatic reply: Question"),
    mail("I am out of the office until Monday.", sender=FORM),
    mail(sender=FORM, headers=(("list-unsubscribe", "<mailto:off@shop.test>"),)),  # a newsletter
    mail(sender=FORM, headers=(("precedence", "bulk"),)),
    mail(sender=FORM, return_path=""),  # the null sender: a bounce or an answer
    mail(sender=MONITOR, headers=(("auto-submitted", "auto-notified"),)),  # RFC 5436: tells of another mail
]


@pytest.mark.parametrize("inbound", ANSWERING)
def test_a_machine_that_answers_or_writes_to_many_is_recorded(inbound: Inbound) -> None:
    decision = decided(inbound)
    assert (decision.disposition, decision.letters) == (Disposition.RECORD, ())


def test_what_a_machine_says_on_a_ticket_is_recorded_there() -> None:
    inbound = mail(sender=FORM, subject=f"[##{NUMBER}##] We have received your letter")
    decision = decided(inbound, Facts(by_number=(ticket(),)))
    assert (decision.disposition, decision.ticket, decision.letters) == (Disposition.RECORD, NUMBER, ())


def test_spam_and_blocked_machines_stay_out() -> None:
    blocked = decided(mail(sender=FORM), Facts(contact=Contact(FORM.address, blocked=True)))
    spam = decided(
        mail(sender=FORM, headers=(("x-spam-flag", "YES"),)), rules=policy(), spam_header=("X-Spam-Flag", "YES")
    )
    assert (blocked.disposition, spam.disposition) == (Disposition.RECORD, Disposition.RECORD)


def test_imported_machine_mail_tells_nobody() -> None:
    decision = decided(mail(sender=FORM), silent=True)
    assert to_customers(decision) == []
    assert decision.letters == ()

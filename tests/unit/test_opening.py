"""A mail that begins a ticket: its place, what is asked, who is written to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.core.calendar import Calendar, parse_hours
from helpdesk.core.decision import Disposition, Filing, Link, OpenTicket, Record, Schedule
from helpdesk.core.facts import Facts
from helpdesk.core.message import Address, Attachment
from helpdesk.core.outgoing import Ahead, Audience
from helpdesk.core.phrases import compile_pattern
from helpdesk.core.policy import Bounds
from helpdesk.core.rules import Rule, Words
from helpdesk.core.sender import Contact, LetterCounts, Remember
from helpdesk.core.ticket import NEW, Lane, Priority, State
from tests.build import (
    ANNA,
    AUTHSERV,
    BORIS,
    DAY,
    DESK,
    EVE,
    FORGED,
    IVAN_WRITES,
    NOW,
    NUMBER,
    asking_policy,
    changes,
    decided,
    mail,
    passed,
    policy,
    ticket,
    to_customers,
    written,
)

TRUSTING = policy(trusted_authserv=AUTHSERV)


def opened(*args: object, **values: object) -> OpenTicket:
    (opening,) = changes(decided(*args, **values), OpenTicket)  # type: ignore[arg-type]
    return opening


def test_a_letter_opens_a_ticket_is_acknowledged_and_told_to_the_desk() -> None:
    decision = decided(mail("How do I change my password?", subject="Re: Fwd: Password"))
    assert (decision.disposition, decision.ticket, decision.filing) == (Disposition.OPEN, NEW, Filing.VISIBLE)
    assert changes(decision, OpenTicket) == [
        OpenTicket(
            subject="Password",
            requester=ANNA,
            desk="support",
            state=State.NEW,
            lane=Lane.NORMAL,
            priority=Priority.NORMAL,
            situation=None,
            language="en",
            checklist=None,
            missing=(),
            fields=(),
            cc=(),
            opened_at=NOW,
            reasons=(),
        )
    ]
    assert written(decision) == [
        ("opened", "anna@shop.test"),
        ("notify", "ivan@help.test"),
        ("notify", "olha@help.test"),  # Lena serves another desk
    ]


def test_an_outage_stands_first_stays_open_and_is_urgent_to_agents() -> None:
    decision = decided(mail("The site is down!"), rules=asking_policy())
    (opening,) = changes(decision, OpenTicket)
    assert (opening.lane, opening.situation, opening.state) == (Lane.OUTAGE, "site-down", State.OPEN)
    assert opening.reasons == ("site-down: text: site is down",)
    acknowledgement, *to_agents = decision.letters
    assert acknowledgement.missing == ("Which IP?", "Since when?")
    assert (acknowledgement.due_at, acknowledgement.urgent) == (None, False)
    assert [letter.urgent for letter in to_agents] == [True, True]
    assert [change.kind for change in changes(decision, Schedule)] == [
        "escalate"
    ]  # nothing in the outage lane closes by itself


def test_a_vague_letter_waits_and_is_asked_in_the_acknowledgement_itself() -> None:
    decision = decided(mail("It does not work.\nIP: 192.0.2.7"), rules=asking_policy())
    (opening,) = changes(decision, OpenTicket)
    assert (opening.state, opening.missing, opening.fields) == (State.WAITING, ("time",), (("ip", "192.0.2.7"),))
    assert changes(decision, Schedule) == [
        Schedule(NEW, "reminder", NOW + 2 * DAY),
        Schedule(NEW, "auto-close", NOW + 5 * DAY),
    ]
    (acknowledgement,) = to_customers(decision)
    assert (acknowledgement.missing, acknowledgement.due_at) == (("Since when?",), NOW + 5 * DAY)


def test_a_letter_outside_opening_hours_is_told_when_work_begins() -> None:
    office = Calendar(timezone="Europe/Moscow", week=parse_hours("Mon-Fri 10:00-18:00"))
    desks = (replace(policy().desks[0], calendar=office),)
    saturday = NOW + 5 * DAY
    monday = datetime(2026, 3, 9, 7, 0, tzinfo=UTC)
    begins = {
        text: decided(mail(text), rules=policy(desks=desks), now=now).letters[0].ahead
        for text, now in (("In hours.", NOW), ("At the weekend.", saturday), ("The site is down!", saturday))
    }
    assert begins == {
        "In hours.": Ahead(working=True),
        "At the weekend.": Ahead(begins_at=monday),
        "The site is down!": Ahead(),  # nobody says of an outage that it waits
    }


def test_a_letter_that_says_everything_is_not_asked() -> None:
    decision = decided(mail("IP: 192.0.2.7\nTime: 9:00"), rules=asking_policy())
    assert changes(decision, OpenTicket)[0].state is State.NEW
    assert to_customers(decision)[0].missing == ()


@pytest.mark.parametrize(
    ("text", "remembered", "declared", "language", "kept"),
    [
        ("Please help, I cannot log in to the site.", "ru", "pl", "ru", "ru"),  # as remembered, first of all
        ("Please help, I cannot log in to the site.", None, "de, pl-PL", "pl", "pl"),  # as declared, the first we write
        ("Здравствуйте! Не могу войти на сайт, помогите.", None, "en-US", "ru", "ru"),  # programs declare English
        ("Please help, I cannot log in to the site.", None, None, "en", "en"),  # as it is written
        ("ok", "uk", None, "uk", "uk"),
        ("ok", None, "de", "en", None),  # as the desk, which says nothing of the sender
        ("ok", None, None, "en", None),
    ],
)
def test_the_requester_is_answered_as_remembered_declared_written_or_in_the_desks_language(
    text: str, remembered: str | None, declared: str | None, language: str, kept: str | None
) -> None:
    facts = Facts(contact=Contact(ANNA.address, language=remembered))
    headers = (("content-language", declared),) if declared else ()
    decision = decided(mail(text, subject="", headers=headers), facts)
    acknowledgement, to_agent, *_ = decision.letters
    assert (acknowledgement.language, to_agent.language) == (language, "en")
    [known] = changes(decision, Remember)
    assert (known.address, known.name, known.language) == (ANNA.address, "Anna", kept)


def test_first_copies_take_part_but_neither_we_nor_agents() -> None:
    recipients = (DESK, Address("help@help.test"), Address("support+token@help.test"))
    opening = opened(mail(to=(*recipients, BORIS), cc=(ANNA, IVAN_WRITES, BORIS, EVE)))
    assert opening.cc == (BORIS, EVE)


def test_copies_get_no_automatic_letter() -> None:
    assert [letter.to for letter in to_customers(decided(mail(cc=(BORIS,))))] == [ANNA]


def test_the_desk_named_first_gets_the_ticket() -> None:
    sales = Address("sales@help.test")
    assert opened(mail(to=(sales, DESK))).desk == "sales"
    assert opened(mail(to=(BORIS,), cc=(sales,))).desk == "sales"
    assert opened(mail(to=(BORIS,))).desk == "support"  # a blind copy: the mailbox decides


def test_a_rule_sends_a_letter_to_another_desk_with_its_language_and_agents() -> None:
    support, sales = policy().desks
    moving = Rule(name="offers", words=Words(any_of=(compile_pattern("offer"),)), desk="sales")
    decision = decided(mail("Please make an offer."), rules=policy(desks=(replace(support, rules=(moving,)), sales)))
    assert changes(decision, OpenTicket)[0].desk == "sales"
    assert {(letter.to.address, letter.language) for letter in decision.letters[1:]} == {
        ("ivan@help.test", "ru"),
        ("olha@help.test", "ru"),
        ("lena@help.test", "ru"),
    }


def test_a_letter_without_a_subject_is_named_by_its_first_words() -> None:
    assert opened(mail("\n  The cart is empty.  \nReally.", subject="")).subject == "The cart is empty."
    long = "word " * 30
    assert opened(mail(long, subject="Re:")).subject == ("word " * 12).strip() + "…"


def test_files_reach_the_agents_and_not_the_requester() -> None:
    file = Attachment(part=2, name="screen.png", type="image/png", size=9, sha256="x")
    acknowledgement, *to_agents = decided(mail(attachments=(file,))).letters
    assert (acknowledgement.parts, {letter.parts for letter in to_agents}) == ((), {(2,)})


def test_the_arrival_is_never_later_than_now() -> None:
    assert opened(mail(), at=NOW + DAY).opened_at == NOW
    assert opened(mail(date=NOW - 30 * DAY), at=NOW - timedelta(hours=1)).opened_at == NOW - timedelta(hours=1)


def test_imported_history_is_closed_and_silent() -> None:
    decision = decided(mail("IP?", date=NOW - 300 * DAY), rules=asking_policy(), silent=True)
    (opening,) = changes(decision, OpenTicket)
    assert (opening.state, opening.opened_at) == (State.CLOSED, NOW - 300 * DAY)
    assert (decision.letters, changes(decision, Schedule)) == ((), [])


# --- letters that must not leave ------------------------------------------------------------------


def test_a_forged_sender_gets_no_acknowledgement_and_the_history_says_why() -> None:
    decision = decided(mail(headers=FORGED), rules=TRUSTING)
    assert decision.disposition is Disposition.OPEN
    assert to_customers(decision) == []
    assert changes(decision, Record)[1] == Record(
        NEW, "helpdesk", "no acknowledgement", "auth-failed: no letter to a forged address"
    )
    assert changes(decision, Remember) == []  # what a forger writes is not what the address's owner is


def test_a_forged_vague_letter_is_not_left_waiting_for_an_answer_to_nothing() -> None:
    decision = decided(mail(headers=FORGED), rules=asking_policy(trusted_authserv=AUTHSERV))
    assert (changes(decision, OpenTicket)[0].state, changes(decision, Schedule)) == (State.NEW, [])


@pytest.mark.parametrize(
    ("headers", "rules", "words"),
    [
        (passed(ANNA), TRUSTING, True),
        ((), TRUSTING, False),  # nothing proves her: none of her words in a letter to her
        ((), policy(), True),  # nobody proves anything here
    ],
)
def test_words_are_repeated_only_to_whom_they_are_proven_to_be(
    headers: tuple[tuple[str, str], ...], rules: object, words: bool
) -> None:
    decision = decided(mail(headers=headers), rules=rules)  # type: ignore[arg-type]
    assert changes(decision, OpenTicket)[0].words is words
    assert [letter.words for letter in to_customers(decision)] == [words]


def test_a_mail_without_one_sender_opens_a_ticket_that_answers_nobody() -> None:
    decision = decided(mail(sender=None, from_shown="a@x.test, b@x.test"))
    assert changes(decision, OpenTicket)[0].requester is None
    assert to_customers(decision) == []
    assert written(decision) == [("notify", "ivan@help.test"), ("notify", "olha@help.test")]


@pytest.mark.parametrize("address", ["help@help.test", "support+token@help.test"])
def test_an_address_of_our_own_is_never_a_requester(address: str) -> None:
    decision = decided(mail(sender=Address(address)))
    (opening,) = changes(decision, OpenTicket)
    assert (opening.requester, opening.cc) == (None, ())
    assert (to_customers(decision), changes(decision, Remember)) == ([], [])


@pytest.mark.parametrize(
    ("counts", "alert"),
    [
        (LetterCounts(address_3h=10), False),
        (LetterCounts(address_24h=20), False),
        (LetterCounts(domain_1h=1000), True),  # a breaker: the lead is told
        (LetterCounts(total_1h=5000), True),
    ],
)
def test_over_a_bound_the_ticket_opens_without_a_letter(counts: LetterCounts, alert: bool) -> None:
    decision = decided(mail(), Facts(counts=counts))
    assert decision.disposition is Disposition.OPEN
    assert to_customers(decision) == []
    assert (("alert", "lena@help.test") in written(decision)) is alert
    assert changes(decision, Record)[1].what == "no acknowledgement"


def test_below_every_bound_the_letter_leaves() -> None:
    counts = LetterCounts(address_3h=9, address_24h=19, domain_1h=999, total_1h=4999)
    assert len(to_customers(decided(mail(), Facts(counts=counts)))) == 1
    assert to_customers(decided(mail(), rules=policy(bounds=Bounds(per_address_3h=0)))) == []


def test_a_breaker_is_told_once_an_hour() -> None:
    facts = Facts(counts=LetterCounts(total_1h=5000))
    keys = {
        letter.dedupe_key
        for minute in (0, 59, 60)
        for letter in decided(mail(str(minute)), facts, now=NOW + timedelta(minutes=minute)).letters
        if letter.event == "alert"
    }
    assert len(keys) == 2


def test_a_stranger_who_names_a_ticket_gets_one_of_his_own() -> None:
    guessed = mail("What is new here?", sender=EVE, subject=f"Re: [##{NUMBER}##] Passwords")
    decision = decided(guessed, Facts(by_number=(ticket(subject="A secret matter", thread=("<secret@shop.test>",)),)))
    assert (decision.disposition, decision.ticket, decision.evidence) == (Disposition.OPEN, NEW, "tag")
    assert changes(decision, Link) == [Link(NEW, NUMBER, "named-by-stranger")]
    (acknowledgement,) = to_customers(decision)
    assert (acknowledgement.to, acknowledgement.ticket) == (EVE, NEW)
    assert all(change.ticket == NEW for change in changes(decision, Record))  # nothing on Anna's ticket
    assert "A secret matter" not in repr(decision)
    assert "<secret@shop.test>" not in repr(decision)
    assert {letter.audience for letter in decision.letters[1:]} == {Audience.AGENT}
    assert str(decision.letters[1].reasons[0]) == f"thread-tag: subject has [##{NUMBER}##]"


def test_an_agent_has_requests_too() -> None:
    decision = decided(mail("My screen is broken.", sender=IVAN_WRITES))
    assert written(decision) == [("opened", "ivan@help.test"), ("notify", "olha@help.test")]


def test_a_ticket_remembers_that_its_first_mail_was_forged() -> None:
    forged = decided(mail(headers=FORGED), rules=policy(trusted_authserv=AUTHSERV))
    assert [opened.forged for opened in changes(forged, OpenTicket)] == [True]


def test_signatures_are_kept_and_not_passed_on() -> None:
    signed = tuple(
        Attachment(part=number, name=name, type=kind, size=900, sha256=str(number) * 64)
        for number, name, kind in ((2, "photo.jpg", "image/jpeg"), (3, "smime.p7s", "application/pkcs7-signature"))
    )
    assert [letter.parts for letter in decided(mail(attachments=signed)).letters if letter.event == "notify"] == [
        (2,),
        (2,),
    ]

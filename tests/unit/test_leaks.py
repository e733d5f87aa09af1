"""The watch over scenarios sees every kind of leak: it must be able to fail."""

from __future__ import annotations

from email import message_from_string, policy
from email.message import EmailMessage

import pytest

from helpdesk.core.decision import Decision, Filing
from helpdesk.core.facts import Facts
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.policy import Partner
from helpdesk.core.ticket import Part, Participant, Ticket
from tests import build
from tests.leaks import CANARY, Watch, look_through

STORE = Address("store@brand.test")
SECRET = "abcdefghijklmnopqrstuvwxyz234567abcdefgh"
ANNAS = build.ticket(participants=(*build.ticket().participants, Participant(STORE, Part.PARTNER)))
EVES = build.ticket(number=100002, requester=build.EVE, participants=(Participant(build.EVE, Part.REQUESTER),))


def letter(to: str, text: str, headers: str = "") -> EmailMessage:
    """A letter as it left."""
    raw = f"Delivered-To: {to}\nSubject: Hello\nX-Helpdesk-Event: reply\n{headers}Content-Type: text/html\n\n{text}\n"
    mail = message_from_string(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


@pytest.fixture
def watch() -> Watch:
    """It has seen Anna ask, Ivan note, forward and answer, the store reply, and Eve ask something else."""
    seen = Watch(build.policy(partners=(Partner(name="Store", addresses=(STORE.address,)),)))
    on = build.answering(build.sent(), ANNAS, request=((build.NUMBER, "My boiler number is 4711."),))
    asked = build.sent(STORE.address, Audience.PARTNER, Event.FORWARD)

    def came(text: str, sender: Address, facts: Facts) -> Decision:
        mail = build.mail(text, sender=sender, cc=(build.BORIS,) if sender is build.ANNA else ())
        decision = build.decided(mail, facts, seen.policy)
        seen.came(mail, decision)
        return decision

    came("My boiler number is 4711.", build.ANNA, Facts())
    assert came("#note\nShe is late with an invoice.", build.IVAN_WRITES, on).filing is Filing.NOTE
    came("#close solved by itself\n\nWe have repaired it.", build.IVAN_WRITES, on)
    assert came("We have three of them left.", STORE, build.answering(asked, ANNAS)).filing is Filing.NOTE
    came("My password is swordfish.", build.EVE, Facts())
    seen.left(letter("ivan@help.test", "News", f"Message-ID: <{SECRET}@help.test>\n"), ANNAS)
    return seen


LEAKS = [
    (build.ANNA, ANNAS, "She is late with an invoice."),  # a note
    (build.ANNA, ANNAS, "<p>She is late  with an\ninvoice.</p>"),  # the same, wrapped anew
    (build.ANNA, ANNAS, "#close solved by itself"),  # a command
    (build.ANNA, ANNAS, "We have three of them left."),  # what a partner wrote
    (build.ANNA, ANNAS, "Ask store@brand.test"),  # where the partner is
    (build.ANNA, ANNAS, "Ask IVAN@home.test"),  # an agent's other address
    (build.ANNA, ANNAS, "My password is swordfish."),  # what another customer wrote
    (build.ANNA, ANNAS, "Ask eve@evil.test"),  # who the other customer is
    (build.ANNA, ANNAS, SECRET),  # what proves that a mail is Ivan's
    (build.ANNA, ANNAS, f"> {CANARY}-quoted"),
    (STORE, ANNAS, "Ask anna@shop.test"),  # who asks is nothing for a partner
    (STORE, ANNAS, "She is late with an invoice."),
    (STORE, ANNAS, "My password is swordfish."),
    (build.EVE, EVES, "My boiler number is 4711."),
    (build.EVE, EVES, "Ask boris@shop.test"),
]


@pytest.mark.parametrize(("reader", "ticket", "text"), LEAKS)
def test_a_leak_is_seen(watch: Watch, reader: Address, ticket: Ticket, text: str) -> None:
    with pytest.raises(AssertionError):
        watch.left(letter(reader.address, text), ticket)
    with pytest.raises(AssertionError):
        watch.left(letter(reader.address, "", f"X-Hidden: {' '.join(text.split())}\n"), ticket)


@pytest.mark.parametrize(
    ("reader", "ticket", "text"),
    [
        (build.ANNA, ANNAS, "We have repaired it. You wrote: My boiler number is 4711. Cc: boris@shop.test"),
        (STORE, ANNAS, "We have repaired it. Your words: We have three of them left. My boiler number is 4711."),
        (build.EVE, EVES, "My password is swordfish. eve@evil.test"),
        (build.OLHA_WRITES, ANNAS, "She is late with an invoice. Ask store@brand.test"),
    ],
)
def test_what_is_for_its_reader_is_no_leak(watch: Watch, reader: Address, ticket: Ticket, text: str) -> None:
    watch.left(letter(reader.address, text), ticket)
    assert watch.letters == 2


def _letter(to: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["To"], mail["X-Helpdesk-Event"] = to, "reply"
    mail.set_content(text)
    return mail


@pytest.mark.parametrize(
    "text", ["call ivan@help.test", "canary-song-quoted", f"<{'a' * 40}@help.test>"], ids=["agent", "canary", "secret"]
)
def test_a_leak_in_a_mailbox_is_heard(text: str) -> None:
    secret = _letter("boris@shop.test", f"<{'a' * 40}@help.test>")
    with pytest.raises(AssertionError):
        look_through({"anna@shop.test": [_letter("", text)], "boris@shop.test": [secret]}, ["ivan@help.test"])


def test_a_mailbox_without_a_leak_is_counted() -> None:
    mailboxes = {
        "anna@shop.test": [_letter("", f"hello {'b' * 40}")],
        "ivan@help.test": [_letter("", "ivan@help.test")],
    }
    assert look_through(mailboxes, ["ivan@help.test"]) == 1

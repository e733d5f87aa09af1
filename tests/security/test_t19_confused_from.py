"""T19, a From that programs read differently: whoever cannot be named for certain has no rights and gets no letter."""

from __future__ import annotations

import pytest

from helpdesk.core.ticket import State
from tests.security.desk import ANNA, IVAN, Desk, mail

# Each of them is read as Ivan by some program, and none of them proves to be him.
CONFUSED = [
    "ivan@staff.test <eve@evil.test>",  # a display name that is an address
    "ivan@staff.test, eve@evil.test",  # two mailboxes
    "eve@evil.test, ivan@staff.test",
    "<ivan@staff.test> <eve@evil.test>",
    "ivan@staff.test\r\nFrom: eve@evil.test",  # two headers
    "eve@evil.test\r\nFrom: ivan@staff.test",
    "eve@evil.test\r\nFrom : ivan@staff.test",  # a header that some programs do not see
    "=?utf-8?q?ivan=40staff=2Etest?= <eve@evil.test>",
    "=?utf-8?b?aXZhbkBzdGFmZi50ZXN0?= <eve@evil.test>",
    "=?utf-8?b?aXZhbkBzdGFmZi50ZXN0AA==?=@evil.test",  # Mailsploit: cut at NUL
    "=?utf-8?q?ivan=40staff=2Etest=00?=@evil.test",
    "=?utf-8?q?ivan=40staff=2Etest=0A?=\r\n =?utf-8?q?=00?=@evil.test",
    '"ivan@staff.test\\" <eve@evil.test>"@evil.test',
    "ivan@staff.test (comment) <eve@evil.test>",
    "(<ivan@staff.test>) eve@evil.test",
    "ivan@staff.test:eve@evil.test;",
    "Group: ivan@staff.test, eve@evil.test;",
    "@staff.test,@evil.test:ivan@staff.test.evil.test",
    "ivan@staff.test\x00@evil.test",
    "ivan@staff.test%evil.test@evil.test",
    "i\u0432an@staff.test",  # a Cyrillic letter
    "ivan@st\u0430ff.test",
    "ivan\u200b@staff.test",  # a zero-width space
    "\uff29van@staff.test",  # a fullwidth letter
    "ivan@staff.test\u202e",
    "ivan@staff\u3002test.evil.test",
    "ivan@staff.test@evil.test",
    "ivan..@staff.test",
    "ivan@[127.0.0.1]",
    "",
    "<>",
]


@pytest.mark.parametrize("sender", CONFUSED)
def test_nobody_becomes_an_agent_by_a_from_that_can_be_misread(open_desk: Desk, sender: str) -> None:
    number = open_desk.open()
    before = open_desk.conversation(number)
    open_desk.take([mail(sender, f"[##{number}##]", "#close\n\nPay to another account.")])
    ticket = open_desk.ticket(number)
    assert (ticket.state, ticket.assignee) == (State.NEW, None)
    assert open_desk.conversation(number) == before
    assert ANNA not in {address for _, address in open_desk.written()}


@pytest.mark.parametrize("sender", [one for one in CONFUSED if "," in one or "\nFrom:" in one or one in ("", "<>")])
def test_mail_without_one_sender_is_a_ticket_without_a_letter(open_desk: Desk, sender: str) -> None:
    taken = open_desk.take_one(mail(sender, "Hello", "Something is wrong."))
    assert taken.ticket is not None
    assert open_desk.ticket(taken.ticket).requester is None
    assert open_desk.written() == {("notify", IVAN): 1}


def test_sender_found_by_a_lookalike_is_a_stranger_on_the_ticket(open_desk: Desk) -> None:
    number = open_desk.open("anna@shop.test")
    before = open_desk.conversation(number)
    open_desk.take([mail(one, f"[##{number}##]", "Me, too.") for one in ("\u0430nna@shop.test", "anna@sh\u043ep.test")])
    assert open_desk.conversation(number) == before

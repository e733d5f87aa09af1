"""Notices over the bound: which letters count, and what their list says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from helpdesk.core.digest import MAX_LINES, Notice, is_batched, lists, shortened
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience, Event
from tests.desk import ANNA, IVAN, NOW, letter

NOTICE = Notice(to=IVAN, language="ru", ticket=100001, about="[##100001##] Сайт лежит")


@pytest.mark.parametrize(
    ("event", "audience", "automatic", "batched"),
    [
        (Event.NOTIFY, Audience.AGENT, True, True),
        (Event.ALERT, Audience.NOBODY, True, True),
        # An agent's robot that answers results would else be answered for ever.
        (Event.RESULT, Audience.NOBODY, True, True),
        # Letters to requesters have bounds of their own.
        (Event.OPENED, Audience.REQUESTER, True, False),
        (Event.REPLY, Audience.REQUESTER, False, False),
        # The list itself comes every ten minutes, whatever else came.
        (Event.DIGEST, Audience.NOBODY, True, False),
    ],
)
def test_automatic_letters_to_ours_become_lines(
    event: Event, audience: Audience, automatic: bool, batched: bool
) -> None:
    assert is_batched(letter("key", IVAN, event=event, audience=audience, automatic=automatic)) is batched


def test_letter_about_no_ticket_is_shortened_to_its_first_line() -> None:
    alert = letter("key", IVAN, event=Event.ALERT, audience=Audience.NOBODY, body="breaker: 5000 letters\nmore")
    assert shortened(alert, None) == Notice(to=IVAN, language="ru", ticket=None, about="breaker: 5000 letters")


def test_each_reader_gets_one_list_with_one_line_for_each_ticket() -> None:
    alert = replace(NOTICE, ticket=None, about="breaker: 5000 letters")
    to_ivan, to_anna = lists([NOTICE, alert, NOTICE, replace(NOTICE, to=ANNA, language="en")], NOW)
    assert (to_ivan.event, to_ivan.to, to_ivan.audience) == (Event.DIGEST, IVAN, Audience.NOBODY)
    assert to_ivan.body == "1. [##100001##] Сайт лежит ×2\n2. breaker: 5000 letters"
    assert to_ivan.rows == (100001, 0)
    assert (to_anna.to, to_anna.language, to_anna.body) == (ANNA, "en", "1. [##100001##] Сайт лежит")


def test_list_ends_where_nobody_reads_on() -> None:
    notices = [replace(NOTICE, ticket=number, about=str(number)) for number in range(100001, 100001 + MAX_LINES + 7)]
    (one,) = lists(notices, NOW)
    assert one.body.splitlines()[-2:] == [f"{MAX_LINES}. {100000 + MAX_LINES}", "… +7"]
    assert len(one.rows) == MAX_LINES


def test_list_names_no_address_but_its_reader() -> None:
    (one,) = lists([replace(NOTICE, to=Address("lena@desk.test", "Lena"))], NOW)
    assert one.to == Address("lena@desk.test", "Lena")

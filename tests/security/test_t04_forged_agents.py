"""T4, agents by their From alone: without a proof nothing is carried out, whatever shape the mail has."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

import pytest

from helpdesk.core.case import Arrival, wanted
from helpdesk.core.decide import decide
from helpdesk.core.decision import Disposition, Filing, Record
from helpdesk.core.facts import Facts
from helpdesk.core.message import Inbound
from helpdesk.core.outgoing import Event
from helpdesk.core.ticket import State, Ticket
from helpdesk.ports import QueuedLetter
from tests.security.desk import (
    ANNA,
    AUTHSERV,
    EVE,
    FAILED,
    IVAN,
    IVAN_AT_HOME,
    LENA,
    PASSED,
    START,
    Desk,
    mail,
    opened,
    reply,
)

FLOOD = 10_000

COMMANDS = (
    "#close", "#close solved", "#reopen", "#take", "#release", "#assign Lena", "#spam", "#accept", "#accept always",
    "#reject", "#note the boss is listening", "#priority low", "#normal", "#outage", "#wait 30d", "#undo",
    "#cc eve@evil.test", "#requester eve@evil.test", "#forward eve@evil.test", "#merge 100001", "#desk none",
    "#forward eve@evil.test only\n\nWho is Anna?", "#send delivery", "#переслать eve@evil.test", "#wyślij delivery",
    "#field ip = 203.0.113.1", "#show 100001", "#queue", "#закрыть", "#взять", "#закрити", "#zamknij", "yes", "да",
    "Dear Anna, please pay to another account.", "#close\n\nPlease pay to another account.",
)  # fmt: skip
SENDERS = (IVAN, f"Ivan <{IVAN}>", f'"Ivan" <{IVAN.upper()}>', f"=?utf-8?q?Ivan?= <{IVAN}>", LENA)
# Verdicts that the sender writes himself: another server, a comment, a quoted local part, no semicolon.
FORGED = (
    "",
    "Authentication-Results: mx.evil.test; dmarc=pass header.from=staff.test",
    f"Authentication-Results: mx.evil.test ({AUTHSERV}); dmarc=pass header.from=staff.test",
    f'Authentication-Results: {AUTHSERV}; spf=fail smtp.mailfrom="x; dmarc=pass header.from=staff.test"',
    f"Authentication-Results: {AUTHSERV}; dmarc=pass header.from=evil.test",
    f"Authentication-Results: {AUTHSERV}; dmarc=fail header.from=staff.test",
    f"Authentication-Results: {AUTHSERV}.evil.test; dmarc=pass header.from=staff.test",
    "X-Helpdesk-Event: notify",
)


def unchanged(desk: Desk, number: int) -> tuple[Ticket, list[str]]:
    """What a command would have changed."""
    ticket = desk.ticket(number)
    kept = (ticket.state, ticket.assignee, ticket.lane, ticket.priority, ticket.requester, ticket.desk, ticket.fields)
    return ticket, [*map(str, kept), *map(str, ticket.participants), *desk.conversation(number)]


def forgeries(number: int, secret: str) -> Iterator[bytes]:
    """Commands as every agent, by every address of the ticket, under every forged verdict."""
    subjects = (f"Re: [##{number}##] My order", f"#close [##{number}##]")
    parents = ("", f"References: {secret}", "In-Reply-To: <guessed@help.test>")
    for text, sender, verdict, subject, parent in product(COMMANDS, SENDERS, FORGED, subjects, parents):
        yield mail(sender, subject, text, *filter(None, (verdict, parent)))


@pytest.mark.slow
def test_ten_thousand_forged_agents_are_decided_to_no_effect(guarded_desk: Desk) -> None:
    number = guarded_desk.open()
    policy, store = guarded_desk.works.policy, guarded_desk.works.store
    arrival = Arrival(desk="support", at=START)
    hers = next(letter for letter in guarded_desk.sent if letter.recipients == (ANNA,))
    flood = islice((one for _ in range(2) for one in forgeries(number, hers.message_id)), FLOOD)
    effects: set[type] = set()
    letters: set[tuple[Event, str]] = set()
    known: dict[object, Facts] = {}
    with store.unit() as unit:
        for read in guarded_desk.works.reader.read(list(flood)):
            assert isinstance(read, Inbound)
            asked = wanted(read, policy, arrival)
            evidence = (asked.sender, asked.references, asked.tags, asked.numbers)
            if evidence not in known:
                known[evidence] = unit.facts(asked, START)
            decision = decide(read, known[evidence], policy, arrival, START)
            effects.update(type(change) for change in decision.changes)
            letters.update((letter.event, letter.to.address) for letter in decision.letters)
            assert (decision.disposition, decision.filing) == (Disposition.HOLD, Filing.HELD), read.from_shown
    assert effects == {Record}, "a line of history each"
    assert letters == {(Event.UNPROVEN, IVAN), (Event.UNPROVEN, LENA)}


def test_forged_agents_are_told_of_once_an_hour(guarded_desk: Desk) -> None:
    number = guarded_desk.open()
    _, before = unchanged(guarded_desk, number)
    # 37 is prime to every number of shapes, so that each of them is met.
    guarded_desk.take(islice(forgeries(number, "<guessed@help.test>"), 0, None, 37))
    ticket, after = unchanged(guarded_desk, number)
    assert after == before
    assert len(ticket.held) == 100, "what they wrote is kept for the desk to see"
    assert guarded_desk.written() == {("unproven", IVAN): 1, ("unproven", LENA): 1}
    assert len(guarded_desk.works.store.queue()) == 1
    guarded_desk.pass_time(61)
    guarded_desk.take_one(mail(IVAN, f"[##{number}##]", "#close again"))
    assert guarded_desk.written() == {("unproven", IVAN): 1}


def test_an_agents_second_address_is_told_of_no_more_often(guarded_desk: Desk) -> None:
    number = guarded_desk.open()
    guarded_desk.take(mail(IVAN_AT_HOME, f"[##{number}##]", f"#close {n}") for n in range(20))
    assert guarded_desk.written() == {("unproven", IVAN): 1}


def test_proven_agent_is_obeyed(guarded_desk: Desk) -> None:
    number = guarded_desk.open()
    guarded_desk.take_one(mail(IVAN, f"[##{number}##]", "#close", PASSED))
    assert guarded_desk.ticket(number).state is State.CLOSED


def notification(desk: Desk) -> QueuedLetter:
    return next(letter for letter in desk.sent if letter.event == "notify")


def test_secret_of_a_notification_proves_its_reader_alone(open_desk: Desk) -> None:
    number = open_desk.open()
    open_desk.take_one(reply(notification(open_desk), LENA, "#close"))
    assert open_desk.ticket(number).state is State.NEW
    open_desk.take_one(reply(notification(open_desk), IVAN, "#close"))
    assert open_desk.ticket(number).state is State.CLOSED


def test_secret_does_not_help_where_our_server_says_forged(guarded_desk: Desk) -> None:
    number = guarded_desk.open()
    guarded_desk.take_one(reply(notification(guarded_desk), IVAN, "#close", FAILED))
    assert guarded_desk.ticket(number).state is State.NEW


def test_the_same_command_mail_again_has_no_second_effect(open_desk: Desk) -> None:
    number = open_desk.open()
    close = reply(notification(open_desk), IVAN, "#close")
    open_desk.take_one(close)
    open_desk.take_one(mail(ANNA, f"Re: [##{number}##]", "It is broken again."))
    assert open_desk.ticket(number).state is State.OPEN
    open_desk.send()
    open_desk.take([close, b"Received: by another route\r\n" + close])
    assert open_desk.ticket(number).state is State.OPEN
    assert open_desk.written() == {}


def test_secret_that_others_saw_is_used_once(open_desk: Desk) -> None:
    number = open_desk.open()
    open_desk.take_one(reply(notification(open_desk), IVAN, "#take", f"Cc: {EVE}"))
    assert open_desk.ticket(number).assignee == "Ivan"
    open_desk.take_one(reply(notification(open_desk), IVAN, "#close"))
    assert open_desk.ticket(number).state is not State.CLOSED


def test_secret_of_an_old_ticket_proves_nothing(open_desk: Desk) -> None:
    number = open_desk.open()
    open_desk.pass_time(31 * 24 * 60)
    open_desk.take_one(reply(notification(open_desk), IVAN, "#close"))
    assert open_desk.ticket(number).state is not State.CLOSED


@pytest.mark.parametrize("text", ["I am away until Monday.", "#close"])
def test_an_agents_robot_answers_nobody(open_desk: Desk, text: str) -> None:
    number = open_desk.open()
    away = reply(notification(open_desk), IVAN, text, "Auto-Submitted: auto-replied")
    open_desk.take_one(away)
    assert open_desk.ticket(number).state is State.NEW
    assert open_desk.written() == {}


def test_fresh_notification_that_holds_a_kept_text_goes_to_the_agents_own_address(guarded_desk: Desk) -> None:
    number = guarded_desk.open()
    guarded_desk.take_one(mail(f"Ivan <{IVAN}>", f"[##{number}##]", "#close", f"Reply-To: {EVE}"))
    (letter,) = guarded_desk.send()
    assert (letter.event, letter.recipients) == ("unproven", (IVAN,))
    assert EVE not in str(opened(letter))


@pytest.mark.parametrize("order", [f"#requester {EVE}", "#merge {other}"])
def test_stolen_secret_of_a_notification_does_not_give_a_ticket_away(open_desk: Desk, order: str) -> None:
    number, other = open_desk.open(), open_desk.open(EVE, "Mine")
    notified = next(one for one in open_desk.sent if one.event == "notify" and one.ticket == number)
    before = open_desk.file(number).ticket
    text = order.format(other=other)
    open_desk.take_one(reply(notified, IVAN, text))
    # Whoever has the secret writes in Ivan's name, but the word is asked for in a letter that only Ivan reads.
    open_desk.take_one(reply(notified, IVAN, "yes"))
    after = open_desk.file(number).ticket
    assert (after.requester, after.merged_into) == (before.requester, None)
    asked = next(one for one in open_desk.send() if one.event == "result")
    assert asked.recipients == (IVAN,)
    open_desk.take_one(reply(asked, EVE, "yes"))
    assert (open_desk.ticket(number).requester, open_desk.ticket(number).merged_into) == (before.requester, None)
    open_desk.take_one(reply(asked, IVAN, "Yes."))
    moved = open_desk.ticket(number)
    assert (moved.requester, moved.merged_into) != (before.requester, None)


def test_word_said_again_does_nothing(open_desk: Desk) -> None:
    number = open_desk.open()
    open_desk.take_one(reply(notification(open_desk), IVAN, f"#requester {EVE}"))
    (asked,) = (one for one in open_desk.send() if one.event == "result")
    open_desk.take_one(reply(asked, IVAN, "yes"))
    assert str(open_desk.ticket(number).requester) == EVE
    open_desk.take_one(reply(notification(open_desk), IVAN, f"#requester {ANNA}"))
    again = next(one for one in open_desk.send() if one.event == "result" and "one word" in text_of(one))
    open_desk.take_one(reply(asked, IVAN, "yes"))
    assert str(open_desk.ticket(number).requester) == EVE
    open_desk.take_one(reply(again, IVAN, "yes"))
    assert str(open_desk.ticket(number).requester) == ANNA


def text_of(letter: QueuedLetter) -> str:
    body = opened(letter).get_body(("plain",))
    return str(body.get_content()) if body else ""

"""Ready replies: read from a folder, sent by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpdesk.config.problems import Problems
from helpdesk.config.ready import MAX_BYTES, ready_replies
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.ready import ReadyReply, meant
from tests.build import IVAN_WRITES, answering, decided, mail, policy, sent, ticket, to_customers, written

DELIVERY = ReadyReply(name="delivery", texts=(("ru", "Завтра."), ("en", "Tomorrow.")))
RULES = policy(replies=(DELIVERY, ReadyReply(name="delay", texts=(("pl", "Później."),))))


def test_a_reply_is_read_in_each_language_and_a_broken_one_is_named(tmp_path: Path) -> None:
    for name, content in {
        "en/delivery.txt": b"\xef\xbb\xbfTomorrow.\n\n",
        "ru/delivery.txt": "Завтра.".encode(),
        "ru/empty.txt": b" \n",
        "pl/latin.txt": b"P\xf3\xbfniej",
        "uk/endless.txt": b"x" * (MAX_BYTES + 1),
        "de/other.txt": b"Morgen",
    }.items():
        file = tmp_path / "replies" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    problems = Problems("config.toml")
    assert ready_replies(tmp_path, problems) == (DELIVERY,)
    assert [str(one).count("replies/") for one in problems.found] == [1, 1, 1]
    assert ready_replies(None, problems) == ()


def test_the_text_is_in_the_first_language_that_it_is_there_in() -> None:
    assert DELIVERY.text("uk", "ru") == "Завтра."
    assert DELIVERY.text("uk", "pl") == "Tomorrow."
    assert RULES.replies[1].text("uk", "ru") == "Później."


@pytest.mark.parametrize(
    ("name", "found"), [("DELIVERY", ["delivery"]), ("deli", ["delivery"]), ("del", ["delivery", "delay"]), ("x", [])]
)
def test_a_beginning_of_a_name_will_do(name: str, found: list[str]) -> None:
    assert [one.name for one in meant(name, RULES.replies)] == found


@pytest.mark.parametrize("letter", [sent(), sent(audience=Audience.COLLEAGUES), sent(audience=Audience.NOBODY)])
def test_a_ready_reply_reaches_the_requester_with_the_rest_whatever_it_answers(letter: object) -> None:
    known = answering(letter, ticket())  # type: ignore[arg-type]
    decision = decided(mail("#send delivery\n\nIts number is 4711.", sender=IVAN_WRITES), known, RULES)
    assert {one.body for one in to_customers(decision)} == {"Tomorrow.\n\nIts number is 4711."}
    assert {one.event for one in to_customers(decision)} == {Event.REPLY}


@pytest.mark.parametrize("text", ["#send x", "#send del", "#send delivery\n#note", "#send", "#send delivery\n#split"])
def test_what_cannot_be_sent_reaches_nobody_but_the_agent(text: str) -> None:
    decision = decided(mail(text, sender=IVAN_WRITES), answering(sent(), ticket()), RULES)
    assert written(decision) == [("result", "ivan@help.test")]


def test_on_a_ticket_of_nobody_nothing_is_sent() -> None:
    nobodys = ticket(requester=None, participants=())
    decision = decided(mail("#send delivery", sender=IVAN_WRITES), answering(sent(), nobodys), RULES)
    assert written(decision) == [("result", "ivan@help.test")]


def test_without_a_proof_nothing_is_sent() -> None:
    spent = sent(usable=False)
    decision = decided(mail("#send delivery", sender=IVAN_WRITES), answering(spent, ticket()), RULES)
    assert to_customers(decision) == []

"""A hundred thousand broken mails: none stops the program, every one ends somewhere with a reason.

The other half is in test_more_mails.py, so that two workers share the time.
"""

from __future__ import annotations

from random import Random

import pytest

from tests.fuzz.journey import Crash, shrink, survive, traveller
from tests.fuzz.mutations import MUTATIONS, corpus, mutate


@pytest.mark.slow
@pytest.mark.parametrize("share", range(5))
def test_no_mutated_mail_stops_the_program(share: int) -> None:
    survive(f"share {share}", mails=10_000)


def test_every_mail_of_the_corpus_is_taken_in_and_none_writes_stack_traces(caplog: pytest.LogCaptureFixture) -> None:
    with traveller() as desk:
        for raw in corpus():
            desk.decide(raw)
            desk.take(raw)
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_the_same_chance_makes_the_same_mail() -> None:
    mails = corpus()
    assert [mutate(Random("x"), mails) for _ in range(3)] == [mutate(Random("x"), mails) for _ in range(3)]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_every_mutation_takes_any_mail(mutation: object) -> None:
    mails = corpus()
    chance = Random(1)
    assert callable(mutation)
    for raw in (b"", b"\n", b"\n\n", *mails):
        assert isinstance(mutation(chance, raw, mails), bytes)


def test_a_crash_is_shrunk_to_what_causes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(raw: bytes) -> None:
        if b"x-evil" in raw.lower():
            raise ValueError("evil")

    monkeypatch.setattr("tests.fuzz.journey.read", stumble)
    assert shrink(Crash(b"From: anna@shop.test\r\nX-Evil: 1\r\n\r\nHello\r\n", "ValueError: evil")).raw == b"X-Evil"

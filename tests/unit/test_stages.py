"""States of a desk's own: from where they may be entered, by whose words, and what is said then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpdesk.core.message import Address, Inbound
from helpdesk.core.stages import Trigger, entered_by_words, filled_in, stage_called, stage_of, stage_on
from helpdesk.core.ticket import State, Ticket
from helpdesk.errors import ConfigError
from helpdesk.packs import load_pack

STAGES = load_pack("warranty-acts", None).stages
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ACT = Ticket(
    number=100001,
    subject="Act",
    requester=Address("service@centre.test"),
    desk="acts",
    state=State.WAITING,
    stage="shipped",
    fields=(("tracking", "RA000000001RU"),),
    opened_at=NOW,
    active_at=NOW,
)


def said(text: str, ticket: Ticket = ACT) -> str | None:
    mail = Inbound(sha256="a", fingerprint="b", size=1, text=text)
    found = entered_by_words(STAGES, ticket, mail, dict(ticket.fields), NOW.date())
    return found[0].key if found else None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Отремонтировано, спасибо", "repaired"),
        ("Изделие отремонтировали вчера", "repaired"),
        ("відремонтовано", "repaired"),
        ("It is repaired, thank you", "repaired"),
        ("Naprawione", "repaired"),
        ("Не отремонтировано: пришла не та запчасть", "objected"),
        ("Запчасть не подошла", "objected"),
        ("Вышел из строя другой узел", "objected"),
        ("надійшла не та запчастина", "objected"),
        ("You sent the wrong part", "objected"),
        ("Nie pasuje", "objected"),
        ("Мы получили посылку", "arrived"),
        ("Запчасть ещё не пришла", None),
        ("Когда ждать?", None),
    ],
)
def test_words_of_the_requester_move_a_ticket(text: str, key: str | None) -> None:
    assert said(text) == key


def test_words_move_nothing_from_where_the_stage_may_not_be_entered() -> None:
    assert said("Отремонтировано", replace(ACT, state=State.OPEN, stage="approved")) is None
    assert said("Отремонтировано", replace(ACT, stage=None)) is None


def test_everything_come_enters_a_stage_once() -> None:
    begun = replace(ACT, state=State.WAITING, stage=None)
    complete = stage_on(STAGES, Trigger.COMPLETE, begun, {}, NOW.date())
    assert complete is not None
    assert complete.key == "complete"
    approved = replace(begun, state=State.OPEN, stage="approved")
    assert stage_on(STAGES, Trigger.COMPLETE, approved, {}, NOW.date()) is None


@pytest.mark.parametrize("name", ["refused", "ОТКАЗ В ГО", "отказ в го", "Warranty service refused"])
def test_a_stage_is_called_by_its_key_or_label(name: str) -> None:
    stage = stage_called(STAGES, name)
    assert stage is not None
    assert (stage.key, stage.state, stage.for_good) == ("refused", State.CLOSED, True)


def test_a_ticket_that_left_the_state_has_left_the_stage() -> None:
    here = stage_of(STAGES, ACT)
    assert here is not None
    assert here.key == "shipped"
    assert stage_of(STAGES, replace(ACT, state=State.OPEN)) is None


def test_letters_hold_fields_only_of_proven_requesters() -> None:
    fields = dict(ACT.fields)
    text = "Act {number}: {tracking} {unknown}"
    assert filled_in(text, ACT, fields=fields) == "Act 100001: RA000000001RU …"
    assert filled_in(text, replace(ACT, words=False), fields=fields) == "Act 100001: … …"


@pytest.mark.parametrize("language", ["ru", "uk", "en", "pl"])
def test_every_letter_of_the_shipped_stages_speaks_four_languages(language: str) -> None:
    for stage in STAGES:
        for texts in (stage.label, stage.letter):
            assert not texts or language in dict(texts), stage.key


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("key = 'a'", "state[0].is: want one of open, waiting, closed"),
        ("key = 'a'\nis = 'new'", "state[0].is: want one of open, waiting, closed"),
        ("key = 'a'\nis = 'open'\nfrom = ['b']", 'state a.from: has "b", which is no state'),
        ("key = 'a'\nis = 'open'\non = 'monday'", 'state[0].on: is "monday"; want one of complete, ship'),
    ],
)
def test_a_wrong_state_is_told_where_and_what_is_wanted(tmp_path: Path, toml: str, problem: str) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(f"[[state]]\n{toml}\n", "utf-8")
    with pytest.raises(ConfigError) as refusal:
        load_pack("ours.toml", tmp_path)
    assert f"ours.toml: {problem}" in [str(each) for each in refusal.value.problems]

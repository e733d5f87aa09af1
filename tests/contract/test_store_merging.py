"""How a store lets a ticket go into another one, and a mail into a ticket of its own."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk.adapters.store import SqlStore
from helpdesk.core.decision import Filing, Join, SettleHeld, Unschedule
from helpdesk.core.message import Attachment, KeptMail, Reason
from helpdesk.core.outgoing import Audience, Event, Letter, OutboxState
from helpdesk.core.regrouping import Merge, MoveMail, SetRequester
from helpdesk.core.ticket import NEW, Part, Participant, State
from tests.desk import (
    ANNA,
    DAY,
    IVAN,
    NOW,
    OPENING,
    PETER,
    answer,
    ask,
    change,
    decision,
    file,
    letter,
    mail,
    open_ticket,
    queue,
    shown,
    ticket,
)


def two_tickets(store: SqlStore) -> tuple[int, int]:
    """A ticket with a mail, a held mail and two letters, and the one that it will go into."""
    with store.unit() as unit:
        into, gone = open_ticket(unit), open_ticket(unit)
        file(unit, into, mail(1))
        file(unit, gone, mail(2), references=("<ancestor@customer.test>",))
        file(unit, gone, mail(3), Filing.HELD)
        queue(unit, letter("a", ticket=gone), gone)
        queue(unit, answer("b", ticket=gone, send_after=NOW + DAY), gone, text="Hello.")
    return gone, into


def merge(store: SqlStore, gone: int, into: int, *, regroups: bool = False) -> None:
    with store.unit() as unit:
        change(unit, into, Unschedule(gone), Merge(gone, into, regroups), now=NOW + DAY)


def test_everything_on_a_ticket_goes_along(store: SqlStore) -> None:
    gone, into = two_tickets(store)
    before = shown(store, gone)
    merge(store, gone, into)
    kept, left = shown(store, into), shown(store, gone)
    assert set(before.messages) < set(kept.messages)
    assert len(kept.messages) == 5
    assert (len(kept.ticket.held), kept.ticket.unsent) == (1, ("Иван Петров",))
    assert (left.messages, left.ticket.held, left.ticket.unsent) == ((), (), ())
    assert (left.ticket.state, left.ticket.resolution, left.ticket.merged_into) == (State.CLOSED, "merged", into)
    assert left.ticket.closed_at == NOW + DAY
    assert (kept.ticket.state, kept.ticket.merged_into, kept.ticket.regrouped_at) == (State.NEW, None, None)
    assert [one.ticket for one in store.outbox()] == [into, into]


def test_every_way_to_the_old_ticket_leads_on(store: SqlStore) -> None:
    gone, into = two_tickets(store)
    merge(store, gone, into)
    with store.unit() as unit:
        for wanted in (
            ask(tags=(gone,)),
            ask(numbers=(gone,)),
            ask(references=("<2@customer.test>",)),
            ask(references=("<ancestor@customer.test>",)),
            ask(references=("<a@desk.test>",)),
            ask(tokens=("A",)),
        ):
            facts = unit.facts(wanted, NOW)
            known = {one.number: one for one in (*facts.by_number, *(found for _, found in facts.by_reference))}
            assert into in known
            assert known.get(gone, known[into]).merged_into in (into, None)
        assert unit.facts(ask(tokens=("a",)), NOW).letters[0].ticket == into


def test_a_chain_of_merges_leads_to_its_end_in_one_step(store: SqlStore) -> None:
    gone, into = two_tickets(store)
    with store.unit() as unit:
        last = open_ticket(unit)
    merge(store, gone, into)
    merge(store, into, last)
    assert (ticket(store, gone).merged_into, ticket(store, into).merged_into) == (last, last)
    assert len(shown(store, last).messages) == 5


def test_two_agents_who_merge_in_a_circle_lose_nothing(store: SqlStore) -> None:
    gone, into = two_tickets(store)
    merge(store, gone, into)
    merge(store, into, gone)  # decided before the first one was known
    assert (ticket(store, gone).merged_into, ticket(store, into).merged_into) == (into, None)
    assert len(shown(store, into).messages) == 5


def test_a_merge_into_a_ticket_that_has_just_gone_elsewhere_follows_it(store: SqlStore) -> None:
    gone, into = two_tickets(store)
    with store.unit() as unit:
        last = open_ticket(unit)
    merge(store, into, last)
    merge(store, gone, into)
    assert ticket(store, gone).merged_into == last


def test_a_held_mail_is_decided_on_where_it_went(store: SqlStore) -> None:
    gone, into = two_tickets(store)
    merge(store, gone, into)
    (held,) = ticket(store, into).held
    with store.unit() as unit:
        change(unit, into, SettleHeld(into, held.id, True))
    assert ticket(store, into).held == ()


def test_since_when_other_people_take_part_is_kept(store: SqlStore) -> None:
    gone, into = two_tickets(store)
    merge(store, gone, into, regroups=True)
    assert ticket(store, into).regrouped_at == NOW + DAY


def test_an_answer_taken_back_after_a_merge_is_no_part_of_the_conversation(store: SqlStore) -> None:
    gone, into = two_tickets(store)
    merge(store, gone, into)
    store.outbox_cancel([one.id for one in store.outbox()])
    assert [one.state for one in store.outbox() if one.state is not OutboxState.CANCELLED] == []
    assert "Hello." not in [one.text for one in shown(store, into).messages if one.filing == "visible"]


@pytest.mark.parametrize("cc", [(), (PETER,)])
def test_a_ticket_becomes_somebody_elses(store: SqlStore, cc: tuple[()]) -> None:
    with store.unit() as unit:
        number = open_ticket(unit, cc=cc, forged=True)
        change(unit, number, SetRequester(number, PETER), now=NOW + DAY)
    found = ticket(store, number)
    assert (found.requester, found.participants) == (PETER, (Participant(PETER, Part.REQUESTER),))
    assert (found.forged, found.regrouped_at) == (False, NOW + DAY)
    with store.unit() as unit:
        change(unit, number, Join(number, ANNA, Part.CC))
    assert ticket(store, number).part_of(ANNA.address) is Part.CC


def test_numbers_that_a_kept_mail_names_are_known_when_its_letter_is_answered(store: SqlStore) -> None:
    with store.unit() as unit:
        first, other = open_ticket(unit), open_ticket(unit)
        file(unit, first, mail(1), Filing.HELD, text=f"#merge {other}")
        queue(unit, letter("offer", event=Event.RESULT, audience=Audience.NOBODY, ticket=first), first)
    with store.unit() as unit:
        facts = unit.facts(ask(references=("<offer@desk.test>",)), NOW)
    assert [one.number for one in facts.by_number] == [other]


# --- a mail that goes to a ticket of its own --------------------------------------------------------


def told_of(store: SqlStore) -> tuple[int, KeptMail]:
    """A ticket with two mails; the second one as it is known when the notification of it is answered."""
    with store.unit() as unit:
        number = open_ticket(unit)
        file(unit, number, mail(1))
        file(unit, number, mail(2), text="And the printer?", attachments=(FILE,))
        queue(unit, notice("n", ticket=number), number)
        queue(unit, letter("reopened", ticket=number), number)
    with store.unit() as unit:
        kept = unit.facts(ask(references=("<n@desk.test>",), sender=IVAN.address, told=True), NOW).told
    assert kept is not None
    return number, kept


FILE = Attachment(part=1, name="a.pdf", type="application/pdf", size=9, sha256="x")


def notice(token: str, **values: Any) -> Letter:
    return letter(token, IVAN, audience=Audience.AGENT, event=Event.NOTIFY, **values)


def test_the_mail_that_a_letter_told_of_is_known(store: SqlStore) -> None:
    number, kept = told_of(store)
    assert (kept.ticket, kept.first, kept.last, kept.at) == (number, False, True, NOW)
    assert (kept.inbound.text, kept.inbound.sender, kept.inbound.attachments) == ("And the printer?", ANNA, (FILE,))
    assert kept.reasons == (Reason("test", "a mail of a test"),)


def test_a_letter_that_tells_of_no_mail_leads_to_none(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        queue(unit, notice("n", ticket=number), number)
    with store.unit() as unit:
        assert unit.facts(ask(references=("<n@desk.test>",), sender=IVAN.address, told=True), NOW).told is None


def test_a_mail_goes_to_its_own_ticket_with_what_was_told_of_it(store: SqlStore) -> None:
    number, kept = told_of(store)
    with store.unit() as unit:
        new = unit.apply(decision(OPENING, MoveMail(kept.id, number, NEW)), NOW, by="Ivan")
    assert new is not None
    assert [one.text for one in shown(store, new).messages] == ["And the printer?"]
    assert "And the printer?" not in [one.text for one in shown(store, number).messages]
    with store.unit() as unit:
        for known, leads_to in (("<2@customer.test>", new), ("<n@desk.test>", new), ("<reopened@desk.test>", number)):
            assert [found.number for _, found in unit.facts(ask(references=(known,)), NOW).by_reference] == [leads_to]


def test_a_mail_is_moved_once(store: SqlStore) -> None:
    number, kept = told_of(store)
    with store.unit() as unit:
        new = unit.apply(decision(OPENING, MoveMail(kept.id, number, NEW)), NOW, by="Ivan")
        other = unit.apply(decision(OPENING, MoveMail(kept.id, number, NEW)), NOW, by="Ivan")
    assert new is not None
    assert other is not None
    assert (len(shown(store, new).messages), shown(store, other).messages) == (1, ())

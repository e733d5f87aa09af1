"""How a store carries out the changes of a decision."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk.adapters.store import SqlStore
from helpdesk.core.decision import (
    Assign,
    Disposition,
    Done,
    Filing,
    Join,
    Leave,
    Link,
    Record,
    Schedule,
    SetDesk,
    SetFacts,
    SetPlace,
    SetState,
    SettleHeld,
    Unschedule,
)
from helpdesk.core.directory import AddEntry, Entry, RemoveEntry
from helpdesk.core.message import Address, Attachment
from helpdesk.core.outgoing import Audience
from helpdesk.core.sender import AddColleague, CameBack, Reached, RemoveColleague, SetAway
from helpdesk.core.service_levels import SetClock
from helpdesk.core.ticket import (
    FIRST_NUMBER,
    NEW,
    Clock,
    FollowUp,
    Held,
    Lane,
    Part,
    Participant,
    Priority,
    State,
    Ticket,
)
from helpdesk.ports import HistoryLine
from tests.desk import (
    ANNA,
    DAY,
    HOUR,
    IVAN,
    NOW,
    OPENING,
    PETER,
    SECOND,
    change,
    decision,
    file,
    letter,
    mail,
    open_ticket,
    queue,
    shown,
    ticket,
    ticket_of,
)

# --- changes --------------------------------------------------------------------------------------


def test_a_new_ticket_is_what_the_decision_says(store: SqlStore) -> None:
    number = ticket_of(
        store,
        state=State.OPEN,
        lane=Lane.OUTAGE,
        priority=Priority.HIGH,
        situation="site-down",
        checklist="outage",
        missing=("address", "since"),
        fields=(("serial", "01.234"),),
        cc=(PETER, ANNA),
        reasons=("site-down: лежит",),
        words=False,
        opened_at=NOW - HOUR,
    )
    assert ticket(store, number) == Ticket(
        number=number,
        subject="Сайт лежит",
        requester=ANNA,
        desk="support",
        state=State.OPEN,
        lane=Lane.OUTAGE,
        priority=Priority.HIGH,
        situation="site-down",
        language="ru",
        checklist="outage",
        missing=("address", "since"),
        fields=(("serial", "01.234"),),
        participants=(Participant(ANNA, Part.REQUESTER), Participant(PETER, Part.CC)),
        reasons=("site-down: лежит",),
        words=False,
        opened_at=NOW - HOUR,
        active_at=NOW,
    )


def test_a_mail_without_one_sender_can_open_a_ticket(store: SqlStore) -> None:
    found = ticket(store, ticket_of(store, requester=None))
    assert (found.requester, found.participants) == (None, ())


def test_a_ticket_that_does_not_exist_is_none(store: SqlStore) -> None:
    assert store.show(FIRST_NUMBER) is None
    with store.unit() as unit:
        assert unit.ticket(FIRST_NUMBER) is None


def test_changes_of_the_new_ticket_follow_it(store: SqlStore) -> None:
    other = ticket_of(store)
    with store.unit() as unit:
        number = unit.apply(
            decision(
                OPENING,
                Assign(NEW, "Иван Петров"),
                Schedule(NEW, "reminder", NOW + DAY),
                Join(NEW, PETER, Part.CC),
                Link(NEW, other, "related"),
                Record(NEW, "helpdesk", "opened", "site-down"),
            ),
            NOW,
            by="helpdesk",
        )
    assert number == other + 1
    kept = shown(store, number)
    assert kept.ticket.assignee == "Иван Петров"
    assert kept.ticket.follow_ups == (FollowUp("reminder", NOW + DAY),)
    assert kept.ticket.part_of(PETER.address) is Part.CC
    assert kept.links == ((other, "related"),)
    assert kept.history == (
        HistoryLine(NOW, "helpdesk", "assigned: Иван Петров", ""),
        HistoryLine(NOW, "helpdesk", "opened", "site-down"),
    )


def test_an_outcome_about_no_ticket_has_none(store: SqlStore) -> None:
    with store.unit() as unit:
        assert unit.apply(decision(ticket=None), NOW, by="x") is None
        assert unit.apply(decision(ticket=NEW, disposition=Disposition.IGNORE), NOW, by="x") is None


def test_closing_and_reopening_set_and_clear_what_belongs_to_it(store: SqlStore) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        change(unit, number, SetState(number, State.CLOSED, "solved"), now=NOW + HOUR)
    found = ticket(store, number)
    assert (found.state, found.resolution, found.closed_at) == (State.CLOSED, "solved", NOW + HOUR)
    with store.unit() as unit:
        change(unit, number, SetState(number, State.OPEN, wake_at=NOW + DAY))
    found = ticket(store, number)
    assert (found.state, found.resolution, found.closed_at) == (State.OPEN, None, None)
    assert found.wake_at == NOW + DAY
    assert [(line.by, line.what, line.why) for line in shown(store, number).history] == [
        ("Иван Петров", "state: closed", "solved"),
        ("Иван Петров", "state: open", "until 2026-03-03 09:00 UTC"),
    ]


def test_place_desk_and_assignee_change(store: SqlStore) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        change(
            unit,
            number,
            SetPlace(number, Lane.OUTAGE, Priority.HIGH, "site-down", ("agent: Иван", "words: лежит")),
            SetDesk(number, "sales"),
            Assign(number, "Иван Петров"),
            Assign(number, None),
        )
    found = ticket(store, number)
    assert (found.lane, found.priority, found.situation) == (Lane.OUTAGE, Priority.HIGH, "site-down")
    assert (found.reasons, found.desk, found.assignee) == (("agent: Иван", "words: лежит"), "sales", None)
    assert [(line.by, line.what, line.why) for line in shown(store, number).history] == [
        ("Иван Петров", "place: outage, high, site-down", "agent: Иван; words: лежит"),
        ("Иван Петров", "assigned: Иван Петров", ""),
        ("Иван Петров", "released", ""),
    ]


def test_facts_are_added_or_replaced_and_missing_is_the_whole_list(store: SqlStore) -> None:
    number = ticket_of(store, missing=("serial", "photo"), fields=(("name", "Анна"), ("serial", "1")))
    with store.unit() as unit:
        change(unit, number, SetFacts(number, (("serial", "2"), ("photo", "yes")), ("address",), "warranty"))
    found = ticket(store, number)
    assert found.fields == (("name", "Анна"), ("serial", "2"), ("photo", "yes"))
    assert (found.missing, found.checklist) == (("address",), "warranty")


def test_people_join_and_leave_but_who_asked_stays_the_requester(store: SqlStore) -> None:
    partner = Address("service@partner.test", "Service")
    number = ticket_of(store)
    with store.unit() as unit:
        change(
            unit,
            number,
            Join(number, partner, Part.CC),
            Join(number, partner, Part.PARTNER),
            Join(number, ANNA, Part.CC),
            Join(number, PETER, Part.CC),
            Leave(number, PETER.address),
        )
    assert ticket(store, number).participants == (Participant(ANNA, Part.REQUESTER), Participant(partner, Part.PARTNER))


def test_a_held_mail_joins_the_conversation_only_when_accepted(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        files = (Attachment(part=2, name="a", type="b", size=1, sha256="c"),)
        file(unit, number, mail(1), Filing.HELD, sender=PETER, subject="Re: x", text="me too", attachments=files)
        file(unit, number, mail(2), Filing.HELD, sender=None)
    accepted, rejected = ticket(store, number).held
    assert accepted == Held(id=accepted.id, sender=PETER, subject="Re: x", at=NOW, text="me too", parts=(2,))
    assert (rejected.sender, ticket(store, number).thread) == (None, ())
    with store.unit() as unit:
        change(unit, number, SettleHeld(number, accepted.id, True), SettleHeld(number, rejected.id, False))
    found = ticket(store, number)
    assert (found.held, found.thread) == ((), ("<1@customer.test>",))


def test_links_are_seen_from_both_ends_and_kept_once(store: SqlStore) -> None:
    one, two = ticket_of(store), ticket_of(store)
    with store.unit() as unit:
        change(unit, one, Link(one, two, "related"), Link(one, two, "related"))
    assert shown(store, one).links == ((two, "related"),)
    assert shown(store, two).links == ((one, "related"),)


def test_the_thread_holds_what_the_requester_saw_newest_last(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        file(unit, number, mail(1))
        queue(unit, letter("opened"), number)
        file(unit, number, mail(2), Filing.NOTE)
        file(unit, number, mail(3), Filing.HELD)
        queue(unit, letter("notice", IVAN, audience=Audience.AGENT), number)
        file(unit, number, mail(4))
    assert ticket(store, number).thread == ("<1@customer.test>", "<opened@desk.test>", "<4@customer.test>")


def test_a_long_thread_shows_its_last_ten_ids(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        for uid in range(1, 15):
            file(unit, number, mail(uid))
    assert ticket(store, number).thread == tuple(f"<{uid}@customer.test>" for uid in range(5, 15))


def test_every_change_is_activity_but_a_duplicate_is_not(store: SqlStore) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        unit.apply(decision(ticket=number, disposition=Disposition.IGNORE), NOW + DAY, by="x")
    assert ticket(store, number).active_at == NOW
    with store.unit() as unit:
        unit.apply(decision(ticket=number, disposition=Disposition.APPEND), NOW + HOUR, by="x")
    assert ticket(store, number).active_at == NOW + HOUR


def test_a_tickets_clock_never_runs_backwards(store: SqlStore) -> None:
    number = ticket_of(store, now=NOW + DAY)
    with store.unit() as unit:
        change(unit, number, SetDesk(number, "sales"), now=NOW)
    assert ticket(store, number).active_at == NOW + DAY


def test_a_change_of_a_ticket_that_was_not_opened_is_a_mistake_of_ours(store: SqlStore) -> None:
    with pytest.raises(ValueError, match="before the outcome opened one"), store.unit() as unit:
        unit.apply(decision(Assign(NEW, "Иван Петров")), NOW, by="x")


# --- follow-ups -----------------------------------------------------------------------------------


def test_follow_ups_come_due_oldest_first(store: SqlStore) -> None:
    first, second = ticket_of(store), ticket_of(store)
    with store.unit() as unit:
        change(unit, first, Schedule(first, "auto-close", NOW + 2 * DAY), Schedule(first, "wake", NOW + 9 * DAY))
        change(unit, second, Schedule(second, "reminder", NOW + DAY))
        assert unit.due(NOW + DAY - SECOND, 10) == []
        due = unit.due(NOW + 2 * DAY, 10)
        assert [(one.number, kind) for one, kind in due] == [(second, "reminder"), (first, "auto-close")]
        assert [kind for _, kind in unit.due(NOW + 2 * DAY, 1)] == ["reminder"]


def test_scheduling_again_replaces_the_same_kind(store: SqlStore) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        change(unit, number, Schedule(number, "reminder", NOW + DAY), Schedule(number, "auto-close", NOW + 5 * DAY))
        change(unit, number, Schedule(number, "reminder", NOW + 2 * DAY))
    assert ticket(store, number).follow_ups == (
        FollowUp("reminder", NOW + 2 * DAY),
        FollowUp("auto-close", NOW + 5 * DAY),
    )


def test_a_clock_is_kept_as_it_is_and_the_newest_holds(store: SqlStore) -> None:
    number = ticket_of(store)
    assert shown(store, number).ticket.clock is None
    runs = Clock(begun_at=NOW, worked=HOUR, running_since=NOW + HOUR, due_at=NOW + DAY, told=("first-answer-soon",))
    with store.unit() as unit:
        change(unit, number, SetClock(number, runs), now=NOW + HOUR)
    assert shown(store, number).ticket.clock == runs
    stands = Clock(begun_at=NOW, worked=2.5 * HOUR, answered_at=NOW + DAY)
    with store.unit() as unit:
        change(unit, number, SetClock(number, stands), now=NOW + DAY)
    assert shown(store, number).ticket.clock == stands


def test_what_happened_never_happens_again(store: SqlStore) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        change(unit, number, Schedule(number, "reminder", NOW), Schedule(number, "auto-close", NOW))
        change(unit, number, Done(number, "reminder"))
        assert [kind for _, kind in unit.due(NOW + 100 * DAY, 10)] == ["auto-close"]


@pytest.mark.parametrize(
    ("kinds", "kept", "left"),
    [
        ((), (), []),
        (("reminder", "wake"), (), ["auto-close"]),
        ((), ("reminder", "wake"), ["reminder"]),
        ((), ("wake",), []),
    ],
)
def test_cancelled_follow_ups_are_gone(
    store: SqlStore, kinds: tuple[str, ...], kept: tuple[str, ...], left: list[str]
) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        change(unit, number, Schedule(number, "reminder", NOW), Schedule(number, "auto-close", NOW))
        change(unit, number, Unschedule(number, kinds, kept))
    assert [one.kind for one in ticket(store, number).follow_ups] == left


# --- what outlives a ticket -----------------------------------------------------------------------


def test_a_colleague_is_known_on_every_ticket_of_the_requester(store: SqlStore) -> None:
    first, second, others = ticket_of(store), ticket_of(store), ticket_of(store, requester=PETER)
    with store.unit() as unit:
        change(unit, first, AddColleague(ANNA.address, IVAN), AddColleague(ANNA.address, IVAN))
    assert [ticket(store, number).colleagues for number in (first, second, others)] == [
        (IVAN.address,),
        (IVAN.address,),
        (),
    ]
    with store.unit() as unit:
        change(unit, second, RemoveColleague(ANNA.address, IVAN.address))
    assert ticket(store, first).colleagues == ()


def test_letters_that_came_back_are_counted_until_one_arrives(store: SqlStore) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        assert unit.came_back() == ()
        change(unit, number, *(CameBack(IVAN.address, f"<{one}>") for one in "aab"), CameBack(ANNA.address, "<c>"))
        assert unit.came_back() == (
            (ANNA.address, "<c>"),
            (IVAN.address, "<a>"),
            (IVAN.address, "<b>"),
        )
        change(unit, number, Reached(IVAN.address))
    with store.unit() as unit:
        assert unit.came_back() == ((ANNA.address, "<c>"),)


def test_what_a_savepoint_undoes_is_not_counted(store: SqlStore) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        with pytest.raises(ZeroDivisionError), unit.savepoint():
            change(unit, number, CameBack(IVAN.address, "<a>"))
            assert len(unit.came_back()) == 1
            raise ZeroDivisionError
        assert unit.came_back() == ()


def test_an_absence_is_remembered_until_the_next_word_of_it(store: SqlStore) -> None:
    number, later = ticket_of(store), NOW + timedelta(days=3)
    with store.unit() as unit:
        assert unit.away() == ()
        change(unit, number, SetAway("Olha", NOW), SetAway("Ivan", NOW), SetAway("Ivan", later))
        change(unit, number, CameBack(IVAN.address, "<a>"))
        assert unit.away() == (("Ivan", later), ("Olha", NOW))
        assert unit.came_back() == ((IVAN.address, "<a>"),)
        change(unit, number, SetAway("Ivan", None))
    with store.unit() as unit:
        assert unit.away() == (("Olha", NOW),)


def test_a_directory_gets_an_entry_in_place_of_one_and_loses_it(store: SqlStore) -> None:
    number = ticket_of(store)
    first, second = Entry("a@b.test", (("name", "A"),)), Entry("a@b.test", (("name", "B"),))
    with store.unit() as unit:
        change(unit, number, AddEntry("representatives", first), AddEntry("representatives", second))
    assert list(store.find_entries("representatives", ["a@b.test"])) == [second]
    with store.unit() as unit:
        change(unit, number, RemoveEntry("representatives", "a@b.test"))
    assert list(store.find_entries("representatives", ["a@b.test"])) == []

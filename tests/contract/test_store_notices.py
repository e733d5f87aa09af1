"""Letters to agents that are too many, and breakers that are closed by hand: both engines keep count alike."""

from __future__ import annotations

from helpdesk.core.digest import Notice
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.sender import Opened
from helpdesk.core.ticket import Lane
from helpdesk.ports import Store
from tests.desk import ANNA, HOUR, IVAN, MINUTE, NOW, PETER, facts, letter, open_ticket, queue, ticket_of

NOTICE = Notice(to=IVAN, language="ru", ticket=None, about="Сайт лежит")


def test_letters_to_ours_are_counted_and_letters_to_requesters_are_not(store: Store) -> None:
    with store.unit() as unit:
        queue(unit, letter("a", IVAN, audience=Audience.AGENT, event=Event.NOTIFY), now=NOW - 2 * HOUR)
        queue(unit, letter("b", IVAN, audience=Audience.AGENT, event=Event.NOTIFY))
        queue(unit, letter("c", IVAN, audience=Audience.NOBODY, event=Event.RESULT))
        queue(unit, letter("d", IVAN))
        queue(unit, letter("e", PETER, audience=Audience.AGENT, event=Event.NOTIFY))
        assert unit.letters_to_ours(IVAN.address, NOW - HOUR) == 2


def test_notices_wait_until_the_oldest_of_their_reader_is_ripe(store: Store) -> None:
    with store.unit() as unit:
        assert unit.hold_back(NOTICE, "a", NOW)
        assert unit.hold_back(NOTICE, "b", NOW + 9 * MINUTE)
        unit.hold_back(Notice(to=PETER, language="pl", ticket=None, about="x"), "c", NOW + MINUTE)
    with store.unit() as unit:
        assert list(unit.take_held_back(NOW - MINUTE)) == []
        assert list(unit.take_held_back(NOW)) == [NOTICE, NOTICE]
        assert list(unit.take_held_back(NOW)) == []
        assert [notice.to for notice in unit.take_held_back(NOW + MINUTE)] == [PETER]


def test_notice_of_a_letter_that_was_written_or_held_back_is_no_second_line(store: Store) -> None:
    with store.unit() as unit:
        queue(unit, letter("written", IVAN))
        assert unit.hold_back(NOTICE, "written", NOW) is False
        assert unit.hold_back(NOTICE, "held", NOW) is True
        assert unit.hold_back(NOTICE, "held", NOW) is False
        assert list(unit.take_held_back(NOW)) == [NOTICE]


def test_notice_is_forgotten_only_when_its_list_commits(store: Store) -> None:
    with store.unit() as unit:
        unit.hold_back(NOTICE, "a", NOW)
    try:
        with store.unit() as unit:
            unit.take_held_back(NOW)
            raise InterruptedError
    except InterruptedError:
        pass
    with store.unit() as unit:
        assert list(unit.take_held_back(NOW)) == [NOTICE]


def test_closed_breaker_forgets_the_letters_to_a_domain_and_to_all_but_not_to_an_address(store: Store) -> None:
    with store.unit() as unit:
        queue(unit, letter("a"), now=NOW - 2 * MINUTE)
        queue(unit, letter("b"), now=NOW - 2 * MINUTE)
    store.close_breakers(NOW - MINUTE)
    with store.unit() as unit:
        queue(unit, letter("c"))
    counts = facts(store, now=NOW + MINUTE, sender=ANNA.address).counts
    assert (counts.address_3h, counts.domain_1h, counts.total_1h) == (3, 1, 1)


def test_an_old_resume_does_not_lengthen_the_hour(store: Store) -> None:
    store.close_breakers(NOW - 5 * HOUR)
    with store.unit() as unit:
        queue(unit, letter("a"), now=NOW - 2 * HOUR)
    assert facts(store, sender=ANNA.address).counts.total_1h == 0


def test_tickets_of_the_last_hour_are_counted_for_their_requester(store: Store) -> None:
    ticket_of(store, opened_at=NOW - 2 * HOUR)
    ticket_of(store, opened_at=NOW)
    with store.unit() as unit:
        open_ticket(unit, lane=Lane.OUTAGE)
        open_ticket(unit, requester=PETER)
    assert facts(store, sender=ANNA.address).opened == Opened(tickets_1h=2, outages_1h=1)
    assert facts(store, sender=None).opened == Opened()

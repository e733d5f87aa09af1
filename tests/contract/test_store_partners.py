"""What a store keeps of side threads with partners, apart from the conversation with the requester."""

from __future__ import annotations

from helpdesk.adapters.store import SqlStore
from helpdesk.core.decision import Disposition, Filing, Join, Role, SettleHeld
from helpdesk.core.message import Address, Reason
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.ticket import OF_PARTNER, Part
from tests.desk import (
    ANNA,
    IVAN,
    NOW,
    answer,
    change,
    decision,
    facts,
    file,
    inbound,
    letter,
    mail,
    queue,
    shown,
    ticket,
    ticket_of,
)

STORE = Address("store@brand.test", "Brand store")


def test_a_letter_to_a_partner_is_shown_with_the_ticket_and_is_in_no_thread_of_the_requester(store: SqlStore) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        file(unit, number, mail(1))
        queue(unit, answer("asked", STORE, event=Event.FORWARD, audience=Audience.PARTNER), number, text="A seal?")
    messages = [(one.direction, one.filing, one.text) for one in shown(store, number).messages]
    assert messages[-1] == ("out", "note", "A seal?")
    assert ticket(store, number).thread == ("<1@customer.test>",)
    assert facts(store, references=("<asked@desk.test>",)).letters[0].audience is Audience.PARTNER


def test_whom_a_reply_to_the_news_of_a_partners_answer_reaches_is_remembered_with_his_mail(store: SqlStore) -> None:
    number = ticket_of(store)
    wrote = mail(2)
    kept = decision(disposition=Disposition.APPEND, ticket=number, filing=Filing.NOTE, role=Role.PARTNER)
    with store.unit() as unit:
        unit.file("support", wrote, inbound(wrote, sender=STORE, text="We have one."), kept, number, NOW)
        news = letter("news", IVAN, event=Event.NOTIFY, audience=Audience.ASIDE, partner=STORE)
        queue(unit, news, number)
        queue(unit, letter("other", ANNA), number)
    known = facts(store, references=("<news@desk.test>",), sender=IVAN.address, agent=IVAN.address)
    assert known.letters[0].partner == STORE.address
    assert known.told is not None
    assert (known.told.inbound.sender, known.told.inbound.message_id) == (STORE, "<2@customer.test>")
    assert facts(store, references=("<other@desk.test>",)).letters[0].partner is None


def test_what_the_requester_wrote_first_is_told_where_an_agent_may_pass_it_on(store: SqlStore) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        file(unit, number, mail(1), Filing.HELD, text="forged")
        file(unit, number, mail(2), text="The boiler leaks.")
        file(unit, number, mail(3), text="Still.")
        queue(unit, letter("offer", IVAN, event=Event.UNPROVEN, audience=Audience.AGENT), number)
    first = ((number, "The boiler leaks."),)
    assert facts(store, tags=(number,), agent=IVAN.address, request=True).request == first
    assert facts(store, references=("<offer@desk.test>",), agent=IVAN.address).request == first
    assert facts(store, tags=(number,), agent=IVAN.address).request == ()
    assert facts(store, references=("<offer@desk.test>",)).request == ()


def test_an_accepted_mail_of_a_partners_colleague_is_for_the_agents_alone(store: SqlStore) -> None:
    number = ticket_of(store)
    came = mail(4)
    held = decision(
        disposition=Disposition.HOLD, ticket=number, filing=Filing.HELD, reasons=(Reason(OF_PARTNER, STORE.address),)
    )
    with store.unit() as unit:
        change(unit, number, Join(number, STORE, Part.PARTNER))
        unit.file("support", came, inbound(came, sender=STORE), held, number, NOW)
    before = ticket(store, number)
    assert [one.aside for one in before.held] == [True]
    assert before.partners == (STORE,)
    with store.unit() as unit:
        change(unit, number, SettleHeld(number, before.held[0].id, True, True))
    assert [one.filing for one in shown(store, number).messages] == ["note"]
    assert ticket(store, number).thread == ()

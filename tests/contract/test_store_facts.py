"""What a store knows about a mail before it is decided."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from helpdesk.adapters.store import SqlStore
from helpdesk.core.decision import Filing, Record, SpendSecret
from helpdesk.core.directory import Entry
from helpdesk.core.facts import Facts, Wanted
from helpdesk.core.message import Address, Attachment
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.regrouping import Merge
from helpdesk.core.sender import Contact, LetterCounts, Remember, Settled
from helpdesk.core.ticket import (
    NEW,
    State,
)
from tests.desk import (
    ANNA,
    DAY,
    HOUR,
    IVAN,
    MINUTE,
    NOW,
    SECOND,
    answer,
    change,
    facts,
    file,
    inbound,
    letter,
    mail,
    open_ticket,
    queue,
    ticket,
    ticket_of,
)


def test_of_an_unknown_mail_nothing_is_known(store: SqlStore) -> None:
    assert facts(store, references=("<a@x>",), tags=(1,), sender="a@b.test", tokens=("t",)) == Facts()


@pytest.mark.parametrize(
    ("wanted", "is_duplicate"),
    [
        ({"message_id": "<1@customer.test>", "fingerprint": "same"}, True),
        # Senders reuse Message-IDs: other content is another mail.
        ({"message_id": "<1@customer.test>", "fingerprint": "other"}, False),
        # The same words in a new mail are a new mail.
        ({"message_id": "<2@customer.test>", "fingerprint": "same"}, False),
        # On one of two routes the Message-ID was added.
        ({"message_id": None, "fingerprint": "same"}, True),
        ({"message_id": None, "fingerprint": "other"}, False),
        # The very same bytes.
        ({"message_id": "<2@customer.test>", "fingerprint": "other", "sha256": "bytes"}, True),
    ],
)
def test_a_duplicate_has_the_same_id_and_content(store: SqlStore, wanted: dict[str, Any], is_duplicate: bool) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        file(unit, number, mail(1), sha256="bytes", fingerprint="same")
    assert facts(store, **wanted).duplicate == (number if is_duplicate else None)


def test_a_stored_mail_without_message_id_is_known_by_its_content(store: SqlStore) -> None:
    with store.unit() as unit:
        file(unit, None, mail(1), message_id=None, fingerprint="same")
    assert facts(store, message_id="<added@relay.test>", fingerprint="same").duplicate == NEW


def test_a_duplicate_names_the_ticket_of_the_first_copy(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        file(unit, number, mail(1, b"x"))
        file(unit, None, mail(2, b"x"))
    assert facts(store, sha256=inbound(mail(1, b"x")).sha256).duplicate == number


def test_references_lead_to_tickets_newest_first(store: SqlStore) -> None:
    with store.unit() as unit:
        old, new = open_ticket(unit), open_ticket(unit)
        file(unit, old, mail(1))
        file(unit, new, mail(2))
    found = facts(store, references=("<2@customer.test>", "<nobody@x>", "<1@customer.test>")).by_reference
    assert [(one, of.number) for one, of in found] == [("<2@customer.test>", new), ("<1@customer.test>", old)]
    found = facts(store, references=("<1@customer.test>", "<2@customer.test>")).by_reference
    assert [of.number for _, of in found] == [old, new]


def test_two_answers_to_a_mail_that_never_came_meet(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        file(unit, number, mail(1), references=("<never-came@x>",))
    assert [of.number for _, of in facts(store, references=("<never-came@x>",)).by_reference] == [number]


def test_who_has_a_mail_comes_before_who_mentions_it(store: SqlStore) -> None:
    with store.unit() as unit:
        owner, mentions = open_ticket(unit), open_ticket(unit)
        file(unit, owner, mail(1), references=("<1@customer.test>",))  # it even mentions itself
        file(unit, mentions, mail(2), references=("<1@customer.test>",))
    assert [of.number for _, of in facts(store, references=("<1@customer.test>",)).by_reference] == [owner, mentions]


def test_a_ticket_is_listed_once_by_its_newest_reference(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        file(unit, number, mail(1))
        file(unit, number, mail(2), references=("<1@customer.test>",))
    found = facts(store, references=("<2@customer.test>", "<1@customer.test>")).by_reference
    assert [(one, of.number) for one, of in found] == [("<2@customer.test>", number)]


def test_very_long_message_ids_are_found(store: SqlStore) -> None:
    long_id = f"<{'x' * 5000}@customer.test>"
    with store.unit() as unit:
        number = open_ticket(unit)
        file(unit, number, mail(1), message_id=long_id)
    assert [(one, of.number) for one, of in facts(store, references=(long_id,)).by_reference] == [(long_id, number)]
    assert facts(store, references=(long_id.replace("customer", "other"),)).by_reference == ()


def test_of_thousands_of_references_the_first_and_the_newest_count(store: SqlStore) -> None:
    ids = tuple(f"<{n}@flood>" for n in range(3000))
    with store.unit() as unit:
        number = open_ticket(unit)
        file(unit, number, mail(1), references=ids)
    for known in (ids[0], ids[-1], ids[-100]):
        assert [of.number for _, of in facts(store, references=(known,)).by_reference] == [number]
    assert facts(store, references=(ids[1000],)).by_reference == ()
    assert facts(store, references=ids).by_reference[0][0] == ids[0]


def test_our_own_letters_are_references_too(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        queue(unit, letter("token"), number)
    assert [of.number for _, of in facts(store, references=("<token@desk.test>",)).by_reference] == [number]


def test_a_reply_address_and_a_bounce_lead_to_the_ticket_of_their_letter(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        queue(unit, letter("a"), number)
        queue(unit, letter("about no ticket"))
    expected = [("<a@desk.test>", number)]
    for wanted in ({"tokens": ("a", "about no ticket")}, {"bounced_message_id": "<a@desk.test>"}):
        assert [(one, of.number) for one, of in facts(store, **wanted).by_reference] == expected


def test_tags_and_numbers_of_commands_lead_to_tickets_in_their_order(store: SqlStore) -> None:
    first, third = ticket_of(store), ticket_of(store)
    found = facts(store, tags=(third, 999999), numbers=(first, third)).by_number
    assert [one.number for one in found] == [third, first]


def test_a_letter_is_known_by_its_message_id_and_by_its_token(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        queue(unit, letter("first"), number)
        queue(unit, letter("second", IVAN, audience=Audience.AGENT, event=Event.NOTIFY), number, now=NOW + MINUTE)
    found = facts(store, references=("<first@desk.test>",), tokens=("SECOND",)).letters
    assert [one.message_id for one in found] == ["<second@desk.test>", "<first@desk.test>"]
    newest = found[0]
    assert (newest.ticket, newest.recipient, newest.audience) == (number, IVAN.address, Audience.AGENT)
    assert (newest.event, newest.sent_at, newest.usable) == (Event.NOTIFY, NOW + MINUTE, True)


def test_a_secret_that_was_spent_proves_nothing(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        queue(unit, letter("a"), number)
        queue(unit, letter("b"), number)
        change(unit, number, SpendSecret("<a@desk.test>"))
    found = facts(store, tokens=("a", "b")).letters
    assert {one.message_id: one.usable for one in found} == {"<a@desk.test>": False, "<b@desk.test>": True}


def test_a_secret_lives_for_thirty_days_after_the_last_activity(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        queue(unit, letter("a"), number)
        change(unit, number, Record(number, "Иван Петров", "called"), now=NOW + 10 * DAY)
    assert facts(store, now=NOW + 40 * DAY, tokens=("a",)).letters[0].usable is True
    assert facts(store, now=NOW + 40 * DAY + SECOND, tokens=("a",)).letters[0].usable is False


def test_a_letter_remembers_which_mail_led_to_it(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        file(unit, number, mail(1), Filing.HELD)
        queue(unit, letter("a", IVAN, event=Event.HELD, audience=Audience.NOBODY), number)
        change(unit, number, Record(number, "helpdesk", "another outcome begins"))
        queue(unit, letter("b"), number)
    (held,) = ticket(store, number).held
    assert [(one.message_id, one.cause) for one in facts(store, tokens=("a", "b")).letters] == [
        ("<b@desk.test>", None),
        ("<a@desk.test>", held.id),
    ]


def test_the_letter_that_a_bounce_speaks_of_is_found(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit)
        queue(unit, letter("a"), number)
    bounced = facts(store, bounced_message_id="<a@desk.test>").bounced
    assert bounced is not None
    assert (bounced.ticket, bounced.recipient) == (number, ANNA.address)
    assert facts(store, bounced_message_id="<b@desk.test>").bounced is None


def test_automatic_letters_to_requesters_are_counted_in_their_windows(store: SqlStore) -> None:
    colleague = Address("colleague@customer.test")
    stranger = Address("x@elsewhere.test")
    with store.unit() as unit:
        for token, recipient, age in (
            ("now", ANNA, timedelta()),
            ("in the hour", ANNA, HOUR - SECOND),
            ("in three hours", ANNA, 3 * HOUR - SECOND),
            ("in the day", ANNA, 24 * HOUR - SECOND),
            ("long ago", ANNA, 24 * HOUR),
            ("same domain", colleague, timedelta()),
            ("other domain", stranger, timedelta()),
        ):
            queue(unit, letter(token, recipient), now=NOW - age)
        # Not counted: what an agent wrote, and what goes to agents.
        queue(unit, answer("answer"))
        queue(unit, letter("notice", IVAN, audience=Audience.AGENT, event=Event.NOTIFY))
    assert facts(store, sender=ANNA.address).counts == LetterCounts(
        address_3h=3, address_24h=4, domain_1h=3, total_1h=4
    )
    assert facts(store).counts == LetterCounts(total_1h=4)


def test_notices_of_held_mail_and_of_failed_proof_are_counted(store: SqlStore) -> None:
    with store.unit() as unit:
        for age in (timedelta(), HOUR - SECOND, HOUR):
            name = f"{age}"
            queue(unit, letter(f"h{name}", IVAN, audience=Audience.NOBODY, event=Event.HELD), now=NOW - age)
            queue(unit, letter(f"u{name}", IVAN, audience=Audience.AGENT, event=Event.UNPROVEN), now=NOW - age)
    assert facts(store, sender=IVAN.address).counts == LetterCounts(held_notices_1h=2, unproven_1h=2)
    assert facts(store, sender=ANNA.address).counts == LetterCounts(held_notices_1h=2)


def test_the_queue_is_loaded_when_it_is_asked_for(store: SqlStore) -> None:
    number = ticket_of(store)
    closed = ticket_of(store, state=State.CLOSED)
    assert closed != number
    assert facts(store).queue == ()
    assert [one.number for one in facts(store, queue=True).queue] == [number]


def test_what_we_remember_of_an_address_is_replaced_piece_by_piece(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit, Remember(ANNA.address, language="uk"))
        change(unit, number, Remember(ANNA.address, name="Анна", blocked=True))
        change(unit, number, Remember(ANNA.address, failing=True, settled=Settled.CHOSEN))
        change(unit, number, Remember(ANNA.address, blocked=False))
        change(unit, number, Remember(ANNA.address))
    known = facts(store, sender=ANNA.address).contact
    assert known == Contact(ANNA.address, name="Анна", language="uk", failing=True, settled=Settled.CHOSEN)
    assert facts(store, sender="x@y.test").contact is None


def test_a_letter_to_an_agent_knows_who_has_answered_since(store: SqlStore) -> None:
    number = ticket_of(store)
    with store.unit() as unit:
        queue(unit, answer("before", sender_name="Olha"), ticket=number, now=NOW - HOUR)
        queue(unit, letter("news", IVAN, audience=Audience.AGENT, event=Event.NOTIFY), ticket=number, now=NOW)
        queue(unit, answer("since", sender_name="Olha"), ticket=number, now=NOW + MINUTE)
        queue(unit, letter("automatic"), ticket=number, now=NOW + MINUTE)
    asked = {"tokens": ("news",), "sender": IVAN.address}
    (found,) = facts(store, NOW + HOUR, agent=IVAN.address, **asked).letters
    assert found.answers == (("Olha", NOW + MINUTE),)
    assert facts(store, NOW + HOUR, **asked).letters[0].answers == ()  # of interest to agents alone


def test_the_tickets_of_a_list_are_known_to_whoever_answers_it(store: SqlStore) -> None:
    first, second = ticket_of(store), ticket_of(store)
    with store.unit() as unit:
        listing = letter("list", IVAN, audience=Audience.NOBODY, event=Event.DIGEST, rows=(second, 0, first))
        queue(unit, listing, now=NOW)
    found = facts(store, tokens=("list",), sender=IVAN.address, agent=IVAN.address, rows=True)
    assert found.letters[0].rows == (second, 0, first)
    assert {one.number for one in found.by_number} == {first, second}
    assert facts(store, tokens=("list",), sender=IVAN.address, agent=IVAN.address).by_number == ()


def test_the_files_of_a_ticket_are_those_of_all_that_came_on_it_or_went_into_it(store: SqlStore) -> None:
    def attached(part: int, kind: str = "application/pdf") -> Attachment:
        return Attachment(part=part, name=f"{part}.pdf", type=kind, size=part, sha256=f"{part}")

    number, merged = ticket_of(store), ticket_of(store)
    with store.unit() as unit:
        file(unit, number, mail(1), attachments=(attached(1), attached(2)))
        file(unit, number, mail(2), Filing.HELD, attachments=(attached(3), attached(4, "application/pgp-signature")))
        file(unit, number, mail(3), Filing.RECORDED, attachments=(attached(5),))
        file(unit, number, mail(4))
        file(unit, merged, mail(5), attachments=(attached(6),))
        change(unit, merged, Merge(merged, number, regroups=False))
    found = facts(store, numbers=(merged,), files=(merged, number)).files
    assert [asked for asked, _ in found] == [merged, number]
    for _, mails in found:
        assert [[one.name for one in each.files] for each in mails] == [["1.pdf", "2.pdf"], ["3.pdf"], ["6.pdf"]]
        assert {each.sender for each in mails} == {str(ANNA)}


def test_directories_are_looked_into_by_the_letter_by_its_ticket_and_by_its_people(store: SqlStore) -> None:
    with store.unit() as unit:
        number = open_ticket(unit, fields=(("maker", "Brill Ltd"),))
    centre, sale = Entry("brill ltd", (("name", "North"),)), Entry("sn 1", (("sold", "2026-01-10"),))
    mine = Entry(ANNA.address, (("tax_number", "32855961"),))
    store.replace_directory("centres", [centre, Entry("acme", (("name", "South"),))])
    store.replace_directory("sales", [sale])
    store.replace_directory("representatives", [mine])
    asked = Wanted(
        sha256="s",
        fingerprint="f",
        message_id=None,
        tags=(number,),
        entries=(("sales", "sn 1"), ("sales", "sn 2")),
        entries_by=(("maker", "centres"),),
        companies=True,
    )
    with store.unit() as unit:
        found = unit.facts(asked, NOW).entries
    assert set(found) == {("centres", centre), ("sales", sale), ("representatives", mine)}

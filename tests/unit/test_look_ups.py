"""What a form says is looked for in the desk's directories, and what is found becomes known of the ticket."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpdesk.core.checklist import Checklist
from helpdesk.core.conditions import read_condition
from helpdesk.core.decision import OpenTicket, Record, Schedule, SetFacts, SetState
from helpdesk.core.directory import Entry
from helpdesk.core.facts import Facts
from helpdesk.core.form import Field, Form, Section
from helpdesk.core.look_ups import NONE, centres, found, keys_in, looked_up
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.policy import Policy
from helpdesk.core.rma import RMA, rma_number
from helpdesk.core.stages import Stage, Trigger
from helpdesk.core.ticket import COMPLETE, FollowUp, State
from helpdesk.core.timers import happen
from tests.build import ANNA, NOW, NUMBER, answering, changes, decided, mail, policy, sent, ticket

FIELDS = (
    Field(key="maker", label=(("en", "Maker"),), look_up="centres"),
    Field(key="city", label=(("en", "City"),), look_up="points"),
    Field(key="serial", label=(("en", "Serial number"),), look_up="sales"),
)
FORM = Form(
    key="claim", title=(("en", "Claim"),), sections=(Section(key="claim", label=(("en", "Claim"),), fields=FIELDS),)
)
LETTER = "Maker: Brill\nCity: Riga\nSerial number: SN-1"


def centre(name: str, city: str, maker: str = "brill") -> tuple[str, Entry]:
    return ("centres", Entry(maker, (("maker", maker), ("city", city), ("name", name), ("phone", "+1"))))


CENTRES = (centre("Near", "Riga"), centre("Far", "Oslo"), centre("Other", "Riga", "acme"))
SALE = ("sales", Entry("sn 1", (("serial", "SN-1"), ("sold", "2026-01-10"), ("document", "INV 7"))))
POINT = ("points", Entry("oslo", (("city", "Oslo"), ("name", "Dock"), ("street", "Quay 1"))))


def test_what_a_letter_fills_in_is_asked_of_the_directories() -> None:
    lists = (Checklist(key="claim", form=FORM),)
    assert looked_up(lists) == (("maker", "centres"), ("city", "points"), ("serial", "sales"))
    assert keys_in(lists, mail(LETTER)) == (("centres", "brill"), ("points", "riga"), ("sales", "sn 1"))
    assert keys_in(lists, mail("Good morning")) == ()


@pytest.mark.parametrize(
    ("fields", "directory", "told"),
    [
        # The centre in the customer's city stands alone; without one there, all of the maker.
        ({"maker": "Brill", "city": "Riga"}, "centres", "Near, Riga, +1"),
        ({"maker": "Brill", "city": "Rome"}, "centres", "Near, Riga, +1\nFar, Oslo, +1"),
        ({"maker": "Nobody"}, "centres", NONE),
        ({"serial": "sn-1"}, "sales", "2026-01-10, INV 7"),
        ({"serial": "SN-2"}, "sales", NONE),
        # Goods have to go somewhere: without a point in the city, to any.
        ({"city": "Riga"}, "points", "Dock, Oslo, Quay 1"),
    ],
)
def test_what_is_found(fields: dict[str, str], directory: str, told: str) -> None:
    assert dict(found(FORM, fields, (*CENTRES, SALE, POINT)))[directory] == told


def test_centres_are_chosen_by_the_words_of_a_letter_in_any_case_of_the_city() -> None:
    entries = (centre("Север", "Рязань"), centre("Юг", "Сочи"))
    assert centres(entries, "Живу в Рязани, холодильник не морозит") == "Север, Рязань, +1"
    assert centres(entries, "Холодильник не морозит").count("\n") == 1
    assert centres((), "Рязань") == NONE


# --- what a complete form leads to ----------------------------------------------------------------

KNOWN = {"maker", "city", "serial", "centres", "sales", "points"}
TO_CENTRE = Stage(
    key="to-centre",
    state=State.WAITING,
    label=(("en", "to a centre"),),
    on=Trigger.COMPLETE,
    when=(read_condition("centres != none", KNOWN),),
    letter=(("en", "Please turn to {centres}"),),
)
AUTHORISED = Stage(
    key="authorised",
    state=State.WAITING,
    label=(("en", "authorised"),),
    on=Trigger.COMPLETE,
    when=(read_condition("sales != none", KNOWN),),
    rma=True,
    documents=("label",),
    letter=(("en", "The number is {rma}, bring it to {points}. {summary}"),),
)
TO_CHECK = Stage(key="to-check", state=State.OPEN, label=(("en", "to check"),), on=Trigger.COMPLETE)


def rules(**values: Any) -> Policy:
    desk = policy().desks[0]
    stages = (TO_CENTRE, AUTHORISED, TO_CHECK)
    return policy(desks=(replace(desk, checklists=(Checklist(key="claim", form=FORM),), stages=stages),), **values)


def test_a_form_that_comes_complete_enters_its_stage_once_the_ticket_has_a_number() -> None:
    decision = decided(mail(LETTER), Facts(entries=(SALE, POINT)), rules())
    fields = dict(changes(decision, OpenTicket)[0].fields)
    assert (fields["centres"], fields["sales"]) == (NONE, "2026-01-10, INV 7")
    assert Schedule(0, COMPLETE, NOW) in decision.changes


def known(**fields: str) -> Any:
    said = {"maker": "Brill", "city": "Riga", "serial": "SN-1", "points": "Dock", "centres": NONE, "sales": NONE}
    return ticket(
        checklist="claim", fields=tuple((said | fields).items()), follow_ups=(FollowUp(COMPLETE, NOW),), participants=()
    )


def test_a_return_is_authorised_by_the_sale_and_gets_its_number_and_label() -> None:
    outcome = happen(known(sales="2026-01-10"), COMPLETE, rules(), NOW)
    number = rma_number("R", NUMBER)
    (letter,) = outcome.letters
    assert (letter.event, letter.documents) == (Event.STATE, ("label",))
    assert letter.body.startswith(f"The number is {number}, bring it to Dock. Maker – Brill")
    assert changes(outcome, SetFacts)[0].fields == ((RMA, number),)
    assert changes(outcome, SetState)[0].stage == "authorised"


def test_where_the_maker_has_a_centre_the_customer_goes_there() -> None:
    outcome = happen(known(centres="Near, Riga", sales="2026-01-10"), COMPLETE, rules(), NOW)
    assert outcome.letters[0].body == "Please turn to Near, Riga"
    assert outcome.letters[0].documents == ()


def test_what_nothing_confirms_is_for_the_agents() -> None:
    outcome = happen(known(), COMPLETE, rules(), NOW)
    assert (outcome.letters, changes(outcome, SetState)[0].stage) == ((), "to-check")


def test_of_whoever_is_not_proven_nothing_is_repeated_but_what_we_have_given() -> None:
    outcome = happen(replace(known(sales="2026-01-10"), words=False), COMPLETE, rules(), NOW)
    assert outcome.letters[0].body == f"The number is {rma_number('R', NUMBER)}, bring it to Dock. …"


def test_a_later_letter_that_completes_the_form_enters_the_stage_at_once() -> None:
    before = ticket(
        checklist="claim", missing=("serial",), fields=(("maker", "Brill"), ("city", "Riga")), state=State.WAITING
    )
    letter = replace(sent(audience=Audience.REQUESTER), recipient=ANNA.address)
    decision = decided(mail("Serial number: SN-1"), answering(letter, before, entries=(SALE, POINT)), rules())
    assert changes(decision, SetState)[0].stage == "authorised"
    assert [record.why for record in changes(decision, Record) if record.what == RMA] == [rma_number("R", NUMBER)]

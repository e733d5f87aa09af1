"""What each command does to a ticket."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from helpdesk.core import command_values as order
from helpdesk.core.bench import Bench, Carried, Refused
from helpdesk.core.command_values import Command
from helpdesk.core.decision import (
    Assign,
    CancelLetters,
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
from helpdesk.core.message import Address
from helpdesk.core.order_words import words_in
from helpdesk.core.orders import carry_out
from helpdesk.core.scheduling import answered
from helpdesk.core.sender import AddColleague, Remember, RemoveColleague
from helpdesk.core.ticket import SHIP, WATCH, Held, Lane, Part, Priority, State, Ticket
from tests.build import ANNA, BORIS, DAY, EVE, IVAN, IVAN_WRITES, NOW, NUMBER, asking_policy, policy, ticket

HELD = Held(id=5, sender=EVE, subject="Hello", at=NOW)


def bench(**values: Any) -> Bench:
    settings: dict[str, Any] = {
        "agent": IVAN,
        "policy": policy(),
        "now": NOW,
        "cause": "mail",
        "words": words_in("en"),
    }
    return Bench(**settings | values)


def done(*commands: Command, on: Ticket | None = None, **values: Any) -> Carried:
    """What Ivan's commands do."""
    carried = carry_out(commands, on or ticket(), bench(**values))
    assert isinstance(carried, Carried), carried.why
    return carried


def refused(*commands: Command, on: Ticket | None = None, **values: Any) -> str:
    """Why nothing is done."""
    carried = carry_out(commands, on or ticket(), bench(**values))
    assert isinstance(carried, Refused)
    return carried.why


def events(carried: Carried) -> list[tuple[str, str]]:
    return [(letter.event.value, letter.to.address) for letter in carried.letters]


# --- assignee -------------------------------------------------------------------------------------


def test_taking_a_new_ticket_opens_it() -> None:
    carried = done(order.Take(), on=ticket(state=State.NEW))
    assert carried.changes == (Assign(NUMBER, "Ivan"), SetState(NUMBER, State.OPEN))
    assert (carried.letters, carried.lines) == ((), ("Assigned to Ivan.",))


def test_taking_a_waiting_ticket_leaves_it_waiting() -> None:
    assert done(order.Take(), on=ticket(state=State.WAITING)).changes == (Assign(NUMBER, "Ivan"),)


@pytest.mark.parametrize("name", ["Olha", "olha", "@Olha", "OL", "olha@help.test"])
def test_a_colleague_gets_the_ticket_and_a_notification(name: str) -> None:
    carried = done(order.Assign(name))
    assert carried.changes == (Assign(NUMBER, "Olha"),)
    assert events(carried) == [("notify", "olha@help.test")]


def test_nobody_gets_a_ticket_by_guessing() -> None:
    assert refused(order.Assign("Zoe")) == 'nobody is called "Zoe". Agents: Ivan, Olha, Lena'
    several = policy(agents=(IVAN, policy().agents[1], policy().agents[2].__class__(name="Ivo", addresses=("ivo@x",))))
    assert refused(order.Assign("iv"), policy=several) == '"iv" fits several agents: Ivan, Ivo'


def test_release_gives_the_ticket_back() -> None:
    assert done(order.Release(), on=ticket(assignee="Ivan")).changes == (Assign(NUMBER, None),)


# --- held mail ------------------------------------------------------------------------------------


def test_an_accepted_mail_lets_its_sender_in() -> None:
    carried = done(order.Accept(), on=ticket(held=(HELD,), state=State.WAITING))
    assert carried.changes == (
        SettleHeld(NUMBER, 5, True),
        Remember(EVE.address, blocked=False),
        Join(NUMBER, EVE, Part.CC),
        answered(NUMBER),
        SetState(NUMBER, State.OPEN),
        Record(NUMBER, "Ivan", "accepted", "Eve <eve@evil.test>"),
    )
    assert carried.ticket.held == ()
    assert carried.letters == ()


def test_accepting_always_lets_the_sender_into_every_ticket_of_the_requester() -> None:
    carried = done(order.Accept(always=True), on=ticket(held=(HELD,)))
    assert carried.changes[-1] == AddColleague(ANNA.address, EVE)
    assert carried.ticket.colleagues == (EVE.address,)
    assert carried.lines[1] == (
        "From now on eve@evil.test may write on every ticket of anna@shop.test; #uncc takes that back."
    )
    forged = Held(id=5, sender=ANNA, subject="", at=NOW)
    for on in (ticket(held=(forged,)), ticket(held=(HELD,), requester=None)):
        assert not any(isinstance(one, AddColleague) for one in done(order.Accept(always=True), on=on).changes)


def test_uncc_takes_that_back() -> None:
    carried = done(order.RemoveCc(EVE.address), on=ticket(colleagues=(EVE.address,)))
    assert RemoveColleague(ANNA.address, EVE.address) in carried.changes
    assert carried.ticket.colleagues == ()


def test_accepting_what_claims_to_be_the_requester_adds_nobody() -> None:
    forged = Held(id=5, sender=ANNA, subject="", at=NOW)
    changes = done(order.Accept(), on=ticket(held=(forged,))).changes
    assert not any(isinstance(change, Join) for change in changes)


def test_a_rejected_mail_stays_out() -> None:
    carried = done(order.Reject(), on=ticket(held=(HELD,)))
    assert carried.changes == (
        SettleHeld(NUMBER, 5, False),
        Record(NUMBER, "Ivan", "rejected", "Eve <eve@evil.test>"),
    )


def test_which_held_mail_is_meant_is_told_by_the_notice_that_is_answered() -> None:
    other = Held(id=6, sender=BORIS, subject="Other", at=NOW)
    both = ticket(held=(HELD, other))
    assert "several mails are held" in refused(order.Accept(), on=both)
    assert done(order.Reject(), on=both, held=(other,)).changes[0] == SettleHeld(NUMBER, 6, False)
    assert refused(order.Accept()) == "no mail is held on this ticket"


def test_what_an_agent_wrote_without_a_proof_is_not_the_mail_that_is_meant() -> None:
    own = Held(id=4, sender=IVAN_WRITES, subject="", at=NOW, text="#accept")
    assert done(order.Accept(), on=ticket(held=(own, HELD))).changes[0] == SettleHeld(NUMBER, 5, True)
    assert done(order.Reject(), on=ticket(held=(own,))).changes[0] == SettleHeld(NUMBER, 4, False)


def test_spam_closes_without_a_letter_and_blocks() -> None:
    carried = done(order.Spam())
    assert carried.changes == (
        Unschedule(NUMBER),
        SetState(NUMBER, State.CLOSED, resolution="spam"),
        Remember(ANNA.address, blocked=True),
    )
    assert carried.letters == ()


def test_spam_in_answer_to_a_held_mail_leaves_the_ticket_alone() -> None:
    carried = done(order.Spam(), on=ticket(held=(HELD,)), held=(HELD,))
    assert carried.changes == (SettleHeld(NUMBER, 5, False), Remember(EVE.address, blocked=True))
    assert carried.ticket.state is State.OPEN


# --- state ----------------------------------------------------------------------------------------


def test_closing_ends_what_was_due_and_tells_the_requester() -> None:
    carried = done(order.Close("replaced"), on=ticket(wake_at=NOW + DAY))
    assert carried.changes == (Unschedule(NUMBER), SetState(NUMBER, State.CLOSED, resolution="replaced"))
    assert events(carried) == [("closed", "anna@shop.test")]


def test_closing_twice_tells_the_requester_once() -> None:
    assert events(done(order.Close(), order.Close())) == [("closed", "anna@shop.test")]
    assert events(done(order.Close(), on=ticket(state=State.CLOSED))) == []


def test_closing_with_an_answer_leaves_the_letter_to_the_answer() -> None:
    carried = done(order.Close(), has_answer=True)
    assert (carried.letters, carried.settles_state) == ((), True)


def test_reopening_forgets_what_was_due() -> None:
    carried = done(order.Reopen(), on=ticket(state=State.WAITING))
    assert carried.changes == (Unschedule(NUMBER), SetState(NUMBER, State.OPEN))


def test_a_waiting_ticket_is_put_to_sleep_as_an_open_one() -> None:
    until = NOW + 3 * DAY
    carried = done(order.Wait(timedelta(days=3)), on=ticket(state=State.WAITING))
    assert carried.changes == (
        Unschedule(NUMBER, kept=(SHIP, WATCH)),
        SetState(NUMBER, State.OPEN, wake_at=until),
        Schedule(NUMBER, "wake", until),
    )
    assert carried.lines == ("Sleeps until 2026-03-05 09:00, or until the requester writes.",)


def test_undo_takes_back_the_agents_own_answer_only() -> None:
    carried = done(order.Undo(), on=ticket(state=State.WAITING, unsent=("Ivan",)))
    assert carried.changes == (
        CancelLetters(NUMBER, "Ivan"),
        Record(NUMBER, "Ivan", "took the answer back"),
        SetState(NUMBER, State.OPEN),
    )
    assert "no answer of yours" in refused(order.Undo(), on=ticket(unsent=("Olha",)))


# --- place ----------------------------------------------------------------------------------------


def test_priority_changes_the_place_within_the_lane() -> None:
    (place,) = done(order.SetPriority(Priority.HIGH)).changes
    assert place == SetPlace(NUMBER, Lane.NORMAL, Priority.HIGH, None, ("agent: Ivan",))


def test_an_outage_goes_first_and_waits_no_longer() -> None:
    carried = done(order.Outage("site-down"), on=ticket(state=State.WAITING))
    assert carried.changes == (
        SetPlace(NUMBER, Lane.OUTAGE, Priority.NORMAL, "site-down", ("agent: Ivan",)),
        Unschedule(NUMBER, kept=(SHIP, WATCH)),
        SetState(NUMBER, State.OPEN),
        Schedule(NUMBER, "escalate", NOW + timedelta(minutes=10)),
    )


def test_an_unknown_situation_is_refused_with_the_known_ones() -> None:
    assert refused(order.Outage("flood")) == 'there is no situation "flood". Situations: site-down'


def test_normal_takes_an_outage_back() -> None:
    place, _ = done(order.Normal(), on=ticket(lane=Lane.OUTAGE, situation="site-down")).changes
    assert place == SetPlace(NUMBER, Lane.NORMAL, Priority.NORMAL, None, ("agent: Ivan",))


# --- facts ----------------------------------------------------------------------------------------

ASKED = ticket(state=State.WAITING, checklist="general", missing=("ip", "time"))


def test_asking_waits_for_the_requester() -> None:
    carried = done(order.Ask(("ip", "colour")), on=ticket(checklist="general"), policy=asking_policy())
    assert carried.changes == (
        SetFacts(NUMBER, (), ("ip", "colour"), "general"),
        SetState(NUMBER, State.WAITING),
        answered(NUMBER),
        Schedule(NUMBER, "reminder", NOW + 2 * DAY),
        Schedule(NUMBER, "auto-close", NOW + 5 * DAY),
    )
    (letter,) = carried.letters
    assert (letter.event, letter.missing, letter.due_at) == ("missing", ("Which IP?", "colour"), NOW + 5 * DAY)


def test_asking_in_an_outage_leaves_it_open_without_a_deadline() -> None:
    carried = done(order.Ask(("ip",)), on=ticket(lane=Lane.OUTAGE), policy=asking_policy())
    assert SetState(NUMBER, State.OPEN) in carried.changes
    assert not any(isinstance(change, Schedule) for change in carried.changes)
    assert carried.letters[0].due_at is None


@pytest.mark.parametrize("command", [order.Got(("time",)), order.SetField("time", "9:00")])
def test_the_last_fact_ends_the_waiting(command: Command) -> None:
    last = ticket(state=State.WAITING, checklist="general", missing=("time",))
    changes = done(command, on=last).changes
    assert Unschedule(NUMBER) in changes
    assert SetState(NUMBER, State.OPEN) in changes


@pytest.mark.parametrize("command", [order.Got(("ip",)), order.SetField("ip", "192.0.2.7")])
def test_one_of_several_facts_leaves_it_waiting_for_the_rest(command: Command) -> None:
    carried = done(command, on=ASKED)
    assert carried.ticket.missing == ("time",)
    assert not any(isinstance(change, SetState | Unschedule) for change in carried.changes)


def test_a_field_is_written_down_and_replaces_an_older_value() -> None:
    carried = done(order.SetField("ip", "192.0.2.8"), on=ticket(fields=(("ip", "192.0.2.7"), ("os", "BSD"))))
    assert carried.changes == (
        SetFacts(NUMBER, (("ip", "192.0.2.8"),), (), None),
        Record(NUMBER, "Ivan", "field", "ip = 192.0.2.8"),
    )
    assert dict(carried.ticket.fields) == {"ip": "192.0.2.8", "os": "BSD"}


def test_what_nobody_asked_for_is_not_ticked_off() -> None:
    assert refused(order.Got(("colour",)), on=ASKED) == (
        "not on the list of what is missing: colour. The list: ip, time"
    )


# --- people and desks -----------------------------------------------------------------------------


def test_somebody_more_gets_the_answers() -> None:
    assert done(order.AddCc("new@shop.test")).changes == (
        Join(NUMBER, Address("new@shop.test"), Part.CC),
        Record(NUMBER, "Ivan", "cc", "new@shop.test"),
    )
    assert done(order.AddCc(BORIS.address)).changes == ()


def test_our_own_address_never_takes_part() -> None:
    assert "an address of ours" in refused(order.AddCc("help@help.test"))


def test_only_copies_are_taken_out() -> None:
    assert done(order.RemoveCc(BORIS.address)).changes[0] == Leave(NUMBER, BORIS.address)
    assert "not in Cc" in refused(order.RemoveCc(ANNA.address))


def test_another_desk_gets_the_ticket_and_is_told() -> None:
    carried = done(order.MoveToDesk("SALES"), on=ticket(assignee="Ivan"))
    assert carried.changes == (
        SetDesk(NUMBER, "sales"),
        Assign(NUMBER, None),
        Record(NUMBER, "Ivan", "moved", "sales"),
    )
    assert ("notify", "lena@help.test") in events(carried)
    assert ("notify", "ivan@help.test") not in events(carried)
    assert refused(order.MoveToDesk("moon")) == 'there is no desk "moon". Desks: support, sales'


def test_a_link_needs_a_ticket_at_its_other_end() -> None:
    assert done(order.LinkTo(100002), others=(ticket(100002),)).changes == (Link(NUMBER, 100002, "related"),)
    assert refused(order.LinkTo(100002)) == "there is no ticket 100002"


# --- many -----------------------------------------------------------------------------------------


def test_each_command_sees_what_the_one_before_has_done() -> None:
    carried = done(order.Outage(), order.Ask(("ip",)), on=ticket(state=State.WAITING), policy=asking_policy())
    assert carried.ticket.state is State.OPEN  # asked in the outage lane


def test_one_that_cannot_be_carried_out_stops_all() -> None:
    assert carry_out((order.Take(), order.LinkTo(9)), ticket(), bench()) == Refused(
        order.LinkTo(9), "there is no ticket 9"
    )


@pytest.mark.parametrize("language", ["en", "ru", "uk", "pl", "xx"])
def test_the_transcript_speaks_every_language(language: str) -> None:
    commands = (order.Take(), order.SetPriority(Priority.LOW), order.Normal(), order.AddCc("a@b.test"), order.Close())
    carried = done(*commands, words=words_in(language))
    assert len(carried.lines) == len(commands)
    assert not any("{" in line for line in carried.lines)

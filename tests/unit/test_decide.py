"""The order of the policy: what is never answered, what is never believed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk.core.case import wanted
from helpdesk.core.decision import Decision, Disposition, Filing, OpenTicket, Proof, Record, Role, Schedule
from helpdesk.core.facts import Facts, Wanted
from helpdesk.core.message import Address, Bounce, FailedRecipient, Inbound, Kind
from helpdesk.core.sender import Contact
from helpdesk.core.ticket import FollowUp, State
from tests.build import (
    ANNA,
    ARRIVAL,
    AUTHSERV,
    BORIS,
    DAY,
    DESK,
    EVE,
    FORGED,
    IVAN_WRITES,
    NOW,
    NUMBER,
    acknowledged,
    answering,
    changes,
    decided,
    mail,
    policy,
    ticket,
    to_customers,
)

OUT_OF_OFFICE = (("auto-submitted", "auto-replied"),)
LIST = (("list-id", "<news.shop.test>"),)
OUR_OWN = (("x-helpdesk-instance", "ours"),)


def test_the_same_arguments_give_the_same_decision() -> None:
    assert decided(mail("The site is down!")) == decided(mail("The site is down!"))


def test_a_duplicate_changes_nothing_but_the_history() -> None:
    decision = decided(mail(), Facts(duplicate=NUMBER))
    assert (decision.disposition, decision.ticket, decision.letters) == (Disposition.IGNORE, NUMBER, ())
    assert decision.changes == (Record(NUMBER, "helpdesk", "duplicate", "the same mail came once more"),)


def test_a_duplicate_of_what_has_no_ticket_changes_nothing() -> None:
    decision = decided(mail(), Facts(duplicate=0))
    assert (decision.disposition, decision.ticket, decision.changes) == (Disposition.IGNORE, None, ())


def test_a_replayed_command_has_no_second_effect() -> None:
    inbound = mail("#close", sender=IVAN_WRITES)
    decision = decided(inbound, answering(acknowledged(IVAN_WRITES), ticket(), duplicate=NUMBER))
    assert (decision.disposition, decision.letters) == (Disposition.IGNORE, ())


@pytest.mark.parametrize(
    ("headers", "kind"),
    [(OUT_OF_OFFICE, Kind.AUTO_REPLY), (OUR_OWN, Kind.LOOP)],
)
@pytest.mark.parametrize("sender", [ANNA, EVE, IVAN_WRITES])
@pytest.mark.parametrize("known", [True, False])
def test_machines_are_never_answered(
    headers: tuple[tuple[str, str], ...], kind: Kind, sender: Address, known: bool
) -> None:
    facts = Facts(by_reference=(("<first@shop.test>", ticket(state=State.CLOSED)),)) if known else Facts()
    decision = decided(mail("The site is down!", sender=sender, headers=headers), facts)
    assert (decision.kind, decision.disposition, decision.filing) == (kind, Disposition.RECORD, Filing.RECORDED)
    assert (decision.letters, decision.ticket) == ((), NUMBER if known else None)
    # A closed ticket stays closed: nothing but a line of its history.
    assert [type(change) for change in decision.changes] == ([Record] if known else [])


AWAY = "I am out of the office until 20 March 2026."
WAITS = ticket(
    state=State.WAITING, follow_ups=(FollowUp("reminder", NOW + 2 * DAY), FollowUp("auto-close", NOW + 5 * DAY))
)


def away(sender: Address = ANNA, **values: Any) -> Decision:
    """What an out-of-office answer on a ticket that waits for Anna does."""
    facts = Facts(by_reference=(("<first@shop.test>", WAITS),))
    headers = OUT_OF_OFFICE + values.pop("headers", ())
    return decided(mail(AWAY, sender=sender, headers=headers, date=NOW), facts, policy(**values))


def test_whoever_is_out_of_the_office_is_asked_again_on_his_return() -> None:
    decision = away()
    back = datetime(2026, 3, 21, tzinfo=UTC)
    assert changes(decision, Schedule) == [
        Schedule(NUMBER, "reminder", back),
        Schedule(NUMBER, "auto-close", back + 3 * DAY),
    ]
    assert changes(decision, Record)[-1] == Record(NUMBER, "helpdesk", "put off", "away until 2026-03-20")
    assert decision.letters == ()


def test_only_the_requester_himself_puts_follow_ups_off() -> None:
    assert changes(away(BORIS), Schedule) == []
    assert changes(away(headers=FORGED, trusted_authserv=AUTHSERV), Schedule) == []


def test_the_mark_of_another_helpdesk_is_no_loop() -> None:
    decision = decided(mail(headers=(("x-helpdesk-instance", "theirs"),)))
    assert decision.disposition is Disposition.OPEN


def test_headers_by_which_a_sender_calls_himself_urgent_mean_nothing() -> None:
    headers = (("x-priority", "1"), ("importance", "high"), ("x-helpdesk-event", "reply"), ("x-helpdesk-ticket", "1"))
    plain, shouting = (decided(mail(headers=shown)) for shown in ((), headers))
    assert changes(shouting, OpenTicket) == changes(plain, OpenTicket)


def test_a_newsletter_opens_no_ticket() -> None:
    assert decided(mail(headers=LIST)).disposition is Disposition.RECORD


def test_a_participant_who_writes_through_a_list_is_heard_and_not_answered() -> None:
    facts = Facts(by_reference=(("<first@shop.test>", ticket(state=State.CLOSED)),))
    decision = decided(mail(headers=LIST), facts)
    assert decision.disposition is Disposition.APPEND
    assert to_customers(decision) == []


@pytest.mark.parametrize(
    ("header", "spam"),
    [
        (("x-spam-flag", "YES"), True),
        (("x-spam-flag", " yes (score 9)"), True),
        (("x-spam-flag", "NO"), False),
        (("x-spam-status", "YES"), False),
    ],
)
def test_spam_by_our_own_servers_word_is_recorded(header: tuple[str, str], spam: bool) -> None:
    decision = decided(mail(headers=(header,)), spam_header=("X-Spam-Flag", "YES"))
    assert (decision.disposition is Disposition.RECORD) is spam
    assert (decision.letters == ()) is spam


def test_nobodys_word_on_spam_is_believed_where_none_is_configured() -> None:
    assert decided(mail(headers=(("x-spam-flag", "YES"),))).disposition is Disposition.OPEN


def test_a_blocked_sender_is_recorded_whatever_he_refers_to() -> None:
    facts = Facts(contact=Contact(ANNA.address, blocked=True), by_reference=(("<first@shop.test>", ticket()),))
    decision = decided(mail(), facts)
    assert (decision.disposition, decision.ticket, decision.letters) == (Disposition.RECORD, None, ())


def test_a_newsletter_of_a_stranger_with_a_guessed_number_is_held_and_opens_nothing() -> None:
    facts = Facts(by_number=(ticket(),))
    decision = decided(mail(sender=EVE, subject=f"[##{NUMBER}##]", headers=LIST), facts)
    assert decision.disposition is Disposition.HOLD


def test_guessing_every_number_shows_and_changes_nothing() -> None:
    for number in range(100001, 100101):
        guess = mail("Reset it", sender=EVE, subject=f"[##{number}##] Account")
        decision = decided(guess, Facts(by_number=(ticket(number, state=State.CLOSED),)))
        assert decision.disposition is Disposition.OPEN
        assert {letter.to for letter in to_customers(decision)} == {EVE}
        assert all(getattr(change, "ticket", 0) == 0 for change in decision.changes)


def test_what_explain_prints_is_complete() -> None:
    decision = decided(mail(), answering(acknowledged(), ticket()))
    assert (decision.kind, decision.role, decision.proof, decision.evidence, decision.language) == (
        Kind.HUMAN,
        Role.REQUESTER,
        Proof.REPLY,
        "secret",
        "en",
    )
    assert [reason.rule for reason in decision.reasons] == ["auth-unconfigured", "thread-secret"]


# --- what is loaded -------------------------------------------------------------------------------


def asked_for(inbound: Inbound) -> Wanted:
    return wanted(inbound, policy(), ARRIVAL)


def test_outages_are_asked_for_that_came_about_when_this_mail_did() -> None:
    within = policy().incidents.within
    assert asked_for(mail("Hello")).reports_between == (ARRIVAL.at - within, ARRIVAL.at + within)


def test_everything_that_may_lead_to_a_ticket_is_looked_up_newest_first() -> None:
    inbound = mail(
        references=("<old@x>", "<new@x>"),
        subject="Re: [##100001##] [##100002##]",
        to=(Address("support+abc@help.test"), DESK),
        cc=(BORIS, Address("support+xyz@help.test")),
        delivered_to=("support+abc@help.test",),
    )
    loaded = asked_for(inbound)
    assert (loaded.references, loaded.tags, loaded.tokens) == (
        ("<new@x>", "<old@x>"),
        (100001, 100002),
        ("abc", "xyz"),
    )


def test_only_an_agents_commands_load_what_they_name() -> None:
    text = "#show 100005\n#queue"
    by_agent, by_stranger = asked_for(mail(text, sender=IVAN_WRITES)), asked_for(mail(text, sender=EVE))
    assert (by_agent.numbers, by_agent.queue) == ((100005,), True)
    assert (by_stranger.numbers, by_stranger.queue) == ((), False)


def test_a_bounce_asks_for_the_letter_that_it_speaks_of() -> None:
    bounce = Bounce(
        recipients=(FailedRecipient(address="x@y.test", status="", permanent=True),), original_message_id="<ours@x>"
    )
    assert asked_for(mail(bounce=bounce)).bounced_message_id == "<ours@x>"

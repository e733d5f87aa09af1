"""What holds for every decision, whatever mail comes in whatever situation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from helpdesk.core.decision import Decision, Disposition, Filing, Join, Proof, Record, Role, SetState
from helpdesk.core.facts import Facts
from helpdesk.core.message import Address, Inbound, Kind
from helpdesk.core.outgoing import Audience, Event, Letter, SentLetter
from helpdesk.core.policy import Policy
from helpdesk.core.sender import Contact, LetterCounts
from helpdesk.core.ticket import FollowUp, Held, Lane, State, Ticket
from tests.build import (
    ANNA,
    AUTHSERV,
    BORIS,
    DAY,
    DESK,
    EVE,
    FORGED,
    IVAN_WRITES,
    NOW,
    NUMBER,
    OLHA_WRITES,
    asking_policy,
    changes,
    decided,
    mail,
    passed,
    policy,
    sent,
    ticket,
    to_customers,
    verdict,
)

CANARY = "the canary sings"
PEOPLE = (ANNA, BORIS, EVE, IVAN_WRITES, OLHA_WRITES, DESK, None)
TEXTS = (
    CANARY,
    f"#note\n{CANARY}",
    f"#spam\n{CANARY}",
    f"#close\n{CANARY}",
    f"#ask ip\n{CANARY}",
    f"#undo\n{CANARY}",
    f"#reopen\n#wait 3d\n{CANARY}",
    f"#nonsense\n{CANARY}",
    "#accept",
    "#take\n#outage",
    "yes",
    "IP: 192.0.2.7",
    "The site is down!",
    "",
)
HEADERS = (
    (),
    FORGED,
    verdict("dmarc=fail header.from=help.test"),
    passed(ANNA),
    passed(IVAN_WRITES),
    passed(EVE),
    (("auto-submitted", "auto-replied"),),
    (("list-id", "<x>"),),
    (("x-helpdesk-instance", "ours"),),
)


@dataclass(frozen=True)
class Situation:
    """A mail and all that is known when it comes."""

    inbound: Inbound
    facts: Facts
    rules: Policy
    silent: bool

    def decide(self) -> Decision:
        return decided(self.inbound, self.facts, self.rules, silent=self.silent)


def mostly(usual: Any, *unusual: Any) -> st.SearchStrategy[Any]:
    """The usual value three times out of four: else nearly every mail is stopped at the first door."""
    return st.sampled_from((usual,) * 3 * len(unusual) + unusual)


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    return ticket(
        state=draw(st.sampled_from(State)),
        lane=draw(st.sampled_from(Lane)),
        requester=draw(mostly(ANNA, None)),
        assignee=draw(st.sampled_from((None, "Ivan", "Somebody who left"))),
        missing=draw(st.sampled_from(((), ("ip", "time")))),
        checklist=draw(st.sampled_from((None, "general"))),
        held=draw(st.sampled_from(((), (Held(id=7, sender=IVAN_WRITES, subject="", at=NOW, text=CANARY),)))),
        unsent=draw(st.sampled_from(((), ("Ivan",)))),
        wake_at=draw(st.sampled_from((None, NOW + DAY))),
        follow_ups=draw(st.sampled_from(((), (FollowUp("auto-close", NOW + DAY),)))),
    )


@st.composite
def letters(draw: st.DrawFn, sender: Address | None) -> SentLetter:
    own = sender.address if sender else "ivan@help.test"
    return sent(
        draw(mostly(own, "olha@help.test", "anna@shop.test")),
        draw(mostly(Audience.AGENT, *Audience)),
        draw(st.sampled_from((Event.NOTIFY, Event.UNPROVEN, Event.HELD, Event.RESULT))),
        usable=draw(mostly(True, False)),
        cause=7,
    )


@st.composite
def situations(draw: st.DrawFn, people: tuple[Address | None, ...] = PEOPLE) -> Situation:
    on = draw(tickets())
    sender = draw(st.sampled_from(people))
    shown = draw(st.lists(letters(sender), max_size=2))
    tagged = draw(st.booleans())
    contact = draw(mostly(None, Contact("x", blocked=True), Contact("x", language="pl")))
    return Situation(
        inbound=mail(
            draw(st.sampled_from(TEXTS)),
            sender=sender,
            subject=f"[##{NUMBER}##] Hello" if tagged else draw(st.sampled_from(("Hello", "", "#queue"))),
            headers=draw(mostly(*HEADERS)),
            cc=draw(st.sampled_from(((), (EVE,), (DESK, IVAN_WRITES)))),
        ),
        facts=Facts(
            duplicate=draw(mostly(None, NUMBER)),
            letters=tuple(shown),
            by_reference=tuple((letter.message_id, on) for letter in shown),
            by_number=(on,) if tagged else (),
            contact=contact,
            counts=draw(st.sampled_from((LetterCounts(), LetterCounts(address_3h=10), LetterCounts(total_1h=9999)))),
            queue=(on,),
        ),
        rules=draw(st.sampled_from((policy, asking_policy)))(trusted_authserv=draw(st.sampled_from((None, AUTHSERV)))),
        silent=draw(mostly(False, True)),
    )


def automatic(decision: Decision) -> list[Letter]:
    return [letter for letter in to_customers(decision) if letter.automatic]


@given(situations())
def test_nothing_is_written_to_ourselves(situation: Situation) -> None:
    own = situation.rules.is_ours
    assert not [letter for letter in situation.decide().letters if own(letter.to.address)]


@given(situations())
def test_machines_silence_and_duplicates_cause_no_letter_outside(situation: Situation) -> None:
    decision = situation.decide()
    event(f"{decision.kind} {decision.disposition}")
    if situation.silent:
        assert decision.letters == ()
    if decision.kind is not Kind.HUMAN or decision.disposition is Disposition.IGNORE:
        assert to_customers(decision) == []


@given(situations())
def test_whom_our_server_calls_forged_moves_nothing_and_is_not_answered(situation: Situation) -> None:
    decision = situation.decide()
    if any(reason.rule == "auth-failed" for reason in decision.reasons):
        assert to_customers(decision) == []
        assert changes(decision, SetState) == []
        assert decision.proof is Proof.NONE


@given(situations((IVAN_WRITES, OLHA_WRITES)))
def test_what_an_agent_writes_leaves_the_house_only_with_a_proof_and_as_an_answer(situation: Situation) -> None:
    decision = situation.decide()
    told = [letter for letter in to_customers(decision) if CANARY in letter.body]
    if not told:
        return
    event("an answer left")
    assert decision.proof is not Proof.NONE
    assert decision.filing is Filing.COMMAND
    assert not situation.inbound.text.startswith(("#note", "#spam", "#nonsense"))
    assert {letter.to for letter in told} <= {ANNA, BORIS}
    assert not any(letter.automatic for letter in told)


@given(situations())
def test_nobody_gets_the_words_of_another_by_an_automatic_letter(situation: Situation) -> None:
    assert [letter for letter in automatic(situation.decide()) if letter.body] == []


@given(situations())
def test_a_stranger_leaves_nothing_on_a_ticket_of_others_but_a_line_of_its_history(situation: Situation) -> None:
    decision = situation.decide()
    if decision.role not in (Role.STRANGER, Role.NOBODY):
        return
    touched = [change for change in decision.changes if getattr(change, "ticket", None) == NUMBER]
    assert [change for change in touched if not isinstance(change, Record)] == []
    assert {letter.to for letter in to_customers(decision)} <= {situation.inbound.sender}


@given(situations())
def test_only_agents_let_somebody_in(situation: Situation) -> None:
    decision = situation.decide()
    if decision.proof is Proof.NONE or decision.role not in (Role.AGENT, Role.LEAD):
        assert changes(decision, Join) == []


@given(situations())
def test_no_two_letters_of_a_decision_have_the_same_key(situation: Situation) -> None:
    decision = situation.decide()
    keys = [letter.dedupe_key for letter in decision.letters]
    assert len(set(keys)) == len(keys)
    assert situation.decide() == decision


@given(situations())
def test_a_secret_is_in_no_reason_and_no_history(situation: Situation) -> None:
    decision = situation.decide()
    told = [str(reason) for letter in decision.letters for reason in letter.reasons]
    told += [f"{line.what} {line.why}" for line in changes(decision, Record)] + [str(one) for one in decision.reasons]
    assert not [words for words in told for letter in situation.facts.letters if letter.message_id in words]

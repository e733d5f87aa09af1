"""What holds for every mail of an agent: text without a command is the answer, one wrong line stops everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.commands import parse
from helpdesk.core.decision import Filing, Proof, Record
from helpdesk.core.notices import without_agents
from tests.build import ANNA, BORIS, IVAN_WRITES, answering, changes, decided, mail, policy, sent, ticket, to_customers

RULES = policy()
# Letters of several alphabets, what phones put between them, and what could be taken for a command.
TEXT = st.text(alphabet=st.sampled_from("aZяЩїł0#＃№>-–—*\"«»'’ \u00a0\u200b\t\n.:,!?"), min_size=1, max_size=80)
ADDRESSED = st.lists(st.one_of(TEXT, st.sampled_from(["ivan@help.test", "<OLHA@help.test>"])), max_size=4).map("".join)
LINES = st.sampled_from(["#take", "#close", "#note between us", "#priority high", "#forward x@y.test", "#ask ip"])


@given(ADDRESSED)
def test_text_without_a_command_at_the_top_is_the_answer_unchanged(text: str) -> None:
    parsed = parse(text)
    decision = decided(mail(text, sender=IVAN_WRITES), answering(sent(), ticket()), RULES)
    answer = text.strip()
    if parsed.commands or parsed.errors or not answer or answer.casefold().strip(".!") in ("yes", "да", "так", "tak"):
        return
    assert decision.proof is Proof.REPLY
    assert {letter.to for letter in to_customers(decision)} == {ANNA, BORIS}
    assert {letter.body for letter in to_customers(decision)} == {without_agents(answer, RULES.agents)}
    assert "@help.test" not in to_customers(decision)[0].body.lower()


@given(st.lists(LINES, max_size=3), st.integers(0, 3), TEXT)
def test_one_unknown_command_changes_nothing_and_reaches_nobody_but_the_agent(
    lines: list[str], place: int, rest: str
) -> None:
    lines.insert(min(place, len(lines)), "#zzyzx and more")
    decision = decided(mail("\n".join([*lines, "", rest]), sender=IVAN_WRITES), answering(sent(), ticket()), RULES)
    assert [letter.to.address for letter in decision.letters] == [IVAN_WRITES.address]
    assert list(decision.changes) == changes(decision, Record)
    assert {record.what for record in changes(decision, Record)} == {"refused"}
    assert decision.filing is Filing.COMMAND

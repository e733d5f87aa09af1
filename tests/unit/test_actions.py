"""Links in letters to agents: what a mail program makes of one tap, and what that proves."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from helpdesk.compose import Face, compose
from helpdesk.core.actions import SECRET, key_of, links, without_key
from helpdesk.core.case import Arrival, wanted
from helpdesk.core.commands import parse
from helpdesk.core.decision import Disposition, Filing, Proof, SetState, SpendSecret
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.core.secret import is_token, new_token, token_of, without_tokens
from helpdesk.core.ticket import State
from tests.build import (
    ANNA,
    DESK,
    EVE,
    IVAN_WRITES,
    NOW,
    NUMBER,
    acknowledged,
    answering,
    changes,
    decided,
    mail,
    policy,
    sent,
    ticket,
    to_customers,
)
from tests.unit.test_compose import PlainWords

KEY = b"k" * 32
TOKEN = new_token(KEY, ticket=NUMBER, recipient="ivan@help.test", audience=Audience.AGENT, nonce=b"12345678")
NOTIFICATION = replace(sent(), message_id=f"<{TOKEN}@help.test>")
ARRIVAL = Arrival(desk="support", at=NOW)
PLAIN = policy(reply_address="support@help.test")


def notification(language: str = "en", event: Event = Event.NOTIFY, audience: Audience = Audience.AGENT) -> Letter:
    """A letter to Ivan about the ticket."""
    to = Address("ivan@help.test", "Ivan")
    return Letter(event=event, ticket=NUMBER, to=to, audience=audience, language=language, dedupe_key="n")


def opened(link: str) -> tuple[str, str, str]:
    """(To, Subject, text) of the mail that a mail program opens for a link."""
    parts = urlsplit(link)
    fields = parse_qs(parts.query, strict_parsing=True)
    return unquote(parts.path), fields["subject"][0], fields["body"][0].replace("\r\n", "\n")


# --- what a link writes ---------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ru", "uk", "pl"])
@pytest.mark.parametrize("pattern", ["", "support@help.test", "support+{token}@help.test"])
def test_a_link_writes_a_command_that_is_understood_and_carries_the_secret_once(language: str, pattern: str) -> None:
    on = ticket(missing=("ip", "time"))
    offered = links(notification(language), on, "support@help.test", pattern)
    assert [name for name, _ in offered] == ["take", "ask", "wait", "close"]
    for _, link in offered:
        to, subject, text = opened(link.replace(SECRET, TOKEN))
        assert subject == f"[##{NUMBER}##]"
        assert (to + text).count(TOKEN) == 1
        assert (TOKEN in to) == ("{token}" in pattern)
        parsed = parse(without_key(text))
        assert len(parsed.commands) == 1
        assert (parsed.errors, parsed.answer) == ((), "")


def test_with_nothing_missing_the_question_is_the_agents_own() -> None:
    (_, link) = links(notification(), ticket(), "support@help.test", "")[1]
    assert without_key(opened(link.replace(SECRET, TOKEN))[2]) == ""


@pytest.mark.parametrize(
    ("event", "audience", "names"),
    [
        (Event.HELD, Audience.NOBODY, ["accept", "reject", "spam"]),
        (Event.NOTIFY, Audience.COLLEAGUES, []),  # somebody else works on it
        (Event.RESULT, Audience.NOBODY, []),
        (Event.REPLY, Audience.REQUESTER, []),  # nobody outside gets such a link
    ],
)
def test_a_letter_offers_what_can_be_done_with_it(event: Event, audience: Audience, names: list[str]) -> None:
    letter = notification(event=event, audience=audience)
    assert [name for name, _ in links(letter, ticket(), "support@help.test", "")] == names


class Links(PlainWords):
    """A Renderer that prints the links alone."""

    def render(self, event, language, view):  # type: ignore[no-untyped-def]
        rendered = super().render(event, language, view)
        written = "\n".join(link for _, link in view.actions)
        return replace(rendered, text=written, html=written)


def test_a_composed_letter_has_its_own_secret_in_its_links() -> None:
    face = Face(address=DESK, name="Support", instance="ours")
    arguments = {"key": KEY, "nonce": b"1" * 16, "now": NOW, "renderer": Links()}
    composed = compose(notification(), ticket(), face, (), **arguments)  # type: ignore[arg-type]
    token = token_of(composed.message_id)
    assert token is not None
    assert is_token(KEY, token, NUMBER, "ivan@help.test", Audience.AGENT)
    assert composed.text.count(token) == 4
    assert SECRET not in composed.text


# --- what it proves -------------------------------------------------------------------------------


def test_a_mail_opened_by_a_link_is_looked_up_by_its_secret() -> None:
    tapped = mail(f"#take\n\nkey: {TOKEN}", sender=IVAN_WRITES)
    assert TOKEN in wanted(tapped, PLAIN, ARRIVAL).tokens


def test_a_stranger_gains_nothing_by_such_a_line() -> None:
    assert wanted(mail(f"Hello\n\nkey: {TOKEN}", sender=EVE), PLAIN, ARRIVAL).tokens == ()


def test_a_tap_closes_the_ticket_and_its_secret_is_neither_sent_nor_kept() -> None:
    tapped = mail(f"#close\nIt works again.\n\nKey: {TOKEN.upper()}\n", sender=IVAN_WRITES, references=())
    decision = decided(tapped, answering(NOTIFICATION, ticket()), PLAIN)
    assert (decision.disposition, decision.proof) == (Disposition.COMMAND, Proof.REPLY)
    assert SetState(NUMBER, State.CLOSED, resolution="solved") in decision.changes
    assert {letter.body for letter in to_customers(decision)} == {"It works again."}
    assert decision.text == "#close\nIt works again."


def test_the_secret_of_somebody_else_proves_nothing() -> None:
    letter = replace(NOTIFICATION, recipient="olha@help.test")
    tapped = mail(f"#close\n\nkey: {TOKEN}", sender=IVAN_WRITES)
    decision = decided(tapped, answering(letter, ticket()), PLAIN)
    assert (decision.disposition, decision.filing) == (Disposition.HOLD, Filing.HELD)


def test_a_tap_that_others_see_spends_the_secret() -> None:
    tapped = mail(f"#take\n\nkey: {TOKEN}", sender=IVAN_WRITES, cc=(EVE,))
    decision = decided(tapped, answering(NOTIFICATION, ticket()), PLAIN)
    assert changes(decision, SpendSecret) == [SpendSecret(NOTIFICATION.message_id)]


# --- nobody else learns it ------------------------------------------------------------------------


def test_an_answer_that_quotes_a_link_does_not_hand_on_its_secret() -> None:
    broken = f"{TOKEN[:17]}\n> {TOKEN[17:]}"
    text = f"See below.\n- Close: <mailto:support+{TOKEN}@help.test>\n{broken}"
    decision = decided(mail(text, sender=IVAN_WRITES), answering(NOTIFICATION, ticket()))
    (body,) = {letter.body for letter in to_customers(decision)}
    assert body == "See below.\n- Close: <mailto:support+…@help.test>\n…"


def test_words_and_sums_are_no_secrets() -> None:
    said = f"sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709, {'a' * 41}, {'word ' * 12}"
    assert without_tokens(said) == said


def test_a_requester_has_no_key() -> None:
    letter = acknowledged(ANNA)
    decision = decided(mail(f"Help\nkey: {TOKEN}"), answering(letter, ticket()))
    assert decision.text is None  # kept as it was written
    assert key_of("a key: is a thing") is None


def test_whoever_has_the_ticket_need_not_take_it() -> None:
    offered = links(notification(), ticket(assignee="Ivan"), "support@help.test", "")
    assert [name for name, _ in offered] == ["ask", "wait", "close"]

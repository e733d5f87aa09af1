"""Keyed Message-IDs: what proves a reply, and what does not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.outgoing import Audience
from helpdesk.core.secret import is_token, looks_ours, message_id, new_token, pseudo_reference, token_of

KEY = bytes(range(32))
NONCE = b"12345678"
TOKEN = new_token(KEY, ticket=100001, recipient="anna@shop.example", audience=Audience.REQUESTER, nonce=NONCE)


def test_a_token_proves_the_letter_that_it_was_made_for() -> None:
    assert is_token(KEY, TOKEN, 100001, "anna@shop.example", Audience.REQUESTER)


@pytest.mark.parametrize(
    ("key", "ticket", "recipient", "audience"),
    [
        (bytes(32), 100001, "anna@shop.example", Audience.REQUESTER),  # another desk
        (KEY, 100002, "anna@shop.example", Audience.REQUESTER),  # another ticket
        (KEY, None, "anna@shop.example", Audience.REQUESTER),  # a letter about no ticket
        (KEY, 100001, "boss@shop.example", Audience.REQUESTER),  # somebody else in the same ticket
        (KEY, 100001, "anna@shop.example", Audience.AGENT),  # another role
    ],
)
def test_a_token_proves_nothing_else(key: bytes, ticket: int | None, recipient: str, audience: Audience) -> None:
    assert not is_token(key, TOKEN, ticket, recipient, audience)


@pytest.mark.parametrize("position", range(40))
def test_a_token_with_one_letter_changed_proves_nothing(position: int) -> None:
    other = "b" if TOKEN[position] == "a" else "a"
    forged = TOKEN[:position] + other + TOKEN[position + 1 :]
    assert not is_token(KEY, forged, 100001, "anna@shop.example", Audience.REQUESTER)


def test_two_letters_to_the_same_person_have_different_tokens() -> None:
    again = new_token(KEY, ticket=100001, recipient="anna@shop.example", audience=Audience.REQUESTER, nonce=b"x" * 8)
    assert again != TOKEN


def test_a_nonce_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="8 bytes"):
        new_token(KEY, ticket=1, recipient="a@b.example", audience=Audience.AGENT, nonce=b"1234567")


def test_a_token_survives_every_server_and_hides_at_least_128_bits() -> None:
    assert re.fullmatch("[a-z2-7]{40}", TOKEN)
    assert looks_ours(TOKEN)
    assert not looks_ours(TOKEN.upper())


@pytest.mark.parametrize(
    "text",
    [
        f"<{TOKEN}@example.com>",
        f"{TOKEN}@example.com",
        TOKEN,
        f"support+{TOKEN}@example.com",
        f"support+{TOKEN}",
        f"support-{TOKEN}",  # qmail's separator
        f"<{TOKEN.upper()}@EXAMPLE.COM>",  # a gateway that shouts
    ],
)
def test_the_token_is_found_in_an_id_or_an_address(text: str) -> None:
    assert token_of(text) == TOKEN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<>",
        "<first@shop.example>",
        f"<x{TOKEN}@example.com>",  # one letter too many: not ours
        f"<{TOKEN[1:]}@example.com>",
        f"<id@{TOKEN}>",  # on the right side it is a domain
        pseudo_reference(KEY, 100001, "example.com"),
    ],
)
def test_foreign_ids_hold_no_token(text: str) -> None:
    assert token_of(text) is None


@given(st.text())
def test_no_text_is_too_strange_to_look_for_a_token(text: str) -> None:
    found = token_of(text)
    assert found is None or looks_ours(found)
    assert not is_token(KEY, text, 100001, "anna@shop.example", Audience.REQUESTER)


@pytest.mark.parametrize(
    ("domain", "kept"),
    [
        ("example.com", "example.com"),
        ("help.a-company-with-a-name.example.com", "a-company-with-a-name.example.com"),
        ("x" * 60 + ".example", "x" * 26 + ".example"),  # no label can go: the end stays
    ],
)
def test_message_ids_stay_under_78_characters(domain: str, kept: str) -> None:
    made = message_id(TOKEN, domain)
    assert len(made) < 78
    assert made.endswith(f"@{kept}>")
    assert token_of(made) == TOKEN
    assert len(pseudo_reference(KEY, 100001, domain)) < 78


def test_the_pseudo_reference_is_stable_and_cannot_be_guessed_from_the_number() -> None:
    first = pseudo_reference(KEY, 100001, "example.com")
    assert first == pseudo_reference(KEY, 100001, "example.com")
    assert first != pseudo_reference(KEY, 100002, "example.com")
    assert first != pseudo_reference(bytes(32), 100001, "example.com")

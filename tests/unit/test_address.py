"""Addresses: one form to compare by, and who the author of a mail is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.address import normalise, only_mailbox


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Ivan.Petrov@Example.COM", "ivan.petrov@example.com"),
        (" ivan@example.com ", "ivan@example.com"),
        ("ivan+tag@example.com", "ivan+tag@example.com"),
        ("root@localhost", "root@localhost"),  # cron writes so
        ("info@пример.рф", "info@xn--e1afmkfd.xn--p1ai"),
        ("info@XN--E1AFMKFD.xn--p1ai", "info@xn--e1afmkfd.xn--p1ai"),
        ("иван@пример.рф", "иван@xn--e1afmkfd.xn--p1ai"),  # RFC 6532
        ("jo\u0301zef@example.pl", "józef@example.pl"),  # composed and not: the same person
    ],
)
def test_address_has_one_normal_form(written: str, normal: str) -> None:
    assert normalise(written) == normal


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ivan",
        "@example.com",
        "ivan@",
        "ivan@@example.com",
        "ivan @example.com",
        "ivan@example..com",
        ".ivan@example.com",
        "ivan@-example.com",
        "ivan@example.com, anna@example.com",
        "ivan@example.com\nBcc: anna@example.com",
        "ivan@exam\0ple.com",
        '"ivan"@example.com',  # quoted local parts: two ways to write one mailbox
        "ivan@[192.0.2.1]",
        "Ａgent@example.com",  # fullwidth A becomes an agent's address where others map it
        "agent@example。com",  # an ideographic full stop that IDNA takes for a dot
        "ivan@straße.example",  # one mapping says strasse, the newer one another domain
        "=?utf-8?q?agent=40example.com=3e?=@example.net",  # some programs decode it
        "x" * 65 + "@example.com",
        "ivan@" + "example." * 40 + "com",
    ],
)
def test_what_is_not_one_plain_mailbox_has_no_form(written: str) -> None:
    assert normalise(written) is None


@given(st.text(max_size=80))
def test_normal_form_is_stable(written: str) -> None:
    normal = normalise(written)
    assert normal is None or normalise(normal) == normal


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("anna@example.com", "anna@example.com"),
        ("<anna@example.com>", "anna@example.com"),
        ("Anna <Anna@example.com>", "anna@example.com"),
        ('"Ivanova, Anna" <anna@example.com>', "anna@example.com"),
        ("anna@example.com (Anna (home))", "anna@example.com"),
        ("=?utf-8?B?0JDQvdC90LA=?= <anna@example.com>", "anna@example.com"),
        ("anna@example.com <anna@example.com>", "anna@example.com"),  # Outlook, when it knows no name
        ('"agent@desk.example" <anna@example.com>', "anna@example.com"),  # quoted: a name, whatever it looks like
    ],
)
def test_author_is_the_only_mailbox_of_the_only_from(header: str, address: str) -> None:
    assert only_mailbox([header]) == address


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["anna@example.com", "anna@example.com"],
        ["agent@desk.example, anna@example.com"],
        ["agent@desk.example <anna@example.com>"],
        ["<agent@desk.example> <anna@example.com>"],
        ["<agent@desk.example> anna@example.com"],
        ["desk: agent@desk.example;"],
        ["agent@desk.example; anna@example.com"],
        ["<@relay.example:agent@desk.example>"],
        ["agent@desk.example\0 <anna@example.com>"],
        ["agent@desk.example\r\n <anna@example.com>"],
        ['"Anna <agent@desk.example>'],
        ["Anna (agent@desk.example"],
        ["Anna <agent@desk.example"],
        ["(" * 500 + ")" * 500 + "agent@desk.example"],
        ["Anna \\<agent@desk.example>"],
        ["x" * 5_000 + " <agent@desk.example>"],
    ],
)
def test_unclear_from_names_nobody(headers: list[str]) -> None:
    assert only_mailbox(headers) is None


@given(st.lists(st.text(alphabet='ab@.<>()",;:\\ \0', max_size=40), max_size=2))
def test_from_never_raises_and_names_normal_addresses_only(headers: list[str]) -> None:
    address = only_mailbox(headers)
    assert address is None or normalise(address) == address

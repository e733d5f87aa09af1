"""Who wrote, and what proves it: the verdict of our own server, and secrets that only we sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.decision import Proof, Role
from helpdesk.core.message import Address
from helpdesk.core.ticket import Part, Participant
from helpdesk.core.trust import Authentication, addressed_to_others, authenticate, proven, role_of
from tests.build import ANNA, BORIS, EVE, IVAN_WRITES, acknowledged, mail, policy, sent, ticket

OURS = "mx.help.test"
PASSED, FAILED, SILENT = Authentication.PASSED, Authentication.FAILED, Authentication.SILENT
GOOD = f"{OURS}; dmarc=pass header.from=shop.test"
BAD = f"{OURS}; dmarc=fail header.from=shop.test"


def said(*results: str, sender: Address | None = ANNA) -> Authentication:
    """What is believed of Anna's mail with these headers, topmost first."""
    headers = tuple(("authentication-results", value) for value in results)
    return authenticate(mail(sender=sender, headers=headers), OURS)[0]


@pytest.mark.parametrize(
    ("results", "believed"),
    [
        (GOOD, PASSED),
        (BAD, FAILED),
        # Postfix with OpenDMARC: a version, comments, other methods around it.
        ((f"{OURS} 1; spf=pass smtp.mailfrom=shop.test; dkim=pass (2048-bit) header.d=shop.test; "
         "dmarc=pass (p=reject dis=none) header.from=shop.test"), PASSED),
        # Case never matters.
        ("MX.Help.TEST; DMARC=Pass Header.From=Shop.TEST", PASSED),
        # The name of the server may be quoted; a domain may end in its dot.
        (f'"{OURS}"; dmarc=pass header.from=shop.test.', PASSED),
        (f"{OURS}; dmarc = pass header.from = shop.test", PASSED),
        (f"{OURS}; dmarc/1=pass header.from=shop.test", PASSED),
        # Comments nest and may hold anything, before the name as well.
        (f"(by (our) border) {OURS} (v1); (dmarc=fail) dmarc=pass (header.from=evil.test (x)) header.from=shop.test",
         PASSED),
        # Somebody else's server, or none named, as Microsoft writes it.
        ("mx.evil.test; dmarc=pass header.from=shop.test", SILENT),
        ("spf=pass smtp.mailfrom=shop.test; dmarc=pass action=none header.from=shop.test;compauth=pass", SILENT),
        (f"{OURS}.evil.test; dmarc=pass header.from=shop.test", SILENT),
        # A pass for another domain is no pass for this From; nor is one without a domain.
        (f"{OURS}; dmarc=pass header.from=evil.test", SILENT),
        (f"{OURS}; dmarc=pass header.from=sub.shop.test", SILENT),
        (f"{OURS}; dmarc=pass", SILENT),
        # Without DMARC only a failure says something: a pass of SPF or DKIM is not bound to the From.
        (f"{OURS}; spf=pass smtp.mailfrom=shop.test; dkim=pass header.d=shop.test", SILENT),
        (f"{OURS}; dmarc=none; spf=fail smtp.mailfrom=shop.test", FAILED),
        (f"{OURS}; dmarc=none; spf=fail smtp.mailfrom=shop.test; dkim=pass header.d=shop.test", SILENT),
        (f"{OURS}; spf=softfail smtp.mailfrom=shop.test", SILENT),
        (f"{OURS}; dmarc=temperror header.from=shop.test", SILENT),
        (f"{OURS}; none", SILENT),
        # The sender chooses what a quoted local part or a reason says.
        ((f'{OURS}; spf=pass smtp.mailfrom="; dmarc=pass header.from=shop.test; x"@evil.test; '
         "dmarc=fail header.from=shop.test"), FAILED),
        (f'{OURS}; spf=pass smtp.mailfrom="a\\"; dmarc=pass header.from=shop.test; \\"b"@evil.test', SILENT),
        (f'{OURS}; dmarc=pass reason="x header.from=shop.test" header.from=evil.test', SILENT),
        (f"{OURS}; dkim=pass header.i=x;header.from=shop.test; dmarc=none", SILENT),
        # What is left open proves nothing.
        (f'{OURS}; spf=pass smtp.mailfrom="a; dmarc=pass header.from=shop.test', SILENT),
        (f"{OURS}; spf=pass (open; dmarc=pass header.from=shop.test", SILENT),
        (f"{OURS}; spf=pass (a \\) ; dmarc=pass header.from=shop.test", SILENT),
        ("", SILENT),
        (";;;===", SILENT),
    ],
)  # fmt: skip
def test_what_a_result_proves(results: str, believed: Authentication) -> None:
    assert said(results) is believed


def test_only_the_topmost_result_of_our_server_counts() -> None:
    assert said(BAD, GOOD) is FAILED  # the lower one came with the mail
    assert said(GOOD, BAD) is PASSED
    assert said("mx.other.test; dmarc=fail header.from=shop.test", GOOD) is PASSED


def test_without_a_result_the_sender_is_not_proven() -> None:
    assert said() is SILENT


def test_where_no_server_is_trusted_nobody_is_believed() -> None:
    shown = mail(headers=(("authentication-results", GOOD),))
    assert authenticate(shown, None)[0] is Authentication.UNCONFIGURED


def test_a_mail_without_one_sender_passes_nothing() -> None:
    assert said(GOOD, sender=None) is SILENT


@given(st.text())
def test_what_a_sender_puts_into_quotes_never_proves_him(words: str) -> None:
    quoted = words.replace("\\", "\\\\").replace('"', '\\"')
    hostile = f'{OURS}; spf=pass smtp.mailfrom="{quoted}"@evil.test; dmarc=none header.from=shop.test'
    assert said(hostile) is SILENT


@given(st.text(alphabet='mx.help.test;=()"\\ dmarcpassfail\theader.from=shop.test'))
def test_any_header_is_read(value: str) -> None:
    assert said(value) in Authentication
    assert said(f"mx.evil.test; {value}") is SILENT


@pytest.mark.parametrize(
    ("sender", "role"),
    [
        (ANNA, Role.REQUESTER),
        (BORIS, Role.CC),
        (EVE, Role.STRANGER),
        (IVAN_WRITES, Role.AGENT),
        (Address("ivan@home.test"), Role.AGENT),  # the second address of the same agent
        (Address("lena@help.test"), Role.LEAD),
        (Address("parts@maker.test"), Role.PARTNER),
        (None, Role.NOBODY),
    ],
)
def test_who_the_sender_is_to_a_ticket(sender: Address | None, role: Role) -> None:
    with_partner = ticket(participants=(*ticket().participants, Participant(Address("parts@maker.test"), Part.PARTNER)))
    assert role_of(mail(sender=sender), with_partner, policy()) is role


def test_without_a_ticket_everybody_but_agents_is_a_stranger() -> None:
    assert role_of(mail(sender=ANNA), None, policy()) is Role.STRANGER


@pytest.mark.parametrize(
    ("authentication", "letter", "proof"),
    [
        (PASSED, None, Proof.DMARC),
        (SILENT, sent(), Proof.REPLY),
        (Authentication.UNCONFIGURED, sent(), Proof.REPLY),
        (FAILED, sent(), Proof.NONE),  # where our server says forged, no secret helps
        (SILENT, None, Proof.NONE),
        (SILENT, sent(usable=False), Proof.NONE),  # spent, or older than its life
        (SILENT, sent("olha@help.test"), Proof.NONE),  # a colleague's secret
        (SILENT, acknowledged(ANNA), Proof.NONE),  # a requester's secret
    ],
)
def test_what_proves_an_agent(authentication: Authentication, letter: object, proof: Proof) -> None:
    letters = () if letter is None else (letter,)
    assert proven(mail(sender=IVAN_WRITES), authentication, letters) is proof  # type: ignore[arg-type]


def test_a_mail_to_the_desk_alone_keeps_its_secret() -> None:
    ours = mail(to=(Address("support+token@help.test"), Address("help@help.test")), cc=(ANNA,))
    assert not addressed_to_others(ours, policy())
    assert addressed_to_others(mail(cc=(BORIS,)), policy())

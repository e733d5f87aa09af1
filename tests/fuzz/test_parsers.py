"""What every parser promises, for input that chance makes: it never fails, and a few things that always hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.adapters.mime.headers import message_ids, read_words, sketch
from helpdesk.adapters.mime.reading import read
from helpdesk.config import load
from helpdesk.core.address import normalise, only_mailbox
from helpdesk.core.classify import classify
from helpdesk.core.commands import numbers_named, parse
from helpdesk.core.forward import original, without_a_word
from helpdesk.core.message import Address, Kind
from helpdesk.core.quote import split
from helpdesk.core.subject_tag import add_tag, find_tags, strip_prefixes, strip_tags
from helpdesk.core.trust import Authentication, authenticate
from helpdesk.errors import ConfigError
from tests.build import ANNA, AUTHSERV, mail

NUMBERS = st.integers(min_value=100_001, max_value=999_999_999_999)

# Words that mean something to one of the parsers, among words that mean nothing.
SUBJECTS = st.lists(
    st.sampled_from(["Re:", "Fwd:", "AW:", "НА:", "Отв[2]:", "[##100001##]", "[##", "##]", "##100002##", "#queue"])
    | st.text(max_size=8)
).map(" ".join)
LINES = st.lists(
    st.sampled_from(
        [
            "",
            "> and so",
            ">> older",
            "-- ",
            "--",
            "On Mon, Mar 2, 2026 at 10:15 AM Anna <anna@shop.test> wrote:",
            "02.03.2026, 10:15, Анна <anna@shop.test>:",
            "-----Original Message-----",
            "---------- Forwarded message ---------",
            "-------- Пересылаемое сообщение --------",
            "-------- Конец пересылаемого сообщения --------",
            "From: Anna <anna@shop.test>",
            "Від: Ганна <anna@shop.test>",
            "Sent: Monday, March 2, 2026 10:15 AM",
            "To: support@help.test",
            "Тема: Сайт лежит",
            "________________________________",
            "Отправлено с iPhone",
            "#close",
            "#закрыть дубль",
            "#note see below",
            "#prioirty high",
        ]
    )
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    max_size=30,
)
TEXTS = LINES.map("\n".join)
ADDRESSES = st.lists(
    st.sampled_from(["anna@shop.test", "<", ">", '"', "(", ")", "\\", ",", ";", ":", "@", "=?utf-8?q?x?=", "Anna", " "])
    | st.text(max_size=3)
).map("".join)
RESULTS = st.lists(
    st.sampled_from(
        [";", "dmarc=pass", "dmarc=fail", "spf=pass", "header.from=shop.test", "smtp.mailfrom=", '"', "(", ")", "\\"]
    )
    | st.text(max_size=4)
).map(" ".join)


# --- subjects -------------------------------------------------------------------------------------


@given(SUBJECTS, NUMBERS)
def test_a_tag_that_was_added_is_the_only_one_and_comes_off_again(subject: str, number: int) -> None:
    tagged = add_tag(subject, number)
    assert find_tags(tagged) == (number,)
    assert strip_tags(tagged) == strip_tags(subject)
    assert find_tags(strip_prefixes(tagged)) == ()


@given(SUBJECTS)
def test_stripping_twice_strips_nothing_more(subject: str) -> None:
    assert strip_prefixes(strip_prefixes(subject)) == strip_prefixes(subject)


# --- addresses ------------------------------------------------------------------------------------


@given(ADDRESSES)
def test_the_one_form_of_an_address_is_its_own_form(written: str) -> None:
    for address in (normalise(written), only_mailbox([written])):
        assert address is None or normalise(address) == address


@given(ADDRESSES, ADDRESSES)
def test_two_from_headers_name_nobody(one: str, other: str) -> None:
    assert only_mailbox([one, other]) is None


# --- Authentication-Results -----------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from([AUTHSERV, "mx.evil.test", ""]), RESULTS), max_size=3))
def test_only_the_trusted_server_proves_anything(headers: list[tuple[str, str]]) -> None:
    values = tuple(("authentication-results", f"{server}; {results}") for server, results in headers)
    verdict, _ = authenticate(mail(headers=values), AUTHSERV)
    trusted = [results for server, results in headers if server == AUTHSERV]
    assert verdict in Authentication
    if not trusted:
        assert verdict is Authentication.SILENT
    if verdict is Authentication.PASSED:
        assert "dmarc=pass" in trusted[0]


@given(st.text(alphabet=st.characters(exclude_characters='"\\')))
def test_what_stands_in_quotes_proves_nothing(words: str) -> None:
    results = f'{AUTHSERV}; spf=none smtp.mailfrom="{words}; dmarc=pass header.from={ANNA.domain};"'
    verdict, _ = authenticate(mail(headers=(("authentication-results", results),)), AUTHSERV)
    assert verdict is Authentication.SILENT


# --- delivery reports -----------------------------------------------------------------------------

FIELDS = st.lists(
    st.sampled_from(
        [
            b"Reporting-MTA: dns; mx.shop.test",
            b"Final-Recipient: rfc822; anna@shop.test",
            b"Final-Recipient: rfc822;",
            b"Original-Recipient: utf-8; x",
            b"Action: failed",
            b"Action: delayed",
            b"Action: delivered",
            b"Status: 5.1.1",
            b"Status: 4.4.1 (later)",
            b"Status: 999999.1",
            b"Diagnostic-Code: smtp; 550 no such user",
            b"",
        ]
    )
    | st.binary(max_size=20),
    max_size=12,
).map(b"\r\n".join)


@given(FIELDS, st.binary(max_size=200))
def test_any_delivery_report_is_read(fields: bytes, returned: bytes) -> None:
    raw = (
        b"From: MAILER-DAEMON@mx.shop.test\r\nTo: support@help.test\r\nSubject: Undelivered Mail Returned\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nNo.\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\n" + fields + b"\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + returned + b"\r\n--b--\r\n"
    )
    inbound = read(raw)
    kind, reasons = classify(inbound, instance="ours")
    assert kind in (Kind.BOUNCE, Kind.REPORT, Kind.AUTO_REPLY)
    assert reasons
    for recipient in inbound.bounce.recipients if inbound.bounce else ():
        assert normalise(recipient.address) == recipient.address
        assert not (recipient.permanent and recipient.status.startswith("4"))


# --- headers and bytes ----------------------------------------------------------------------------


@given(st.text())
def test_a_header_is_read_as_one_line_without_control_characters(value: str) -> None:
    shown = read_words(value)
    assert shown.splitlines() in ([], [shown])
    assert all(" " not in identifier for identifier in message_ids(value))


@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_mail_that_says_something_or_nothing(raw: bytes) -> None:
    inbound = read(raw)
    assert inbound.size == len(raw)
    assert sketch(raw).address is None or inbound.sender is None or sketch(raw).address == _bare(inbound.sender)


def _bare(address: Address) -> Address:
    return Address(address.address)


# --- what was written -----------------------------------------------------------------------------


@given(TEXTS)
def test_no_line_is_lost_or_written_twice_by_quotes(text: str) -> None:
    new, old = split(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert sorted(line.rstrip() for line in lines if line.strip()) == sorted(
        line for line in (*new.split("\n"), *old.split("\n")) if line
    )


@given(SUBJECTS, TEXTS, TEXTS)
def test_whatever_was_passed_on_has_an_author_that_is_not_ours(subject: str, text: str, quoted: str) -> None:
    inbound = mail(text, subject=subject, quoted=quoted)
    found = original(inbound, {"support@help.test"}.__contains__)
    assert found is None or (normalise(found.sender.address), found.sender.address) == ("anna@shop.test",) * 2
    words = without_a_word(inbound)
    assert words is None or (not text.strip() and words in quoted)


@given(TEXTS, SUBJECTS)
def test_commands_are_understood_or_named_with_their_line(text: str, subject: str) -> None:
    parsed = parse(text, subject)
    for error in parsed.errors:
        for language in ("ru", "uk", "en", "pl"):
            assert error.describe(language)
    assert all(number > 0 for number in numbers_named(parsed.commands))


# --- configuration --------------------------------------------------------------------------------

KEYS = st.sampled_from(
    "name address aliases partners reply_address language timezone packs undo_window trusted_authserv kind path desk "
    "host port security spam_header addresses lead hours holidays per_address_3h remind_after nonsense".split()
)
VALUES = st.sampled_from(
    [
        '"support"', '"support@help.test"', '["a@b.test"]', '"support+{token}@help.test"', '"ru"', '"Europe/Kyiv"',
        "[]", "[[1]]",
        '["outages"]', '"20s"', '"3bd"', "true", "10", "-1", "1e400", "2026-03-02", '"maildir"', '"lmtp"', '"in"', "{}",
        '"127.0.0.1:24"', '"Mon-Fri 10:00-18:00"', '"RU"', '""', '"\\u0000"', '"X-Spam-Flag: YES"',
    ]
)  # fmt: skip
TABLES = st.sampled_from(
    "[helpdesk] [[mailbox]] [smtp] [[agent]] [[desk]] [calendar] [calendar.x] [bounds] [nonsense]".split()
)
FILES = st.lists(TABLES | st.tuples(KEYS, VALUES).map(" = ".join) | st.text(max_size=10), max_size=20).map("\n".join)
NOWHERE: Mapping[str, str] = {}


@given(FILES | st.binary(max_size=100))
def test_any_configuration_is_taken_or_refused_with_its_problems(written: str | bytes) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "config.toml"
        file.write_bytes(written if isinstance(written, bytes) else written.encode("utf-8", "surrogatepass"))
        try:
            found = len(load(file, environ=NOWHERE).desks)
        except ConfigError as refused:
            found = len(refused.problems)
        assert found > 0

"""Letters on the wire: headers, threading, marks of automatic mail, parts, hostile words.

The bytes are read back with the standard library, and looked at as bytes where a reader would forgive too much.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.adapters.templates import Templates
from helpdesk.compose import compose, view
from helpdesk.core import wire
from helpdesk.core.message import Address, Reason
from helpdesk.core.outgoing import Audience, Event, Letter, LetterView
from helpdesk.core.secret import is_token, message_id, new_token, pseudo_reference, token_of
from helpdesk.core.ticket import Ticket
from helpdesk.ports import Composed, PassedOn, Rendered
from helpdesk.raw import LargeRaw, kept
from tests.letters import ANNA, BOSS, BRANDED, FACE, IVAN, KEY, NONCE, NOW, PICTURE, letter_of, ticket_of


class PlainWords:
    """A Renderer that says what it was given and nothing else."""

    def render(self, event: str, language: str, view: LetterView) -> Rendered:
        """The body, with the subject or a fixed one."""
        subject = view.subject or f"fixed {event} {language}"
        pictures = "".join(f'<img src="cid:{file.cid}">' for file in view.files if file.cid)
        return Rendered(subject=subject, text=view.body + "\n", html=f"<p>{view.body}</p>{pictures}")


def composed_of(letter: Letter, *files: PassedOn, ticket: Ticket | None = None, **face: object) -> Composed:
    """The letter, composed for its sample ticket."""
    ticket = ticket or ticket_of(letter.event, letter.language)
    looks = replace(FACE, **face)  # type: ignore[arg-type]
    return compose(letter, ticket, looks, files, key=KEY, nonce=NONCE, now=NOW, renderer=PlainWords())


def read(composed: Composed) -> EmailMessage:
    """The mail as a modern reader sees it."""
    message = message_from_bytes(bytes(composed.raw), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body_of(message: EmailMessage, subtype: str) -> str:
    """The words of the letter, as text or as HTML."""
    body = message.get_body((subtype,))
    assert body is not None
    return str(body.get_content())


def head_of(composed: Composed) -> bytes:
    """The header block."""
    return bytes(composed.raw).partition(b"\r\n\r\n")[0]


# --- subject --------------------------------------------------------------------------------------


def test_the_subject_is_the_tag_in_plain_ascii_and_the_words_of_the_requester() -> None:
    composed = composed_of(letter_of(Event.OPENED, "ru"))
    assert b"\r\nSubject: [##123456##]\r\n =?utf-8?b?" in bytes(composed.raw)
    assert read(composed)["Subject"] == "[##123456##] Сайт не открывается с утра"
    assert composed.subject == "[##123456##] Сайт не открывается с утра"


@pytest.mark.parametrize(
    ("subject", "sent"),
    [
        ("[##123456##] Site down", "[##123456##] Site down"),  # never doubled
        ("[##654321##] Site down", "[##123456##] Site down"),  # somebody else's tag would lead replies astray
        ("[##65\u200e4321##] Site down", "[##123456##] Site down"),  # put together only by cleaning
        ("[##654321##]", "[##123456##] fixed opened en"),
        ("", "[##123456##] fixed opened en"),
        ("a\r\nBcc: evil@x.example", "[##123456##] a Bcc: evil@x.example"),
        ("a\u2028b\x00c\u202ed", "[##123456##] a bcd"),
        ("=?utf-8?q?hi=0D=0ABcc:_evil@x.example?=", "[##123456##] =?utf-8?q?hi=0D=0ABcc:_evil@x.example?="),
        ("half \ud800 a pair", "[##123456##] half a pair"),
        ("x" * 2000, "[##123456##] " + "x" * 250),
    ],
)
def test_a_hostile_subject_is_cleaned(subject: str, sent: str) -> None:
    letter = letter_of(Event.OPENED, "en")
    composed = composed_of(letter, ticket=replace(ticket_of(Event.OPENED, "en"), subject=subject))
    message = read(composed)
    assert message["Subject"] == sent
    assert message["Bcc"] is None
    assert composed.subject == sent


def test_a_letter_to_somebody_unproven_repeats_none_of_their_words() -> None:
    composed = composed_of(letter_of(Event.OPENED, "en", words=False, to=Address("anna@shop.example", "Buy now")))
    assert read(composed)["Subject"] == "[##123456##] fixed opened en"
    assert b"\r\nTo: anna@shop.example\r\n" in bytes(composed.raw)
    assert b"Buy now" not in bytes(composed.raw)


def test_a_letter_about_no_ticket_has_no_tag_and_no_ticket_header() -> None:
    letter = letter_of(Event.RESULT, "en", ticket=None, in_reply_to=None)
    message = read(compose(letter, None, FACE, (), key=KEY, nonce=NONCE, now=NOW, renderer=PlainWords()))
    assert message["Subject"] == "fixed result en"
    assert message["X-Helpdesk-Ticket"] is None
    assert message["References"] is None


# --- who ------------------------------------------------------------------------------------------


def test_an_agents_answer_shows_the_name_and_the_desk_but_no_address_of_the_agent() -> None:
    composed = composed_of(letter_of(Event.REPLY, "ru", shown_to=(ANNA,), shown_cc=(BOSS,)))
    message = read(composed)
    assert str(message["From"]) == '"Иван (Служба поддержки)" <support@example.com>'
    assert message["From"].addresses[0].display_name == "Иван (Служба поддержки)"
    assert str(message["To"]) == "Анна Ковальчук <anna@shop.example>"
    assert str(message["Cc"]) == "Олег <boss@shop.example>"
    assert IVAN.address.encode() not in bytes(composed.raw)


def test_a_desk_without_a_name_of_its_own_writes_under_that_of_the_helpdesk() -> None:
    composed = composed_of(letter_of(Event.OPENED, "en"), address=Address("it@example.com"), name="Support, Ltd.")
    assert b'\r\nFrom: "Support, Ltd." <it@example.com>\r\n' in bytes(composed.raw)
    assert composed.envelope_from == "it@example.com"


@pytest.mark.parametrize(
    ("name", "read_back"),
    [
        ("Anna Nowak", "Anna Nowak"),
        ('Anna "The Boss" \\ Nowak', 'Anna "The Boss" \\ Nowak'),
        ("Nowak, Anna <evil@x.example>", "Nowak, Anna <evil@x.example>"),
        ("Анна\r\nBcc: evil@x.example", "Анна Bcc: evil@x.example"),
        ("\u202emoc.elpmaxe@", "moc.elpmaxe@"),
        ("=?utf-8?q?=0D=0ABcc:_evil?=", "=?utf-8?q?=0D=0ABcc:_evil?="),
        ("Очень длинное имя " * 12, ("Очень длинное имя " * 12).strip()),
    ],
)
def test_a_hostile_name_stays_a_name(name: str, read_back: str) -> None:
    message = read(composed_of(letter_of(Event.OPENED, "en", to=Address("anna@shop.example", name))))
    mailboxes = message["To"].addresses
    # The library's reader puts a space between two encoded words of a name.
    shown = [(" ".join(one.display_name.split()), one.addr_spec) for one in mailboxes]
    assert shown == [(read_back, "anna@shop.example")]
    assert message["Bcc"] is None


def test_the_reply_address_carries_the_token_of_the_message_id() -> None:
    composed = composed_of(letter_of(Event.OPENED, "ru"))
    message = read(composed)
    token = token_of(composed.message_id)
    assert token is not None
    assert message["Reply-To"].addresses[0].addr_spec == f"support+{token}@example.com"
    assert is_token(KEY, token, 123456, "anna@shop.example", Audience.REQUESTER)


def test_without_a_reply_address_replies_come_to_the_desk() -> None:
    assert read(composed_of(letter_of(Event.OPENED, "ru"), reply_address=""))["Reply-To"] is None


# --- threading ------------------------------------------------------------------------------------


def test_references_begin_with_the_stable_id_and_end_with_the_parent() -> None:
    thread = ("<a@shop.example>", "<b@shop.example>", "<c@shop.example>")
    ticket = replace(ticket_of(Event.REPLY, "ru"), thread=thread)
    message = read(composed_of(letter_of(Event.REPLY, "ru", in_reply_to="<b@shop.example>"), ticket=ticket))
    stable = pseudo_reference(KEY, 123456, "example.com")
    assert message["References"].split() == [stable, "<a@shop.example>", "<c@shop.example>", "<b@shop.example>"]
    assert message["In-Reply-To"] == "<b@shop.example>"


def test_a_long_thread_keeps_its_first_id_and_the_ten_newest() -> None:
    thread = tuple(f"<{n}@shop.example>" for n in range(40))
    ticket = replace(ticket_of(Event.REPLY, "ru"), thread=thread)
    message = read(composed_of(letter_of(Event.REPLY, "ru", in_reply_to=None), ticket=ticket))
    assert message["References"].split()[1:] == [thread[0], *thread[-10:]]
    assert message["In-Reply-To"] is None


def test_long_ids_stay_as_they_are_on_the_wire() -> None:
    long_id = "<" + "CAF" * 60 + "@mail.gmail.example>"
    ticket = replace(ticket_of(Event.REPLY, "ru"), thread=("<a@b.example>", long_id))
    head = head_of(composed_of(letter_of(Event.REPLY, "ru", in_reply_to=long_id), ticket=ticket))
    assert b"\r\nIn-Reply-To: " + long_id.encode() + b"\r\n" in head
    assert b"\r\n " + long_id.encode() + b"\r\n" in head
    for line in head.split(b"\r\n"):
        assert line.startswith((b"Subject", b"From", b"To", b"Reply-To", b" =?")) or b"=?" not in line


@pytest.mark.parametrize(
    "hostile",
    [
        "<a@b\r\nBcc: evil@x.example>",
        "<a b@c>",
        "no brackets",
        "<ы@b.example>",
        "<" + "a" * 1000 + "@b>",
        "",
        "<a@b><c@d>",
    ],
)
def test_ids_that_are_none_are_left_out(hostile: str) -> None:
    ticket = replace(ticket_of(Event.REPLY, "ru"), thread=("<a@b.example>", hostile))
    message = read(composed_of(letter_of(Event.REPLY, "ru", in_reply_to=hostile), ticket=ticket))
    assert message["References"].split()[1:] == ["<a@b.example>"]
    assert message["In-Reply-To"] is None
    assert message["Bcc"] is None


def test_secrets_of_other_recipients_are_not_passed_on_in_references() -> None:
    def ours(recipient: str) -> str:
        token = new_token(KEY, ticket=123456, recipient=recipient, audience=Audience.REQUESTER, nonce=b"another1")
        return message_id(token, "example.com")

    to_anna, to_boss = ours(ANNA.address), ours(BOSS.address)
    ticket = replace(ticket_of(Event.REPLY, "ru"), thread=("<a@b.example>", to_anna, to_boss))
    composed = composed_of(letter_of(Event.REPLY, "ru", to=BOSS, in_reply_to=to_anna), ticket=ticket)
    assert read(composed)["References"].split()[1:] == ["<a@b.example>", to_boss]
    assert to_anna.encode() not in bytes(composed.raw)


# --- marks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "mark"),
    [
        (Event.OPENED, "auto-replied"),
        (Event.MISSING, "auto-replied"),
        (Event.CLOSED, "auto-replied"),
        (Event.REOPENED, "auto-replied"),
        (Event.RESULT, "auto-replied"),
        (Event.UNPROVEN, "auto-replied"),
        (Event.REMINDER, "auto-generated"),  # nobody wrote just before
        (Event.NOTIFY, "auto-generated"),
        (Event.NOTE, "auto-generated"),
        (Event.HELD, "auto-generated"),
        (Event.BOUNCED, "auto-generated"),
        (Event.ALERT, "auto-generated"),
        (Event.REPLY, None),  # a person wrote it
    ],
)
def test_automatic_mail_says_so(event: Event, mark: str | None) -> None:
    message = read(composed_of(letter_of(event, "ru")))
    assert message["Auto-Submitted"] == mark
    assert message["X-Auto-Response-Suppress"] == (None if mark is None else "All")
    assert message["X-Helpdesk-Event"] == event.value
    assert message["X-Helpdesk-Ticket"] == "123456"
    assert message["X-Helpdesk-Instance"] == "desk-7f3a"


def test_an_agents_answer_that_closes_is_no_automatic_mail() -> None:
    message = read(composed_of(letter_of(Event.CLOSED, "ru", automatic=False, sender_name="Иван", body="Готово.")))
    assert message["Auto-Submitted"] is None
    assert message["X-Auto-Response-Suppress"] is None


@pytest.mark.parametrize(
    ("event", "urgent", "priority"),
    [
        (Event.NOTIFY, True, "1 (Highest)"),
        (Event.NOTIFY, False, None),
        (Event.OPENED, True, None),  # requesters are not shouted at
    ],
)
def test_only_outages_and_only_to_agents_are_marked_urgent(event: Event, urgent: bool, priority: str | None) -> None:
    message = read(composed_of(letter_of(event, "ru", urgent=urgent)))
    assert message["X-Priority"] == priority
    assert message["Importance"] == ("high" if priority else None)


def test_the_date_is_that_of_the_decision() -> None:
    assert read(composed_of(letter_of(Event.OPENED, "ru")))["Date"].datetime == datetime(2026, 3, 12, 9, 30, tzinfo=UTC)


# --- contents -------------------------------------------------------------------------------------


def test_the_same_letter_gives_the_same_bytes() -> None:
    letter = letter_of(Event.NOTIFY, "ru")
    assert composed_of(letter, PICTURE) == composed_of(letter, PICTURE)


def test_text_and_html_are_alternatives_of_one_letter() -> None:
    message = read(composed_of(letter_of(Event.REPLY, "pl")))
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert body_of(message, "plain").splitlines() == letter_of(Event.REPLY, "pl").body.splitlines()


def test_pictures_are_shown_in_the_letter_and_files_hang_on_it() -> None:
    table = PassedOn("отчёт за март.xlsx", "application/vnd.ms-excel", bytes(range(256)))
    message = read(composed_of(letter_of(Event.NOTIFY, "ru"), PICTURE, table))
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/vnd.ms-excel",
    ]
    picture, attached = list(message.walk())[5:]
    cid = picture["Content-ID"].strip("<>")
    assert f'src="cid:{cid}"' in body_of(message, "html")
    assert picture.get_content() == PICTURE.content
    assert attached.get_filename() == "отчёт за март.xlsx"
    assert attached.get_content() == bytes(range(256))
    assert attached.get_content_disposition() == "attachment"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("отчёт.pdf", "отчёт.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ('a"; x="b.pdf', "a_; x=_b.pdf"),
        ("a\r\nBcc: evil@x.example.pdf", "a Bcc_ evil@x.example.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),  # shown as invoiceexe.pdf by a program that obeys the override
        ("", "file"),
        ("...", "file"),
        ("ж" * 300 + ".docx", "ж" * 88 + ".docx"),
    ],
)
def test_a_hostile_file_name_is_cleaned(name: str, kept: str) -> None:
    composed = composed_of(letter_of(Event.REPLY, "ru"), PassedOn(name, "application/pdf", b"x"))
    *_, attached = read(composed).walk()
    assert attached.get_filename() == kept
    assert max(len(line) for line in bytes(composed.raw).split(b"\r\n")) <= 998


@pytest.mark.parametrize(
    ("declared", "sent"),
    [
        ("application/pdf", "application/pdf"),
        ("IMAGE/PNG", "image/png"),
        ("text/html", "application/octet-stream"),  # would run in the reader's program
        ("image/svg+xml", "application/octet-stream"),
        ("message/rfc822", "application/octet-stream"),  # may not be encoded
        ("multipart/mixed", "application/octet-stream"),
        ("a/b\r\nBcc: evil@x.example", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
    ],
)
def test_files_travel_as_what_cannot_run(declared: str, sent: str) -> None:
    message = read(composed_of(letter_of(Event.NOTIFY, "ru"), PassedOn("x", declared, b"<script>")))
    *_, attached = message.walk()
    assert attached.get_content_type() == sent
    assert attached.get_content_disposition() == "attachment"
    assert message["Bcc"] is None


def test_a_large_file_is_passed_on_as_it_came() -> None:
    content = bytes(range(256)) * 8_000
    composed = composed_of(letter_of(Event.NOTIFY, "ru"), PassedOn("x.raw", "image/x-raw", kept([content])))
    assert isinstance(composed.raw, LargeRaw)
    (file,) = read(composed).iter_attachments()
    assert file.get_content() == content
    assert max(map(len, bytes(composed.raw).split(b"\r\n"))) <= 78


def test_files_too_large_for_the_relay_stay_behind() -> None:
    small, large = PassedOn("s.txt", "text/plain", b"x" * 100), PassedOn("l.bin", "image/png", b"x" * 100_000)
    composed = composed_of(letter_of(Event.NOTIFY, "ru"), large, small, max_bytes=50_000)
    assert [part.get_filename() for part in read(composed).walk() if part.get_filename()] == ["s.txt"]
    assert len(composed.raw) < 50_000


HOSTILE_BODIES = (
    "a\n.\nb",
    "\r.\r",
    "a\r\n.\r\nMAIL FROM:<evil@x.example>\r\n",
    "From here on\n.hidden\n..",
    "x" * 5000,
    "ж" * 5000,
    "Zażółć gęślą jaźń, reszta to zwykły tekst po angielsku: " + "plain words " * 200,
    "half \ud800 a pair, \x00 and \x1b[31m",
    "é\nFrom x\n.\n",
)


def assert_safe_on_the_wire(raw: bytes) -> None:
    """Only CRLF, short lines, nothing beyond ASCII, no line that a relay must touch."""
    lines = raw.split(b"\r\n")
    assert raw.isascii()
    assert not any(b"\r" in line or b"\n" in line or b"\x00" in line for line in lines)
    assert max(map(len, lines)) <= 998
    body = raw.partition(b"\r\n\r\n")[2].split(b"\r\n")
    assert max(len(line) for line in body if not re.match(rb" (file)?name\*?=", line)) <= 78
    assert not any(line.startswith((b".", b"From ")) for line in body)


@pytest.mark.parametrize("body", HOSTILE_BODIES)
def test_a_body_cannot_end_the_mail_early(body: str) -> None:
    composed = composed_of(letter_of(Event.REPLY, "pl", body=body))
    assert_safe_on_the_wire(bytes(composed.raw))
    text = body_of(read(composed), "plain")
    assert text.replace("\r\n", "\n").strip("\n") == wire.lines(body).strip("\n")


@settings(max_examples=150, deadline=None)
@given(words=st.text(max_size=200), body=st.text(max_size=600))
def test_no_words_break_a_letter(words: str, body: str) -> None:
    person = Address("anna@shop.example", words)
    letter = letter_of(
        Event.NOTIFY, "en", to=person, shown_cc=(person,), sender_name=words, body=body, author=person,
        missing=(words,), reasons=(Reason(words, words),), in_reply_to=words,
    )  # fmt: skip
    ticket = replace(ticket_of(Event.NOTIFY, "en"), subject=words, thread=(words,), fields=((words, words),))
    composed = composed_of(letter, PassedOn(words, words, body.encode("utf-8", "replace"), words), ticket=ticket)
    assert_safe_on_the_wire(bytes(composed.raw))
    message = read(composed)
    names = re.findall(rb"(?m)^([A-Za-z-]+):", head_of(composed))
    assert len(names) == len(set(names)), "a header stands twice"
    assert set(names) == {
        b"Date", b"From", b"To", b"Cc", b"Reply-To", b"Subject", b"Message-ID", b"References", b"X-Helpdesk-Ticket",
        b"X-Helpdesk-Event", b"X-Helpdesk-Instance", b"Auto-Submitted", b"X-Auto-Response-Suppress", b"X-Priority",
        b"Importance", b"MIME-Version", b"Content-Type", b"Content-Language",
    } | ({b"In-Reply-To"} if message["In-Reply-To"] else set())  # fmt: skip
    assert message["Subject"].startswith("[##123456##] ")
    assert [one.addr_spec for one in message["To"].addresses] == ["anna@shop.example"]


def test_a_very_long_text_is_cut_with_a_mark() -> None:
    text = composed_of(letter_of(Event.NOTIFY, "en", body="x" * 150_000)).text
    assert text.endswith("x […]\n")
    assert len(text) == 100_000 + len(" […]\n")


# --- the brand of the desk ------------------------------------------------------------------------


def test_a_logo_travels_beside_the_page_that_shows_it() -> None:
    letter = letter_of(Event.REPLY, "en")
    composed = compose(
        letter, ticket_of(Event.REPLY, "en"), BRANDED, (PICTURE,), key=KEY, nonce=NONCE, now=NOW, renderer=Templates()
    )
    message = read(composed)
    alternative = next(part for part in message.walk() if part.get_content_type() == "multipart/alternative")
    text, related = alternative.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert related.get_content_type() == "multipart/related"
    assert related.get_param("type") == "text/html"
    page, logo, *pictures = related.iter_parts()
    assert BRANDED.brand.logo is not None
    assert logo.get_content() == BRANDED.brand.logo.content
    assert f'src="cid:{logo["Content-ID"].strip("<>")}"' in page.get_content()
    assert len(pictures) == 1  # that of the requester's own mail


@pytest.mark.parametrize("event", Event)
def test_every_picture_that_a_page_shows_travels_with_it(event: Event) -> None:
    letter, ticket = letter_of(event, "en"), ticket_of(event, "en")
    composed = compose(letter, ticket, BRANDED, (), key=KEY, nonce=NONCE, now=NOW, renderer=Templates())
    message = read(composed)
    pages = [part.get_content() for part in message.walk() if part.get_content_type() == "text/html"]
    shown = {cid for page in pages for cid in re.findall(r'src="cid:([^"]+)"', page)}
    assert shown == {part["Content-ID"].strip("<>") for part in message.walk() if part["Content-ID"]}


def test_a_logo_has_the_same_id_in_every_letter() -> None:
    logos = {
        part["Content-ID"]
        for event in (Event.OPENED, Event.CLOSED)
        for part in read(composed_of(letter_of(event, "en"), brand=BRANDED.brand)).walk()
        if part["Content-ID"]
    }
    assert len(logos) == 1


@pytest.mark.parametrize("event", [Event.NOTIFY, Event.NOTE, Event.HELD, Event.RESULT, Event.ALERT])
def test_our_own_people_get_no_brand(event: Event) -> None:
    letter = letter_of(event, "en")
    seen = view(letter, ticket_of(event, "en"), BRANDED)
    assert (seen.colour, seen.logo, seen.signature) == ("", None, ())
    assert not [part for part in read(composed_of(letter, brand=BRANDED.brand)).walk() if part["Content-ID"]]


def test_the_signature_stands_above_the_tag_in_text_and_page() -> None:
    letter, ticket = letter_of(Event.CLOSED, "en"), ticket_of(Event.CLOSED, "en")
    rendered = Templates().render("closed", "en", view(letter, ticket, BRANDED))
    company, hours = BRANDED.brand.signature
    assert rendered.text.endswith(f"\n\n-- \n{company}\n{hours}\n[##123456##] · {FACE.shown}\n")
    assert f"{company}<br>" in rendered.html

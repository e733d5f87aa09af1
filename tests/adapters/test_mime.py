"""Raw bytes to an Inbound: the corpus of nasty mail, and bytes that are no mail at all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.adapters.mime.headers import sketch
from helpdesk.adapters.mime.parts import PartBytes, part
from helpdesk.adapters.mime.reading import read
from helpdesk.core.classify import classify
from helpdesk.core.message import Address, Bounce, FailedRecipient, Inbound, Kind, Sketch

CORPUS = Path(__file__).parents[1] / "corpus"
ANNA = Address("anna@example.com", "Anna")
LONG = "Сайт не открывается с самого утра, помогите."
HEAD = b"From: Anna <anna@example.com>\nTo: support@desk.example\nSubject: x\nMIME-Version: 1.0\n"


def raw(name: str) -> bytes:
    return (CORPUS / f"{name}.eml").read_bytes()


# What matters about each mail of the corpus; the file's name says what is nasty about it.
EXPECTED: dict[str, dict[str, Any]] = {
    "subject-in-raw-cp1251": {
        "subject": "Сайт лежит [##123456##]",
        "text": "Покупатели не видят цен.",
        "sender": Address("anna@example.com", "Анна"),
    },
    "charset-that-nobody-knows": {"text": LONG},
    "charset-that-is-no-charset": {"text": LONG},
    "declared-utf8-is-cp1251": {"text": LONG},
    "declared-latin1-is-cp1251": {"text": LONG, "subject": "Сайт лежит"},
    "encoded-word-split-inside-a-character": {"subject": "Сайт лежит"},
    "many-tiny-koi8-words": {"subject": "Не открывается сайт", "text": "Не открывается"},
    "tag-inside-an-encoded-word": {"subject": "Re: [##123456##] Сайт"},
    "word-beside-plain-text-on-a-folded-line": {"subject": "Сайт is down"},
    "raw-utf8-inside-an-encoded-word": {"subject": "Café", "sender": Address("kevin@example.com", "Kévin")},
    "name-in-broken-base64": {"sender": Address("anna@example.com", "0JQQQ"), "text": "ok"},
    "subject-that-hides-a-line-break": {"subject": "hi Bcc: evil@example.net"},
    "two-from-headers": {"sender": None, "text": "#close"},
    "from-with-a-blank-before-the-colon": {"sender": None},
    "several-mailboxes-in-from": {"sender": None, "from_shown": "agent@desk.example, evil@example.net"},
    "name-that-looks-like-an-address": {"sender": None},
    "from-in-fullwidth-letters": {"sender": None},
    "from-without-an-address": {"sender": None, "from_shown": "Anna"},
    "letter-forwarded-as-an-attachment": {"text": "See the attached letter."},
    "letter-within-encoded-in-base64": {"text": "See attached."},
    "text-with-a-file-name": {"text": "The letter itself."},
    "boundary-that-never-ends": {"text": "Still readable."},
    "boundary-that-never-comes": {"text": "Only plain words here."},
    "alternative-with-an-empty-plain-part": {"text": "Only the HTML has words", "attachments": ()},
    "flowed-with-delsp": {"text": "A long paragraph in two lines.\nFrom the start.", "quoted": "> quoted\n--\nAnna"},
    "null-bytes-and-bare-returns": {"subject": "a b", "text": "one\ntwo\nthree[31m"},
    "nothing-but-a-body": {"text": "no headers at all", "sender": None},
    "nothing-at-all": {"text": "", "subject": "", "sender": None, "message_id": None},
    "crlf-and-outlook-html-reply": {"text": "Всё работает, спасибо"},
    "gmail-html-with-answers-between": {"text": "Отвечаю ниже\n\nFirefox\n10.0.0.1"},
    "words-hidden-from-the-reader": {"text": "Good morning"},
    "customer-who-pastes-a-bounce": {"bounce": None},
    "two-subjects-and-two-ids": {"subject": "first", "message_id": "<one@example.com>"},
    "ids-broken-over-lines": {"references": ("<a@x.example>", "<c@x.example>", "<b@x.example>")},
    "impossible-date": {"date": None, "defects": ("date: invalid-calendar-date",)},
    "address-lists-full-of-rubbish": {
        "to": (Address("support@desk.example"), Address("c@example.com", "a, b"), Address("d@example.com", "comment")),
        "cc": (Address("ivan@xn--e1afmkfd.xn--p1ai", "Иван"),),
    },
    "base64-with-rubbish-in-it": {"text": "Сайт лежит"},
    "quoted-printable-torn-apart": {"text": "Сайт =ZZ лежит"},
    "invitation-without-a-name": {"text": "Let us meet"},
    "letter-left-beside-an-empty-part": {
        "text": "The site is down.",
        "date": datetime(2024, 2, 5, 10, 0, tzinfo=UTC),
    },
    "signed-with-smime": {"text": "The site is down."},
    "signed-with-pgp-in-the-text": {"text": "The site is down.\n\n- From tomorrow I am away."},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_nasty_mail_is_read_as_its_writer_meant_it(name: str) -> None:
    mail = read(raw(name))
    assert {key: getattr(mail, key) for key in EXPECTED[name]} == EXPECTED[name]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("letter-forwarded-as-an-attachment", [("Всё упало.eml", "message/rfc822")]),
        ("letter-within-encoded-in-base64", [("a.eml", "message/rfc822")]),
        (
            "inline-picture-without-disposition-or-name",
            [("part-2.png", "image/png"), ("part-3.pdf", "application/pdf")],
        ),
        ("file-inside-an-alternative", [("act.pdf", "application/pdf")]),
        ("invitation-without-a-name", [("part-2.ics", "text/calendar")]),
        ("invitation-with-a-summary", [("Разбор аварии.ics", "text/calendar")]),
        ("signed-with-smime", [("part-2.p7s", "application/pkcs7-signature")]),
        ("text-with-a-file-name", [("letter.txt", "text/plain")]),
        ("boundary-that-never-ends", [("a.png", "image/png")]),
        (
            "file-names-that-are-paths",
            [
                (name, "application/octet-stream")
                for name in (
                    "x", "report.doc", "htaccess", "актcod.exe", "счёт.pdf", "caf\ufffd.txt", "_con.txt",
                )
            ],
        ),
    ],
)  # fmt: skip
def test_files_are_found_and_named(name: str, files: list[tuple[str, str]]) -> None:
    assert [(file.name, file.type) for file in read(raw(name)).attachments] == files


def test_picture_of_the_text_is_inline_and_a_document_is_not() -> None:
    picture, document = read(raw("inline-picture-without-disposition-or-name")).attachments
    assert (picture.inline, picture.content_id, document.inline, document.content_id) == (True, "pic1", False, None)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.eml")), ids=lambda path: path.stem)
def test_every_file_can_be_passed_on(path: Path) -> None:
    mail = read(path.read_bytes())
    passed = [part(path.read_bytes(), file.part) for file in mail.attachments]
    assert [(found.name, found.type, len(found.content)) for found in passed] == [
        (file.name, file.type, file.size) for file in mail.attachments
    ]


def test_letter_within_is_passed_on_with_its_own_words() -> None:
    assert part(raw("letter-within-encoded-in-base64"), 2) == PartBytes(
        "a.eml", "message/rfc822", b"From: third@example.net\nSubject: inside\n\nThe site is down\n"
    )


def test_part_zero_is_the_whole_mail_and_unknown_parts_are_an_error() -> None:
    assert part(HEAD + b"\nx", 0) == PartBytes("message.eml", "message/rfc822", HEAD + b"\nx")
    with pytest.raises(LookupError):
        part(HEAD + b"\nx", 7)


OURS = "<ours@desk.example>"


@pytest.mark.parametrize(
    ("name", "kind", "bounce"),
    [
        ("delivery-failed-for-good", Kind.BOUNCE, [("anna@example.com", "5.1.1", True)]),
        ("delivery-delayed", Kind.BOUNCE, [("anna@example.com", "4.4.1", False)]),
        # The server has given up, whatever the first digit; the address that we wrote to is the original one.
        ("mailbox-full-and-given-up", Kind.BOUNCE, [("anna.b@example.com", "4.2.2", True)]),
        ("returned-by-exim-in-prose", Kind.BOUNCE, [("anna@example.com", "", True)]),
        ("returned-by-exchange-in-russian", Kind.BOUNCE, [("anna@example.com", "5.1.1", True)]),
        ("returned-by-qmail", Kind.BOUNCE, [("anna@example.com", "5.1.1", True)]),
        ("report-that-names-nobody-but-its-words-do", Kind.BOUNCE, [("anna@example.com", "", True)]),
        ("report-with-a-misspelt-type-and-address", Kind.BOUNCE, [("anna@example.com", "5.9.8", True)]),
        ("report-encoded-in-base64", Kind.BOUNCE, [("anna@example.com", "5.1.1", True)]),
        ("mailbox-full-says-a-server-in-words", Kind.BOUNCE, [("anna@example.com", "", False)]),
        ("returned-by-a-service-with-an-address-of-its-own", Kind.BOUNCE, [("anna@example.com", "", True)]),
        ("delivery-succeeded", Kind.REPORT, None),
        ("read-receipt", Kind.REPORT, None),
        ("abuse-report", Kind.REPORT, None),
        ("vacation-with-a-null-sender", Kind.AUTO_REPLY, None),
        ("customer-who-pastes-a-bounce", Kind.HUMAN, None),
        ("customer-who-asks-about-a-bounce", Kind.HUMAN, None),
        # A list marks what people write; only robots that answer mean themselves by X-Loop.
        ("mail-of-a-person-over-a-list-that-marks-loops", Kind.BULK, None),
    ],
)
def test_machine_mail_says_who_did_not_get_which_letter(
    name: str, kind: Kind, bounce: list[tuple[str, str, bool]] | None
) -> None:
    mail = read(raw(name))
    assert classify(mail, instance="desk")[0] is kind
    assert mail.bounce == (
        None
        if bounce is None
        else Bounce(
            recipients=tuple(FailedRecipient(address=a, status=s, permanent=p) for a, s, p in bounce),
            original_message_id=OURS,
        )
    )


def test_bounce_in_one_sentence_names_the_letter_that_it_answers() -> None:
    mail = read(raw("unknown-user-in-one-sentence"))
    assert classify(mail, instance="desk")[0] is Kind.BOUNCE
    assert mail.bounce is not None
    assert [(to.address, to.permanent) for to in mail.bounce.recipients] == [("anna@example.com", True)]
    assert mail.references == (OURS,)


def test_signature_is_no_file_to_act_on() -> None:
    assert [file.inline for file in read(raw("signed-with-smime")).attachments] == [True]


def test_ordinary_mail_has_everything_in_its_place() -> None:
    mail = read(
        b"Return-Path: <Anna@example.com>\nDelivered-To: support@desk.example\nX-Spam-Flag: YES\n"
        b"Received: from a\n\tby b; Mon, 5 Feb 2024 10:00:00 +0300\nReply-To: other@example.com\n"
        b"Authentication-Results: mx.desk.example;\n\tdmarc=pass header.from=example.com\n"
        b"Message-ID: <1@example.com>\nIn-Reply-To: <b@x>\nReferences: <a@x> <b@x>\n"
        b"Date: Mon, 5 Feb 2024 10:00:00 +0300\n" + HEAD + b"\nhello\n\n> old\n"
    )
    assert mail.sender == ANNA
    assert (mail.from_shown, mail.return_path) == ("Anna <anna@example.com>", "anna@example.com")
    assert (mail.to, mail.cc, mail.reply_to) == (
        (Address("support@desk.example"),),
        (),
        (Address("other@example.com"),),
    )
    assert mail.delivered_to == ("support@desk.example",)
    assert (mail.message_id, mail.references) == ("<1@example.com>", ("<a@x>", "<b@x>"))
    assert mail.date == datetime(2024, 2, 5, 7, 0, tzinfo=UTC)
    assert (mail.subject, mail.text, mail.quoted) == ("x", "hello", "> old")
    assert mail.header("x-spam-flag") == "YES"
    assert mail.header("authentication-results") == "mx.desk.example; dmarc=pass header.from=example.com"
    assert mail.header("received") is None  # long, and nobody asks for it
    assert mail.defects == ()


@pytest.mark.parametrize(
    ("value", "path"), [(b"<>", ""), (b"<Anna@example.com>", "anna@example.com"), (b"rubbish", None)]
)
def test_return_path_tells_the_null_sender_from_an_unknown_one(value: bytes, path: str | None) -> None:
    assert read(b"Return-Path: " + value + b"\n" + HEAD + b"\nx").return_path == path
    assert read(HEAD + b"\nx").return_path is None


def test_fingerprint_ignores_the_route_and_nothing_else() -> None:
    mail = b"Message-ID: <1@x>\n" + HEAD + b"\nhello\n"
    same = read(b"Received: by another server\nDelivered-To: sales@desk.example\n" + mail.replace(b"\n", b"\r\n"))
    assert same.fingerprint == read(mail).fingerprint
    assert same.sha256 != read(mail).sha256
    assert read(mail.replace(b"hello", b"help")).fingerprint != read(mail).fingerprint
    assert read(mail.replace(b"Subject: x", b"Subject: y")).fingerprint != read(mail).fingerprint


def nest(levels: int, body: bytes = b"words\n") -> bytes:
    parts = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(levels))
    return HEAD + parts + b"Content-Type: text/plain\n\n" + body


MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n"
PLAIN = HEAD + b"\n"

# Hostile structures: the mail, what is still known of it (text or None), a defect that says what was cut.
BOMBS: dict[str, tuple[bytes, str | None, str]] = {
    "deep but allowed": (nest(90), "words", ""),
    "too deep to parse": (nest(450), "", "unreadable: RecursionError"),
    "absurdly deep": (nest(2_000), "", "unreadable: 2000 nested parts"),
    "deep with many lines": (nest(450, b"x\n" * 10_500), "", "unreadable: 450 nested parts of many lines"),
    "ten thousand parts": (MIXED + b"--b\n\nx\n" * 10_000, None, "more than 1000 parts"),
    "a hundred thousand parts": (MIXED + b"--b\n\nx\n" * 100_000, "", "unreadable: too many boundaries"),
    "letters within letters": (HEAD + b"Content-Type: message/rfc822\n\n" * 450, "", "unreadable: RecursionError"),
    "a hundred thousand headers": (
        HEAD + b"".join(b"X-%d: y\n" % at for at in range(100_000)) + b"\nwords\n",
        "words",
        "bytes of headers cut",
    ),
    "a subject of ten megabytes": (
        HEAD.replace(b"Subject: x", b"Subject: " + b"x" * 10_000_000) + b"\nwords\n",
        "",  # of so much besides files the beginning alone is read; the mail itself is the attachment
        "bytes of headers cut",
    ),
    "five thousand recipients": (
        b"Cc: " + b", ".join(b"u%d@example.com" % at for at in range(3_500)) + b"\n" + HEAD + b"\nwords\n",
        "words",
        "more than 200 addresses",
    ),
    "comments within comments": (b"Cc: " + b"(" * 20_000 + b"\n" + HEAD + b"\nwords\n", "words", "cc: "),
    "a text of five megabytes": (PLAIN + b"many words\n" * 500_000, None, "text cut"),
    "a nest of tags": (HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 100_000 + b"words", "words", ""),
    "an idna charset": (HEAD + b"Content-Type: text/plain; charset=idna\n\nwords", "words", ""),
    "a punycode charset": (HEAD + b"Content-Type: text/plain; charset=punycode\n\nwords", "words", ""),
    "thousands of parameters": (
        HEAD + b"Content-Type: text/plain" + b"".join(b"; a*%d=b" % at for at in range(4_000)) + b"\n\nwords",
        "words",
        "",
    ),
    "thousands of failed recipients": (
        HEAD
        + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        + b"--b\nContent-Type: message/delivery-status\n\n"
        + b"Final-Recipient: rfc822; a@b.example\nAction: failed\n\n" * 10_000,
        "",
        "",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_leaves_a_readable_mail_and_says_what_was_cut(name: str) -> None:
    mail, text, defect = BOMBS[name]
    found = read(mail)
    assert found.sender == ANNA
    assert any(defect in said for said in found.defects) or not defect
    assert text is None or found.text == text
    assert len(found.text) <= 1_000_000
    assert len(found.attachments) <= 1_000
    assert len(found.cc) <= 200


def test_unreadable_mail_is_its_own_attachment() -> None:
    mail = nest(2_000)
    (file,) = read(mail).attachments
    assert (file.name, file.size, part(mail, file.part).content) == ("message.eml", len(mail), mail)


@pytest.mark.parametrize(
    ("mail", "shown"),
    [
        (
            (
                b"From: =?utf-8?B?0JDQvdC90LA=?= <a@example.com>\r\nSubject: one\r\n two\r\n"
                b"Message-ID: <1@x>\r\n\r\nSubject: no"
            ),
            Sketch(
                sender="Анна <a@example.com>", address=Address("a@example.com"), subject="one two", message_id="<1@x>"
            ),
        ),
        (b"subject: =?utf-8?Q?a=0Ab?=\n", Sketch(sender="", address=None, subject="a b", message_id=None)),
        (b"Subject: \xd1\xe0\xe9\xf2\n\n", Sketch(sender="", address=None, subject="Сайт", message_id=None)),
        (b"", Sketch(sender="", address=None, subject="", message_id=None)),
        (b"\xff\x00\n\n", Sketch(sender="", address=None, subject="", message_id=None)),
    ],
)
def test_sketch_shows_what_headers_say(mail: bytes, shown: Sketch) -> None:
    assert sketch(mail) == shown


@pytest.mark.parametrize(
    "head",
    [
        b"From: agent@desk.example\nFrom: evil@example.net\n",
        b"From: agent@desk.example\nFROM : evil@example.net\n",
        b"From: agent@desk.example, evil@example.net\n",
        # Decoded, the words would turn the real address into a comment.
        b"From: =?utf-8?Q?agent@desk.example_(?= <evil@example.net> =?utf-8?Q?)?=\n",
        b"From: agent@desk.example\nX: " + b"x" * 70_000 + b"\nFrom: evil@example.net\n",
    ],
)
def test_sketch_of_an_unclear_sender_names_nobody(head: bytes) -> None:
    assert sketch(head + b"\nx").address is None


def is_sound(mail: Inbound) -> bool:
    """Can everything in it be stored and sent: no lone surrogates, no NUL, no line breaks in single lines?"""
    lines = (
        mail.subject,
        mail.from_shown,
        mail.message_id or "",
        *mail.references,
        *(f.name for f in mail.attachments),
    )
    everything = "".join((*lines, mail.text, mail.quoted, *(value for _, value in mail.headers)))
    return "\0" not in everything and everything.encode() != b"\0" and not any("\n" in line for line in lines)


@given(st.binary(max_size=500))
def test_any_bytes_are_read(data: bytes) -> None:
    assert is_sound(read(data))
    sketch(data)


SEEDS = [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A mail of the corpus with bytes replaced, cut out, doubled, or a piece of another mail put in."""
    mail = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(mail)))
        end = min(len(mail), start + draw(st.integers(0, 40)))
        other = draw(st.sampled_from(SEEDS))
        at = draw(st.integers(0, len(other)))
        mail[start:end] = draw(
            st.sampled_from(
                [b"", mail[start:end] * 2, other[at : at + 60], b"\xff\xfe", b"=?utf-8?B?", b"\n--b\n", b'";<>(']
            )
        )
    return bytes(mail)


@settings(max_examples=300)
@given(mutated())
def test_any_mutation_of_the_corpus_is_read(data: bytes) -> None:
    mail = read(data)
    assert is_sound(mail)
    assert not any(defect.startswith("unreadable") for defect in mail.defects)
    classify(mail, instance="desk")
    sketch(data)
    for file in mail.attachments:
        part(data, file.part)

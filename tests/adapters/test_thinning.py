"""Large mail is read without the bytes of its files, and nothing about it is said that does not hold for the whole."""

from __future__ import annotations

import random
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from helpdesk.adapters.mime.readers import InlineReader
from helpdesk.adapters.mime.reading import _read
from helpdesk.adapters.mime.thinning import Thin, thin
from helpdesk.core.message import Inbound
from helpdesk.raw import Raw, digest, kept

PHOTO = random.Random(1).randbytes(1_500_000)
LETTER = "Good morning, here are the photos.\nAnna"
PLENTY = 10_000_000


def mail(*files: tuple[str, str, bytes], text: str = LETTER) -> EmailMessage:
    written = EmailMessage(policy=SMTP)
    written["From"], written["To"], written["Subject"] = "anna@shop.test", "support@help.test", "Photos"
    written["Message-ID"] = "<photos@shop.test>"
    written.set_content(text)
    for name, kind, content in files:
        main, _, sub = kind.partition("/")
        written.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return written


def inbound(raw: Raw) -> Inbound:
    (read,) = InlineReader().read([raw])
    assert isinstance(read, Inbound)
    return read


def thinned(raw: bytes) -> bytes:
    return thin(raw, digest(raw)).raw


def parsed_whole(raw: bytes) -> Inbound:
    """What the mail says when nothing is left out."""
    return replace(_read(raw, Thin(raw, raw, {})), sha256=digest(raw), size=len(raw))


def test_what_is_parsed_is_small_and_what_is_said_is_the_same() -> None:
    raw = mail(("a.jpg", "image/jpeg", PHOTO), ("фото.png", "image/png", PHOTO[::-1])).as_bytes()
    assert len(thinned(raw)) < 2_000
    assert inbound(raw) == parsed_whole(raw)
    assert [file.size for file in inbound(raw).attachments] == [len(PHOTO), len(PHOTO)]


def test_a_mail_in_a_file_says_the_same() -> None:
    raw = mail(("a.jpg", "image/jpeg", PHOTO)).as_bytes()
    assert inbound(kept([raw[:1_000_000], raw[1_000_000:]])) == inbound(raw)


def test_files_are_handed_out_whole() -> None:
    raw = mail(("a.jpg", "image/jpeg", PHOTO), ("small.txt", "application/x-log", b"ok")).as_bytes()
    files = InlineReader().parts(raw, [2, 3], PLENTY)
    assert [(file.name, file.type, bytes(file.content)) for file in files] == [
        ("a.jpg", "image/jpeg", PHOTO),
        ("small.txt", "application/x-log", b"ok"),
    ]
    (whole,) = InlineReader().parts(raw, [0], PLENTY)
    assert bytes(whole.content) == raw


def test_equal_files_keep_one_fingerprint_and_others_have_another() -> None:
    first, again, other = (
        inbound(mail(("a.jpg", "image/jpeg", content)).as_bytes()) for content in (PHOTO, PHOTO, PHOTO[1:] + b"x")
    )
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_a_small_mail_stays_as_it_is() -> None:
    raw = mail(("a.jpg", "image/jpeg", PHOTO[:100_000])).as_bytes()
    assert thinned(raw) is raw


def enclosing(*files: tuple[str, str, bytes]) -> bytes:
    outer = mail()
    outer.add_attachment(mail(*files))
    return outer.as_bytes()


def test_the_files_of_an_enclosed_mail_are_left_out_as_well_and_belong_to_it() -> None:
    raw = enclosing(("a.jpg", "image/jpeg", PHOTO), ("b.jpg", "image/jpeg", PHOTO[::-1]))
    assert len(thinned(raw)) < 3_000
    assert inbound(raw) == parsed_whole(raw)
    (handed_out,) = InlineReader().parts(raw, [2], PLENTY)
    (file,) = inbound(raw).attachments
    assert (file.size, file.sha256) == (len(handed_out.content), digest(handed_out.content))
    within = message_from_bytes(bytes(handed_out.content), policy=SMTP)
    assert [part.get_content() for part in within.iter_attachments()] == [PHOTO, PHOTO[::-1]]


def test_a_table_that_is_attached_is_left_out_and_one_that_is_to_be_read_is_not() -> None:
    raw = mail(("prices.csv", "text/csv", PHOTO)).as_bytes()
    assert len(thinned(raw)) < 2_000
    assert inbound(raw) == parsed_whole(raw)
    shown = raw.replace(b"Content-Disposition: attachment", b"Content-Disposition: inline")
    assert thinned(shown) is shown


def test_a_mail_that_is_nothing_but_a_file_is_read_without_it() -> None:
    alone = EmailMessage(policy=SMTP)
    alone["From"], alone["Subject"] = "scanner@shop.test", "A scan"
    alone.set_content(PHOTO, maintype="application", subtype="pdf", filename="scan.pdf")
    raw = alone.as_bytes()
    assert len(thinned(raw)) < 1_000
    assert inbound(raw) == parsed_whole(raw)


def damaged() -> bytes:
    raw = mail(("a.jpg", "image/jpeg", PHOTO)).as_bytes()
    return raw.replace(b"\r\n--=", b"A\r\n--=")  # a letter too many


def encoded() -> bytes:
    """An enclosed mail in base64, which is forbidden and done."""
    return (
        mail(("letter.eml", "application/x-mail", PHOTO)).as_bytes().replace(b"application/x-mail", b"message/rfc822")
    )


@pytest.mark.parametrize(
    "raw",
    [
        damaged(),  # what it decodes to is the parser's guess
        encoded(),  # is parsed once more
        mail(text="word " * 400_000).as_bytes(),  # to be read
        mail(("winmail.dat", "application/ms-tnef", PHOTO)).as_bytes(),  # holds text and files
        # Looks like a file, in a text that is no part with base64.
        mail(text=("QUJD" * 18 + "\n") * 20_000).as_bytes(),
    ],
    ids=["damaged", "encoded", "text", "winmail", "text-like-base64"],
)
def test_whatever_may_be_something_else_is_read_whole(raw: bytes) -> None:
    assert len(raw) > 1_000_000
    assert thinned(raw) is raw


def test_of_very_long_text_the_beginning_is_read_and_the_mail_becomes_its_own_file() -> None:
    raw = mail(("a.jpg", "image/jpeg", PHOTO), text="word " * 2_000_000).as_bytes()
    read = inbound(raw)
    assert (read.subject, read.text[:9]) == ("Photos", "word word")
    assert [(file.part, file.size, file.sha256) for file in read.attachments] == [(0, len(raw), digest(raw))]
    assert any("were read" in defect for defect in read.defects)


def test_the_word_of_a_file_means_nothing_in_another_mail() -> None:
    raw = mail(("a.jpg", "image/jpeg", PHOTO)).as_bytes()
    (word,) = InlineReader().parts(thinned(raw), [2], PLENTY)
    forged = mail(("b.jpg", "image/jpeg", bytes(word.content)), ("c.jpg", "image/jpeg", PHOTO)).as_bytes()
    first, _ = inbound(forged).attachments
    assert (first.size, first.sha256) == (len(word.content), digest(word.content))


def test_of_a_file_that_does_not_fit_into_a_letter_only_the_size_is_told() -> None:
    raw = mail(("a.jpg", "image/jpeg", PHOTO)).as_bytes()
    (file,) = InlineReader().parts(raw, [2], len(PHOTO) - 1)
    assert (file.name, file.content, file.left_out) == ("a.jpg", b"", len(PHOTO))

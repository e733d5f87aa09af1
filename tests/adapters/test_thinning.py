"""Large mail is read without the bytes of its files, and nothing about it is said that does not hold for the whole."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from helpdesk.adapters.mime.readers import InlineReader
from helpdesk.adapters.mime.reading import read
from helpdesk.adapters.mime.thinning import thin

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


def read_thin(raw: bytes) -> object:
    (inbound,) = InlineReader().read([raw])
    return inbound


def test_what_is_parsed_is_small_and_what_is_said_is_the_same() -> None:
    raw = mail(("a.jpg", "image/jpeg", PHOTO), ("фото.png", "image/png", PHOTO[::-1])).as_bytes()
    assert len(thin(raw).raw) < 2_000
    whole = read(raw)
    # Only the fingerprint, which compares mails with each other, is made of the words in place of the files.
    thinly = read_thin(raw)
    assert replace(thinly, fingerprint=whole.fingerprint) == whole  # type: ignore[type-var]
    assert [file.size for file in whole.attachments] == [len(PHOTO), len(PHOTO)]


def test_files_are_handed_out_whole() -> None:
    raw = mail(("a.jpg", "image/jpeg", PHOTO), ("small.txt", "application/x-log", b"ok")).as_bytes()
    files = InlineReader().parts(raw, [2, 3], PLENTY)
    assert [(file.name, file.type, file.content) for file in files] == [
        ("a.jpg", "image/jpeg", PHOTO),
        ("small.txt", "application/x-log", b"ok"),
    ]
    (whole,) = InlineReader().parts(raw, [0], PLENTY)
    assert whole.content == raw


def test_equal_files_keep_one_fingerprint_and_others_have_another() -> None:
    first, again, other = (
        read_thin(mail(("a.jpg", "image/jpeg", content)).as_bytes()) for content in (PHOTO, PHOTO, PHOTO[1:] + b"x")
    )
    assert first.fingerprint == again.fingerprint != other.fingerprint  # type: ignore[attr-defined]


def test_a_small_mail_stays_as_it_is() -> None:
    raw = mail(("a.jpg", "image/jpeg", PHOTO[:100_000])).as_bytes()
    assert thin(raw).raw is raw


def enclosing() -> bytes:
    outer = mail()
    outer.add_attachment(mail(("a.jpg", "image/jpeg", PHOTO)))
    return outer.as_bytes()


def damaged() -> bytes:
    raw = mail(("a.jpg", "image/jpeg", PHOTO)).as_bytes()
    return raw.replace(b"\r\n--=", b"A\r\n--=")  # a letter too many


@pytest.mark.parametrize(
    "raw",
    [
        enclosing(),  # the enclosed mail is one file
        damaged(),  # what it decodes to is the parser's guess
        mail(text="word " * 400_000).as_bytes(),  # to be read
        mail(("winmail.dat", "application/ms-tnef", PHOTO)).as_bytes(),  # holds text and files
        mail(("notes.csv", "text/csv", PHOTO)).as_bytes(),
        # Looks like a file, in a text that is no part with base64.
        mail(text=("QUJD" * 18 + "\n") * 20_000).as_bytes(),
    ],
    ids=["enclosing", "damaged", "text", "winmail", "csv", "text-like-base64"],
)
def test_whatever_may_be_something_else_is_read_whole(raw: bytes) -> None:
    assert len(raw) > 1_000_000
    assert thin(raw).raw is raw


def test_the_word_of_a_file_in_a_mail_of_its_own_means_nothing() -> None:
    raw = mail(("a.jpg", "image/jpeg", PHOTO)).as_bytes()
    (word,) = InlineReader().parts(thin(raw).raw, [2], PLENTY)
    forged = mail(("b.jpg", "image/jpeg", word.content), ("c.jpg", "image/jpeg", PHOTO[1:])).as_bytes()
    first, _ = read_thin(forged).attachments  # type: ignore[attr-defined]
    assert (first.size, first.sha256) == (len(word.content), hashlib.sha256(word.content).hexdigest())


def test_of_a_file_that_does_not_fit_into_a_letter_only_the_size_is_told() -> None:
    raw = mail(("a.jpg", "image/jpeg", PHOTO)).as_bytes()
    (file,) = InlineReader().parts(raw, [2], len(PHOTO) - 1)
    assert (file.name, file.content, file.left_out) == ("a.jpg", b"", len(PHOTO))

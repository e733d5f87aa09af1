"""T12, packed bombs: nothing that comes by mail is ever unpacked, save the parcel of Outlook, which is not packed."""

from __future__ import annotations

import ast
import base64
import hashlib
import struct
import zlib
from pathlib import Path

import helpdesk
from helpdesk.adapters.mime.tnef import unpack
from tests.security.desk import EVE, IVAN, Desk, mail, opened

PACKAGE = Path(str(helpdesk.__file__)).parent
UNPACKERS = {"zipfile", "tarfile", "gzip", "bz2", "lzma", "shutil", "zipimport", "py7zr", "rarfile", "zstandard"}


def with_file(kind: str, name: str, content: bytes) -> bytes:
    head = mail(EVE, "A file", "").decode().replace("text/plain; charset=utf-8", "multipart/mixed; boundary=xx")
    encoded = base64.encodebytes(content).decode().replace("\n", "\r\n")
    return (
        f"{head}--xx\r\n\r\nHello\r\n--xx\r\nContent-Type: {kind}; name={name}\r\n"
        f"Content-Disposition: attachment; filename={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{encoded}--xx--\r\n"
    ).encode()


# A gigabyte of nothing within a megabyte, as every archive format could hold it.
PACKED = zlib.compress(b"\0" * 2**20 * 64, 9) * 16


def test_archive_is_kept_and_passed_on_byte_for_byte(open_desk: Desk) -> None:
    for kind, name in (("application/zip", "42.zip"), ("application/gzip", "x.gz"), ("application/x-tar", "x.tar")):
        taken = open_desk.take_one(with_file(kind, name, PACKED))
        (kept,) = open_desk.file(taken.ticket or 0).messages[0].attachments
        assert (kept.size, kept.sha256) == (len(PACKED), hashlib.sha256(PACKED).hexdigest())
        notified = next(letter for letter in open_desk.send() if letter.recipients == (IVAN,))
        (sent,) = list(opened(notified).iter_attachments())
        assert sent.get_payload(decode=True) == PACKED


def test_nothing_in_the_program_can_unpack_an_archive() -> None:
    imported = {
        (path.name, name.partition(".")[0])
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    # The demo tidies up, a browser is looked for, and the room on the disk is asked for.
    harmless = {("stage.py", "shutil"), ("browser.py", "shutil"), ("ground.py", "shutil")}
    assert {(path, name) for path, name in imported if name in UNPACKERS} <= harmless
    # What the store packed itself, it may unpack; what a pack learned is of a size that is known beforehand.
    assert {path for path, name in imported if name == "zlib"} == {"packing.py", "records.py", "weights.py"}


def attribute(level: int, number: int, value: bytes) -> bytes:
    return bytes([level]) + struct.pack("<II", number, len(value)) + value + b"\0\0"


def test_parcel_of_outlook_gives_no_more_than_it_holds() -> None:
    file = (
        attribute(2, 0x00069002, b"\0" * 14)
        + attribute(2, 0x00018010, b"a.txt\0")
        + attribute(2, 0x0006800F, b"x" * 1000)
    )
    parcel = struct.pack("<IH", 0x223E9F78, 1) + file * 5_000
    found = unpack(parcel).files
    assert len(found) == 100
    assert sum(len(one.content) for one in found) <= len(parcel)


def test_parcel_that_lies_about_its_lengths_gives_what_is_there() -> None:
    parcel = struct.pack("<IH", 0x223E9F78, 1) + bytes([2]) + struct.pack("<II", 0x0006800F, 2**31) + b"x"
    assert sum(len(one.content) for one in unpack(parcel).files) <= 1

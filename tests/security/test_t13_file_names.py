"""T13, dangerous names: a name is data. It is no path, hides no ending, and nothing is ever written under it."""

from __future__ import annotations

import os
import stat
from email import message_from_bytes, policy
from pathlib import Path, PurePosixPath, PureWindowsPath

from tests.security.desk import EVE, Desk, mail

STEMS = ["../../etc/cron.d/x", "/etc/passwd", "..\\..\\x", "C:\\boot.ini", "\u200b.htaccess", ".htaccess", "x\x00.sh"]
TRICKS = [
    "invoice\u202excod.exe", "a\u2066b.pdf", "a/b/../../c.png", "CON", "nul.txt", "com1.log", "x.png ", "x.png.", "-rf",
    "~root", "$(id).png", "`id`.png", "|id", "a;b.png", "a\nb.png", "a\rb.png", "%2e%2e%2fx", "....//x",
    "\ufeff.bashrc",
    "a" * 5000 + ".pdf", "ё" * 400 + ".docx", "\ud800x.png", "", " ", ".", "..", "...", "\u2215etc\u2215x", "file://x",
]  # fmt: skip
NAMES = [f"{one}{ending}" for one in STEMS for ending in ("", ".png", ".sh", " .exe", "/", "\x00.png", "\u202egnp.exe")]
NAMES += [f"{one}{ending}" for one in TRICKS for ending in ("", "x")]


def percent(name: str) -> str:
    """The name as RFC 2231 writes it."""
    return "".join(f"%{byte:02X}" for byte in name.encode("utf-8", "surrogatepass"))


def with_files(names: list[str]) -> bytes:
    head = mail(EVE, "Files", "").decode().replace("text/plain; charset=utf-8", "multipart/mixed; boundary=x")
    parts = "".join(
        "--x\r\nContent-Type: application/pdf\r\n"
        f"Content-Disposition: attachment; filename*=utf-8''{percent(name)}\r\n\r\nfile {place}\r\n"
        for place, name in enumerate(names)
    )
    return f"{head}{parts}--x--\r\n".encode()


def test_a_hundred_evil_names_are_harmless_in_the_desk_and_in_its_letters(open_desk: Desk) -> None:
    assert len(NAMES) >= 100
    taken = open_desk.take_one(with_files(NAMES))
    message = open_desk.file(taken.ticket or 0).messages[0]
    assert len(message.attachments) == len(NAMES)
    notified = next(letter for letter in open_desk.send() if letter.event == "notify")
    sent = [part.get_filename() or "" for part in message_from_bytes(bytes(notified.raw), policy=policy.default).walk()]
    shown = [file.name for file in message.attachments] + [name for name in sent if name]
    for name in shown:
        assert name == PurePosixPath(name).name == PureWindowsPath(name).name
        assert not name.startswith("."), name
        assert len(name.encode()) <= 400
        assert not [char for char in name if not char.isprintable()], ascii(name)


def test_nothing_is_written_under_a_name_of_a_stranger(open_desk: Desk) -> None:
    before = everything_below(open_desk.folder)
    open_desk.take_one(with_files(NAMES[:40]))
    made = everything_below(open_desk.folder) - before
    assert {path.name for path in made} <= {"helpdesk.db-wal", "helpdesk.db-shm"}


def test_the_database_is_readable_by_its_owner_alone(open_desk: Desk) -> None:
    open_desk.open()
    files = [path for path in open_desk.folder.iterdir() if path.name.startswith("helpdesk.db")]
    assert files
    assert {stat.S_IMODE(os.stat(path).st_mode) for path in files} == {0o600}


def everything_below(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))

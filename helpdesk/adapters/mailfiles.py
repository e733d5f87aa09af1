"""Mail from files: `.eml`, mbox, Maildir, a folder of `.eml`, or a stream. (path) -> (name, raw bytes, arrival).

The name is what a person can find the mail by: the file, or `mbox#3` for the third mail of an mbox. The arrival is
known only where the source records it: in an mbox's From_ lines (read as UTC) and as the time of a Maildir's files.
Sources are only read: no locks, no flags, no access through a mail library that rewrites. An mbox is read line by line,
so its size does not matter. Fails with UnreadableError, which says which file and why.

mbox: RFC 4155 and the older habits; a line ">From " loses one ">" (mboxrd).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from helpdesk.errors import UnreadableError

Mail = tuple[str, bytes, datetime | None]

# "From sender Sat Nov 21 22:53:10 2026", perhaps with a zone before or after the year.
FROM_LINE = re.compile(
    rb"From .*?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\w{3}) +(\d{1,2}) (\d\d:\d\d(?::\d\d)?)"
    rb"(?: [A-Z]{2,5}| [+-]\d{4})? (\d{4})(?: [A-Z]{2,5}| [+-]\d{4})?\s*$"
)
QUOTED_FROM = re.compile(rb">+From ")
HEADER_LINE = re.compile(rb"[!-9;-~]+[ \t]*:")
MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")


def mails(path: str, stream: BinaryIO | None = None) -> Iterator[Mail]:
    """The mails at `path` in the order in which they lie there; "-" reads one mail, or an mbox, from `stream`."""
    if path == "-" and stream is not None:
        yield from _from_stream("-", stream)
        return
    place = Path(path)
    try:
        if place.is_dir():
            yield from _from_folder(place)
        else:
            with place.open("rb") as opened:
                yield from _from_stream(path, opened)
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror or error}") from error


def _from_folder(folder: Path) -> Iterator[Mail]:
    if (folder / "cur").is_dir() and (folder / "new").is_dir():
        files = [file for part in ("cur", "new") for file in (folder / part).iterdir() if not file.name.startswith(".")]
        # By arrival: within one second the unique name decides.
        for _, file in sorted((int(file.stat().st_mtime), file) for file in files):
            arrived_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            yield str(file), file.read_bytes(), arrived_at
        return
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".eml")
    if not files:
        raise UnreadableError(f"{folder}: neither a Maildir (cur/ and new/) nor a folder with .eml files")
    for file in files:
        yield str(file), file.read_bytes(), None


def _from_stream(name: str, stream: BinaryIO) -> Iterator[Mail]:
    first = stream.readline()
    if first.startswith(b"From "):
        yield from _from_mbox(name, first, stream)
    else:
        yield name, _checked(name, first + stream.read()), None


def _checked(name: str, raw: bytes) -> bytes:
    """The mail, if it is one. Only a file that was named is judged: in a folder, a bad mail must not stop the rest."""
    if not raw.strip():
        raise UnreadableError(f"{name}: empty")
    if b"\0" in raw[:100] or not any(HEADER_LINE.match(line) for line in raw[:10_000].lstrip().splitlines()):
        raise UnreadableError(f'{name}: not a mail: no header line such as "Subject: …" at its beginning')
    return raw


def _from_mbox(name: str, from_line: bytes, stream: BinaryIO) -> Iterator[Mail]:
    """Each mail as soon as its last line is read. A From_ line counts at the beginning and after an empty line."""
    number = 1
    lines: list[bytes] = []
    for line in stream:
        after_empty_line = not lines or not lines[-1].strip()
        if after_empty_line and FROM_LINE.match(line):
            yield f"{name}#{number}", _joined(lines), _arrival(from_line)
            number, from_line, lines = number + 1, line, []
        else:
            lines.append(line[1:] if QUOTED_FROM.match(line) else line)
    yield f"{name}#{number}", _joined(lines), _arrival(from_line)


def _joined(lines: list[bytes]) -> bytes:
    """The mail without the empty line that parts it from the next one."""
    return b"".join(lines[:-1] if lines and not lines[-1].strip() else lines)


def _arrival(from_line: bytes) -> datetime | None:
    match = FROM_LINE.match(from_line)
    if match is None or match[1] not in MONTHS:
        return None
    time = match[3].decode() if len(match[3]) == 8 else f"{match[3].decode()}:00"
    try:
        clock = datetime.strptime(time, "%H:%M:%S").replace(tzinfo=UTC)
        return clock.replace(year=int(match[4]), month=MONTHS.index(match[1]) + 1, day=int(match[2]))
    except ValueError:
        return None

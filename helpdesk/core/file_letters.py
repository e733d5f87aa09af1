"""The files of a ticket as letters to an agent: which files go into which one, and how a large one is cut (#files).

What is kept of each mail -> loads, a letter each, all of them small enough for nearly every relay. A file that is too
large for one letter is cut into pieces called name.001, name.002, …, which 7-Zip opens by the first and which
`copy /b` or `cat` put together. A file that came several times is sent once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from helpdesk.core.notices import result
from helpdesk.core.outgoing import Letter
from helpdesk.core.policy import Agent, Policy
from helpdesk.core.subject_tag import tag
from helpdesk.core.texts import Wording
from helpdesk.core.ticket import Ticket

# Base64 with its line ends, as a share of the file.
BASE64_GROWTH = 1.37

# Of the largest mail that the relay takes; the rest is for the words of the letter.
ROOM_FOR_FILES = 0.9

# Of the files of one letter: with it, nearly every relay takes the letter, whatever it takes besides.
ROOM = 6 * 1024 * 1024

# A ticket with more than that is not read by mail.
MAX_LETTERS = 50

_SENT = Wording.read(
    "{tag}: files on the way: {files}, letters: {letters}. | {tag}: файлов в пути: {files}, писем: {letters}. | "
    "{tag}: файлів у дорозі: {files}, листів: {letters}. | {tag}: pliki w drodze: {files}, wiadomości: {letters}."
)
_NONE = Wording.read("{tag}: there are no files. | {tag}: файлов нет. | {tag}: файлів немає. | {tag}: nie ma plików.")
_LEFT = Wording.read(
    "Too many: {left} files are left out. | Слишком много: не вошло файлов — {left}. | "
    "Забагато: не ввійшло файлів — {left}. | Za dużo: pominięte pliki: {left}."
)
_TITLE = Wording.read(
    "Files of {tag}, letter {number} of {count} | Файлы {tag}, письмо {number} из {count} | "
    "Файли {tag}, лист {number} з {count} | Pliki {tag}, wiadomość {number} z {count}"
)
_CUT = Wording.read(
    "{name} is too large for one letter: this is piece {piece} of {pieces}. Save all pieces in one folder; 7-Zip opens "
    "the first one, or join them: copy /b {name}.* {name} (Windows), cat {name}.* > {name}. | "
    "{name} не помещается в одно письмо: это часть {piece} из {pieces}. Сохраните все части в одной папке: "
    "7-Zip открывает первую, или соедините их: copy /b {name}.* {name} (Windows), cat {name}.* > {name}. | "
    "{name} не вміщується в один лист: це частина {piece} з {pieces}. Збережіть усі частини в одній теці: "
    "7-Zip відкриває першу, або з'єднайте їх: copy /b {name}.* {name} (Windows), cat {name}.* > {name}. | "
    "{name} nie mieści się w jednej wiadomości: to część {piece} z {pieces}. Proszę zapisać wszystkie części w jednym "
    "folderze: 7-Zip otworzy pierwszą, można je też połączyć: copy /b {name}.* {name} (Windows), "
    "cat {name}.* > {name}."
)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a mail, as the store knows it."""

    part: int
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class MailFiles:
    """The files of the stored mail `message` (its row); `sender` as it is shown."""

    message: int
    sender: str
    at: datetime
    files: tuple[KeptFile, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """What one letter carries: whole files of one mail, or the piece `piece` (from 1) of a single one."""

    mail: MailFiles
    files: tuple[KeptFile, ...]
    piece: int = 0
    pieces: int = 0


def room_for_files(max_bytes: int) -> int:
    """How many bytes of files fit into a letter of `max_bytes`."""
    return int(max_bytes * ROOM_FOR_FILES / BASE64_GROWTH)


def room_of(policy: Policy) -> int:
    """How many bytes of files one of these letters carries; a piece of a file is that large."""
    return min(ROOM, room_for_files(policy.max_letter_bytes))


def loads(mails: Sequence[MailFiles], room: int) -> tuple[Load, ...]:
    """Every file once, mail by mail; those that fit into one letter together, in the order in which they came."""
    found: list[Load] = []
    seen: set[str] = set()
    for mail in mails:
        together: list[KeptFile] = []
        for file in mail.files:
            if file.sha256 in seen:
                continue
            seen.add(file.sha256)
            if file.size > room:
                pieces = -(-file.size // room)
                found += (Load(mail, (file,), piece, pieces) for piece in range(1, pieces + 1))
                continue
            if sum(one.size for one in together) + file.size > room:
                found.append(Load(mail, tuple(together)))
                together = []
            together.append(file)
        if together:
            found.append(Load(mail, tuple(together)))
    return tuple(found)


def told(ticket: Ticket, mails: Sequence[MailFiles], policy: Policy, language: str) -> list[str]:
    """What the result says of the letters that come."""
    everything = loads(mails, room_of(policy))
    sent, left = everything[:MAX_LETTERS], everything[MAX_LETTERS:]
    if not sent:
        return [_NONE.of(language).strip().format(tag=tag(ticket.number))]
    files = len({file.sha256 for load in sent for file in load.files})
    lines = [_SENT.of(language).strip().format(tag=tag(ticket.number), files=files, letters=len(sent))]
    unsent = {file.sha256 for load in left for file in load.files}
    return [*lines, _LEFT.of(language).strip().format(left=len(unsent))] if unsent else lines


def letters(
    ticket: Ticket, mails: Sequence[MailFiles], agent: Agent, policy: Policy, cause: str, language: str
) -> tuple[Letter, ...]:
    """The letters with the files, at most MAX_LETTERS of them; a reply to one reaches nobody."""
    sent = loads(mails, room_of(policy))[:MAX_LETTERS]
    zone = ZoneInfo(policy.desk(ticket.desk).calendar.timezone)
    return tuple(
        replace(
            result(agent, ticket, policy, _body(load, number, len(sent), ticket, zone, language), f"{cause}:{number}"),
            parts=tuple(file.part for file in load.files),
            parts_of=load.mail.message,
            piece=load.piece,
        )
        for number, load in enumerate(sent, start=1)
    )


def _body(load: Load, number: int, count: int, ticket: Ticket, zone: ZoneInfo, language: str) -> str:
    title = _TITLE.of(language).strip().format(tag=tag(ticket.number), number=number, count=count)
    lines = [f"{title} · {load.mail.sender}, {load.mail.at.astimezone(zone):%Y-%m-%d %H:%M}"]
    if load.piece:
        (file,) = load.files
        lines += ["", _CUT.of(language).strip().format(name=file.name, piece=load.piece, pieces=load.pieces)]
    return "\n".join(lines)

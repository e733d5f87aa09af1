"""What an agent orders by mail: the text that was written now -> commands and the answer below them.

Lines at the very top that begin with # are commands; blank lines among them do not count; the first other line begins
the answer. All or nothing: when one line is not understood no command is given out, and each such line is named with
the reason and the nearest command. Never fails. What the words are stands in `command_table`.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from helpdesk.core.command_arguments import ArgumentError, Fault
from helpdesk.core.command_table import GRAMMAR, Row
from helpdesk.core.command_values import Command, JoinIncident, LinkTo, MergeInto, Search, SendFiles, ShowTicket
from helpdesk.core.texts import Wording

# Longer blocks are a pasted list, not orders.
MAX_COMMAND_LINES = 20

# How alike a word must be to be offered as the one that was meant, 0.0-1.0.
_ALIKE = 0.6

# Where a command came from the subject, its line has this number.
SUBJECT_LINE = 0

# A line that was taken for a command may be a paragraph.
_SHOWN_LENGTH = 100

_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u200e\u200f\u00ad"
_QUOTES = "\"'“”„‟«»‘’‚‹›`"
# Word and argument; phones put full stops behind words, people colons.
_LINE = re.compile(r"[#＃﹟№]\s*([^\W\d_]+(?:[-'’ʼ][^\W\d_]+)*)?[:.!,]*(?:\s+|$)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CommandError:
    """A command line that was not understood. `line` counts from 1; 0 is the subject.

    `nearest` is the command that was probably meant, or what the command takes.
    """

    line: int
    text: str
    fault: Fault
    nearest: str = ""

    def describe(self, language: str) -> str:
        """The error as it is told to an agent: line, reason, nearest command."""
        said = _SUBJECT if self.line == SUBJECT_LINE else _LINE_NUMBER
        text = self.text if len(self.text) <= _SHOWN_LENGTH else f"{self.text[:_SHOWN_LENGTH]}…"
        reason = f'{said.of(language).format(self.line)}: "{text}" – {_REASONS[self.fault].of(language)}'
        if not self.nearest:
            return f"{reason}."
        asked = _DID_YOU_MEAN if self.fault in (Fault.UNKNOWN, Fault.AMBIGUOUS) else _WRITE
        return f"{reason}. {asked.of(language).format(self.nearest)}"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a mail of an agent says: either commands or errors, and the answer."""

    commands: tuple[Command, ...] = ()
    answer: str = ""
    errors: tuple[CommandError, ...] = ()


def parse(text: str, subject: str = "") -> Parsed:
    """The commands at the top of `text`, the errors in them, and the rest of the text as the answer.

    `subject` may hold one command more; give it only for mail that belongs to no ticket.
    """
    lines, answer = _command_lines(text)
    if _begins_command(subject):
        lines = [(SUBJECT_LINE, _bare(subject)), *lines]
    if len(lines) > MAX_COMMAND_LINES:
        number, first_too_many = lines[MAX_COMMAND_LINES]
        return Parsed(answer=answer, errors=(CommandError(number, first_too_many, Fault.TOO_MANY),))
    commands: list[Command] = []
    errors: list[CommandError] = []
    for number, line in lines:
        read = _read(number, line)
        if isinstance(read, CommandError):
            errors.append(read)
        else:
            commands.append(read)
    return Parsed(() if errors else tuple(commands), answer, tuple(errors))


_NAMES_A_TICKET = (ShowTicket, SendFiles, LinkTo, MergeInto, JoinIncident)


def numbers_named(commands: Iterable[Command]) -> tuple[int, ...]:
    """The tickets that commands speak of, in order, without doubles."""
    named = (command for command in commands if isinstance(command, _NAMES_A_TICKET))
    return tuple(dict.fromkeys(command.number for command in named))


def files_wanted(commands: Iterable[Command]) -> tuple[int, ...]:
    """The tickets whose files are to come, without doubles."""
    return tuple(dict.fromkeys(command.number for command in commands if isinstance(command, SendFiles)))


def searches(commands: Iterable[Command]) -> tuple[str, ...]:
    """What commands look for in mail, without doubles."""
    return tuple(dict.fromkeys(command.words for command in commands if isinstance(command, Search)))


def help_text(language: str) -> str:
    """Every command, a line each: how it is written in `language`, and what it does."""
    return "\n".join(f"{_synopsis(row, language)} – {row.help.of(language)}" for row in GRAMMAR)


# --- lines ----------------------------------------------------------------------------------------


def _command_lines(text: str) -> tuple[list[tuple[int, str]], str]:
    """The command lines at the top with their numbers, and what stands below them, as it was written."""
    lines = text.splitlines(keepends=True)
    found: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if _begins_command(line):
            found.append((number, _bare(line)))
        elif _bare(line):
            return found, "".join(lines[number - 1 :]) if found else text
    return found, "" if found else text


def _begins_command(line: str) -> bool:
    """Does it begin with #? Shift and 3 give № on a Russian keyboard: that counts before a word of ours only."""
    bare = _bare(line)
    if bare.startswith("№"):
        shape = _LINE.fullmatch(bare)
        return bool(shape and shape[1] and fold(shape[1]) in _ROWS)
    return bare.startswith(("#", "＃", "﹟"))


def _bare(line: str) -> str:
    """The line without what mail programs put around it: no-break spaces, marks of byte order, quotes."""
    visible = line.translate(dict.fromkeys(map(ord, _INVISIBLE))).replace("\u00a0", " ").strip()
    unquoted = visible.lstrip(_QUOTES)
    return unquoted.rstrip(_QUOTES) if unquoted != visible and unquoted[:1] in "#＃﹟№" else visible


# --- words ----------------------------------------------------------------------------------------


def fold(word: str) -> str:
    """The form in which words are compared: no case, no accents, no apostrophes (ё is е, ł is l)."""
    plain = unicodedata.normalize("NFKD", word.casefold()).replace("ł", "l")
    return "".join(char for char in plain if char.isalpha())


_ROWS: dict[str, Row] = {fold(word): row for row in GRAMMAR for word in row.all_words()}
_SPELLING: dict[str, str] = {fold(word): word for row in GRAMMAR for word in row.all_words()}


def _read(number: int, line: str) -> Command | CommandError:
    shape = _LINE.fullmatch(line)
    word, rest = (shape[1] or "", shape[2].strip()) if shape else ("", "")
    rows = _meant(fold(word)) if word else []
    match rows:
        case []:
            return CommandError(number, line, Fault.UNKNOWN, _nearest(word, rest))
        case [row]:
            try:
                return row.read(_unquoted(rest))
            except ArgumentError as error:
                return CommandError(number, line, error.fault, _synopsis_like(row, word))
        case _:
            return CommandError(number, line, Fault.AMBIGUOUS, _choices(rows, fold(word)))


def _meant(word: str) -> list[Row]:
    """The rows that a folded word or beginning of a word may mean, in the order of the table."""
    if word in _ROWS:
        return [_ROWS[word]]
    names = {row.name for known, row in _ROWS.items() if known.startswith(word)}
    return [row for row in GRAMMAR if row.name in names]


def _nearest(word: str, rest: str) -> str:
    found = difflib.get_close_matches(fold(word), _ROWS, n=1, cutoff=_ALIKE)
    return f"#{_SPELLING[found[0]]} {rest}".strip() if found else ""


def _choices(rows: list[Row], beginning: str) -> str:
    """The commands that so begin, in the words that made them candidates."""
    words = (next(w for w in row.all_words() if fold(w).startswith(beginning)) for row in rows)
    return ", ".join(f"#{word}" for word in words)


def _unquoted(argument: str) -> str:
    """The argument without quotes around the whole of it."""
    inner = argument[1:-1]
    quoted = len(argument) > 1 and argument[0] in _QUOTES and argument[-1] in _QUOTES
    return inner.strip() if quoted and not any(char in _QUOTES for char in inner) else argument


def _synopsis(row: Row, language: str) -> str:
    word = row.words.of(language).split()[0]
    return f"#{word} {row.takes.of(language)}".strip()


def _synopsis_like(row: Row, word: str) -> str:
    """How the command is written, in the language in which the agent wrote it."""
    folded = fold(word)
    for language in ("en", "ru", "uk", "pl"):
        if any(fold(known).startswith(folded) for known in row.words.of(language).split()):
            return _synopsis(row, language)
    return _synopsis(row, "en")


# --- what is said ---------------------------------------------------------------------------------

_SUBJECT = Wording("Subject", "Тема", "Тема", "Temat")
_LINE_NUMBER = Wording("Line {}", "Строка {}", "Рядок {}", "Wiersz {}")
_DID_YOU_MEAN = Wording('Did you mean "{}"?', "Может быть, «{}»?", "Можливо, «{}»?", "Może chodziło o „{}”?")
_WRITE = Wording('Write it like this: "{}".', "Пишите так: «{}».", "Пишіть так: «{}».", "Proszę napisać tak: „{}”.")

_REASONS: dict[Fault, Wording] = {
    fault: Wording.read(line)
    for fault, line in {
        Fault.UNKNOWN: "no such command | нет такой команды | немає такої команди | nie ma takiego polecenia",
        Fault.AMBIGUOUS: "this may mean several commands | так начинается несколько команд | "
        "так починається кілька команд | tak zaczyna się kilka poleceń",
        Fault.TOO_MANY: "too many commands in one mail | слишком много команд в одном письме | "
        "забагато команд в одному листі | za dużo poleceń w jednej wiadomości",
        Fault.MISSING: "something is missing behind the command | после команды чего-то не хватает | "
        "після команди чогось бракує | po poleceniu czegoś brakuje",
        Fault.EXTRA: "nothing may follow this command on its line | "
        "после этой команды в строке ничего не должно быть | "
        "після цієї команди в рядку нічого не має бути | po tym poleceniu w wierszu nie może nic być",
        Fault.NUMBER: "this is not the number of a ticket | это не номер обращения | "
        "це не номер звернення | to nie jest numer zgłoszenia",
        Fault.DURATION: "this is not a length of time | это не срок | це не строк | to nie jest okres",
        Fault.ADDRESS: "this is not one mail address | это не один почтовый адрес | "
        "це не одна поштова адреса | to nie jest jeden adres e-mail",
        Fault.PRIORITY: "no such priority | нет такого приоритета | "
        "немає такого пріоритету | nie ma takiego priorytetu",
        Fault.FIELD: 'a name, "=" and a value are needed | нужны имя, «=» и значение | '
        "потрібні назва, «=» і значення | potrzebne są nazwa, „=” i wartość",
        Fault.ALWAYS: "only this word may follow | здесь может стоять только это слово | "
        "тут може стояти лише це слово | tu może stać tylko to słowo",
    }.items()
}

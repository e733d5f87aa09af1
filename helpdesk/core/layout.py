"""Paragraphs: a filled-in template -> the blocks of a letter -> its text part.

A template is written like a mail. Blank lines part paragraphs, lines that begin with "- " are items, "--" begins the
footer. A block (questions, files, …) is printed as its name between two control characters: those are
taken out of everything that correspondents wrote, so no words of theirs can pass for a block. Never fails.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Literal

# Readable in every client and narrow enough to be quoted once or twice.
TEXT_WIDTH = 72

# Phones show some 90 characters of it, desktop programs up to 140.
GLANCE = 140
MAX_GREETING = 25

# A bar in plain text: what it is made of, and how long the largest is.
BAR, BAR_LENGTH = "█", 30

# The blocks of a letter, each with its kind; `base.html` knows the same kinds.
Sentences = tuple[Literal["reach", "urgent", "text"], str]
Lines = tuple[Literal["numbers", "body", "quote", "footer"], tuple[str, ...]]
Pairs = tuple[Literal["list", "files", "facts", "actions"], tuple[tuple[str, str], ...]]
Bars = tuple[Literal["bars"], tuple[tuple[str, str, int], ...]]  # what, how many, and that as a share of the largest
Block = Sentences | Lines | Pairs | Bars

_OPEN, _CLOSE = "\x02", "\x03"
_MARK = re.compile(f"{_OPEN}([a-z]+){_CLOSE}")
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_FOOTER = re.compile(r"(?m)^--[ \t]*$\n?")


def marks(named: Mapping[str, Block]) -> dict[str, str]:
    """What a template prints for each block: its mark, or nothing where the block is empty."""
    return {name: f"{_OPEN}{name}{_CLOSE}" if content else "" for name, (_, content) in named.items()}


def blocks_of(prose: str, named: Mapping[str, Block]) -> list[Block]:
    """The paragraphs of a filled-in template, in order."""
    letter, *footer = _FOOTER.split(prose, maxsplit=1)
    blocks: list[Block] = []
    for paragraph in _BLANK_LINES.split(letter):
        for position, piece in enumerate(_MARK.split(paragraph)):
            if position % 2:
                blocks.append(named[piece])
            elif piece.strip():
                blocks += _prose(piece)
    if footer:
        blocks.append(("footer", tuple(line.strip() for line in footer[0].strip().splitlines())))
    return blocks


def _prose(paragraph: str) -> list[Block]:
    """A paragraph, and the items below it; an item ends where the next one begins."""
    text, *items = re.split(r"(?m)^[ \t]*- ", paragraph)
    blocks: list[Block] = [("text", " ".join(text.split()))] if text.strip() else []
    if items:
        blocks.append(("list", tuple(_item(" ".join(item.split())) for item in items)))
    return blocks


def _item(text: str) -> tuple[str, str]:
    """(command, what it does), or ("", text) for an item that shows no command."""
    command, dash, meaning = text.partition(" — ")
    return (command, dash + meaning) if text.startswith("#") else ("", text)


def glance(blocks: list[Block]) -> str:
    """What lists of mail show below the subject: how the letter begins once greeting and reach are left out."""
    told = (block for block in blocks if block[0] not in ("reach", "actions", "footer"))
    # The first few lines fill it, however long the letter is.
    said = [words[: 2 * GLANCE] for words in islice((words for block in told for words in _words(block)), 12)]
    while len(said) > 1 and len(said[0]) <= MAX_GREETING and said[0].endswith((",", "!")):
        del said[0]
    beginning = " ".join(" ".join(said).split())
    if len(beginning) <= GLANCE:
        return beginning
    cut = beginning[: GLANCE - 1]
    return (cut.rpartition(" ")[0] or cut) + "…"


def _words(block: Block) -> tuple[str, ...]:
    match block:
        case ("text" | "reach" | "urgent", sentence):
            return (sentence,)
        case ("list", items):
            return tuple(command + text for command, text in items)
        case ("files" | "facts" | "actions", pairs):
            return tuple(" ".join(pair) for pair in pairs)
        case ("bars", bars):
            return tuple(f"{label} {text}" for label, text, _ in bars)
        case (_, lines):
            return tuple(line for line in lines[:GLANCE] if line.strip())


def plain(blocks: list[Block]) -> str:
    """The text part of a letter."""
    return "\n\n".join(_plain(block) for block in blocks) + "\n"


def _plain(block: Block) -> str:
    match block:
        case ("text" | "reach" | "urgent", sentence):
            return _wrapped(sentence)
        case ("list", items):
            return "\n".join(_wrapped(f"- {command}{text}", indent="  ") for command, text in items)
        case ("numbers", items):
            return "\n".join(_wrapped(f"{n}. {text}", indent="   ") for n, text in enumerate(items, start=1))
        case ("body", lines):
            return "\n".join(lines)
        case ("quote", lines):
            return "\n".join(f"> {line}".rstrip() for line in lines)
        case ("files", files):
            return "\n".join(f"- {name}" for name, _ in files)
        case ("actions", links):
            # A link that is wrapped leads nowhere.
            return "\n".join(f"- {label}: <{link}>" for label, link in links)
        case ("facts", facts):
            width = max(len(label) for label, _ in facts) + 1
            return "\n".join(f"{label + ':':{width}} {text}" for label, text in facts)
        case ("bars", bars):
            width = max(len(label) for label, _, _ in bars)
            return "\n".join(
                f"{label:{width}} {BAR * -(-BAR_LENGTH * share // 100)} {text}" for label, text, share in bars
            )
        case ("footer", lines):
            return "\n".join(("-- ", *lines))


# Most sentences are those of the templates, the same in every letter.
@lru_cache(maxsize=1000)
def _wrapped(text: str, *, indent: str = "") -> str:
    if len(text) <= TEXT_WIDTH and text.isprintable() and text == text.strip():
        return text
    return textwrap.fill(text, TEXT_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)

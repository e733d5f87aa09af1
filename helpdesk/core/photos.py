"""Which picture that came with a letter shows what of the things that were asked for.

Files, the letter's text and the things wanted in, Photos out: what each file was taken for and by what evidence, and
what is to be said of those that do not count. Evidence, strongest first: the file's own name; a line of the letter
that names file and thing ("IMG_1.jpg – nameplate", "2 – receipt"); things named in the order of the files; as many
files as are wanted. One file shows one thing. Logos of signatures, doubles and tiny pictures do not count. Never fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.core.message import Attachment
from helpdesk.core.words import MAX_CHARS, fold, from_latin

# Bytes. No camera makes a smaller picture; logos, buttons and thumbnails are.
SMALLEST_PHOTO = 20 * 1024

# Bytes. Mail programs put logos into the letter under names of their own; a photo there is larger.
LARGEST_LOGO = 60 * 1024

# Bytes of a page that says anything.
SMALLEST_PAGE = 1024

_EXTENSIONS = ("jpg", "jpeg", "png", "heic", "heif", "webp", "bmp", "tif", "tiff", "gif")
_LOGO_NAME = re.compile(r"(?:image\d{1,3}|logo.*|oledata|outlook-.*)\.\w{3,4}")
_NUMBERED = re.compile(
    r"\W*(?:фото|файл|снимок|photo|picture|file|zdjecie|plik|знімок)?\s*(?:№|#|no)?\s*(\d{1,2})\s*[-–—.):=]+\s*(.+)"
)
_MEGABYTE = 1024 * 1024


class FileFault(StrEnum):
    """Why a file does not count, where its sender should know."""

    TOO_LARGE = "too-large"
    UNCLEAR = "unclear"  # it may be any of several things


@dataclass(frozen=True, slots=True)
class Wanted:
    """A thing that a picture should show, and the names by which people call it; `open`: it is still to come."""

    key: str
    names: tuple[str, ...]
    open: bool = True


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A file that does not count, and the bound (in MB) where that is why."""

    fault: FileFault
    name: str
    limit_mb: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Photos:
    """`taken`: what each file was taken for, with the evidence. `problems`: files that do not count."""

    taken: tuple[tuple[str, str], ...] = ()
    problems: tuple[FileProblem, ...] = ()


def recognise(
    files: Sequence[Attachment], text: str, wanted: Sequence[Wanted], *, limit_mb: int | None = None
) -> Photos:
    """Which of the things wanted the files show."""
    pictures = list({file.sha256: file for file in files if _may_show(file)}.values())
    if not pictures:
        return Photos()
    text = text[:MAX_CHARS]
    too_large = [file for file in pictures if limit_mb and file.size > limit_mb * _MEGABYTE]
    left = [file for file in pictures if file not in too_large]
    order = list(left)
    taken: dict[str, str] = {}

    def take(key: str, file: Attachment) -> None:
        taken[key] = file.name
        left.remove(file)

    for file in order:
        key = _named_in(file.name.rpartition(".")[0], wanted)
        if key is not None and key not in taken:
            take(key, file)
    for file, key in _captions(text, order, wanted):
        if key not in taken and file in left:
            take(key, file)
    still = [one for one in wanted if one.open and one.key not in taken]
    # One line that names as many things as there are files, else the whole letter, else whatever was asked for.
    named = (_in_order_of(part, still) for part in (*text.splitlines(), text) if left)
    said = next((things for things in named if len(things) == len(left)), still if len(left) >= len(still) else [])
    for one, file in list(zip(said, left, strict=False)):
        take(one.key, file)
    open_left = any(one.open and one.key not in taken for one in wanted)
    problems = [FileProblem(FileFault.TOO_LARGE, file.name, limit_mb or 0) for file in too_large]
    problems += [FileProblem(FileFault.UNCLEAR, file.name) for file in left if open_left]
    return Photos(taken=tuple(taken.items()), problems=tuple(problems))


def _may_show(file: Attachment) -> bool:
    """Is it a picture or page of a size that shows something, and no logo?"""
    extension = file.name.rpartition(".")[2].lower()
    if file.type == "application/pdf" or extension == "pdf":
        return file.size >= SMALLEST_PAGE
    if not file.type.startswith("image/") and extension not in _EXTENSIONS:
        return False
    logo = file.inline and file.size < LARGEST_LOGO and _LOGO_NAME.fullmatch(file.name.lower())
    return file.size >= SMALLEST_PHOTO and not logo


def _named_in(said: str, wanted: Iterable[Wanted]) -> str | None:
    """The thing that these words name, by its longest name; None for none, or where several are named as well."""
    words = re.sub(r"[\W\d_]+", " ", fold(said)).split()
    spellings = (words, [from_latin(word) for word in words])
    found = {
        one.key: longest
        for one in wanted
        if (
            longest := max(
                (len(name) for name in one.names if any(_holds(words, name) for words in spellings)), default=0
            )
        )
    }
    best = [key for key, length in found.items() if length == max(found.values())]
    return best[0] if len(best) == 1 else None


def _holds(words: Sequence[str], name: str) -> bool:
    """Do all words of the name stand there, in any form? Endings of three letters at most are another form."""
    return all(
        any(
            word == part or (len(part) > 3 and word.startswith(part[:-1]) and len(word) <= len(part) + 2)
            for word in words
        )
        for part in re.sub(r"\W+", " ", fold(name)).split()
    )


def _captions(text: str, files: Sequence[Attachment], wanted: Sequence[Wanted]) -> Iterable[tuple[Attachment, str]]:
    """Lines that name a file, or its number among them, and what it shows."""
    for line in re.split(r"[\n;]|,\s*(?=\d{1,2}\s*[-–—)])", text):
        folded = fold(line)
        file = next((one for one in files if _mentions(folded, one.name)), None)
        numbered = _NUMBERED.match(folded) if file is None else None
        if numbered and 0 < int(numbered[1]) <= len(files):
            file, folded = files[int(numbered[1]) - 1], numbered[2]
        if file is None:
            continue
        key = _named_in(folded.replace(fold(file.name), " "), wanted)
        if key is not None:
            yield file, key


def _mentions(folded: str, name: str) -> bool:
    stem = fold(name.rpartition(".")[0])
    return fold(name) in folded or (len(stem) > 3 and re.search(rf"(?<!\w){re.escape(stem)}(?!\w)", folded) is not None)


def _in_order_of(text: str, wanted: Sequence[Wanted]) -> list[Wanted]:
    """The things that the text names, in its order."""
    pieces = re.split(r"[\n;,]|\s(?:и|та|and|oraz|i)\s", text)
    named = (_named_in(piece, wanted) for piece in pieces)
    by_key = {one.key: one for one in wanted}
    return [by_key[key] for key in dict.fromkeys(key for key in named if key)]

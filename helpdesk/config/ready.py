"""The ready replies of a desk: `replies/LANGUAGE/NAME.txt` in its folder of templates, read once."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from helpdesk.config.problems import Problems
from helpdesk.core.ready import ReadyReply

LANGUAGES = ("ru", "uk", "en", "pl")

# A letter that nobody reads to its end helps nobody; a larger file is no letter.
MAX_BYTES = 100_000


def ready_replies(templates: Path | None, problems: Problems) -> tuple[ReadyReply, ...]:
    """Every reply by name; what cannot be used of them goes to `problems`."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for language in LANGUAGES if templates is not None else ():
        for file in sorted((templates or Path()).glob(f"replies/{language}/*.txt")):
            text = _read(file, f"replies/{language}/{file.name}", problems)
            if text:
                found[file.stem].append((language, text))
    return tuple(ReadyReply(name=name, texts=tuple(texts)) for name, texts in sorted(found.items()))


def _read(file: Path, place: str, problems: Problems) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
        text = content.decode("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        problems.add(f"{place} cannot be read as text ({error}); want a letter in UTF-8")
        return ""
    if not text or len(content) > MAX_BYTES:
        problems.add(f"{place} is {'empty' if not text else 'too long'}; want a letter of at most {MAX_BYTES:,} bytes")
        return ""
    return text

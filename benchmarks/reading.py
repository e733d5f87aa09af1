"""How fast mail is read: ours beside the plain standard library and mail-parser, on the same files.

Ours does more than they do: charsets repaired, HTML as text, quotation and signature told from new words, reports
understood, every attachment hashed. The standard library takes the subject, the sender, the text parts and the
attachments' bytes by its tolerant policy (compat32); mail-parser gives its own idea of the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from email import message_from_bytes
from pathlib import Path

import mailparser

from helpdesk.adapters.mime.reading import read

ROOT = Path(__file__).parent.parent
# Where `make corpora` puts the mail of others; without it the repository's own mails are all.
COLLECTED = ROOT / "build" / "corpora" / "mail"
ROUNDS = 3


def report() -> str:
    """The figures as Markdown: the best of a few rounds, after one to warm up."""
    sources = {"this repository's nasty mail": ROOT / "tests" / "corpus", "collected from other projects": COLLECTED}
    lines = [
        "| messages per second, one process | messages | MB | ours | compat32 | mail-parser |",
        "|---|---|---|---|---|---|",
    ]
    for name, folder in sources.items():
        mails = [path.read_bytes() for path in sorted(folder.glob("*.eml"))]
        if mails:
            speeds = (_per_second(reader, mails) for reader in (read, _by_standard_library, _by_mail_parser))
            size = sum(map(len, mails)) / 1e6
            lines.append(f"| {name} | {len(mails)} | {size:.1f} | " + " | ".join(f"{one:.0f}" for one in speeds) + " |")
    return "\n".join([*lines, ""])


def _per_second(reader: Callable[[bytes], object], mails: list[bytes]) -> float:
    """Messages per second in the best round. What makes a reader raise counts as read."""
    return len(mails) / min(_seconds(reader, mails) for _ in range(ROUNDS + 1))


def _seconds(reader: Callable[[bytes], object], mails: Iterable[bytes]) -> float:
    begun = time.perf_counter()
    for mail in mails:
        with suppress(Exception):
            reader(mail)
    return time.perf_counter() - begun


def _by_standard_library(raw: bytes) -> list[object]:
    message = message_from_bytes(raw)
    found: list[object] = [message["Subject"], message["From"]]
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            if isinstance(content, bytes) and part.get_content_maintype() == "text":
                found.append(content.decode(part.get_content_charset() or "utf-8", "replace"))
            else:
                found.append(content)
    return found


def _by_mail_parser(raw: bytes) -> list[object]:
    mail = mailparser.parse_from_bytes(raw)
    return [mail.subject, mail.from_, mail.text_plain, mail.text_html, mail.attachments]


if __name__ == "__main__":
    print(report())

"""Pictures of every HTML letter, to look at: `python -m tests.pictures FOLDER [EVENT…]`.

Writes FOLDER/EVENT-LANGUAGE-WIDTH.png for a wide and a phone window, and a dark one in Russian, with the
program `chromium`. Also writes each letter as .eml, to be opened in a real mail program.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from helpdesk.adapters.templates import LANGUAGES, Templates
from helpdesk.compose import compose
from helpdesk.core.outgoing import Event
from tests.letters import FACE, KEY, NONCE, NOW, PICTURE, letter_of, ticket_of

# (name, width, height, options): a window of a desktop program, one of a phone, one with a dark ground.
WINDOWS = (
    ("wide", 900, 1100, ()),
    ("phone", 500, 1100, ()),  # chromium has no narrower window
    ("dark", 900, 1100, ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")),
)


def main(folder: Path, events: tuple[Event, ...]) -> None:
    """One picture for each event, language and window."""
    folder.mkdir(parents=True, exist_ok=True)
    templates = Templates()
    for event in events:
        for language in LANGUAGES:
            letter = letter_of(event, language)
            files = (PICTURE,) if event in (Event.NOTIFY, Event.REPLY) else ()
            composed = compose(
                letter, ticket_of(event, language), FACE, files, key=KEY, nonce=NONCE, now=NOW, renderer=templates
            )
            (folder / f"{event}-{language}.eml").write_bytes(composed.raw)
            page = folder / f"{event}-{language}.html"
            page.write_text(_html_of(composed.raw), "utf-8")
            for name, width, height, options in WINDOWS:
                if name != "dark" or language == "ru":
                    _photograph(page, page.with_name(f"{page.stem}-{name}.png"), width, height, options)


def _html_of(raw: bytes) -> str:
    """The HTML part, with its pictures put into it as a mail program does."""
    from base64 import b64encode
    from email import message_from_bytes, policy

    message = message_from_bytes(raw, policy=policy.default)
    html = ""
    pictures = {}
    for part in message.walk():
        if part.get_content_type() == "text/html":
            html = part.get_content()
        elif part["Content-ID"]:
            data = b64encode(part.get_content()).decode("ascii")
            pictures[part["Content-ID"].strip("<>")] = f"data:{part.get_content_type()};base64,{data}"
    for cid, data in pictures.items():
        html = html.replace(f"cid:{cid}", data)
    return html


def _photograph(page: Path, picture: Path, width: int, height: int, options: tuple[str, ...]) -> None:
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *options]
    subprocess.run(
        [*command, f"--window-size={width},{height}", f"--screenshot={picture}", page.as_uri()],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(Event(name) for name in sys.argv[2:]) or tuple(Event))

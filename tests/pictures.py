"""Pictures of every HTML letter, to look at: `python -m tests.pictures FOLDER [EVENT…]`.

Each letter in each language, wide and on a phone, on light and on dark ground: FOLDER/EVENT-LANGUAGE-WIDTH-GROUND.png,
with the letter as .eml beside it, to be opened in a mail program. FOLDER/sheets shows the languages side by side.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

from helpdesk.adapters.templates import Templates
from helpdesk.cli.browser import PHONE, WIDE, Photographer, page_of, photographer
from helpdesk.compose import compose
from helpdesk.core.language import LANGUAGES
from helpdesk.core.outgoing import Event
from tests.letters import BRANDED, KEY, NONCE, NOW, PICTURE, letter_of, ticket_of

WIDTHS = {"wide": WIDE, "phone": PHONE}
GROUNDS = {"light": False, "dark": True}


def main(folder: Path, events: tuple[Event, ...]) -> None:
    """One picture for each event, language, width and ground, and a sheet for each event, width and ground."""
    folder.mkdir(parents=True, exist_ok=True)
    templates = Templates()
    with photographer() as camera:
        for event in events:
            for language in LANGUAGES:
                page = _write(folder, event, language, templates)
                for width, pixels in WIDTHS.items():
                    for ground, dark in GROUNDS.items():
                        png = camera.photograph(page, width=pixels, dark=dark)
                        page.with_name(f"{page.stem}-{width}-{ground}.png").write_bytes(png)
            _write_sheets(folder, event, camera)
            print(event)


def _write(folder: Path, event: Event, language: str, templates: Templates) -> Path:
    """The letter as a mail and as a page."""
    letter, ticket = letter_of(event, language), ticket_of(event, language)
    files = (PICTURE,) if event in (Event.NOTIFY, Event.REPLY) else ()
    composed = compose(
        letter, ticket if letter.ticket else None, BRANDED, files, key=KEY, nonce=NONCE, now=NOW, renderer=templates
    )
    (folder / f"{event}-{language}.eml").write_bytes(bytes(composed.raw))
    page = folder / f"{event}-{language}.html"
    page.write_text(page_of(bytes(composed.raw)), "utf-8")
    return page


def _write_sheets(folder: Path, event: Event, camera: Photographer) -> None:
    sheets = folder / "sheets"
    sheets.mkdir(exist_ok=True)
    for width, pixels in WIDTHS.items():
        for ground, dark in GROUNDS.items():
            cells = "".join(
                f'<td><img src="../{event}-{language}-{width}-{ground}.png" width="{pixels}"></td>'
                for language in LANGUAGES
            )
            sheet = sheets / f"{event}-{width}-{ground}.html"
            sheet.write_text(
                f'<!DOCTYPE html><meta charset="utf-8"><title>{escape(event)}</title>'
                f'<body style="margin:8px;background:#888"><table><tr valign="top">{cells}</tr></table>',
                "utf-8",
            )
            picture = camera.photograph(sheet, width=4 * (pixels + 12) + 16, dark=dark)
            sheet.with_suffix(".png").write_bytes(picture)
            sheet.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(Event(name) for name in sys.argv[2:]) or tuple(Event))

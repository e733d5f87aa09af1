"""[brand] and every [brand.NAME]: how letters of a desk look; their logos are read here."""

from __future__ import annotations

from pathlib import Path

from helpdesk.config import values
from helpdesk.config.document import Document
from helpdesk.config.problems import Problems
from helpdesk.config.tables import DeskTable
from helpdesk.core.brand import MAX_LOGO, Brand, Logo, read_logo


def check_brands(document: Document, problems: Problems) -> None:
    """Brands that are named exist, and named ones are used; logos can be shown."""
    used = {f"{desk.place}.brand": desk.table.brand for desk in document.desks if desk.table.brand is not None}
    for key, name in used.items():
        if name not in document.brand_names:
            problems.add(f'{key} is "{name}"; want the NAME of a table [brand.NAME]')
    for name in document.brand_names:
        if name and name not in used.values():
            problems.add(f'brand.{name} is used by no desk; write brand = "{name}" under a [[desk]]')
    for brand in document.brands:
        if brand.table.logo is not None:
            try:
                _logo(document.base / brand.table.logo)
            except ValueError as error:
                problems.add(f'{brand.place}.logo is "{brand.table.logo}"; the file {error}')


def brand(desk: DeskTable, document: Document) -> Brand:
    """The desk's own brand; without one [brand], and without that plain letters."""
    wanted = f"brand.{desk.brand}" if desk.brand else "brand"
    for one in document.brands:
        if one.place == wanted:
            table = one.table
            return Brand(
                colour=table.colour or "",
                logo=_logo(document.base / table.logo) if table.logo else None,
                signature=table.signature.get(values.ANY_LANGUAGE, ()),
                signatures=tuple((key, lines) for key, lines in table.signature.items() if key != values.ANY_LANGUAGE),
            )
    return Brand()


def _logo(path: Path) -> Logo:
    try:
        with path.open("rb") as file:
            return read_logo(file.read(MAX_LOGO + 1))
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error

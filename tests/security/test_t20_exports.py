"""T20, formulas in exports: tables are written in one place, without formulas; JSON keeps every word a string."""

from __future__ import annotations

import ast
import csv
import io
import json
from pathlib import Path

import helpdesk
from helpdesk.core.directory import from_sheet, to_sheet
from tests.security.desk import EVE, Desk, mail

FORMULAS = [
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "=HYPERLINK(\"http://evil.test\",\"x\")", "=1;=2", "'=1",
    "%0A=1", "=IMPORTXML(1)", "|calc", '"=1"',
]  # fmt: skip


def test_tables_for_spreadsheets_are_written_where_formulas_are_made_words() -> None:
    """Whoever adds another export must come here: its cells go through `to_sheet`, too."""
    package = Path(str(helpdesk.__file__)).parent
    writers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
        if name in {"csv", "openpyxl", "xlsxwriter", "pandas"}
    }
    assert writers == {"cli/directory.py"}


def test_no_cell_of_an_exported_directory_is_a_formula(open_desk: Desk) -> None:
    sheet = open_desk.folder / "partners.csv"
    names = [f"{formula} {number}" for number, formula in enumerate(FORMULAS)]
    lines = ['"{}",p{}@partner.test'.format(name.replace('"', '""'), number) for number, name in enumerate(names)]
    sheet.write_text("\n".join(["name,address", *lines]) + "\n", "utf-8")
    open_desk.cli("directory", "import", "partners", str(sheet))
    _, *rows = csv.reader(io.StringIO(open_desk.cli("directory", "export", "partners")))
    assert len(rows) == len(FORMULAS)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert all(from_sheet(to_sheet(formula)) == formula for formula in FORMULAS)


def test_formulas_come_out_of_json_as_they_went_in(open_desk: Desk) -> None:
    for formula in FORMULAS:
        open_desk.take_one(mail(EVE, f"x{formula}", formula))
    subjects = [one["subject"] for one in json.loads(open_desk.cli("queue", "--json"))]
    assert subjects == [" ".join(f"x{formula}".split()) for formula in FORMULAS]

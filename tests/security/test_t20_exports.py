"""T20, formulas in exports: there is no table export yet. JSON, the only export, keeps every word a string."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import helpdesk
from tests.security.desk import EVE, Desk, mail

FORMULAS = [
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "=HYPERLINK(\"http://evil.test\",\"x\")", "=1;=2", "'=1",
    "%0A=1", "=IMPORTXML(1)", "|calc", '"=1"',
]  # fmt: skip


def test_no_part_of_the_program_writes_tables_for_spreadsheets() -> None:
    """Whoever adds an export must come here: cells that begin with = + - @ TAB or CR get an apostrophe in front."""
    imported = {
        name
        for path in Path(str(helpdesk.__file__)).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    assert imported & {"csv", "openpyxl", "xlsxwriter", "pandas"} == set()


def test_formulas_come_out_of_json_as_they_went_in(open_desk: Desk) -> None:
    for formula in FORMULAS:
        open_desk.take_one(mail(EVE, f"x{formula}", formula))
    subjects = [one["subject"] for one in json.loads(open_desk.cli("queue", "--json"))]
    assert subjects == [" ".join(f"x{formula}".split()) for formula in FORMULAS]

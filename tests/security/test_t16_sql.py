"""T16, SQL in mail: every word of a stranger is a parameter, and any string can be stored and found again."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import helpdesk
from tests.security.desk import Desk, mail

HOSTILE = [
    "'; DROP TABLE ticket; --",
    '" OR 1=1 --',
    "') UNION SELECT secret_key FROM meta --",
    "%' OR '1'='1",
    "\\'; DELETE FROM outbox; --",
    "$1 :address ?1 %(x)s {0}",
    "a\x00b",
    "\ud800\udc00 \udfff",
    "\U0001f525" * 50,
    "x" * 10_000,
]
SOURCES = sorted(Path(str(helpdesk.__file__)).parent.rglob("*.py"))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:30])
def test_hostile_words_are_kept_as_words(open_desk: Desk, text: str) -> None:
    first = open_desk.open()
    raw = mail("PLACE <eve@evil.test>", "PLACE [##100001##]", "PLACE", "X: PLACE", "References: <PLACE@evil.test>")
    taken = open_desk.take_one(raw.replace(b"PLACE", text.encode("utf-8", "surrogatepass")))
    assert taken.ticket is not None
    open_desk.send()
    tickets = open_desk.works.store.queue()
    assert first in {ticket.number for ticket in tickets}
    assert len(open_desk.works.store.secret_key()) == 32
    kept = [one.text for one in open_desk.file(taken.ticket).messages if one.direction == "in"][-1]
    if text.isprintable() and len(text) < 1000:
        assert text in kept


@pytest.mark.parametrize("local", ["'or'1'='1", "a'--", "x;y", "%25", "_", "*"])
def test_hostile_addresses_are_compared_and_not_matched(open_desk: Desk, local: str) -> None:
    number = open_desk.open("anna@shop.test")
    before = open_desk.conversation(number)
    open_desk.take_one(mail(f"{local}@shop.test", f"[##{number}##]", "Me, too."))
    assert open_desk.conversation(number) == before


def statements(path: Path) -> list[ast.expr]:
    """What a module hands to a database as text."""
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return [call.args[0] for call in calls if ast.unparse(call.func).endswith(("sa.text", ".exec_driver_sql"))]


def test_no_statement_is_put_together_from_values() -> None:
    found = [one for path in SOURCES for one in statements(path)]
    assert found, "there are statements to look at"
    # Constants of ours may be named, and one of two chosen.
    fixed = ast.Constant | ast.Name | ast.IfExp
    pieces = [value for one in found for value in (one.values if isinstance(one, ast.JoinedStr) else [one])]
    values = [piece.value if isinstance(piece, ast.FormattedValue) else piece for piece in pieces]
    assert [ast.unparse(value) for value in values if not isinstance(value, fixed)] == []

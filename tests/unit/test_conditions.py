"""Conditions on fields."""

from __future__ import annotations

from datetime import date

import pytest

from helpdesk.core.conditions import read_condition

FIELDS = {
    "look": "used",
    "sold": "2026-02-20",
    "accepted": "2026-03-01",
    "price": "99.90 PLN",
    "verdict": "Не гарантийный",
}
KNOWN = (*FIELDS, "own")
TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("look = used", True),
        ("look = new | used", True),
        ("look != used", False),
        ("accepted < sold + 14d", True),
        ("accepted < sold + 9d", False),
        ("accepted > today", False),
        ("sold >= 2026-02-20", True),
        ("price > 100", False),
        ("price <= 99.9", True),
        ("verdict ~ не гарант*", True),
        ("verdict !~ гарант*", False),
        ("price", True),
        ("own", False),
        ("own = yes", False),  # nobody has said anything of it
        ("own != yes", False),  # nor does that say no
        ("own < sold", False),
    ],
)
def test_a_condition_holds_or_not(text: str, holds: bool) -> None:
    assert read_condition(text, KNOWN).holds(FIELDS, TODAY) is holds


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("= yes", "want for example"),
        ("colour = red", 'there is no field "colour"'),
        ("sold > tomorrow", '"tomorrow" is neither a field nor a day nor a number'),
        ("verdict ~ (", "a word is missing"),
    ],
)
def test_what_is_no_condition_is_told_why(text: str, complaint: str) -> None:
    with pytest.raises(ValueError) as refusal:
        read_condition(text, KNOWN)
    assert complaint in str(refusal.value)

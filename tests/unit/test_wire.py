"""What has no place in a letter is taken out of every text, however short the way around it."""

from __future__ import annotations

import pytest

from helpdesk.core.wire import lines, one_line

# One of each kind: controls, direction marks, overrides, isolates, byte order mark, interlinear mark, half a pair.
UNSEEN = ("\0", "\x1b", "\x7f", "\x9b", "\u061c", "\u200e", "\u202e", "\u2066", "\ufeff", "\ufff9", "\ud800")


@pytest.mark.parametrize("character", UNSEEN)
def test_a_character_that_hides_or_redirects_is_taken_out(character: str) -> None:
    assert one_line(f"Счёт {character}за март") == "Счёт за март"
    assert lines(f"Счёт\nза{character} март") == "Счёт\nза март"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_every_line_end_becomes_one_kind(end: str) -> None:
    assert one_line(f"Счёт{end}за март") == "Счёт за март"
    assert lines(f"Счёт{end}за март") == "Счёт\nза март"

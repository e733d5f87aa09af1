"""The second half of the broken mails (see test_mails.py)."""

from __future__ import annotations

import pytest

from tests.fuzz.journey import survive


@pytest.mark.slow
@pytest.mark.parametrize("share", range(5, 10))
def test_no_mutated_mail_stops_the_program(share: int) -> None:
    survive(f"share {share}", mails=10_000)

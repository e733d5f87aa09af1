"""The desks that attacks are made on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.desk import TRUSTED, Desk, desk


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk without a trusted server: nobody's word about a sender is believed."""
    with desk(tmp_path / "desk") as one:
        yield one


@pytest.fixture
def guarded_desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose own server says which senders are proven and which are forged."""
    with desk(tmp_path / "desk", helpdesk=TRUSTED) as one:
        yield one

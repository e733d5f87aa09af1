"""Fixtures that more than one folder of tests needs."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.stack import MailStack, missing_programs


def need_real_servers(missing: list[str]) -> None:
    """Skip loudly when a real server cannot be started here; fail where HELPDESK_REAL_SERVERS=1 promises it."""
    if not missing:
        return
    reason = f"no real mail servers: this test needs {', '.join(missing)}"
    if os.environ.get("HELPDESK_REAL_SERVERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def mailstack() -> Iterator[MailStack]:
    """Dovecot and Postfix, started once for each test process. Use addresses of your own to stay apart from others."""
    need_real_servers(missing_programs())
    with MailStack() as stack:
        yield stack

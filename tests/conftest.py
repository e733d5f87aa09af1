"""Fixtures that more than one folder of tests needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres as postgresql
from tests.stack import MailStack, missing_programs


@pytest.fixture(scope="session")
def mailstack() -> Iterator[MailStack]:
    """Dovecot and Postfix, started once for each test process. Use addresses of your own to stay apart from others."""
    if missing := missing_programs():
        pytest.skip(f"no real mail servers: this test needs {', '.join(missing)}")
    with MailStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.Cluster]:
    """A PostgreSQL server, started once for each test process."""
    if missing := postgresql.missing():
        pytest.skip(f"no real PostgreSQL: this test needs {missing}")
    with postgresql.cluster() as cluster:
        yield cluster

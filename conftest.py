"""Two rules for the whole suite: where real servers are promised a skip is a failure, and no test is timed.

Tests against Dovecot, Postfix and PostgreSQL skip themselves where those are not installed, so that a
developer's quick run stays quick. `make test` sets HELPDESK_REAL_SERVERS=1 once it has installed them;
from then on a skip would hide that a suite did not run, so it counts as a failure.

A property does not fail because the machine is busy. In CI its examples are the same in each run, so that a
change fails for what it changed; everywhere else they are new ones.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

SERVERS_PROMISED = os.environ.get("HELPDESK_REAL_SERVERS") == "1"

settings.register_profile("untimed", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("untimed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # An expected failure is reported as skipped too; it did run.
    if SERVERS_PROMISED and report.skipped and not hasattr(report, "wasxfail"):
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if SERVERS_PROMISED and report.skipped:
        _fail(report)
    return report


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that repeats its reason."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{reason}\nHELPDESK_REAL_SERVERS=1 promises every server: this test must run, not skip."

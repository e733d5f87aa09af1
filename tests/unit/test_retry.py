"""When to try again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.core.retry import next_attempt, reconnect_wait

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAYS_5 = timedelta(days=5)


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [(1, 1), (2, 5), (3, 15), (4, 60), (5, 60), (100, 60)],
)
def test_letter_waits_longer_after_each_failure(attempts: int, minutes: int) -> None:
    assert next_attempt(attempts, T0, T0) == T0 + minutes * MINUTE


def test_jitter_adds_up_to_one_minute() -> None:
    assert next_attempt(1, T0, T0, jitter=0.5) == T0 + 1.5 * MINUTE
    assert next_attempt(4, T0, T0, jitter=1.0) == T0 + 61 * MINUTE


def test_last_try_is_made_at_the_end_of_the_time() -> None:
    almost = T0 + DAYS_5 - 10 * MINUTE
    assert next_attempt(50, T0, almost) == T0 + DAYS_5
    assert next_attempt(50, T0, T0 + DAYS_5) is None
    assert next_attempt(50, T0, T0 + timedelta(days=9)) is None


def test_last_try_leaves_the_relay_a_minute() -> None:
    almost = T0 + DAYS_5 - timedelta(seconds=1)
    assert next_attempt(50, T0, almost) == almost + MINUTE


def test_letter_that_is_never_delivered_is_tried_about_hourly_for_five_days() -> None:
    now, attempts = T0, 1
    while due := next_attempt(attempts, T0, now):
        now, attempts = due, attempts + 1
    assert now == T0 + DAYS_5
    assert attempts == 124


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (100_000, 60)],  # away for weeks: no overflow
)
def test_server_is_left_alone_for_up_to_a_minute(failures: int, seconds: int) -> None:
    assert reconnect_wait(failures) == timedelta(seconds=seconds)


def test_mailboxes_of_one_server_do_not_return_in_step() -> None:
    assert reconnect_wait(7, jitter=1.0) == timedelta(seconds=90)
    assert reconnect_wait(1, jitter=0.5) == timedelta(seconds=1.25)

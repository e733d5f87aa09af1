"""Durations as administrators and agents write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.duration import MAX_DAYS, BusinessDays, Duration, format_duration, parse_duration

durations = st.builds(lambda s: timedelta(seconds=s), st.integers(0, MAX_DAYS * 86400)) | st.builds(
    BusinessDays, st.integers(0, MAX_DAYS)
)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("20s", timedelta(seconds=20)),
        ("15m", timedelta(minutes=15)),  # minutes, never months
        ("2h", timedelta(hours=2)),
        ("3d", timedelta(days=3)),
        ("3bd", BusinessDays(3)),
        ("0s", timedelta()),  # "at once"
        (" 3 BD ", BusinessDays(3)),  # a phone capitalises and adds spaces
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, duration: Duration) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fast",
        "15",  # of what?
        "-5m",
        "1.5h",
        "1h30m",
        "3w",
        "٣d",  # digits of another script
        "4000d",  # more than ten years
        "9999999999s",
    ],
)
def test_anything_else_is_refused_with_what_is_wanted(text: str) -> None:
    with pytest.raises(ValueError, match="want"):
        parse_duration(text)


@given(durations)
def test_a_duration_reads_back_as_it_was_written(duration: Duration) -> None:
    assert parse_duration(format_duration(duration)) == duration


def test_a_duration_is_written_in_its_largest_exact_unit() -> None:
    seconds = [0, 20, 60, 90, 7200, 86400, 90000]
    written = [format_duration(timedelta(seconds=s)) for s in seconds]
    assert written == ["0s", "20s", "1m", "90s", "2h", "1d", "25h"]


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(ValueError):
        assert parse_duration(text) == parse_duration(text.strip())


def test_business_days_are_never_negative() -> None:
    with pytest.raises(ValueError, match="never negative"):
        BusinessDays(-1)

"""How long something takes, as people write it: `20s`, `15m`, `2h`, `3d` by the clock, `3bd` in business days.

Text in, a `timedelta` or `BusinessDays` out. What cannot be read is a ValueError in words for people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

# Ten years: more is a slip of the pen, and dates far behind it cannot be computed.
MAX_DAYS = 3650

_SHAPE = re.compile(r"([0-9]{1,10}) ?(bd|[smhd])")
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True, slots=True, order=True)
class BusinessDays:
    """A number of days on which a desk works; what they are is decided by its calendar."""

    count: int

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("a number of business days is never negative")


Duration = timedelta | BusinessDays


def parse_duration(text: str) -> Duration:
    """The duration that `text` names: a whole number and one of s, m, h, d, bd, at most ten years.

    Case and outer space do not matter. ValueError for anything else.
    """
    shape = _SHAPE.fullmatch(text.strip().lower())
    if shape is None:
        raise ValueError('want a duration, for example "20s", "15m", "2h", "3d" or "3bd" (business days)')
    count, unit = int(shape[1]), shape[2]
    days = count if unit == "bd" else count * _UNITS[unit] / _UNITS["d"]
    if days > MAX_DAYS:
        raise ValueError(f'want at most ten years ("{MAX_DAYS}d")')
    return BusinessDays(count) if unit == "bd" else count * _UNITS[unit]


def format_duration(duration: Duration) -> str:
    """`duration` as `parse_duration` reads it, in the largest unit that is exact; whole seconds, not negative."""
    if isinstance(duration, BusinessDays):
        return f"{duration.count}bd"
    exact = (unit for unit in ("d", "h", "m") if duration and not duration % _UNITS[unit])
    unit = next(exact, "s")
    return f"{duration // _UNITS[unit]}{unit}"

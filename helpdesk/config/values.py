"""Single values of the configuration: what is written there, checked and turned into what the program uses.

Each function takes what TOML gave and answers the value, or raises ValueError with what is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from helpdesk.config.settings import FirstStart
from helpdesk.core.address import normalise
from helpdesk.core.calendar import DAY_NAMES, Week, parse_hours
from helpdesk.core.chains import Occasion
from helpdesk.core.duration import BusinessDays, Duration, format_duration, parse_duration
from helpdesk.core.language import LANGUAGES
from helpdesk.core.policy import Weekly
from helpdesk.core.ticket import Lane, Priority

Choice = TypeVar("Choice", bound=StrEnum)

# Under this name stands what holds for every language that is not named.
ANY_LANGUAGE = "any"

# Lines. Longer ones are letters.
MAX_SIGNATURE = 6

_HOST = re.compile(r"[A-Za-z0-9_.:-]+")
_HOST_AND_PORT = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:]+)\]|(?P<host>[A-Za-z0-9_.-]+)):(?P<port>[0-9]{1,5})")
_HEADER = re.compile(r"([!-9;-~]+): *(\S.*)")


def read_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("want text in quotes")
    return value


def read_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("want one line of text")
    return text.strip()


def read_address(text: str) -> str:
    address = normalise(text)
    if address is None:
        raise ValueError('want one plain address, for example "support@example.com"')
    return address


def read_reply_address(text: str) -> str:
    address = text.replace("{token}", "token", 1)
    if "{" in address or normalise(address) is None:
        raise ValueError('want an address, for example "support+{token}@example.com"')
    return text


def read_host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError('want the name of a server alone, for example "mail.example.com"')
    return text


def read_timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        nearest = get_close_matches(text, available_timezones(), n=1)
        hint = f'did you mean "{nearest[0]}"?' if nearest else 'for example "Europe/Moscow"'
        raise ValueError(f"want the name of a time zone, {hint}") from error
    return text


def read_database(text: str) -> str:
    if not re.match(r"sqlite:///[^?]|postgresql://.", text):
        raise ValueError('want "sqlite:///FILE" or "postgresql://USER@HOST/NAME"')
    return text


def read_listen(value: object) -> tuple[str, int] | Path:
    text = read_text(value)
    if "/" in text:
        return Path(text)
    place = _HOST_AND_PORT.fullmatch(text)
    if place is None or not 0 < int(place["port"]) < 65536:
        raise ValueError('want "127.0.0.1:24" or the path of a socket, for example "/run/helpdesk/lmtp.sock"')
    return place["v6"] or place["host"], int(place["port"])


def read_header(value: object) -> tuple[str, str]:
    header = _HEADER.fullmatch(read_text(value))
    if header is None:
        raise ValueError('want a header and its value, for example "X-Spam-Flag: YES"')
    return header[1].lower(), header[2].strip()


def read_hours(value: object) -> Week:
    return parse_hours(read_text(value))


def read_country(text: str) -> str:
    if not re.fullmatch("[A-Za-z]{2}", text):
        raise ValueError('want the two letters of a country, for example "RU"')
    return text.upper()


def read_folder(text: str) -> str:
    # Control characters would end the IMAP command that names the folder (RFC 9051 section 9).
    if not text or not text.isprintable():
        raise ValueError('want the name of a folder, for example "Helpdesk/Done"')
    return text


def is_loopback(host: str) -> bool:
    """Does `host` name this machine, so that nobody on the way can listen?"""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def read_duration(value: object) -> Duration:
    if not isinstance(value, str):
        raise ValueError('want a duration in quotes, for example "20s", "3d" or "3bd" (business days)')
    return parse_duration(value)


def clock_time(shortest: timedelta, longest: timedelta) -> Callable[[object], timedelta]:
    """A reader of durations by the clock within bounds."""

    def read(value: object) -> timedelta:
        duration = read_duration(value)
        if isinstance(duration, BusinessDays) or not shortest <= duration <= longest:
            raise ValueError(f'want "{format_duration(shortest)}" to "{format_duration(longest)}", no business days')
        return duration

    return read


def read_first_start(value: object) -> FirstStart:
    if value in ("new", "all"):
        return value
    try:
        return clock_time(timedelta(), timedelta(days=3650))(value)
    except ValueError as error:
        raise ValueError('want "new", "all" or how far back, for example "3d"') from error


def read_clock_or_never(value: object) -> timedelta | None:
    return None if value == "never" else clock_time(timedelta(minutes=1), timedelta(days=7))(value)


def read_target(value: object) -> Duration:
    """A service level: time that the desk works, so that "3d" would be nine days of eight hours."""
    want = 'want hours of work or business days, for example "30m", "4h" or "2bd"'
    try:
        duration = read_duration(value)
    except ValueError as error:
        raise ValueError(want) from error
    by_the_clock = format_duration(duration).endswith("d") and not isinstance(duration, BusinessDays)
    if by_the_clock or duration in (timedelta(), BusinessDays(0)):
        raise ValueError(want)
    return duration


def read_time_or_never(value: object) -> time | None:
    if value == "never":
        return None
    if not isinstance(value, str) or not re.fullmatch("([01]?[0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError('want a time of day, for example "09:00", or "never"')
    return time.fromisoformat(value.zfill(5))


def read_weekly_or_never(value: object) -> Weekly | None:
    want = 'want a day and a time, for example "Mon 09:00", or "never"'
    if value == "never":
        return None
    day, _, at = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if day.title() not in DAY_NAMES:
        raise ValueError(want)
    try:
        hour = read_time_or_never(at.strip())
    except ValueError as error:
        raise ValueError(want) from error
    if hour is None:
        raise ValueError(want)
    return Weekly(DAY_NAMES.index(day.title()), hour)


def read_weekday_or_never(value: object) -> int | None:
    if value == "never":
        return None
    if not isinstance(value, str) or value.title() not in DAY_NAMES:
        raise ValueError('want a day of the week, for example "Fri", or "never"')
    return DAY_NAMES.index(value.title())


def read_series(text: str) -> str:
    if not re.fullmatch("[A-Z]{1,4}", text):
        raise ValueError('want one to four capital letters A to Z, for example "R"')
    return text


def read_signature(value: object) -> dict[str, tuple[str, ...]]:
    """Lines by language; those for every other language under ANY_LANGUAGE."""
    by_language: dict[object, object] = value if isinstance(value, dict) else {ANY_LANGUAGE: value}
    read = {}
    for language, lines in by_language.items():
        if language not in (*LANGUAGES, ANY_LANGUAGE):
            raise ValueError(f"{language}: want {', '.join(LANGUAGES)} or {ANY_LANGUAGE}, each with its lines")
        if not isinstance(lines, list) or len(lines) > MAX_SIGNATURE:
            raise ValueError(f'want at most {MAX_SIGNATURE} lines, for example ["Example Ltd", "+44 20 7946 0000"]')
        read[str(language)] = tuple(read_line(read_text(line)) for line in lines)
    return read


def read_lane(value: object) -> Lane:
    return _one_of(Lane, value)


def read_priority(value: object) -> Priority:
    return _one_of(Priority, value)


def read_reporters(count: int) -> int:
    if count < 0 or count == 1:
        raise ValueError("want 2 or more, or 0 for never")
    return count


def read_occasion(value: object) -> str:
    """An Occasion, or the key of a state that a pack brings."""
    text = read_text(value)
    return Occasion(text) if text in list(Occasion) else text


def _one_of(choices: type[Choice], value: object) -> Choice:
    try:
        return choices(read_text(value))
    except ValueError as error:
        raise ValueError("want " + " or ".join(f'"{one}"' for one in choices)) from error


def check_order(times: Iterable[Duration]) -> None:
    """ValueError where a step of a chain does not come later than the one before; days are compared with days."""
    for earlier, later in pairwise(times):
        if isinstance(earlier, BusinessDays) and isinstance(later, BusinessDays):
            in_order = earlier < later
        else:
            in_order = _by_the_clock(earlier) < _by_the_clock(later)
        if not in_order:
            raise ValueError(
                f'want each step later than the one before, and "{format_duration(later)}" stands after '
                f'"{format_duration(earlier)}"'
            )


def _by_the_clock(duration: Duration) -> timedelta:
    return timedelta(days=duration.count) if isinstance(duration, BusinessDays) else duration


def read_follow_up(value: object) -> Duration | None:
    return None if value == "never" else read_duration(value)

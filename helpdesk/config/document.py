"""The tables of a configuration file, each checked by itself.

What is wrong is noted and left out, so that the checks between tables see only what is sound.
TOML that cannot be read at all is a ConfigError with line and column.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from helpdesk.config.problems import Problems, did_you_mean, shown
from helpdesk.config.tables import (
    MAILBOX_KINDS,
    SENDING_KINDS,
    AgentTable,
    BoardTable,
    BoundsTable,
    BrandTable,
    CalendarTable,
    DeskTable,
    DigestTable,
    EscalationTable,
    FollowUpTable,
    HelpdeskTable,
    ImapTable,
    IncidentsTable,
    LmtpTable,
    MaildirTable,
    OutdirTable,
    PartnerTable,
    ServiceLevelTable,
    SmtpTable,
    Table,
)
from helpdesk.errors import ConfigError, Problem

DEFAULT_DESK = "support"

SECTIONS = (
    "agent",
    "board",
    "bounds",
    "brand",
    "calendar",
    "desk",
    "digest",
    "escalation",
    "follow_up",
    "helpdesk",
    "incidents",
    "mailbox",
    "partner",
    "service_level",
    "smtp",
)

T = TypeVar("T", bound=Table)
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A table and its place in the file: `mailbox[0]`, `calendar.night`."""

    place: str
    table: T


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """What a file says, table by table; None or left out where a table is of no use.

    `desk_names`, `calendar_names` and `brand_names` are all that are written there, so that a name is not called
    unknown because its table has a problem.
    """

    file: Path
    helpdesk: HelpdeskTable | None
    sending: SmtpTable | OutdirTable | None
    bounds: BoundsTable | None
    incidents: IncidentsTable | None
    escalation: EscalationTable | None
    digest: DigestTable | None
    board: BoardTable | None
    mailboxes: tuple[Placed[ImapTable | MaildirTable | LmtpTable], ...]
    agents: tuple[Placed[AgentTable], ...]
    partners: tuple[Placed[PartnerTable], ...]
    desks: tuple[Placed[DeskTable], ...]
    calendars: tuple[Placed[CalendarTable], ...]
    brands: tuple[Placed[BrandTable], ...]
    follow_ups: tuple[Placed[FollowUpTable], ...]
    service_levels: tuple[Placed[ServiceLevelTable], ...]
    desk_names: tuple[str, ...]
    calendar_names: tuple[str, ...]
    brand_names: tuple[str, ...]

    @property
    def base(self) -> Path:
        """The folder to which relative paths are relative."""
        return self.file.absolute().parent


def read_document(file: Path, problems: Problems) -> Document:
    """The tables of `file`; what is wrong with them goes to `problems`."""
    raw = _parse(file)
    for key in raw.keys() - set(SECTIONS):
        problems.add_unknown(key, key, SECTIONS)
    mailboxes = _list(raw, "mailbox", problems)
    if "mailbox" not in raw:
        problems.add("mailbox is missing; want one table [[mailbox]] at least")
    desks = _list(raw, "desk", problems) or _implied_desks(mailboxes)
    calendars = _named("calendar", CalendarTable, raw, problems)
    brands = _named("brand", BrandTable, raw, problems)
    sending = _table(raw, "smtp", problems)
    return Document(
        file=file,
        helpdesk=_read(HelpdeskTable, "helpdesk", _table(raw, "helpdesk", problems), problems),
        sending=_read_kind(SENDING_KINDS, "smtp", sending, problems),
        bounds=_read(BoundsTable, "bounds", _table(raw, "bounds", problems), problems),
        incidents=_read(IncidentsTable, "incidents", _table(raw, "incidents", problems), problems),
        escalation=_read(EscalationTable, "escalation", _table(raw, "escalation", problems), problems),
        digest=_read(DigestTable, "digest", _table(raw, "digest", problems), problems),
        board=_read(BoardTable, "board", _table(raw, "board", problems), problems) if "board" in raw else None,
        mailboxes=_placed((place, _read_kind(MAILBOX_KINDS, place, values, problems)) for place, values in mailboxes),
        agents=_placed(
            (place, _read(AgentTable, place, values, problems)) for place, values in _list(raw, "agent", problems)
        ),
        partners=_placed(
            (place, _read(PartnerTable, place, values, problems)) for place, values in _list(raw, "partner", problems)
        ),
        desks=_placed((place, _read(DeskTable, place, values, problems)) for place, values in desks),
        calendars=_placed((place, _read(CalendarTable, place, values, problems)) for place, values in calendars),
        brands=_placed((place, _read(BrandTable, place, values, problems)) for place, values in brands),
        follow_ups=read_follow_ups(_list(raw, "follow_up", problems), problems),
        service_levels=_placed(
            (place, _read(ServiceLevelTable, place, values, problems))
            for place, values in _list(raw, "service_level", problems)
        ),
        desk_names=tuple(str(values["name"]) for _, values in desks if "name" in values),
        calendar_names=tuple(place.partition(".")[2] for place, _ in calendars),
        brand_names=tuple(place.partition(".")[2] for place, _ in brands),
    )


def read_follow_ups(tables: Iterable[tuple[str, Values]], problems: Problems) -> tuple[Placed[FollowUpTable], ...]:
    """The tables [[follow_up]], of this file or of a pack that it uses."""
    return _placed((place, _read(FollowUpTable, place, values, problems)) for place, values in tables)


def _parse(file: Path) -> Values:
    """The file as TOML says it; ConfigError when it cannot be read."""
    try:
        # Editors on Windows put a byte order mark in front, which is not part of the text.
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        text = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        text = f"is not UTF-8 text: byte {error.start + 1} is 0x{error.object[error.start]:02x}"
    except tomllib.TOMLDecodeError as error:
        text = f"is not TOML: {error}"
    raise ConfigError((Problem(str(file), text),))


def _table(raw: Values, key: str, problems: Problems) -> Values | None:
    """The table `[key]`; empty when the file has none, None when it is something else."""
    values = raw.get(key, {})
    if isinstance(values, dict):
        return values
    problems.add(f"{key} is {shown(values)}; want one table, [{key}]")
    return None


def _list(raw: Values, key: str, problems: Problems) -> list[tuple[str, Values]]:
    """The tables `[[key]]` with their places."""
    tables = raw.get(key, [])
    if isinstance(tables, list) and all(isinstance(values, dict) for values in tables):
        return [(f"{key}[{index}]", values) for index, values in enumerate(tables)]
    problems.add(f"{key} is {shown(tables)}; want a table in double brackets, [[{key}]]")
    return []


def _named(section: str, kind: type[Table], raw: Values, problems: Problems) -> list[tuple[str, Values]]:
    """[calendar] and every [calendar.NAME], for instance, with their places. No name is that of a key."""
    table = _table(raw, section, problems) or {}
    named = {key: values for key, values in table.items() if isinstance(values, dict) and key not in kind.model_fields}
    plain = {key: value for key, value in table.items() if key not in named}
    places = [(f"{section}.{name}", values) for name, values in named.items()]
    return [(section, plain), *places] if plain else places


def _implied_desks(mailboxes: list[tuple[str, Values]]) -> list[tuple[str, Values]]:
    """Without [[desk]], the desks are those that the mailboxes name."""
    named = (values.get("desk", DEFAULT_DESK) for _, values in mailboxes)
    names = dict.fromkeys(name for name in named if isinstance(name, str)) or [DEFAULT_DESK]
    return [("desk", {"name": name}) for name in names]


def _read_kind(kinds: Mapping[str, type[T]], place: str, values: Values | None, problems: Problems) -> T | None:
    """The table at `place`, whose key `kind` says which keys it may have."""
    if values is None:
        return None
    kind = values.get("kind", next(iter(kinds)))
    if isinstance(kind, str) and kind in kinds:
        return _read(kinds[kind], place, values, problems)
    problems.add(f"{place}.kind is {shown(kind)}{did_you_mean(str(kind), kinds)}")
    return None


def _read(model: type[T], place: str, values: Values | None, problems: Problems) -> T | None:
    """The table at `place`: without its unsound keys, or None when it cannot do without them."""
    if values is None:
        return None
    try:
        return model.model_validate(values)
    except ValidationError as error:
        fields = {name: field.description or "" for name, field in model.model_fields.items()}
        problems.add_invalid(place, error, fields)
        unsound = {detail["loc"][0] for detail in error.errors()}
    try:
        return model.model_validate({key: value for key, value in values.items() if key not in unsound})
    except ValidationError:
        return None


def _placed(tables: Iterable[tuple[str, T | None]]) -> tuple[Placed[T], ...]:
    return tuple(Placed(place, table) for place, table in tables if table is not None)

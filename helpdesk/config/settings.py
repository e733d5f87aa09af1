"""The settings of a helpdesk as the program uses them: checked, complete, frozen.

Paths are absolute, durations are timedeltas, passwords are read when they are needed. Building the policy
needs two things that no file holds: the instance's name and which days are public holidays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from helpdesk.config.secret import Secret
from helpdesk.core.brand import Brand
from helpdesk.core.calendar import ALWAYS, Calendar, PublicHolidays, Week
from helpdesk.core.chains import Chain
from helpdesk.core.duration import Duration
from helpdesk.core.message import Address
from helpdesk.core.policy import Agent, Bounds, Desk, Escalation, Incidents, Partner, Policy, Rounds
from helpdesk.core.ready import ReadyReply
from helpdesk.core.service_levels import ServiceLevel
from helpdesk.errors import ConfigError, Problem
from helpdesk.packs import Pack

Security = Literal["tls", "starttls", "none"]
FirstStart = timedelta | Literal["new", "all"]

# Country and years in; ValueError, in words for people, for an unknown country.
HolidaySource = Callable[[str, Iterable[int]], PublicHolidays]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImapMailbox:
    """A mailbox that is read by IMAP. `security` none: only on this machine."""

    name: str
    desk: str
    spam_header: tuple[str, str] | None
    host: str
    port: int
    security: Security
    user: str
    password: Secret
    folder: str
    done_folder: str
    quarantine_folder: str
    first_start: FirstStart
    poll_interval: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class MaildirMailbox:
    """A mailbox that is a folder of files."""

    name: str
    desk: str
    spam_header: tuple[str, str] | None
    path: Path
    poll_interval: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class LmtpMailbox:
    """A mailbox to which a mail server of this machine delivers: host and port, or a socket."""

    name: str
    desk: str
    spam_header: tuple[str, str] | None
    listen: tuple[str, int] | Path


MailboxSettings = ImapMailbox | MaildirMailbox | LmtpMailbox


@dataclass(frozen=True, slots=True)
class BoardSettings:
    """Folders below `folder`, in the account of that mailbox, in which every ticket is a card."""

    account: ImapMailbox
    folder: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SmtpRelay:
    """The server that sends for us; without `user` and `password` it asks for no login."""

    host: str
    port: int
    security: Security
    user: str | None
    password: Secret | None
    helo: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outdir:
    """A Maildir into which mail is written instead of being sent."""

    path: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarSettings:
    """Hours of a desk before the public holidays of `country` are known. `key` is its place in the file."""

    key: str = "calendar"
    week: Week = ALWAYS
    country: str | None = None
    days_off: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskSettings:
    """A queue with its own face, packs and hours."""

    name: str
    address: Address
    language: str
    packs: tuple[Pack, ...]
    calendar: CalendarSettings
    chains: tuple[Chain, ...]
    reopen_within: Duration | None
    final: tuple[str, ...]
    turn_to: str
    service_levels: tuple[ServiceLevel, ...]
    around_the_clock: bool
    warehouse: tuple[str, ...]
    rma_series: str
    shipping_day: int | None
    brand: Brand


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Everything that the file `file` decides. The first desk is the one for whatever names no other."""

    file: Path
    name: str
    address: Address
    own: frozenset[str]
    partners: tuple[Partner, ...]
    reply_address: str
    language: str
    timezone: str
    database: str = field(repr=False)  # may hold a password
    templates: Path | None
    replies: tuple[ReadyReply, ...]
    undo_window: timedelta
    trusted_authserv: str | None
    alert_address: str | None
    max_message_bytes: int  # of mail that comes in
    max_letter_bytes: int  # of mail that goes out
    give_up_after: timedelta
    bounds: Bounds
    incidents: Incidents
    escalation: Escalation
    rounds: Rounds
    board: BoardSettings | None
    sending: SmtpRelay | Outdir
    mailboxes: tuple[MailboxSettings, ...]
    agents: tuple[Agent, ...]
    desks: tuple[DeskSettings, ...]

    def policy(self, *, instance: str, today: date, holidays_of: HolidaySource) -> Policy:
        """The core's view of these settings. ConfigError for an unknown country.

        Holidays are known from the year before `today` to two years after it.
        """
        years = range(today.year - 1, today.year + 3)
        calendars = self._calendars(years, holidays_of)
        return Policy(
            name=self.name,
            instance=instance,
            own=self.own,
            desks=tuple(_desk(desk, calendars[desk.calendar.key]) for desk in self.desks),
            agents=self.agents,
            reply_address=self.reply_address,
            partners=self.partners,
            replies=self.replies,
            trusted_authserv=self.trusted_authserv,
            alert_address=self.alert_address,
            undo_window=self.undo_window,
            bounds=self.bounds,
            incidents=self.incidents,
            escalation=self.escalation,
            rounds=self.rounds,
            max_letter_bytes=self.max_letter_bytes,
        )

    def _calendars(self, years: range, holidays_of: HolidaySource) -> dict[str, Calendar]:
        """The calendar of every desk by its key."""
        calendars, problems = {}, []
        for settings in {desk.calendar.key: desk.calendar for desk in self.desks}.values():
            try:
                public = holidays_of(settings.country, years) if settings.country else PublicHolidays()
            except ValueError as error:
                found = f'{settings.key}.holidays is "{settings.country}"'
                problems.append(Problem(str(self.file), f"{found}; {error}"))
                continue
            calendars[settings.key] = Calendar(
                timezone=self.timezone,
                week=settings.week,
                holidays=public.days_off | settings.days_off,
                working_days=(public.working_days - settings.days_off) | settings.working_days,
            )
        if problems:
            raise ConfigError(tuple(problems))
        return calendars


def _desk(settings: DeskSettings, calendar: Calendar) -> Desk:
    return Desk(
        name=settings.name,
        address=settings.address,
        language=settings.language,
        calendar=calendar,
        rules=tuple(rule for pack in settings.packs for rule in pack.rules),
        checklists=tuple(checklist for pack in settings.packs for checklist in pack.checklists),
        routes=tuple(route for pack in settings.packs for route in pack.routes),
        stages=tuple(stage for pack in settings.packs for stage in pack.stages),
        chains=settings.chains,
        reopen_within=settings.reopen_within,
        final=settings.final + tuple(stage.key for pack in settings.packs for stage in pack.stages if stage.for_good),
        turn_to=settings.turn_to,
        service_levels=settings.service_levels,
        around_the_clock=settings.around_the_clock,
        warehouse=settings.warehouse,
        rma_series=settings.rma_series,
        shipping_day=settings.shipping_day,
        brand=settings.brand,
    )

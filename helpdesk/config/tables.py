"""What may stand in each table of the configuration: keys, types, bounds, defaults.

The values are checked one by one here; what must hold between them is checked by `reading`.
`config.example.toml` explains every key and names each of them. A description is what a required key
wants when it is missing.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    field_validator,
    model_validator,
)

from helpdesk.config import values
from helpdesk.config.settings import FirstStart, Security
from helpdesk.core.brand import read_colour
from helpdesk.core.calendar import ALWAYS, Week
from helpdesk.core.chains import CLOSE_AFTER, REMIND_AFTER
from helpdesk.core.duration import Duration
from helpdesk.core.policy import Weekly
from helpdesk.core.ticket import Lane, Priority

Line = Annotated[str, AfterValidator(values.read_line)]
MailAddress = Annotated[str, AfterValidator(values.read_address)]
Host = Annotated[str, AfterValidator(values.read_host)]
Folder = Annotated[str, AfterValidator(values.read_folder)]
Header = Annotated[tuple[str, str], PlainValidator(values.read_header)]
Port = Annotated[int, Field(ge=1, le=65535)]
Megabytes = Annotated[int, Field(ge=1, le=100)]
Count = Annotated[int, Field(ge=0)]
Language = Literal["ru", "uk", "en", "pl"]
DurationOrNever = Annotated[Duration | None, PlainValidator(values.read_follow_up)]
UndoWindow = Annotated[timedelta, PlainValidator(values.clock_time(timedelta(), timedelta(hours=1)))]
ClockOrNever = Annotated[timedelta | None, PlainValidator(values.read_clock_or_never)]
Within = Annotated[timedelta, PlainValidator(values.clock_time(timedelta(minutes=1), timedelta(days=1)))]
PollInterval = Annotated[timedelta, PlainValidator(values.clock_time(timedelta(seconds=1), timedelta(hours=1)))]
GiveUpAfter = Annotated[timedelta, PlainValidator(values.clock_time(timedelta(minutes=1), timedelta(days=30)))]


class Table(BaseModel):
    """A table of the file: unknown keys are errors, and nothing is converted by guessing."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class HelpdeskTable(Table):
    """[helpdesk]: what holds for every desk."""

    name: Line = Field(description='the name that requesters see, for example "Support"')
    address: MailAddress = Field(description='the public address, for example "support@example.com"')
    aliases: list[MailAddress] = []
    partners: list[MailAddress] = []
    reply_address: Annotated[str, AfterValidator(values.read_reply_address)] | None = None
    language: Language = "en"
    timezone: Annotated[str, AfterValidator(values.read_timezone)] = "UTC"
    database: Annotated[str, AfterValidator(values.read_database)] = "sqlite:///helpdesk.db"
    packs: list[Line] = ["outages", "clarify"]
    templates: Line | None = None
    calendar: Line | None = None
    undo_window: UndoWindow = timedelta(seconds=20)
    trusted_authserv: Line | None = None
    alert_address: MailAddress | None = None
    max_message_mb: Megabytes = 25


class PasswordTable(Table):
    """The keys of every table that can log in somewhere. oauth2 is here to be refused with a reason."""

    password_file: Line | None = None
    password_env: Line | None = None
    password_credential: Line | None = None
    oauth2: dict[str, object] | None = None


class MailboxTable(Table):
    """What every [[mailbox]] has."""

    name: Line = Field(description='a name of its own, for example "support"')
    kind: str = "imap"
    desk: Line | None = None
    spam_header: Header | None = None


class ImapTable(MailboxTable, PasswordTable):
    """A [[mailbox]] of kind "imap"."""

    host: Host = Field(description='the IMAP server, for example "imap.example.com"')
    port: Port | None = None
    security: Security = "tls"
    user: Line = Field(description='the login name, for example "support@example.com"')
    folder: Folder = "INBOX"
    done_folder: Folder = "Helpdesk/Done"
    quarantine_folder: Folder = "Helpdesk/Quarantine"
    first_start: Annotated[FirstStart, PlainValidator(values.read_first_start)] = "new"
    poll_interval: PollInterval = timedelta(seconds=60)


class MaildirTable(MailboxTable):
    """A [[mailbox]] of kind "maildir"."""

    path: Line = Field(description='the Maildir folder, for example "/var/mail/support"')
    poll_interval: PollInterval = timedelta(seconds=60)


class LmtpTable(MailboxTable):
    """A [[mailbox]] of kind "lmtp"."""

    listen: Annotated[tuple[str, int] | Path, PlainValidator(values.read_listen)] = Field(
        description='where the mail server delivers, for example "127.0.0.1:24"'
    )


class SendingTable(Table):
    """What [smtp] has, whatever its kind."""

    kind: str = "smtp"
    max_message_mb: Megabytes = 25
    give_up_after: GiveUpAfter = timedelta(days=5)


class SmtpTable(SendingTable, PasswordTable):
    """[smtp] of kind "smtp"."""

    host: Host = Field(description='the mail server that sends for us, for example "smtp.example.com"')
    port: Port | None = None
    security: Security = "starttls"
    user: Line | None = None
    helo: Host | None = None


class OutdirTable(SendingTable):
    """[smtp] of kind "maildir"."""

    path: Line = Field(description='the Maildir folder that gets the mail, for example "sent"')


class AgentTable(Table):
    """An [[agent]]."""

    name: Line = Field(description='the name that requesters see, for example "Anna Kowalska"')
    addresses: list[MailAddress] = Field(min_length=1, description='a list such as ["anna@example.com"]')
    desks: list[Line] = []
    lead: bool = False


class PartnerTable(Table):
    """A [[partner]]."""

    name: Line = Field(description='the name by which agents call it, for example "Brand store"')
    addresses: list[MailAddress] = Field(min_length=1, description='a list such as ["store@example.net"]')


class DeskTable(Table):
    """A [[desk]]. What is left out is that of [helpdesk]."""

    name: Line = Field(description='a name of its own, for example "support"')
    address: MailAddress | None = None
    display_name: Line | None = None
    language: Language | None = None
    packs: list[Line] | None = None
    calendar: Line | None = None
    brand: Line | None = None
    remind_after: DurationOrNever = REMIND_AFTER
    close_after: DurationOrNever = CLOSE_AFTER
    reopen_within: DurationOrNever = None
    final: list[Line] = []
    turn_to: Line | None = None
    around_the_clock: bool = False
    warehouse: Annotated[list[Line], Field(max_length=6)] = []
    rma_series: Annotated[str, AfterValidator(values.read_series)] = "R"
    shipping_day: Annotated[int | None, PlainValidator(values.read_weekday_or_never)] = None


class StepTable(Table):
    """A step of a [[follow_up]]: a letter or the end."""

    after: Annotated[Duration, PlainValidator(values.read_duration)] = Field(
        description='when, counted from what the chain comes after, for example "2bd"'
    )
    send: Literal["reminder", "solved"] | None = None
    close: Line | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if (self.send is None) == (self.close is None):
            raise ValueError('want either send = "reminder" or close = "no-answer"')
        return self


class FollowUpTable(Table):
    """A [[follow_up]], of the configuration or of a pack."""

    after: Annotated[str, PlainValidator(values.read_occasion)] = Field(
        description='what it comes after: "missing" or "answered"'
    )
    desks: list[Line] = []
    steps: list[StepTable] = Field(description='a list of {after = "2bd", send = "reminder"}; []: nothing happens')

    @field_validator("steps")
    @classmethod
    def _come_in_order(cls, steps: list[StepTable]) -> list[StepTable]:
        values.check_order([step.after for step in steps])
        if any(step.close is not None for step in steps[:-1]):
            raise ValueError("want the step that closes at the end")
        return steps


class ServiceLevelTable(Table):
    """A [[service_level]]: what is promised for some tickets."""

    desks: list[Line] = []
    lane: Annotated[Lane, PlainValidator(values.read_lane)] | None = None
    priority: Annotated[Priority, PlainValidator(values.read_priority)] | None = None
    first_answer: Annotated[Duration, PlainValidator(values.read_target)] | None = None
    solution: Annotated[Duration, PlainValidator(values.read_target)] | None = None

    @model_validator(mode="after")
    def _promises_something(self) -> Self:
        if self.first_answer is None and self.solution is None:
            raise ValueError('want first_answer, solution or both, for example first_answer = "4h"')
        return self


class BrandTable(Table):
    """[brand] or [brand.NAME]."""

    colour: Annotated[str, AfterValidator(read_colour)] | None = None
    logo: Line | None = None
    signature: Annotated[dict[str, tuple[str, ...]], PlainValidator(values.read_signature)] = {values.ANY_LANGUAGE: ()}


class CalendarTable(Table):
    """[calendar] or [calendar.NAME]."""

    hours: Annotated[Week, PlainValidator(values.read_hours)] = ALWAYS
    holidays: Annotated[str, AfterValidator(values.read_country)] | None = None
    days_off: list[date] = []
    working_days: list[date] = []


class BoundsTable(Table):
    """[bounds]: how many automatic letters may leave."""

    per_address_3h: Count = 10
    per_address_24h: Count = 20
    per_domain_1h: Count = 1000
    total_1h: Count = 5000
    notices_1h: Count = 200
    outages_1h: Count = 20
    guesses_1h: Count = 3


class IncidentsTable(Table):
    """[incidents]: when many reports become one incident."""

    reporters: Annotated[int, AfterValidator(values.read_reporters)] = 3
    within: Within = timedelta(minutes=15)


class EscalationTable(Table):
    """[escalation]: what happens with an outage that nobody takes."""

    after: ClockOrNever = timedelta(minutes=10)
    again: ClockOrNever = timedelta(minutes=30)
    page: MailAddress | None = None


class DigestTable(Table):
    """[digest]: what agents and leads get by the clock."""

    agents: Annotated[time | None, PlainValidator(values.read_time_or_never)] = None
    leads: Annotated[Weekly | None, PlainValidator(values.read_weekly_or_never)] = None


class BoardTable(Table):
    """[board]: folders in which every ticket is a card."""

    mailbox: Line | None = None
    folder: Folder = "Helpdesk"


MAILBOX_KINDS: dict[str, type[ImapTable | MaildirTable | LmtpTable]] = {
    "imap": ImapTable,
    "maildir": MaildirTable,
    "lmtp": LmtpTable,
}
SENDING_KINDS: dict[str, type[SmtpTable | OutdirTable]] = {"smtp": SmtpTable, "maildir": OutdirTable}

"""A sound document -> Config: defaults that depend on other values, absolute paths, frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from helpdesk.config.brands import brand
from helpdesk.config.checks import own_addresses
from helpdesk.config.document import Document
from helpdesk.config.follow_ups import OfPacks, chains
from helpdesk.config.passwords import secret_of
from helpdesk.config.settings import (
    BoardSettings,
    CalendarSettings,
    Config,
    DeskSettings,
    ImapMailbox,
    LmtpMailbox,
    MailboxSettings,
    MaildirMailbox,
    Outdir,
    SmtpRelay,
)
from helpdesk.config.tables import (
    AgentTable,
    BoardTable,
    BoundsTable,
    DeskTable,
    DigestTable,
    EscalationTable,
    HelpdeskTable,
    ImapTable,
    IncidentsTable,
    LmtpTable,
    MaildirTable,
    OutdirTable,
    ServiceLevelTable,
    SmtpTable,
)
from helpdesk.core.message import Address
from helpdesk.core.policy import Agent, Bounds, Escalation, Incidents, Partner, Rounds
from helpdesk.core.ready import ReadyReply
from helpdesk.core.service_levels import ServiceLevel
from helpdesk.packs import Pack

MEGABYTE = 1024 * 1024
SQLITE = "sqlite:///"

IMAP_PORTS = {"tls": 993, "starttls": 143, "none": 143}
SMTP_PORTS = {"tls": 465, "starttls": 587, "none": 25}


def packs_of(document: Document) -> tuple[tuple[str, str], ...]:
    """Every pack that the file names, with the key that names it."""
    tables = [("helpdesk", document.helpdesk), *((desk.place, desk.table) for desk in document.desks)]
    return tuple(
        (f"{place}.packs[{index}]", name)
        for place, table in tables
        if table is not None
        for index, name in enumerate(table.packs or [])
    )


def assemble(
    document: Document,
    helpdesk: HelpdeskTable,
    sending: SmtpTable | OutdirTable,
    packs: Mapping[str, Pack],
    follow_ups: OfPacks,
    replies: tuple[ReadyReply, ...],
    environ: Mapping[str, str],
) -> Config:
    """The settings; `packs` are those of `packs_of` by their names, `follow_ups` what they say of those."""
    base = document.base
    desks = tuple(_desk(desk.table, document, helpdesk, packs, follow_ups) for desk in document.desks)
    mailboxes = tuple(
        _mailbox(mailbox.table, mailbox.table.desk or desks[0].name, base, environ) for mailbox in document.mailboxes
    )
    return Config(
        file=document.file,
        name=helpdesk.name,
        address=Address(helpdesk.address, helpdesk.name),
        own=own_addresses(helpdesk, document.desks),
        partners=_partners(helpdesk, document),
        reply_address=helpdesk.reply_address or helpdesk.address,
        language=helpdesk.language,
        timezone=helpdesk.timezone,
        database=_database(helpdesk.database, base),
        templates=base / helpdesk.templates if helpdesk.templates else None,
        replies=replies,
        undo_window=helpdesk.undo_window,
        trusted_authserv=helpdesk.trusted_authserv,
        alert_address=helpdesk.alert_address,
        max_message_bytes=helpdesk.max_message_mb * MEGABYTE,
        max_letter_bytes=sending.max_message_mb * MEGABYTE,
        give_up_after=sending.give_up_after,
        bounds=_bounds(document.bounds or BoundsTable()),
        incidents=_incidents(document.incidents or IncidentsTable()),
        escalation=_escalation(document.escalation or EscalationTable()),
        rounds=_rounds(document.digest or DigestTable()),
        sending=_sending(sending, base, environ),
        board=_board(document.board, mailboxes),
        mailboxes=mailboxes,
        agents=tuple(_agent(agent.table) for agent in document.agents),
        desks=desks,
    )


def _database(url: str, base: Path) -> str:
    """The URL with an absolute path, where it is a file."""
    return f"{SQLITE}{base / url.removeprefix(SQLITE)}" if url.startswith(SQLITE) else url


def _bounds(table: BoundsTable) -> Bounds:
    return Bounds(
        per_address_3h=table.per_address_3h,
        per_address_24h=table.per_address_24h,
        per_domain_1h=table.per_domain_1h,
        total_1h=table.total_1h,
        notices_1h=table.notices_1h,
        outages_1h=table.outages_1h,
        guesses_1h=table.guesses_1h,
    )


def _incidents(table: IncidentsTable) -> Incidents:
    return Incidents(reporters=table.reporters, within=table.within)


def _board(table: BoardTable | None, mailboxes: tuple[MailboxSettings, ...]) -> BoardSettings | None:
    if table is None:
        return None
    accounts = (one for one in mailboxes if isinstance(one, ImapMailbox) and table.mailbox in (None, one.name))
    return next((BoardSettings(account, table.folder) for account in accounts), None)


def _escalation(table: EscalationTable) -> Escalation:
    return Escalation(after=table.after, again=table.again, page=table.page)


def _rounds(table: DigestTable) -> Rounds:
    return Rounds(digest=table.agents, report=table.leads)


def _sending(table: SmtpTable | OutdirTable, base: Path, environ: Mapping[str, str]) -> SmtpRelay | Outdir:
    if isinstance(table, OutdirTable):
        return Outdir(path=base / table.path)
    return SmtpRelay(
        host=table.host,
        port=table.port or SMTP_PORTS[table.security],
        security=table.security,
        user=table.user,
        password=secret_of(table, base, environ) if table.user else None,
        helo=table.helo,
    )


def _mailbox(
    table: ImapTable | MaildirTable | LmtpTable, desk: str, base: Path, environ: Mapping[str, str]
) -> MailboxSettings:
    match table:
        case ImapTable():
            return ImapMailbox(
                name=table.name,
                desk=desk,
                spam_header=table.spam_header,
                host=table.host,
                port=table.port or IMAP_PORTS[table.security],
                security=table.security,
                user=table.user,
                password=secret_of(table, base, environ),
                folder=table.folder,
                done_folder=table.done_folder,
                quarantine_folder=table.quarantine_folder,
                first_start=table.first_start,
                poll_interval=table.poll_interval,
            )
        case MaildirTable():
            return MaildirMailbox(
                name=table.name,
                desk=desk,
                spam_header=table.spam_header,
                path=base / table.path,
                poll_interval=table.poll_interval,
            )
        case LmtpTable():
            listen = base / table.listen if isinstance(table.listen, Path) else table.listen
            return LmtpMailbox(name=table.name, desk=desk, spam_header=table.spam_header, listen=listen)


def _agent(table: AgentTable) -> Agent:
    return Agent(name=table.name, addresses=tuple(table.addresses), desks=tuple(table.desks), lead=table.lead)


def _partners(helpdesk: HelpdeskTable, document: Document) -> tuple[Partner, ...]:
    """Every [[partner]]; an address in `partners` that none of them has is one without a name."""
    listed = tuple(Partner(name=one.table.name, addresses=tuple(one.table.addresses)) for one in document.partners)
    named = {address for one in listed for address in one.addresses}
    bare = (address for address in helpdesk.partners if address not in named)
    return (*listed, *(Partner(name=address, addresses=(address,)) for address in bare))


def _desk(
    table: DeskTable, document: Document, helpdesk: HelpdeskTable, packs: Mapping[str, Pack], follow_ups: OfPacks
) -> DeskSettings:
    names = helpdesk.packs if table.packs is None else table.packs
    return DeskSettings(
        name=table.name,
        address=Address(table.address or helpdesk.address, table.display_name or helpdesk.name),
        language=table.language or helpdesk.language,
        packs=tuple(packs[name] for name in names),
        calendar=_calendar(table.calendar or helpdesk.calendar, document),
        chains=chains(table, document, (follow_ups[name] for name in names)),
        reopen_within=table.reopen_within,
        final=tuple(table.final),
        turn_to=table.turn_to or "",
        service_levels=tuple(
            _service_level(level.table)
            for level in document.service_levels
            if not level.table.desks or table.name in level.table.desks
        ),
        around_the_clock=table.around_the_clock,
        warehouse=tuple(table.warehouse),
        rma_series=table.rma_series,
        shipping_day=table.shipping_day,
        brand=brand(table, document),
    )


def _service_level(table: ServiceLevelTable) -> ServiceLevel:
    return ServiceLevel(
        lane=table.lane, priority=table.priority, first_answer=table.first_answer, solution=table.solution
    )


def _calendar(name: str | None, document: Document) -> CalendarSettings:
    """The calendar called `name`; without one [calendar], and without that always open."""
    wanted = f"calendar.{name}" if name else "calendar"
    for calendar in document.calendars:
        if calendar.place == wanted:
            return CalendarSettings(
                key=calendar.place,
                week=calendar.table.hours,
                country=calendar.table.holidays,
                days_off=frozenset(calendar.table.days_off),
                working_days=frozenset(calendar.table.working_days),
            )
    return CalendarSettings()

"""What must hold between the values of a configuration: names that exist, addresses that do not clash,
connections that nobody can listen to.

A document in; every problem is noted, nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from helpdesk.config.document import Document, Placed
from helpdesk.config.problems import Problems, did_you_mean
from helpdesk.config.secret import is_world_readable
from helpdesk.config.tables import AgentTable, DeskTable, HelpdeskTable, ImapTable, LmtpTable, PartnerTable, SmtpTable
from helpdesk.config.values import is_loopback


def check(document: Document, problems: Problems) -> None:
    """Note everything that does not fit together."""
    _check_names(document, problems)
    _check_references(document, problems)
    _check_connections(document, problems)
    for desk in document.desks:
        _check_old_follow_ups(desk, problems)
    for calendar in document.calendars:
        for day in sorted({*calendar.table.days_off} & {*calendar.table.working_days}):
            problems.add(
                f"{calendar.place}.days_off has {day}, which is one of its working_days; want it in one of them"
            )
    if document.helpdesk is not None:
        _check_addresses(document, document.helpdesk, problems)
        _check_files(document, document.helpdesk, problems)


def _check_names(document: Document, problems: Problems) -> None:
    """Mailboxes, agents, partners and desks are told apart by their names."""
    for tables in (document.mailboxes, document.agents, document.partners, document.desks):
        seen: dict[str, str] = {}
        for placed in tables:
            first = seen.setdefault(placed.table.name.casefold(), placed.place)
            if first != placed.place:
                problems.add(f'{placed.place}.name is "{placed.table.name}"; {first} has this name already')


def _check_board(document: Document, problems: Problems) -> None:
    """The board lies in the account of a mailbox that is read by IMAP."""
    if document.board is None:
        return
    accounts = [one.table.name for one in document.mailboxes if isinstance(one.table, ImapTable)]
    wanted = document.board.mailbox
    if not accounts:
        problems.add('board needs a [[mailbox]] of kind "imap", in whose account its folders lie')
    elif wanted is not None and wanted not in accounts:
        hint = did_you_mean(wanted, accounts)
        problems.add(f'board.mailbox is "{wanted}"; want the name of a [[mailbox]] of kind "imap"{hint}')


def _check_references(document: Document, problems: Problems) -> None:
    """Desks and calendars that are named exist, and named calendars are used."""
    for key, name in _desks_named(document):
        if name not in document.desk_names:
            problems.add(f'{key} is "{name}"; there is no such desk{did_you_mean(name, document.desk_names)}')
    _check_board(document, problems)
    used = dict(_calendars_named(document))
    for key, name in used.items():
        if name not in document.calendar_names:
            problems.add(f'{key} is "{name}"; want the NAME of a table [calendar.NAME]')
    for name in document.calendar_names:
        if name and name not in used.values():
            problems.add(
                f'calendar.{name} is used by no desk; write calendar = "{name}" under [helpdesk] or a [[desk]]'
            )


def _desks_named(document: Document) -> Iterator[tuple[str, str]]:
    """Every key that names a desk, with the name."""
    for mailbox in document.mailboxes:
        if mailbox.table.desk is not None:
            yield f"{mailbox.place}.desk", mailbox.table.desk
    for agent in document.agents:
        for index, name in enumerate(agent.table.desks):
            yield f"{agent.place}.desks[{index}]", name
    named = [(placed.place, placed.table.desks) for placed in document.follow_ups]
    named += [(placed.place, placed.table.desks) for placed in document.service_levels]
    for place, desks in named:
        for index, name in enumerate(desks):
            yield f"{place}.desks[{index}]", name


def _calendars_named(document: Document) -> Iterator[tuple[str, str]]:
    """Every key that names a calendar, with the name."""
    if document.helpdesk is not None and document.helpdesk.calendar is not None:
        yield "helpdesk.calendar", document.helpdesk.calendar
    for desk in document.desks:
        if desk.table.calendar is not None:
            yield f"{desk.place}.calendar", desk.table.calendar


def _check_connections(document: Document, problems: Problems) -> None:
    """Nothing travels in the clear beyond this machine, and a mailbox is not filed into itself."""
    for mailbox in document.mailboxes:
        match mailbox.table:
            case ImapTable() as imap:
                _check_security(mailbox.place, imap, problems)
                _check_folders(mailbox.place, imap, problems)
            case LmtpTable(listen=(str(host), _)) if not is_loopback(host):
                problems.add(
                    f'{mailbox.place}.listen is on "{host}"; LMTP knows neither login nor encryption, so want a socket '
                    'or an address of this machine, for example "127.0.0.1:24"'
                )
            case _:
                pass
    if isinstance(document.sending, SmtpTable):
        _check_security("smtp", document.sending, problems)


def _check_security(place: str, table: ImapTable | SmtpTable, problems: Problems) -> None:
    if table.security == "none" and not is_loopback(table.host):
        problems.add(
            f'{place}.security is "none", and {table.host} is another machine; want "tls" or "starttls": '
            "anybody on the way could read mail and password"
        )


def _check_folders(place: str, imap: ImapTable, problems: Problems) -> None:
    folders = [imap.folder, imap.done_folder, imap.quarantine_folder]
    if len(set(folders)) < len(folders):
        problems.add(f"{place} has one name for two of folder, done_folder and quarantine_folder; want three folders")


def _check_old_follow_ups(desk: Placed[DeskTable], problems: Problems) -> None:
    """The reminder comes before the closing, where the two can be compared."""
    remind, close = desk.table.remind_after, desk.table.close_after
    if type(remind) is type(close) and remind is not None and close is not None and not remind < close:  # type: ignore[operator]
        problems.add(f"{desk.place}.remind_after is not shorter than close_after; nobody would be reminded in time")


def _check_addresses(
    document: Document,
    helpdesk: HelpdeskTable,
    problems: Problems,
) -> None:
    """An address is ours, an agent's or a partner's, and belongs to one of them."""
    owners = dict.fromkeys(own_addresses(helpdesk, document.desks), "the helpdesk itself")
    if helpdesk.alert_address in owners:
        problems.add(f'helpdesk.alert_address is "{helpdesk.alert_address}"; want one that a person reads elsewhere')
    people: tuple[Placed[AgentTable] | Placed[PartnerTable], ...] = (*document.agents, *document.partners)
    for person in people:
        for index, address in enumerate(person.table.addresses):
            owner = owners.setdefault(address, person.place)
            if owner != person.place:
                problems.add(f'{person.place}.addresses[{index}] is "{address}"; it belongs to {owner}')


def own_addresses(helpdesk: HelpdeskTable, desks: tuple[Placed[DeskTable], ...]) -> frozenset[str]:
    """All addresses that only the helpdesk reads, except those that carry a token."""
    of_desks = (desk.table.address for desk in desks)
    reply = helpdesk.reply_address
    replies = (reply.lower(),) if reply is not None and "{token}" not in reply else ()
    return frozenset(address for address in (helpdesk.address, *helpdesk.aliases, *of_desks, *replies) if address)


def _check_files(document: Document, helpdesk: HelpdeskTable, problems: Problems) -> None:
    """The override folder exists, and a database's password is not for everybody."""
    if helpdesk.templates is not None and not (document.base / helpdesk.templates).is_dir():
        problems.add(
            f'helpdesk.templates is "{helpdesk.templates}"; there is no folder {document.base / helpdesk.templates}'
        )
    if urlsplit(helpdesk.database).password is not None and is_world_readable(document.file):
        problems.add(
            f"helpdesk.database holds a password, and everybody may read this file; "
            f"run chmod o-rwx {document.file}, or leave the password to the file that PGPASSFILE names"
        )

"""config.toml: what it means, and what is said when it is wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from helpdesk.config import (
    Config,
    EnvSecret,
    FileSecret,
    ImapMailbox,
    LmtpMailbox,
    MaildirMailbox,
    Outdir,
    SmtpRelay,
    load,
)
from helpdesk.config.tables import (
    MAILBOX_KINDS,
    SENDING_KINDS,
    AgentTable,
    BoundsTable,
    BrandTable,
    CalendarTable,
    DeskTable,
    HelpdeskTable,
    Table,
)
from helpdesk.core.brand import Brand, read_logo
from helpdesk.core.calendar import ALWAYS, Opening, PublicHolidays
from helpdesk.core.chains import Chain, Occasion, Step, asked
from helpdesk.core.duration import BusinessDays
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Event
from helpdesk.core.policy import Agent, Bounds
from helpdesk.errors import ConfigError, TemporaryError
from helpdesk.packs import shipped_packs
from tests.letters import png

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

SECTIONS = {
    "[helpdesk]": {"name": '"Support"', "address": '"support@example.com"', "packs": "[]"},
    "[[mailbox]]": {
        "name": '"support"',
        "host": '"imap.example.com"',
        "user": '"support@example.com"',
        "password_file": '"imap"',
    },
    "[smtp]": {"kind": '"maildir"', "path": '"sent"'},
}


def smallest(section: str = "", **changes: str | None) -> str:
    """The smallest configuration, with keys of one section added, changed or (None) left out."""
    lines = []
    for name, keys in SECTIONS.items():
        values = keys | changes if name == section else keys
        lines += [name, *(f"{key} = {value}" for key, value in values.items() if value is not None)]
    return "\n".join(lines) + "\n"


SMALLEST = smallest()


@dataclass
class Folder:
    """A folder with a config.toml and the password file that it names."""

    path: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.path / "config.toml"

    def load(self, text: str) -> Config:
        self.file.write_text(text, encoding="utf-8")
        return load(self.file, environ=self.environ)

    def problems(self, text: str) -> list[str]:
        """What is said about `text`, without the name of the file in front."""
        with pytest.raises(ConfigError) as caught:
            self.load(text)
        assert {problem.place for problem in caught.value.problems} == {str(self.file)}
        return [problem.text for problem in caught.value.problems]

    def secret(self, name: str, contents: str, mode: int = 0o600) -> Path:
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(contents, encoding="utf-8")
        path.chmod(mode)
        return path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.secret("imap", "letmein\n")
    return folder


# --- what it means --------------------------------------------------------------------------------


def test_the_smallest_configuration_has_every_default(folder: Folder) -> None:
    config = folder.load(SMALLEST)
    assert config.address == Address("support@example.com", "Support")
    assert config.own == {"support@example.com"}
    assert config.reply_address == "support@example.com"
    assert (config.language, config.timezone, config.undo_window) == ("en", "UTC", timedelta(seconds=20))
    assert config.database == f"sqlite:///{folder.path}/helpdesk.db"
    assert (config.templates, config.trusted_authserv, config.alert_address) == (None, None, None)
    assert (config.max_message_bytes, config.max_letter_bytes) == (25 * 1024 * 1024, 25 * 1024 * 1024)
    assert config.give_up_after == timedelta(days=5)
    assert config.bounds == Bounds()
    assert config.sending == Outdir(path=folder.path / "sent")
    assert config.agents == ()
    assert config.mailboxes == (
        ImapMailbox(
            name="support",
            desk="support",
            spam_header=None,
            host="imap.example.com",
            port=993,
            security="tls",
            user="support@example.com",
            password=FileSecret(folder.path / "imap"),
            folder="INBOX",
            done_folder="Helpdesk/Done",
            quarantine_folder="Helpdesk/Quarantine",
            first_start="new",
            poll_interval=timedelta(seconds=60),
        ),
    )
    [desk] = config.desks
    assert (desk.name, desk.address, desk.language) == ("support", config.address, "en")
    assert (desk.calendar.week, desk.chains) == (ALWAYS, (asked(BusinessDays(2), BusinessDays(5)),))


def test_packs_that_ship_with_the_program_are_used_unless_others_are_named(folder: Folder) -> None:
    shipped = folder.load(smallest("[helpdesk]", packs=None)).desks[0].packs
    assert [pack.name for pack in shipped] == ["outages", "clarify"]
    assert folder.load(SMALLEST).desks[0].packs == ()


def test_mailboxes_of_every_kind_and_their_paths(folder: Folder) -> None:
    config = folder.load(
        SMALLEST
        + """
[[mailbox]]
name = "local"
kind = "maildir"
path = "mail"
desk = "sales"
spam_header = "X-Spam-Flag: YES"

[[mailbox]]
name = "pushed"
kind = "lmtp"
listen = "127.0.0.1:24"

[[mailbox]]
name = "piped"
kind = "lmtp"
listen = "run/lmtp.sock"
"""
    )
    assert config.mailboxes[1:] == (
        MaildirMailbox(
            name="local",
            desk="sales",
            spam_header=("x-spam-flag", "YES"),
            path=folder.path / "mail",
            poll_interval=timedelta(seconds=60),
        ),
        LmtpMailbox(name="pushed", desk="support", spam_header=None, listen=("127.0.0.1", 24)),
        LmtpMailbox(name="piped", desk="support", spam_header=None, listen=folder.path / "run/lmtp.sock"),
    )
    assert [desk.name for desk in config.desks] == ["support", "sales"]


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_relay_has_the_port_of_its_security(folder: Folder, security: str, port: int) -> None:
    text = smallest("[smtp]", kind=None, path=None, host='"localhost"', security=f'"{security}"')
    sending = folder.load(text).sending
    assert isinstance(sending, SmtpRelay)
    assert (sending.port, sending.user, sending.password) == (port, None, None)


def test_a_relay_with_a_login_and_a_port_of_its_own(folder: Folder) -> None:
    relay = smallest(
        "[smtp]", kind=None, path=None, host='"mx.example.com"', port="2525", user='"me"', password_file='"imap"'
    )
    assert folder.load(relay).sending == SmtpRelay(
        host="mx.example.com",
        port=2525,
        security="starttls",
        user="me",
        password=FileSecret(folder.path / "imap"),
        helo=None,
    )


@pytest.mark.parametrize(
    ("text", "first_start"), [("new", "new"), ("all", "all"), ("3d", timedelta(days=3)), ("0s", timedelta())]
)
def test_first_start_is_new_all_or_a_time_back(folder: Folder, text: str, first_start: object) -> None:
    config = folder.load(smallest("[[mailbox]]", first_start=f'"{text}"'))
    assert isinstance(config.mailboxes[0], ImapMailbox)
    assert config.mailboxes[0].first_start == first_start


def test_a_desk_has_a_face_and_hours_of_its_own(folder: Folder) -> None:
    config = folder.load(
        SMALLEST
        + """
[[desk]]
name = "support"

[[desk]]
name = "sales"
address = "Sales@Example.com"
display_name = "Отдел продаж"
language = "ru"
calendar = "office"
remind_after = "never"
close_after = "10d"

[calendar]
hours = "Mon-Sat 09:00-21:00"

[calendar.office]
hours = "Mon-Fri 10:00-18:00"
"""
    )
    support, sales = config.desks
    assert config.own == {"support@example.com", "sales@example.com"}
    assert support.calendar.week == ((Opening(540, 1260),),) * 6 + ((),)
    assert sales.address == Address("sales@example.com", "Отдел продаж")
    assert (sales.language, sales.chains) == ("ru", (asked(None, timedelta(days=10)),))
    assert sales.calendar.week == ((Opening(600, 1080),),) * 5 + ((), ())


FOLLOW_UPS = """
[[desk]]
name = "support"

[[desk]]
name = "sales"
remind_after = "1bd"

[[follow_up]]
after = "missing"
desks = ["support"]
steps = [
  {after = "2bd", send = "reminder"},
  {after = "4bd", send = "reminder"},
  {after = "6d", close = "given-up"},
]

[[follow_up]]
after = "answered"
steps = [{after = "3bd", send = "solved"}, {after = "7bd", close = "solved"}]
"""
SUPPORT_ASKS = Chain(
    after=Occasion.MISSING,
    steps=(
        Step(after=BusinessDays(2), send=Event.REMINDER),
        Step(after=BusinessDays(4), send=Event.REMINDER),
        Step(after=timedelta(days=6), close="given-up"),
    ),
)


def test_follow_ups_are_chains_of_steps_for_all_desks_or_some(folder: Folder) -> None:
    support, sales = folder.load(SMALLEST + FOLLOW_UPS).desks
    answered = Chain(
        after=Occasion.ANSWERED,
        steps=(Step(after=BusinessDays(3), send=Event.SOLVED), Step(after=BusinessDays(7), close="solved")),
    )
    assert support.chains == (SUPPORT_ASKS, answered)
    assert sales.chains == (asked(BusinessDays(1), BusinessDays(5)), answered)


def test_a_chain_without_steps_turns_it_off(folder: Folder) -> None:
    assert folder.load(SMALLEST + '\n[[follow_up]]\nafter = "missing"\nsteps = []\n').desks[0].chains == ()


def test_a_pack_brings_follow_ups_that_the_desk_may_replace(folder: Folder) -> None:
    (folder.path / "ours.toml").write_text(
        '[[follow_up]]\nafter = "missing"\nsteps = [{after = "9d", close = "gone"}]\n', encoding="utf-8"
    )
    with_pack = smallest("[helpdesk]", packs='["ours.toml"]')
    gone = Chain(after=Occasion.MISSING, steps=(Step(after=timedelta(days=9), close="gone"),))
    assert folder.load(with_pack).desks[0].chains == (gone,)
    support, sales = folder.load(with_pack + FOLLOW_UPS).desks
    assert support.chains[0] == SUPPORT_ASKS
    assert sales.chains[0] == asked(BusinessDays(1), BusinessDays(5))


def test_problems_of_a_packs_follow_ups_name_the_pack(folder: Folder) -> None:
    (folder.path / "ours.toml").write_text('[[follow_up]]\nafter = "missing"\nstep = 1\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        folder.load(smallest("[helpdesk]", packs='["ours.toml"]'))
    assert [str(problem) for problem in caught.value.problems] == [
        (
            'ours.toml: follow_up[0].steps is missing; want a list of {after = "2bd", send = "reminder"}; '
            "[]: nothing happens"
        ),
        'ours.toml: follow_up[0].step is not known here; did you mean "steps"?',
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'after = "closed"\nsteps = []',
            'follow_up[0].after is "closed"; want one of answered, missing',
        ),
        (
            'after = "missing"\nsteps = [{after = "2bd"}]',
            'follow_up[0].steps[0] is a table; want either send = "reminder" or close = "no-answer"',
        ),
        (
            'after = "missing"\nsteps = [{after = "4bd", send = "reminder"}, {after = "2bd", close = "x"}]',
            'follow_up[0].steps is a list; want each step later than the one before, and "2bd" stands after "4bd"',
        ),
        (
            'after = "missing"\nsteps = [{after = "2bd", close = "x"}, {after = "4bd", send = "reminder"}]',
            "follow_up[0].steps is a list; want the step that closes at the end",
        ),
        (
            'after = "missing"\ndesks = ["suport"]\nsteps = []',
            'follow_up[0].desks[0] is "suport"; there is no such desk; did you mean "support"?',
        ),
        (
            'after = "missing"\nsteps = []\n[[desk]]\nname = "support"\nclose_after = "9d"',
            (
                'follow_up[0] is a chain after "missing" of the desk "support", and so is desk[0].close_after; '
                "want one of them"
            ),
        ),
    ],
)
def test_a_chain_that_cannot_be_meant_is_refused(folder: Folder, text: str, problem: str) -> None:
    assert folder.problems(f"{SMALLEST}\n[[follow_up]]\n{text}\n") == [problem]


def test_agents_and_bounds_reach_the_policy(folder: Folder) -> None:
    config = folder.load(
        SMALLEST
        + """
[[agent]]
name = "Иван Петров"
addresses = ["Ivan@Example.org", "ivan@home.example"]
desks = ["support"]
lead = true

[bounds]
per_address_3h = 3
"""
    )
    policy = config.policy(instance="i", today=date(2026, 11, 21), holidays_of=no_holidays)
    assert policy.agents == (
        Agent(name="Иван Петров", addresses=("ivan@example.org", "ivan@home.example"), desks=("support",), lead=True),
    )
    assert policy.bounds == Bounds(per_address_3h=3)
    assert (policy.name, policy.instance) == ("Support", "i")
    assert policy.own == {"support@example.com"}


def no_holidays(country: str, years: Iterable[int]) -> PublicHolidays:
    raise ValueError(f"want another country than {country}")


def two_holidays(country: str, years: Iterable[int]) -> PublicHolidays:
    assert (country, list(years)) == ("RU", [2025, 2026, 2027, 2028])
    return PublicHolidays(
        days_off=frozenset({date(2026, 11, 4), date(2026, 11, 5)}), working_days=frozenset({date(2026, 11, 7)})
    )


def test_days_of_our_own_win_over_public_holidays(folder: Folder) -> None:
    calendar = """
[calendar]
hours = "Mon-Fri 10:00-18:00"
holidays = "ru"
days_off = [2026-11-07, 2026-11-06]
working_days = [2026-11-05]
"""
    config = folder.load(SMALLEST + calendar)
    policy = config.policy(instance="i", today=date(2026, 11, 21), holidays_of=two_holidays)
    open_days = [day for day in range(2, 9) if policy.desks[0].calendar.is_business_day(date(2026, 11, day))]
    assert open_days == [2, 3, 5]


def test_an_unknown_country_is_a_problem_of_the_file(folder: Folder) -> None:
    config = folder.load(SMALLEST + '[calendar]\nholidays = "XX"\n')
    with pytest.raises(ConfigError) as caught:
        config.policy(instance="i", today=date(2026, 11, 21), holidays_of=no_holidays)
    assert str(caught.value) == f'{folder.file}: calendar.holidays is "XX"; want another country than XX'


def test_a_postgresql_url_is_left_as_it_is(folder: Folder) -> None:
    config = folder.load(smallest("[helpdesk]", database='"postgresql://desk@db/desk"'))
    assert config.database == "postgresql://desk@db/desk"


def test_windows_editors_may_save_the_file(folder: Folder) -> None:
    folder.file.write_bytes(b"\xef\xbb\xbf" + SMALLEST.replace("\n", "\r\n").encode())
    assert load(folder.file, environ={}).name == "Support"


# Keys that desks have in their files: they keep working, whatever else is added.
PUBLISHED = """
[helpdesk]
name = "Служба поддержки"
address = "support@example.com"
aliases = []
reply_address = "support+{token}@example.com"
language = "ru"
timezone = "Europe/Moscow"
database = "sqlite:///helpdesk.db"
packs = []
undo_window = "20s"
trusted_authserv = "mx.example.com"

[[mailbox]]
name = "support"
kind = "imap"
first_start = "new"
host = "imap.example.com"
port = 993
security = "tls"
user = "support@example.com"
password_file = "imap"
folder = "INBOX"
done_folder = "Helpdesk/Done"
quarantine_folder = "Helpdesk/Quarantine"
spam_header = "X-Spam-Flag: YES"
poll_interval = "60s"
desk = "support"

[smtp]
kind = "smtp"
host = "smtp.example.com"
port = 587
security = "starttls"
user = "support@example.com"
password_file = "imap"

[[agent]]
name = "Иван Петров"
addresses = ["ivan@example.com"]
desks = ["support"]
lead = false

[[desk]]
name = "support"

[calendar]
hours = "Mon-Fri 10:00-18:00"
holidays = "RU"
"""


def test_published_keys_keep_working(folder: Folder) -> None:
    config = folder.load(PUBLISHED)
    assert (config.name, config.language, config.timezone) == ("Служба поддержки", "ru", "Europe/Moscow")
    assert (config.reply_address, config.trusted_authserv) == ("support+{token}@example.com", "mx.example.com")
    assert config.own == {"support@example.com"}
    assert config.mailboxes[0].spam_header == ("x-spam-flag", "YES")
    assert config.agents == (Agent(name="Иван Петров", addresses=("ivan@example.com",), desks=("support",)),)
    assert config.desks[0].calendar.country == "RU"


# --- where it is ----------------------------------------------------------------------------------


def test_the_file_is_the_one_that_is_named_then_the_variable_then_the_working_folder(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("named", "variable", "config"):
        (folder.path / f"{name}.toml").write_text(SMALLEST.replace('"Support"', f'"{name}"'))
    monkeypatch.chdir(folder.path)
    environ = {"HELPDESK_CONFIG": "variable.toml"}
    assert load(Path("named.toml"), environ=environ).name == "named"
    assert load(None, environ=environ).name == "variable"
    assert load(None, environ={"HELPDESK_CONFIG": ""}).name == "config"


def test_a_file_that_was_named_and_is_missing_is_not_replaced_by_another(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.file.write_text(SMALLEST)
    monkeypatch.chdir(folder.path)
    with pytest.raises(ConfigError, match=r"not found at other\.toml; `helpdesk init` writes one"):
        load(Path("other.toml"), environ={})


def test_relative_paths_are_relative_to_the_file(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.file.write_text(SMALLEST)
    monkeypatch.chdir(folder.path.parent)
    config = load(Path(folder.path.name) / "config.toml", environ={})
    assert config.sending == Outdir(path=folder.path / "sent")


# --- passwords ------------------------------------------------------------------------------------


def test_a_changed_password_file_is_seen_at_once(folder: Folder) -> None:
    mailbox = folder.load(SMALLEST).mailboxes[0]
    assert isinstance(mailbox, ImapMailbox)
    assert mailbox.password() == "letmein"
    folder.secret("imap", "пароль с пробелом \r\n")
    assert mailbox.password() == "пароль с пробелом "


def test_a_password_file_that_vanishes_is_a_temporary_failure(folder: Folder) -> None:
    path = folder.secret("imap", "letmein")
    secret = FileSecret(path)
    path.unlink()
    with pytest.raises(TemporaryError, match="No such file or directory"):
        secret()


def test_a_password_may_come_from_the_environment_or_from_systemd(folder: Folder) -> None:
    folder.environ["IMAP_PASSWORD"] = "from-env"
    folder.environ["CREDENTIALS_DIRECTORY"] = str(folder.path / "credentials")
    # Containers mount credentials readable for all in a folder that nobody else may enter.
    folder.secret("credentials/imap", "from-systemd\n", mode=0o444)
    [from_env] = folder.load(smallest("[[mailbox]]", password_file=None, password_env='"IMAP_PASSWORD"')).mailboxes
    [from_systemd] = folder.load(smallest("[[mailbox]]", password_file=None, password_credential='"imap"')).mailboxes
    assert isinstance(from_env, ImapMailbox)
    assert isinstance(from_systemd, ImapMailbox)
    assert (from_env.password(), from_systemd.password()) == ("from-env", "from-systemd")


def test_settings_never_show_a_password(folder: Folder) -> None:
    folder.environ["IMAP_PASSWORD"] = "letmein"
    text = smallest("[[mailbox]]", password_file=None, password_env='"IMAP_PASSWORD"')
    text = text.replace("packs = []", 'packs = []\ndatabase = "postgresql://desk:letmein@db/desk"')
    folder.file.touch()
    folder.file.chmod(0o600)
    config = folder.load(text)
    assert "letmein" not in repr(config) + str(config)
    assert "letmein" not in repr(EnvSecret("IMAP_PASSWORD", folder.environ))


def test_problems_never_show_a_password(folder: Folder) -> None:
    text = smallest("[[mailbox]]", password_file=None, password='"letmein"', pasword='"letmein"')
    text = text.replace("packs = []", 'packs = []\ndatabase = "mysql://desk:letmein@db/desk"')
    problems = folder.problems(text)
    assert "letmein" not in "\n".join(problems)
    assert problems == [
        'helpdesk.database is set; want "sqlite:///FILE" or "postgresql://USER@HOST/NAME"',
        "mailbox[0].password does not belong in this file; write the password into a file and name it in password_file",
        "mailbox[0].pasword does not belong in this file; write the password into a file and name it in password_file",
        "mailbox[0] has a user and no password; want one of password_file, password_env, password_credential",
    ]


def test_a_database_password_in_a_file_for_everybody_is_a_problem(folder: Folder) -> None:
    folder.file.touch()
    folder.file.chmod(0o644)
    [problem] = folder.problems(smallest("[helpdesk]", database='"postgresql://d:letmein@db/d"'))
    assert problem.startswith("helpdesk.database holds a password, and everybody may read this file; run chmod")
    assert "letmein" not in problem


@pytest.mark.parametrize(
    ("contents", "mode", "problem"),
    [
        ("letmein", 0o644, "everybody on this machine may read {}; run chmod 600 {}"),
        ("", 0o600, "password file {}: want the password on one line, and nothing else"),
        ("one\ntwo\n", 0o600, "password file {}: want the password on one line, and nothing else"),
    ],
)
def test_a_password_file_is_for_us_alone_and_holds_one_password(
    folder: Folder, contents: str, mode: int, problem: str
) -> None:
    path = folder.secret("imap", contents, mode)
    path.chmod(mode)
    assert folder.problems(SMALLEST) == ["mailbox[0].password_file: " + problem.replace("{}", str(path))]


# --- what is said when it is wrong ----------------------------------------------------------------


def test_every_problem_is_reported_at_once(folder: Folder) -> None:
    problems = folder.problems(
        """
colour = "blue"

[helpdesk]
name = "Support"
address = "support@example.com"
replyaddress = "support+{token}@example.com"
language = "de"
timezone = "Europe/Moskow"
packs = ["outage"]
undo_window = "2bd"

[[mailbox]]
name = "support"
hosst = "imap.example.com"
port = "993"
poll_interval = "fast"
user = "support@example.com"
password_file = "nowhere"

[[agent]]
name = "Anna"
addresses = ["anna@example.org", "Anna <anna@example.net>"]
"""
    )
    assert problems == [
        (
            "colour is not known here; known are agent, board, bounds, brand, calendar, desk, digest, escalation, "
            "follow_up, helpdesk, incidents, mailbox, partner, service_level, smtp"
        ),
        "helpdesk.language is \"de\"; want one of 'ru', 'uk', 'en' or 'pl'",
        'helpdesk.timezone is "Europe/Moskow"; want the name of a time zone, did you mean "Europe/Moscow"?',
        'helpdesk.undo_window is "2bd"; want "0s" to "1h", no business days',
        'helpdesk.replyaddress is not known here; did you mean "reply_address"?',
        'smtp.host is missing; want the mail server that sends for us, for example "smtp.example.com"',
        'mailbox[0].host is missing; want the IMAP server, for example "imap.example.com"',
        'mailbox[0].port is "993"; want a whole number, without quotes',
        (
            'mailbox[0].poll_interval is "fast"; want a duration, for example "20s", "15m", "2h", "3d" or "3bd" '
            "(business days)"
        ),
        'mailbox[0].hosst is not known here; did you mean "host"?',
        'agent[0].addresses[1] is "Anna <anna@example.net>"; want one plain address, for example "support@example.com"',
        (
            f'helpdesk.packs[0] is "outage"; no such pack; shipped are {", ".join(shipped_packs())}; '
            "a file of yours ends with .toml"
        ),
    ]


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("name", '""', 'is ""; want one line of text'),
        ("name", "5", "is 5; want text in quotes"),
        ("aliases", '"a@example.com"', 'is "a@example.com"; want a list in square brackets'),
        (
            "reply_address",
            '"support+{id}@example.com"',
            'is "support+{id}@example.com"; want an address, for example "support+{token}@example.com"',
        ),
        ("max_message_mb", "0", "is 0; want at least 1"),
        (
            "undo_window",
            "20",
            'is 20; want a duration in quotes, for example "20s", "3d" or "3bd" (business days)',
        ),
        ("alert_address", '"support@example.com"', 'is "support@example.com"; want one that a person reads elsewhere'),
        ("calendar", '"office"', 'is "office"; want the NAME of a table [calendar.NAME]'),
    ],
)
def test_a_slip_under_helpdesk_is_one_problem(folder: Folder, key: str, value: str, problem: str) -> None:
    assert folder.problems(smallest("[helpdesk]", **{key: value})) == [f"helpdesk.{key} {problem}"]


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        (
            "host",
            '"imaps://imap.example.com"',
            'is "imaps://imap.example.com"; want the name of a server alone, for example "mail.example.com"',
        ),
        ("kind", '["imap"]', 'is a list; did you mean "imap"?'),
        ("first_start", '"old"', 'is "old"; want "new", "all" or how far back, for example "3d"'),
        ("spam_header", '"YES"', 'is "YES"; want a header and its value, for example "X-Spam-Flag: YES"'),
        ("poll_interval", '"0s"', 'is "0s"; want "1s" to "1h", no business days'),
        # a control character would end the IMAP command
        ("folder", r'"A\r\nB"', r'is "A\r\nB"; want the name of a folder, for example "Helpdesk/Done"'),
        (
            "security",
            '"none"',
            (
                'is "none", and imap.example.com is another machine; want "tls" or "starttls": '
                "anybody on the way could read mail and password"
            ),
        ),
        (
            "oauth2",
            '{ provider = "google" }',
            "is not supported yet; want one of password_file, password_env, password_credential",
        ),
    ],
)
def test_a_slip_in_a_mailbox_is_one_problem(folder: Folder, key: str, value: str, problem: str) -> None:
    assert folder.problems(smallest("[[mailbox]]", **{key: value})) == [f"mailbox[0].{key} {problem}"]


def test_a_mailbox_is_not_filed_into_itself(folder: Folder) -> None:
    assert folder.problems(smallest("[[mailbox]]", folder='"Helpdesk/Done"')) == [
        "mailbox[0] has one name for two of folder, done_folder and quarantine_folder; want three folders"
    ]


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        (
            {"password_env": '"X"', "password_file": '"imap"'},
            " has password_file and password_env; want one of them",
        ),
        (
            {"password_env": '"NOT_SET"'},
            ".password_env: environment variable NOT_SET: want the password on one line, and nothing else",
        ),
        (
            {"password_credential": '"imap"'},
            ".password_credential needs $CREDENTIALS_DIRECTORY; systemd sets it where the unit has LoadCredential=",
        ),
        ({}, " has a user and no password; want one of password_file, password_env, password_credential"),
    ],
)
def test_a_password_has_one_source_that_exists(folder: Folder, keys: dict[str, str], problem: str) -> None:
    text = smallest("[[mailbox]]", **({"password_file": None} | keys))
    assert folder.problems(text) == [f"mailbox[0]{problem}"]


def test_a_kind_has_keys_of_its_own(folder: Folder) -> None:
    assert folder.problems(smallest("[smtp]", host='"localhost"')) == [
        "smtp.host is not known here; known are give_up_after, kind, max_message_mb, path"
    ]
    assert folder.problems(smallest("[smtp]", kind='"mail"')) == ['smtp.kind is "mail"; did you mean "maildir"?']


def test_a_helpdesk_without_a_mailbox_or_a_way_out_is_refused(folder: Folder) -> None:
    assert folder.problems('[helpdesk]\nname = "Support"\naddress = "support@example.com"\npacks = []\n') == [
        "mailbox is missing; want one table [[mailbox]] at least",
        'smtp.host is missing; want the mail server that sends for us, for example "smtp.example.com"',
    ]


def test_single_and_double_brackets_are_told_apart(folder: Folder) -> None:
    assert folder.problems(SMALLEST.replace("[[mailbox]]", "[mailbox]")) == [
        "mailbox is a table; want a table in double brackets, [[mailbox]]"
    ]
    assert folder.problems(SMALLEST.replace("[smtp]", "[[smtp]]")) == ["smtp is a list; want one table, [smtp]"]


@pytest.mark.parametrize(
    ("added", "problem"),
    [
        (
            '[[mailbox]]\nname = "Support"\nkind = "lmtp"\nlisten = "localhost:24"',
            'mailbox[1].name is "Support"; mailbox[0] has this name already',
        ),
        (
            '[[mailbox]]\nname = "pushed"\nkind = "lmtp"\nlisten = "0.0.0.0:24"',
            (
                'mailbox[1].listen is on "0.0.0.0"; LMTP knows neither login nor encryption, so want a socket '
                'or an address of this machine, for example "127.0.0.1:24"'
            ),
        ),
        (
            '[[agent]]\nname = "Anna"\naddresses = ["Support@example.com"]',
            'agent[0].addresses[0] is "support@example.com"; it belongs to the helpdesk itself',
        ),
        (
            '[[agent]]\nname = "Anna"\naddresses = ["a@b.cd"]\n[[agent]]\nname = "Ivan"\naddresses = ["a@b.cd"]',
            'agent[1].addresses[0] is "a@b.cd"; it belongs to agent[0]',
        ),
        (
            '[[agent]]\nname = "Anna"\naddresses = []',
            "agent[0].addresses is a list; want one entry at least",
        ),
        (
            '[[agent]]\nname = "Anna"\naddresses = ["a@b.example"]\ndesks = ["suport"]',
            'agent[0].desks[0] is "suport"; there is no such desk; did you mean "support"?',
        ),
        (
            '[[desk]]\nname = "support"\nremind_after = "6bd"',
            "desk[0].remind_after is not shorter than close_after; nobody would be reminded in time",
        ),
        (
            '[calendar]\nhours = "Mon-Fri 18:00-10:00"',
            (
                'calendar.hours is "Mon-Fri 18:00-10:00"; "Mon-Fri 18:00-10:00" ends before it begins; write a '
                "night as two parts, until 24:00 and from 00:00"
            ),
        ),
        (
            '[calendar]\ndays_off = ["2026-01-09"]',
            'calendar.days_off[0] is "2026-01-09"; want a date such as 2026-01-09, without quotes',
        ),
        (
            "[calendar]\ndays_off = [2026-01-09]\nworking_days = [2026-01-09]",
            "calendar.days_off has 2026-01-09, which is one of its working_days; want it in one of them",
        ),
        (
            '[calendar.office]\nhours = "Mon-Fri 10:00-18:00"',
            'calendar.office is used by no desk; write calendar = "office" under [helpdesk] or a [[desk]]',
        ),
    ],
)
def test_tables_that_do_not_fit_together(folder: Folder, added: str, problem: str) -> None:
    assert folder.problems(SMALLEST + added) == [problem]


def test_a_missing_template_folder_is_a_problem(folder: Folder) -> None:
    text = smallest("[helpdesk]", templates='"mine"')
    assert folder.problems(text) == [f'helpdesk.templates is "mine"; there is no folder {folder.path / "mine"}']
    (folder.path / "mine").mkdir()
    assert folder.load(text).templates == folder.path / "mine"


def test_a_relay_wants_user_and_password_or_neither(folder: Folder) -> None:
    without_password = smallest("[smtp]", kind=None, path=None, host='"localhost"', user='"me"')
    without_user = smallest("[smtp]", kind=None, path=None, host='"localhost"', password_file='"imap"')
    sources = "password_file, password_env, password_credential"
    assert folder.problems(without_password) == [f"smtp has a user and no password; want one of {sources}"]
    assert folder.problems(without_user) == ["smtp.password_file is a password for no user; want smtp.user with it"]


@pytest.mark.parametrize(
    ("contents", "problem"),
    [
        (b"[helpdesk]\nname = Support\n", "is not TOML: Invalid value (at line 2, column 8)"),
        (b"[helpdesk]\nname = '\xcf\xf0\xe8'\n", "is not UTF-8 text: byte 20 is 0xcf"),  # saved as Windows-1251
    ],
)
def test_a_file_that_is_not_toml_is_said_with_its_place(folder: Folder, contents: bytes, problem: str) -> None:
    folder.file.write_bytes(contents)
    with pytest.raises(ConfigError) as caught:
        load(folder.file, environ={})
    assert str(caught.value) == f"{folder.file}: {problem}"


# --- the looks of letters -------------------------------------------------------------------------


def test_each_desk_has_its_brand(folder: Folder) -> None:
    (folder.path / "logo.png").write_bytes(png(120, 40))
    config = folder.load(
        SMALLEST
        + """
[brand]
colour = "#1A5FB4"
logo = "logo.png"
[brand.sales]
signature = ["Example Ltd", "+44 20 7946 0000"]
[[desk]]
name = "support"
[[desk]]
name = "sales"
brand = "sales"
"""
    )
    support, sales = (desk.brand for desk in config.desks)
    assert support == Brand(colour="#1a5fb4", logo=read_logo(png(120, 40)))
    assert sales == Brand(signature=("Example Ltd", "+44 20 7946 0000"))


def test_a_signature_may_differ_by_language(folder: Folder) -> None:
    lines = '[brand]\nsignature = { any = ["Example Ltd"], ru = ["ООО «Пример»", "пн–пт 10:00–18:00"], pl = [] }\n'
    brand = folder.load(SMALLEST + lines).desks[0].brand
    assert {language: brand.signed(language) for language in ("ru", "uk", "pl")} == {
        "ru": ("ООО «Пример»", "пн–пт 10:00–18:00"),
        "uk": ("Example Ltd",),
        "pl": (),
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[brand]\ncolour = "blue"', 'brand.colour is "blue"; want a colour as "#rrggbb", for example "#1a5fb4"'),
        ('[brand]\nlogo = "none.png"', 'brand.logo is "none.png"; the file cannot be read: No such file or directory'),
        ('[brand]\nlogo = "config.toml"', 'brand.logo is "config.toml"; the file is no PNG or JPEG'),
        ('[brand]\nsignature = { de = ["x"] }', "de: want ru, uk, en, pl or any, each with its lines"),
        ('[brand]\nsignature = "Example Ltd"', "want at most 6 lines"),
        ("[brand]\nsignature = [1]", "want text in quotes"),
        ('[brand.night]\ncolour = "#000000"', "brand.night is used by no desk"),
        (
            '[[desk]]\nname = "support"\nbrand = "sales"',
            'desk[0].brand is "sales"; want the NAME of a table [brand.NAME]',
        ),
    ],
)
def test_a_brand_that_cannot_be_shown_is_a_problem(folder: Folder, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as told:
        folder.load(f"{SMALLEST}{text}\n")
    assert problem in str(told.value)


# --- config.example.toml --------------------------------------------------------------------------


def uncommented() -> str:
    """The example with every commented key in force."""
    return re.sub(r"^#(?=[^ #\n])", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.fixture
def example_folder(folder: Folder) -> Folder:
    """A folder with everything that the example names."""
    for name in ("imap", "smtp"):
        folder.secret(f"secrets/{name}", "letmein")
    (folder.path / "templates").mkdir()
    (folder.path / "logo.png").write_bytes(png(120, 40))
    return folder


def test_the_example_loads_as_it_is(example_folder: Folder) -> None:
    config = example_folder.load(EXAMPLE.read_text(encoding="utf-8"))
    assert [desk.name for desk in config.desks] == ["support"]


def test_the_example_loads_with_every_key_uncommented(example_folder: Folder) -> None:
    config = example_folder.load(uncommented())
    assert [type(mailbox) for mailbox in config.mailboxes] == [ImapMailbox, MaildirMailbox, LmtpMailbox]
    assert config.reply_address == "support+{token}@example.com"


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path, environ={})


STRANGE = [
    "5",
    "-1",
    "nan",
    "true",
    '""',
    '"\\u0000"',
    "[]",
    "[[]]",
    "{}",
    "{ a = 1 }",
    "[{}]",
    "2026-01-09",
    "07:00:00",
]


@pytest.mark.parametrize("value", STRANGE)
def test_no_value_of_any_key_breaks_the_reader(example_folder: Folder, value: str) -> None:
    lines = uncommented().replace('["outages", "clarify"]', "[]").splitlines()
    for index, line in enumerate(lines):
        if re.match(r"[a-z_]+ = ", line):
            changed = [*lines[:index], re.sub("= .*", lambda _: f"= {value}", line), *lines[index + 1 :]]
            with suppress(ConfigError):
                assert example_folder.load("\n".join(changed)).desks


@pytest.mark.parametrize("value", STRANGE)
def test_no_value_of_any_table_breaks_the_reader(folder: Folder, value: str) -> None:
    for section in ("agent", "bounds", "brand", "calendar", "desk", "helpdesk", "mailbox", "smtp"):
        header = re.compile(rf"^\[+{section}\]+\n(?:[a-z].*\n)*", flags=re.MULTILINE)
        with suppress(ConfigError):
            assert folder.load(f"{section} = {value}\n" + header.sub("", SMALLEST)).desks


# Where each table stands in the example. The calendar with the keys is the one without a name.
TABLES: list[tuple[str, int, type[Table]]] = [
    ("helpdesk", 0, HelpdeskTable),
    ("mailbox", 0, MAILBOX_KINDS["imap"]),
    ("mailbox", 1, MAILBOX_KINDS["maildir"]),
    ("mailbox", 2, MAILBOX_KINDS["lmtp"]),
    ("smtp", 0, SENDING_KINDS["smtp"]),
    ("agent", 0, AgentTable),
    ("desk", 0, DeskTable),
    ("brand", 0, BrandTable),
    ("calendar", 0, CalendarTable),
    ("bounds", 0, BoundsTable),
]

# Keys that stand in the example's prose: alternatives, which exclude what is written out.
IN_PROSE = {"password_env", "password_credential", "oauth2", "path"}

# Keys of every mailbox are explained at the first.
COMMON = {"desk", "spam_header"}


def tables_of(text: str, section: str) -> list[dict[str, Any]]:
    value = tomllib.loads(text)[section]
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(("section", "index", "model"), TABLES)
def test_the_example_names_every_key(section: str, index: int, model: type[Table]) -> None:
    written = set(tables_of(uncommented(), section)[index]) | (COMMON if index else set())
    missing = set(model.model_fields) - written
    assert missing <= IN_PROSE
    for key in missing:
        assert f"{key} = " in EXAMPLE.read_text(encoding="utf-8")


@pytest.mark.parametrize(("section", "index", "model"), TABLES)
def test_the_example_shows_every_default(section: str, index: int, model: type[Table]) -> None:
    values = {
        key: value for key, value in tables_of(uncommented(), section)[index].items() if key in model.model_fields
    }
    table = model.model_validate(values)
    defaults = {name: field.get_default() for name, field in model.model_fields.items() if not field.is_required()}
    shown = {name: getattr(table, name) for name, value in defaults.items() if name in values and value is not None}
    if index:
        del shown["kind"], defaults["kind"]  # it is what makes the example another kind
    assert shown == {name: defaults[name] for name in shown}


def test_whoever_only_looks_needs_no_passwords(folder: Folder) -> None:
    text = smallest("[[mailbox]]", password_file=None, password_credential='"imap"')
    with pytest.raises(ConfigError, match="CREDENTIALS_DIRECTORY"):
        folder.load(text)
    assert load(folder.file, environ={}, logins=False).mailboxes[0].name == "support"

"""config.toml -> Config, or one ConfigError with every problem of the file. The only reader of settings.

`load` finds the file; `document` reads its tables, each by its shape in `tables` and `values`; `checks` and
`passwords` judge what must hold between them; `assembly` makes the frozen `settings` that everybody uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from helpdesk.config.assembly import assemble, packs_of
from helpdesk.config.brands import check_brands
from helpdesk.config.checks import check
from helpdesk.config.document import Document, read_document
from helpdesk.config.follow_ups import check_follow_ups, check_occasions, of_packs
from helpdesk.config.passwords import check_passwords
from helpdesk.config.problems import Problems
from helpdesk.config.ready import ready_replies
from helpdesk.config.secret import EnvSecret, FileSecret, Secret
from helpdesk.config.settings import (
    CalendarSettings,
    Config,
    DeskSettings,
    HolidaySource,
    ImapMailbox,
    LmtpMailbox,
    MailboxSettings,
    MaildirMailbox,
    Outdir,
    SmtpRelay,
)
from helpdesk.errors import ConfigError, Problem
from helpdesk.packs import Pack, load_pack

__all__ = [
    "CalendarSettings",
    "Config",
    "DeskSettings",
    "EnvSecret",
    "FileSecret",
    "HolidaySource",
    "ImapMailbox",
    "LmtpMailbox",
    "MailboxSettings",
    "MaildirMailbox",
    "Outdir",
    "Secret",
    "SmtpRelay",
    "find",
    "load",
]

VARIABLE = "HELPDESK_CONFIG"
PLACES = (Path("config.toml"), Path("/etc/helpdesk/config.toml"))


def find(path: Path | None, environ: Mapping[str, str]) -> Path:
    """The configuration file: `path`, else $HELPDESK_CONFIG, else the first of PLACES that exists.

    ConfigError, with where it was looked for and what to do, when there is none.
    """
    named = path or (Path(environ[VARIABLE]) if environ.get(VARIABLE) else None)
    candidates = (named,) if named else PLACES
    for candidate in candidates:
        if _is_there(candidate):
            return candidate
    looked = " and ".join(str(candidate) for candidate in candidates)
    cure = f"`helpdesk init` writes one; or name the file with --config FILE or ${VARIABLE}"
    raise ConfigError((Problem("configuration", f"not found at {looked}; {cure}. `helpdesk demo` needs none"),))


def _is_there(file: Path) -> bool:
    """Is there such a file, as far as we may look? Reading it then says why it cannot be had."""
    try:
        return file.exists()
    except PermissionError:
        return True


def load(path: Path | None, *, environ: Mapping[str, str], logins: bool = True) -> Config:
    """The settings of the file that `find` finds.

    ConfigError with every problem of the file and of the packs that it names; of the passwords, too, unless `logins`
    is False: whoever only looks at the database need not be able to log in anywhere.
    """
    file = find(path, environ)
    problems = Problems(str(file))
    document = read_document(file, problems)
    check(document, problems)
    check_follow_ups(document, problems)
    check_brands(document, problems)
    if logins:
        check_passwords(document, environ, problems)
    packs = _load_packs(packs_of(document), document.base, problems)
    _check_names(packs, document, problems)
    follow_ups = of_packs(packs, problems)
    check_occasions(document, packs, follow_ups, problems)
    own = document.helpdesk.templates if document.helpdesk else None
    replies = ready_replies(document.base / own if own else None, problems)
    if problems.found or document.helpdesk is None or document.sending is None:
        # Two packs that build on the same broken one have the same problems.
        raise ConfigError(tuple(dict.fromkeys(problems.found)))
    return assemble(document, document.helpdesk, document.sending, packs, follow_ups, replies, environ)


def _check_names(packs: Mapping[str, Pack], document: Document, problems: Problems) -> None:
    """Rules name agents, desks and checklists; a name that nobody has would be passed over in silence."""
    agents = tuple(agent.table.name for agent in document.agents)
    checklists = tuple(checklist.key for pack in packs.values() for checklist in pack.checklists)
    templates = _chosen_templates(document)
    for pack in packs.values():
        for rule in pack.rules:
            named = (
                ("assignee", (rule.assignee,), agents),
                ("notify", rule.notify, agents),
                ("desk", (rule.desk,), document.desk_names),
                ("checklist", (rule.checklist,), checklists),
                ("template", (rule.template,), templates),
            )
            for key, names, known in named:
                for name in names:
                    if name and name not in known:
                        place = f'{pack.name}.toml: rule "{rule.name}": {key}'
                        wanted = ", ".join(known) or "a name that is configured"
                        problems.found.append(Problem(place, f'is "{name}"; want one of {wanted}'))


def _chosen_templates(document: Document) -> tuple[str, ...]:
    """Acknowledgements of the desk's own that rules may name, in whatever language they are written."""
    if document.helpdesk is None or document.helpdesk.templates is None:
        return ()
    files = (document.base / document.helpdesk.templates).glob("*/opened-*.txt")
    return tuple(sorted({file.stem.removeprefix("opened-") for file in files}))


def _load_packs(named: Iterable[tuple[str, str]], base: Path, problems: Problems) -> dict[str, Pack]:
    """The packs that can be used, by their names; what is wrong with the others goes to `problems`."""
    packs: dict[str, Pack] = {}
    for key, name in named:
        if name in packs:
            continue
        try:
            packs[name] = load_pack(name, base)
        except ConfigError as error:
            for problem in error.problems:
                if problem.place == name:  # there is no such pack: it is our file that is wrong
                    problems.add(f'{key} is "{name}"; {problem.text}')
                else:
                    problems.found.append(problem)
    return packs

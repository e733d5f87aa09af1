"""`rules test`, `rules replay`: packs on labelled letters, changed packs on past mail. Nothing is sent or changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from helpdesk.adapters.learning import NothingToLearnError
from helpdesk.adapters.learning import learn as taught
from helpdesk.cli.context import configuration, console, utc_now, works
from helpdesk.cli.views import dumps
from helpdesk.config import Config
from helpdesk.core import absence
from helpdesk.core.classifier import Classifier
from helpdesk.core.duration import BusinessDays, parse_duration
from helpdesk.core.message import Inbound, Kind
from helpdesk.core.policy import Policy
from helpdesk.core.quote import split
from helpdesk.core.replay import LOOKS_BACK, Difference, Senders, as_it_stands, differences, verdict_then
from helpdesk.core.rules import Verdict, judge
from helpdesk.core.subject_tag import strip_prefixes, tag
from helpdesk.core.trial import ALL, Example, Row, Tried, table, try_out, wrong
from helpdesk.errors import UnreadableError
from helpdesk.packs import Pack, all_examples, load_pack, pack_file, shipped_packs
from helpdesk.packs.letters import read_letters
from helpdesk.packs.weights import SUFFIX, checksum, write_weights
from helpdesk.ports import OpeningMail, Store

BELOW_THE_BAR = 65

# Mails that a replay holds in memory at a time.
_AT_ONCE = 50

_rules = typer.Typer(help="Try rule packs out: on labelled letters, on past mail. Nothing is sent or changed.")


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(_rules, name="rules")


@_rules.command("test")
def try_letters(
    context: typer.Context,
    packs: Annotated[
        list[str] | None, typer.Argument(metavar="[PACK…]", help="Names or files; else those of the desk.")
    ] = None,
    letters: Annotated[
        Path | None, typer.Option("--letters", help="A folder of labelled letters instead of the packs' own.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--wrong", help="Print each letter that is taken wrongly, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Recall and precision on labelled letters, by language and situation. Exit status 65 below the pack's own bar."""
    if letters is not None and not letters.is_dir():
        raise UnreadableError(f"{letters}: no such folder")
    reports = [_report(pack, letters) for pack in _packs(context, packs)]
    reports = [(pack, tried, rows) for pack, tried, rows in reports if tried]
    if as_json:
        typer.echo(dumps([_json(*report) for report in reports]))
    for pack, tried, rows in () if as_json else reports:
        console().print(_shown(pack, rows))
        for line in _confused(rows):
            console().print(line, markup=False, soft_wrap=True)
        for one in wrong(tried) if verbose else ():
            console().print(_line(one), markup=False, soft_wrap=True)
    if not all(row.reaches(pack.bar) for pack, _, rows in reports for row in rows if row.situation == ALL):
        raise typer.Exit(BELOW_THE_BAR)


@_rules.command()
def learn(
    name: Annotated[str, typer.Argument(metavar="PACK", help="The name of a shipped pack, or a file of yours.")],
    held_out: Annotated[
        bool,
        typer.Option(
            "--held-out", help="Write nothing: leave each folder of letters out once and judge it by the rest."
        ),
    ] = False,
) -> None:
    """Learn from a pack's labelled letters what its rules with `likely` go by: writes PACK.weights beside it."""
    pack = load_pack(name, Path(), untaught=True)
    examples = all_examples(pack)
    if held_out:
        _hold_out(load_pack(name, Path()), examples)
        return
    path = pack_file(name, Path()).with_suffix(SUFFIX)
    with console().status(f"Learning from {len(examples):,} letters …"):
        write_weights(_taught(pack, examples), path)
    console().print(f"{len(examples):,} letters learned: {path}", markup=False, soft_wrap=True)


def _taught(pack: Pack, examples: tuple[Example, ...]) -> Classifier:
    try:
        return taught(examples, checksum(examples))
    except NothingToLearnError as error:
        raise UnreadableError(f"{pack.name}: {error}") from error
    except ImportError as error:
        raise UnreadableError(f'learning needs scikit-learn: pip install "helpdesk[learn]" ({error})') from error


def _hold_out(pack: Pack, examples: tuple[Example, ...]) -> None:
    """How new letters would fare: each folder below the pack's is judged by what all the others teach."""
    situations = {rule.situation for rule in pack.recognised if rule.situation}
    tried: list[Tried] = []
    for folder in sorted(path for parent in pack.folders for path in parent.iterdir() if path.is_dir()):
        aside = read_letters(folder, situations)
        with console().status(f"Judging {len(aside):,} letters of {folder.name} by what the others teach …"):
            learned = _taught(pack, tuple((Counter(examples) - Counter(aside)).elements()))
            rules = tuple(replace(rule, learned=learned if rule.likely else None) for rule in pack.rules)
            tried += (of_folder := try_out(aside, partial(see, replace(pack, rules=rules))))
        (whole,) = (row for row in table(of_folder) if row.language == ALL and row.situation == ALL)
        figures = f"{_percent(whole.recall)} / {_percent(whole.precision)}"
        console().print(f"{folder.name}: {len(aside):,} letters, {figures}", markup=False)
    console().print(_shown(pack, table(tuple(tried))))


@_rules.command()
def replay(
    context: typer.Context,
    since: Annotated[str, typer.Option("--since", help="How far back, for example 30d.")] = "30d",
    files: Annotated[
        list[str] | None,
        typer.Option("--rules", "--pack", help="A changed pack instead of the desk's of that name; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line and ticket.")] = False,
) -> None:
    """What changed rules would have made of past mail, ticket by ticket. Without --rules: today's rules, and the queue.

    Tickets are only read. May run beside the daemon.
    """
    changed = tuple(load_pack(name, Path()) for name in files or ())
    begins_at, senders, seen, otherwise = utc_now() - _age(since), Senders(), 0, 0
    with works(context) as built:
        now, then = built.policy, _exchanged(built.config, built.policy, changed)
        # What was asked in the hour before counts for the first mails; who wrote earlier than that is a new sender.
        for mail in _past(built.store, begins_at - LOOKS_BACK):
            requester = mail.ticket.requester.address if mail.ticket.requester else ""
            met = senders.meet(requester, mail.at)
            if mail.at < begins_at:
                continue
            (inbound,) = built.reader.read([mail.raw])
            if isinstance(inbound, Exception):
                continue
            before, after = (verdict_then(inbound, mail.ticket, policy, at=mail.at, met=met) for policy in (now, then))
            found = differences(before if changed else as_it_stands(mail.ticket, after), after)
            seen, otherwise = seen + 1, otherwise + bool(found)
            if found:
                _print_differences(mail, found, after, as_json=as_json)
    if not as_json:
        console().print(f"{seen} mails looked at, {otherwise} would have fared otherwise.")


def _past(store: Store, since: datetime) -> Iterator[OpeningMail]:
    last = 0
    while batch := store.opening_mails(since, after=last, limit=_AT_ONCE):
        yield from batch
        last = batch[-1].id


def _age(text: str) -> timedelta:
    try:
        age = parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(f'--since is "{text}": {error}') from error
    if isinstance(age, BusinessDays):
        raise typer.BadParameter(f'--since is "{text}"; want calendar time, for example 30d')
    return age


def _exchanged(config: Config, policy: Policy, changed: tuple[Pack, ...]) -> Policy:
    """The policy with the changed packs in place of those that have their names; new ones are added to every desk."""
    packs = {desk.name: {pack.name: pack for pack in (*desk.packs, *changed)} for desk in config.desks}
    desks = tuple(
        replace(desk, rules=tuple(rule for pack in packs[desk.name].values() for rule in pack.rules))
        for desk in policy.desks
    )
    return replace(policy, desks=desks)


def _print_differences(mail: OpeningMail, found: tuple[Difference, ...], after: Verdict, *, as_json: bool) -> None:
    reasons = [str(reason) for reason in after.reasons]
    if as_json:
        changes = [{"what": one.what, "before": one.before, "after": one.after} for one in found]
        value = {"ticket": mail.ticket.number, "subject": mail.ticket.subject, "changes": changes, "reasons": reasons}
        typer.echo(dumps(value))
        return
    console().print(f"{tag(mail.ticket.number)} {mail.ticket.subject}", markup=False, soft_wrap=True)
    for one in found:
        console().print(f"  {one.what}: {one.before} → {one.after}", markup=False, soft_wrap=True)
    for reason in reasons:
        console().print(f"    {reason}", markup=False, soft_wrap=True)


def _packs(context: typer.Context, named: list[str] | None) -> tuple[Pack, ...]:
    """The packs named, which may be files; else all that the configured desks use."""
    if named:
        return tuple(load_pack(name, None if name in shipped_packs() else Path()) for name in named)
    desks = configuration(context).desks
    return tuple({pack.name: pack for desk in desks for pack in desk.packs}.values())


def _report(pack: Pack, letters: Path | None) -> tuple[Pack, tuple[Tried, ...], tuple[Row, ...]]:
    situations = {rule.situation for rule in pack.recognised if rule.situation}
    examples = all_examples(pack) if letters is None else read_letters(letters, situations)
    tried = try_out(examples if pack.recognised else (), lambda example: see(pack, example))
    return pack, tried, table(tried)


def see(pack: Pack, example: Example) -> Tried:
    """What the rules of the pack see in what the letter says now, above its signature and history."""
    said, _ = split(example.text)
    mail = Inbound(sha256="", fingerprint="", size=0, subject=example.subject, text=said)
    absent = absence.announced(strip_prefixes(example.subject))
    kind = Kind.AUTO_REPLY if absent else Kind.HUMAN
    verdict = judge(pack.recognised, mail, desk="", language=example.language, kind=kind)
    return Tried(example, verdict.situation, tuple(str(reason) for reason in verdict.reasons))


def _shown(pack: Pack, rows: tuple[Row, ...]) -> Table:
    """A line for each situation, a column for each language: recall and precision; what was promised stands above."""
    bar = pack.bar
    title = f"{pack.name}: recall / precision in percent, promised {bar.recall} / {bar.precision} in every language"
    shown = Table(title=escape(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    languages = tuple(dict.fromkeys(row.language for row in rows))
    shown.add_column("situation")
    shown.add_column("letters", justify="right")
    for language in languages:
        shown.add_column(language, justify="right")
    by_place = {(row.situation, row.language): row for row in rows}
    for situation in (row.situation for row in rows if row.language == ALL):
        whole = situation == ALL
        cells = [_cell(by_place.get((situation, language)), pack) for language in languages]
        letters = f"{by_place[situation, ALL].letters:,}"
        name = "all situations" if whole else situation or "none of them"
        shown.add_row(name, letters, *cells, style="bold" if whole else "")
    return shown


def _cell(row: Row | None, pack: Pack) -> str:
    """Recall and precision, red where a language stays below what is promised; of letters on nothing how many."""
    if row is None:
        return ""
    if row.situation is None:
        return f"{row.right} of {row.letters}"
    figures = f"{_percent(row.recall)} / {_percent(row.precision)}"
    return figures if row.situation != ALL or row.reaches(pack.bar) else f"[red]{figures}[/]"


def _confused(rows: tuple[Row, ...]) -> tuple[str, ...]:
    """What was taken for what, a line for each language and situation in which something was."""
    return tuple(
        f"{row.language}: {row.situation or 'none'} taken for "
        + ", ".join(f"{seen or 'none'} ({count})" for seen, count in row.taken_for)
        for row in rows
        if row.taken_for and row.language != ALL
    )


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _line(one: Tried) -> str:
    example = one.example
    words = f"{example.subject} // {example.text}" if example.subject else example.text
    because = f"  ({'; '.join(one.reasons)})" if one.reasons else ""
    wanted, seen = example.situation or "none", one.seen or "none"
    return f"{example.language} {wanted} taken for {seen}: {' '.join(words.split())}{because}"


def _json(pack: Pack, tried: tuple[Tried, ...], rows: tuple[Row, ...]) -> dict[str, object]:
    return {
        "pack": pack.name,
        "bar": {"recall": pack.bar.recall, "precision": pack.bar.precision},
        "rows": [
            {
                "language": row.language,
                "situation": row.situation,
                "letters": row.letters,
                "right": row.right,
                "taken_for": {situation or "none": count for situation, count in row.taken_for},
                "recall": row.recall,
                "precision": row.precision,
            }
            for row in rows
        ],
        "wrong": [
            {
                "language": one.example.language,
                "situation": one.example.situation,
                "seen": one.seen,
                "subject": one.example.subject,
                "text": one.example.text,
                "reasons": list(one.reasons),
            }
            for one in wrong(tried)
        ],
    }

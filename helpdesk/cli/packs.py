"""`packs`: which packs there are, what one brings, does it keep its promises, the beginning of a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from helpdesk.cli.rules import BELOW_THE_BAR, try_letters
from helpdesk.core.form import Form, blank, fill_in
from helpdesk.core.texts import text_in
from helpdesk.errors import UnreadableError
from helpdesk.packs import SHIPPED, Pack, load_pack, shipped_packs
from helpdesk.packs.letters import LANGUAGES

_packs = typer.Typer(help="Packs: rules, checklists, forms, states and follow-ups that a lead can read and change.")

Name = Annotated[
    str, typer.Argument(metavar="PACK", help="The name of a shipped pack, or a file that ends with .toml.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(_packs, name="packs")


@_packs.command("list")
def show_names() -> None:
    """The packs that ship with the program, each with the first sentence of its file."""
    for name in shipped_packs():
        beginning = (SHIPPED / f"{name}.toml").read_text("utf-8").lstrip("# ").partition("\n\n")[0]
        said = " ".join(
            line.lstrip("# ")
            for line in beginning.splitlines()
            if line.startswith("#") or line == beginning.splitlines()[0]
        )
        typer.echo(f"{name}: {said.partition('. ')[0].rstrip('.')}")


@_packs.command("show")
def show_contents(
    name: Name, language: Annotated[str, typer.Option("--language", help="ru, uk, en or pl.")] = "en"
) -> None:
    """What a pack brings: situations, checklists with what they ask for, forms, states, follow-ups."""
    pack = load_pack(name, Path())
    typer.echo("\n".join(_contents(pack, language)))


@_packs.command("test")
def try_out(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[PACK…]", help="Else all that are shipped.")] = None,
) -> None:
    """Load packs, fill in their forms, judge their labelled letters. Exit status 65 where one breaks its promise."""
    broken = False
    for name in names or shipped_packs():
        pack = load_pack(name, Path())
        for form in (checklist.form for checklist in pack.checklists if checklist.form is not None):
            wrong = _unreadable(form)
            broken = broken or bool(wrong)
            typer.echo(f"{pack.name}: the form {form.key} {'reads ' + ', '.join(wrong) if wrong else 'reads back'}")
    try_letters(context, packs=list(names or shipped_packs()))
    if broken:
        raise typer.Exit(BELOW_THE_BAR)


@_packs.command("new")
def begin(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file that is not there yet; its name ends with .toml.")
    ],
) -> None:
    """Write the beginning of a pack of your own: a rule, a checklist, a form, a state, each with a word on it."""
    if file.suffix != ".toml":
        raise UnreadableError(f'{file}: the name of a pack ends with ".toml"')
    if file.exists():
        raise UnreadableError(f"{file} is there already; nothing was written")
    file.write_text(BEGINNING, "utf-8")
    typer.echo(f'Wrote {file}. Put it into packs = ["{file}"] of config.toml and run "helpdesk check".')


def _contents(pack: Pack, language: str) -> list[str]:
    situations = sorted({rule.situation for rule in pack.rules if rule.situation})
    lines = [f"situations: {', '.join(situations)}"] if situations else []
    for checklist in pack.checklists:
        what = f"form {text_in(checklist.form.title, language)}" if checklist.form else "checklist"
        lines.append(f"{what} ({checklist.key})")
        if checklist.form:
            lines += [f"    {line}" for line in blank(checklist.form, language) if line]
        lines += [f"  - {item.question(language)}" for item in checklist.items]
    lines += [f"state {stage.called(language)} ({stage.key}, {stage.state})" for stage in pack.stages]
    lines += [f"routing case {route.called(language)} ({route.key})" for route in pack.routes]
    lines += [f"follow-up after {table.get('after')}" for _, _, table in pack.follow_ups]
    return lines


def _unreadable(form: Form) -> list[str]:
    """The languages in which the blank form does not read back as it should: empty, it fills in nothing."""
    return [language for language in LANGUAGES if fill_in(form, "\n".join(blank(form, language))).size]


BEGINNING = """\
# What this pack is for, in a sentence.

# extends = "clarify"                 # or several: ["outages", "clarify"]

[[rule]]                              # which letters go first; docs/rules.md
name = "returns"
any = ["верн* ..3 товар*", "return* ..3 goods"]
situation = "returns"
priority = "high"

[item.order]                          # something to ask for
fields = ["заказ", "номер заказа", "order", "order number"]
ask = { ru = "Номер заказа.", en = "The number of your order." }

[[checklist]]
key = "returns"
any = ["верн* ..3 товар*", "return* ..3 goods"]
items = ["order"]

[field.reason]                        # a line of a form; docs/forms.md
label = { ru = "Причина", en = "Reason" }

[field.account]
type = "iban"
label = { ru = "Счёт", en = "Account" }

[field.confirmed]
type = "yes-no"
label = { ru = "Условия возврата приняты", en = "Conditions accepted" }

[[form]]
key = "return"
title = { ru = "Возврат", en = "Return" }
names = ["возврат", "return"]

[[form.section]]
key = "return"
label = { ru = "Возврат товара", en = "Return of goods" }
fields = ["reason", "account", "confirmed"]

[[state]]                             # a state of your own; docs/states.md
key = "on-the-way"
is = "waiting"
label = { ru = "товар в пути", en = "on the way" }
letter = { ru = "Ждём товар по обращению {number}.", en = "We expect the goods of request {number}." }

[[follow_up]]                         # what happens by itself
after = "on-the-way"
steps = [{ after = "14d", close = "no-answer" }]

[examples.ru]
returns = ["Хочу вернуть товар"]
none = ["Спасибо, товар подошёл"]
"""

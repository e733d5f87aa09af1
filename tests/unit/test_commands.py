"""What an agent's mail orders, and what of it is the answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpdesk.core import command_values as values
from helpdesk.core.command_arguments import Fault
from helpdesk.core.command_table import GRAMMAR, Row
from helpdesk.core.command_values import Command
from helpdesk.core.commands import MAX_COMMAND_LINES, CommandError, fold, help_text, numbers_named, parse
from helpdesk.core.duration import BusinessDays
from helpdesk.core.ticket import Priority

LANGUAGES = ("en", "ru", "uk", "pl")

# A good argument for each command that wants one.
ARGUMENTS = {
    "forward": "Brand store",
    "case": "late parcel",
    "send": "delivery",
    "ship": "TT000111",
    "assign": "Иван Петров",
    "state": "shipped",
    "wait": "3d",
    "priority": "high",
    "ask": "ip, time",
    "got": "ip",
    "field": "phone = 5",
    "desk": "billing",
    "cc": "ivan@x.test",
    "uncc": "ivan@x.test",
    "link": "123456",
    "merge": "123456",
    "requester": "ivan@x.test",
    "show": "123456",
    "search": "оплаты Visa",
    "join": "123456",
    "away": "15.03",
    "files": "123456",
}


def only(text: str) -> Command:
    """The one command of a mail that holds nothing else."""
    parsed = parse(text)
    assert (parsed.errors, parsed.answer) == ((), "")
    [command] = parsed.commands
    return command


def fault(text: str) -> CommandError:
    """The one error of a mail; nothing of it may be carried out."""
    parsed = parse(text)
    assert parsed.commands == ()
    [error] = parsed.errors
    return error


# --- the table ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("#take", values.Take()),
        ("#assign Иван Петров", values.Assign("Иван Петров")),
        ("#release", values.Release()),
        ("#accept", values.Accept()),
        ("#accept always", values.Accept(always=True)),
        ("#принять всегда", values.Accept(always=True)),
        ("#reject", values.Reject()),
        ("#spam", values.Spam()),
        ("#close", values.Close()),
        ("#close cable replaced", values.Close("cable replaced")),
        ("#reopen", values.Reopen()),
        ("#wait 3d", values.Wait(timedelta(days=3))),
        ("#snooze 3bd", values.Wait(BusinessDays(3))),
        ("#отложить 2 часа", values.Wait(timedelta(hours=2))),
        ("#чекати 30 хв.", values.Wait(timedelta(minutes=30))),
        ("#note", values.Note()),
        ("#note call him back", values.Note("call him back")),
        ("#priority low", values.SetPriority(Priority.LOW)),
        ("#приоритет Высокий", values.SetPriority(Priority.HIGH)),
        ("#priorytet zwykły", values.SetPriority(Priority.NORMAL)),
        ("#outage", values.Outage()),
        ("#outage site-down", values.Outage("site-down")),
        ("#normal", values.Normal()),
        ("#ask ip time", values.Ask(("ip", "time"))),
        ("#ask IP address, time of day", values.Ask(("IP address", "time of day"))),
        ("#got ip;", values.Got(("ip",))),
        ("#field serial number = 01.234 = new", values.SetField("serial number", "01.234 = new")),
        ("#cc ivan@x.test", values.AddCc("ivan@x.test")),
        ("#cc Иван <Ivan@X.test>", values.AddCc("ivan@x.test")),
        ("#uncc mailto:ivan@x.test", values.RemoveCc("ivan@x.test")),
        ("#cc ivan@x.test <mailto:ivan@x.test>", values.AddCc("ivan@x.test")),  # what Outlook makes of an address
        ("#desk Billing", values.MoveToDesk("Billing")),
        ("#rma", values.GiveRma()),
        ("#zwrot R-1000015", values.GiveRma("R-1000015")),
        ("#ship TT 000 111", values.Ship("TT 000 111")),
        ("#отгрузка TT000111 срочно", values.Ship("TT000111", now=True)),
        ("#undo", values.Undo()),
        ("#queue", values.ShowQueue()),
        ("#show 123456", values.ShowTicket(123456)),
        ("#show [##123456##]", values.ShowTicket(123456)),
        ("#show №1234567", values.ShowTicket(1234567)),
        ("#link #123456", values.LinkTo(123456)),
        ("#search оплаты Visa", values.Search("оплаты Visa")),
        ("#help", values.Help()),
        ("#incident", values.BeginIncident()),
        ("#инцидент site-down", values.BeginIncident("site-down")),
        ("#join [##123456##]", values.JoinIncident(123456)),
        ("#рассылка", values.Broadcast()),
        ("#case late parcel", values.CarryOutCase("late parcel")),
        ("#случай late-parcel, Brand store", values.CarryOutCase("late-parcel", "Brand store")),
        ("#forward Brand store", values.ForwardTo("Brand store")),
        ("#переслать «Brand store» только", values.ForwardTo("Brand store", only=True)),
        ("#Forward Ivan@x.test <mailto:Ivan@x.test> Only", values.ForwardTo("Ivan@x.test <Ivan@x.test>", only=True)),
    ],
)
def test_command_is_read(line: str, command: Command) -> None:
    assert only(line) == command


@pytest.mark.parametrize("row", GRAMMAR, ids=lambda row: row.name)
def test_every_word_of_every_language_means_the_same(row: Row) -> None:
    argument = ARGUMENTS.get(row.name, "")
    assert len({only(f"#{word} {argument}") for word in row.all_words()}) == 1


@pytest.mark.parametrize("row", GRAMMAR, ids=lambda row: row.name)
def test_every_command_has_a_word_in_every_language(row: Row) -> None:
    assert all(row.words.of(language) for language in LANGUAGES)


def test_no_word_means_two_commands() -> None:
    words = [word for row in GRAMMAR for word in {fold(word) for word in row.all_words()}]
    assert sorted(words) == sorted(set(words))


def test_interface_is_known_completely() -> None:
    promised = """take assign release away accept reject spam close reopen wait snooze note priority outage normal ask
    got field send case desk cc uncc requester merge split link forward incident join broadcast rma ship undo files
    queue show search stats help"""
    assert set(promised.split()) <= {word for row in GRAMMAR for word in row.words.en.split()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_tells_of_each_command_that_is_carried_out(language: str) -> None:
    lines = help_text(language).splitlines()
    assert len(lines) == len(GRAMMAR)
    for line, row in zip(lines, GRAMMAR, strict=True):
        written, _, told = line.partition(" – ")
        assert fold(written.split()[0]) in {fold(word) for word in row.words.of(language).split()}
        assert told == row.help.of(language)


def test_help_of_an_unknown_language_is_english() -> None:
    assert help_text("de") == help_text("en")


# --- how lines are written ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "#take",
        "#TAKE",
        "#Take",  # phones begin a line with a capital
        "#Take.",  # and end a word with a full stop
        "# take",  # or part the sign from the word
        "＃take",
        "\ufeff#take",
        "\u00a0#take\u00a0",
        "\u200b#take",
        "“#take”",
        "   #take   ",
        "#взять",
        "№взять",  # Shift and 3 on a Russian keyboard
        "#Взяти",
        "#weź",
        "#wez",  # written without its accent
        "#tak",
        "\r\n\r\n#take\r\n",
    ],
)
def test_command_is_read_however_it_was_typed(line: str) -> None:
    assert only(line) == values.Take()


def test_quotes_around_an_argument_are_not_part_of_it() -> None:
    assert only("#assign “Иван Петров”") == values.Assign("Иван Петров")
    assert only('#assign "Иван Петров"') == values.Assign("Иван Петров")
    assert only('#close "a" and "b"') == values.Close('"a" and "b"')


def test_letters_of_one_sound_or_without_accents_are_the_same() -> None:
    assert only("#odloz 3d") == only("#odłóż 3d") == values.Wait(timedelta(days=3))
    assert only("#пов’язати 123456") == only("#пов'язати 123456") == values.LinkTo(123456)


def test_number_sign_before_anything_else_is_text() -> None:
    assert parse("№ 5 is the one\n").answer == "№ 5 is the one\n"
    assert parse("№5\n").commands == ()


@pytest.mark.parametrize(("beginning", "command"), [("#clo", values.Close()), ("#q", values.ShowQueue())])
def test_beginning_that_fits_one_command_will_do(beginning: str, command: Command) -> None:
    assert only(beginning) == command


def test_beginning_that_fits_several_commands_names_them() -> None:
    error = fault("#re")
    assert error.fault is Fault.AMBIGUOUS
    assert error.nearest == "#release, #reject, #resolve, #reopen, #requester"


def test_whole_word_wins_over_longer_ones() -> None:
    assert only("#note") == values.Note()
    assert only("#cc ivan@x.test") == values.AddCc("ivan@x.test")


# --- top and rest ---------------------------------------------------------------------------------


def test_rest_of_the_mail_is_the_answer() -> None:
    parsed = parse("#take\n\n#priority high\n\nDear Ivan,\n\n#1 is the cable.\n")
    assert parsed.commands == (values.Take(), values.SetPriority(Priority.HIGH))
    assert parsed.answer == "Dear Ivan,\n\n#1 is the cable.\n"


def test_line_below_the_first_words_is_no_command() -> None:
    text = "Dear Ivan,\n#close\n"
    assert parse(text).commands == ()
    assert parse(text).answer == text


def test_mail_of_commands_alone_has_no_answer() -> None:
    assert parse("#close\n\n  \n").answer == ""


def test_subject_may_hold_a_command() -> None:
    assert parse("", "#queue").commands == (values.ShowQueue(),)
    assert parse("#take", "#show 123456").commands == (values.ShowTicket(123456), values.Take())
    assert parse("", "Re: #queue").commands == ()
    assert parse("", "#quux").errors[0].describe("en").startswith('Subject: "#quux" – no such command')


def test_numbers_and_queue_are_known_before_anything_is_loaded() -> None:
    assert numbers_named(parse("#show 123456\n#link 123457\n#show 123456\n").commands) == (123456, 123457)
    assert numbers_named(parse("see 123456\n#show 123457\n").commands) == ()
    assert parse("", "#очередь").commands == (values.ShowQueue(),)
    assert parse("the #queue").commands == ()


# --- what is not understood -----------------------------------------------------------------------


def test_nothing_is_carried_out_when_one_line_is_not_understood() -> None:
    parsed = parse("#take\n#prioirty high\n#close\nDone.\n")
    assert parsed.commands == ()
    assert parsed.answer == "Done.\n"
    assert parsed.errors == (CommandError(2, "#prioirty high", Fault.UNKNOWN, "#priority high"),)
    assert parsed.errors[0].describe("en") == (
        'Line 2: "#prioirty high" – no such command. Did you mean "#priority high"?'
    )


def test_every_line_that_is_not_understood_is_named() -> None:
    assert [error.line for error in parse("#foo\n#take\n\n#wait soon\n").errors] == [1, 4]


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("#зкрыть", "#закрыть"),
        ("#нотатки", "#нотатка"),
        ("#zamknji", "#zamknij"),
        ("#clsoe today", "#close today"),
        ("#xyzzy", ""),
        ("#", ""),
        ("#1", ""),
        ("### Heading", ""),
    ],
)
def test_unknown_command_is_answered_with_the_nearest_of_its_language(line: str, nearest: str) -> None:
    error = fault(line)
    assert (error.fault, error.nearest) == (Fault.UNKNOWN, nearest)


@pytest.mark.parametrize(
    ("line", "wrong", "instead"),
    [
        ("#take please", Fault.EXTRA, "#take"),
        ("#assign", Fault.MISSING, "#assign NAME"),
        ("#назначить", Fault.MISSING, "#назначить ИМЯ"),
        ("#show", Fault.MISSING, "#show NUMBER"),
        ("#show 123", Fault.NUMBER, "#show NUMBER"),
        ("#show 123456 123457", Fault.NUMBER, "#show NUMBER"),
        ("#show ١٢٣٤٥٦", Fault.NUMBER, "#show NUMBER"),  # digits of another script
        ("#wait soon", Fault.DURATION, "#wait 3d"),
        ("#wait 1 год", Fault.DURATION, "#wait 3d"),  # a year in Russian, an hour in Ukrainian
        ("#wait 99999d", Fault.DURATION, "#wait 3d"),
        ("#cc Ivan", Fault.ADDRESS, "#cc ADDRESS"),
        ("#cc a@x.test, b@x.test", Fault.ADDRESS, "#cc ADDRESS"),
        ("#cc <a@x.test> <b@x.test>", Fault.ADDRESS, "#cc ADDRESS"),
        ("#priority urgent", Fault.PRIORITY, "#priority low|normal|high"),
        ("#пріоритет", Fault.MISSING, "#пріоритет низький|звичайний|високий"),
        ("#ask ,", Fault.MISSING, "#ask ITEM, …"),
        ("#field serial 5", Fault.FIELD, "#field NAME = VALUE"),
        ("#field = 5", Fault.FIELD, "#field NAME = VALUE"),
        ("#accept everything", Fault.ALWAYS, "#accept [always]"),
    ],
)
def test_wrong_argument_is_answered_with_how_to_write_it(line: str, wrong: Fault, instead: str) -> None:
    error = fault(line)
    assert (error.fault, error.nearest) == (wrong, instead)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", 'Line 1: "#cc Ivan" – this is not one mail address. Write it like this: "#cc ADDRESS".'),
        ("ru", 'Строка 1: "#cc Ivan" – это не один почтовый адрес. Пишите так: «#cc ADDRESS».'),
        ("uk", 'Рядок 1: "#cc Ivan" – це не одна поштова адреса. Пишіть так: «#cc ADDRESS».'),
        ("pl", 'Wiersz 1: "#cc Ivan" – to nie jest jeden adres e-mail. Proszę napisać tak: „#cc ADDRESS”.'),
    ],
)
def test_error_is_told_in_the_language_of_the_agent(language: str, told: str) -> None:
    assert fault("#cc Ivan").describe(language) == told


@pytest.mark.parametrize("wrong", list(Fault))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_can_be_told(wrong: Fault, language: str) -> None:
    assert CommandError(1, "#x", wrong).describe(language).endswith(".")


def test_long_line_is_quoted_only_in_part() -> None:
    assert len(fault("#" + "x" * 10_000).describe("en")) < 200


def test_pasted_list_is_no_set_of_orders() -> None:
    parsed = parse("#take\n" * (MAX_COMMAND_LINES + 1))
    assert (parsed.commands, parsed.errors[0].fault) == ((), Fault.TOO_MANY)
    assert len(parse("#take\n" * MAX_COMMAND_LINES).commands) == MAX_COMMAND_LINES


# --- properties -----------------------------------------------------------------------------------


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    parsed = parse(text, text)
    assert not (parsed.commands and parsed.errors)
    assert parsed.answer in text


@given(st.text())
def test_text_without_a_sign_at_the_top_is_the_answer_unchanged(text: str) -> None:
    assume(not any(sign in text for sign in "#＃﹟№"))
    parsed = parse(text)
    assert (parsed.commands, parsed.answer, parsed.errors) == ((), text, ())


@given(st.lists(st.sampled_from(["#take", "#close fixed", "#note x", ""]), max_size=10), st.text(alphabet="abxyzщ"))
def test_unknown_command_among_others_leaves_errors_and_no_commands(lines: list[str], word: str) -> None:
    known = [known for row in GRAMMAR for known in map(fold, row.all_words())]
    assume(not any(known_word.startswith(fold(word)) for known_word in known))
    for place in range(len(lines) + 1):
        parsed = parse("\n".join([*lines[:place], f"#{word}", *lines[place:]]))
        assert parsed.commands == ()
        assert len(parsed.errors) == 1

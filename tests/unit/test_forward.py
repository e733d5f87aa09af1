"""Mail that was passed on: what can be read of it, and for whom it opens a ticket.

The mails of tests/corpus/forwards are what Ivan, an agent, got from Anna and forwarded with the program that the
file is named for.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from helpdesk.adapters.mime.reading import read
from helpdesk.core.case import wanted
from helpdesk.core.decision import Disposition, OpenTicket, Record, Role
from helpdesk.core.facts import Facts
from helpdesk.core.forward import original, without_a_word
from helpdesk.core.message import Address, Forwarded, Inbound
from helpdesk.core.outgoing import Audience
from helpdesk.core.policy import Partner
from helpdesk.core.sender import Contact, LetterCounts, Remember, Settled
from helpdesk.core.ticket import NEW, Lane
from tests.build import (
    ANNA,
    ARRIVAL,
    AUTHSERV,
    BORIS,
    DESK,
    EVE,
    IVAN_WRITES,
    NUMBER,
    OLHA_WRITES,
    changes,
    decided,
    mail,
    passed,
    policy,
    ticket,
    to_customers,
    verdict,
    written,
)

FORWARDS = Path(__file__).parent.parent / "corpus" / "forwards"
PARTNER = Address("shop@partner.test", "Shop")
OURS = {"ivan@help.test", "support@help.test", PARTNER.address}
TRUSTING = policy(trusted_authserv=AUTHSERV, partners=(Partner(name="Store", addresses=(PARTNER.address,)),))

EN = ("Site is down", "Hello,\n\nthe site is down since nine.\n\nAnna")
RU = ("Сайт лежит", "Добрый день!\n\nСайт лежит с девяти утра.")
UK = ("Сайт не працює", "Добрий день!\n\nСайт не відкривається з ранку.")
PL = ("Strona nie działa", "Dzień dobry,\n\nstrona nie działa od rana.")
DE = ("Seite geht nicht", "Guten Tag,\n\ndie Seite geht seit neun Uhr nicht.")
FR = ("Le site ne répond plus", "Bonjour,\n\nle site ne répond plus depuis neuf heures.")
ES = ("La web no funciona", "Hola,\n\nla web no funciona desde las nueve.")
IT = ("Il sito non risponde", "Buongiorno,\n\nil sito non risponde dalle nove.")

# File, what Ivan wrote above, Anna's name as she wrote it, her subject and text.
READ = [
    ("apple-de", "", "Anna Peters", *DE),
    ("apple-en", "Can you take this?", "Anna Petrova", *EN),  # every line of hers is marked with ">"
    ("apple-fr", "", "Anna Petit", *FR),
    ("apple-pl", "", "Anna Kowalska", *PL),
    ("apple-ru", "", "Анна Петрова", *RU),
    ("apple-uk", "Це до вас.", "Ганна Петренко", *UK),
    ("attached", "Please answer her.", "Anna Petrova", *EN),
    ("attached-encoded", "Please answer her.", "Anna Petrova", *EN),  # base64, which the standard forbids
    ("gmail-en", "Please take a look.", "Anna Petrova", *EN),
    ("gmail-ru-html", "Коллеги, это к вам.", "Анна Петрова", *RU),
    ("mailru", "Разберитесь, пожалуйста.", "Анна Петрова", *RU),
    ("outlook-de", "Bitte ansehen.", "Anna Peters", *DE),
    ("outlook-en", "FYI", "Anna Petrova", *EN),  # a list of recipients over two lines
    ("outlook-es", "Para vosotros.", "Anna Pérez", *ES),
    ("outlook-fr", "Pour vous.", "Anna Petit", *FR),  # a no-break space before each colon
    ("outlook-it", "Per voi.", "Anna Pini", *IT),
    ("outlook-original-message", "", "Anna Petrova", *EN),
    ("outlook-pl", "Proszę o pomoc.", "Anna Kowalska", *PL),
    ("outlook-ru", "", "Анна Петрова", *RU),  # [mailto:…]
    ("outlook-ru-html", "Посмотрите, пожалуйста.", "Анна Петрова", *RU),
    ("outlook-uk", "Візьміть, будь ласка.", "Ганна Петренко", *UK),
    ("proton", "", "Anna Petrova", *EN),  # her words are marked, the block is not
    ("through-a-partner", "One more from them.", "Anna Petrova", *EN),  # the partner's own words are nobody's request
    ("thunderbird-de", "", "Anna Peters", *DE),
    ("thunderbird-en", "See below.", "Anna Petrova", *EN),
    ("thunderbird-fr", "Voir plus bas.", "Anna Petit", *FR),
    ("thunderbird-it", "", "Anna Pini", *IT),
    ("thunderbird-pl", "Patrz niżej.", "Anna Kowalska", *PL),
    ("thunderbird-ru", "Смотрите ниже.", "Анна Петрова", *RU),  # Ivan's signature stands above the block
    ("thunderbird-uk", "", "Ганна Петренко", *UK),  # a Reply-To right below From
    ("ukrnet", "", "Ганна Петренко", "", UK[1]),
    ("with-a-picture", "", "Anna Petrova", *EN),
    ("yandex-labels", "", "Анна Петрова", *RU),
    ("yandex-ru", "Коллеги, помогите.", "Анна Петрова", "", RU[1]),  # no header block, date and author alone
]


def of_corpus(name: str) -> Inbound:
    return read((FORWARDS / f"{name}.eml").read_bytes())


@pytest.mark.parametrize(("name", "cover", "author", "subject", "text"), READ, ids=[row[0] for row in READ])
def test_author_subject_and_words_are_read_from_every_program(
    name: str, cover: str, author: str, subject: str, text: str
) -> None:
    inbound = of_corpus(name)
    found = original(inbound, OURS.__contains__)
    assert inbound.text == cover
    assert found is not None
    assert (found.sender, found.sender.name, found.subject, found.text) == (
        Address("anna@shop.test", author),
        author,
        subject,
        text,
    )


def test_every_forwarded_mail_of_the_corpus_has_its_row() -> None:
    nobody = {"name-without-address", "on-behalf-of"}
    assert {path.stem for path in FORWARDS.glob("*.eml")} == {row[0] for row in READ} | nobody


@pytest.mark.parametrize("name", ["name-without-address", "on-behalf-of"])
def test_a_block_that_names_no_single_address_names_nobody(name: str) -> None:
    assert original(of_corpus(name), OURS.__contains__) is None


def test_history_below_a_reply_is_no_forwarded_mail() -> None:
    history = "From: Anna <anna@shop.test>\nSent: Monday, March 2, 2026 10:15 AM\nTo: Ivan\nSubject: Site\n\nHello"
    assert original(mail("Done.", subject="RE: Site", quoted=history), OURS.__contains__) is None


def test_whoever_passes_on_a_mail_of_our_own_passes_on_nobodys() -> None:
    block = "---------- Forwarded message ---------\nFrom: <support@help.test>\nDate: today 10:15\n\nHello"
    assert original(mail("", subject="Fwd: Hello", quoted=block), OURS.__contains__) is None


# --- for whom it opens a ticket -------------------------------------------------------------------

WORDS = "the site is down"


def forward(sender: Address = IVAN_WRITES, *, author: str = "Anna <anna@shop.test>", **values: object) -> Inbound:
    block = f"From: {author}\nSent: Monday, March 2, 2026 10:15 AM\nTo: Ivan\nSubject: My shop\n\nHello, {WORDS}."
    said = {"subject": "FW: My shop", "quoted": block, "headers": passed(sender)}
    return mail("Who takes it?", sender=sender, **said | values)


def test_a_proven_agent_opens_the_ticket_of_whoever_wrote_first() -> None:
    inbound = forward(cc=(BORIS,))
    decision = decided(inbound, rules=TRUSTING)
    (opening,) = changes(decision, OpenTicket)
    assert decision.disposition is Disposition.OPEN
    assert (opening.requester, opening.subject, opening.cc) == (ANNA, "My shop", ())
    assert (opening.lane, opening.situation) == (Lane.OUTAGE, "site-down")  # her words count, not the agent's
    assert written(decision) == [
        ("opened", "anna@shop.test"),
        ("notify", "ivan@help.test"),  # he learns the number, too
        ("notify", "olha@help.test"),
        ("note", "olha@help.test"),
    ]
    assert (decision.author, decision.text) == (ANNA, f"Hello, {WORDS}.")
    known = Remember("anna@shop.test", name="Anna", language="en", failing=False, settled=Settled.LETTERS)
    assert changes(decision, Remember) == [known]


def test_what_the_agent_wrote_above_is_a_note_among_colleagues() -> None:
    decision = decided(forward(), rules=TRUSTING)
    (note,) = (letter for letter in decision.letters if letter.event.value == "note")
    assert (note.body, note.author, note.audience) == ("Who takes it?", IVAN_WRITES, Audience.COLLEAGUES)
    assert Record(NEW, "Ivan", "forwarded", "Who takes it?") in decision.changes
    assert all("takes it" not in letter.body for letter in to_customers(decision))


def test_an_agent_who_adds_nothing_writes_no_note() -> None:
    decision = decided(replace(forward(), text=""), rules=TRUSTING)
    assert [event for event, _ in written(decision)] == ["opened", "notify", "notify"]


def test_the_files_of_the_forwarded_mail_are_passed_on() -> None:
    inbound = replace(of_corpus("with-a-picture"), headers=passed())
    decision = decided(inbound, rules=TRUSTING)
    names = {file.part: file.name for file in inbound.attachments}
    notices = [letter for letter in decision.letters if letter.event.value == "notify"]
    assert [[names[part] for part in letter.parts] for letter in notices] == [["screen.png"], ["screen.png"]]


def test_an_enclosed_mail_is_acknowledged_as_an_answer_to_it() -> None:
    decision = decided(replace(of_corpus("attached"), headers=passed()), rules=TRUSTING)
    (letter,) = to_customers(decision)
    assert (letter.to, letter.in_reply_to) == (Address("anna@shop.test", "Anna Petrova"), "<her-own@shop.test>")


def test_a_listed_partner_has_the_same_power() -> None:
    decision = decided(forward(PARTNER), rules=TRUSTING)
    assert [opening.requester for opening in changes(decision, OpenTicket)] == [ANNA]
    assert Record(NEW, "shop@partner.test", "forwarded", "Who takes it?") in decision.changes


@pytest.mark.parametrize(
    ("inbound", "why"),
    [
        (forward(EVE), "a stranger, however well proven"),
        (forward(BORIS), "a customer"),
        (forward(headers=()), "an agent whom nothing proves"),
        (forward(PARTNER, headers=()), "a partner whom nothing proves"),
        (forward(headers=verdict("dmarc=pass header.from=evil.test")), "a proof of somebody else"),
        (forward(author="robot <noreply@shop.test>"), "nobody reads an answer to a robot"),
        (forward(author="Olha <olha@help.test>"), "a colleague's mail is nobody's request"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_everybody_else_speaks_for_himself(inbound: Inbound, why: str) -> None:
    decision = decided(inbound, rules=TRUSTING)
    assert decision.disposition is Disposition.OPEN
    assert [opening.requester for opening in changes(decision, OpenTicket)] == [inbound.sender], why
    assert all(letter.to != ANNA for letter in decision.letters)


def test_where_no_server_is_trusted_nobody_speaks_for_others() -> None:
    decision = decided(forward(), rules=policy())
    assert [opening.requester for opening in changes(decision, OpenTicket)] == [IVAN_WRITES]


def test_the_bounds_and_the_memory_are_those_of_the_author() -> None:
    assert wanted(forward(), TRUSTING, ARRIVAL).sender == "anna@shop.test"
    assert wanted(forward(EVE), TRUSTING, ARRIVAL).sender == "eve@evil.test"
    flooded = decided(forward(), Facts(counts=LetterCounts(address_3h=10)), TRUSTING)
    assert to_customers(flooded) == []


def test_the_mail_of_a_blocked_author_is_seen_and_not_acknowledged() -> None:
    decision = decided(forward(), Facts(contact=Contact("anna@shop.test", blocked=True)), TRUSTING)
    assert decision.disposition is Disposition.OPEN
    assert to_customers(decision) == []


def test_a_forward_that_names_a_ticket_joins_that_ticket() -> None:
    """An agent takes part in every ticket: without a letter that he answers his words are a note there."""
    known = ticket(requester=BORIS)
    for facts in (Facts(by_number=(known,)), Facts(by_reference=(("<first@shop.test>", known),))):
        decision = decided(forward(subject=f"FW: [##{NUMBER}##] My shop"), facts, TRUSTING)
        assert (decision.ticket, changes(decision, OpenTicket), to_customers(decision)) == (NUMBER, [], [])


# --- a customer who writes nothing above ----------------------------------------------------------


def test_words_passed_on_without_a_word_are_the_request() -> None:
    block = f"---------- Forwarded message ---------\nFrom: Eve <eve@evil.test>\n\nHello, {WORDS}."
    decision = decided(mail("", subject="Fwd: Shop", quoted=block))
    (opening,) = changes(decision, OpenTicket)
    assert (opening.requester, opening.situation) == (ANNA, "site-down")
    assert decision.text == block
    assert [letter.body for letter in decision.letters if letter.event.value == "notify"] == [block, block]


def test_words_passed_on_to_a_ticket_are_shown_to_its_agents() -> None:
    decision = decided(
        mail("", subject=f"Fwd: [##{NUMBER}##] Shop", quoted="> It happened again."), Facts(by_number=(ticket(),))
    )
    assert (decision.disposition, decision.text) == (Disposition.APPEND, "> It happened again.")
    assert {letter.body for letter in decision.letters} == {"> It happened again."}


def test_an_enclosed_mail_without_a_word_is_the_request() -> None:
    enclosed = Forwarded(sender=EVE, subject="Shop", text=f"Hello, {WORDS}.")
    assert without_a_word(mail("", subject="Fwd: Shop", enclosed=enclosed)) == f"Hello, {WORDS}."


@pytest.mark.parametrize(
    "inbound",
    [
        mail("See below.", subject="Fwd: Shop", quoted="> The site is down."),  # his own words are the request
        mail("", subject="Re: Shop", quoted="> The site is down."),  # an empty answer
        mail("", subject="Fwd: Shop"),  # nothing at all
    ],
)
def test_quoted_words_stay_quoted_elsewhere(inbound: Inbound) -> None:
    assert without_a_word(inbound) is None
    assert decided(inbound).text is None


def test_an_agents_quoted_words_are_never_commands() -> None:
    inbound = mail(
        "", sender=OLHA_WRITES, subject=f"Fwd: [##{NUMBER}##] x", quoted="#close", headers=passed(OLHA_WRITES)
    )
    decision = decided(inbound, Facts(by_number=(ticket(),)), TRUSTING)
    assert decision.role is Role.AGENT
    assert to_customers(decision) == []
    assert inbound.to == (DESK,)

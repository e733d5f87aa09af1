"""What holds for every reply of an agent, from its bytes on: text is the answer, one wrong line stops everything.

The bytes are those of plain mail in every encoding, and of replies as programs write them (tests/system/replies).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from email.message import EmailMessage
from quopri import encodestring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.adapters.mime.reading import read
from helpdesk.core.decision import Decision, Filing, Proof, Record
from tests.build import ANNA, BORIS, IVAN_WRITES, answering, changes, decided, policy, sent, ticket, to_customers
from tests.system.replies import SHAPES

LETTER = sent()

# For each way to write it: reading a page takes some milliseconds.
MAILS = 25
QUOTED = "Your reply to this mail goes to the customer: Anna\n\nAnna writes:\n\n> #close\n> Please help."

# A letter first, and then what people, telephones and other alphabets put into a line.
REST = st.text(alphabet=st.sampled_from("aZяЩїł09#№-–*/_<&>«»:;.,!? \u00a0\u2009"), max_size=40)
LINE = st.builds(lambda first, rest: first + rest, st.sampled_from("aZяЩїłß"), REST)
ADDRESS = st.sampled_from([" ivan@help.test", " <OLHA@help.test>"])
TEXT = st.lists(LINE, min_size=1, max_size=5).map("\n".join)
COMMANDS = st.lists(
    st.sampled_from(["#take", "#close", "#note between us", "#forward x@y.test", "#ask ip"]), max_size=3
)
WORDS = ("yes", "да", "так", "tak")


def notification() -> EmailMessage:
    """The letter of ours that is answered."""
    letter = EmailMessage()
    letter["From"], letter["To"] = "Support <support@help.test>", IVAN_WRITES.address
    letter["Subject"], letter["Message-ID"] = "[##100001##] Help", LETTER.message_id
    letter.set_content(QUOTED)
    letter.add_alternative(f"<html><body><p>{QUOTED.replace('>', '&gt;')}</p></body></html>", subtype="html")
    return letter


def plain(encoding: str, charset: str = "utf-8", kind: str = "") -> Callable[[str], bytes]:
    """Mail of one text with the letter quoted below, in this transfer encoding."""

    def write(text: str) -> bytes:
        quoted = "".join(f"> {line}\n" for line in QUOTED.splitlines())
        body = f"{text}\n\nOn Mon, 2 Mar 2026 at 10:00, Support <support@help.test> wrote:\n{quoted}-- \nIvan\n"
        raw = body.encode(charset)
        code: dict[str, Callable[[bytes], bytes]] = {"base64": b64encode, "quoted-printable": encodestring}
        coded = code[encoding](raw) if encoding in code else raw
        head = (
            f"From: Ivan <{IVAN_WRITES.address}>\nTo: support@help.test\nSubject: Re: Help\nMessage-ID: <1@help.test>\n"
            f"In-Reply-To: {LETTER.message_id}\nMIME-Version: 1.0\n"
            f"Content-Type: text/plain; charset={charset}{kind}\nContent-Transfer-Encoding: {encoding}\n\n"
        )
        return head.encode() + coded

    return write


def shaped(name: str) -> Callable[[str], bytes]:
    """Mail as this program writes it."""
    return lambda text: SHAPES[name](IVAN_WRITES.address, notification(), text).as_bytes()


PLAIN = {
    "8bit": plain("8bit"),
    "quoted-printable": plain("quoted-printable"),
    "base64": plain("base64"),
    "utf-16": plain("base64", "utf-16"),
}
WRITERS = PLAIN | {name: shaped(name) for name in SHAPES}


def came(raw: bytes) -> Decision:
    return decided(read(raw), answering(LETTER, ticket()), policy())


def lines(text: str) -> list[str]:
    """The lines that say something; programs break and join the blanks in them, and telephones begin with a capital."""
    return [" ".join(line.split()).casefold() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("writer", WRITERS)
@settings(max_examples=MAILS)
@given(text=TEXT)
def test_text_without_a_command_at_the_top_is_the_answer_whatever_writes_it(writer: str, text: str) -> None:
    if text.strip().casefold() in WORDS:
        return
    decision = came(WRITERS[writer](text))
    assert decision.proof is Proof.REPLY
    assert {letter.to for letter in to_customers(decision)} == {ANNA, BORIS}
    assert [lines(letter.body) for letter in to_customers(decision)] == [lines(text)] * 2


@pytest.mark.parametrize("writer", PLAIN)
@settings(max_examples=MAILS)
@given(text=TEXT)
def test_plain_text_stays_letter_by_letter(writer: str, text: str) -> None:
    bodies = {letter.body for letter in to_customers(came(WRITERS[writer](text)))}
    assert bodies in (set(), {"\n".join(line.rstrip() for line in text.splitlines()).strip()})
    assert bodies or text.strip().casefold() in WORDS


@pytest.mark.parametrize("writer", WRITERS)
@settings(max_examples=MAILS)
@given(text=LINE, address=ADDRESS)
def test_the_address_of_an_agent_is_all_that_is_taken_out(writer: str, text: str, address: str) -> None:
    for letter in to_customers(came(WRITERS[writer](f"{text} (see{address})"))):
        assert "@help.test" not in letter.body.lower()
        assert re.sub(r"\s", "", letter.body).casefold() == re.sub(r"\s", "", f"{text} (see)").casefold()


@pytest.mark.parametrize("writer", WRITERS)
@settings(max_examples=MAILS)
@given(before=COMMANDS, place=st.integers(0, 3), rest=TEXT)
def test_one_unknown_command_changes_nothing_whatever_writes_it(
    writer: str, before: list[str], place: int, rest: str
) -> None:
    before.insert(min(place, len(before)), "#zzyzx and more")
    decision = came(WRITERS[writer]("\n".join([*before, "", rest])))
    assert [letter.to.address for letter in decision.letters] == [IVAN_WRITES.address]
    assert list(decision.changes) == changes(decision, Record)
    assert {record.what for record in changes(decision, Record)} == {"refused"}
    assert decision.filing is Filing.COMMAND

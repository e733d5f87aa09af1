"""T6, secrets that prove a reply: long, bound to ticket, reader and role, and never passed on to anybody else."""

from __future__ import annotations

import re
import secrets
from base64 import b32encode

from helpdesk.core.outgoing import Audience
from helpdesk.core.secret import MAC_BYTES, is_token, new_token, token_of
from helpdesk.core.ticket import State
from tests.security.desk import ANNA, EVE, IVAN, LENA, Desk, mail, opened, reply

KEY = bytes(range(32))
GUESSES = 20_000


def test_secret_has_128_bits_and_more() -> None:
    assert MAC_BYTES * 8 >= 128


def test_guesses_of_the_right_form_never_hit() -> None:
    drawn = secrets.SystemRandom()
    hits = 0
    for _ in range(GUESSES):
        guess = b32encode(drawn.randbytes(25)).decode().lower()
        hits += is_token(KEY, guess, 100001, IVAN, Audience.AGENT)
    assert hits == 0


def test_every_single_changed_letter_breaks_the_secret() -> None:
    token = new_token(KEY, ticket=100001, recipient=IVAN, audience=Audience.AGENT, nonce=b"12345678")
    assert is_token(KEY, token, 100001, IVAN, Audience.AGENT)
    changed = [
        token[:place] + other + token[place + 1 :]
        for place in range(len(token))
        for other in "abcdefghijklmnopqrstuvwxyz234567"
        if other != token[place]
    ]
    assert not any(is_token(KEY, other, 100001, IVAN, Audience.AGENT) for other in changed)


def test_secret_of_one_reader_ticket_or_role_is_none_of_another() -> None:
    token = new_token(KEY, ticket=100001, recipient=IVAN, audience=Audience.AGENT, nonce=b"12345678")
    others = [
        (KEY, 100002, IVAN, Audience.AGENT),
        (KEY, 100001, LENA, Audience.AGENT),
        (KEY, 100001, IVAN, Audience.REQUESTER),
        (KEY, None, IVAN, Audience.AGENT),
        (bytes(32), 100001, IVAN, Audience.AGENT),
    ]
    assert not any(is_token(key, token, ticket, reader, role) for key, ticket, reader, role in others)


def test_capital_letters_of_a_relay_do_no_harm(open_desk: Desk) -> None:
    number = open_desk.open()
    notified = next(letter for letter in open_desk.sent if letter.event == "notify")
    address = str(opened(notified)["Reply-To"])
    shown = re.search(r"<(.*)>", address)
    assert shown is not None
    open_desk.take_one(mail(IVAN, "whatever", "#close", to=shown[1].upper()))
    assert open_desk.ticket(number).state is State.CLOSED


def test_letters_to_one_reader_carry_no_secret_of_another(open_desk: Desk) -> None:
    number = open_desk.open()
    for text in ("First answer.", "Second answer."):
        notified = [letter for letter in open_desk.sent if letter.event == "notify"][-1]
        # The agent's program quotes all of the notification, its reply address included.
        quoted = "".join(f"> {line}\n" for line in bytes(notified.raw).decode().splitlines())
        open_desk.take_one(reply(notified, IVAN, f"{text}\n\n{quoted}"))
        open_desk.send()
        answer = [letter for letter in open_desk.sent if letter.event == "reply"][-1]
        open_desk.take_one(reply(answer, ANNA, "Thank you, and now?"))
        open_desk.send()
    mine: dict[str, set[str]] = {}
    for letter in open_desk.sent:
        token = token_of(letter.message_id)
        assert token is not None
        mine.setdefault(letter.recipients[0], set()).add(token)
    assert {ANNA, IVAN} <= set(mine)
    for letter in open_desk.sent:
        whole = bytes(letter.raw).decode().lower() + str(opened(letter)).lower()
        for reader, tokens in mine.items():
            if reader != letter.recipients[0]:
                assert not [token for token in tokens if token in whole], (letter.event, letter.recipients, reader)
    assert open_desk.ticket(number).state is not State.CLOSED


def test_guessed_reply_addresses_lead_nowhere(open_desk: Desk) -> None:
    number = open_desk.open()
    before = open_desk.conversation(number)
    drawn = secrets.SystemRandom()
    guesses = (b32encode(drawn.randbytes(25)).decode().lower() for _ in range(100))
    taken = open_desk.take(mail(EVE, "Hello", f"guess {token}", to=f"support+{token}@help.test") for token in guesses)
    assert number not in {one.ticket for one in taken}
    assert open_desk.conversation(number) == before

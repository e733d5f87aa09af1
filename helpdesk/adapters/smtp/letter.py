"""One letter to the relay of a session: envelope and final bytes in, one answer per recipient out.

The phase decides what a break means: before the first byte of the text nobody got anything (TemporaryError); from then
until the reply nobody can know, so every recipient that was accepted gets the answer 0.

The text is handed over here and not by the library's `data()`, which does not tell these two phases apart.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence

import aiosmtplib
from aiosmtplib import SMTPResponse

from helpdesk.adapters.smtp.envelope import CLOSING, START_INPUT, Envelope, envelope
from helpdesk.adapters.smtp.session import BROKEN, SmtpSettings, one_line
from helpdesk.core.outgoing import Delivery
from helpdesk.errors import PermanentError, TemporaryError
from helpdesk.raw import Raw, pieces

_SENDER_TAKEN = 250
_RECIPIENT_TAKEN = (250, 251)

# "Authentication required" and its kin (RFC 4954 section 6), also "issue STARTTLS first" (RFC 3207).
_LOGIN_WANTED = (530, 534, 535, 538)

_PLAIN_ADDRESS = re.compile(r'[^\s\x00-\x1f\x7f<>()\[\],;:"\\@]+@[^\s\x00-\x1f\x7f<>(),;"\\@]+')


class SessionOverError(TemporaryError):
    """The session ended before the relay had said anything about this letter."""


async def deliver(
    client: aiosmtplib.SMTP, settings: SmtpSettings, envelope_from: str, recipients: Sequence[str], raw: Raw
) -> Sequence[Delivery]:
    """One mail transaction. A session that is still good is left ready for the next."""
    wanting = _what_relay_lacks(client, raw)
    if wanting:
        return [Delivery(recipient, *wanting) for recipient in recipients]
    utf8 = client.supports_extension("smtputf8") and not "".join((envelope_from, *recipients)).isascii()
    sender = _written(envelope_from, utf8=utf8)
    if sender is None:
        return [Delivery(recipient, 553, "5.1.7 our own address cannot be sent") for recipient in recipients]
    named = {recipient: written for recipient in recipients if (written := _written(recipient, utf8=utf8)) is not None}
    answers: dict[str, Delivery] = {}
    if named:
        mail = b" ".join((b"MAIL FROM:" + sender, *_mail_options(client, raw, utf8=utf8)))
        commands = [mail, *(b"RCPT TO:" + written for written in named.values()), b"DATA"]
        said = envelope(client, commands, settings.command_timeout_s)
        answers = await _transact(client, settings, said, tuple(named), raw)
        if not any(answer.sent for answer in answers.values()):
            await said.give_up()
    # What cannot be named is not one plain address, or not ASCII where the relay has no SMTPUTF8 (RFC 6531).
    unnamed = (553, "5.1.3 the relay cannot be given this address")
    return [answers.get(recipient) or Delivery(recipient, *unnamed) for recipient in recipients]


async def _transact(
    client: aiosmtplib.SMTP, settings: SmtpSettings, said: Envelope, recipients: Sequence[str], raw: Raw
) -> dict[str, Delivery]:
    """What the relay says to each recipient: of the sender, of the recipient, or of the text."""
    refused = await _sender_refused(said, settings)
    if refused is not None:
        return {recipient: Delivery(recipient, *_refusal(refused)) for recipient in recipients}
    answers: dict[str, Delivery] = {}
    try:
        for recipient in recipients:
            answer = await said.answer()
            if answer.code not in _RECIPIENT_TAKEN:
                answers[recipient] = Delivery(recipient, *_refusal(answer))
        accepted = [recipient for recipient in recipients if recipient not in answers]
        if accepted:
            outcome = await _hand_over(client, await said.answer(), raw, settings)
            answers |= {recipient: Delivery(recipient, *outcome) for recipient in accepted}
    except BROKEN as error:
        raise TemporaryError(f"{settings.place} broke off before the text: {one_line(str(error))}") from error
    return answers


async def _sender_refused(said: Envelope, settings: SmtpSettings) -> SMTPResponse | None:
    """Why this letter is not taken from us, if it is not; raises where no letter would be."""
    try:
        answer = await said.answer()
    except BROKEN as error:
        raise SessionOverError(f"{settings.place} ended the session: {one_line(str(error))}") from error
    if answer.code == CLOSING:
        raise SessionOverError(f"{settings.place} ended the session: {one_line(answer.message)}")
    if answer.code in _LOGIN_WANTED:
        # Not the letter is refused, but we are: it waits for the administrator's cure.
        raise PermanentError(
            f"{settings.place} wants a login: {answer.code} {one_line(answer.message)}. "
            "Check smtp.user, the password and smtp.security."
        )
    return None if answer.code == _SENDER_TAKEN else answer


def _what_relay_lacks(client: aiosmtplib.SMTP, raw: Raw) -> tuple[int, str] | None:
    """The refusal that this relay would give to these bytes, by what it said in EHLO (RFC 1870, RFC 6152)."""
    limit = client.esmtp_extensions.get("size", "")
    if limit.isdecimal() and 0 < int(limit) < len(raw):
        return 552, f"5.3.4 the mail has {len(raw)} bytes, the relay takes at most {limit}"
    if not _is_ascii(raw) and not client.supports_extension("8bitmime"):
        return 554, "5.6.3 the mail has 8-bit text, which the relay does not take"
    return None


def _mail_options(client: aiosmtplib.SMTP, raw: Raw, *, utf8: bool) -> list[bytes]:
    options = [b"SIZE=%d" % len(raw)] if client.supports_extension("size") else []
    if not _is_ascii(raw):
        options.append(b"BODY=8BITMIME")
    if utf8:
        options.append(b"SMTPUTF8")
    return options


def _written(address: str, *, utf8: bool) -> bytes | None:
    """One plain address as commands name it, None for what cannot be named."""
    if not _PLAIN_ADDRESS.fullmatch(address):
        return None
    try:
        return f"<{address}>".encode("utf-8" if utf8 else "ascii")
    except UnicodeEncodeError:
        return None


async def _hand_over(client: aiosmtplib.SMTP, ready: SMTPResponse, raw: Raw, settings: SmtpSettings) -> tuple[int, str]:
    """Code and text for everybody accepted: the relay's, or 0 where the session broke after the text had begun.

    `ready` is the answer to DATA.
    """
    if ready.code != START_INPUT:
        if not 400 <= ready.code < 600:
            client.close()  # who knows what the relay waits for now
        return _refusal(ready)
    protocol = client.protocol
    if protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    try:
        for piece in on_the_wire(raw):
            protocol.write(piece)
            # The relay may take it more slowly than we give it.
            async with asyncio.timeout(settings.command_timeout_s):
                await protocol._drain_helper()
        answer = await protocol.read_response(timeout=settings.final_dot_timeout_s)
    except BROKEN as error:
        client.close()
        return 0, f"no answer after the text, it may have arrived: {one_line(str(error))}"
    if 200 <= answer.code < 300 or 400 <= answer.code < 600:
        return answer.code, one_line(answer.message)
    client.close()
    return 0, f"no answer after the text, but: {answer.code} {one_line(answer.message)}"


def on_the_wire(raw: Raw) -> Iterator[bytes]:
    """`raw` as it follows DATA: every line ends with CRLF, leading dots are doubled, a single dot ends it.

    A CR or LF that stands alone becomes a line end, too: relays differ in what they take for the end of a mail, and
    nothing of what a mail holds may end it (RFC 5321 sections 4.5.2 and 4.1.1.4).
    """
    wire, held, is_new_line = b"", b"", True
    for piece in pieces(raw):
        text = held + piece
        held = b"\r" if text.endswith(b"\r") else b""  # what follows decides whether that is a line end of its own
        text = text.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if text:
            if wire:
                yield wire
            wire = _dots_doubled(text, is_new_line=is_new_line)
            is_new_line = text.endswith(b"\n")
    yield wire + (b".\r\n" if is_new_line and not held else b"\r\n.\r\n")


def _dots_doubled(text: bytes, *, is_new_line: bool) -> bytes:
    """Lines that end in LF, with CRLF in its place."""
    wire = (b"\n" + text if is_new_line else text).replace(b"\n.", b"\n..").replace(b"\n", b"\r\n")
    return wire[2:] if is_new_line else wire


def _is_ascii(raw: Raw) -> bool:
    return all(piece.isascii() for piece in pieces(raw))


def _refusal(answer: SMTPResponse) -> tuple[int, str]:
    """Code and text of an answer; 451 for a code that makes no sense here and so decides nothing."""
    return answer.code if 400 <= answer.code < 600 else 451, one_line(answer.message)

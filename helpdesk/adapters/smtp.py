"""Letters to the relay over SMTP (RFC 5321), by aiosmtplib: envelope and final bytes in, one answer per recipient out.

Connections are kept and shared; each carries one letter at a time. Where no session can be had (host away, time-out,
4xx greeting) UnreachableError is raised; where somebody must change something (login, certificate, no STARTTLS)
PermanentError; both name host and port. Once there is a session, the phase decides what a break means: before the
first byte of the text nobody got anything (TemporaryError); from then until the reply nobody can know, so every
recipient that was accepted gets the answer 0.

The text is handed over here and not by the library's `data()`, which does not tell these two phases apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import aiosmtplib

from helpdesk.core.outgoing import Delivery
from helpdesk.errors import PermanentError, TemporaryError, UnreachableError
from helpdesk.ports.raw import Raw, pieces

# "Service not available, closing transmission channel": may come in answer to any command.
_CLOSING = 421

_START_INPUT = 354

# "Authentication required" and its kin (RFC 4954 section 6), also "issue STARTTLS first" (RFC 3207).
_LOGIN_WANTED = (530, 534, 535, 538)

# Leaving is a courtesy: nobody waits long for it.
_QUIT_TIMEOUT_S = 5

_PLAIN_ADDRESS = re.compile(r'[^\s\x00-\x1f\x7f<>()\[\],;:"\\@]+@[^\s\x00-\x1f\x7f<>(),;"\\@]+')

# What the library raises for a session that broke, stalled or no longer makes sense.
_BROKEN = (aiosmtplib.SMTPException, OSError)


class Security(StrEnum):
    """How the connection is protected. Nothing is negotiated: what is set is used, or no mail is sent."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"  # on loopback only


@dataclass(frozen=True, kw_only=True, slots=True)
class SmtpSettings:
    """Where the relay is and how patient we are. `password` is asked at every login, so that it may change.

    Times are in seconds. RFC 5321 section 4.5.3.2 asks for 5 minutes per command and 10 after the text: a relay that
    is left while it still thinks may have taken the letter.
    """

    host: str
    port: int
    security: Security
    user: str | None = None
    password: Callable[[], str] | None = None
    helo: str | None = None  # how we call ourselves; None: the name of this machine
    cafile: str | None = None  # None: the certificates that the system trusts
    connections: int = 4
    connect_timeout_s: float = 30
    command_timeout_s: float = 300
    final_dot_timeout_s: float = 600
    idle_close_s: float = 60

    @property
    def place(self) -> str:
        """How errors name it."""
        return f"SMTP server {self.host}:{self.port}"


class SmtpTransport:
    """ports.Transport for an SMTP relay. Lives in one event loop."""

    def __init__(self, settings: SmtpSettings) -> None:
        if settings.security is Security.NONE and not _is_loopback(settings.host):
            raise PermanentError(
                f'{settings.place}: security = "none" would send mail and password in clear, '
                'so it is allowed on loopback only. Use "starttls" or "tls".'
            )
        self._settings = settings
        self._turns = asyncio.Semaphore(settings.connections)
        self._idle: dict[aiosmtplib.SMTP, asyncio.TimerHandle] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        # One context for all connections: building it reads every certificate that the system trusts.
        self._tls = ssl.create_default_context(cafile=settings.cafile)

    async def send(self, envelope_from: str, recipients: Sequence[str], raw: Raw) -> Sequence[Delivery]:
        """One answer per recipient, in their order."""
        async with self._turns:
            kept = self._take_kept()
            if kept:
                # The relay may have ended a session that was idle; then a new one tells how things are.
                with contextlib.suppress(_SessionOverError):
                    return await self._send_over(kept, envelope_from, recipients, raw)
            return await self._send_over(await _connect(self._settings, self._tls), envelope_from, recipients, raw)

    async def probe(self) -> None:
        """Returns when a session can be had; its connection is kept for the next letter."""
        async with self._turns:
            self._keep(await _connect(self._settings, self._tls))

    async def close(self) -> None:
        """Leave the relay; never raises. Called when nothing is being sent."""
        while kept := self._take_kept():
            await _quit(kept)
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def _send_over(
        self, client: aiosmtplib.SMTP, envelope_from: str, recipients: Sequence[str], raw: Raw
    ) -> Sequence[Delivery]:
        try:
            deliveries = await _deliver(client, self._settings, envelope_from, recipients, raw)
        except BaseException:
            client.close()
            raise
        if client.is_connected:
            self._keep(client)
        return deliveries

    def _keep(self, client: aiosmtplib.SMTP) -> None:
        loop = asyncio.get_running_loop()
        self._idle[client] = loop.call_later(self._settings.idle_close_s, self._leave, client)

    def _take_kept(self) -> aiosmtplib.SMTP | None:
        """The connection that was used last, so that those too many grow old and are closed."""
        while self._idle:
            client, timer = self._idle.popitem()
            timer.cancel()
            if client.is_connected:
                return client
        return None

    def _leave(self, client: aiosmtplib.SMTP) -> None:
        del self._idle[client]
        task = asyncio.create_task(_quit(client))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


class _SessionOverError(TemporaryError):
    """The session ended before the relay had said anything about this letter."""


# --- a session ------------------------------------------------------------------------------------


async def _connect(settings: SmtpSettings, tls: ssl.SSLContext) -> aiosmtplib.SMTP:
    """A session that is ready for a letter: protected, greeted, logged in."""
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        local_hostname=settings.helo,
        timeout=settings.connect_timeout_s,
        use_tls=settings.security is Security.TLS,
        start_tls=settings.security is Security.STARTTLS,
        tls_context=tls,
    )
    try:
        await client.connect()
        await _greet(client)
        if settings.user is not None:
            await client.login(settings.user, settings.password() if settings.password else "")
    except (*_BROKEN, ValueError) as error:
        client.close()
        raise _why_no_session(settings, error) from error
    except BaseException:
        client.close()
        raise
    return client


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not client.is_connected:
            raise
        await client.helo()


def _why_no_session(settings: SmtpSettings, error: Exception) -> PermanentError | UnreachableError:
    """The library's error in words that an administrator can act on."""
    cause = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
    match cause:
        case ssl.SSLCertVerificationError():
            return PermanentError(
                f"{settings.place}: its certificate is not trusted: {cause.verify_message}. "
                "Check smtp.host against the names in the certificate, and its end date."
            )
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER"):
            return PermanentError(
                f'{settings.place} does not begin with TLS. Try smtp.security = "starttls", or port 465.'
            )
        case aiosmtplib.SMTPAuthenticationError(code=code) if code >= 500:
            return PermanentError(
                f"{settings.place} refused the login of {settings.user}: {code} {_one_line(cause.message)}. "
                "Check smtp.user and the password."
            )
        case aiosmtplib.SMTPResponseException(code=code) if code >= 500:
            return PermanentError(f"{settings.place} refuses to talk to us: {code} {_one_line(cause.message)}")
        case aiosmtplib.SMTPResponseException(code=code):
            return UnreachableError(f"{settings.place} is not ready: {code} {_one_line(cause.message)}")
        case aiosmtplib.SMTPException() if type(cause) is aiosmtplib.SMTPException:
            # What was configured (STARTTLS, a login) is not offered: no later try will change that.
            return PermanentError(f"{settings.place}: {cause.message} Check smtp.security, smtp.port and smtp.user.")
        case _:
            return UnreachableError(f"{settings.place} cannot be reached: {_one_line(str(cause))}")


async def _quit(client: aiosmtplib.SMTP) -> None:
    with contextlib.suppress(*_BROKEN):
        await client.quit(timeout=_QUIT_TIMEOUT_S)
    client.close()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# --- a letter -------------------------------------------------------------------------------------


async def _deliver(
    client: aiosmtplib.SMTP, settings: SmtpSettings, envelope_from: str, recipients: Sequence[str], raw: Raw
) -> Sequence[Delivery]:
    """One mail transaction. A session that is still good is left ready for the next."""
    wanting = _what_relay_lacks(client, raw)
    if wanting:
        return [Delivery(recipient, *wanting) for recipient in recipients]
    timeout = settings.command_timeout_s
    utf8 = client.supports_extension("smtputf8") and not "".join((envelope_from, *recipients)).isascii()
    encoding = "utf-8" if utf8 else "ascii"
    try:
        try:
            _check(envelope_from)
            options = _mail_options(client, raw, utf8=utf8)
            await client.mail(envelope_from, options=options, encoding=encoding, timeout=timeout)
        except aiosmtplib.SMTPSenderRefused as refusal:
            if refusal.code == _CLOSING:
                raise
            if refusal.code in _LOGIN_WANTED:
                # Not the letter is refused, but we are: it waits for the administrator's cure.
                raise PermanentError(
                    f"{settings.place} wants a login: {refusal.code} {_one_line(refusal.message)}. "
                    "Check smtp.user, the password and smtp.security."
                ) from refusal
            return [_refused(recipient, refusal) for recipient in recipients]
        except ValueError:
            return [Delivery(recipient, 553, "5.1.7 our own address cannot be sent") for recipient in recipients]
    except _BROKEN as error:
        raise _SessionOverError(f"{settings.place} ended the session: {_one_line(str(error))}") from error
    try:
        answers = await _name_recipients(client, recipients, encoding, timeout)
        accepted = [recipient for recipient in recipients if recipient not in answers]
        if accepted:
            answer = await _hand_over(client, raw, settings)
            answers |= {recipient: Delivery(recipient, *answer) for recipient in accepted}
    except _BROKEN as error:
        raise TemporaryError(f"{settings.place} broke off before the text: {_one_line(str(error))}") from error
    if not any(answer.sent for answer in answers.values()):
        await _reset(client)
    return [answers[recipient] for recipient in recipients]


def _what_relay_lacks(client: aiosmtplib.SMTP, raw: Raw) -> tuple[int, str] | None:
    """The refusal that this relay would give to these bytes, by what it said in EHLO (RFC 1870, RFC 6152)."""
    limit = client.esmtp_extensions.get("size", "")
    if limit.isdecimal() and 0 < int(limit) < len(raw):
        return 552, f"5.3.4 the mail has {len(raw)} bytes, the relay takes at most {limit}"
    if not _is_ascii(raw) and not client.supports_extension("8bitmime"):
        return 554, "5.6.3 the mail has 8-bit text, which the relay does not take"
    return None


def _mail_options(client: aiosmtplib.SMTP, raw: Raw, *, utf8: bool) -> list[str]:
    options = [f"SIZE={len(raw)}"] if client.supports_extension("size") else []
    if not _is_ascii(raw):
        options.append("BODY=8BITMIME")
    if utf8:
        options.append("SMTPUTF8")
    return options


async def _name_recipients(
    client: aiosmtplib.SMTP, recipients: Sequence[str], encoding: str, timeout: float
) -> dict[str, Delivery]:
    """The answers of those that were refused."""
    refused: dict[str, Delivery] = {}
    for recipient in recipients:
        try:
            _check(recipient)
            await client.rcpt(recipient, encoding=encoding, timeout=timeout)
        except aiosmtplib.SMTPRecipientRefused as refusal:
            refused[recipient] = _refused(recipient, refusal)
        except ValueError:
            # Not one plain address, or not ASCII where the relay has no SMTPUTF8 (RFC 6531).
            refused[recipient] = Delivery(recipient, 553, "5.1.3 the relay cannot be given this address")
    return refused


def _check(address: str) -> None:
    """ValueError unless it is one plain address: the library would send to the part of it that it understands."""
    if not _PLAIN_ADDRESS.fullmatch(address):
        raise ValueError(address)


async def _hand_over(client: aiosmtplib.SMTP, raw: Raw, settings: SmtpSettings) -> tuple[int, str]:
    """Code and text for everybody accepted: the relay's, or 0 where the session broke after the text had begun."""
    ready = await client.execute_command(b"DATA", timeout=settings.command_timeout_s)
    if ready.code != _START_INPUT:
        return _refusal_code(ready.code), _one_line(ready.message)
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
    except _BROKEN as error:
        client.close()
        return 0, f"no answer after the text, it may have arrived: {_one_line(str(error))}"
    if 200 <= answer.code < 300 or 400 <= answer.code < 600:
        return answer.code, _one_line(answer.message)
    client.close()
    return 0, f"no answer after the text, but: {answer.code} {_one_line(answer.message)}"


async def _reset(client: aiosmtplib.SMTP) -> None:
    """Forget the transaction that came to nothing."""
    if client.is_connected:
        try:
            await client.rset()
        except _BROKEN:
            client.close()


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


def _refused(recipient: str, refusal: aiosmtplib.SMTPResponseException) -> Delivery:
    return Delivery(recipient, _refusal_code(refusal.code), _one_line(refusal.message))


def _refusal_code(code: int) -> int:
    """The code, or 451 for one that makes no sense here and so decides nothing."""
    return code if 400 <= code < 600 else 451


def _one_line(text: str) -> str:
    """A reply as it can be stored and shown: in one line, without the bytes that were not UTF-8."""
    return " ".join(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").split())

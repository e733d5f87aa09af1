"""A session with the relay: protected as configured, greeted, logged in; or why there is none, in words.

Where no session can be had (host away, time-out, 4xx greeting) UnreachableError is raised; where somebody must change
something (login, certificate, no STARTTLS) PermanentError; both name host and port.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import aiosmtplib

from helpdesk.errors import LoginRefusedError, PermanentError, UnreachableError
from helpdesk.names import look_up

# Leaving is a courtesy: nobody waits long for it.
_QUIT_TIMEOUT_S = 5

# What the library raises for a session that broke, stalled or no longer makes sense.
BROKEN = (aiosmtplib.SMTPException, OSError)


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


async def connect(settings: SmtpSettings, tls: ssl.SSLContext | None) -> aiosmtplib.SMTP:
    """A session that is ready for a letter: protected, greeted, logged in."""
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        local_hostname=settings.helo,
        timeout=settings.connect_timeout_s,
        use_tls=settings.security is Security.TLS,
        start_tls=settings.security is Security.STARTTLS,
        tls_context=tls,
    )
    try:
        await client.connect(sock=await _line(settings))
        await _greet(client)
        if settings.user is not None:
            await client.login(settings.user, settings.password() if settings.password else "")
    except (*BROKEN, ValueError) as error:
        client.close()
        raise _why_no_session(settings, error) from error
    except BaseException:
        client.close()
        raise
    return client


async def _line(settings: SmtpSettings) -> socket.socket:
    """A connection to the first of the host's addresses that takes one.

    Each has its share of the time: behind a route that swallows packets, IPv6 most often, the others would never be
    tried. The library, left to itself, waits for the first one until the time is over.
    """
    loop, patience = asyncio.get_running_loop(), settings.connect_timeout_s
    try:
        async with asyncio.timeout(patience):
            found = await asyncio.wrap_future(look_up(settings.host, settings.port))
    except TimeoutError as error:
        raise TimeoutError("the name service does not answer") from error
    problems: list[str] = []
    for family, kind, protocol, _, address in found:
        line = socket.socket(family, kind, protocol)
        line.setblocking(False)
        try:
            async with asyncio.timeout(patience / len(found)):
                await loop.sock_connect(line, address)
        except OSError as error:
            line.close()
            problems.append(f"{address[0]}: {error.strerror or 'no answer'}")
        except BaseException:
            line.close()
            raise
        else:
            return line
    raise OSError("; ".join(problems))


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
            return LoginRefusedError(
                f"{settings.place} refused the login of {settings.user}: {code} {one_line(cause.message)}. "
                "Check smtp.user and the password."
            )
        case aiosmtplib.SMTPResponseException(code=code) if code >= 500:
            return PermanentError(f"{settings.place} refuses to talk to us: {code} {one_line(cause.message)}")
        case aiosmtplib.SMTPResponseException(code=code):
            return UnreachableError(f"{settings.place} is not ready: {code} {one_line(cause.message)}")
        case aiosmtplib.SMTPException() if type(cause) is aiosmtplib.SMTPException:
            # What was configured (STARTTLS, a login) is not offered: no later try will change that.
            return PermanentError(f"{settings.place}: {cause.message} Check smtp.security, smtp.port and smtp.user.")
        case _:
            return UnreachableError(f"{settings.place} cannot be reached: {one_line(str(cause))}")


async def leave(client: aiosmtplib.SMTP) -> None:
    with contextlib.suppress(*BROKEN):
        await client.quit(timeout=_QUIT_TIMEOUT_S)
    client.close()


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def one_line(text: str) -> str:
    """A reply as it can be stored and shown: in one line, without the bytes that were not UTF-8."""
    return " ".join(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").split())

"""How a mail server wants to be spoken to: ports and protections are tried, the safest first.

Host, user and password -> what works, or the errors of all tries in one. A server that refuses the login ends it:
further tries with the same password would only lock the account. Nothing is sent and nothing is changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from helpdesk.adapters.imap import ImapSettings, Survey, survey
from helpdesk.adapters.imap import Security as ImapSecurity
from helpdesk.adapters.smtp import Security as SmtpSecurity
from helpdesk.adapters.smtp import SmtpSettings, SmtpTransport
from helpdesk.config.values import is_loopback
from helpdesk.errors import HelpdeskError, LoginRefusedError, UnreachableError

T = TypeVar("T")
Security = Literal["tls", "starttls", "none"]

CONNECT_S = 10  # a firewall that swallows packets holds up each try for so long

IMAP_PORTS: dict[Security, int] = {"tls": 993, "starttls": 143, "none": 143}
SMTP_PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """Where a server is, and who logs in there. `port` None: the usual ones are tried. `user` None: no login."""

    host: str
    port: int | None
    user: str | None
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """A way in that works."""

    port: int
    security: Security


def probe_imap(server: Server) -> tuple[Way, Survey]:
    """How the mailbox can be read, and what its server offers."""

    def look(way: Way) -> tuple[Way, Survey]:
        return way, survey(
            ImapSettings(
                name="probe",
                host=server.host,
                port=way.port,
                security=ImapSecurity(way.security),
                user=server.user or "",
                password=lambda: server.password,
                connect_timeout_s=CONNECT_S,
                read_timeout_s=CONNECT_S,
            )
        )

    return _first(look, _ways(server, IMAP_PORTS))


def probe_smtp(server: Server) -> Way:
    """How letters can be handed over."""

    def look(way: Way) -> Way:
        asyncio.run(_greet(server, way))
        return way

    return _first(look, _ways(server, SMTP_PORTS))


async def _greet(server: Server, way: Way) -> None:
    relay = SmtpTransport(
        SmtpSettings(
            host=server.host,
            port=way.port,
            security=SmtpSecurity(way.security),
            user=server.user,
            password=lambda: server.password,
            connect_timeout_s=CONNECT_S,
            command_timeout_s=CONNECT_S,
        )
    )
    try:
        await relay.probe()
    finally:
        await relay.close()


def _ways(server: Server, ports: dict[Security, int]) -> Iterable[Way]:
    """What to try, in this order; in the clear only on this machine."""
    for security, usual in ports.items():
        if security != "none" or is_loopback(server.host):
            yield Way(port=server.port or usual, security=security)


def _first(look: Callable[[Way], T], ways: Iterable[Way]) -> T:
    failed: list[str] = []
    for way in ways:
        try:
            return look(way)
        except LoginRefusedError:
            raise
        except HelpdeskError as error:
            failed.append(f"{way.security}: {error}")
    raise UnreachableError("\n".join(failed))

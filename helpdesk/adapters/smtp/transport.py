"""Connections to the relay: kept, shared, each with one letter at a time; see `letter` for what becomes of a letter."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime

import aiosmtplib

from helpdesk.adapters.smtp.letter import SessionOverError, deliver
from helpdesk.adapters.smtp.session import Security, SmtpSettings, connect, is_loopback, leave
from helpdesk.core.outgoing import Delivery
from helpdesk.errors import PermanentError
from helpdesk.raw import Raw


class SmtpTransport:
    """ports.Transport for an SMTP relay. Lives in one event loop."""

    def __init__(self, settings: SmtpSettings) -> None:
        if settings.security is Security.NONE and not is_loopback(settings.host):
            raise PermanentError(
                f'{settings.place}: security = "none" would send mail and password in clear, '
                'so it is allowed on loopback only. Use "starttls" or "tls".'
            )
        self._settings = settings
        self._turns = asyncio.Semaphore(settings.connections)
        self._idle: dict[aiosmtplib.SMTP, asyncio.TimerHandle] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        # One context for all connections: building it reads every certificate that the system trusts.
        protected = settings.security is not Security.NONE
        self._tls = ssl.create_default_context(cafile=settings.cafile) if protected else None

    async def send(self, envelope_from: str, recipients: Sequence[str], raw: Raw) -> Sequence[Delivery]:
        """One answer per recipient, in their order."""
        async with self._turns:
            kept = self._take_kept()
            if kept:
                # The relay may have ended a session that was idle; then a new one tells how things are.
                with contextlib.suppress(SessionOverError):
                    return await self._send_over(kept, envelope_from, recipients, raw)
            return await self._send_over(await connect(self._settings, self._tls), envelope_from, recipients, raw)

    async def probe(self) -> None:
        """Returns when a session can be had; its connection is kept for the next letter."""
        async with self._turns:
            self._keep(await connect(self._settings, self._tls))

    async def certificate_ends(self) -> datetime | None:
        """Until when the relay's certificate holds; None where the session is not encrypted."""
        async with self._turns:
            client = self._take_kept() or await connect(self._settings, self._tls)
            certificate = client.get_transport_info("peercert")
            self._keep(client)
        if not certificate:
            return None
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)

    async def close(self) -> None:
        """Leave the relay; never raises. Called when nothing is being sent."""
        while kept := self._take_kept():
            await leave(kept)
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def _send_over(
        self, client: aiosmtplib.SMTP, envelope_from: str, recipients: Sequence[str], raw: Raw
    ) -> Sequence[Delivery]:
        try:
            deliveries = await deliver(client, self._settings, envelope_from, recipients, raw)
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
        task = asyncio.create_task(leave(client))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

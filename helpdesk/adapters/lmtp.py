"""An LMTP server: the MTA hands each mail to us, and our answer says whether we have it for good.

A mail is answered with 250 only after `accept` returned, that is, after its commit; a sender that hears anything else,
or nothing, keeps it and comes again. Such a second visit carries the same key, so it changes nothing. Every recipient
gets an answer of its own, and since a mail is committed once, they are all alike. As the last hop we record the
envelope sender in a Return-Path header: bounces are known by it.

Answers: 250 kept; 451 not now (TemporaryError, or anything unexpected, which is logged); 550 no such recipient;
552 too large; 554 never (PermanentError). Source: RFC 2033, RFC 1870 (SIZE), RFC 5321 section 4.4 (Return-Path).
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from aiosmtpd.lmtp import LMTP

from helpdesk.errors import PermanentError, TemporaryError
from helpdesk.ports import Fetched, MailKey
from helpdesk.raw import Raw, Spool

log = logging.getLogger(__name__)

FOLDER = "LMTP"
MAX_LINE_BYTES = 1_000_000  # RFC 5321 allows 998, real mail does not keep to it
SOCKET_MODE = 0o660  # the MTA's user shares a group with ours
NOT_NOW = "451 4.3.0 Not now, please try again"
LAST_ANSWER_S = 10  # so long a stop waits for mails whose answer is still open


class LmtpServer:
    """Listens from `start` to `stop`, in threads of its own. `accept` is called in one of them, a mail at a time.

    `listen` is "ADDRESS:PORT" (port 0: any) or the path of a Unix socket. `addresses`: whose mail is taken, without
    regard to case or a "+suffix"; None: everybody's.
    """

    def __init__(
        self,
        listen: str,
        accept: Callable[[Fetched], None],
        *,
        now: Callable[[], datetime],
        max_bytes: int,
        addresses: frozenset[str] | None = None,
        hostname: str = "localhost",
    ) -> None:
        self._listen = listen
        self._accept = accept
        self._now = now
        self._max_bytes = max_bytes
        self._addresses = None if addresses is None else frozenset(map(_base_address, addresses))
        self._hostname = hostname
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lmtp", daemon=True)
        self._commits = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lmtp-accept")
        self._server: asyncio.Server | None = None
        self.port = 0  # the TCP port, once it is listened on
        self._unanswered: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Listen; PermanentError when the address cannot be had."""
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        except (OSError, ValueError, OverflowError) as error:
            self.stop()
            raise PermanentError(
                f"cannot listen for LMTP on {self._listen}: {error}. Give ADDRESS:PORT or the path of a socket "
                f"that no other program holds"
            ) from error

    def stop(self) -> None:
        """Take no more mail, answer what is being committed, end."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._commits.shutdown()
        if "/" in self._listen:
            Path(self._listen).unlink(missing_ok=True)

    async def _open(self) -> None:
        if "/" in self._listen:
            self._server = await self._loop.create_unix_server(self._session, self._listen)
            os.chmod(self._listen, SOCKET_MODE)
        else:
            address, _, port = self._listen.rpartition(":")
            self._server = await self._loop.create_server(self._session, address.strip("[]"), int(port))
            self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_ANSWER_S):
                while self._unanswered:
                    await asyncio.wait(self._unanswered)
        sessions = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    def _session(self) -> _Session:
        return _Session(
            self, loop=self._loop, hostname=self._hostname, ident="LMTP", data_size_limit=self._max_bytes,
            enable_SMTPUTF8=True,
        )  # fmt: skip

    # --- what the library calls -------------------------------------------------------------------

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        """The library's name for: may this recipient be written to?"""
        if self._addresses is not None and _base_address(address) not in self._addresses:
            return "550 5.1.1 No such recipient here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """The library's name for: here is the mail, do you have it?"""
        recipients, raw = tuple(envelope.rcpt_tos), envelope.content
        key = MailKey.of_content(FOLDER, "\0".join(sorted(recipients)).encode() + b"\0", raw)
        mail = Fetched(key=key, raw=raw, arrived_at=self._now(), envelope_to=recipients)
        try:
            await self._loop.run_in_executor(self._commits, self._accept, mail)
        except TemporaryError:
            return NOT_NOW
        except PermanentError:
            return "554 5.3.0 This mail cannot be taken"
        except Exception:  # the mail is still the sender's, and comes again
            log.exception("handover_failed listen=%s uid=%d", self._listen, key.uid)
            return NOT_NOW
        return "250 2.0.0 Kept"


class _Session(LMTP):
    """One connection. What follows the data is answered once for each recipient (RFC 2033 section 4.2)."""

    line_length_limit = MAX_LINE_BYTES

    def __init__(self, owner: LmtpServer, **options: Any) -> None:
        super().__init__(owner, **options)
        self._owner = owner
        self._answers = 1

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """The library's DATA command, but without all of the mail in memory, and remembered until it is answered."""
        command = asyncio.ensure_future(self._data(arg))
        self._owner._unanswered.add(command)
        try:
            await command
        finally:
            self._owner._unanswered.discard(command)
            self._answers = 1

    async def _data(self, arg: str) -> None:
        if await self.check_helo_needed():
            return
        if arg or self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("501 Syntax: DATA" if arg else "503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        # The library keeps the brackets of an empty sender.
        found = await self._mail((self.envelope.mail_from or "").strip("<>"))
        if not isinstance(found, str):
            self.envelope.content = found  # type: ignore[assignment]  # read by nobody but us
            found = await self._call_handler_hook("DATA")
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push(found)

    async def _mail(self, sender: str) -> Raw | str:
        """The mail, or the answer that refuses it. It is read to its end in any case: only then an answer is heard."""
        spool, size, refusal, is_new_line = Spool(), 0, "", True
        spool.write(f"Return-Path: <{sender}>\r\n".encode())
        while True:
            try:
                line = await self._reader.readuntil(b"\r\n")  # at the end of the connection this task is cancelled
            except asyncio.LimitOverrunError as beginning:
                refusal = refusal or "500 Line too long (see RFC5321 4.5.3.1.6)"
                size += len(await self._reader.read(beginning.consumed))
                is_new_line = False
                continue
            if is_new_line and line == b".\r\n":
                return refusal or spool.done()
            size += len(line)
            if self.data_size_limit and size > self.data_size_limit:
                refusal = refusal or "552 Error: Too much mail data"
            if not refusal:
                try:
                    spool.write(line[1:] if line.startswith(b".") else line)
                except TemporaryError:
                    log.exception("handover_failed, no room for a large mail")
                    refusal = NOT_NOW
            is_new_line = True

    async def push(self, status: str) -> None:  # type: ignore[override]  # bytes are allowed, but nobody sends them
        """Send a reply; the library gives one where LMTP wants one per recipient."""
        await super().push("\r\n".join([status] * self._answers))
        if status.startswith("354") and self.envelope is not None:
            self._answers = len(self.envelope.rcpt_tos)


def _base_address(address: str) -> str:
    """Without case and without the suffix that tells mails to one mailbox apart: support+x@… is support@…"""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"

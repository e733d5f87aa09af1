"""The commands before the text of a letter, and what the relay says to each of them.

A relay that offers PIPELINING (RFC 2920) hears MAIL, every RCPT and DATA in one write: a letter takes two round trips,
not four. Its answers come in the order of the commands, each as if the commands had been said one by one. Only the text
waits for all of them. Raises what the library raises for a session that broke.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

import aiosmtplib
from aiosmtplib import SMTPResponse, SMTPServerDisconnected

from helpdesk.adapters.smtp.session import BROKEN

# "Service not available, closing transmission channel": may come in answer to any command.
CLOSING = 421

START_INPUT = 354

# A line that is longer is no answer; an answer has no more lines. Both leave room for what any relay says.
_LINE_BYTES = 8192
_LINES = 100


class Envelope:
    """Commands for one session, each said once. For a relay that takes one command at a time."""

    def __init__(self, client: aiosmtplib.SMTP, commands: Sequence[bytes], timeout_s: float) -> None:
        self._client = client
        self._commands = deque(commands)
        self._timeout_s = timeout_s

    async def answer(self) -> SMTPResponse:
        """What the relay says to the next command. After a 421 there is no session any more."""
        return await self._client.execute_command(self._commands.popleft(), timeout=self._timeout_s)

    async def give_up(self) -> None:
        """No text follows: the session forgets the letter. Never raises."""
        if self._client.is_connected:
            try:
                await self._client.rset()
            except BROKEN:
                self._client.close()


class PipelinedEnvelope(Envelope):
    """The same for a relay that takes all commands at once."""

    def __init__(self, client: aiosmtplib.SMTP, commands: Sequence[bytes], timeout_s: float) -> None:
        super().__init__(client, commands, timeout_s)
        self._answers: deque[SMTPResponse] = deque()
        self._break: Exception = SMTPServerDisconnected("Connection lost")

    async def answer(self) -> SMTPResponse:
        if self._commands:
            await self._say_all()
        if not self._answers:
            raise self._break
        return self._answers.popleft()

    async def give_up(self) -> None:
        # A relay that waits for a text although it takes nobody gets none, not even an empty one.
        if any(answer.code == START_INPUT for answer in self._answers):
            self._client.close()
        await super().give_up()

    async def _say_all(self) -> None:
        """Say every command and hear what is answered, until the relay takes leave or the session breaks."""
        library = self._client.protocol
        if library is None or library.transport is None:
            raise self._break
        commands, self._commands = self._commands, deque()
        heard = _Heard(library)
        # The library hears one answer for one command, and drops what comes behind it.
        transport = library.transport
        transport.set_protocol(heard)
        try:
            library.write(b"".join(command + b"\r\n" for command in commands))
            for _ in commands:
                async with asyncio.timeout(self._timeout_s):
                    self._answers.append(await heard.answer())
                if self._answers[-1].code == CLOSING:
                    self._client.close()
                    break
        except (*BROKEN, ValueError) as error:
            self._break = error if isinstance(error, BROKEN) else SMTPServerDisconnected(str(error))
            self._client.close()
        finally:
            transport.set_protocol(library)


class _Heard(asyncio.Protocol):
    """Answers to several commands, one after another. Of all else that happens to the connection the library hears."""

    def __init__(self, library: asyncio.Protocol) -> None:
        self._library = library
        self._stream = asyncio.StreamReader(limit=_LINE_BYTES)

    async def answer(self) -> SMTPResponse:
        """The next one (RFC 5321 section 4.2.1). ValueError: this is none."""
        said: list[bytes] = []
        while len(said) < _LINES:
            line = await self._stream.readline()
            if not line.endswith(b"\n"):
                raise SMTPServerDisconnected("Unexpected EOF received")
            if not line[:3].isdigit():
                raise ValueError(f"no answer of a relay: {line[:80]!r}")
            said.append(line[4:].strip())
            if line[3:4] != b"-":
                return SMTPResponse(int(line[:3]), b"\n".join(said).decode("utf-8", "surrogateescape"))
        raise ValueError(f"an answer of more than {_LINES} lines")

    def data_received(self, data: bytes) -> None:
        self._stream.feed_data(data)

    def eof_received(self) -> bool | None:
        self._stream.feed_eof()
        return self._library.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stream.feed_eof()
        self._library.connection_lost(exc)

    def pause_writing(self) -> None:
        self._library.pause_writing()

    def resume_writing(self) -> None:
        self._library.resume_writing()


def envelope(client: aiosmtplib.SMTP, commands: Sequence[bytes], timeout_s: float) -> Envelope:
    """These commands in the way that the relay of this session takes them."""
    kind = PipelinedEnvelope if client.supports_extension("pipelining") else Envelope
    return kind(client, commands, timeout_s)

"""Letters written into a Maildir instead of being sent (`smtp.kind = "maildir"`): envelope and bytes in, a file out.

Each file begins with the envelope (Return-Path, Delivered-To), as after a final delivery (RFC 5321 section 4.4). Its
name is made of the Message-ID, so a letter that is tried again replaces itself. It is written beside, made durable,
and renamed: a reader sees the whole letter or none. A full disk is a TemporaryError, a folder that may not be written
a PermanentError.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from email.parser import BytesHeaderParser
from pathlib import Path

from helpdesk.core.outgoing import Delivery
from helpdesk.errors import PermanentError, TemporaryError
from helpdesk.raw import CARRIED, Raw, beginning, digest, pieces


class MaildirTransport:
    """ports.Transport that delivers into the Maildir at `path`, made when missing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def probe(self) -> None:
        """Returns when letters can be written there."""
        if not self._path.is_dir() and not self._path.parent.is_dir():
            raise PermanentError(f"smtp.path: {self._path} is not a folder, and neither is {self._path.parent}")

    async def send(self, envelope_from: str, recipients: Sequence[str], raw: Raw) -> Sequence[Delivery]:
        """Everybody gets 250 once the file is durable."""
        try:
            name = await asyncio.to_thread(self._write, envelope_from, recipients, raw)
        except PermissionError as error:
            raise PermanentError(f"smtp.path: {self._path} may not be written: {error.strerror}") from error
        except OSError as error:
            raise TemporaryError(f"smtp.path: {self._path} cannot be written: {error.strerror}") from error
        return [Delivery(recipient, 250, f"written as {name}") for recipient in recipients]

    async def close(self) -> None:
        """Nothing is kept open."""

    def _write(self, envelope_from: str, recipients: Sequence[str], raw: Raw) -> str:
        for folder in ("tmp", "new", "cur"):
            (self._path / folder).mkdir(parents=True, exist_ok=True)
        name = _name(raw)
        beside = self._path / "tmp" / name
        with beside.open("wb") as file:
            file.write(_envelope(envelope_from, recipients))
            file.writelines(pieces(raw))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path / "new" / name)
        _make_durable(self._path / "new")
        return name


def _name(raw: Raw) -> str:
    """A file name that is the same at every try."""
    message_id = BytesHeaderParser().parsebytes(beginning(raw, CARRIED)).get("Message-ID")
    identity = str(message_id).strip().encode() if message_id else raw
    return f"{digest(identity)[:32]}.helpdesk"


def _envelope(envelope_from: str, recipients: Sequence[str]) -> bytes:
    lines = [f"Return-Path: <{envelope_from}>", *(f"Delivered-To: {recipient}" for recipient in recipients)]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _make_durable(folder: Path) -> None:
    """The names in a folder survive a crash only when the folder itself was synchronised."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

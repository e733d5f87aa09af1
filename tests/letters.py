"""The desk that the sample letters come from, and what sealing them takes. For tests and pictures."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

from helpdesk.compose import Face
from helpdesk.core.brand import Brand, read_logo
from helpdesk.core.message import Address
from helpdesk.core.samples import ANNA, BOSS, IVAN, NOW
from helpdesk.core.samples import sample_letter as letter_of
from helpdesk.core.samples import sample_ticket as ticket_of
from helpdesk.ports import PassedOn

__all__ = ["ANNA", "BOSS", "BRANDED", "FACE", "IVAN", "KEY", "NONCE", "NOW", "PICTURE", "letter_of", "png", "ticket_of"]

KEY = bytes(range(32))
NONCE = b"12345678"

FACE = Face(
    address=Address("support@example.com", "Служба поддержки"),
    name="Служба поддержки",
    instance="desk-7f3a",
    reply_address="support+{token}@example.com",
    timezone="Europe/Moscow",
)


def png(width: int, height: int) -> bytes:
    """A picture in one colour: the smallest PNG that programs open."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\0" + b"\x5b\x8d\xb8" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


BRANDED = replace(
    FACE,
    brand=Brand(
        colour="#1a5fb4",
        logo=read_logo(png(120, 40)),
        signature=("ООО «Пример»", "+7 495 000-00-00, пн–пт 10:00–18:00"),
    ),
)

PICTURE = PassedOn("скриншот.png", "image/png", png(320, 180), "image001@shop.example")

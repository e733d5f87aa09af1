"""T18, SMTP smuggling: no letter of ours ends early on the wire, whatever words or files it passes on."""

from __future__ import annotations

import asyncio
import random

from helpdesk.adapters.smtp import Security, SmtpSettings, SmtpTransport, on_the_wire
from helpdesk.raw import Raw
from tests.security.desk import EVE, Desk, mail, reply

ENDINGS = [
    "\n.\n",
    "\r.\r",
    "\r\n.\r",
    "\r\n.\n",
    "\n.\r\n",
    "\r.\n",
    "\r\n\x00.\r\n",
    "\r\n.\r\n",
    "\x85.\x85",
    "\u2028.\u2028",
]
SMUGGLED = "MAIL FROM:<evil@x.test>\r\nRCPT TO:<victim@x.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nhello"
RANDOM_BODIES = 20_000


def wire_bytes(raw: Raw) -> bytes:
    return b"".join(on_the_wire(raw))


def check_wire(wire: bytes) -> None:
    """Lines end in CRLF alone, and only the last one is a dot."""
    assert wire.endswith(b"\r\n.\r\n")
    body = wire.removesuffix(b".\r\n")
    assert b"\r\n.\r\n" not in b"\r\n" + body
    bare = body.replace(b"\r\n", b"")
    assert b"\r" not in bare
    assert b"\n" not in bare


def test_letters_about_smuggling_mail_end_once(open_desk: Desk) -> None:
    for ending in ENDINGS:
        open_desk.take_one(mail(EVE, "Hello", f"One{ending}{SMUGGLED}{ending}Two"))
    notified = [one for one in open_desk.send() if one.event == "notify"]
    for ending, letter in zip(ENDINGS, notified, strict=True):
        open_desk.take_one(reply(letter, "ivan@staff.test", f"Answer{ending}{SMUGGLED}"))
    letters = open_desk.sent + open_desk.send()
    assert len(letters) >= 3 * len(ENDINGS)
    for letter in letters:
        assert b"\r\n." not in bytes(letter.raw).replace(b"\r\n..", b""), "no line of ours begins with a dot"
        check_wire(wire_bytes(letter.raw))


def test_random_bodies_end_once() -> None:
    dice = random.Random(18)
    pieces = [b"\r\n", b"\n", b"\r", b".", b"..", b"\x00", b"a", b"MAIL FROM:<x@y>", b" ", "ё".encode()]
    for _ in range(RANDOM_BODIES):
        check_wire(wire_bytes(b"Subject: x\r\n\r\n" + b"".join(dice.choices(pieces, k=12))))


def test_raw_relay_hears_one_mail_from_us_for_each_letter(open_desk: Desk) -> None:
    for ending in ENDINGS:
        open_desk.take_one(mail(EVE, "Hello", f"One{ending}{SMUGGLED}{ending}Two"))
    letters = open_desk.send()
    heard = asyncio.run(_played([bytes(letter.raw) for letter in letters]))
    assert heard.count(b"MAIL") == len(letters)
    assert [line for line in heard if line.startswith(b"RCPT")] == [b"RCPT"] * len(letters)


async def _played(raws: list[bytes]) -> list[bytes]:
    """The verbs that a relay hears, which takes the shortest possible end of a mail for its end."""
    verbs: list[bytes] = []
    sessions: list[asyncio.Task[None]] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sessions.append(asyncio.create_task(serve(reader, writer)))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 relay\r\n")
        in_text = False
        while line := await reader.readline():
            if in_text:
                # As lenient as the worst of them: a lone dot between any line ends.
                if line.strip(b"\r\n") == b".":
                    in_text = False
                    writer.write(b"250 taken\r\n")
                continue
            verb = line[:4].upper().strip()
            verbs.append(verb)
            in_text = verb == b"DATA"
            writer.write(b"354 go on\r\n" if in_text else b"250 8BITMIME\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = SmtpTransport(SmtpSettings(host="127.0.0.1", port=port, security=Security.NONE))
    try:
        for raw in raws:
            await asyncio.wait_for(transport.send("support@help.test", ["ivan@staff.test"], raw), 20)
    finally:
        await transport.close()
        server.close()
        await asyncio.gather(*sessions)
    return verbs

"""What the SMTP transport makes of relays that refuse, stall, lie and hang up, verb by verb."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.adapters.smtp import Security, SmtpSettings, SmtpTransport, on_the_wire
from helpdesk.core.outgoing import Delivery
from helpdesk.errors import PermanentError, TemporaryError, UnreachableError

DROP = "drop"  # hang up instead of answering
SILENCE = "silence"  # never answer

SENDER = "desk@help.test"
IVAN, OLHA, JAN = "ivan@x.test", "olha@x.test", "jan@x.test"
RAW = b"Message-ID: <1@help.test>\r\nSubject: Hi\r\n\r\n.leading dot\r\nlast line\r\n"

POLITE = {
    "greeting": "220 relay.test ESMTP",
    "EHLO": "250-relay.test\r\n250-8BITMIME\r\n250 SIZE 1000000",
    "HELO": "250 relay.test",
    "MAIL": "250 sender fine",
    "RCPT": "250 recipient fine",
    "DATA": "354 go ahead",
    "dot": "250 queued as 4F1",
    "RSET": "250 forgotten",
    "QUIT": "221 bye",
}

T = TypeVar("T")


@pytest.fixture(autouse=True, scope="module", params=["one by one", "all at once"])
def commands(request: pytest.FixtureRequest) -> Iterator[str]:
    """How the relay takes commands: every story is told to both kinds."""
    plain = POLITE["EHLO"]
    if request.param == "all at once":
        POLITE["EHLO"] = plain.replace("8BITMIME", "8BITMIME\r\n250-PIPELINING")
    yield request.param
    POLITE["EHLO"] = plain


class ScriptedRelay:
    """An SMTP server that answers by a script and remembers everything that it was told.

    The script maps a verb, or a verb with one argument ("RCPT ivan@x.test"), to a reply. `script` may be changed
    between letters. `texts` are the bytes after DATA as they came over the wire, with the final dot.
    """

    def __init__(self, script: dict[str, str]) -> None:
        self.script = POLITE | script
        self.verbs: list[str] = []
        self.lines: list[str] = []
        self.texts: list[bytes] = []
        self.waits_for_data = False  # what it says to MAIL and RCPT it says when it has heard DATA
        self.trickles = False  # its answers come byte by byte
        self._unsaid: dict[asyncio.StreamWriter, bytes] = {}
        self.sessions = 0
        self.open_sessions = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        self.open_sessions += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open_sessions -= 1
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await self._answer(writer, "greeting"):
            return
        while line := (await reader.readline()).decode():
            self.lines.append(line.rstrip("\r\n"))
            verb, address = line.split()[0].upper(), line.partition("<")[2].partition(">")[0]
            self.verbs.append(verb)
            specific = f"{verb} {address}"
            if not await self._answer(writer, specific if specific in self.script else verb):
                return
            if verb == "DATA" and self.script["DATA"].startswith("354"):
                if self.script["dot"] == "drop amid the text":
                    await reader.read(10)
                    return
                self.texts.append(await reader.readuntil(b"\r\n.\r\n"))
                if not await self._answer(writer, "dot"):
                    return

    async def _answer(self, writer: asyncio.StreamWriter, key: str) -> bool:
        reply = self.script.get(key, "502 what?")
        if reply == SILENCE:
            await asyncio.Event().wait()
        if reply == DROP:
            return False
        said = self._unsaid.pop(writer, b"") + reply.encode() + b"\r\n"
        if self.waits_for_data and key.startswith(("MAIL", "RCPT")):
            self._unsaid[writer] = said
            return True
        for piece in [said[at : at + 1] for at in range(len(said))] if self.trickles else [said]:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        # A server that takes leave hangs up.
        return reply[:3] not in ("221", "421")


def settings(port: int, **changes: Any) -> SmtpSettings:
    patient = SmtpSettings(
        host="127.0.0.1",
        port=port,
        security=Security.NONE,
        connect_timeout_s=5,
        command_timeout_s=5,
        final_dot_timeout_s=5,
    )
    return replace(patient, **changes)


def against(script: dict[str, str], story: Callable[[ScriptedRelay, SmtpTransport], Awaitable[T]], **changes: Any) -> T:
    """What `story` answers when it is played against a relay with this script."""

    async def play() -> T:
        relay = ScriptedRelay(script)
        server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
        transport = SmtpTransport(settings(server.sockets[0].getsockname()[1], **changes))
        try:
            return await asyncio.wait_for(story(relay, transport), 20)
        finally:
            await transport.close()
            server.close()

    return asyncio.run(play())


def send(
    script: dict[str, str], *recipients: str, raw: bytes = RAW, **changes: Any
) -> tuple[Sequence[Delivery], ScriptedRelay]:
    """One letter to a relay with this script: the answers, and what the relay saw."""

    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> tuple[Sequence[Delivery], ScriptedRelay]:
        return await transport.send(SENDER, recipients, raw), relay

    return against(script, story, **changes)


def codes(deliveries: Sequence[Delivery]) -> list[tuple[str, int]]:
    return [(delivery.address, delivery.code) for delivery in deliveries]


# --- answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [450, 451, 452, 550, 552, 554])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "dot"])
def test_refusal_at_any_verb_is_the_answer_for_the_recipient(verb: str, code: int) -> None:
    deliveries, relay = send({verb: f"{code} no thanks"}, IVAN)
    assert deliveries == [Delivery(IVAN, code, "no thanks")]
    assert len(relay.texts) == (verb == "dot")


def test_each_recipient_gets_its_own_answer() -> None:
    deliveries, relay = send({f"RCPT {IVAN}": "550 5.1.1 nobody", f"RCPT {JAN}": "450 4.2.0 later"}, IVAN, OLHA, JAN)
    assert deliveries == [
        Delivery(IVAN, 550, "5.1.1 nobody"),
        Delivery(OLHA, 250, "queued as 4F1"),
        Delivery(JAN, 450, "4.2.0 later"),
    ]
    assert len(relay.texts) == 1


def test_text_that_is_refused_is_refused_for_those_who_were_accepted() -> None:
    deliveries, _ = send({f"RCPT {IVAN}": "550 nobody", "dot": "451 try later"}, IVAN, OLHA)
    assert codes(deliveries) == [(IVAN, 550), (OLHA, 451)]


def test_no_text_is_sent_when_nobody_is_accepted() -> None:
    deliveries, relay = send({"RCPT": "550 nobody"}, IVAN, OLHA)
    assert codes(deliveries) == [(IVAN, 550), (OLHA, 550)]
    assert relay.texts == []


def test_reply_of_many_lines_becomes_one() -> None:
    deliveries, _ = send({"dot": "554-first\r\n554 second"}, IVAN)
    assert deliveries == [Delivery(IVAN, 554, "first second")]


@pytest.mark.parametrize("code", [250, 252, 354])
def test_positive_reply_that_does_not_belong_to_data_is_no_success(code: int) -> None:
    script = {"DATA": f"{code} whatever", "dot": DROP} if code != 354 else {"RCPT": "354 what"}
    deliveries, _ = send(script, IVAN)
    assert codes(deliveries) == [(IVAN, 451)]


def test_session_goes_on_after_a_refusal() -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> list[tuple[str, int]]:
        relay.script["dot"] = "554 spam"
        first = await transport.send(SENDER, [IVAN], RAW)
        relay.script["dot"] = "250 fine"
        second = await transport.send(SENDER, [IVAN], RAW)
        assert relay.sessions == 1
        return codes([*first, *second])

    assert against({}, story) == [(IVAN, 554), (IVAN, 250)]


# --- all commands at once -------------------------------------------------------------------------

TAKES_ALL_AT_ONCE = {"EHLO": "250-relay.test\r\n250-PIPELINING\r\n250 SIZE 1000000"}


def test_relay_that_takes_all_at_once_hears_everything_before_it_answers() -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> list[tuple[str, int]]:
        relay.waits_for_data = True
        relay.script[f"RCPT {IVAN}"] = "550 nobody"
        relay.script[f"RCPT {JAN}"] = "450-greylisted\r\n450 come again"
        return codes(
            [*await transport.send(SENDER, [IVAN, OLHA, JAN], RAW), *await transport.send(SENDER, [OLHA], RAW)]
        )

    assert against(TAKES_ALL_AT_ONCE, story) == [(IVAN, 550), (OLHA, 250), (JAN, 450), (OLHA, 250)]


def test_answers_that_come_byte_by_byte_are_the_same() -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> list[tuple[str, int]]:
        relay.trickles = True
        relay.script[f"RCPT {IVAN}"] = "550-first\r\n550 second"
        return codes(await transport.send(SENDER, [IVAN, OLHA], RAW))

    assert against(TAKES_ALL_AT_ONCE, story) == [(IVAN, 550), (OLHA, 250)]


@pytest.mark.parametrize("refusal", [{"MAIL": "552 too much"}, {"RCPT": "550 nobody"}])
def test_relay_that_wants_a_text_for_nobody_gets_none_and_the_next_letter_a_new_session(
    refusal: dict[str, str],
) -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> list[tuple[str, int]]:
        relay.script.update(refusal)
        first = await transport.send(SENDER, [IVAN], RAW)
        relay.script.update({verb: POLITE[verb] for verb in refusal})
        second = await transport.send(SENDER, [OLHA], RAW)
        assert (len(relay.texts), relay.sessions) == (1, 2)
        return codes([*first, *second])

    assert [address for address, code in against(TAKES_ALL_AT_ONCE, story) if code == 250] == [OLHA]


def test_relay_that_takes_nobody_keeps_its_session() -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> list[tuple[str, int]]:
        relay.script |= {"RCPT": "550 nobody", "DATA": "554 no valid recipients"}
        first = await transport.send(SENDER, [IVAN], RAW)
        relay.script |= {"RCPT": POLITE["RCPT"], "DATA": POLITE["DATA"]}
        second = await transport.send(SENDER, [OLHA], RAW)
        assert relay.sessions == 1
        return codes([*first, *second])

    assert against(TAKES_ALL_AT_ONCE, story) == [(IVAN, 550), (OLHA, 250)]


@pytest.mark.parametrize(
    "said", ["250 fine\r\n250 fine again", "250 " + "x" * 10_000, "250-more\r\n" * 200 + "250 end"]
)
def test_no_text_goes_to_a_relay_whose_answers_cannot_be_matched(said: str) -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> Sequence[Delivery]:
        try:
            return await transport.send(SENDER, [IVAN, OLHA], RAW)
        except TemporaryError:
            return []
        finally:
            assert relay.texts == []

    assert not any(delivery.sent for delivery in against(TAKES_ALL_AT_ONCE | {"MAIL": said}, story))


# --- breaks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_break_before_the_text_reached_nobody(verb: str) -> None:
    with pytest.raises(TemporaryError, match=r"SMTP server 127\.0\.0\.1:\d+") as raised:
        send({verb: DROP}, IVAN)
    assert not isinstance(raised.value, UnreachableError)  # there was a session: the relay is not away


@pytest.mark.parametrize("dot", [DROP, "drop amid the text"])
def test_break_after_the_text_began_leaves_accepted_recipients_without_answer(dot: str) -> None:
    deliveries, _ = send({f"RCPT {IVAN}": "550 nobody", "dot": dot}, IVAN, OLHA)
    assert codes(deliveries) == [(IVAN, 550), (OLHA, 0)]
    assert "may have arrived" in deliveries[1].text


def test_relay_that_never_answers_after_the_text_leaves_no_answer() -> None:
    deliveries, _ = send({"dot": SILENCE}, IVAN, final_dot_timeout_s=0.05)
    assert codes(deliveries) == [(IVAN, 0)]


def test_nonsense_after_the_text_is_no_answer() -> None:
    assert codes(send({"dot": "hello there"}, IVAN)[0]) == [(IVAN, 0)]
    assert codes(send({"dot": "354 more please"}, IVAN)[0]) == [(IVAN, 0)]


def test_relay_that_stalls_at_a_command_is_left() -> None:
    with pytest.raises(TemporaryError):
        send({"RCPT": SILENCE}, IVAN, command_timeout_s=0.05)


def test_relay_that_closes_the_service_amid_a_letter_reached_nobody() -> None:
    assert codes(send({"RCPT": "421 shutting down"}, IVAN)[0]) == [(IVAN, 421)]
    with pytest.raises(TemporaryError, match="before the text"):
        send({f"RCPT {IVAN}": "421 shutting down"}, IVAN, OLHA)
    with pytest.raises(TemporaryError, match="shutting down"):
        send({"MAIL": "421 shutting down"}, IVAN)


def test_letter_after_a_break_takes_a_new_session() -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> list[tuple[str, int]]:
        relay.script["dot"] = DROP
        first = await transport.send(SENDER, [IVAN], RAW)
        relay.script["dot"] = "250 fine"
        second = await transport.send(SENDER, [IVAN], RAW)
        assert relay.sessions == 2
        return codes([*first, *second])

    assert against({}, story) == [(IVAN, 0), (IVAN, 250)]


@pytest.mark.parametrize("mail", [DROP, "421 idle for too long"])
def test_kept_session_that_the_relay_has_ended_is_replaced_unnoticed(mail: str) -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> list[tuple[str, int]]:
        first = await transport.send(SENDER, [IVAN], RAW)
        relay.script["MAIL"] = mail
        relay.script["greeting"] = "220 new session"

        async def heal() -> None:
            while relay.sessions < 2:
                await asyncio.sleep(0)
            relay.script["MAIL"] = POLITE["MAIL"]

        second, _ = await asyncio.gather(transport.send(SENDER, [OLHA], RAW), heal())
        assert len(relay.texts) == 2
        return codes([*first, *second])

    assert against({}, story) == [(IVAN, 250), (OLHA, 250)]


# --- no session -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        {"greeting": DROP},
        {"greeting": "421 too busy"},
        {"greeting": "450 not now"},
        {"greeting": "SSH-2.0-OpenSSH_9.2"},
        {"EHLO": DROP},
        {"EHLO": "451 no", "HELO": "451 no"},
    ],
)
def test_relay_that_is_not_ready_cannot_be_reached(script: dict[str, str]) -> None:
    with pytest.raises(UnreachableError, match=r"SMTP server 127\.0\.0\.1:\d+"):
        send(script, IVAN)


def test_silent_relay_cannot_be_reached() -> None:
    with pytest.raises(UnreachableError):
        send({"greeting": SILENCE}, IVAN, connect_timeout_s=0.05)


def test_closed_port_cannot_be_reached() -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> None:
        closed = SmtpTransport(settings(1))
        await closed.send(SENDER, [IVAN], RAW)

    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1 cannot be reached"):
        against({}, story)


@pytest.mark.parametrize("script", [{"greeting": "554 go away"}, {"EHLO": "550 no", "HELO": "550 no"}])
def test_relay_that_refuses_us_wants_the_administrator(script: dict[str, str]) -> None:
    with pytest.raises(PermanentError, match="refuses to talk to us"):
        send(script, IVAN)


def test_relay_without_ehlo_is_greeted_with_helo() -> None:
    deliveries, relay = send({"EHLO": "502 unknown"}, IVAN)
    assert codes(deliveries) == [(IVAN, 250)]
    assert relay.verbs[:2] == ["EHLO", "HELO"]
    assert f"MAIL FROM:<{SENDER}>" in relay.lines


def login(ehlo: str, auth: str) -> Sequence[Delivery]:
    return send({"EHLO": ehlo, "AUTH": auth}, IVAN, user="desk", password=lambda: "open sesame")[0]


def test_letter_waits_when_the_relay_wants_a_login_that_is_not_configured() -> None:
    with pytest.raises(PermanentError, match=r"wants a login: 530 5\.7\.0 authenticate first\. Check smtp\.user"):
        send({"MAIL": "530 5.7.0 authenticate first"}, IVAN)


OFFERS_LOGIN = "250-relay.test\r\n250 AUTH PLAIN"


def test_refused_login_says_what_to_check_and_not_the_password() -> None:
    with pytest.raises(PermanentError, match=r"refused the login of desk: 535 5\.7\.8 wrong.*password") as raised:
        login(OFFERS_LOGIN, "535 5.7.8 wrong")
    assert "sesame" not in str(raised.value)


def test_login_that_is_refused_for_now_is_tried_again_later() -> None:
    with pytest.raises(UnreachableError):
        login(OFFERS_LOGIN, "454 4.7.0 try later")


def test_login_that_is_not_offered_wants_the_administrator() -> None:
    with pytest.raises(PermanentError, match="AUTH"):
        login("250 relay.test", "235 fine")


def test_missing_starttls_is_never_passed_over() -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> None:
        try:
            await transport.send(SENDER, [IVAN], RAW)
        finally:
            assert not {"AUTH", "MAIL"} & set(relay.verbs)

    with pytest.raises(PermanentError, match="STARTTLS"):
        against({}, story, security=Security.STARTTLS, user="desk", password=lambda: "open sesame")


def test_mail_in_clear_is_refused_off_loopback() -> None:
    with pytest.raises(PermanentError, match="loopback"):
        SmtpTransport(SmtpSettings(host="smtp.example.com", port=25, security=Security.NONE))


# --- what goes over the wire ----------------------------------------------------------------------


def test_bytes_go_over_the_wire_as_they_are_with_dots_doubled() -> None:
    _, relay = send({}, IVAN)
    assert relay.texts == [RAW.replace(b"\r\n.leading", b"\r\n..leading") + b".\r\n"]


def wire_bytes(raw: bytes) -> bytes:
    """The same, whatever the pieces in which the mail is looked at."""
    wires = set()
    for size in (1, 2, 1_000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("helpdesk.raw.PIECE", size)
            wires.add(b"".join(on_the_wire(raw)))
    (wire,) = wires
    return wire


@given(st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a", b"\x00", b"\xff"])).map(b"".join))
def test_nothing_in_a_mail_can_end_it(raw: bytes) -> None:
    wire = wire_bytes(raw)
    assert wire.find(b"\r\n.\r\n") == len(wire) - 5 or wire == b".\r\n"
    assert wire.count(b"\r") == wire.count(b"\n") == wire.count(b"\r\n")


@given(st.lists(st.binary().map(lambda line: line.replace(b"\r", b"").replace(b"\n", b"")), min_size=1))
def test_relay_reads_the_lines_that_were_written(lines: list[bytes]) -> None:
    raw = b"".join(line + b"\r\n" for line in lines)
    received = [line.removeprefix(b".") for line in wire_bytes(raw).removesuffix(b".\r\n").split(b"\r\n")[:-1]]
    assert received == lines


def test_mail_over_the_size_of_the_relay_is_not_tried() -> None:
    deliveries, relay = send({"EHLO": "250-relay.test\r\n250 SIZE 60"}, IVAN)
    assert codes(deliveries) == [(IVAN, 552)]
    assert f"{len(RAW)} bytes" in deliveries[0].text
    assert "MAIL" not in relay.verbs


@pytest.mark.parametrize("size", ["SIZE", "SIZE 0", "SIZE many"])  # RFC 1870: no fixed limit
def test_relay_without_a_fixed_size_takes_everything(size: str) -> None:
    assert codes(send({"EHLO": f"250-relay.test\r\n250 {size}"}, IVAN)[0]) == [(IVAN, 250)]


def test_size_is_announced() -> None:
    _, relay = send({}, IVAN)
    assert f"MAIL FROM:<{SENDER}> SIZE={len(RAW)}" in relay.lines


def test_eight_bit_text_needs_a_relay_that_takes_it() -> None:
    raw = RAW + "привет\r\n".encode()
    assert codes(send({"EHLO": "250 relay.test"}, IVAN, raw=raw)[0]) == [(IVAN, 554)]
    deliveries, relay = send({}, IVAN, raw=raw)
    assert codes(deliveries) == [(IVAN, 250)]
    assert any(line.endswith("BODY=8BITMIME") for line in relay.lines)


def test_address_beyond_ascii_needs_a_relay_that_takes_it() -> None:
    deliveries, relay = send({}, "иван@x.test", OLHA)
    assert codes(deliveries) == [("иван@x.test", 553), (OLHA, 250)]
    deliveries, relay = send({"EHLO": "250-relay.test\r\n250 SMTPUTF8"}, "иван@x.test", OLHA)
    assert codes(deliveries) == [("иван@x.test", 250), (OLHA, 250)]
    assert f"MAIL FROM:<{SENDER}> SMTPUTF8" in relay.lines


@pytest.mark.parametrize("address", ["ivan@x.test>\r\nRCPT TO:<eve@y.test", "ivan@x.test> NOTIFY=NEVER", "a b@x.test"])
def test_address_cannot_smuggle_commands(address: str) -> None:
    deliveries, relay = send({}, address, OLHA)
    assert codes(deliveries) == [(address, 553), (OLHA, 250)]
    assert [line for line in relay.lines if line.startswith("RCPT")] == [f"RCPT TO:<{OLHA}>"]


# --- connections ----------------------------------------------------------------------------------


def test_letters_share_few_sessions() -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> tuple[int, int]:
        await asyncio.gather(*(transport.send(SENDER, [IVAN], RAW) for _ in range(30)))
        return len(relay.texts), relay.sessions

    assert against({}, story, connections=3) == (30, 3)


def test_probe_leaves_its_session_to_the_next_letter() -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> tuple[list[str], int]:
        await transport.probe()
        said = list(relay.verbs)
        await transport.send(SENDER, [IVAN], RAW)
        return said, relay.sessions

    assert against({}, story) == (["EHLO"], 1)


def test_probe_says_why_no_letter_would_be_taken() -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> None:
        await transport.probe()

    with pytest.raises(UnreachableError):
        against({"greeting": "421 too busy"}, story)
    with pytest.raises(PermanentError):
        against({"greeting": "554 go away"}, story)


def test_idle_session_is_left_politely() -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> tuple[list[str], int]:
        await transport.send(SENDER, [IVAN], RAW)
        while relay.open_sessions:
            await asyncio.sleep(0)
        return relay.verbs[-1:], len(await transport.send(SENDER, [IVAN], RAW))

    assert against({}, story, idle_close_s=0) == (["QUIT"], 1)


def test_closing_leaves_every_session() -> None:
    async def story(relay: ScriptedRelay, transport: SmtpTransport) -> list[str]:
        await asyncio.gather(*(transport.send(SENDER, [IVAN], RAW) for _ in range(2)))
        await transport.close()
        return [verb for verb in relay.verbs if verb == "QUIT"]

    assert against({}, story, connections=2) == ["QUIT", "QUIT"]

"""A small IMAP server in a thread that can be told to misbehave.

It serves one folder with the commands that our mailbox uses. `capabilities` says what it offers; a function in
`mischief` under a command's name ("UID FETCH", "SELECT", …) takes that command over: it gets the session and the
arguments, and returns True when it has answered. Every line of a client is kept in `lines`.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

BODY = re.compile(r"BODY\.PEEK\[(?P<part>HEADER)?\](?:<(?P<start>\d+)\.(?P<length>\d+)>)?")
DATE = '"20-Nov-2026 10:00:00 +0000"'


@dataclass
class Letter:
    """A mail of the folder."""

    raw: bytes
    flags: set[str] = field(default_factory=set)


class Session:
    """One connection of a client."""

    def __init__(self, server: ImapServer, connection: socket.socket) -> None:
        self.server = server
        self.connection = connection
        self.tag = ""

    def say(self, line: str) -> None:
        self.connection.sendall(line.encode() + b"\r\n")

    def done(self, text: str = "OK done") -> bool:
        """The tagged answer to the current command."""
        self.say(f"{self.tag} {text}")
        return True

    def drop(self) -> bool:
        """Close the connection in the middle of whatever goes on."""
        self.connection.shutdown(socket.SHUT_RDWR)
        return True


Mischief = Callable[[Session, str], bool]


class ImapServer:
    """Listens on `port` of 127.0.0.1 until `stop`."""

    def __init__(self, capabilities: str = "IDLE MOVE UIDPLUS NAMESPACE") -> None:
        self.capabilities = capabilities
        self.namespace = '(("" "/")) NIL NIL'
        self.separator = "/"
        self.validity = 1
        self.next_uid_known = True
        self.permanent_flags = r"(\Deleted \Seen \*)"
        self.mails: dict[int, Letter] = {}
        self.folders: dict[str, list[bytes]] = {"INBOX": []}
        self.mischief: dict[str, Mischief] = {}
        self.lines: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sessions: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._sessions:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(5)

    def put(self, *raws: bytes) -> list[int]:
        """Mails arrive; their UIDs."""
        uids = [max(self.mails, default=0) + 1 + offset for offset in range(len(raws))]
        self.mails.update({uid: Letter(raw) for uid, raw in zip(uids, raws, strict=True)})
        return uids

    @property
    def next_uid(self) -> int:
        """What the next mail will be called."""
        return max(self.mails, default=0) + 1

    def commands(self, name: str) -> list[str]:
        """The arguments of every command of that name so far, in order."""
        found = (re.fullmatch(rf"\S+ {name}(?: (.*))?", line) for line in self.lines)
        return [match[1] or "" for match in found if match]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sessions.append(connection)
            thread = threading.Thread(target=self._serve, args=[connection], daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        session = Session(self, connection)
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            if not self._mischievous(session, "GREETING", ""):
                session.say("* OK ready")
            for line in lines:
                text = line.decode().rstrip("\r\n")
                self.lines.append(text)
                if text == "DONE":
                    session.done()
                    continue
                session.tag, command, arguments = self._parsed(text)
                if not self._mischievous(session, command, arguments):
                    self._answer(session, command, arguments)
                if command == "LOGOUT":
                    return

    def _mischievous(self, session: Session, command: str, arguments: str) -> bool:
        act = self.mischief.get(command)
        return act is not None and act(session, arguments)

    @staticmethod
    def _parsed(line: str) -> tuple[str, str, str]:
        tag, _, rest = line.partition(" ")
        command, _, arguments = rest.partition(" ")
        if command == "UID":
            name, _, arguments = arguments.partition(" ")
            command = f"UID {name}"
        return tag, command.upper(), arguments

    def _answer(self, session: Session, command: str, arguments: str) -> None:
        match command:
            case "CAPABILITY":
                session.say(f"* CAPABILITY IMAP4rev1 {self.capabilities}")
            case "NAMESPACE":
                session.say(f"* NAMESPACE {self.namespace}")
            case "LIST":
                self._list(session, arguments)
            case "CREATE":
                self.folders[arguments.strip('"')] = []
            case "SELECT":
                self._select(session)
            case "UID SEARCH":
                found = " ".join(str(uid) for uid in self._found(arguments))
                session.say(f"* SEARCH {found}".rstrip())
            case "UID FETCH":
                self._fetch(session, arguments)
            case "UID COPY" | "UID MOVE":
                self._copy(session, arguments, move=command == "UID MOVE")
            case "UID STORE":
                uids, _, flags = arguments.partition(" ")
                for uid in self._existing(uids):
                    self.mails[uid].flags |= set(re.findall(r"[\\$]\w+", flags))
            case "UID EXPUNGE":
                for uid in self._existing(arguments):
                    if r"\Deleted" in self.mails[uid].flags:
                        del self.mails[uid]
            case "IDLE":
                session.say("+ idling")
                return
            case "LOGOUT":
                session.say("* BYE")
            case "LOGIN" | "SUBSCRIBE" | "NOOP":
                pass
            case _:
                session.done(f"BAD unknown: {command}")
                return
        session.done()

    def _existing(self, uids: str) -> list[int]:
        return [uid for uid in map(int, uids.split(",")) if uid in self.mails]

    def _list(self, session: Session, arguments: str) -> None:
        pattern = arguments.partition(" ")[2].strip('"')
        if not pattern:
            session.say(rf'* LIST (\Noselect) "{self.separator}" ""')
        for name in self.folders:
            if pattern in ("*", name):
                session.say(f'* LIST () "{self.separator}" "{name}"')

    def _select(self, session: Session) -> None:
        session.say(r"* FLAGS (\Deleted \Seen)")
        session.say(f"* OK [PERMANENTFLAGS {self.permanent_flags}] flags")
        session.say(f"* {len(self.mails)} EXISTS")
        session.say("* 0 RECENT")
        session.say(f"* OK [UIDVALIDITY {self.validity}] valid")
        if self.next_uid_known:
            session.say(f"* OK [UIDNEXT {self.next_uid}] next")

    def _found(self, criteria: str) -> list[int]:
        match = re.search(r"UID (\d+|\*)(?::(\d+|\*))?", criteria)
        assert match, criteria
        last = max(self.mails, default=0)
        bounds = [last if bound == "*" else int(bound) for bound in match.groups(default=match[1])]
        return [uid for uid in self.mails if min(bounds) <= uid <= max(bounds)]

    def _fetch(self, session: Session, arguments: str) -> None:
        uids, _, items = arguments.partition(" ")
        for number, uid in enumerate(self.mails, 1):
            if uid in self._existing(uids):
                letter = self.mails[uid]
                size, flags = len(letter.raw), " ".join(sorted(letter.flags))
                answer = f"* {number} FETCH (UID {uid} FLAGS ({flags}) INTERNALDATE {DATE} RFC822.SIZE {size}"
                if wanted := BODY.search(items):
                    raw, place = letter.raw, ""
                    if wanted["part"]:
                        raw = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
                    if wanted["start"]:
                        raw, place = raw[int(wanted["start"]) :][: int(wanted["length"])], f"<{wanted['start']}>"
                    literal = f"{answer} BODY[{wanted['part'] or ''}]{place} {{{len(raw)}}}\r\n"
                    session.connection.sendall(literal.encode() + raw)
                    session.say(")")
                else:
                    session.say(f"{answer})")

    def _copy(self, session: Session, arguments: str, *, move: bool) -> None:
        uids, _, folder = arguments.partition(" ")
        for uid in self._existing(uids):
            self.folders[folder.strip('"')].append(self.mails[uid].raw)
            if move:
                del self.mails[uid]

"""The two servers of a fault campaign, with their ledgers: what the IMAP server still holds, what the relay accepted.

Both live in the test process and survive the desk's death. `trouble`, when set, is asked at every command and may
answer in the server's place: that is how the Nth command fails.
"""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from email import message_from_bytes

from tests.fakes.imap_server import ImapServer, Letter, Mischief, Session

DONE, QUARANTINE = "Helpdesk/Done", "Helpdesk/Quarantine"

# What a server does instead of its work: hang up, say this line, or (the IMAP server) whatever this function does.
DROP = "drop"
Trouble = Callable[[str], "str | Mischief | None"]


def no_trouble(command: str) -> str | None:
    """All is well."""
    return None


class Imap(ImapServer):
    """The mailbox. UIDs rise for ever, also when the folder has been emptied; commands come one at a time."""

    def __init__(self) -> None:
        self.trouble: Trouble = no_trouble
        self._turn = threading.Lock()
        self._next_uid = 1
        self.given: list[int] = []  # every uid that a mail in the folder has had
        self.moved: list[int] = []  # those that were moved away, in order
        super().__init__()

    def reset(self, raws: list[bytes], after: int = 0) -> None:
        """A folder with these mails, uids from `after` on, and nothing anywhere else."""
        with self._turn:
            self.trouble = no_trouble
            self.mails = {uid: Letter(raw) for uid, raw in enumerate(raws, start=after + 1)}
            self._next_uid = after + len(raws) + 1
            self.given, self.moved = list(self.mails), []
            self.folders = {"INBOX": []}
            self.lines.clear()

    def renumber(self) -> None:
        """The server has lost its index: every mail has a new uid, and UIDVALIDITY says so."""
        with self._turn:
            self.validity += 1
            self.mails = dict(enumerate(self.mails.values(), start=1))
            self._next_uid = len(self.mails) + 1

    def arrive(self, raw: bytes) -> None:
        """One more mail."""
        with self._turn:
            self.mails[self._next_uid] = Letter(raw)
            self.given.append(self._next_uid)
            self._next_uid += 1

    @property
    def next_uid(self) -> int:
        """Uids are never used again."""
        return self._next_uid

    @property
    def settled(self) -> Counter[bytes]:
        """What was moved away, wherever to."""
        return Counter(raw for place in (DONE, QUARANTINE) for raw in self.folders.get(place, []))

    def _mischievous(self, session: Session, command: str, arguments: str) -> bool:
        match self.trouble(command):
            case None:
                return False
            case "drop":
                return session.drop()
            case str(answer):
                return session.done(answer)
            case act:
                return act(session, arguments)

    def _answer(self, session: Session, command: str, arguments: str) -> None:
        with self._turn:
            before = set(self.mails)
            super()._answer(session, command, arguments)
            self.moved += sorted(before - set(self.mails))


class Relay:
    """The SMTP server. `accepted` are (Message-ID, recipient) of every text that it answered for with 250; `letters`
    are (recipients, text) of the same."""

    def __init__(self) -> None:
        self.trouble: Trouble = no_trouble
        self.unknown: set[str] = set()  # recipients that are refused
        self.accepted: list[tuple[str, str]] = []
        self.letters: list[tuple[list[str], bytes]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self) -> None:
        """Forget everything."""
        self.trouble, self.accepted, self.letters = no_trouble, [], []

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def texts(self) -> list[bytes]:
        """What was accepted, in order."""
        return [text for _, text in self.letters]

    def copies(self) -> Counter[str]:
        """How often each letter was accepted."""
        return Counter(message_id for message_id, _ in self.accepted)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            recipients: list[str] = []

            def say(line: str) -> str:
                """What was said; raises OSError after hanging up."""
                if line == DROP:
                    connection.shutdown(socket.SHUT_RDWR)
                    raise ConnectionAbortedError
                connection.sendall(line.encode() + b"\r\n")
                if line.startswith("421"):
                    raise ConnectionAbortedError
                return line

            def answer(verb: str, usual: str) -> str:
                trouble = self.trouble(verb)
                return say(trouble if isinstance(trouble, str) else usual)

            answer("greeting", "220 relay.test ESMTP")
            for line in lines:
                verb = line.split()[0].decode().upper()
                match verb:
                    case "EHLO":
                        answer(verb, "250-relay.test\r\n250-8BITMIME\r\n250 SIZE 30000000")
                    case "MAIL" | "RSET":
                        recipients.clear()
                        answer(verb, "250 fine")
                    case "RCPT":
                        recipient = line.decode().partition("<")[2].partition(">")[0]
                        usual = "550 5.1.1 no such user" if recipient in self.unknown else "250 fine"
                        if answer(verb, usual).startswith("250"):
                            recipients.append(recipient)
                    case "DATA":
                        if answer(verb, "354 go ahead").startswith("354"):
                            self._take(lines.readline, recipients, say)
                    case "QUIT":
                        answer(verb, "221 bye")
                        return
                    case _:
                        answer(verb, "502 what?")

    def _take(self, readline: Callable[[], bytes], recipients: list[str], say: Callable[[str], str]) -> None:
        """Read the text; it is accepted before the answer is on its way, as by a relay that keeps its word."""
        text = b""
        while (line := readline()) != b".\r\n":
            if not line:
                return
            text += line
        refusal = self.trouble("dot")
        if isinstance(refusal, str):
            say(refusal)
            return
        self.letters.append((list(recipients), text))
        message_id = str(message_from_bytes(text)["Message-ID"])
        self.accepted += [(message_id, recipient) for recipient in recipients]
        answer = self.trouble("reply")
        say(answer if isinstance(answer, str) else "250 queued")

"""Real mail programs write a reply: neomutt, s-nail and Alpine, each as a process with settings of its own.

Each gets the letters in a mailbox of its own, which is new each time, and hands its replies to Postfix by SMTP. They
are programs for a terminal: they run on a pseudo-terminal, and are told in advance what to type.
"""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path

from tests.stack import HOST, PASSWORD, MailStack
from tests.system.desk import Person

Answers = Sequence[tuple[EmailMessage, str]]

ENDS_WITHIN_S = 60

NEOMUTTRC = """
set folder="{home}" spoolfile="{folder}" mbox_type=Maildir
set from="{address}" realname="Анна Ковальчук" use_from=yes envelope_from=yes
set smtp_url="smtp://{host}:{port}/" ssl_starttls=no ssl_force_tls=no
set editor="{editor}" charset=utf-8 send_charset="us-ascii:koi8-r:utf-8"
set abort_unmodified=no fast_reply=yes include=yes autoedit=yes edit_headers=yes copy=no record="" postponed=""
set header_cache="" quit=yes confirmappend=no sort=date wait_key=no
push "<first-entry>{replies}<quit>"
"""

MOVING_RC = """
set folder="imap://{host}:{port}/" spoolfile="imap://{host}:{port}/{source}" imap_user="{user}" imap_pass="{password}"
set ssl_starttls=no ssl_force_tls=no header_cache="" record="" postponed="" mbox_type=Maildir charset=utf-8
set confirmappend=no delete=yes move=no quit=yes
bind editor <space> noop
push "<save-message><kill-line>={to}<enter><sync-mailbox><quit>"
"""

# Which text a reply gets stands in a file that is called like the letter that it answers.
EDITOR = """#!/bin/sh
id=$(sed -n 's/^In-Reply-To: <\\(.*\\)>.*/\\1/p' "$1")
{{ sed '/^$/q' "$1"; cat "{texts}/$id"; echo; sed '1,/^$/d' "$1"; }} > "$1.new" && mv "$1.new" "$1"
"""

PINERC = """
personal-name=Анна Ковальчук
user-domain=shop.test
customized-hdrs=From: {address}
inbox-path={folder}
smtp-server={host}:{port}/notls
default-fcc=""
posting-character-set=UTF-8
character-set=UTF-8
feature-list=include-text-in-reply,allow-changing-from,no-quit-confirm,quit-without-confirm,send-without-confirm,
 use-sender-not-x-sender
last-version-used=9.99
"""


class Client:
    """Replies to letters as somebody who uses one program would. `name` is that of the program."""

    def __init__(self, name: str, stack: MailStack, home: Path) -> None:
        self.name = name
        self._stack = stack
        self._home = home

    def reply(self, writer: Person, *answers: tuple[EmailMessage, str]) -> None:
        """Write the text of each answer as the reply to its letter; all were handed to Postfix on return."""
        {"neomutt": self._neomutt, "s-nail": self._s_nail, "alpine": self._alpine}[self.name](writer, answers)

    def move(self, user: str, source: str, to: str) -> None:
        """Move the first mail of one IMAP folder to another one, in neomutt."""
        rc = self._home / "movingrc"
        server = {"host": HOST, "port": self._stack.ports.imap, "user": user, "password": PASSWORD}
        rc.write_text(MOVING_RC.format(source=source, to=to, **server))
        self._at_a_terminal("neomutt", "-n", "-F", str(rc))

    def _neomutt(self, writer: Person, answers: Answers) -> None:
        texts = self._home / "texts"
        texts.mkdir()
        for letter, text in answers:
            (texts / str(letter["Message-ID"]).strip("<>")).write_text(text)
        editor = self._home / "editor"
        editor.write_text(EDITOR.format(texts=texts))
        editor.chmod(0o755)
        rc = self._home / "neomuttrc"
        replies = "<reply><send-message><next-entry>" * len(answers)
        folder = self._mbox(answers)
        rc.write_text(
            NEOMUTTRC.format(folder=folder, editor=editor, home=self._home, replies=replies, **self._values(writer))
        )
        self._at_a_terminal("neomutt", "-n", "-F", str(rc), within_s=ENDS_WITHIN_S + len(answers))

    def _s_nail(self, writer: Person, answers: Answers) -> None:
        replies = (f"reply {number}\n{text}\n~m {number}\n~.\n" for number, (_, text) in enumerate(answers, start=1))
        settings = {
            "v15-compat": "yes",
            "mta": f"smtp://{HOST}:{self._stack.ports.smtp}",
            "smtp-config": "-all",
            "from": writer.address,
            "sendcharsets": "koi8-r,utf-8",
            "ttycharset": "utf-8",
            "hostname": "shop.test",
        }
        options = [word for name, value in settings.items() for word in ("-S", f"{name}={value}")]
        done = subprocess.run(
            ["s-nail", "-:/", "-#", *options, "-S", "smtp-auth=none", "-f", f"mbox://{self._mbox(answers)}"],
            input="".join([*replies, "exit\n"]), env=self._environ(), capture_output=True, text=True,
            timeout=ENDS_WITHIN_S + len(answers), check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def _alpine(self, writer: Person, answers: Answers) -> None:
        rc = self._home / "pinerc"
        rc.write_text(PINERC.format(folder=self._mbox(answers), **self._values(writer)))
        typed = [("opened with", "r")]
        for _, text in answers:
            lines = text.replace("\n", "\r")
            typed += [("Reply to all", "n"), ("Send", f"{lines}\x18"), ("MESSAGE INDEX", "nr")]
        typed[-1] = ("MESSAGE INDEX", "q")
        self._at_a_terminal("alpine", "-p", str(rc), "-i", typed=typed, within_s=ENDS_WITHIN_S + len(answers))

    def _values(self, customer: Person) -> Mapping[str, object]:
        return {"address": customer.address, "host": HOST, "port": self._stack.ports.smtp}

    def _mbox(self, answers: Answers) -> Path:
        """The letters in a mailbox file, in the order of the answers."""
        mbox = self._home / "mbox"
        letters = (bytes(letter).replace(b"\nFrom ", b"\n>From ") for letter, _ in answers)
        mbox.write_bytes(b"".join(b"From desk@help.test Mon Mar  2 09:00:00 2026\n%b\n" % one for one in letters))
        return mbox

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self._home),
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
            "EMAIL": "",
            "MAIL": "",
        }

    def _at_a_terminal(
        self, *command: str, typed: Sequence[tuple[str, str]] = (), within_s: float = ENDS_WITHIN_S
    ) -> None:
        """Run a program on a terminal of its own. `typed`: what the screen must show, and what is typed then.

        AssertionError shows the screen when the program does not end well.
        """
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            command,
            env=self._environ(),
            cwd=self._home,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        screen, shown, steps, deadline = "", "", list(typed), time.monotonic() + within_s
        try:
            while process.poll() is None and time.monotonic() < deadline:
                if steps and steps[0][0] in shown:
                    os.write(ours, steps.pop(0)[1].encode())
                    shown = ""
                if select.select([ours], [], [], 0.1)[0]:
                    fresh = os.read(ours, 65536).decode(errors="replace")
                    screen, shown = screen + fresh, shown + fresh
        except OSError:  # the other side of the terminal was closed
            process.wait(timeout=5)
        finally:
            os.close(ours)
            ended = process.poll()
            process.kill()
            process.wait()
        assert ended == 0, f"{command[0]} ended with {ended}, not yet typed {steps}: {screen[-3000:]}"

"""Real mail programs write a reply: neomutt, s-nail and Alpine, each as a process with settings of its own.

Each gets the letter in a mail folder of its own and hands its reply to Postfix by SMTP. They are programs for a
terminal: they run on a pseudo-terminal, and are told in advance what to type.
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

ENDS_WITHIN_S = 30

NEOMUTTRC = """
set folder="{home}" spoolfile="{folder}" mbox_type=Maildir
set from="{address}" realname="Анна Ковальчук" use_from=yes envelope_from=yes
set smtp_url="smtp://{host}:{port}/" ssl_starttls=no ssl_force_tls=no
set editor="{editor}" charset=utf-8 send_charset="us-ascii:koi8-r:utf-8"
set abort_unmodified=no fast_reply=yes include=yes autoedit=yes edit_headers=no copy=no record="" postponed=""
set header_cache="" quit=yes confirmappend=no sort=date
push "<reply><send-message><quit>"
"""

MOVING_RC = """
set folder="imap://{host}:{port}/" spoolfile="imap://{host}:{port}/{source}" imap_user="{user}" imap_pass="{password}"
set ssl_starttls=no ssl_force_tls=no header_cache="" record="" postponed="" mbox_type=Maildir charset=utf-8
set confirmappend=no delete=yes move=no quit=yes
bind editor <space> noop
push "<save-message><kill-line>={to}<enter><sync-mailbox><quit>"
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
    """Replies to letters as a customer who uses one program would. `name` is that of the program."""

    def __init__(self, name: str, stack: MailStack, home: Path) -> None:
        self.name = name
        self._stack = stack
        self._home = home

    def reply(self, customer: Person, letter: EmailMessage, text: str) -> None:
        """Write `text` as the answer to `letter`; it was handed to Postfix on return."""
        {"neomutt": self._neomutt, "s-nail": self._s_nail, "alpine": self._alpine}[self.name](customer, letter, text)

    def move(self, user: str, source: str, to: str) -> None:
        """Move the first mail of one IMAP folder to another one, in neomutt."""
        rc = self._home / "movingrc"
        server = {"host": HOST, "port": self._stack.ports.imap, "user": user, "password": PASSWORD}
        rc.write_text(MOVING_RC.format(source=source, to=to, **server))
        self._at_a_terminal("neomutt", "-n", "-F", str(rc))

    def _neomutt(self, customer: Person, letter: EmailMessage, text: str) -> None:
        editor = self._home / "editor"
        editor.write_text(f'#!/bin/sh\n{{ echo "{text}"; echo; cat "$1"; }} > "$1.new" && mv "$1.new" "$1"\n')
        editor.chmod(0o755)
        rc = self._home / "neomuttrc"
        rc.write_text(
            NEOMUTTRC.format(folder=self._maildir(letter), editor=editor, home=self._home, **self._values(customer))
        )
        self._at_a_terminal("neomutt", "-n", "-F", str(rc))

    def _s_nail(self, customer: Person, letter: EmailMessage, text: str) -> None:
        orders = f"reply 1\n{text}\n~m 1\n~.\nexit\n"
        settings = {
            "v15-compat": "yes",
            "mta": f"smtp://{HOST}:{self._stack.ports.smtp}",
            "smtp-config": "-all",
            "from": customer.address,
            "sendcharsets": "koi8-r,utf-8",
            "ttycharset": "utf-8",
            "hostname": "shop.test",
        }
        options = [word for name, value in settings.items() for word in ("-S", f"{name}={value}")]
        done = subprocess.run(
            ["s-nail", "-:/", "-#", *options, "-S", "smtp-auth=none", "-f", f"maildir://{self._maildir(letter)}"],
            input=orders, env=self._environ(), capture_output=True, text=True, timeout=ENDS_WITHIN_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def _alpine(self, customer: Person, letter: EmailMessage, text: str) -> None:
        mbox = self._home / "mbox"
        mbox.write_bytes(b"From desk@help.test Mon Mar  2 09:00:00 2026\n" + bytes(letter) + b"\n")
        rc = self._home / "pinerc"
        rc.write_text(PINERC.format(folder=mbox, **self._values(customer)))
        typed = (("opened with", "r"), ("Reply to all", "n"), ("Send", f"{text}\x18"), ("MESSAGE INDEX", "q"))
        self._at_a_terminal("alpine", "-p", str(rc), "-i", typed=typed)

    def _values(self, customer: Person) -> Mapping[str, object]:
        return {"address": customer.address, "host": HOST, "port": self._stack.ports.smtp}

    def _maildir(self, letter: EmailMessage) -> Path:
        folder = self._home / "Maildir"
        for sub in ("new", "cur", "tmp"):
            (folder / sub).mkdir(parents=True)
        (folder / "new" / "1.letter").write_bytes(bytes(letter))
        return folder

    def _environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self._home),
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
            "EMAIL": "",
            "MAIL": "",
        }

    def _at_a_terminal(self, *command: str, typed: Sequence[tuple[str, str]] = ()) -> None:
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
        screen, shown, steps, deadline = "", "", list(typed), time.monotonic() + ENDS_WITHIN_S
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

"""`helpdesk demo` as a newcomer runs it: in a folder of their own, and nothing is left of it afterwards."""

from __future__ import annotations

import imaplib
import os
import re
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.system.desk import eventually, parsed

pytestmark = pytest.mark.slow

# The demo of a desk that does not know what an outage is.
WITHOUT_OUTAGES = """
from helpdesk.cli import main
from helpdesk.demo import stage
stage.CONFIGURATION = stage.CONFIGURATION.replace('"outages", ', "")
main()
"""
ROOT = Path(__file__).parents[2]
RUN_S = 240


class Newcomer:
    """Somebody with an empty home, an empty folder to work in, and a temporary folder that tells what is left."""

    def __init__(self, folder: Path) -> None:
        self.home, self.here, self.temporary = folder / "home", folder / "here", folder / "temporary"
        for one in (self.home, self.here, self.temporary):
            one.mkdir()

    def starts(self, *options: str, program: Sequence[str] = ("-m", "helpdesk")) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *program, "demo", *options],
            cwd=self.here,
            env=os.environ | {"HOME": str(self.home), "TMPDIR": str(self.temporary), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finds(self) -> list[Path]:
        """Every file that the demo left."""
        return [path for one in (self.home, self.here, self.temporary) for path in one.iterdir()]

    def still_running(self) -> list[str]:
        """Processes that the demo left: all of them know our temporary folder."""
        mark = f"TMPDIR={self.temporary}".encode()
        left = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes():
                    left.append((process / "cmdline").read_text())
            except OSError:
                continue  # it ended while we looked, or is not ours
        return left


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    return Newcomer(tmp_path)


@pytest.fixture
def kept(newcomer: Newcomer) -> Iterator[subprocess.Popen[str]]:
    """A demo that is to be kept up; it is told to end if the test did not."""
    demo = newcomer.starts("--keep")
    yield demo
    if demo.poll() is None:
        demo.terminate()
        demo.wait(RUN_S)


def test_demo_shows_the_main_job_and_leaves_nothing_behind(newcomer: Newcomer) -> None:
    demo = newcomer.starts()
    shown, said = demo.communicate(timeout=RUN_S)
    assert (demo.returncode, said) == (0, ""), f"{shown}\n{said}"

    queue, _, letters = shown.partition("Every letter that went out")
    rows = re.findall(r"^(\d)  (\d{6})  ", queue, re.MULTILINE)
    # Once when three have written, and once at the end: the outage came third and is first in both.
    assert rows == [("1", "100003"), ("2", "100001"), ("3", "100002"), ("1", "100003"), ("2", "100004")]
    sent = re.findall(r"^(\w+)@\S+ +(\w+) +\[##(\d{6})##\]", letters, re.MULTILINE)
    assert sorted(sent) == [
        ("anna", "alert", "100003"),  # nobody has taken the outage
        ("anna", "alert", "100003"),  # nor days later
        ("anna", "notify", "100001"),  # James asks
        ("anna", "notify", "100001"),  # James thanks
        ("anna", "notify", "100002"),
        ("anna", "notify", "100003"),
        ("anna", "notify", "100004"),
        ("anna", "result", "100001"),  # of #close
        ("james", "closed", "100001"),
        ("james", "opened", "100001"),
        ("james", "reply", "100001"),
        ("lucy", "closed", "100002"),
        ("lucy", "opened", "100002"),
        ("lucy", "reminder", "100002"),
        ("olga", "opened", "100003"),
        ("piotr", "opened", "100004"),  # his own, although he named 100001
    ]
    assert "\x1b" not in shown
    assert newcomer.finds() == []
    assert newcomer.still_running() == []


def test_kept_demo_serves_a_mail_program_until_it_is_interrupted(
    newcomer: Newcomer, kept: subprocess.Popen[str]
) -> None:
    assert kept.stdout
    shown = ""
    while "Ctrl-C ends it" not in shown:
        line = kept.stdout.readline()
        assert line, f"it ended: {shown}\n{kept.communicate()[1]}"
        shown += line
    imap, smtp = (int(re.findall(rf"{name} +127\.0\.0\.1, port (\d+)", shown)[0]) for name in ("IMAP", "SMTP"))

    with smtplib.SMTP("127.0.0.1", smtp, timeout=30) as session:
        mail = "From: james@acme.example\nTo: support@help.example\nSubject: Printer\n\nWhich toner fits the P200?\n"
        session.sendmail("james@acme.example", ["support@help.example"], mail)
    with imaplib.IMAP4("127.0.0.1", imap, timeout=30) as mailbox:
        mailbox.login("james@acme.example", "demo")
        eventually(lambda: int((mailbox.select("INBOX")[1][0] or b"0").decode()) == 4, "a fourth letter to James")
        _, found = mailbox.fetch("4", "(BODY[])")
        assert isinstance(found[0], tuple)
        assert parsed(found[0][1])["Subject"] == "[##100005##] Printer"

    kept.send_signal(signal.SIGINT)
    _, said = kept.communicate(timeout=RUN_S)
    assert (kept.returncode, said) == (0, "")
    assert newcomer.finds() == []
    assert newcomer.still_running() == []


def test_demo_that_is_ended_half_way_leaves_nothing_behind(newcomer: Newcomer) -> None:
    demo = newcomer.starts()
    assert demo.stdout
    for line in demo.stdout:
        if "James gets:" in line:
            break
    demo.terminate()
    shown, said = demo.communicate(timeout=RUN_S)
    assert demo.returncode != 0, shown
    assert said == ""
    assert newcomer.finds() == []
    assert newcomer.still_running() == []


def test_demo_says_what_did_not_happen(newcomer: Newcomer) -> None:
    demo = newcomer.starts(program=["-c", WITHOUT_OUTAGES])
    shown, said = demo.communicate(timeout=RUN_S)
    assert demo.returncode == 69
    assert said.startswith("The demo went wrong: it is not true that Anna's mail program marks Olga's mail as urgent\n")
    assert "queued event=opened ticket=100003" in said
    assert "All of it happened as promised" not in shown
    assert newcomer.finds() == []
    assert newcomer.still_running() == []

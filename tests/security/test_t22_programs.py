"""T22, programs run through addresses: mail is handed to no program, and no shell is ever asked."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import helpdesk
from tests.security.desk import EVE, IVAN, Desk, mail, reply

PACKAGE = Path(str(helpdesk.__file__)).parent
SHELLS = {"os.system", "os.popen", "os.execl", "os.execlp", "os.spawnl", "os.spawnlp", "pty.spawn", "eval", "exec"}
SHELLS |= {"subprocess.getoutput", "subprocess.getstatusoutput", "asyncio.create_subprocess_shell", "pickle.load"}

# It writes a script for a shell, and starts none.
NAMES_A_SHELL = {"get_completion_script"}


def calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]


def test_no_shell_is_asked_anywhere() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        for call in calls(path):
            assert ast.unparse(call.func) not in SHELLS, f"{path.name}: {ast.unparse(call)}"
            starts = ast.unparse(call.func) not in NAMES_A_SHELL
            assert not [word for word in call.keywords if word.arg == "shell" and starts], (
                f"{path.name}: {ast.unparse(call)}"
            )


def test_only_readers_the_demo_and_the_photographer_start_programs() -> None:
    starting = {
        path.relative_to(PACKAGE).parts[:2]
        for path in PACKAGE.rglob("*.py")
        for call in calls(path)
        if ast.unparse(call.func).startswith(("subprocess.", "asyncio.create_subprocess"))
    }
    assert {parts[0] if parts[0] == "demo" else "/".join(parts) for parts in starting} == {
        "adapters/mime",
        "cli/browser.py",
        "demo",
    }


@pytest.mark.parametrize(
    "address", [f"{local}@evil.test" for local in ("-fdanger", "-oq/tmp", "--config=x", "$shell", "`id`", "|id")]
)
def test_address_like_an_option_is_an_address_or_nobody(open_desk: Desk, address: str) -> None:
    before = set(open_desk.folder.iterdir())
    taken = open_desk.take_one(mail(address, "Hello", "Please help."))
    letters = open_desk.send()
    requester = open_desk.ticket(taken.ticket or 0).requester
    outside = {one for letter in letters for one in letter.recipients} - {IVAN}
    assert outside == ({requester.address} if requester else set())
    assert requester is None or requester.address == address
    assert {path.name for path in set(open_desk.folder.iterdir()) - before} <= {"helpdesk.db-wal", "helpdesk.db-shm"}


def test_address_given_by_an_agent_is_judged_like_any_other(open_desk: Desk) -> None:
    number = open_desk.open(EVE)
    notified = next(letter for letter in open_desk.sent if letter.event == "notify")
    open_desk.take_one(reply(notified, IVAN, "#cc -oQ/tmp;id@evil.test"))
    assert [person.address.address for person in open_desk.ticket(number).participants] == [EVE]

"""What an administrator meets: the message says what, where and what to do, and after the cure nothing was lost.

Every story ends alike: the mail that came in the middle of the trouble is acknowledged, once.
"""

from __future__ import annotations

import resource
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import EXPIRED_HOST, HOST, PASSWORD, MailStack
from tests.system.desk import Desk, Person, eventually
from tests.system.wire import Wire

SUBJECT = "Вопрос о доставке"


@pytest.fixture
def desk(mailstack: MailStack, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    label = request.node.name.removeprefix("test_").replace("_", "-")[:40]
    with Desk(mailstack, tmp_path, label) as desk:
        yield desk


def write(desk: Desk, name: str = "") -> Person:
    """A customer whose mail lies in the support mailbox on return, or is on its last yard to it."""
    customer = desk.customer(name)
    customer.write(desk.address, SUBJECT, "Добрый день! Когда вы доставите заказ?")
    return customer


def assert_taken_in_once(desk: Desk, *customers: Person) -> None:
    """Each of them has one acknowledgement and one ticket, and the mail has left the inbox."""
    for customer in customers:
        customer.await_letter("opened")
    eventually(lambda: not desk.folder_ids("INBOX"), "an empty inbox")
    assert [len(customer.letters()) for customer in customers] == [1] * len(customers)
    assert sorted(row["requester"] for row in desk.json("queue")) == sorted(one.address for one in customers)


# --- configuration --------------------------------------------------------------------------------


def test_all_problems_of_the_configuration_are_named_at_once(desk: Desk) -> None:
    desk.tables["helpdesk"]["timezone"] = "Europe/Moskow"
    desk.tables["mailbox"][0]["poll_interval"] = "fast"
    desk.tables["smtp"]["prot"] = 587
    desk.tables["agent"][0]["addresses"] = [desk.address]
    desk.configure()
    for command in ("run", "check", "queue"):
        done = desk.cli(command)
        assert done.returncode == 78
        assert done.stdout == ""
        for words in (
            'helpdesk.timezone is "Europe/Moskow"',
            'mailbox[0].poll_interval is "fast"',
            "prot",
            "agent[0].addresses",
            "Europe/Moscow",  # what was meant
        ):
            assert words in done.stderr
        assert all(line.startswith(str(desk.config)) for line in done.stderr.splitlines())
        assert "Traceback" not in done.stderr
    assert not (desk.folder / "helpdesk.db").exists()


def test_wrong_usage_and_unreadable_input_have_their_own_exit_codes(desk: Desk) -> None:
    assert desk.cli("--version").returncode == 0
    assert desk.cli("queue", "--jsno").returncode == 64
    unreadable = desk.cli("explain", str(desk.folder / "no-such.eml"))
    assert unreadable.returncode == 65
    assert "no-such.eml" in unreadable.stderr


# --- servers --------------------------------------------------------------------------------------


def test_a_wrong_password_is_named_and_the_mail_waits_for_the_right_one(desk: Desk) -> None:
    # Dovecot knows no user whose name begins like this, so no password is right.
    desk.tables["mailbox"][0]["user"] = "nouser@help.test"
    desk.configure()
    customer = write(desk)
    checked = desk.cli("check")
    assert checked.returncode == 69
    assert "mailbox support" in checked.stdout
    assert "login" in checked.stdout.lower()
    assert "nouser@help.test" in checked.stdout
    assert PASSWORD not in checked.stdout + checked.stderr
    once = desk.cli("once")
    assert once.returncode == 69
    assert "nouser@help.test" in once.stderr

    desk.start()
    desk.await_logged("mailbox_down mailbox=support")
    desk.tables["mailbox"][0]["user"] = desk.address
    desk.configure()
    desk.signal(signal.SIGHUP)
    assert_taken_in_once(desk, customer)
    assert desk.stop() == 0


def test_an_expired_certificate_is_named_and_no_password_is_sent(desk: Desk) -> None:
    desk.tables["mailbox"][0]["host"] = EXPIRED_HOST
    desk.tables["smtp"] |= {"host": EXPIRED_HOST, "port": desk.stack.ports.submissions, "security": "tls"}
    desk.configure()
    customer = write(desk)
    checked = desk.cli("check")
    assert checked.returncode == 69
    assert checked.stdout.count("certificate has expired") == 2
    assert desk.cli("once").returncode == 69
    assert f"user=<{desk.address}>" not in desk.stack.logs()

    desk.tables = desk.usual_tables()
    desk.configure()
    with desk.running():
        assert_taken_in_once(desk, customer)


def test_an_imap_server_that_is_away_at_the_start_is_read_when_it_comes(desk: Desk) -> None:
    with Wire(desk.stack.ports.imaps, mended=False) as wire:
        desk.tables["mailbox"][0]["port"] = wire.port
        desk.configure()
        customer = write(desk)
        once = desk.cli("once")
        assert once.returncode == 69
        assert str(wire.port) in once.stderr
        with desk.running():
            desk.await_logged("mailbox_down mailbox=support")
            wire.mend()
            desk.await_logged("mailbox_up mailbox=support")
            assert_taken_in_once(desk, customer)


def test_an_imap_connection_that_breaks_is_made_again(desk: Desk) -> None:
    with Wire(desk.stack.ports.imaps) as wire:
        desk.tables["mailbox"][0]["port"] = wire.port
        desk.configure()
        with desk.running():
            first = write(desk, "1")
            first.await_letter("opened")
            wire.cut()
            second = write(desk, "2")
            desk.await_logged("mailbox_down mailbox=support")
            wire.mend()
            assert_taken_in_once(desk, first, second)


def test_letters_wait_while_the_relay_is_dead_and_leave_when_it_is_back(desk: Desk) -> None:
    with Wire(desk.stack.ports.submission, mended=False) as wire:
        desk.tables["smtp"]["port"] = wire.port
        desk.configure()
        with desk.running():
            customer = write(desk)
            desk.await_logged("relay_down")
            eventually(lambda: not desk.folder_ids("INBOX"), "an empty inbox")
            waiting = desk.json("outbox")
            assert {row["event"] for row in waiting} == {"opened", "notify"}
            checked = desk.cli("check")
            assert checked.returncode == 69
            assert f"smtp 127.0.0.1:{wire.port}" in checked.stdout
            assert "letters wait in the outbox" in checked.stdout
            wire.mend()
            desk.await_logged("relay_up")
            assert_taken_in_once(desk, customer)
            assert desk.json("outbox") == []


def test_an_address_that_another_program_listens_on_is_named(desk: Desk) -> None:
    with socket.create_server((HOST, 0)) as taken:
        listen = f"{HOST}:{taken.getsockname()[1]}"
        desk.tables["mailbox"] = [{"name": "pushed", "kind": "lmtp", "listen": listen}]
        desk.configure()
        desk.start(wait=False)
        assert desk.wait() == 69
    assert listen in desk.logged()
    assert "Traceback" not in desk.logged()


# --- the database ---------------------------------------------------------------------------------


def test_a_full_disk_stops_intake_loudly_and_loses_nothing(desk: Desk) -> None:
    with desk.running():
        first = write(desk, "1")
        first.await_letter("opened")
        # No file of the daemon may grow beyond this one: what a full disk does, without filling one.
        assert desk.process is not None
        bound = (desk.folder / "helpdesk.db-wal").stat().st_size
        unbounded = resource.prlimit(desk.process.pid, resource.RLIMIT_FSIZE, (bound, resource.RLIM_INFINITY))
        second = write(desk, "2")
        desk.await_logged("the disk reports errors or is full")
        desk.await_status("disk")
        assert desk.folder_ids("INBOX") != []
        assert second.letters() == []
        resource.prlimit(desk.process.pid, resource.RLIMIT_FSIZE, unbounded)
        assert_taken_in_once(desk, first, second)

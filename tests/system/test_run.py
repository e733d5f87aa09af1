"""`helpdesk run` as a service: what it tells its manager, how it reloads and stops, and its other kinds of mailbox."""

from __future__ import annotations

import signal
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.stack import MailStack
from tests.system.desk import Desk, eventually
from tests.system.wire import Wire


@pytest.fixture
def desk(mailstack: MailStack, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    label = request.node.name.removeprefix("test_").replace("_", "-")[:40]
    with Desk(mailstack, tmp_path, label) as desk:
        yield desk


def test_the_service_manager_hears_of_start_trouble_and_end(desk: Desk) -> None:
    with Wire(desk.stack.ports.imaps) as wire:
        desk.tables["mailbox"][0]["port"] = wire.port
        desk.configure()
        desk.environ["WATCHDOG_USEC"] = "2000000"
        desk.start()
        desk.await_status("STATUS=serving 1 mailbox(es)")
        desk.await_status("WATCHDOG=1")
        wire.cut()
        desk.await_status("STATUS=support: ")
        assert desk.stop() == 0
    assert desk.said.index("READY=1") < desk.said.index("STATUS=stopping") < desk.said.index("STOPPING=1")
    assert desk.said[-1] == "STOPPING=1"


def test_a_reload_with_problems_is_refused_and_the_old_configuration_goes_on(desk: Desk) -> None:
    with desk.running():
        desk.tables["mailbox"][0]["poll_interval"] = "fast"
        desk.configure()
        desk.signal(signal.SIGHUP)
        desk.await_logged('mailbox[0].poll_interval is \\"fast\\"')
        desk.customer(1).write(desk.address, "Вопрос", "Добрый день! Подскажите, пожалуйста.")
        desk.customer(1).await_letter("opened")


def test_a_reload_serves_the_new_configuration(desk: Desk) -> None:
    with desk.running():
        desk.tables["helpdesk"]["name"] = "Новое имя"
        desk.configure()
        desk.signal(signal.SIGHUP)
        desk.await_logged("reloaded")
        desk.customer(1).write(desk.address, "Вопрос", "Добрый день! Подскажите, пожалуйста.")
        letter = desk.customer(1).await_letter("opened")
        assert letter["From"].addresses[0].display_name == "Новое имя"


def test_a_stop_in_the_middle_of_a_crowd_leaves_nothing_half_done(desk: Desk) -> None:
    customers = [desk.customer(number) for number in range(30)]
    for customer in customers:
        customer.write(desk.address, "Вопрос", "Добрый день! Подскажите, пожалуйста.")
    desk.start()
    desk.await_logged("sent letter=1")
    assert desk.stop() == 0
    # What was accepted by the relay is noted: a start finds nothing to repeat.
    assert [row["state"] for row in desk.json("outbox") if row["state"] == "sending"] == []
    with desk.running():
        for customer in customers:
            customer.await_letter("opened")
        eventually(lambda: not desk.json("outbox"), "an empty outbox")
        eventually(lambda: not desk.folder_ids("INBOX"), "an empty inbox")
    assert [len(customer.letters()) for customer in customers] == [1] * len(customers)
    assert len(desk.agents[0].letters("notify")) == len(customers)
    assert len(desk.json("queue")) == len(customers)


def test_mail_is_taken_over_lmtp_and_answered_with_its_fate(desk: Desk) -> None:
    socket = desk.folder / "lmtp"
    desk.tables["mailbox"] = [{"name": "pushed", "kind": "lmtp", "listen": str(socket)}]
    desk.configure()
    customer = desk.customer(1)
    with desk.running():
        for _ in range(2):  # an MTA that missed our answer comes again: nothing is taken twice
            with smtplib.LMTP(str(socket)) as session:
                session.sendmail(customer.address, [desk.address], _mail(desk).as_bytes())
        customer.await_letter("opened")
    assert [row["requester"] for row in desk.json("queue")] == [customer.address]
    assert len(customer.letters()) == 1


def test_mail_is_taken_from_a_maildir_and_put_aside(desk: Desk) -> None:
    maildir = desk.folder / "Maildir"
    for sub in ("new", "cur", "tmp"):
        (maildir / sub).mkdir(parents=True)
    desk.tables["mailbox"] = [{"name": "local", "kind": "maildir", "path": "Maildir", "poll_interval": "1s"}]
    desk.configure()
    customer = desk.customer(1)
    with desk.running():
        (maildir / "new" / "1.mail").write_bytes(_mail(desk).as_bytes())
        customer.await_letter("opened")
        eventually(lambda: not [*maildir.glob("new/*"), *maildir.glob("cur/*")], "an empty Maildir")
    assert [row["requester"] for row in desk.json("queue")] == [customer.address]


def test_two_daemons_beside_each_other_answer_every_mail_once(desk: Desk, tmp_path: Path) -> None:
    """A second daemon on the same desk is a mistake that must not cost a requester anything."""
    customers = [desk.customer(number) for number in range(10)]
    other = tmp_path / "other"
    other.mkdir()
    with Desk(desk.stack, other, desk.label) as second, desk.running():
        second.tables["helpdesk"]["database"] = f"sqlite:///{desk.folder}/helpdesk.db"
        second.configure()
        with second.running():
            for customer in customers:
                customer.write(desk.address, "Вопрос", "Добрый день! Подскажите, пожалуйста.")
            for customer in customers:
                customer.await_letter("opened")
            desk.agents[0].await_letters("notify", len(customers))
            eventually(lambda: not desk.folder_ids("INBOX"), "an empty inbox")
    assert [len(customer.letters()) for customer in customers] == [1] * len(customers)
    assert len(desk.agents[0].letters("notify")) == len(customers)
    assert len(desk.folder_ids("Helpdesk/Done")) == len(customers)


def _mail(desk: Desk) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = desk.customer(1).address, desk.address
    mail["Subject"], mail["Message-ID"] = "Вопрос", f"<1.{desk.label}@shop.test>"
    mail.set_content("Добрый день! Подскажите, пожалуйста.")
    return mail

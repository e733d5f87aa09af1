"""T17, backscatter: delivery reports are filed, never answered, and fan out to nobody."""

from __future__ import annotations

from dataclasses import replace

from helpdesk.core.case import Arrival
from helpdesk.core.decide import decide
from helpdesk.core.decision import Disposition
from helpdesk.core.facts import Facts
from helpdesk.core.message import Inbound, Kind
from helpdesk.core.outgoing import Delivery, OutboxState, RecipientState
from helpdesk.core.ticket import State
from helpdesk.daemon.doctor import examine
from tests.security.desk import ANNA, EVE, IVAN, LENA, START, Desk, mail, opened, reply

FLOOD = 10_000


def report(
    message_id: str, recipient: str = ANNA, *, action: str = "failed", status: str = "5.1.1", n: int = 0
) -> bytes:
    """A delivery report (RFC 3464) for one of our letters."""
    return (
        "Return-Path: <>\r\n"
        f"From: Mail Delivery System <MAILER-DAEMON@mx{n}.test>\r\nTo: support@help.test\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <{n}.{status}@mx{n}.test>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n"
        "--x\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        f"--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx{n}.test\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"--x\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\nSubject: x\r\n\r\nx\r\n--x--\r\n"
    ).encode()


def test_ten_thousand_reports_about_letters_of_others_cause_no_mail(open_desk: Desk) -> None:
    policy, arrival = open_desk.works.policy, Arrival(desk="support", at=START)
    one_each = [report("<1@nobody.test>"), report("<1@nobody.test>", action="delayed", status="4.2.2")]
    for read in open_desk.works.reader.read(one_each):
        assert isinstance(read, Inbound)
        assert read.bounce is not None
        for n in range(FLOOD // 2):
            bounce = replace(read.bounce, original_message_id=f"<{n}@nobody.test>")
            decision = decide(replace(read, sha256=str(n), bounce=bounce), Facts(), policy, arrival, START)
            assert (decision.kind, decision.disposition, decision.letters) == (Kind.BOUNCE, Disposition.RECORD, ())
    open_desk.take(report(f"<{n}@nobody.test>", f"person{n}@x.test", n=n) for n in range(200))
    assert open_desk.written() == {}
    assert open_desk.works.store.queue() == []


def test_report_about_our_letter_marks_it_and_is_told_once(open_desk: Desk) -> None:
    number = open_desk.open()
    letter = next(one for one in open_desk.sent if one.recipients == (ANNA,))
    open_desk.take(report(letter.message_id, n=n) for n in range(100))
    assert open_desk.written() == {("bounced", IVAN): 1}
    (entry,) = open_desk.works.store.outbox()
    assert (entry.message_id, entry.state) == (letter.message_id, OutboxState.FAILED)
    assert [(one.address, one.state) for one in entry.recipients] == [(ANNA, RecipientState.BOUNCED)]
    assert "bounce" in {line.what for line in open_desk.file(number).history}
    assert len(open_desk.works.store.queue()) == 1


def test_report_of_a_delay_changes_nothing(open_desk: Desk) -> None:
    open_desk.open()
    letter = next(one for one in open_desk.sent if one.recipients == (ANNA,))
    open_desk.take([report(letter.message_id, action="delayed", status="4.4.1")])
    assert open_desk.written() == {}
    assert open_desk.works.store.outbox() == []


def notices_of(desk: Desk, tickets: int) -> list[str]:
    """The Message-IDs of the notifications that Ivan gets of so many new tickets."""
    for n in range(tickets):
        desk.open(f"customer{n}@shop.test")
    return [one.message_id for one in desk.sent if one.recipients == (IVAN,)]


def test_agent_who_cannot_be_reached_is_told_of_to_the_lead(open_desk: Desk) -> None:
    notices = notices_of(open_desk, 30)
    assert len(notices) == 30
    open_desk.take(report(one, IVAN, n=n) for n, one in enumerate(notices))
    # One that a letter came back, one that the address is muted; the other 27 reports are no news.
    assert open_desk.written() == {("alert", LENA): 2}
    # The lead's mailbox is broken, too: nobody is left, and nothing turns in a circle.
    alert = [one for one in open_desk.sent if one.event == "alert"]
    open_desk.take(report(one.message_id, LENA) for one in alert)
    assert open_desk.written() == {}


def test_agent_address_that_bounces_three_times_gets_nothing_more_and_the_lead_is_told_once(open_desk: Desk) -> None:
    notices = notices_of(open_desk, 5)
    open_desk.take(report(one, IVAN, n=n) for n, one in enumerate(notices[:2]))
    open_desk.take([report(notices[1], IVAN, n=7), report(notices[1], IVAN, action="delayed", status="4.4.1", n=8)])
    assert open_desk.written() == {("alert", LENA): 1}
    open_desk.take([mail(EVE, "One more")])
    assert open_desk.written()["notify", IVAN] == 1, "the same letter twice, or late, is one letter"
    open_desk.pass_time(120)
    open_desk.take(report(one, IVAN, n=n) for n, one in enumerate(notices[2:4], start=9))
    assert open_desk.written() == {("alert", LENA): 1}
    alert = next(one for one in reversed(open_desk.sent) if one.event == "alert")
    assert IVAN in str(opened(alert).get_body(("plain",)))
    open_desk.pass_time(2880)
    open_desk.take([mail(ANNA, "Is anybody there?")])
    # News goes to whoever is reached: here the lead.
    assert open_desk.written() == {("opened", ANNA): 1, ("notify", LENA): 1}
    found = [one.cure for one in examine(open_desk.works.config, lambda: START) if one.place == "agent"]
    assert found == [f"correct the address, or helpdesk unmute {IVAN}"]


def test_good_mail_of_a_muted_agent_or_the_lead_ends_it(open_desk: Desk) -> None:
    ids = notices_of(open_desk, 3)
    notices = [one for one in open_desk.sent if one.recipients == (IVAN,)]
    open_desk.take(report(one, IVAN, n=n) for n, one in enumerate(ids))
    open_desk.written()
    # A From alone is no good mail.
    open_desk.take([mail(IVAN, "I am here", "#queue")])
    open_desk.take([mail(ANNA, "First")])
    assert ("notify", IVAN) not in open_desk.written()
    open_desk.take([reply(notices[0], IVAN, "#take")])
    assert open_desk.written()["result", IVAN] == 1
    open_desk.take([mail(ANNA, "Second")])
    assert open_desk.written()["notify", IVAN] == 1
    # The count begins anew, and the lead may end it, too.
    open_desk.take(report(one, IVAN, n=n) for n, one in enumerate(ids, start=20))
    open_desk.written()
    open_desk.cli("unmute", IVAN)
    open_desk.take([mail(ANNA, "Third")])
    assert open_desk.written()["notify", IVAN] == 1


def test_reports_in_human_words_are_never_answered(open_desk: Desk) -> None:
    open_desk.take(
        mail(f"MAILER-DAEMON@mx{n}.test", "Undeliverable: your letter", "Unknown user.", "Return-Path: <>")
        for n in range(100)
    )
    assert open_desk.written() == {}


def test_absence_notes_cause_no_mail_and_reopen_nothing(open_desk: Desk) -> None:
    number = open_desk.open()
    letter = next(one for one in open_desk.sent if one.recipients == (ANNA,))
    marks = ("Auto-Submitted: auto-replied", "X-Autoreply: yes", "Precedence: bulk", "Return-Path: <>")
    open_desk.take(
        reply(letter, ANNA, "I am out of office until Monday.", marks[n % len(marks)], subject="Out of office")
        for n in range(60)
    )
    assert open_desk.written() == {}
    assert len(open_desk.conversation(number)) == 2, "the request and our acknowledgement"


def test_receipts_and_abuse_reports_are_filed_in_silence(open_desk: Desk) -> None:
    for kind in ("disposition-notification", "feedback-report"):
        raw = report("<x@y>").replace(b"report-type=delivery-status", f"report-type={kind}".encode())
        raw = raw.replace(b"message/delivery-status", f"message/{kind}".encode()).replace(b"MAILER-DAEMON", b"fbl")
        open_desk.take([raw.replace(b"Undelivered Mail Returned to Sender", b"Report")])
    assert open_desk.written() == {}
    assert open_desk.works.store.queue() == []


def test_lists_are_not_answered(open_desk: Desk) -> None:
    open_desk.take(
        mail(EVE, f"News {n}", "Read this.", "List-Id: <news.evil.test>", "Precedence: list") for n in range(50)
    )
    assert open_desk.written() == {}


def test_a_letter_that_the_relay_refuses_ends_the_follow_ups(open_desk: Desk) -> None:
    number = open_desk.open()
    notification = next(one for one in open_desk.sent if one.recipients == (IVAN,))
    open_desk.take_one(reply(notification, IVAN, "#ask ip"))
    assert open_desk.ticket(number).state is State.WAITING
    asking = next(one for one in open_desk.send() if one.recipients == (ANNA,))
    open_desk.works.upkeep.tell_failed(asking, [Delivery(ANNA, 550, "no such user")])
    ticket = open_desk.ticket(number)
    assert (ticket.state, ticket.follow_ups) == (State.OPEN, ())
    assert open_desk.written()["bounced", IVAN] == 1

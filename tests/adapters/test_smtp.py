"""The SMTP transport against Postfix: protection, login, certificates, refusals; and the Maildir that stands in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from helpdesk.adapters.outdir import MaildirTransport
from helpdesk.adapters.smtp import Security, SmtpSettings, SmtpTransport
from helpdesk.core.outgoing import Delivery
from helpdesk.errors import PermanentError, TemporaryError
from tests.stack import EXPIRED_HOST, MISNAMED_HOST, PASSWORD, MailStack

SENDER = "desk@help.test"
RAW = (
    b"Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nFrom: desk@help.test\r\nSubject: Hi\r\n"
    b"Message-ID: <1@help.test>\r\n\r\nHello\r\n"
)


def submission(stack: MailStack) -> SmtpSettings:
    return SmtpSettings(
        host="127.0.0.1",
        port=stack.ports.submission,
        security=Security.STARTTLS,
        user=SENDER,
        password=lambda: PASSWORD,
        cafile=str(stack.cafile),
    )


def send(settings: SmtpSettings, *recipients: str, raw: bytes = RAW) -> Sequence[Delivery]:
    async def story() -> Sequence[Delivery]:
        transport = SmtpTransport(settings)
        try:
            return await transport.send(SENDER, recipients, raw)
        finally:
            await transport.close()

    return asyncio.run(story())


def test_letter_goes_out_over_starttls_with_a_login(mailstack: MailStack) -> None:
    [delivery] = send(submission(mailstack), "starttls@smtp.test")
    assert delivery.sent
    [mail] = mailstack.delivered("starttls@smtp.test")
    assert b"Return-Path: <desk@help.test>" in mail


def test_letter_goes_out_over_tls_with_a_login(mailstack: MailStack) -> None:
    settings = replace(submission(mailstack), port=mailstack.ports.submissions, security=Security.TLS)
    [delivery] = send(settings, "tls@smtp.test")
    assert delivery.sent
    assert len(mailstack.delivered("tls@smtp.test")) == 1


def test_refused_and_greylisted_recipients_do_not_keep_others_from_their_letter(mailstack: MailStack) -> None:
    deliveries = send(submission(mailstack), "reject1@smtp.test", "mixed@smtp.test", "greylist1@smtp.test")
    assert [(delivery.address, delivery.code) for delivery in deliveries] == [
        ("reject1@smtp.test", 550),
        ("mixed@smtp.test", 250),
        ("greylist1@smtp.test", 450),
    ]
    assert "no such user here" in deliveries[0].text
    assert len(mailstack.delivered("mixed@smtp.test")) == 1


def test_wrong_password_wants_the_administrator(mailstack: MailStack) -> None:
    with pytest.raises(PermanentError, match=r"refused the login of desk@help\.test: 535"):
        send(replace(submission(mailstack), password=lambda: "wrong"), "nobody@smtp.test")


@pytest.mark.parametrize(
    ("host", "found"),
    [(EXPIRED_HOST, "certificate has expired"), (MISNAMED_HOST, "IP address mismatch")],
)
def test_bad_certificate_wants_the_administrator(mailstack: MailStack, host: str, found: str) -> None:
    settings = replace(submission(mailstack), host=host, port=mailstack.ports.submissions, security=Security.TLS)
    with pytest.raises(PermanentError, match=rf"{host}:\d+: its certificate is not trusted: .*{found}"):
        send(settings, "nobody@smtp.test")


def test_certificate_of_an_unknown_authority_is_refused_over_starttls_too(mailstack: MailStack) -> None:
    with pytest.raises(PermanentError, match="not trusted"):
        send(replace(submission(mailstack), cafile=None), "nobody@smtp.test")


def test_tls_on_a_port_that_begins_in_clear_says_what_to_try(mailstack: MailStack) -> None:
    with pytest.raises(PermanentError, match="starttls"):
        send(replace(submission(mailstack), security=Security.TLS), "nobody@smtp.test")


def test_mail_over_the_size_of_postfix_is_refused_without_being_sent(mailstack: MailStack) -> None:
    [delivery] = send(submission(mailstack), "big@smtp.test", raw=RAW + b"x" * 60_000_001 + b"\r\n")
    assert (delivery.code, delivery.permanent) == (552, True)
    assert "at most 60000000" in delivery.text


def test_letter_of_many_megabytes_arrives_whole(mailstack: MailStack) -> None:
    raw = RAW + (b"." * 70 + b"\r\n") * 100_000
    [delivery] = send(submission(mailstack), "large@smtp.test", raw=raw)
    assert delivery.sent
    [mail] = mailstack.delivered("large@smtp.test")
    assert mail.endswith(raw.replace(b"\r\n", b"\n"))


# --- a Maildir instead of a relay -----------------------------------------------------------------


def write(path: Path, raw: bytes = RAW) -> Sequence[Delivery]:
    return asyncio.run(MaildirTransport(path).send(SENDER, ["ivan@x.test", "olha@x.test"], raw))


def test_written_letter_begins_with_its_envelope(tmp_path: Path) -> None:
    write(tmp_path / "out")
    [written] = (tmp_path / "out" / "new").iterdir()
    assert written.read_bytes() == (
        b"Return-Path: <desk@help.test>\r\nDelivered-To: ivan@x.test\r\nDelivered-To: olha@x.test\r\n" + RAW
    )
    assert sorted(folder.name for folder in (tmp_path / "out").iterdir()) == ["cur", "new", "tmp"]
    assert list((tmp_path / "out" / "tmp").iterdir()) == []


def test_letter_that_is_tried_again_replaces_itself(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path)
    write(tmp_path, RAW.replace(b"<1@", b"<2@"))
    assert len(list((tmp_path / "new").iterdir())) == 2


def test_letters_without_message_id_stay_apart(tmp_path: Path) -> None:
    write(tmp_path, b"Subject: one\r\n\r\n")
    write(tmp_path, b"Subject: two\r\n\r\n")
    assert len(list((tmp_path / "new").iterdir())) == 2


def test_probe_tells_of_a_folder_that_is_none_and_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    asyncio.run(MaildirTransport(tmp_path / "out").probe())
    assert not (tmp_path / "out").exists()
    with pytest.raises(PermanentError, match=r"smtp\.path: .*file/out is not a folder"):
        asyncio.run(MaildirTransport(tmp_path / "file" / "out").probe())


def test_folder_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TemporaryError, match=r"smtp\.path: .*file/out cannot be written"):
        write(tmp_path / "file" / "out")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without permission")
def test_folder_that_may_not_be_written_wants_the_administrator(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "out").mkdir(mode=0o700)
    process = os.fork()
    if process == 0:
        os.setuid(65534)
        try:
            write(tmp_path / "out")
        except PermanentError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 7

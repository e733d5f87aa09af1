"""Readers answer one result per mail, and a hostile mail costs nobody but itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from helpdesk.adapters.mime.readers import InlineReader, ProcessReader
from helpdesk.adapters.mime.reading import read
from helpdesk.adapters.mime.workers import CrashedError, StalledError, WorkerReader
from helpdesk.core.message import Inbound
from helpdesk.errors import TemporaryError
from helpdesk.ports import Reader

CORPUS = sorted((Path(__file__).parents[1] / "corpus").glob("*.eml"))


def mail(subject: str) -> bytes:
    return f"From: anna@example.com\nSubject: {subject}\n\nhello\n".encode()


def subjects(results: Sequence[Inbound | Exception]) -> list[str]:
    return [result.subject if isinstance(result, Inbound) else type(result).__name__ for result in results]


@pytest.fixture(params=["inline", "workers"])
def reader(request: pytest.FixtureRequest) -> Iterator[Reader]:
    reader: Reader = InlineReader() if request.param == "inline" else ProcessReader()
    yield reader
    reader.close()


@pytest.fixture
def hostile() -> Iterator[WorkerReader]:
    reader = WorkerReader(2, time_limit_s=2, reading="tests.adapters.hostile_reading")
    yield reader
    reader.close()


def test_results_come_in_the_order_of_the_mails(reader: Reader) -> None:
    raws = [mail(str(number)) for number in range(150)]
    assert subjects(reader.read(raws)) == [str(number) for number in range(150)]


def test_nothing_to_read_gives_nothing(reader: Reader) -> None:
    assert list(reader.read([])) == []


def test_the_whole_corpus_reads_alike_everywhere(reader: Reader) -> None:
    raws = [path.read_bytes() for path in CORPUS]
    assert list(reader.read(raws)) == [read(raw) for raw in raws]


def test_mail_of_many_megabytes_passes(reader: Reader) -> None:
    large = mail("large") + b"word " * 3_000_000
    assert subjects(reader.read([large, mail("small"), large])) == ["large", "small", "large"]


def test_files_are_handed_out_and_missing_ones_left_out(reader: Reader) -> None:
    raw = mail("whole")
    assert [(file.name, file.content) for file in reader.parts(raw, (0, 9), 1_000)] == [("message.eml", raw)]


def test_mail_that_kills_its_worker_costs_itself_alone(hostile: WorkerReader) -> None:
    results = hostile.read([mail("a"), mail("die"), mail("b"), mail("c"), mail("die")])
    assert subjects(results) == ["a", "CrashedError", "b", "c", "CrashedError"]
    assert isinstance(results[1], CrashedError)


def test_mail_that_stalls_its_worker_costs_itself_alone(hostile: WorkerReader) -> None:
    results = hostile.read([mail("a"), mail("stall"), mail("b")])
    assert subjects(results) == ["a", "StalledError", "b"]
    assert isinstance(results[1], StalledError)


def test_large_mail_has_the_time_that_its_size_takes() -> None:
    reader = WorkerReader(1, time_limit_s=0)
    large = mail("large").replace(b"\n\n", b"\nContent-Transfer-Encoding: base64\nContent-Type: image/x-raw\n\n")
    assert subjects(reader.read([large.replace(b"hello\n", (b"QUJD" * 19 + b"\n") * 300_000)])) == ["large"]
    reader.close()


def test_reader_works_after_a_loss(hostile: WorkerReader) -> None:
    hostile.read([mail("die")])
    assert subjects(hostile.read([mail("next")])) == ["next"]


def test_worker_that_went_home_is_replaced_without_blame() -> None:
    reader = WorkerReader(1, idle_limit_s=0.05)
    reader.read([mail("first")])
    worker = reader._slots[0]
    assert worker is not None
    worker._process.wait()
    assert subjects(reader.read([mail("second")])) == ["second"]
    reader.close()


def test_worker_that_cannot_start_blames_no_mail(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TemporaryError):
        WorkerReader(1, reading="helpdesk.no_such_module").read([mail("innocent")])
    assert "no_such_module" in capfd.readouterr().err


def test_closed_reader_has_no_processes_and_may_be_used_again() -> None:
    reader = WorkerReader(1)
    reader.read([mail("first")])
    worker = reader._slots[0]
    assert worker is not None
    reader.close()
    assert worker._process.poll() is not None
    assert subjects(reader.read([mail("second")])) == ["second"]
    reader.close()

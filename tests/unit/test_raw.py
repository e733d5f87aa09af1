"""What is large lies in a file without a name, and is the same bytes as ever."""

from __future__ import annotations

import gc
import os
from hashlib import sha256
from pathlib import Path

import pytest

from helpdesk.errors import TemporaryError
from helpdesk.ports import MailKey
from helpdesk.raw import CARRIED, LargeRaw, beginning, digest, kept, mapped, pieces

LARGE = bytes(range(256)) * 5_000


def test_few_bytes_stay_in_memory() -> None:
    assert kept([b"a", b"", b"b"]) == b"ab"
    assert kept([b"x" * CARRIED]) == b"x" * CARRIED


@pytest.mark.parametrize("size", [1_000, CARRIED, len(LARGE)])
def test_many_bytes_are_the_same_in_their_file(size: int) -> None:
    raw = kept(LARGE[start : start + size] for start in range(0, len(LARGE), size))
    assert isinstance(raw, LargeRaw)
    assert (len(raw), bytes(raw)) == (len(LARGE), LARGE)
    assert b"".join(pieces(raw)) == b"".join(pieces(LARGE)) == LARGE
    assert max(map(len, pieces(raw))) < CARRIED
    assert beginning(raw, 10) == beginning(LARGE, 10) == LARGE[:10]
    assert digest(raw) == digest(LARGE[:7], LARGE[7:]) == sha256(LARGE).hexdigest()
    with mapped(raw) as searched:
        assert searched.find(LARGE[-300:]) == LARGE.find(LARGE[-300:])


def test_a_mail_without_a_name_has_one_key_wherever_its_bytes_are() -> None:
    assert MailKey.of_content("LMTP", b"to", LARGE) == MailKey.of_content("LMTP", b"to", kept([LARGE]))
    assert MailKey.of_content("LMTP", b"to" + LARGE) == MailKey.of_content("LMTP", b"to", LARGE)


def test_nothing_is_left_of_a_file_that_nobody_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    raw = kept([LARGE])
    assert list(tmp_path.iterdir()) == []
    assert isinstance(raw, LargeRaw)
    descriptor = raw.fileno()
    del raw
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_no_room_for_a_large_mail_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc")
    with pytest.raises(TemporaryError, match=r"does not fit into /proc.*TMPDIR"):
        kept([LARGE])

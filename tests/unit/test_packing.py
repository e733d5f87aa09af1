"""A mail is kept in the bytes that any program can unpack, whatever its length."""

from __future__ import annotations

import zlib

import pytest

from helpdesk.adapters.store.packing import packed, unpacked


@pytest.mark.parametrize("length", [0, 1, 4_000, 8_192, 8_193, 100_000])
def test_short_mail_is_one_stream_that_any_program_unpacks(length: int) -> None:
    raw = (b"Received: from mail.shop.example; Sat, 21 Nov 2026 20:10:01 +0000\r\n" * 2_000)[:length]
    content, following = packed(raw)
    assert list(following) == []
    assert zlib.decompress(content) == raw
    assert unpacked(content, lambda number: None) == raw


def test_short_mail_is_kept_as_short_as_zlib_makes_it() -> None:
    raw = b"".join(b"line %d of a letter about order %d\r\n" % (n, n * n) for n in range(180))
    assert len(packed(raw)[0]) <= len(zlib.compress(raw, 1)) * 1.05

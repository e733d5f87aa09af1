"""A mail as it is kept: one zlib stream, in one column where it is short, else cut into rows of about a megabyte.

`content` is the column, and the following rows are numbered from 1. Whether any follow is known by the stream alone:
it has not ended yet. Rows that are written and read one by one keep the memory small, whatever the size of the mail.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from itertools import chain, count

from helpdesk.raw import CARRIED, PIECE, Raw, kept, pieces

# zlib's level: the fastest takes a third of the time of the usual one, and its results are a tenth longer.
_LEVEL = 1

# Most mails are short. To look back over 32 KB takes tables of 256 KB, which take longer to clear than a short mail to
# compress; with these, as large as such a mail needs, it takes a third of the time and gives the same.
_SHORT = 8 * 1024
_SHORT_WINDOW = 13
_SHORT_MEMORY = 6

# A row has so many bytes and what one more piece adds.
_ROW = 1024 * 1024

# What gives the row with this number, or None where there is none.
Following = Callable[[int], bytes | None]


def packed(raw: Raw) -> tuple[bytes, Iterator[bytes]]:
    """The column, and the rows that follow it as they are asked for."""
    if isinstance(raw, bytes) and len(raw) <= CARRIED:
        return _compressed(raw), iter(())
    rows = _rows(raw)
    return next(rows), rows


def _compressed(raw: bytes) -> bytes:
    if len(raw) > _SHORT:
        return zlib.compress(raw, _LEVEL)
    stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, _SHORT_WINDOW, _SHORT_MEMORY)
    return stream.compress(raw) + stream.flush()


def unpacked(content: bytes, following: Following) -> Raw:
    """The mail again. Raises zlib.error where its bytes are damaged, or a row is missing."""
    stream = zlib.decompressobj()
    first = stream.decompress(content, CARRIED)
    return first if stream.eof else kept(chain([first], _rest(stream, following)))


def unpacked_pieces(content: bytes, following: Following) -> Iterator[bytes]:
    """The mail a few bytes at a time, without keeping it anywhere. Fails as `unpacked` does."""
    stream = zlib.decompressobj()
    yield stream.decompress(content, PIECE)
    yield from _rest(stream, following)


def _rows(raw: Raw) -> Iterator[bytes]:
    stream = zlib.compressobj(_LEVEL)
    row = bytearray()
    for piece in pieces(raw):
        row += stream.compress(piece)
        if len(row) >= _ROW:
            yield bytes(row)
            row.clear()
    yield bytes(row + stream.flush())


def _rest(stream: zlib._Decompress, following: Following) -> Iterator[bytes]:
    """What a stream still gives, out of what it holds and the rows behind."""
    for number in count(1):
        # It may hold more than it was allowed to give, even where nothing is left of what went in.
        while not stream.eof and (piece := stream.decompress(stream.unconsumed_tail, PIECE)):
            yield piece
        if stream.eof:
            return
        row = following(number)
        if row is None:
            raise zlib.error(f"row {number} is missing")
        yield stream.decompress(row, PIECE)

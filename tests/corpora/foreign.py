"""Returned mail of public collections: what its owners expect, and how it was met.

A folder with one file per message and `expected.toml`: a table per message with its kind, whom it could not reach, and
whether for good, as far as the owner says so. Where the folder is not there, there is nothing to measure.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpdesk.adapters.mime.reading import read
from helpdesk.core.classify import classify
from helpdesk.core.message import Inbound, Kind

FOLDER = Path(__file__).parent / "foreign_bounces"

# What the owners' kinds are called here; a delay is a bounce for now.
_KINDS = {
    "bounce": Kind.BOUNCE,
    "delayed": Kind.BOUNCE,
    "auto-reply": Kind.AUTO_REPLY,
    "report": Kind.REPORT,
    "delivered": Kind.REPORT,
    "human": Kind.HUMAN,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Returned:
    """What an owner wrote down about one message; None: not said."""

    file: Path
    kind: str
    recipients: frozenset[str] | None
    permanent: bool | None


def expected(folder: Path) -> Iterator[Returned]:
    """All that the owners say; nothing where there is no such folder."""
    table = folder / "expected.toml"
    if not table.exists():
        return
    for row in tomllib.loads(table.read_text(encoding="utf-8"))["message"]:
        recipients = row.get("recipients")
        yield Returned(
            file=folder / row["file"],
            kind=row["kind"],
            recipients=None if recipients is None else frozenset(address.lower() for address in recipients),
            permanent=row.get("permanent"),
        )


def met(told: Returned) -> Iterator[tuple[str, bool, str]]:
    """What was expected of a message, whether it was met, and what was found instead."""
    inbound = read(told.file.read_bytes())
    kind, reasons = classify(inbound, instance="ours")
    yield f"{told.kind}: recognised", kind is _KINDS[told.kind], f"{kind} {reasons}"
    if _KINDS[told.kind] is not Kind.BOUNCE:
        yield "no failure claimed where none is", not _failed_for_good(inbound), f"{inbound.bounce}"
        return
    if told.recipients is not None:
        named = frozenset(one.address for one in inbound.bounce.recipients) if inbound.bounce else frozenset()
        yield f"{told.kind}: right recipients", named == told.recipients, f"{set(named)}, {set(told.recipients)}"
    if told.permanent is not None:
        yield f"{told.kind}: for good or for now", _failed_for_good(inbound) == told.permanent, f"{inbound.bounce}"


def _failed_for_good(inbound: Inbound) -> bool:
    return inbound.bounce is not None and any(one.permanent for one in inbound.bounce.recipients)

"""A relay in memory that answers as it is told; keeps the contract of ports.Transport."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from helpdesk.core.outgoing import Delivery
from helpdesk.raw import Raw


@dataclass(frozen=True, slots=True)
class Passed:
    """A letter that the relay was given, and the recipients that it took it for."""

    envelope_from: str
    accepted: tuple[str, ...]
    raw: bytes


@dataclass(slots=True)
class FakeTransport:
    """Accepts everybody but those in `answers`; raises `error` instead while there is one."""

    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    error: Exception | None = None
    max_bytes: int = 100_000_000
    passed: list[Passed] = field(default_factory=list)
    tries: int = 0

    async def send(self, envelope_from: str, recipients: Sequence[str], raw: Raw) -> Sequence[Delivery]:
        """One answer per recipient, in their order."""
        self.tries += 1
        if self.error:
            raise self.error
        if len(raw) > self.max_bytes:
            return [Delivery(address, 552, "5.3.4 too large") for address in recipients]
        deliveries = [Delivery(address, *self.answers.get(address, (250, "taken"))) for address in recipients]
        accepted = tuple(delivery.address for delivery in deliveries if delivery.sent)
        if accepted:
            self.passed.append(Passed(envelope_from, accepted, bytes(raw)))
        return deliveries

    async def probe(self) -> None:
        """Raises what `send` would raise."""
        if self.error:
            raise self.error

    async def close(self) -> None:
        """Nothing is kept open."""

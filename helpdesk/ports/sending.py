"""How a letter gets its words, and how it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from helpdesk.core.outgoing import Delivery, LetterView
from helpdesk.core.papers import PaperView
from helpdesk.ports.mailbox import PassedOn
from helpdesk.raw import Raw


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """What a letter says. `subject` has no tag. `problem` tells why the shipped template had to step in."""

    subject: str
    text: str
    html: str
    problem: str = ""


class Renderer(Protocol):
    """Turns a view into words."""

    def render(self, event: str, language: str, view: LetterView) -> Rendered:
        """The letter in `language`, or in English where we do not know that language."""


class Drawer(Protocol):
    """Draws papers that go with letters."""

    def draw(self, name: str, language: str, view: PaperView) -> PassedOn:
        """The paper of this name as a file. Raises PermanentError where it cannot be drawn."""


class Transport(Protocol):
    """The relay. Connections are kept and shared."""

    async def send(self, envelope_from: str, recipients: Sequence[str], raw: Raw) -> Sequence[Delivery]:
        """One answer per recipient. Raises TemporaryError when no answer was had for any of them."""

    async def probe(self) -> None:
        """Returns when the relay would take a letter; TemporaryError or PermanentError say why it would not."""

    async def close(self) -> None: ...

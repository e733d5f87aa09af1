"""Changes that bring mail and people from one ticket to another, as values."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.core.message import Address


@dataclass(frozen=True, slots=True)
class SetRequester:
    """A ticket is somebody else's; whose it was before takes no part in it any more."""

    ticket: int
    requester: Address


@dataclass(frozen=True, slots=True)
class Merge:
    """A ticket goes into another one: it is closed, and its mail and letters are there from now on.

    `regroups`: not the same people take part in both.
    """

    ticket: int
    into: int
    regroups: bool


@dataclass(frozen=True, slots=True)
class MoveMail:
    """A mail, and what we told our own of it, goes from one ticket to another. `id` is the row of the message."""

    id: int
    ticket: int
    to: int

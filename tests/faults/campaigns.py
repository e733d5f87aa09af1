"""Blows at every place: the loop that ends only when a run was not hit any more (as SQLite tests itself).

Each campaign yields one trial after the other; `every` leaves out all but each so many-th place, for the short form.
A desk that does not recover from one of them raises AssertionError with the place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from tests.fakes.imap_server import Mischief, Session
from tests.faults.servers import DROP
from tests.faults.stand import Run
from tests.faults.taps import PIECES, Blow, Fault
from tests.faults.trials import Trials

KILLED = -9

IMAP_ANSWERS = (DROP, "NO [UNAVAILABLE] try later", "BAD what?")
SMTP_ANSWERS = (DROP, "451 try later", "421 going down")


@dataclass
class Nth:
    """A server's trouble at the Nth command, or from the Nth on."""

    at: int
    answer: str
    sticky: bool = False
    seen: int = field(default=0, compare=False)

    def __call__(self, command: str) -> str | None:
        self.seen += 1
        falls = self.seen >= self.at if self.sticky else self.seen == self.at
        # What a relay answered for, it cannot take back: there, only the line breaks.
        return (DROP if command == "reply" else self.answer) if falls else None


def kill_at_each_named_point(trials: Trials) -> Iterator[Run]:
    """One kill for each name, in the middle of those that a run passes."""
    for name, passed in Counter(trials.usual.points).items():
        run = trials.strike(Fault(Blow.KILL, (passed + 1) // 2, point=name))
        if run.code != KILLED:
            # Letters are sent side by side: how often such a point is passed varies with the machine.
            run = trials.strike(Fault(Blow.KILL, 1, point=name))
        assert run.code == KILLED
        yield run


def kill_everywhere(trials: Trials, every: int = 1) -> Iterator[Run]:
    """A kill at the first point, the second, and so on, until a run ends by itself."""
    for at in count(1, every):
        run = trials.strike(Fault(Blow.KILL, at))
        yield run
        if run.code != KILLED:
            return


def kill_between_pieces(trials: Trials, name: str, every: int = 1) -> Iterator[Run]:
    """A kill before each piece of large mail; `name`: at what it is then (one of taps.PIECES)."""
    passed = trials.usual.points.count(name)
    for at in range(1, passed + 1, every):
        yield trials.strike(Fault(Blow.KILL, at, point=name))


def kill_twice(trials: Trials, every: int = 1) -> Iterator[Run]:
    """A kill at each point, and another one while the desk recovers, as far from its beginning."""
    points = len(trials.usual.points)
    for at in range(1, points, every):
        yield trials.strike(Fault(Blow.KILL, at), Fault(Blow.KILL, max(1, (points - at) // 2)))


def kill_twice_at_each_named_point(trials: Trials, every: int = 1) -> Iterator[Run]:
    """One kill for each name, and another one at the same place, or else amid things, while the desk recovers."""
    points = len(trials.usual.points)
    names = list(Counter(trials.usual.points).items())
    for name, passed in names[::every]:
        again = Fault(Blow.KILL, 1, point=name) if passed > 1 else Fault(Blow.KILL, points // 3)
        yield trials.strike(Fault(Blow.KILL, (passed + 1) // 2, point=name), again)


def break_the_database(trials: Trials, blow: Blow, *, sticky: bool, every: int = 1) -> Iterator[Run]:
    """The Nth statement, or commit, fails; or all from the Nth on. Until a run has fewer of them."""
    for at in count(1, every):
        run = trials.strike(Fault(blow, at, sticky))
        yield run
        if run.occasions(blow) < at:
            return


def fill_the_disk(trials: Trials, every: int = 1) -> Iterator[Run]:
    """SQLite's log can have one page, two pages, and so on, until a run has room enough."""
    for at in count(1, every):
        run = trials.strike(Fault(Blow.DISK, at))
        yield run
        if run.code == 0:
            return


def break_imap(trials: Trials, answer: str, *, sticky: bool, every: int = 1) -> Iterator[Run]:
    """The Nth command fails, or all from the Nth on, until a run gives fewer commands."""
    for at in count(1, every):
        trouble = Nth(at, answer, sticky)
        yield trials.strike(Fault(), imap=trouble)
        if trouble.seen < at:
            return


@dataclass
class _AtBody:
    """Mischief when mail itself is fetched, the Nth time."""

    act: Mischief
    at: int
    seen: int = 0

    def __call__(self, command: str) -> Mischief | None:
        return self._maybe if command == "UID FETCH" else None

    def _maybe(self, session: Session, arguments: str) -> bool:
        if "BODY" not in arguments:
            return False
        self.seen += 1
        return self.seen == self.at and self.act(session, arguments)


def hostile_fetch(trials: Trials, act: Mischief) -> Iterator[Run]:
    """The server does `act` when mail is fetched, the first time, the second, until a run fetches less often."""
    for at in count(1):
        trouble = _AtBody(act, at)
        yield trials.strike(Fault(), imap=trouble)
        if trouble.seen < at:
            return


def break_smtp(trials: Trials, answer: str, *, sticky: bool, every: int = 1) -> Iterator[Run]:
    """The Nth verb fails, or all from the Nth on, until a run gives fewer verbs."""
    for at in count(1, every):
        trouble = Nth(at, answer, sticky)
        yield trials.strike(Fault(), relay=trouble)
        if trouble.seen < at:
            return


def between_pieces(trials: Trials, every: int = 1) -> Iterator[Run]:
    """A kill before each piece of large mail, whatever it is at, and another one while the desk recovers."""
    for name in PIECES:
        yield from kill_between_pieces(trials, name, every)
    points = [place for place, point in enumerate(trials.usual.points, start=1) if point in PIECES]
    for at in points[:: 2 * every]:
        yield trials.strike(Fault(Blow.KILL, at), Fault(Blow.KILL, max(1, at // 2)))


def everywhere(trials: Trials, every: int = 1) -> Iterator[tuple[str, str, Callable[[], Iterator[Run]]]]:
    """(part, what is broken, the campaign), in the order of the report."""
    yield "points", "`kill -9` at every point", lambda: kill_everywhere(trials, every)
    yield "points", "`kill -9` at every point, again while it recovers", lambda: kill_twice(trials, every)
    if trials.on_a_file:
        yield "disk", "the disk is full after N pages", lambda: fill_the_disk(trials, every)
    for sticky in (False, True):
        lasting = " and all later ones" if sticky else ""
        for blow in (Blow.STATEMENT, Blow.COMMIT):
            yield (
                "database",
                f"the Nth {blow}{lasting} fails",
                lambda blow=blow, sticky=sticky: break_the_database(trials, blow, sticky=sticky, every=every),  # type: ignore[misc]
            )
        for answer in IMAP_ANSWERS:
            yield (
                "imap",
                f"the Nth IMAP command{lasting}: {answer}",
                lambda answer=answer, sticky=sticky: break_imap(trials, answer, sticky=sticky, every=every),  # type: ignore[misc]
            )
        for answer in SMTP_ANSWERS:
            yield (
                "smtp",
                f"the Nth SMTP verb{lasting}: {answer}",
                lambda answer=answer, sticky=sticky: break_smtp(trials, answer, sticky=sticky, every=every),  # type: ignore[misc]
            )

"""Large mail goes in pieces: killed, broken off or renumbered between two of them, the desk has it whole, and once."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes.imap_server import Mischief, Session
from tests.faults.campaigns import kill_between_pieces
from tests.faults.large import PIECE, large, large_trials
from tests.faults.stand import PLENTY, Engine, Nursery, SqliteEngine, Stand, mail
from tests.faults.taps import FETCHING, PIECES, Blow, Fault
from tests.faults.trials import MONDAY, Trials

ANNA = large(mail("anna@shop.test", "Site is down", "Our site is down, see the picture."), 20)
BORIS = large(mail("boris@shop.test", "Question", "How do I pay this by card?"), 20)
CYRIL = mail("cyril@shop.test", "Another question", "How do I pay by invoice?")


@pytest.fixture(scope="module")
def trials(engine: Engine, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    """A prepared desk on each engine, with large mail in its mailbox."""
    with closing(large_trials(tmp_path_factory.mktemp("trials"), engine, nursery)) as trials:
        yield trials


@pytest.mark.parametrize("doing", PIECES)
def test_kill_between_pieces(trials: Trials, doing: str) -> None:
    pieces = trials.usual.points.count(doing)
    deque(kill_between_pieces(trials, doing, every=pieces // 2 if trials.on_a_file else pieces), maxlen=0)


@pytest.fixture
def stand(fresh_file: Path, nursery: Nursery, tmp_path: Path) -> Iterator[Stand]:
    """A desk that has seen nothing yet; a small mail that somebody takes away lies before two large ones."""
    shutil.copy(fresh_file, tmp_path / "helpdesk.db")
    with closing(Stand(tmp_path, SqliteEngine(tmp_path), nursery, more=PLENTY, piece=PIECE)) as stand:
        stand.imap.reset([CYRIL, ANNA, BORIS])
        yield stand


def forgets_at_piece(stand: Stand, number: int, after: Callable[[Session], bool]) -> Callable[[str], Mischief | None]:
    """Before this piece is given, the first mail vanishes and every other gets a uid that was another's."""
    pieces = iter(range(1, 100))

    def act(session: Session, arguments: str) -> bool:
        if "BODY.PEEK[]<" in arguments and next(pieces) == number:
            stand.imap.mails.pop(1)
            stand.imap.renumber()
            return after(session)
        return False

    return lambda command: act if command == "UID FETCH" else None


def has_both_whole(stand: Stand) -> None:
    stand.settle(MONDAY + timedelta(hours=1))
    assert stand.imap.settled == {ANNA: 1, BORIS: 1}
    asked = [who for who in stand.requesters() if who != "cyril@shop.test"]
    assert asked == ["anna@shop.test", "boris@shop.test"]


@pytest.mark.parametrize("piece", [2, 9])
def test_a_mail_whose_uid_changes_between_two_pieces_is_fetched_from_its_beginning(stand: Stand, piece: int) -> None:
    stand.imap.trouble = forgets_at_piece(stand, piece, lambda session: session.drop())
    assert stand.run(Fault(), MONDAY).code == 1
    stand.imap.trouble = lambda _: None
    has_both_whole(stand)


def test_who_is_killed_between_two_pieces_finds_other_uids_and_takes_each_mail_once(stand: Stand) -> None:
    assert stand.run(Fault(Blow.KILL, 3, point=FETCHING), MONDAY).code == -9
    stand.imap.mails.pop(1)
    stand.imap.renumber()
    has_both_whole(stand)

"""The desk is struck at every named point and recovers: nothing lost, nothing twice, the same desk as without.

The short form of the campaigns; `make campaign` strikes everywhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import pytest

from tests.faults.campaigns import (
    break_imap,
    break_smtp,
    break_the_database,
    fill_the_disk,
    kill_at_each_named_point,
    kill_twice_at_each_named_point,
)
from tests.faults.servers import DROP
from tests.faults.taps import Blow
from tests.faults.trials import Trials


def all_of(trials: Iterator[object]) -> None:
    """Let the campaign run to its end; each trial examines itself."""
    deque(trials, maxlen=0)


def test_kill_at_each_named_point(trials: Trials) -> None:
    all_of(kill_at_each_named_point(trials))


def test_kill_again_while_recovering(trials: Trials) -> None:
    all_of(kill_twice_at_each_named_point(trials, every=1 if trials.on_a_file else 5))


@pytest.mark.parametrize(("blow", "every"), [(Blow.STATEMENT, 60), (Blow.COMMIT, 9)])
@pytest.mark.parametrize("sticky", [False, True])
def test_database_that_fails(trials: Trials, blow: Blow, every: int, sticky: bool) -> None:
    all_of(break_the_database(trials, blow, sticky=sticky, every=every))


def test_full_disk(trials: Trials) -> None:
    if trials.on_a_file:
        all_of(fill_the_disk(trials, every=23))


@pytest.mark.parametrize("sticky", [False, True])
def test_imap_server_that_hangs_up(trials: Trials, sticky: bool) -> None:
    all_of(break_imap(trials, DROP, sticky=sticky, every=7 if trials.on_a_file else 21))


@pytest.mark.parametrize(("answer", "every"), [(DROP, 17), ("451 try later", 29)])
def test_relay_that_fails(trials: Trials, answer: str, every: int) -> None:
    if trials.on_a_file:
        all_of(break_smtp(trials, answer, sticky=False, every=every))

"""Several daemons on one database: killed at random, nothing is lost and nothing happens twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from helpdesk.core.lease import LEASE_LASTS, LOOK_EVERY, RENEW_EVERY
from tests.faults.fleet import Fleet
from tests.postgres import Cluster


def test_a_dead_daemon_is_replaced_within_a_minute() -> None:
    # A holder renews three times before its lease would end; then somebody who stands by has looked.
    assert 3 * RENEW_EVERY < LEASE_LASTS
    assert timedelta(seconds=60) > LEASE_LASTS + LOOK_EVERY


def test_two_daemons_on_one_file(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, f"sqlite:///{tmp_path}/helpdesk.db")
    try:
        fleet.pour(daemons=2, mails=40, kills=4, seed=1, per_second=8)
    finally:
        fleet.close()


def test_three_daemons_on_postgresql(postgres: Cluster, tmp_path: Path) -> None:
    with postgres.database() as url:
        fleet = Fleet(tmp_path, url, postgres.breaker(url))
        try:
            fleet.pour(daemons=3, mails=40, kills=4, seed=1, per_second=8)
        finally:
            fleet.close()


def test_a_name_service_that_hangs_holds_up_nothing_that_needs_no_name(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, f"sqlite:///{tmp_path}/helpdesk.db")
    try:
        fleet.lose_names(tmp_path)
    finally:
        fleet.close()

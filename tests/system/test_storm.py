"""Many customers report one outage at once, through the whole program on real servers."""

from __future__ import annotations

from pathlib import Path

from tests.stack import MailStack
from tests.system.desk import Desk
from tests.system.storm import rage, two_desks


def test_a_storm_of_reports_is_one_incident_and_few_letters(mailstack: MailStack, tmp_path: Path) -> None:
    with Desk(mailstack, tmp_path, "storm", agents=2) as desk:
        sales = two_desks(desk)
        with desk.running():
            rage(desk, sales, reports=40, others=2, within_s=60)

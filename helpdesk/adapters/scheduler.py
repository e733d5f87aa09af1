"""Ticks: something that is called every so many seconds inside the running event loop (apscheduler).

Only ticks live here; when a follow-up or a letter is due stands in the store. A tick that takes longer than its
interval is not started twice, one that was missed is not made up for, and one that fails is logged and called
again at its next turn.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler


class Ticks:
    """Calls its jobs until it is stopped. Made and used within one event loop."""

    def __init__(self, on_error: Callable[[str, BaseException], None]) -> None:
        # The library speaks of every run at INFO; errors reach `on_error`.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        )

        def tell(event: JobExecutionEvent) -> None:
            on_error(event.job_id, event.exception)

        self._scheduler.add_listener(tell, EVENT_JOB_ERROR)

    def every(self, seconds: float, name: str, job: Callable[[], Awaitable[None]]) -> None:
        """Call `job` every `seconds`; the first time after that long."""
        self._scheduler.add_job(job, "interval", seconds=seconds, id=name)

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """No further ticks, if there were any. What runs at this moment goes on: wait for it before."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

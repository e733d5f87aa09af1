"""Where the processor time of a batch goes: the ports of the works, each call charged to the stage that it belongs to.

A call within another one is charged to its own stage alone, so the stages add up to the whole.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

# What is left, the workflow's own time, is mostly the decision.
DECIDING = "deciding"

_UNIT = {
    **dict.fromkeys(("known", "ticket", "letters_to_ours", "raw_of"), "looking up"),
    **dict.fromkeys(("file", "enqueue", "hold_back", "save_cursor", "finish"), "writing rows"),
}
_READER = {"read": "reading", "sketch": "reading", "parts": "reading"}
_POSTBOX = {"put": "rendering"}
_MAILBOX = dict.fromkeys(("waiting", "fetch", "settle"), "maildir")


class Watch:
    """Seconds of processor time by stage."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        # Of each mail: seconds by the clock from the question what is known of it to the end of its decision.
        self.routed: list[float] = []
        self._stack = [DECIDING]
        self._since = time.process_time()

    def run(self, stage: str, work: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """What `work` gives; its time belongs to `stage`."""
        self._charge()
        self._stack.append(stage)
        try:
            return work(*args, **named)
        finally:
            self._charge()
            self._stack.pop()

    def start(self) -> None:
        """Forget what was spent before."""
        self.spent.clear()
        self.routed.clear()
        self._since = time.process_time()

    def stop(self) -> None:
        """Charge what ran since the last call."""
        self._charge()

    def _charge(self) -> None:
        now = time.process_time()
        self.spent[self._stack[-1]] += now - self._since
        self._since = now


class Watched:
    """A port that behaves as `inner` does."""

    def __init__(self, inner: Any, watch: Watch, stages: Mapping[str, str]) -> None:
        self._inner, self._watch, self._stages = inner, watch, stages

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return partial(self._watch.run, self._stages[name], found) if name in self._stages else found


class WatchedUnit(Watched):
    """A Unit; between its two calls a mail is decided."""

    def facts(self, *args: Any) -> Any:
        self._asked = time.perf_counter()
        return self._watch.run("looking up", self._inner.facts, *args)

    def apply(self, *args: Any, **named: Any) -> Any:
        self._watch.routed.append(time.perf_counter() - self._asked)
        return self._watch.run("writing rows", self._inner.apply, *args, **named)


class WatchedStore(Watched):
    """A Store whose units are watched as well."""

    @contextmanager
    def unit(self) -> Iterator[WatchedUnit]:
        transaction = self._inner.unit()
        unit = self._watch.run("committing", transaction.__enter__)
        try:
            yield WatchedUnit(unit, self._watch, _UNIT)
        except BaseException:
            transaction.__exit__(*sys.exc_info())
            raise
        self._watch.run("committing", transaction.__exit__, None, None, None)


def watched_store(store: Any, watch: Watch) -> Any:
    return WatchedStore(store, watch, {})


def watched_reader(reader: Any, watch: Watch) -> Any:
    return Watched(reader, watch, _READER)


def watched_postbox(postbox: Any, watch: Watch) -> Any:
    return Watched(postbox, watch, _POSTBOX)


def watched_mailbox(mailbox: Any, watch: Watch) -> Any:
    return Watched(mailbox, watch, _MAILBOX)

"""`helpdesk demo`: the main job on embedded parts, told as it happens.

No configuration, no root, no network beyond loopback, nothing outside a temporary folder that goes away at the end.
The daemon is the real one, in a process of its own; only the mail host and the people are ours.
"""

from __future__ import annotations

from rich.console import Console


def demonstrate(console: Console, *, keep: bool) -> None:
    """Tell the story; with `keep`, stay up afterwards until Ctrl-C. ExpectationError when something did not happen."""
    # Every command of the program imports this package, and so does the mail host: the story loads when it is told.
    from helpdesk.demo.story import tell

    tell(console, keep=keep)

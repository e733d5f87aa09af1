"""The mail that is enclosed in a mail: somebody attached it whole to pass it on.

The leaves of a parsed mail in, the first enclosed mail out, or None where it has no single author. Its files stay
within it. May raise on hostile structures, like everything that walks a parsed mail. Source: RFC 2046 section 5.2.1.
"""

from __future__ import annotations

from collections.abc import Iterable

from helpdesk.adapters.mime.bodies import written
from helpdesk.adapters.mime.envelope import first, header_values, only_author, parsed_envelope, subject_of
from helpdesk.adapters.mime.headers import own_message_id
from helpdesk.adapters.mime.parts import Leaf, content, message_within, parse
from helpdesk.core.message import Forwarded


def enclosed_mail(leaves: Iterable[Leaf]) -> Forwarded | None:
    """The first enclosed mail, with its text and the history below it."""
    leaf, message = next(
        ((leaf, within) for leaf in leaves if (within := message_within(leaf.message)) is not None), (None, None)
    )
    if leaf is None or message is None:
        return None
    if "from" not in message:
        message = parse(content(leaf.message))  # it came encoded
    headers = header_values(message)
    sender = only_author([value for name, value in headers if name == "from"], parsed_envelope(headers))
    if sender is None:
        return None
    text, _ = written(message)
    return Forwarded(
        sender=sender,
        subject=subject_of(headers),
        text=text.strip("\n"),
        message_id=own_message_id(first(headers, "message-id") or ""),
    )

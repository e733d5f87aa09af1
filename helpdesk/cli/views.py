"""Tickets, letters and decisions as the JSON of interface.md section 1. Keys here are promises to scripts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from helpdesk.core.decision import Decision, OpenTicket, SetFacts
from helpdesk.core.message import Inbound
from helpdesk.core.subject_tag import add_tag, tag
from helpdesk.core.ticket import Ticket
from helpdesk.ports import OutboxEntry, QuarantineEntry, TicketFile

Json = dict[str, Any]


def dumps(value: object) -> str:
    """One JSON document on one line, readable in any language."""
    return json.dumps(value, ensure_ascii=False)


def instant(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, or null."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def ticket_json(ticket: Ticket) -> Json:
    """A row of `queue`."""
    return {
        "number": ticket.number,
        "tag": tag(ticket.number),
        "subject": ticket.subject,
        "requester": ticket.requester.address if ticket.requester else None,
        "desk": ticket.desk,
        "state": ticket.state.value,
        "lane": ticket.lane.value,
        "priority": ticket.priority.value,
        "situation": ticket.situation,
        "assignee": ticket.assignee,
        "opened_at": instant(ticket.opened_at),
        "due_at": instant(ticket.due_at),
        "held": len(ticket.held),
        "reasons": list(ticket.reasons),
    }


def file_json(file: TicketFile) -> Json:
    """A ticket with everything on it, as `show` prints it."""
    return ticket_json(file.ticket) | {
        "resolution": file.ticket.resolution,
        "satisfaction": file.ticket.satisfaction.value if file.ticket.satisfaction else None,
        "merged_into": file.ticket.merged_into,
        "fields": dict(file.ticket.fields),
        "missing": list(file.ticket.missing),
        "messages": [
            {
                "direction": message.direction,
                "from": message.sender,
                "to": list(message.to),
                "cc": list(message.cc),
                "subject": message.subject,
                "message_id": message.message_id,
                "at": instant(message.at),
                "text": message.text,
                "attachments": [
                    {"name": one.name, "type": one.type, "size": one.size, "sha256": one.sha256}
                    for one in message.attachments
                ],
            }
            for message in file.messages
        ],
        "history": [
            {"at": instant(line.at), "by": line.by, "what": line.what, "why": line.why} for line in file.history
        ],
        "follow_ups": [{"kind": one.kind, "due_at": instant(one.due_at)} for one in file.ticket.follow_ups],
        "links": [{"number": number, "kind": kind} for number, kind in file.links],
    }


def outbox_json(entry: OutboxEntry) -> Json:
    """A row of `outbox`."""
    return {
        "id": entry.id,
        "ticket": entry.ticket,
        "event": entry.event,
        "subject": entry.subject,
        "state": entry.state.value,
        "message_id": entry.message_id,
        "attempts": entry.attempts,
        "next_attempt_at": instant(entry.next_attempt_at),
        "recipients": [
            {"address": one.address, "state": one.state.value, "code": one.code, "text": one.text}
            for one in entry.recipients
        ],
    }


def quarantine_json(entry: QuarantineEntry) -> Json:
    """A row of `quarantine`."""
    return {
        "id": entry.id,
        "mailbox": entry.mailbox,
        "at": instant(entry.at),
        "from": entry.sender,
        "subject": entry.subject,
        "message_id": entry.message_id,
        "error": entry.error,
        "attempts": entry.attempts,
    }


def decision_json(path: str, inbound: Inbound, decision: Decision, ticket: Ticket | None) -> Json:
    """A line of `explain`. `ticket` is the one that the decision is about, as it was before."""
    opened = next((change for change in decision.changes if isinstance(change, OpenTicket)), None)
    facts = next((change for change in decision.changes if isinstance(change, SetFacts)), None)
    before = opened or ticket
    fields = dict(before.fields) if before else {}
    missing = list(before.missing) if before else []
    if facts is not None:
        fields |= dict(facts.fields)
        missing = list(facts.missing)
    return {
        "path": path,
        "message_id": inbound.message_id,
        "kind": decision.kind.value,
        "disposition": decision.disposition.value,
        "ticket": decision.ticket or None,
        "evidence": decision.evidence,
        "sender": {
            "address": inbound.sender.address if inbound.sender else None,
            "role": decision.role.value,
            "proof": decision.proof.value,
        },
        "subject": inbound.subject,
        "text": inbound.text,
        "quoted": inbound.quoted,
        "language": decision.language or None,
        "lane": before.lane.value if before else None,
        "situation": before.situation if before else None,
        "priority": before.priority.value if before else None,
        "fields": fields,
        "missing": missing,
        "attachments": [
            {"name": one.name, "type": one.type, "size": one.size, "sha256": one.sha256} for one in inbound.attachments
        ],
        "bounce": _bounce_json(inbound),
        "outgoing": [
            {
                "template": letter.event.value,
                "to": letter.to.address,
                "subject": _subject(letter.ticket, letter.words, before.subject if before else ""),
            }
            for letter in decision.letters
        ],
        "reasons": [{"rule": reason.rule, "evidence": reason.evidence} for reason in decision.reasons],
        "defects": list(inbound.defects),
    }


def _subject(number: int | None, words: bool, subject: str) -> str:
    """The subject as far as it is known before a number is given."""
    shown = subject if words else ""
    return add_tag(shown, number) if number and number > 0 else shown


def _bounce_json(inbound: Inbound) -> Json | None:
    if inbound.bounce is None:
        return None
    return {
        "recipients": [
            {"address": one.address, "status": one.status, "permanent": one.permanent}
            for one in inbound.bounce.recipients
        ],
        "original_message_id": inbound.bounce.original_message_id,
    }

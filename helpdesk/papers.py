"""What a paper shows of a ticket: the values that its template fills in.

Letter, ticket, face of the desk, day -> PaperView. Words of a requester who is not proven stay out, as in letters.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from helpdesk.compose import Face
from helpdesk.core.checklist import labelled
from helpdesk.core.outgoing import Letter
from helpdesk.core.papers import PaperView, unmarked
from helpdesk.core.rma import RMA
from helpdesk.core.ticket import Ticket


def paper_view(letter: Letter, ticket: Ticket, face: Face, now: datetime) -> PaperView:
    """What a paper that goes with this letter may show."""
    form = next((one.form for one in face.checklists if one.key == ticket.checklist), None)
    told = tuple(each for each in ticket.fields if form is not None and form.field(each[0]) is not None)
    fields = labelled(face.checklists, ticket.checklist, told, letter.language) if letter.words else ()
    requester = "" if ticket.requester is None else str(ticket.requester) if letter.words else ticket.requester.address
    return PaperView(
        number=ticket.number,
        rma=dict(ticket.fields).get(RMA, ""),
        desk=unmarked(face.shown),
        address=face.address.address,
        warehouse=tuple(map(unmarked, face.warehouse)),
        requester=unmarked(requester),
        day=now.astimezone(ZoneInfo(face.timezone)).date(),
        fields=tuple((unmarked(name), unmarked(value)) for name, value in fields),
    )

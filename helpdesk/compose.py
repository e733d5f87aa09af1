"""Turns a letter wanted into the final bytes that every delivery try sends.

Letter, ticket, face of the desk, files -> Composed. Pure but for the renderer, and for a large letter's file: the
same arguments give the same bytes. Foreign words (subjects, names, file names, ids) are cleaned on their way into
headers and never refused. Fails only with what the renderer raises, and with ValueError on a nonce that is too short.

The headers are those of interface.md section 3; threading follows RFC 5322 section 3.6.4, the marks of
automatic mail RFC 3834 section 5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from hashlib import sha256
from itertools import chain
from zoneinfo import ZoneInfo

from helpdesk.core import actions, wire
from helpdesk.core.brand import Brand, Logo
from helpdesk.core.checklist import Checklist, labelled
from helpdesk.core.file_letters import room_for_files
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience, Event, Letter, LetterView, NamedFile, Picture
from helpdesk.core.past import NO_PAST, Past, company_of
from helpdesk.core.policy import Policy, is_final
from helpdesk.core.rma import RMA
from helpdesk.core.satisfaction import RESOLVED
from helpdesk.core.secret import is_token, message_id, new_token, pseudo_reference, token_of
from helpdesk.core.stages import Stage, resolution_said, state_said
from helpdesk.core.subject_tag import add_tag, strip_tags, tag
from helpdesk.core.ticket import Part, State, Ticket
from helpdesk.ports import Composed, PassedOn, Renderer
from helpdesk.raw import kept, pieces

# Ids kept in References besides the pseudo reference: the first, which began the thread, and the newest.
NEWEST_REFERENCES = 10

# More of somebody's words is in the stored mail; a letter that nobody can open helps nobody.
MAX_BODY = 100_000

# Nobody reads on, and some mail programs cut there themselves.
MAX_SUBJECT = 250

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

# RFC 3834 section 5: an answer to a mail is auto-replied, everything else that no person wrote is auto-generated.
ANSWERS = frozenset(
    {
        Event.OPENED,
        Event.MISSING,
        Event.CLOSED,
        Event.REOPENED,
        Event.STATUS,
        Event.STAYS_CLOSED,
        Event.TOO_LARGE,
        Event.RESULT,
        Event.UNPROVEN,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Face:
    """How a desk looks to its correspondents: under its own name or, failing that, the `name` of the whole helpdesk.

    `reply_address` may hold `{token}`; empty: none is set. `timezone` (IANA) is where dates in letters are told,
    `max_bytes` the size of a whole mail that the relay takes. `final` are the
    resolutions that only an agent undoes; `closes_for_good`: what closes by itself has one of them. `turn_to` is whom
    the requester may turn to then.
    """

    address: Address
    name: str
    instance: str
    reply_address: str = ""
    timezone: str = "UTC"
    max_bytes: int = 25 * 1024 * 1024
    checklists: tuple[Checklist, ...] = ()  # by which fields of a ticket have names for people
    stages: tuple[Stage, ...] = ()  # and its states
    brand: Brand = Brand()
    final: tuple[str, ...] = ()
    closes_for_good: bool = False
    turn_to: str = ""
    warehouse: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The name under which the desk writes."""
        return self.address.name or self.name


def face_of(policy: Policy, desk: str) -> Face:
    """The face of this desk, or of the first one where there is none of that name."""
    known = policy.desk(desk)
    return Face(
        address=known.address,
        name=policy.name,
        instance=policy.instance,
        reply_address=policy.reply_address,
        timezone=known.calendar.timezone,
        max_bytes=policy.max_letter_bytes,
        checklists=known.checklists,
        stages=known.stages,
        brand=known.brand,
        final=known.final,
        closes_for_good=known.closes_for_good,
        turn_to=known.turn_to,
        warehouse=known.warehouse,
    )


def compose(
    letter: Letter,
    ticket: Ticket | None,
    face: Face,
    files: tuple[PassedOn, ...],
    *,
    key: bytes,
    nonce: bytes,
    now: datetime,
    renderer: Renderer,
    past: Past = NO_PAST,
) -> Composed:
    """The letter as final bytes. `ticket` has its number already, `key` is the store's, `nonce` 8 random bytes.

    `past` is what the requester asked besides, for letters that tell it.
    """
    number = ticket.number if ticket else None
    token = new_token(key, ticket=number, recipient=letter.to.address, audience=letter.audience, nonce=nonce)
    domain = face.address.domain
    identity = message_id(token, domain)
    # Seen by everybody who gets the mail passed on, so it must not be the token.
    seed = sha256(nonce + identity.encode()).hexdigest()[:20]

    listed = _listed(files, face.max_bytes, f"{seed}@{domain}")
    rendered = renderer.render(letter.event.value, letter.language, view(letter, ticket, face, listed, past))
    # Letters to several agents are rendered once, and differ in this alone.
    text, html = (part.replace(actions.SECRET, token) for part in (rendered.text, rendered.html))

    subject = wire.one_line(rendered.subject)
    thread = _references(letter, ticket, key, domain)
    headers = [
        wire.token_header("Date", [format_datetime(now)]),
        wire.address_header("From", [Address(face.address.address, _sender(letter, face))]),
        wire.address_header("To", _shown(letter, letter.shown_to or (letter.to,))),
    ]
    if letter.shown_cc:
        headers.append(wire.address_header("Cc", _shown(letter, letter.shown_cc)))
    if face.reply_address:
        reply_to = Address(face.reply_address.replace("{token}", token), face.shown)
        headers.append(wire.address_header("Reply-To", [reply_to]))
    headers.append(wire.text_header("Subject", subject, verbatim=tag(number, letter.side) if number else ""))
    headers.append(wire.token_header("Message-ID", [identity]))
    parent = thread[-1:] if letter.in_reply_to in thread else []
    if parent:
        headers.append(wire.token_header("In-Reply-To", parent))
    if thread:
        headers.append(wire.token_header("References", thread))
    headers.append(wire.token_header("Content-Language", [letter.language]))
    headers.extend(_marks(letter, number, face))

    if letter.event is Event.PAGE:
        # A gateway passes on what it finds first, and nothing else should be found.
        body = wire.text_part(text, "plain")
    else:
        logo = None if letter.audience.is_ours else face.brand.logo
        inline = [_logo_part(logo, domain)] if logo else []
        body = _body(text, html, tuple(zip(files, listed, strict=True)), inline, seed)
    return Composed(
        message_id=identity,
        envelope_from=face.address.address,
        subject=add_tag(subject, number, letter.side) if number else subject,
        text=text,
        raw=kept(chain(["".join([*headers, "MIME-Version: 1.0\r\n"]).encode("utf-8")], body.pieces())),
        problem=rendered.problem,
    )


def view(
    letter: Letter, ticket: Ticket | None, face: Face, files: tuple[NamedFile, ...] = (), past: Past = NO_PAST
) -> LetterView:
    """What the templates may show of this letter: cleaned, and without the requester's words unless allowed."""
    zone = ZoneInfo(face.timezone)
    ours = letter.audience.is_ours
    subject = strip_tags(wire.one_line(letter.subject or (ticket.subject if ticket else "")))
    body = wire.lines(letter.body).strip("\n")
    # Our own people know where they are.
    brand = Brand() if ours else face.brand
    about = LetterView(
        number=ticket.number if ticket else 0,
        tag=tag(ticket.number, letter.side) if ticket else "",
        desk=wire.one_line(face.shown),
        audience=letter.audience,
        reader_is_ours=ours,
        subject=subject[:MAX_SUBJECT] if letter.words else "",
        agent=wire.one_line(letter.sender_name),
        author=wire.one_line(str(letter.author)) if letter.author else "",
        body=body if len(body) <= MAX_BODY else body[:MAX_BODY] + " […]",
        questions=_clean(letter.missing),
        form=_clean(letter.form),
        understood=_clean(letter.understood),
        due_at=letter.due_at.astimezone(zone) if letter.due_at else None,
        ahead=letter.ahead.within(zone),
        resolution=wire.one_line(resolution_said(face.stages, ticket, letter.language)) if ticket else "",
        reaches=_reaches(letter, ticket),
        reasons=_reasons(letter, ticket) if ours else (),
        urgent=letter.urgent,
        files=files,
        apart_from=tag(letter.apart_from) if letter.apart_from else "",
        follows=tag(letter.follows) if letter.follows else "",
        incident=ticket is not None and ticket.incident is not None,
        gathers=ticket.gathers if ticket else None,
        limit_mb=letter.limit_mb,
        colour=brand.colour,
        logo=_picture(brand.logo, face.address.domain),
        signature=brand.signed(letter.language),
        template=letter.template,
        progress=state_said(face.stages, ticket, letter.language) if ticket and letter.event is Event.STATUS else "",
        done=letter.done,
        rma=wire.one_line(dict(ticket.fields).get(RMA, "")) if ticket else "",
        parcels=tuple(
            (wire.one_line(f"{tag(one.ticket)} {one.subject}".strip()), wire.one_line(one.tracking))
            for one in letter.parcels
        ),
        request=wire.lines(letter.request).strip("\n")[:MAX_BODY],
        bars=letter.bars,
        asks_satisfaction=_asks_satisfaction(letter, ticket),
        final=_final(ticket, face),
        stays_closed=ticket is not None and ticket.state is State.CLOSED and _final(ticket, face),
        turn_to=wire.one_line(face.turn_to),
    )
    if ticket is None or not ours:
        return about
    return replace(
        about,
        requester=wire.one_line(str(ticket.requester)) if ticket.requester else "",
        assignee=wire.one_line(ticket.assignee or ""),
        state=state_said(face.stages, ticket, letter.language),
        lane=ticket.lane.value,
        priority=ticket.priority.value,
        situation=ticket.situation or "",
        fields=tuple(
            (wire.one_line(name), wire.one_line(value))
            for name, value in labelled(face.checklists, ticket.checklist, ticket.fields, letter.language)
        ),
        opened_at=ticket.opened_at.astimezone(zone),
        held=len(ticket.held),
        company=company_of(ticket.requester.domain) if ticket.requester else "",
        past=_in_zone(past, zone),
        actions=actions.links(letter, ticket, face.address.address, face.reply_address),
    )


def _picture(logo: Logo | None, domain: str) -> Picture | None:
    return Picture(logo.cid(domain), logo.width, logo.height) if logo else None


def _asks_satisfaction(letter: Letter, ticket: Ticket | None) -> bool:
    """Does the letter ask whether we have helped? Not of what was closed because nobody answered."""
    solved = ticket is not None and ticket.resolution == RESOLVED
    return letter.event is Event.SOLVED or (letter.event is Event.CLOSED and solved)


def _final(ticket: Ticket | None, face: Face) -> bool:
    """Do only agents open the ticket again, once it is closed as it is, or as it would be by itself?"""
    if ticket is None or ticket.state is not State.CLOSED:
        return face.closes_for_good
    return is_final(face.final, ticket.resolution or "")


# --- headers --------------------------------------------------------------------------------------


def _sender(letter: Letter, face: Face) -> str:
    return f"{letter.sender_name} ({face.shown})" if letter.sender_name else face.shown


def _shown(letter: Letter, addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    # A display name is the sender's words, too: a letter to a forged address must not carry an advertisement in it.
    return addresses if letter.words else tuple(Address(address.address) for address in addresses)


def _references(letter: Letter, ticket: Ticket | None, key: bytes, domain: str) -> list[str]:
    """The ids that thread this letter, oldest first, the parent last.

    A partner sees nothing of the conversation with the requester, ids included. Ids of our own letters to somebody else
    are left out: each is a secret of its recipient, and whoever knows it
    could write in that recipient's name.
    """
    parent = (letter.in_reply_to,) if letter.in_reply_to else ()
    if ticket is None or letter.event is Event.INVITED:
        # Whoever does not take part yet sees nothing of the thread.
        return wire.message_ids(parent)
    if letter.audience is Audience.PARTNER:
        return [pseudo_reference(key, ticket.number, domain, letter.side), *wire.message_ids(parent)]
    thread = [
        known
        for known in wire.message_ids((*ticket.thread, *parent))
        if (token := token_of(known)) is None or is_token(key, token, ticket.number, letter.to.address, letter.audience)
    ]
    if parent and parent[0] in thread:
        thread.remove(parent[0])
        thread.append(parent[0])
    kept = thread if len(thread) <= NEWEST_REFERENCES + 1 else [thread[0], *thread[-NEWEST_REFERENCES:]]
    return [pseudo_reference(key, ticket.number, domain), *kept]


def _marks(letter: Letter, number: int | None, face: Face) -> list[str]:
    """The headers that tell machines what this mail is."""
    marks = [("X-Helpdesk-Ticket", str(number))] if number else []
    marks += [("X-Helpdesk-Event", letter.event.value), ("X-Helpdesk-Instance", face.instance)]
    if letter.automatic:
        marks.append(("Auto-Submitted", "auto-replied" if letter.event in ANSWERS else "auto-generated"))
        marks.append(("X-Auto-Response-Suppress", "All"))
    if letter.urgent and letter.audience.is_ours:
        marks += [("X-Priority", "1 (Highest)"), ("Importance", "high")]
    return [wire.text_header(name, value) for name, value in marks]


# --- contents -------------------------------------------------------------------------------------


def _clean(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(wire.one_line(text) for text in texts)


def _reasons(letter: Letter, ticket: Ticket | None) -> tuple[str, ...]:
    """Why this letter was written; news of a ticket also tell why the ticket stands where it stands."""
    standing = ticket.reasons if ticket and letter.event is Event.NOTIFY else ()
    return _clean(tuple(dict.fromkeys((*(str(reason) for reason in letter.reasons), *standing))))


def _in_zone(past: Past, zone: ZoneInfo) -> Past:
    """The same tickets, with subjects of one line and times as the desk's clock shows them."""
    last = (
        replace(one, subject=wire.one_line(one.subject)[:MAX_SUBJECT], opened_at=one.opened_at.astimezone(zone))
        for one in past.last
    )
    return replace(past, last=tuple(last))


def _reaches(letter: Letter, ticket: Ticket | None) -> tuple[str, ...]:
    """Who gets an agent's reply to this letter: requester and Cc, or a partner; nobody by name in every other case."""
    if letter.audience is Audience.ASIDE and letter.partner is not None:
        return _clean((str(letter.partner),))
    if letter.audience is not Audience.AGENT or ticket is None or ticket.requester is None:
        return ()
    copies = tuple(person.address for person in ticket.participants if person.part is Part.CC)
    return _clean(tuple(str(address) for address in (ticket.requester, *copies)))


def _listed(files: tuple[PassedOn, ...], max_bytes: int, seed: str) -> tuple[NamedFile, ...]:
    """Each file as the letter names it. Those that do not fit into one mail stay behind and are only named."""
    room = room_for_files(max_bytes)
    listed = []
    for index, file in enumerate(files):
        size = file.left_out or len(file.content)
        attached = not file.left_out and size <= room
        room -= size if attached else 0
        shown = attached and file.content_id is not None and file.type.strip().lower() in PICTURES
        cid = f"picture-{index + 1}.{seed}" if shown else ""
        listed.append(NamedFile(name=wire.file_name(file.name), size=size, attached=attached, cid=cid))
    return tuple(listed)


def _logo_part(logo: Logo, domain: str) -> wire.Part:
    return wire.file_part(logo.name, logo.type, partial(pieces, logo.content), content_id=logo.cid(domain))


def _body(
    text: str, html: str, files: tuple[tuple[PassedOn, NamedFile], ...], inline: list[wire.Part], seed: str
) -> wire.Part:
    """Text and HTML as alternatives; pictures belong to the HTML, files follow the whole."""
    pictures = inline + [
        wire.file_part(file.name, file.type, partial(pieces, file.content), content_id=listed.cid)
        for file, listed in files
        if listed.cid
    ]
    attached = [
        wire.file_part(file.name, file.type, partial(pieces, file.content))
        for file, listed in files
        if listed.attached and not listed.cid
    ]
    page = wire.text_part(html, "html")
    if pictures:
        page = wire.multipart("related", [page, *pictures], f"=_pictures_{seed}")
    body = wire.multipart("alternative", [wire.text_part(text, "plain"), page], f"=_letter_{seed}")
    return wire.multipart("mixed", [body, *attached], f"=_files_{seed}") if attached else body

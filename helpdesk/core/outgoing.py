"""A mail that a decision wants to be sent. It is rendered to final bytes when the decision commits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Self

from helpdesk.core.message import Address, Reason
from helpdesk.core.past import NO_PAST, Past


class Event(StrEnum):
    """Why a mail goes out; the name of its template and the value of X-Helpdesk-Event; `about`: when it goes out."""

    about: str

    def __new__(cls, name: str, about: str = "") -> Self:
        event = str.__new__(cls, name)
        event._value_ = name
        event.about = about
        return event

    OPENED = "opened", "acknowledgement, with what is missing"
    REPLY = "reply", "an agent's answer"
    MISSING = "missing", "a later request for missing facts"
    REMINDER = "reminder", "some time after a question that was not answered"
    STATE = "state", "to the requester: the request has entered a state of the desk's own"
    SOLVED = "solved", "some time after an answer: has it helped?"
    STATUS = "status", "to a requester: his wish is fulfilled, and how the request stands"
    INVITED = "invited", "to whom a requester would have take part: will you?"
    CLOSED = "closed", "to a requester: the request is closed"
    REOPENED = "reopened", "to a requester: the request is open again"
    STAYS_CLOSED = "stays-closed", "to a requester: only agents open the request again"
    INCIDENT = "incident", "to a requester: what was reported is known, and worked on"
    RMA = "rma", "to a requester: the number of a return, and what to do with it"
    SHIPPED = "shipped", "to a requester: parcels have left, with their tracking numbers"
    FORWARD = "forward", "to a partner: what an agent asks of him"
    TOO_LARGE = "too-large", "to a sender: the mail is beyond the size that is taken"
    NOTIFY = "notify", "to agents: something happened on a ticket"
    NOTE = "note", "to agents: a colleague's note"
    HELD = "held", "to agents: a mail waits for #accept or #reject"
    BOUNCED = "bounced", "to agents: a letter could not be delivered"
    UNPROVEN = "unproven", "to an agent whose proof failed: holds the text, to be sent with one reply"
    RESULT = "result", "to an agent: what the commands did, or why they were refused"
    ALERT = "alert", "to leads: something needs a look (quarantine, breaker, dead relay)"
    PAGE = "page", "to the second address of a lead: an outage that nobody took, short enough for a text message"
    DIGEST = "digest", "to an agent: a list in place of many notices"
    MORNING = "morning", "to an agent, in the morning: what waits, what is due today, what is late"
    REPORT = "report", "to a lead, once a week: what the desk has done"


class Audience(StrEnum):
    """Whom a reply to this letter reaches (interface.md section 4); part of the letter's secret."""

    REQUESTER = "requester"  # the letter went to the requester or a Cc: a reply reaches the desk
    AGENT = "agent"  # a notification: an agent's reply reaches the requester
    PARTNER = "partner"  # the letter went to a partner: a reply reaches the agents, nobody else
    ASIDE = "aside"  # news of a partner's answer: an agent's reply reaches that partner
    COLLEAGUES = "colleagues"  # a reply is a note
    NOBODY = "nobody"  # commands only

    @property
    def is_ours(self) -> bool:
        """Did the letter go to one of us?"""
        return self not in (Audience.REQUESTER, Audience.PARTNER)


@dataclass(frozen=True, slots=True)
class Bar:
    """A number of a report that is shown as a bar beside those with it."""

    label: str
    value: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """What has left for a requester; `subject` is empty where it may not be shown."""

    ticket: int
    subject: str
    tracking: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Ahead:
    """What comes next of a request that begins, as far as it can be told."""

    working: bool = False  # the desk is open now
    begins_at: datetime | None = None  # when the desk, closed now, opens and somebody reads the request
    answer_by: datetime | None = None  # until when a service level promises the first answer

    def within(self, zone: tzinfo) -> Ahead:
        """The same as clocks of that zone show it."""
        begins_at, answer_by = (at.astimezone(zone) if at else None for at in (self.begins_at, self.answer_by))
        return replace(self, begins_at=begins_at, answer_by=answer_by)


NOTHING_TOLD = Ahead()


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A mail wanted.

    One letter has one recipient: its Message-ID carries a secret that only that address gets.
    `ticket` may be NEW, or None for mail about no ticket (an answer to #queue). `shown_to` and
    `shown_cc` are what the To and Cc headers say (an agent's answer shows everybody who got it).
    `parts` are attachments (part numbers) of the mail that led to this letter, to be passed on.
    `words` tells whether the requester's own words (subject, values) may appear: never to somebody
    unproven where a trusted server is configured. `body` is free text: the agent's answer, the
    requester's words, a transcript. `send_after` is the end of the undo window. `missing` are
    questions in the letter's language. `side` counts the partners of a ticket: each has a tag of his own. `partner` is
    whom an agent's reply reaches where the audience is ASIDE, `request` what the requester wrote, where a partner may
    see it. `subject` stands in for the ticket's. An alert
    says what it is about in its first reason, or else at the start of `body` ("quarantine: …").
    """

    event: Event
    ticket: int | None
    to: Address
    audience: Audience
    language: str
    dedupe_key: str
    automatic: bool = True
    urgent: bool = False
    words: bool = True
    shown_to: tuple[Address, ...] = ()
    shown_cc: tuple[Address, ...] = ()
    sender_name: str = ""
    body: str = ""
    parts: tuple[int, ...] = ()
    parts_of: int | None = None  # row of the stored mail that `parts` belong to; None: the mail being decided
    piece: int = 0  # which piece, from 1, of the one file in `parts`, where it is cut (see `file_letters`)
    missing: tuple[str, ...] = ()
    form: tuple[str, ...] = ()  # a blank form, line by line, to be filled in
    understood: tuple[str, ...] = ()  # what the requester's form was understood to say
    reasons: tuple[Reason, ...] = ()
    author: Address | None = None  # whose words `body` holds
    in_reply_to: str | None = None
    due_at: datetime | None = None  # when the next automatic step happens (reminder, closing)
    ahead: Ahead = NOTHING_TOLD  # of a request that begins
    send_after: datetime | None = None
    subject: str = ""
    apart_from: int | None = None  # the ticket that an agent has taken the mail out of, to begin this one
    follows: int | None = None  # the ticket, closed too long ago to be opened again, that this one goes on with
    listed: bool = False  # it only ever comes as a line of the next list (see `digest`)
    limit_mb: int = 0  # how large a mail may be, where that is what the letter is about
    template: str = ""  # the desk's own words for this event that a rule has chosen: `opened-returns.txt` is `returns`
    rows: tuple[int, ...] = ()  # the tickets of a list, row by row, so that a reply may name them by number
    done: str = ""  # which wish of the requester it fulfils: stopped, language, invited, joined
    side: int = 0
    partner: Address | None = None
    parcels: tuple[Parcel, ...] = ()  # that have left
    request: str = ""
    bars: tuple[Bar, ...] = ()
    documents: tuple[str, ...] = ()  # that are drawn for it, by the names of their templates
    cases: tuple[tuple[str, str], ...] = ()  # (name, key) of each routing case that the mail suggests


# The one word by which an agent, as the reply to an `unproven` letter, sends the text that it holds.
SEND_WORD = {"ru": "да", "uk": "так", "en": "yes", "pl": "tak"}


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedFile:
    """A file as a letter lists it. `attached`: it travels with the letter. `cid`: the picture is shown in it."""

    name: str
    size: int
    attached: bool
    cid: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of ours in the letter; sizes in CSS pixels."""

    cid: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterView:
    """All that a template may show, as plain values; the renderer puts keys into the reader's language.

    `reader_is_ours` tells agents' letters, which begin with whom a reply reaches (`reaches`), from the
    others. `number` 0: about no ticket. Lines of `body` and `request` are kept; every other text is one line.
    """

    number: int
    tag: str
    desk: str
    audience: Audience
    reader_is_ours: bool
    reaches: tuple[str, ...] = ()
    subject: str = ""
    author: str = ""
    agent: str = ""
    body: str = ""
    questions: tuple[str, ...] = ()
    form: tuple[str, ...] = ()
    understood: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    files: tuple[NamedFile, ...] = ()
    requester: str = ""
    assignee: str = ""
    state: str = ""
    lane: str = ""
    priority: str = ""
    situation: str = ""
    resolution: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    opened_at: datetime | None = None  # in the desk's time zone
    due_at: datetime | None = None  # in the desk's time zone
    ahead: Ahead = NOTHING_TOLD  # in the desk's time zone
    urgent: bool = False
    apart_from: str = ""  # the tag of the ticket that this one was taken out of
    follows: str = ""  # the tag of the ticket, closed long ago, that this one goes on with
    held: int = 0  # mails that wait for #accept or #reject
    incident: bool = False  # to a requester: the ticket hangs on an incident
    progress: str = ""  # to a requester who asked: the state
    done: str = ""  # to a requester: which wish is fulfilled
    gathers: int | None = None  # of an incident: how many tickets hang on it
    limit_mb: int = 0  # how large a mail may be
    company: str = ""  # whom the requester's address speaks for
    past: Past = NO_PAST  # what he asked before; times in the desk's time zone
    actions: tuple[tuple[str, str], ...] = ()  # (name, link) of each thing that one tap does
    rma: str = ""  # the number of the return
    parcels: tuple[tuple[str, str], ...] = ()  # (tag and subject, tracking number) of each that has left
    colour: str = ""  # of the desk, "#rrggbb"; to requesters only, as the next two
    logo: Picture | None = None
    signature: tuple[str, ...] = ()
    template: str = ""  # which of the desk's own words for the event a rule has chosen
    request: str = ""  # to a partner: what the requester wrote
    bars: tuple[Bar, ...] = ()
    asks_satisfaction: bool = False  # 1, 2 or 3 in reply to this very letter says whether we have helped
    final: bool = False  # once closed, the ticket is opened again by agents alone
    stays_closed: bool = False  # it is closed like that
    turn_to: str = ""  # whom the requester may turn to then


@dataclass(frozen=True, kw_only=True, slots=True)
class SentLetter:
    """What we know of a letter that went out, found by its Message-ID or reply token."""

    message_id: str
    ticket: int | None
    recipient: str
    audience: Audience
    event: Event
    written_at: datetime
    sent_at: datetime
    usable: bool  # its secret is neither spent nor expired
    cause: int | None = None  # the row of the mail that led to this letter
    rows: tuple[int, ...] = ()  # the tickets that it lists, row by row
    answers: tuple[tuple[str, datetime], ...] = ()  # of agents on its ticket since then: (name, when), newest first
    partner: str | None = None  # the address that an agent's reply reaches where the audience is ASIDE


class RecipientState(StrEnum):
    """What became of one recipient of a queued mail."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"


class OutboxState(StrEnum):
    """What became of a queued mail."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A relay's answer for one recipient. `code` 0: the connection broke before an answer came."""

    address: str
    code: int
    text: str

    @property
    def sent(self) -> bool:
        """Did the relay take responsibility (2xx)?"""
        return 200 <= self.code < 300

    @property
    def permanent(self) -> bool:
        """Was it refused for good (5xx)?"""
        return 500 <= self.code < 600

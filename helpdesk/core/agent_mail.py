"""A mail of an agent: commands, an answer to the requester, a note, or nothing at all.

Case -> Decision. Powers are the lesser of role and proof: without a proof nothing is carried out and nothing reaches
the requester; the text is kept and the agent gets a fresh notification that holds it. Whom an answer reaches is
decided by the letter that it replies to (interface.md section 4), never by guessing. One command line that is
not understood, or cannot be carried out, stops the whole mail.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from helpdesk.core.appending import MAX_HELD, auth_failed, record
from helpdesk.core.bench import Announcement, Bench, Carried, Refused
from helpdesk.core.case import Case
from helpdesk.core.command_values import (
    Broadcast,
    Close,
    Help,
    MergeInto,
    Note,
    Search,
    SetRequester,
    ShowQueue,
    ShowTicket,
    Spam,
    Split,
)
from helpdesk.core.commands import Parsed, parse
from helpdesk.core.decision import (
    Assign,
    Change,
    Decision,
    Disposition,
    Filing,
    Outcome,
    Proof,
    Record,
    SetState,
    SettleHeld,
    SpendSecret,
)
from helpdesk.core.escalation import calm
from helpdesk.core.language import guess
from helpdesk.core.listing import listed
from helpdesk.core.message import KeptMail, Kind, Reason
from helpdesk.core.notices import answer, result, to_agents, without_agents
from helpdesk.core.offers import kept, says_word, told_of
from helpdesk.core.opening import open_ticket
from helpdesk.core.order_words import Words, words_in
from helpdesk.core.orders import RESOLVED, carry_out
from helpdesk.core.outgoing import SEND_WORD, Audience, Event, Letter, SentLetter
from helpdesk.core.policy import Agent
from helpdesk.core.ticket import Held, Lane, Part, State, Ticket
from helpdesk.core.timers import begin_anew
from helpdesk.core.trust import Authentication, addressed_to_others


@dataclass(frozen=True, kw_only=True, slots=True)
class _Post:
    """What an agent wrote: as it came, or as it was kept when the proof failed and is now sent."""

    case: Case
    agent: Agent
    parsed: Parsed
    parts: tuple[int, ...]
    kept: Held | None = None

    @property
    def words(self) -> Words:
        return words_in(self.language)

    @property
    def language(self) -> str:
        return self.case.policy.desk(
            self.case.ticket.desk if self.case.ticket else self.agent.desks[0] if self.agent.desks else ""
        ).language

    @property
    def text(self) -> str:
        """What the agent wrote, with its commands."""
        return self.kept.text if self.kept else self.case.inbound.text

    @property
    def cause(self) -> str:
        return self.case.inbound.sha256


def decide_agent_mail(case: Case) -> Decision:
    """What shall happen with this mail of somebody whose address is an agent's."""
    agent = case.policy.agent(case.sender)
    if agent is None:
        raise ValueError(f"{case.sender} is no agent: decide() sends only agents' mail here")
    on_ticket = case.ticket
    parsed = parse(case.inbound.text, "" if on_ticket else case.inbound.subject)
    orders = bool(parsed.commands or parsed.errors)
    if on_ticket is None and not orders and case.thread.letter is None:
        return open_ticket(case)  # an agent has requests, too
    if case.kind is not Kind.HUMAN:
        return record(case, on_ticket, Reason("machine-mail", case.kind.value))
    if case.proof is Proof.NONE:
        return _unproven(case, agent)
    post = _Post(case=case, agent=agent, parsed=parsed, parts=case.inbound.files)
    if on_ticket is None:
        return _without_ticket(post)
    if says_word(case.inbound, case.facts.letters):
        offered = kept(case.inbound, case.facts.letters, on_ticket)
        if offered is None:
            return _refuse(post, on_ticket, (post.words.nothing_offered,))
        post = _Post(case=case, agent=agent, parsed=parse(offered.text), parts=offered.parts, kept=offered)
    return _on_ticket(post, on_ticket)


def _unproven(case: Case, agent: Agent) -> Decision:
    """Nothing is carried out: the text is kept, and a fresh notification offers to send it with one reply."""
    forged = case.authentication is Authentication.FAILED
    why = auth_failed(case) if forged else Reason("not-proven", case.sender)
    ticket = case.ticket
    letters: tuple[Letter, ...] = ()
    if case.facts.counts.unproven_1h < 1:
        if ticket is not None:
            # The kept text goes where it was written to: a reply to a note stays among colleagues.
            meant = case.thread.letter.audience if case.thread.letter else Audience.AGENT
            letters = to_agents(
                Event.UNPROVEN,
                ticket,
                case.policy,
                case.inbound.sha256,
                agents=(agent,),
                audience=Audience.AGENT if meant is Audience.REQUESTER else meant,
                body=case.inbound.text,
                author=case.inbound.sender,
                reasons=(why,),
            )
        else:
            words = words_in(case.policy.desk(agent.desks[0] if agent.desks else "").language)
            told = "\n".join((words.not_proven, "", *_quoted(case.inbound.text or case.inbound.subject)))
            letter = result(agent, None, case.policy, told, case.inbound.sha256)
            letters = (replace(letter, event=Event.UNPROVEN),)
    changes = (Record(ticket.number, case.sender, "held", str(why)),) if ticket else ()
    outcome = Outcome(ticket=ticket.number if ticket else None, changes=changes, letters=letters, reasons=(why,))
    if ticket is not None and len(ticket.held) >= MAX_HELD:
        return case.decision(Disposition.RECORD, Filing.RECORDED, outcome)
    return case.decision(Disposition.HOLD, Filing.HELD, outcome)


def _without_ticket(post: _Post) -> Decision:
    """Questions to the desk as a whole; every other command needs a ticket."""
    refused = _not_understood(post)
    if refused is not None:
        return _refuse(post, None, refused)
    asked = (ShowQueue, ShowTicket, Search, Help)
    if not post.parsed.commands:
        return _refuse(post, None, (post.words.reaches_nobody,))
    if not all(isinstance(command, asked) for command in post.parsed.commands):
        return _refuse(post, None, (post.words.which_ticket,))
    return _result(post, None, Outcome(changes=_spent(post.case)), _shown(post), Filing.COMMAND)


def _on_ticket(post: _Post, ticket: Ticket) -> Decision:
    refused = _not_understood(post)
    if refused is not None:
        return _refuse(post, ticket, refused)
    letter = post.case.thread.letter
    text, note = _note_or_answer(post, letter)
    reaches = _reaches(letter)
    announcement = _announcement(post, text)
    if announcement is not None:
        # Whichever of its tickets the mail answers, it is about the incident.
        ticket, text = next(iter(post.case.facts.gathered), ticket), ""
    answers = bool(text) and not note and reaches is Audience.AGENT
    alone = next((one for one in post.parsed.commands if isinstance(one, MergeInto | Split)), None)
    if alone is not None and (text or len(post.parsed.commands) > 1):
        return _refuse(post, ticket, (_line_refused(post, Refused(alone, post.words.alone)),))
    bench = Bench(
        agent=post.agent,
        policy=post.case.policy,
        now=post.case.now,
        cause=post.cause,
        words=post.words,
        others=post.case.facts.by_number,
        held=told_of(letter, ticket),
        told=_told_by_letter(post.case.facts.told, letter),
        has_answer=answers,
        incidents=post.case.facts.incidents,
        gathered=post.case.facts.gathered,
        announcement=announcement,
    )
    carried = carry_out(post.parsed.commands, ticket, bench)
    if isinstance(carried, Refused):
        return _refuse(post, ticket, (_line_refused(post, carried),))
    if text and not note and (reaches is Audience.NOBODY or (answers and ticket.requester is None)):
        return _refuse(post, ticket, (post.words.reaches_nobody,))
    doubts = None if post.kept else _to_confirm(post, ticket, carried, answers=answers)
    if doubts is not None:
        return _offer(post, ticket, (*doubts, *carried.lines), audience=reaches if answers else None)
    if answers:
        return _answer(post, carried, text)
    if text:
        return _note(post, carried, text, unasked=not note and reaches is not Audience.COLLEAGUES)
    # A merged ticket's mail is on the surviving one.
    outcome = Outcome(ticket=carried.ticket.number, changes=carried.changes, letters=carried.letters)
    return _result(post, carried.ticket, outcome, carried.lines + _shown(post, carried.ticket), Filing.COMMAND)


def _to_confirm(post: _Post, ticket: Ticket, carried: Carried, *, answers: bool) -> tuple[str, ...] | None:
    """Why the agent is asked once more before anything happens, in his words; None where he is not."""
    far = any(isinstance(command, MergeInto | SetRequester | Broadcast) for command in post.parsed.commands)
    if carried.regroups or (far and post.case.proof is Proof.REPLY):
        return ()
    letter = post.case.thread.letter
    if answers and letter is not None and ticket.regrouped_at is not None and letter.written_at <= ticket.regrouped_at:
        # The first line of that letter has named other people.
        to = ", ".join(str(one.address) for one in carried.ticket.participants if one.part is not Part.PARTNER)
        return (post.words.regrouped, post.words.answered.format(to=to))
    return None


def _offer(post: _Post, ticket: Ticket, lines: tuple[str, ...], *, audience: Audience | None) -> Decision:
    """The mail is kept, and a result tells what it would do and which word carries it out (see `offers`)."""
    if len(ticket.held) >= MAX_HELD:
        return _refuse(post, ticket, (post.words.too_many_held,))
    words = post.words
    word = words.say_word.format(word=SEND_WORD.get(post.language, SEND_WORD["en"]))
    told = "\n".join((words.not_yet, "", *lines, "", word, "", *_quoted(post.text)))
    letter = result(post.agent, ticket, post.case.policy, told, post.cause, in_reply_to=post.case.inbound.message_id)
    # What the word sends goes where it was written to.
    letter = replace(letter, audience=audience or Audience.NOBODY)
    changes = (Record(ticket.number, post.agent.name, "asked to confirm", post.text.splitlines()[0]),)
    outcome = Outcome(ticket=ticket.number, changes=changes, letters=(letter,))
    return post.case.decision(Disposition.HOLD, Filing.HELD, _sent(post, outcome))


def _reaches(letter: SentLetter | None) -> Audience | None:
    """Whom a reply to this letter reaches. Without a letter nobody knows, so it stays among colleagues."""
    return letter.audience if letter is not None else None


def _note_or_answer(post: _Post, letter: SentLetter | None) -> tuple[str, bool]:
    """The text of this mail without its commands, and whether a command makes it a note."""
    commands = post.parsed.commands
    notes = [command.text for command in commands if isinstance(command, Note)]
    text = "\n\n".join([*(note for note in notes if note), post.parsed.answer.strip()]).strip()
    # #spam sends no letter to whom it blocks, whatever stands below it.
    return text, bool(notes) or Spam() in commands


def _announcement(post: _Post, text: str) -> Announcement | None:
    """What #broadcast tells everybody, and whether everything closes with it; None without that command."""
    if Broadcast() not in post.parsed.commands:
        return None
    closing = next((command for command in post.parsed.commands if isinstance(command, Close)), None)
    return Announcement(
        text=without_agents(text, post.case.policy.agents),
        author=post.case.inbound.sender,
        parts=post.parts,
        parts_of=post.kept.id if post.kept else None,
        send_after=post.case.now + post.case.policy.undo_window,
        resolution=(closing.resolution or RESOLVED) if closing else None,
    )


def _answer(post: _Post, carried: Carried, text: str) -> Decision:
    """The requester (and Cc) get what the agent wrote, once the undo window is over."""
    case, before = post.case, carried.ticket
    event = Event.CLOSED if before.state is State.CLOSED and carried.settles_state else Event.REPLY
    if carried.asked:
        event = Event.MISSING
    answered = Record(before.number, post.agent.name, "answered", f"proof: {case.proof}")
    changes: list[Change] = [*carried.changes, answered]
    after = before
    changes += calm(before)
    if before.assignee is None:
        changes.append(Assign(before.number, post.agent.name))
        after = replace(after, assignee=post.agent.name)
    if not carried.settles_state and before.wake_at is None:
        # Answered is waiting on the requester; an outage stays open until it is over, a sleeping ticket sleeps on.
        state = State.OPEN if before.lane is Lane.OUTAGE else State.WAITING
        if state is not before.state:
            changes.append(SetState(before.number, state))
            after = replace(after, state=state)
        if state is State.WAITING:
            changes += begin_anew(before, case.policy.desk(before.desk), case.now)
    letters = answer(
        after,
        post.agent,
        without_agents(text, case.policy.agents),
        post.cause,
        event=event,
        missing=carried.asked,
        due_at=carried.due_at,
        parts=post.parts,
        parts_of=post.kept.id if post.kept else None,
        send_after=case.now + case.policy.undo_window,
    )
    outcome = Outcome(ticket=before.number, changes=tuple(changes), letters=carried.letters + letters)
    if not post.parsed.commands and not post.kept:
        return case.decision(Disposition.APPEND, Filing.COMMAND, _sent(post, outcome))
    to = ", ".join(str(letter.to) for letter in letters)
    lines = (*carried.lines, post.words.answered.format(to=to))
    return _result(post, after, outcome, lines, Filing.COMMAND)


def _note(post: _Post, carried: Carried, text: str, *, unasked: bool) -> Decision:
    """Colleagues see the text, the requester never does."""
    case, ticket = post.case, carried.ticket
    letters = to_agents(
        Event.NOTE,
        ticket,
        case.policy,
        post.cause,
        audience=Audience.COLLEAGUES,
        body=text,
        author=case.inbound.sender,
        parts=post.parts,
        but=case.sender,
    )
    outcome = Outcome(
        ticket=ticket.number,
        changes=(*carried.changes, Record(ticket.number, post.agent.name, "noted")),
        letters=carried.letters + letters,
    )
    line = post.words.kept_as_note if unasked else post.words.noted
    if not post.parsed.commands and not unasked:
        return case.decision(Disposition.APPEND, Filing.NOTE, _sent(post, outcome), text=text)
    return _result(post, ticket, outcome, (*carried.lines, line), Filing.NOTE, text=text)


def _result(
    post: _Post,
    ticket: Ticket | None,
    outcome: Outcome,
    lines: tuple[str, ...],
    filing: Filing,
    *,
    text: str | None = None,
) -> Decision:
    """Every mail with commands is answered with what was done."""
    transcript = "\n".join(lines or (post.words.nothing_done,))
    letter = result(
        post.agent, ticket, post.case.policy, transcript, post.cause, in_reply_to=post.case.inbound.message_id
    )
    told = replace(outcome, letters=(*outcome.letters, letter))
    return post.case.decision(Disposition.COMMAND, filing, _sent(post, told), text=text)


def _line_refused(post: _Post, refused: Refused) -> str:
    """The reason together with the line: the nth line that is not blank holds the nth command."""
    lines = [(number, line.strip()) for number, line in enumerate(post.text.splitlines(), start=1) if line.strip()]
    number, line = lines[post.parsed.commands.index(refused.command)]
    return post.words.line.format(number=number, text=line, why=refused.why)


def _refuse(post: _Post, ticket: Ticket | None, why: tuple[str, ...]) -> Decision:
    """Nothing was carried out; the agent gets the mail back with the reasons."""
    lines = (post.words.nothing_done, *why, "", *_quoted(post.text))
    changes = (Record(ticket.number, post.agent.name, "refused", "; ".join(why)),) if ticket else ()
    outcome = Outcome(ticket=ticket.number if ticket else None, changes=changes)
    return _result(post, ticket, outcome, lines, Filing.COMMAND)


def _quoted(text: str) -> tuple[str, ...]:
    return tuple(f"> {line}".rstrip() for line in text.splitlines())


def _not_understood(post: _Post) -> tuple[str, ...] | None:
    if not post.parsed.errors:
        return None
    return tuple(error.describe(post.language) for error in post.parsed.errors)


def _shown(post: _Post, after: Ticket | None = None) -> tuple[str, ...]:
    """What #queue, #show, #search and #help print; `after` is this ticket as the other commands have left it."""
    facts, language = post.case.facts, guess(post.case.inbound.text) or post.language
    return tuple(
        line
        for command in post.parsed.commands
        for line in listed(command, facts, post.agent, after=after, language=language, words=post.words)
    )


def _told_by_letter(told: KeptMail | None, letter: SentLetter | None) -> KeptMail | None:
    return told if told is not None and letter is not None and told.id == letter.cause else None


def _sent(post: _Post, outcome: Outcome) -> Outcome:
    """The outcome, with a kept text marked as sent and a secret that others saw marked as spent."""
    settled: tuple[Change, ...] = ()
    if post.kept is not None and outcome.ticket is not None:
        settled = (SettleHeld(outcome.ticket, post.kept.id, False),)
    return replace(outcome, changes=(*outcome.changes, *settled, *_spent(post.case)))


def _spent(case: Case) -> tuple[Change, ...]:
    if not addressed_to_others(case.inbound, case.policy):
        return ()
    return tuple(SpendSecret(letter.message_id) for letter in case.facts.letters if letter.usable)

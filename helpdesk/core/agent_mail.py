"""A mail of an agent: commands, an answer to the requester, a note, or nothing at all.

Case -> Decision. Powers are the lesser of role and proof: without a proof nothing is carried out and nothing reaches
the requester; the text is kept and the agent gets a fresh notification that holds it. Whom an answer reaches is
decided by the letter that it replies to (interface.md section 4), never by guessing. One command line that is
not understood, or cannot be carried out, stops the whole mail.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from helpdesk.core.appending import MAX_HELD, auth_failed, record
from helpdesk.core.away import decide_away
from helpdesk.core.bench import Announcement, Bench, Carried, Refused, Rest
from helpdesk.core.case import Case
from helpdesk.core.command_values import (
    Away,
    Broadcast,
    CarryOutCase,
    Close,
    ForwardTo,
    Help,
    MergeInto,
    Note,
    Search,
    SendFiles,
    SendReady,
    SetRequester,
    ShowQueue,
    ShowStats,
    ShowTicket,
    Spam,
    Split,
)
from helpdesk.core.commands import parse
from helpdesk.core.decision import (
    Decision,
    Disposition,
    Filing,
    Outcome,
    Proof,
    Record,
)
from helpdesk.core.list_mail import decide_list_reply
from helpdesk.core.message import Address, KeptMail, Kind, Reason
from helpdesk.core.notices import result, to_agents, without_agents
from helpdesk.core.offers import kept, says_word, told_of
from helpdesk.core.opening import open_ticket
from helpdesk.core.order_words import words_in
from helpdesk.core.orders import RESOLVED, carry_out
from helpdesk.core.outgoing import SEND_WORD, Audience, Event, Letter, SentLetter
from helpdesk.core.outside import begin_outside
from helpdesk.core.policy import Agent
from helpdesk.core.post import Post, answered_with, line_refused, quoted, refuse, settled, shown, spent
from helpdesk.core.ready import meant
from helpdesk.core.replies import answer_partner, answer_requester, keep_answer, note_to_colleagues
from helpdesk.core.route_orders import told
from helpdesk.core.secret import token_of, without_tokens
from helpdesk.core.ticket import Part, Ticket
from helpdesk.core.trust import Authentication


def decide_agent_mail(case: Case) -> Decision:
    """What shall happen with this mail of somebody whose address is an agent's."""
    agent = case.policy.agent(case.sender)
    if agent is None:
        raise ValueError(f"{case.sender} is no agent: decide() sends only agents' mail here")
    on_ticket = case.ticket
    parsed = parse(case.inbound.text, "" if on_ticket else case.inbound.subject)
    orders = bool(parsed.commands or parsed.errors)
    if on_ticket is None and not orders and case.thread.letter is None:
        # An agent has requests, too; what he writes to somebody else, with a copy to us, is an answer.
        return begin_outside(case, agent) or open_ticket(case)
    if case.kind is not Kind.HUMAN:
        return record(case, on_ticket, Reason("machine-mail", case.kind.value))
    if case.proof is Proof.NONE:
        return _unproven(case, agent)
    post = Post(case=case, agent=agent, parsed=parsed, parts=case.inbound.files)
    listed = decide_list_reply(post)
    if listed is not None:
        return listed
    away = next((command for command in parsed.commands if isinstance(command, Away)), None)
    if away is not None:
        return decide_away(post, away)
    if on_ticket is None:
        return _without_ticket(post)
    if says_word(case.inbound, case.facts.letters):
        offered = kept(case.inbound, case.facts.letters, on_ticket)
        if offered is None:
            return refuse(post, on_ticket, (post.words.nothing_offered,))
        post = Post(case=case, agent=agent, parsed=parse(offered.text), parts=offered.parts, kept=offered)
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
            partner = case.thread.letter.partner if case.thread.letter else None
            letters = to_agents(
                Event.UNPROVEN,
                ticket,
                case.policy,
                case.inbound.sha256,
                agents=(agent,),
                audience=Audience.AGENT if meant is Audience.REQUESTER else meant,
                partner=Address(partner) if partner else None,
                body=case.inbound.text,
                author=case.inbound.sender,
                reasons=(why,),
            )
        else:
            words = words_in(case.policy.desk(agent.desks[0] if agent.desks else "").language)
            told = "\n".join((words.not_proven, "", *quoted(case.inbound.text or case.inbound.subject)))
            letter = result(agent, None, case.policy, told, case.inbound.sha256)
            letters = (replace(letter, event=Event.UNPROVEN),)
    changes = (Record(ticket.number, case.sender, "held", str(why)),) if ticket else ()
    outcome = Outcome(ticket=ticket.number if ticket else None, changes=changes, letters=letters, reasons=(why,))
    if ticket is not None and len(ticket.held) >= MAX_HELD:
        return case.decision(Disposition.RECORD, Filing.RECORDED, outcome)
    return case.decision(Disposition.HOLD, Filing.HELD, outcome)


def _without_ticket(post: Post) -> Decision:
    """Questions to the desk as a whole; every other command needs a ticket."""
    refused = _not_understood(post)
    if refused is not None:
        return refuse(post, None, refused)
    asked = (ShowQueue, ShowTicket, Search, SendFiles, ShowStats, Help)
    if not post.parsed.commands:
        return refuse(post, None, (post.words.reaches_nobody,))
    if not all(isinstance(command, asked) for command in post.parsed.commands):
        return refuse(post, None, (post.words.which_ticket,))
    return answered_with(post, None, Outcome(changes=spent(post.case)), shown(post), Filing.COMMAND)


def _on_ticket(post: Post, ticket: Ticket) -> Decision:
    refused = _not_understood(post)
    if refused is not None:
        return refuse(post, ticket, refused)
    letter = post.case.thread.letter
    text, note = _note_or_answer(post, letter)
    reaches = _reaches(letter)
    announcement = _announcement(post, text)
    if announcement is not None:
        # Whichever of its tickets the mail answers, it is about the incident.
        ticket, text = next(iter(post.case.facts.gathered), ticket), ""
    rest = _rest(post, "" if note else text, () if note else post.parts)
    if not note and any(isinstance(command, ForwardTo) for command in post.parsed.commands):
        text = ""  # it goes to the partner
    ready = _ready(post, ticket)
    if isinstance(ready, Refused):
        return refuse(post, ticket, (line_refused(post, ready),))
    if ready and note:
        return refuse(post, ticket, (post.words.sends_a_note,))
    text = "\n\n".join((*ready, *((text,) if text else ())))
    # What an agent has sent to the requester himself need not be sent again.
    direct = bool(text) and not note and not ready and _has_it(post.case, ticket)
    answers = bool(text) and not note and not direct and (reaches is Audience.AGENT or bool(ready))
    alone = next((one for one in post.parsed.commands if isinstance(one, MergeInto | Split)), None)
    if alone is not None and (text or len(post.parsed.commands) > 1):
        return refuse(post, ticket, (line_refused(post, Refused(alone, post.words.alone)),))
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
        rest=rest,
        request=dict(post.case.facts.request).get(ticket.number, ""),
    )
    carried = carry_out(post.parsed.commands, ticket, bench)
    if isinstance(carried, Refused):
        return refuse(post, ticket, (line_refused(post, carried),))
    nobody = (reaches is Audience.NOBODY and not ready) or (answers and ticket.requester is None)
    if text and not note and not direct and nobody:
        return refuse(post, ticket, (post.words.reaches_nobody,))
    if text and not note and not ready and reaches is Audience.ASIDE and _partner(letter, carried.ticket) is None:
        return refuse(post, ticket, (post.words.partner_left,))
    doubts = None if post.kept else _to_confirm(post, ticket, carried, answers=answers)
    if doubts is not None:
        return _offer(post, ticket, (*doubts, *carried.lines), meant=letter if text and not note else None)
    if direct:
        return keep_answer(post, carried, text)
    partner = _partner(letter, carried.ticket) if text and not note and not ready else None
    if partner is not None:
        return answer_partner(post, carried, partner, rest)
    if answers:
        return answer_requester(post, carried, text)
    if text:
        return note_to_colleagues(post, carried, text, unasked=not note and reaches is not Audience.COLLEAGUES)
    # A merged ticket's mail is on the surviving one.
    outcome = Outcome(ticket=carried.ticket.number, changes=carried.changes, letters=carried.letters)
    return answered_with(post, carried.ticket, outcome, carried.lines + shown(post, carried.ticket), Filing.COMMAND)


def _to_confirm(post: Post, ticket: Ticket, carried: Carried, *, answers: bool) -> tuple[str, ...] | None:
    """Why the agent is asked once more before anything happens, in his words; None where he is not."""
    far = any(isinstance(command, MergeInto | SetRequester | Broadcast) for command in post.parsed.commands)
    if carried.regroups or (far and post.case.proof is Proof.REPLY):
        return ()
    letter = post.case.thread.letter
    if answers and letter is not None and ticket.regrouped_at is not None and letter.written_at <= ticket.regrouped_at:
        # The first line of that letter has named other people.
        to = ", ".join(str(one.address) for one in carried.ticket.participants if one.part is not Part.PARTNER)
        return (post.words.regrouped, post.words.answered.format(to=to))
    if answers and letter is not None:
        return _crossed(post, letter)
    return None


def _crossed(post: Post, letter: SentLetter) -> tuple[str, ...] | None:
    """Which colleague has answered since the letter that this mail replies to was written."""
    zone = ZoneInfo(post.case.policy.desk(post.case.ticket.desk if post.case.ticket else "").calendar.timezone)
    others = ((name, at.astimezone(zone)) for name, at in letter.answers if name != post.agent.name)
    return next(((post.words.crossed.format(name=name, at=f"{at:%Y-%m-%d %H:%M}"),) for name, at in others), None)


def _offer(post: Post, ticket: Ticket, lines: tuple[str, ...], *, meant: SentLetter | None) -> Decision:
    """The mail is kept, and a result tells what it would do and which word carries it out (see `offers`).

    `meant` is the letter that a text answers.
    """
    if len(ticket.held) >= MAX_HELD:
        return refuse(post, ticket, (post.words.too_many_held,))
    words = post.words
    word = words.say_word.format(word=SEND_WORD.get(post.language, SEND_WORD["en"]))
    told = "\n".join((words.not_yet, "", *lines, "", word, "", *quoted(post.text)))
    letter = result(post.agent, ticket, post.case.policy, told, post.cause, in_reply_to=post.case.inbound.message_id)
    # What the word sends goes where it was written to.
    if meant is not None and meant.audience in (Audience.AGENT, Audience.ASIDE):
        letter = replace(letter, audience=meant.audience, partner=Address(meant.partner) if meant.partner else None)
    changes = (Record(ticket.number, post.agent.name, "asked to confirm", post.text.splitlines()[0]),)
    outcome = Outcome(ticket=ticket.number, changes=changes, letters=(letter,))
    return post.case.decision(Disposition.HOLD, Filing.HELD, settled(post, outcome))


def _has_it(case: Case, ticket: Ticket) -> bool:
    """Did the agent write to the requester directly, with a copy to us?"""
    to = (address.address for address in case.inbound.to + case.inbound.cc)
    return ticket.requester is not None and ticket.requester.address in to


def _reaches(letter: SentLetter | None) -> Audience | None:
    """Whom a reply to this letter reaches. Without a letter nobody knows, so it stays among colleagues."""
    return letter.audience if letter is not None else None


def _partner(letter: SentLetter | None, ticket: Ticket) -> Address | None:
    """The partner whom a reply to this letter reaches, if he still takes part."""
    if letter is None or letter.audience is not Audience.ASIDE:
        return None
    return next((one for one in ticket.partners if one.address == letter.partner), None)


def _ready(post: Post, ticket: Ticket) -> tuple[str, ...] | Refused:
    """The ready replies that the commands send, and what routing cases say, in the requester's language."""
    policy, facts = post.case.policy, post.case.facts
    desk, request = policy.desk(ticket.desk), dict(facts.request).get(ticket.number, "")
    texts: list[str] = []
    for command in post.parsed.commands:
        if isinstance(command, SendReady):
            found = meant(command.name, policy.replies)
            if len(found) != 1:
                names = ", ".join(one.name for one in (found or policy.replies)) or "–"
                said = post.words.several_ready if found else post.words.no_ready
                return Refused(command, said.format(name=command.name, names=names))
            texts.append(found[0].text(ticket.language, desk.language))
        elif isinstance(command, CarryOutCase) and (said := told(ticket, command, desk, facts.entries, request)):
            texts.append(said)
    return tuple(texts)


def _note_or_answer(post: Post, letter: SentLetter | None) -> tuple[str, bool]:
    """The text of this mail without its commands, and whether a command makes it a note."""
    commands = post.parsed.commands
    notes = [command.text for command in commands if isinstance(command, Note)]
    text = "\n\n".join([*(note for note in notes if note), post.parsed.answer.strip()]).strip()
    # Whoever quotes a letter of ours with its links would hand on what proves an agent.
    text = without_tokens(text, *(token_of(one.message_id) for one in post.case.facts.letters))
    # #spam sends no letter to whom it blocks, whatever stands below it.
    return text, bool(notes) or Spam() in commands


def _announcement(post: Post, text: str) -> Announcement | None:
    """What #broadcast tells everybody, and whether everything closes with it; None without that command."""
    if Broadcast() not in post.parsed.commands:
        return None
    closing = next((command for command in post.parsed.commands if isinstance(command, Close)), None)
    rest = _rest(post, text, post.parts)
    return Announcement(
        text=rest.text,
        author=rest.author,
        parts=rest.parts,
        parts_of=rest.parts_of,
        send_after=rest.send_after,
        resolution=(closing.resolution or RESOLVED) if closing else None,
    )


def _rest(post: Post, text: str, parts: tuple[int, ...]) -> Rest:
    return Rest(
        text=without_agents(text, post.case.policy.agents),
        author=post.case.inbound.sender,
        parts=parts,
        parts_of=post.kept.id if post.kept else None,
        send_after=post.case.now + post.case.policy.undo_window,
    )


def _not_understood(post: Post) -> tuple[str, ...] | None:
    if not post.parsed.errors:
        return None
    return tuple(error.describe(post.language) for error in post.parsed.errors)


def _told_by_letter(told: KeptMail | None, letter: SentLetter | None) -> KeptMail | None:
    return told if told is not None and letter is not None and told.id == letter.cause else None

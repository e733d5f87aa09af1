"""What an agent wrote, and the decision that answers it with a result.

Post -> Decision: every mail with commands is answered with what was done or, when nothing was, with the reason
and the mail itself. Who may order what, and whom an answer reaches, is decided before (see `agent_mail`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from helpdesk.core.bench import Refused
from helpdesk.core.case import Case
from helpdesk.core.commands import Parsed
from helpdesk.core.decision import Change, Decision, Disposition, Filing, Outcome, Record, SettleHeld, SpendSecret
from helpdesk.core.language import guess
from helpdesk.core.listing import Asked, file_letters_of, listed, rows_of
from helpdesk.core.notices import result
from helpdesk.core.order_words import Words, words_in
from helpdesk.core.outgoing import Letter
from helpdesk.core.policy import Agent
from helpdesk.core.ticket import Held, Ticket
from helpdesk.core.trust import addressed_to_others


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """What an agent wrote: as it came, or as it was kept when the proof failed and is now sent."""

    case: Case
    agent: Agent
    parsed: Parsed
    parts: tuple[int, ...]
    kept: Held | None = None

    @property
    def words(self) -> Words:
        """What results say, in the language of the desk."""
        return words_in(self.language)

    @property
    def language(self) -> str:
        """The language of the desk."""
        return self.case.policy.desk(
            self.case.ticket.desk if self.case.ticket else self.agent.desks[0] if self.agent.desks else ""
        ).language

    def asked(self, after: Ticket | None = None) -> Asked:
        """What may be shown to this agent; `after` is this ticket as other commands have left it."""
        language = guess(self.case.inbound.text) or self.language
        return Asked(
            facts=self.case.facts,
            agent=self.agent,
            policy=self.case.policy,
            now=self.case.now,
            language=language,
            words=self.words,
            after=after,
        )

    @property
    def text(self) -> str:
        """What the agent wrote, with its commands."""
        return self.kept.text if self.kept else self.case.inbound.text

    @property
    def cause(self) -> str:
        """What leads to the letters of this mail."""
        return self.case.inbound.sha256


def answered_with(
    post: Post,
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
    letter = replace(letter, rows=rows_shown(post))
    told = replace(outcome, letters=(*outcome.letters, letter, *_files_sent(post)))
    return post.case.decision(Disposition.COMMAND, filing, settled(post, told), text=text)


def refuse(post: Post, ticket: Ticket | None, why: tuple[str, ...]) -> Decision:
    """Nothing was carried out; the agent gets the mail back with the reasons."""
    lines = (post.words.nothing_done, *why, "", *quoted(post.text))
    changes = (Record(ticket.number, post.agent.name, "refused", "; ".join(why)),) if ticket else ()
    outcome = Outcome(ticket=ticket.number if ticket else None, changes=changes)
    return answered_with(post, ticket, outcome, lines, Filing.COMMAND)


def line_refused(post: Post, refused: Refused) -> str:
    """The reason together with the line: the nth line that is not blank holds the nth command."""
    lines = [(number, line.strip()) for number, line in enumerate(post.text.splitlines(), start=1) if line.strip()]
    number, line = lines[post.parsed.commands.index(refused.command)]
    return post.words.line.format(number=number, text=line, why=refused.why)


def quoted(text: str) -> tuple[str, ...]:
    """The text as quoted lines."""
    return tuple(f"> {line}".rstrip() for line in text.splitlines())


def shown(post: Post, after: Ticket | None = None) -> tuple[str, ...]:
    """What #queue, #show, #search and the like print; `after` is this ticket as the other commands have left it."""
    return tuple(line for command in post.parsed.commands for line in listed(command, post.asked(after)))


def rows_shown(post: Post) -> tuple[int, ...]:
    """The tickets of the one list that the result shows; of several nobody could say whose rows are meant."""
    lists = [rows for command in post.parsed.commands if (rows := rows_of(command, post.asked()))]
    return lists[0] if len(lists) == 1 else ()


def _files_sent(post: Post) -> tuple[Letter, ...]:
    """The letters with the files of each ticket that #files names."""
    asked = post.asked()
    return tuple(letter for command in post.parsed.commands for letter in file_letters_of(command, asked, post.cause))


def settled(post: Post, outcome: Outcome) -> Outcome:
    """The outcome, with a kept text marked as sent and a secret that others saw marked as spent."""
    held: tuple[Change, ...] = ()
    if post.kept is not None and outcome.ticket is not None:
        held = (SettleHeld(outcome.ticket, post.kept.id, False),)
    return replace(outcome, changes=(*outcome.changes, *held, *spent(post.case)))


def spent(case: Case) -> tuple[Change, ...]:
    """What marks the secrets of this mail as spent, where others saw them as well."""
    if not addressed_to_others(case.inbound, case.policy):
        return ()
    return tuple(SpendSecret(letter.message_id) for letter in case.facts.letters if letter.usable)

"""An IMAP folder as a Mailbox: `mailbox` finds, fetches and moves mails, `connection` logs in, waits and fails well;
`survey` says what a server offers, `board` keeps the folders in which every ticket is a card."""

from helpdesk.adapters.imap.board import ImapBoard
from helpdesk.adapters.imap.connection import ImapSettings, Security
from helpdesk.adapters.imap.mailbox import ImapMailbox
from helpdesk.adapters.imap.survey import Survey, survey

__all__ = ["ImapBoard", "ImapMailbox", "ImapSettings", "Security", "Survey", "survey"]

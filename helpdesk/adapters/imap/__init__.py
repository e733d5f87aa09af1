"""An IMAP folder as a Mailbox: `mailbox` finds, fetches and moves mails, `connection` logs in, waits and fails well."""

from helpdesk.adapters.imap.connection import ImapSettings, Security
from helpdesk.adapters.imap.mailbox import ImapMailbox

__all__ = ["ImapMailbox", "ImapSettings", "Security"]

"""An email-driven ticket helpdesk: mail in, numbered tickets, mail out."""

__version__ = "0.1.0"

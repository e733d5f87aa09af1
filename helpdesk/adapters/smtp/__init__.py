"""Letters to the relay over SMTP (RFC 5321), by aiosmtplib: envelope and final bytes in, one answer per recipient out.

`transport` keeps connections and shares them, `session` makes one and says why there is none, `letter` passes one
letter on, `envelope` names its sender and recipients.
"""

from helpdesk.adapters.smtp.letter import on_the_wire
from helpdesk.adapters.smtp.session import Security, SmtpSettings
from helpdesk.adapters.smtp.transport import SmtpTransport

__all__ = ["Security", "SmtpSettings", "SmtpTransport", "on_the_wire"]

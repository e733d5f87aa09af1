"""A connection to an IMAP server: log in, run exchanges within bounds of time, wait for announcements.

What goes wrong comes out as TemporaryError (the connection is gone then: open it again) or, where only a person can
help, as PermanentError that says what was found and what to do. No exception of the library gets past this module.
One thread owns a connection; `wake` alone may be called from another.
Source: RFC 9051, RFC 2177 (IDLE), RFC 5530 (response codes of a login).
"""

from __future__ import annotations

import contextlib
import ipaddress
import select
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, LoginError

from helpdesk.errors import HelpdeskError, LoginRefusedError, PermanentError, TemporaryError, UnreachableError
from helpdesk.names import look_up

IDLE_RENEWAL_S = 240  # middleboxes drop silent connections after 5 to 30 minutes
GOODBYE_S = 2  # a server that is slow to say goodbye is left without one

# Answers to a login that are not about the password (RFC 5530).
TEMPORARY_LOGIN_CODES = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]")


class Security(StrEnum):
    """How a connection is protected."""

    TLS = "tls"  # from the first byte, usually port 993
    STARTTLS = "starttls"  # begun in clear, then upgraded, usually port 143; refused if the server cannot
    NONE = "none"  # loopback only


@dataclass(frozen=True, kw_only=True, slots=True)
class ImapSettings:
    """One mailbox of the configuration. `password` is asked for at every login, so a changed secret is picked up."""

    name: str
    host: str
    port: int
    security: Security
    user: str
    password: Callable[[], str]
    folder: str = "INBOX"
    done_folder: str = "Helpdesk/Done"
    quarantine_folder: str = "Helpdesk/Quarantine"
    max_bytes: int = 25 * 1024 * 1024  # of a larger mail only the headers are fetched
    first_start: timedelta | Literal["new", "all"] = "new"
    cafile: str | None = None  # None: the authorities that this machine trusts
    connect_timeout_s: float = 20
    read_timeout_s: float = 60
    exchange_timeout_s: float = 300  # of one exchange, however steadily it trickles in


class Connection:
    """A logged-in client, or none. Survives reconnection: `wake` is never lost between two connections."""

    def __init__(self, settings: ImapSettings) -> None:
        self.server = f"mailbox {settings.name}, {settings.host}:{settings.port}"
        self._settings = settings
        self._client: Any = None
        # A byte in this pair ends a `wait`.
        self._alarm, self._alarm_bell = socket.socketpair()
        for end in (self._alarm, self._alarm_bell):
            end.setblocking(False)
            weakref.finalize(self, end.close)

    def open(self) -> None:
        """Connect, protected as configured, and log in."""
        settings = self._settings
        if settings.security is Security.NONE and not _is_loopback(settings.host):
            raise PermanentError(
                f'{self.server}: security = "none" sends the password in clear and is for 127.0.0.1, ::1 and '
                f'localhost only; use "tls" (port 993) or "starttls" (port 143)'
            )
        password, tls = self._password(), self._tls()
        client: Any = None
        self._await_name()
        try:
            client = IMAPClient(
                settings.host,
                port=settings.port,
                ssl=settings.security is Security.TLS,
                ssl_context=tls,
                timeout=SocketTimeout(settings.connect_timeout_s, settings.read_timeout_s),
            )
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.normalise_times = False  # aware times, as the server gave them
            # `wait` polls by itself; and no poll can see what was read along with an earlier answer: always read.
            client._poll_socket = lambda sock, timeout=None: True
            if settings.security is Security.STARTTLS:
                client.starttls(tls)
            if client.has_capability("AUTH=PLAIN"):
                client.plain_login(settings.user, password)
            else:
                client.login(settings.user, password)
        except Exception as error:
            _abandon(client)
            explained = self._explained("logging in", error)
            # Some servers repeat the refused command, secret included.
            if password and password in str(error):
                raise type(explained)(str(explained).replace(password, "***")) from None
            raise explained from error
        self._client = client

    def close(self) -> None:
        """Log out, or leave without a word if that is slow. Never raises."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.socket().settimeout(GOODBYE_S)
                client.logout()
            _abandon(client)

    @contextlib.contextmanager
    def exchange(self, doing: str, *, limit_s: float | None = None) -> Iterator[Any]:
        """The logged-in IMAPClient for a few commands; its exceptions are translated, and it is cut off when they take
        longer than `limit_s` (default: `exchange_timeout_s`). `doing` completes "broke off while …"."""
        client = self._client
        if client is None:
            raise TemporaryError(f"{self.server}: not connected")
        # The read time-out restarts with every byte; a server that trickles would never meet it.
        watchdog = threading.Timer(limit_s or self._settings.exchange_timeout_s, _cut, [client])
        watchdog.daemon = True
        watchdog.start()
        try:
            yield client
        except HelpdeskError:
            raise
        except Exception as error:  # the library's parsers meet garbage with almost any exception
            self._client = None
            _abandon(client)
            raise self._explained(doing, error) from error
        finally:
            watchdog.cancel()

    def wait(self, timeout_s: float) -> bool:
        """Whether mail was announced; without IDLE, whether the time is over (then some may have come)."""
        with self.exchange("waiting for mail", limit_s=timeout_s + self._settings.exchange_timeout_s) as client:
            if not client.has_capability("IDLE"):
                return not self._poll(None, timeout_s)[1]
            deadline = time.monotonic() + timeout_s
            while True:
                announced, woken = self._idle(client, min(deadline, time.monotonic() + IDLE_RENEWAL_S))
                if announced or woken or time.monotonic() >= deadline:
                    return announced

    def wake(self) -> None:
        """End a `wait` of another thread, or the next one."""
        with contextlib.suppress(OSError):  # a full pair wakes just as well
            self._alarm_bell.send(b"!")

    def _idle(self, client: Any, until: float) -> tuple[bool, bool]:
        """One round of IDLE, up to `until` on the monotonic clock: (mail was announced, somebody called `wake`)."""
        client.idle()
        announced = _announces_mail(client.idle_check())  # what came along with the server's consent
        woken = False
        while not announced and not woken and (remaining := until - time.monotonic()) > 0:
            readable, woken = self._poll(client.socket(), remaining)
            if readable:
                responses = client.idle_check()
                if not responses:  # the library says "nothing" for an end of file, and would say so for ever
                    raise ConnectionError("the server closed the connection")
                announced = _announces_mail(responses)
        _, late = client.idle_done()
        return announced or _announces_mail(late), woken

    def _poll(self, connection: socket.socket | None, timeout_s: float) -> tuple[bool, bool]:
        """(the connection can be read, somebody called `wake`), after at most `timeout_s`."""
        poller = select.poll()
        poller.register(self._alarm, select.POLLIN)
        if connection is not None:
            poller.register(connection, select.POLLIN)
        ready = {descriptor for descriptor, _ in poller.poll(timeout_s * 1000)}
        woken = self._alarm.fileno() in ready
        if woken:
            self._alarm.recv(4096)
        return bool(ready - {self._alarm.fileno()}), woken

    def _password(self) -> str:
        try:
            password = self._settings.password()
        except OSError as error:
            raise PermanentError(f"{self.server}: its password cannot be read: {error}") from error
        if any(ord(character) < 32 for character in self._settings.user + password):
            raise PermanentError(f"{self.server}: user or password holds a control character, perhaps a line end")
        return password

    def _await_name(self) -> None:
        """Returns when the name service has answered; the library, which asks it again, would wait for ever."""
        settings = self._settings
        try:
            look_up(settings.host, settings.port).result(settings.connect_timeout_s)
        except TimeoutError as error:
            raise UnreachableError(f"{self.server}: the name service does not answer. Check DNS here") from error
        except OSError as error:
            raise self._explained("looking up its name", error) from error

    def _tls(self) -> ssl.SSLContext | None:
        """Certificates are verified, against `cafile` if there is one. None where nothing is protected."""
        if self._settings.security is Security.NONE:
            return None
        try:
            return ssl.create_default_context(cafile=self._settings.cafile)
        except OSError as error:
            cafile = self._settings.cafile
            raise PermanentError(f"{self.server}: cafile {cafile} is no list of certificates: {error}") from error

    def _explained(self, doing: str, error: Exception) -> HelpdeskError:
        """The same error in words that an administrator can act on."""
        at = self.server
        match error:
            case ssl.SSLCertVerificationError():
                return PermanentError(
                    f"{at}: the certificate is refused: {error.verify_message}. Have it renewed, give as host the name "
                    f"that it is made out to, or install its authority on this machine"
                )
            case ssl.SSLError(reason="WRONG_VERSION_NUMBER"):
                return PermanentError(
                    f'{at}: this port does not begin with TLS; security = "tls" belongs to port 993, "starttls" to 143'
                )
            case CapabilityError() if "STARTTLS" in str(error):
                return PermanentError(
                    f'{at}: STARTTLS is not offered; use security = "tls" with port 993, or have it turned on there'
                )
            case LoginError() if _is_refusal(error):
                return LoginRefusedError(
                    f"{at}: the login of {self._settings.user} is refused: {error}. Check user and password, and "
                    f"whether the provider wants an application password, or IMAP to be turned on"
                )
            case UnicodeEncodeError():
                return PermanentError(f"{at}: offers no login that takes letters beyond ASCII; change the password")
            case socket.gaierror():
                return UnreachableError(f"{at}: the host is not found: {error.strerror}. Check its name, and DNS here")
            case ConnectionRefusedError():
                return UnreachableError(f"{at}: nobody listens there. Start that server, or check host and port")
            case TimeoutError():
                return TemporaryError(f"{at}: no answer in time while {doing}")
            case _:
                return TemporaryError(f"{at}: broke off while {doing}: {error}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_refusal(error: LoginError) -> bool:
    """Whether the server judged the password, rather than broke off or is busy."""
    is_broken_off = isinstance(error.__context__, IMAPClientAbortError)
    return not is_broken_off and not any(code in str(error) for code in TEMPORARY_LOGIN_CODES)


def _announces_mail(responses: Sequence[Any]) -> bool:
    if any(response[0] == b"BYE" for response in responses):
        raise ConnectionError("the server said goodbye")
    return any(len(response) > 1 and response[1] == b"EXISTS" for response in responses)


def _cut(client: Any) -> None:
    """End the connection at once, from any thread; whoever reads from it meets its end."""
    with contextlib.suppress(Exception):
        # Not the method of the TLS socket, which would drop its state under a reader.
        socket.socket.shutdown(client.socket(), socket.SHUT_RDWR)


def _abandon(client: Any) -> None:
    """Leave without a word, and give the socket back. Only for the thread that owns the connection."""
    if client is not None:
        with contextlib.suppress(Exception):
            client.shutdown()

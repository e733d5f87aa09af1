"""A throw-away real mail stack: Dovecot and Postfix on loopback ports, with a certificate authority of its own.

`MailStack()` starts both as plain child processes below a temporary folder; `stop()` ends exactly those two and
removes the folder. Nothing leaves the machine. Needs root and the programs of the Debian packages dovecot-imapd,
dovecot-lmtpd, postfix and openssl; `missing_programs()` names what is not there. `python -m tests.stack` starts one by
hand and prints its ports.

Every address of every domain that ends in `.test` is a user with the password `secret`, save for
  nouser*@     accepted by SMTP, unknown to the mailbox server: a real bounce (5.1.1) to the sender
  reject*@     refused at RCPT TO (550 5.1.1)
  greylist*@   refused for now at RCPT TO (450 4.2.0)
  defer*@      accepted by SMTP, the next hop is down: a real bounce (4.4.1) after a minute
  discard*@    accepted by SMTP and thrown away
  handover*@   handed by Postfix to the port `handover`, where a test may run an LMTP server of its own
Other domains are refused at RCPT TO (550 5.4.4, and 554 5.7.1 without a login). The submission ports want a login.

TLS: `cafile` signs the certificate of 127.0.0.1 and localhost. The same IMAPS and submissions ports answer on
`EXPIRED_HOST` with a certificate that ended yesterday, and on `MISNAMED_HOST` with one for another name.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import grp
import os
import pwd
import random
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from imapclient import IMAPClient

PASSWORD = "secret"
HOST = "127.0.0.1"
EXPIRED_HOST = "127.0.0.2"
MISNAMED_HOST = "127.0.0.3"
PROGRAMS = ("dovecot", "postfix", "postconf", "openssl")
SEARCH_PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"

DOVECOT_CONF = """
protocols = imap lmtp
base_dir = {root}/run
state_dir = {root}/state
instance_name = {root}
listen = 127.0.0.1, 127.0.0.2, 127.0.0.3
log_path = {root}/dovecot.log
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = {uid}
first_valid_gid = {gid}
mail_uid = {uid}
mail_gid = {gid}
mail_location = maildir:~/Maildir
mail_max_userip_connections = 500
ssl = yes
ssl_cert = <{root}/good.pem
ssl_key = <{root}/key.pem
ssl_dh =
local 127.0.0.2 {{
  ssl_cert = <{root}/expired.pem
}}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_verbose = yes
lda_mailbox_autocreate = yes
recipient_delimiter = +
hostname = mail.help.test
postmaster_address = postmaster@help.test

# The empty file is where nouser@ is looked up: Dovecot takes "all password databases were skipped" for its own failure.
passdb {{
  driver = passwd-file
  args = {root}/nobody
}}
passdb {{
  driver = static
  username_filter = !nouser*
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/home/%Ld/%Ln
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {auth}
  }}
}}
service lmtp {{
  process_min_avail = 1
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service imap-login {{
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
"""

POSTFIX_MAIN_CF = """
compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = {daemon_directory}
shlib_directory = {shlib_directory}
maillog_file = {root}/postfix.log
maillog_file_prefixes = {root}
myhostname = mail.help.test
mydomain = help.test
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
disable_dns_lookups = yes
smtp_host_lookup = native
local_transport = error:5.1.1 no local delivery here
default_transport = error:5.4.4 this stack sends nothing to the outside
relay_transport = error:5.4.4 this stack sends nothing to the outside
virtual_mailbox_domains = regexp:{root}/postfix/domains
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
transport_maps = regexp:{root}/postfix/transport
recipient_delimiter = +
append_dot_mydomain = no
biff = no
message_size_limit = 60000000
virtual_mailbox_limit = 0
mailbox_size_limit = 0
in_flow_delay = 0
queue_run_delay = 5s
minimal_backoff_time = 5s
maximal_backoff_time = 20s
maximal_queue_lifetime = 1m
bounce_queue_lifetime = 1m
notify_classes =
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access regexp:{root}/postfix/recipients
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth}
smtpd_sasl_security_options = noanonymous
smtpd_tls_security_level = may
smtpd_tls_cert_file = {root}/good.pem
smtpd_tls_key_file = {root}/key.pem
smtpd_tls_session_cache_database =
"""

POSTFIX_MASTER_CF = """
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
{submissions_services}
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

POSTFIX_SUBMISSIONS = """
{address}:{submissions} inet n - n - - smtpd
  -o syslog_name=postfix/submissions
  -o smtpd_tls_wrappermode=yes
  -o smtpd_tls_cert_file={root}/{certificate}.pem
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
"""

POSTFIX_QUEUES = (
    *("active", "bounce", "corrupt", "defer", "deferred", "flush"),
    *("hold", "incoming", "private", "saved", "trace"),
)

RECIPIENTS = r"""
/^reject.*@.*\.test$/ 550 5.1.1 no such user here
/^greylist.*@.*\.test$/ 450 4.2.0 greylisted, try again later
"""

TRANSPORT = """
/^defer.*@.*\\.test$/ lmtp:inet:127.0.0.1:1
/^discard.*@.*\\.test$/ discard:
/^handover.*@.*\\.test$/ lmtp:inet:127.0.0.1:{handover}
"""


def missing_programs() -> list[str]:
    """What a stack needs and this machine lacks, in words; empty: a stack can be started."""
    missing = [program for program in PROGRAMS if shutil.which(program, path=SEARCH_PATH) is None]
    return missing if os.geteuid() == 0 else [*missing, "root"]


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the servers listen, all on `HOST`."""

    imap: int
    imaps: int
    smtp: int
    submission: int
    submissions: int
    lmtp: int
    auth: int
    handover: int


class MailStack:
    """A running stack. Ready for mail when the constructor returns; a context manager that stops at its end."""

    def __init__(self) -> None:
        # Dovecot's sockets need a short path that its unprivileged users can walk; pytest's tmp_path is neither.
        self.root = Path(tempfile.mkdtemp(prefix="stack-"))
        self.root.chmod(0o755)
        self.cafile = self.root / "ca.pem"
        self._processes: list[subprocess.Popen[bytes]] = []
        atexit.register(self.stop)
        try:
            self._make_certificates()
            self._make_folders()
            with _one_start_at_a_time():
                self.ports = Ports(*_free_ports(8))
                self._write_configuration()
                self._launch("dovecot", "-F", "-c", f"{self.root}/dovecot.conf")
                # The master itself: the `postfix start` scripts take two seconds. It wants its queue as folder.
                daemon_directory = _postconf("daemon_directory")
                self._launch(f"{daemon_directory}/master", "-c", f"{self.root}/postfix", cwd=self.root / "spool")
                self._await_greetings()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End both servers and everything they started, by their process ids, and remove the folder."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                # Each server leads a session of its own, so this ends its children too.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._processes.clear()
        shutil.rmtree(self.root, ignore_errors=True)
        atexit.unregister(self.stop)

    def home(self, address: str) -> Path:
        """The home folder of a user; its `Maildir` exists after the first delivery or login."""
        local, _, domain = address.lower().partition("@")
        return self.root / "home" / domain / local.partition("+")[0]

    def imap_login(self, address: str) -> IMAPClient:
        """A second, independent client that is logged in as `address`: a person's mail program."""
        client = IMAPClient(HOST, port=self.ports.imap, ssl=False, timeout=10)
        client.login(address, PASSWORD)
        return client

    def deliver(self, raw: bytes, *recipients: str, sender: str = "") -> None:
        """Put a mail into the mailboxes of `recipients` as the last relay does; it lies there on return."""
        with smtplib.LMTP(HOST, self.ports.lmtp) as session:
            session.sendmail(sender, recipients, raw)

    def delivered(self, address: str, count: int = 1, *, timeout_s: float = 15) -> list[bytes]:
        """The mails in the inbox of `address`, oldest first, as soon as there are `count` of them.

        Raises AssertionError with the log of Postfix when they do not come in time.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            paths = [path for sub in ("new", "cur") for path in (self.home(address) / "Maildir" / sub).glob("*")]
            if len(paths) >= count:
                return [path.read_bytes() for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns)]
            assert time.monotonic() < deadline, f"{len(paths)} of {count} mails for {address}\n{self.logs()}"
            time.sleep(0.02)

    def logs(self) -> str:
        """What both servers logged so far."""
        logs = (self.root / "dovecot.log", self.root / "postfix.log")
        return "".join(f"--- {log.name}\n{log.read_text(errors='replace')}" for log in logs if log.exists())

    def _make_certificates(self) -> None:
        key, authority = f"{self.root}/key.pem", f"{self.root}/ca-key.pem"
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        _openssl("req", "-x509", *curve, "-keyout", authority, "-out", str(self.cafile), "-days", "30",
                 "-subj", "/CN=Authority of a test", "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
        _openssl("req", *curve, "-keyout", key, "-out", f"{self.root}/empty.csr", "-subj", "/CN=localhost")
        for name, days, names in (
            ("good", 30, f"DNS:localhost,DNS:mail.help.test,IP:{HOST}"),
            ("expired", -1, f"IP:{EXPIRED_HOST}"),
        ):
            request, extensions = f"{self.root}/{name}.csr", self.root / f"{name}.ext"
            extensions.write_text(f"subjectAltName={names}\n")
            _openssl("req", "-new", "-key", key, "-out", request, "-subj", f"/CN={name}")
            _openssl("x509", "-req", "-in", request, "-CA", str(self.cafile), "-CAkey", authority, "-days", str(days),
                     "-extfile", str(extensions), "-out", f"{self.root}/{name}.pem")  # fmt: skip

    def _make_folders(self) -> None:
        """The folders with the owners that both servers insist on."""
        postfix, postdrop = pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postdrop").gr_gid
        mail = pwd.getpwnam("mail")
        for name in ("run", "state", "postfix", "spool", "spool/pid"):
            (self.root / name).mkdir()
        for name, uid, gid, mode in (
            ("home", mail.pw_uid, mail.pw_gid, 0o755),
            ("data", postfix, 0, 0o700),
            ("spool/maildrop", postfix, postdrop, 0o1730),
            ("spool/public", postfix, postdrop, 0o2710),
            *((f"spool/{queue}", postfix, 0, 0o700) for queue in POSTFIX_QUEUES),
        ):
            (self.root / name).mkdir()
            os.chown(self.root / name, uid, gid)
            (self.root / name).chmod(mode)

    def _write_configuration(self) -> None:
        mail = pwd.getpwnam("mail")
        values: dict[str, object] = {name: getattr(self.ports, name) for name in Ports.__slots__}
        values |= {"root": self.root, "uid": mail.pw_uid, "gid": mail.pw_gid, "password": PASSWORD}
        values |= {name: _postconf(name) for name in ("daemon_directory", "shlib_directory")}
        values["submissions_services"] = "".join(
            POSTFIX_SUBMISSIONS.format(address=address, certificate=certificate, **values)
            for address, certificate in ((HOST, "good"), (EXPIRED_HOST, "expired"), (MISNAMED_HOST, "good"))
        )
        for path, text in (
            ("dovecot.conf", DOVECOT_CONF.format(**values)),
            ("nobody", ""),
            ("postfix/main.cf", POSTFIX_MAIN_CF.format(**values)),
            ("postfix/master.cf", POSTFIX_MASTER_CF.format(**values)),
            ("postfix/domains", "/\\.test$/ ok\n"),
            ("postfix/recipients", RECIPIENTS),
            ("postfix/transport", TRANSPORT.format(**values)),
        ):
            (self.root / path).write_text(text)

    def _launch(self, program: str, *arguments: str, cwd: Path | None = None) -> None:
        # Output goes to a file: a daemon keeps a pipe open and its reader would wait for ever.
        with open(self.root / "output.log", "ab") as output:
            self._processes.append(
                subprocess.Popen(
                    [shutil.which(program, path=SEARCH_PATH) or program, *arguments],
                    cwd=cwd,
                    env={"PATH": SEARCH_PATH, "MAIL_CONFIG": f"{self.root}/postfix"},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            )

    def _await_greetings(self) -> None:
        deadline = time.monotonic() + 10
        for name in ("imap", "imaps", "smtp", "submission", "submissions", "lmtp"):
            while not _greets(getattr(self.ports, name), tls=name in ("imaps", "submissions")):
                if time.monotonic() > deadline:
                    output = (self.root / "output.log").read_text(errors="replace")
                    raise RuntimeError(f"the {name} server does not answer\n{output}\n{self.logs()}")
                time.sleep(0.02)


def _greets(port: int, *, tls: bool) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with contextlib.ExitStack() as opened:
            session = opened.enter_context(socket.create_connection((HOST, port), timeout=2))
            if tls:
                session = opened.enter_context(context.wrap_socket(session))
            return session.recv(200).startswith((b"220 ", b"* OK"))
    except OSError:
        return False


def _free_ports(count: int) -> Sequence[int]:
    """Ports below the ephemeral range, so that no outgoing connection takes one before its server starts."""
    with contextlib.ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            candidate = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                candidate.bind((HOST, random.SystemRandom().randint(20000, 32000)))
                ports.append(candidate.getsockname()[1])
        return ports


@contextlib.contextmanager
def _one_start_at_a_time() -> Iterator[None]:
    """Keeps parallel test workers from picking the same ports."""
    with open(Path(tempfile.gettempdir()) / ".mail-stack.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _postconf(name: str) -> str:
    """A built-in default of the installed Postfix."""
    command = [shutil.which("postconf", path=SEARCH_PATH) or "postconf", "-dh", name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def _serve_until_interrupted() -> None:
    with MailStack() as stack:
        print(f"host {HOST}  password {PASSWORD}  cafile {stack.cafile}")
        print("  ".join(f"{name} {getattr(stack.ports, name)}" for name in Ports.__slots__))
        print(f"homes {stack.root / 'home'}  logs {stack.root}/*.log\nCtrl-C or SIGTERM stops it", flush=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    _serve_until_interrupted()

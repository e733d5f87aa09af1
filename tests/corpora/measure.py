"""How well we read somebody else's mail: the collector's folder in, figures out.

Three shares are told apart. `built on`: two thirds of the files, which may be read while the program improves.
`put aside`: the third that a hash of the name picks; looked at as a number only. `foreign`: packages from
which nothing was learned. Everything is read in a child process, whose time per mail and memory are measured.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from helpdesk.adapters.mime.html import to_text
from helpdesk.adapters.mime.reading import read
from helpdesk.adapters.mime.tnef import unpack
from helpdesk.core.classify import classify
from helpdesk.core.facts import Facts
from helpdesk.core.message import Inbound, Kind
from helpdesk.core.quote import split
from tests.build import decided
from tests.corpora.collect import Collected, collected
from tests.corpora.expectations import Reply, ReturnedMail, parcels, replies, returned_mail
from tests.corpora.foreign import expected
from tests.corpora.foreign import met as foreign

TIME_LIMIT_S = 2.0
MEMORY_LIMIT = 256 * 1024 * 1024
SHARES = ("built on", "put aside", "foreign")

# Packages whose tests feed a program with letters that people wrote, or that archive what people wrote to a list.
WRITTEN_BY_PEOPLE = (
    "django-mailbox git_ libemail-folder libmail-mbox-messageparser libmail-thread notmuch public-inbox redmine "
    "request-tracker talon"
).split()

# Nothing was learned from these: neither rules nor words nor forms.
FOREIGN = "quotequail public-inbox git_".split()

# By these headers a list says of itself that it is one: then bulk is what the mail is, whoever wrote it.
_OF_A_LIST = (
    "list-id list-post list-unsubscribe list-help list-subscribe list-archive mailing-list x-mailing-list x-beenthere "
    "x-mailman-version precedence x-precedence x-loop"
).split()


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation, and how it was met."""

    measure: str
    share: str
    name: str
    met: bool
    what: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a mail."""

    mail: Collected
    inbound: Inbound
    disposition: str
    reasoned: bool
    seconds: float


def measure(folder: Path, returned: Path) -> bool:
    """Print the figures, and write what was missed on the share that may be looked at; True when every goal is met.

    `returned`: foreign returned mail with its expectations.
    """
    ended, extra = _ended(collected(folder))
    print(f"{len(ended)} messages read; dispositions: {dict(Counter(one.disposition for one in ended))}")
    slow = [one for one in ended if one.seconds > TIME_LIMIT_S]
    silent = [one for one in ended if not one.reasoned]
    print(f"slowest {max(one.seconds for one in ended):.2f} s, {len(slow)} over {TIME_LIMIT_S:g} s; ", end="")
    print(f"at most {extra / 2**20:.0f} MiB extra; {len(silent)} without a reason")
    findings = [*_kinds(folder, ended), *_quotes(folder), *_parcels(folder), *_returned(returned)]
    _print(findings)
    missed = [finding for finding in findings if not finding.met and finding.share == "built on"]
    rows = (json.dumps([finding.measure, finding.name, finding.what], ensure_ascii=False) for finding in missed)
    (folder / "missed.jsonl").write_text("\n".join(rows), encoding="utf-8")
    return not slow and not silent and extra <= MEMORY_LIMIT


def _print(findings: Iterable[Finding]) -> None:
    """A table of measures by share."""
    table: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for finding in findings:
        table[finding.measure][finding.share].append(finding.met)
    print(f"{'':44}" + "".join(f"{share:>22}" for share in SHARES))
    for name, shares in table.items():
        cells = (_cell(shares[share]) if shares[share] else "-" for share in SHARES)
        print(f"{name:44}" + "".join(f"{cell:>22}" for cell in cells))


def _cell(met: list[bool]) -> str:
    return f"{sum(met)} of {len(met)} ({100 * sum(met) / len(met):.1f} %)"


def share_of(package: str, name: str) -> str:
    """To which share a file belongs: always the same one."""
    if package.startswith(tuple(FOREIGN)):
        return "foreign"
    return "put aside" if hashlib.sha256(name.encode()).digest()[0] % 3 == 0 else "built on"


# --- robustness -----------------------------------------------------------------------------------


def _ended(mails: list[Collected]) -> tuple[list[Ended], int]:
    """What became of every mail, and the most bytes that reading took beyond the program itself."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as child:
        return child.submit(_read_all, mails).result()


def _read_all(mails: list[Collected]) -> tuple[list[Ended], int]:
    decided(read(b"Subject: warm up\nContent-Type: text/plain; charset=x-unknown\n\n\xd1\xe0\xe9\xf2\n"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    ended = []
    for mail in mails:
        raw = mail.file.read_bytes()
        begun = time.perf_counter()
        inbound = read(raw)
        decision = decided(inbound, Facts())
        seconds = time.perf_counter() - begun
        ended.append(Ended(mail, inbound, decision.disposition.value, bool(decision.reasons), seconds))
    return ended, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before


# --- kinds ----------------------------------------------------------------------------------------


def _kinds(folder: Path, ended: list[Ended]) -> Iterable[Finding]:
    """Bounces by what their owners say of each; letters of people by the package that they are in."""
    told = {(mail.package, mail.path): mail for mail in returned_mail(folder / "unpacked")}
    for one in ended:
        share = share_of(one.mail.package, one.mail.path)
        name = f"{one.mail.package}/{one.mail.path}"
        kind, reasons = classify(one.inbound, instance="ours")
        expected = told.get((one.mail.package, one.mail.path))
        if expected is not None and expected.is_bounce:
            yield from _of_bounce(expected, one.inbound, kind, share, name)
        elif expected is not None:
            failed = one.inbound.bounce is not None and any(to.permanent for to in one.inbound.bounce.recipients)
            yield Finding("no failure claimed where none is", share, name, not failed, str(reasons))
        elif one.mail.package.startswith(tuple(WRITTEN_BY_PEOPLE)) and one.inbound.report_type == "":
            own = kind is Kind.BULK and any(one.inbound.header(header) is not None for header in _OF_A_LIST)
            yield Finding("mail of people", share, name, kind is Kind.HUMAN or own, str(reasons))


def _of_bounce(expected: ReturnedMail, inbound: Inbound, kind: Kind, share: str, name: str) -> Iterable[Finding]:
    source = "flufl.bounce's own" if expected.package.startswith("flufl") else "others'"
    found = frozenset(one.address for one in inbound.bounce.recipients) if inbound.bounce else frozenset()
    yield Finding(f"bounces, {source}: recognised", share, name, kind is Kind.BOUNCE, f"{kind} {found}")
    if expected.permanent is not None and inbound.bounce is not None:
        for_good = any(to.permanent for to in inbound.bounce.recipients)
        met = for_good == expected.permanent
        yield Finding(f"bounces, {source}: for good or for now", share, name, met, str(inbound.bounce.recipients))
    if expected.addresses is not None:
        met = found == expected.addresses
        yield Finding(
            f"bounces, {source}: right recipient", share, name, met, f"{set(found)}, {set(expected.addresses)}"
        )


# --- quotes ---------------------------------------------------------------------------------------


def _quotes(folder: Path) -> Iterable[Finding]:
    for reply in replies(folder / "unpacked"):
        share = share_of(reply.name, reply.name)
        found, wanted = _new_text(reply.body, reply), _new_text(reply.new, reply)
        what = f"{found!r}\nwanted {wanted!r}\nof {reply.body!r}"
        yield Finding("replies: exact", share, reply.name, found == wanted, what)
        yield Finding("replies: no new word lost", share, reply.name, not _lost(found, wanted), what)


def _parcels(folder: Path) -> Iterable[Finding]:
    for parcel in parcels(folder / "unpacked"):
        names = tuple(file.name for file in unpack(parcel.file.read_bytes()).files)
        # Two files of one parcel may bear one name; the owner's program unpacks by the short names of DOS.
        met = len(names) == len(parcel.names)
        share = share_of("tnefparse", parcel.file.name)
        yield Finding("winmail.dat: all files out", share, parcel.file.name, met, f"{names}, {parcel.names}")


def _returned(folder: Path) -> Iterable[Finding]:
    for told in expected(folder):
        yield from (
            Finding(f"returned, {measure}", share_of("returned", told.file.name), told.file.name, met, what)
            for measure, met, what in foreign(told)
        )


def _new_text(text: str, reply: Reply) -> str:
    """The words that we call new, with single blanks; signatures are folded on both sides, which no owner does."""
    return " ".join(split(to_text(text) if reply.html else text)[0].split())


def _lost(found: str, wanted: str) -> Counter[str]:
    """The words that are missing; a rule of dashes is none."""
    wanted = " ".join(word for word in wanted.split() if any(map(str.isalnum, word)))
    return Counter(wanted.split()) - Counter(found.split())

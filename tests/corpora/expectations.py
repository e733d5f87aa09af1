"""What the owners of foreign mail wrote down about it: who was not reached, what a reply says, which files there are.

The tests of a few packages are read as data, never run: literals in Python and Perl sources. A source that has
another form than expected gives fewer expectations, never wrong ones.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnedMail:
    """A mail that its owner calls a bounce (or not), and the addresses that it should name; None: not said."""

    path: str
    package: str
    is_bounce: bool
    addresses: frozenset[str] | None
    permanent: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A body, and the part of it that its owner calls new; both text, or both HTML."""

    name: str
    body: str
    new: str
    html: bool = False


# --- bounces --------------------------------------------------------------------------------------


def returned_mail(unpacked: Path) -> list[ReturnedMail]:
    """All expectations about bounces, one per file."""
    found: dict[tuple[str, str], ReturnedMail] = {}
    for folder in unpacked.iterdir():
        if folder.name.startswith("flufl"):
            told: Iterator[ReturnedMail] = _told_by_flufl(folder)
        elif folder.name.startswith("libmail-deliverystatus-bounceparser"):
            told = _told_by_perl(folder)
        else:
            continue
        for mail in told:
            before = found.get((mail.package, mail.path))
            if before is None or (before.addresses is None and mail.addresses is not None):
                found[mail.package, mail.path] = mail
    return list(found.values())


def _told_by_flufl(folder: Path) -> Iterator[ReturnedMail]:
    """Its table has rows of (detector, file, addresses, is temporary); several detectors may know one file."""
    table = next(folder.rglob("tests/test_detectors.py"))
    for node in ast.walk(ast.parse(table.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and any(getattr(name, "id", "") == "DETECTORS" for name in node.targets):
            named: dict[str, set[str]] = {}
            for_now: dict[str, set[bool]] = {}
            for _, file, addresses, temporary in ast.literal_eval(node.value):
                named.setdefault(file, set()).update(address.decode().lower() for address in addresses)
                for_now.setdefault(file, set()).add(temporary)
            for file, found in named.items():
                path = (table.parent / "data" / file).relative_to(folder).as_posix()
                permanent = None if len(for_now[file]) > 1 else not any(for_now[file])
                if found:
                    yield ReturnedMail(
                        path=path,
                        package=folder.name,
                        is_bounce=True,
                        addresses=frozenset(found),
                        permanent=permanent,
                    )


_FILE = re.compile(r"t/corpus/([\w.*-]+\.msg)")
_ROW = re.compile(r'"([\w.-]+\.msg)"\s*(?:=>|,|\))')
_ADDRESSES = re.compile(r"addresses\s*(?:=>|\],)\s*\[\s*(?:qw\(([^)]*)\)|((?:'[^']*'[\s,]*)+))\s*\]")
# Advertisements that its tests use to show what the parser must not trip over: no server returned them.
_NO_RETURNED_MAIL = re.compile(r"spam-(?:bogus|lots|with)-")
_NOT = re.compile(r"is_bounce\s*=>\s*0|ok\(\s*!\s*\$\w+->is_bounce|todo_is_bounce")


def _told_by_perl(folder: Path) -> Iterator[ReturnedMail]:
    """Its tests name a file, or several by a pattern, and then what is expected of it up to the next file."""
    corpus = next(folder.rglob("t/corpus"))
    for test in sorted(corpus.parent.glob("*.t")):
        source = test.read_text(encoding="utf-8", errors="replace")
        rows = _ROW.findall(source)
        places = list(_FILE.finditer(source))
        ends = [place.start() for place in places[1:]] + [len(source)] * bool(places)
        named = [(place[1], source[place.start() : end]) for place, end in zip(places, ends, strict=True)]
        named += [(row, source) for row in rows]
        for pattern, said in named:
            known = _ADDRESSES.search(said)
            listed = re.findall(r"[^\s',]+", known[1] or known[2]) if known else []
            addresses = frozenset(address.lower() for address in listed)
            refused = _NOT.search(said) is not None or ("is_bounce" in source and test.stem == "non-bounce")
            if not refused and "is_bounce" not in said:
                continue
            for path in sorted(found for found in corpus.glob(pattern) if not _NO_RETURNED_MAIL.match(found.name)):
                yield ReturnedMail(
                    path=path.relative_to(folder).as_posix(),
                    package=folder.name,
                    is_bounce=not refused,
                    addresses=addresses or None,
                )


# --- winmail.dat ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """A winmail.dat, and the names of the files in it."""

    file: Path
    names: tuple[str, ...]


def parcels(unpacked: Path) -> list[Parcel]:
    """What tnefparse expects in its examples: rows of (file, key, names, …)."""
    found: list[Parcel] = []
    for test in unpacked.glob("tnefparse*/*/tests/test_decoding.py"):
        for node in ast.walk(ast.parse(test.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and any(getattr(name, "id", "") == "SPECS" for name in node.targets):
                rows = ast.literal_eval(node.value)
                found += [Parcel(file=test.parent / "examples" / row[0], names=tuple(row[2])) for row in rows]
    return found


# --- replies --------------------------------------------------------------------------------------


def replies(unpacked: Path) -> list[Reply]:
    """All reply fixtures with the new text that their owners expect."""
    found: list[Reply] = []
    for folder in sorted(unpacked.iterdir()):
        if folder.name.startswith("talon-1"):
            found += _told_by_talon(folder)
        elif folder.name.startswith("quotequail"):
            found += _told_by_quotequail(folder)
    return found


@dataclass(frozen=True, slots=True)
class _Extracted:
    """The result of a call that a test makes, known by its argument alone."""

    body: str
    html: bool


def _told_by_talon(folder: Path) -> Iterator[Reply]:
    """`eq_(expected, extract_from_plain(body))` in its tests; files of replies with one answer for all."""
    for test in sorted(folder.rglob("tests/*quotations_test.py")):
        for function in ast.parse(test.read_text(encoding="utf-8")).body:
            if isinstance(function, ast.FunctionDef) and not function.decorator_list:
                yield from _asserted(f"talon/{function.name}", function)
    for page in sorted(folder.rglob("html_replies/*.html")):
        body = page.read_text(encoding="utf-8", errors="replace")
        new = "<p>Hi. I am fine.</p><p>Thanks,</p><p>Alex</p>"
        yield Reply(name=f"talon/{page.name}", body=body, new=new, html=True)


def _asserted(name: str, function: ast.FunctionDef) -> Iterator[Reply]:
    values: dict[str, str | _Extracted | None] = {}
    for number, statement in enumerate(function.body):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            values[statement.targets[0].id] = _value(statement.value, values)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            if getattr(call.func, "id", "") != "eq_" or len(call.args) < 2:
                continue
            one, other = _value(call.args[0], values), _value(call.args[1], values)
            if isinstance(one, _Extracted):
                one, other = other, one
            if isinstance(one, str) and isinstance(other, _Extracted):
                yield Reply(name=f"{name}/{number}", body=other.body, new=one, html=other.html)


def _value(node: ast.expr, values: dict[str, str | _Extracted | None]) -> str | _Extracted | None:
    """A text, the call under test, or None for what is not understood. White space counts for nothing."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name):
        return values.get(node.id)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        if node.func.attr in ("extract_from_plain", "extract_from_html"):
            body = _value(node.args[0], values)
            return _Extracted(body, node.func.attr.endswith("html")) if isinstance(body, str) else None
        if node.func.attr == "sub":
            return _value(node.args[-1], values)
    return None


def _told_by_quotequail(folder: Path) -> Iterator[Reply]:
    """Rows of (body, pieces, pieces with the attribution on the quoted side); a piece is (is new, text)."""
    for test, html in (("test_quote.py", False), ("test_quote_html.py", True)):
        for path in folder.rglob(f"tests/{test}"):
            for function in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(function, ast.FunctionDef):
                    for number, (body, pieces) in enumerate(_rows(function)):
                        new = "\n".join(text for is_new, text in pieces if is_new)
                        yield Reply(name=f"quotequail/{function.name}/{number}", body=body, new=new, html=html)


def _rows(function: ast.FunctionDef) -> Iterator[tuple[str, list[tuple[bool, str]]]]:
    for decorator in function.decorator_list:
        if not isinstance(decorator, ast.Call):
            continue
        for argument in decorator.args:
            try:
                rows = ast.literal_eval(argument)
            except ValueError:
                continue
            yield from ((row[0], row[2]) for row in rows if isinstance(row, tuple) and len(row) == 3)

"""The rules on who may import whom, by walking the syntax trees of the package.

Arrows point inward: cli -> daemon -> {adapters, workflows} -> ports -> core. The core is pure, each
third-party library has one home, adapters know nothing of each other. Whoever breaks a rule reads here
what to do instead; whoever adds a module or a library names its place in one of the tables.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "helpdesk"

MAX_LINES = 400  # beyond it a module has more than one reason to change

# What each part of the package may import of the others. The key is the first folder or module below helpdesk/.
CONTRACTS = {"core", "errors", "ports", "raw", "names", "maillog"}
WORKFLOWS = {
    "compose", "papers", "postbox", "intake", "draining", "dispatch", "upkeep", "administration", "boarding",
    "rehearsal", "verify", "preview",
}  # fmt: skip
LAYERS: dict[str, set[str]] = {
    "core": set(),
    "errors": set(),
    "raw": {"errors"},
    "names": set(),
    "ports": {"core", "errors", "raw"},
    "maillog": {"core", "errors", "ports"},
    "packs": {"core", "errors"},
    "config": {"core", "errors", "packs"},
    # A letter is composed and queued while a mail is taken in, or when a follow-up is due.
    "compose": CONTRACTS,
    "papers": CONTRACTS | {"compose"},
    "postbox": CONTRACTS | {"compose", "papers"},
    "intake": CONTRACTS | {"compose", "postbox"},
    "draining": CONTRACTS | {"intake"},
    "upkeep": CONTRACTS | {"compose", "postbox"},
    "administration": CONTRACTS | {"compose", "postbox"},
    "boarding": CONTRACTS | {"compose", "postbox"},
    "dispatch": CONTRACTS,
    "rehearsal": CONTRACTS,
    "verify": CONTRACTS,
    "preview": CONTRACTS | {"compose"},
    "adapters": CONTRACTS,
    # The shells wire everything together.
    "daemon": CONTRACTS | WORKFLOWS | {"packs", "config", "adapters"},
    "demo": CONTRACTS | WORKFLOWS | {"packs", "config", "adapters", "daemon"},
    "cli": CONTRACTS | WORKFLOWS | {"packs", "config", "adapters", "daemon", "demo"},
    "__main__": {"cli"},
    "__init__": set(),
}

# Each third-party library and its one home. Two homes need a reason.
LIBRARIES: dict[str, set[str]] = {
    "aiosmtpd": {"adapters.lmtp", "demo"},  # the demo's outside world is a server of its own, not our mailbox
    "aiosmtplib": {"adapters.smtp"},
    "alembic": {"adapters.store"},
    "apscheduler": {"adapters.scheduler"},
    "chardet": {"adapters.mime"},
    "flufl": {"adapters.mime"},
    "holidays": {"adapters.holidays"},
    "imapclient": {"adapters.imap"},
    "jinja2": {"adapters.templates"},
    "mailparser": {"adapters.mime"},
    "psycopg": {"adapters.store"},
    "pydantic": {"config"},
    "pymupdf_fonts": {"adapters.papers"},
    "reportlab": {"adapters.papers"},
    "pymap": {"demo"},
    "rich": {"cli", "demo"},  # both print for people
    "sklearn": {"adapters.learning"},
    "selectolax": {"adapters.mime"},
    "sqlalchemy": {"adapters.store"},
    "sqlmodel": {"adapters.store"},
    "typer": {"cli"},
}

# Distributions whose import name differs, and data that nobody imports.
IMPORT_NAMES = {
    "flufl.bounce": "flufl", "mail-parser": "mailparser", "pymupdf-fonts": "pymupdf_fonts", "scikit-learn": "sklearn",
}  # fmt: skip
# What a library brings under a second name.
PARTS = {"psycopg_pool": "psycopg", "pydantic_core": "pydantic", "scipy": "sklearn"}
DATA_ONLY = {"tzdata"}  # zoneinfo finds it by itself

# The standard library as far as it neither looks at the world nor changes it.
PURE_STDLIB = {
    "__future__", "array", "base64", "binascii", "bisect", "collections", "dataclasses", "datetime", "difflib", "enum",
    "fnmatch", "functools", "hashlib", "heapq", "hmac", "html", "ipaddress", "itertools", "math", "operator", "re",
    "statistics", "string", "textwrap", "types", "typing", "unicodedata", "urllib.parse", "zoneinfo",
}  # fmt: skip

# Who may ask what time it is, or throw dice. Everybody else takes `now` or random bytes as an argument.
READS_THE_CLOCK = {"cli", "daemon", "demo"}
THROWS_DICE = {"cli", "daemon", "demo", "adapters.store"}  # the store makes the desk's secret key once
PRINTS = {"cli", "demo"}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def dotted(path: Path) -> str:
    """`adapters.imap` for helpdesk/adapters/imap.py; a package goes by its own name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def home(module: str) -> str:
    """The unit that owns libraries: one adapter (module or package), or a part of the package."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "adapters" else parts[0]


def layer(module: str) -> str:
    return module.split(".")[0]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every imported module with its line, `from package import module` resolved to the module."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield node.lineno, name if is_module(name) else node.module


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return name.startswith("helpdesk.") and (path.with_suffix(".py").is_file() or path.is_dir())


def ours(path: Path) -> Iterator[tuple[int, str]]:
    """Imports from our own package, below `helpdesk.`."""
    for line, name in imports(path):
        if name.startswith("helpdesk."):
            yield line, name.removeprefix("helpdesk.")


def libraries(path: Path) -> Iterator[tuple[int, str]]:
    """Imports that are neither ours nor of the standard library, by top-level name."""
    for line, name in imports(path):
        top = name.split(".")[0]
        if top != "helpdesk" and top not in sys.stdlib_module_names:
            yield line, PARTS.get(top, top)


def complain(path: Path, problems: list[str]) -> None:
    assert not problems, "\n".join(["", *(f"{path.relative_to(ROOT)}{problem}" for problem in problems)])


every_module = pytest.mark.parametrize("path", modules(), ids=lambda path: dotted(path))
every_core_module = pytest.mark.parametrize(
    "path", [path for path in modules() if layer(dotted(path)) == "core"], ids=lambda path: dotted(path)
)


@every_module
def test_arrows_point_inward(path: Path) -> None:
    here = layer(dotted(path))
    assert here in LAYERS, (
        f"helpdesk/{here} is new: say in LAYERS what it may import, and in helpdesk/README.md what it is"
    )
    complain(
        path,
        [
            f":{line}: {here} must not import helpdesk.{name}; take what you need as an argument or through a port"
            for line, name in ours(path)
            if layer(name) not in LAYERS[here] | {here}
        ],
    )


@every_module
def test_adapters_do_not_know_each_other(path: Path) -> None:
    here = home(dotted(path))
    complain(
        path,
        [
            f":{line}: one adapter imports another ({name}); let the daemon hand over what it needs"
            for line, name in ours(path)
            if layer(here) == "adapters" and layer(name) == "adapters" and home(name) != here and name != "adapters"
        ],
    )


@every_module
def test_each_library_lives_in_one_place(path: Path) -> None:
    here = home(dotted(path))
    complain(
        path,
        [
            f":{line}: {library} belongs to {' and '.join(sorted(LIBRARIES[library]))}; call that module's functions"
            if library in LIBRARIES
            else f":{line}: {library} is new: add it to LIBRARIES with its one home, and to pyproject.toml"
            for line, library in libraries(path)
            if here not in LIBRARIES.get(library, set())
        ],
    )


def test_what_reads_mail_loads_nothing_of_what_decides() -> None:
    """There are several readers, and each would take as much memory again for it."""
    show = "import sys, helpdesk.adapters.mime.workers, helpdesk.adapters.mime.reading; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", show], check=True, capture_output=True, text=True).stdout.split()
    assert "helpdesk.core.message" in loaded
    assert not {"helpdesk.ports", "helpdesk.core.decision", "helpdesk.core.policy"} & set(loaded)


def test_every_dependency_is_used_and_every_library_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    required = [*project["dependencies"], *(one for name in ("documents", "learn", "postgres") for one in extras[name])]
    names = {requirement.split(">")[0].split("[")[0].strip() for requirement in required}
    assert {IMPORT_NAMES.get(name, name) for name in names - DATA_ONLY} == set(LIBRARIES)


@pytest.mark.parametrize("library", sorted(LIBRARIES))
def test_the_home_of_a_library_uses_it(library: str) -> None:
    files = {unit: [path for path in modules() if home(dotted(path)) == unit] for unit in LIBRARIES[library]}
    for unit, paths in files.items():
        if paths:
            used = {name for path in paths for _, name in libraries(path)} | names_handed_on(paths)
            assert library in used, (
                f"helpdesk.{unit} no longer uses {library}: drop it from LIBRARIES or pyproject.toml"
            )


def names_handed_on(paths: list[Path]) -> set[str]:
    """Drivers that are named in a URL instead of imported (`postgresql+psycopg`)."""
    return {"psycopg"} if any("psycopg" in path.read_text(encoding="utf-8") for path in paths) else set()


@every_core_module
def test_core_touches_nothing_but_values(path: Path) -> None:
    complain(
        path,
        [
            f":{line}: {name} is not known to be pure; move what needs it to an adapter, or add it to PURE_STDLIB"
            for line, name in imports(path)
            if not name.startswith("helpdesk.core") and not {name, name.split(".")[0]} & PURE_STDLIB
        ]
        + [
            f":{node.lineno}: {node.func.id}() reaches outside; the core takes values and gives values"
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"open", "input", "print", "eval", "exec", "__import__"}
        ],
    )


@every_module
def test_only_the_shells_look_at_the_clock(path: Path) -> None:
    if home(dotted(path)) in READS_THE_CLOCK:
        return
    complain(
        path,
        [
            f":{node.lineno}: {node.value.id}.{node.attr} reads the clock; take `now: datetime` as an argument"
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and (node.value.id, node.attr)
            in {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
        ],
    )


@every_module
def test_only_the_shells_throw_dice(path: Path) -> None:
    if home(dotted(path)) in THROWS_DICE:
        return
    complain(
        path,
        [
            f":{line}: {name} is randomness; take the random value as an argument, so that a test can choose it"
            for line, name in imports(path)
            if name.split(".")[0] in {"random", "secrets", "uuid"}
        ],
    )


@every_module
def test_only_the_command_line_prints(path: Path) -> None:
    if home(dotted(path)) in PRINTS:
        return
    complain(
        path,
        [
            f":{node.lineno}: print(); return the text, or log an event through helpdesk.maillog"
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        ],
    )


@every_module
def test_a_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree_of(path)), f"{path.relative_to(ROOT)}: say first what it decides or does, in -> out"


@every_module
def test_a_module_fits_a_head(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES, (
        f"{path.relative_to(ROOT)} has {lines} lines: which second reason to change has it acquired?"
    )

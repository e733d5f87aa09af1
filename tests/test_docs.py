"""What the documents say is true: links, commands, configuration, standards, the map of the code."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "helpdesk" / "README.md"])
MAP = ROOT / "helpdesk" / "README.md"

# Words that are no commands but may follow the program's name in an example.
OPTIONS_WITH_VALUE = {"--config"}


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """(where, text) of every fenced block in `language`, of all documents."""
    for document in DOCUMENTS:
        text = text_of(document)
        for found in re.finditer(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            yield f"{named(document)}:{text.count(chr(10), 0, found.start()) + 1}", found[1]


def example_lines(program: str) -> set[str]:
    """What follows `program` on the lines of all shell examples, comments and folders in front left out."""
    lines = (line.partition(" #")[0].strip() for _, text in blocks("sh") for line in text.splitlines())
    calls = (re.fullmatch(rf"(?:\S*/)?{program} (.+)", line) for line in lines)
    return {call[1] for call in calls if call}


def commands_shown() -> set[str]:
    """The commands of `helpdesk` that examples call, for instance `queue`."""
    shown: set[str] = set()
    for call in example_lines("helpdesk"):
        words = call.split()
        while words[0].startswith("-"):
            words = words[2 if words[0] in OPTIONS_WITH_VALUE else 1 :]
        shown.add(words[0])
    return shown


# --- links and examples ---------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", text_of(document))
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    broken = [target for target in local if not (document.parent / target.partition("#")[0]).exists()]
    assert broken == []


def test_commands_in_examples_exist() -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "helpdesk", "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, asked.stderr
    offered = set(re.findall(r"^\W*([a-z-]+)\s", asked.stdout, re.MULTILINE))
    assert {"run", "queue"} <= commands_shown()
    assert commands_shown() - offered == set()


def test_make_targets_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    everything = "\n".join(map(text_of, DOCUMENTS))
    shown = {*re.findall(r"`make ([a-z]+)`", everything), *re.findall(r"^make ([a-z]+)$", everything, re.MULTILINE)}
    assert "demo" in shown
    assert shown <= targets


@pytest.mark.parametrize("text", [pytest.param(text, id=where) for where, text in blocks("toml")])
def test_configuration_examples_load(text: str, tmp_path: Path) -> None:
    tables = tomllib.loads(text)
    if not {"helpdesk", "mailbox"} <= tables.keys():
        return
    from helpdesk.config import load

    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    passwords = dict.fromkeys(re.findall(r'password_env = "(\w+)"', text), "secret")
    for name in re.findall(r'^password_file = "([\w/]+)"', text, re.MULTILINE):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text("secret", encoding="utf-8")
    for name in re.findall(r'password_credential = "(\w+)"', text):
        (tmp_path / name).write_text("secret", encoding="utf-8")
    load(file, environ=os.environ | passwords | {"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_tests_that_documents_name_exist() -> None:
    shown = {name for document in DOCUMENTS for name in re.findall(r"`((?:\w+/)*test_\w+\.py)`", text_of(document))}
    assert "system/test_kill.py" in shown
    assert sorted(name for name in shown if not (ROOT / "tests" / name.removeprefix("tests/")).exists()) == []


# --- what is listed is there, and what is there is listed ------------------------------------------


def modules_on_the_map() -> set[str]:
    """Paths below helpdesk/ that the tables of the map name in their first column."""
    tree = text_of(MAP).partition("## The tree")[2].partition("\n## ")[0]
    listed = set()
    folder = ""
    for line in tree.splitlines():
        if line.startswith("### "):
            heading = re.match(r"### `(\w+/)`", line)
            folder = heading[1] if heading else ""
        elif line.startswith("| `"):
            listed |= {folder + name for name in re.findall(r"`([\w/]+(?:\.py|/))`", line.split("|")[1])}
    return listed


def modules_in_the_tree() -> set[str]:
    """Modules of the layers that the map describes one by one; packages below an adapter or a shell as a whole."""
    package = ROOT / "helpdesk"
    described = [*package.glob("*"), *package.glob("core/*"), *package.glob("adapters/*")]
    modules = {str(path.relative_to(package)) for path in described if path.suffix == ".py"}
    packages = {f"{path.relative_to(package)}/" for path in described if path.is_dir() and any(path.glob("[!_]*"))}
    return {name for name in modules | packages if "__" not in name} - {"core/", "adapters/"}


def test_the_map_shows_every_module() -> None:
    assert modules_in_the_tree() - modules_on_the_map() == set(), "give each a row in helpdesk/README.md"


def test_the_map_shows_nothing_else() -> None:
    assert modules_on_the_map() - modules_in_the_tree() == set(), "these rows of helpdesk/README.md have no module"


def test_the_index_of_decisions_is_complete() -> None:
    folder = ROOT / "docs" / "adr"
    index = text_of(folder / "README.md")
    assert [path.name for path in sorted(folder.glob("0*.md")) if f"({path.name})" not in index] == []


@cache
def standards_followed() -> frozenset[str]:
    rows = re.findall(r"^\| ([\d, ]+) \|", text_of(ROOT / "docs" / "rfcs.md"), re.MULTILINE)
    mentioned = re.findall(r"RFC (\d+)", text_of(ROOT / "docs" / "rfcs.md"))
    return frozenset(re.findall(r"\d+", " ".join(rows))) | frozenset(mentioned)


def test_every_standard_that_the_code_cites_is_listed() -> None:
    cited = {
        number for path in (ROOT / "helpdesk").rglob("*.py") for number in re.findall(r"RFC (\d{3,4})\b", text_of(path))
    }
    assert "5322" in cited
    assert cited - standards_followed() == set(), "say in docs/rfcs.md how far these are followed"


def test_the_changelog_begins_with_what_is_unreleased() -> None:
    headings = re.findall(r"^## (.+)$", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "Unreleased"


def test_the_changelog_knows_every_migration() -> None:
    versions = (ROOT / "helpdesk" / "adapters" / "store" / "migrations" / "versions").glob("v[0-9]*.py")
    changelog = text_of(ROOT / "CHANGELOG.md")
    unnamed = [path.name for path in versions if f"`{path.name[1:5]}`" not in changelog]
    assert unnamed == [], "whoever upgrades wants to know: name these under Database in CHANGELOG.md"


# --- what is installed ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_with_hashes_and_name_no_server(name: str) -> None:
    text = text_of(ROOT / name)
    pins = re.findall(r"^([\w.-]+)==\S+ \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[\w.-]+", text, re.MULTILINE)) > 0
    assert "://" not in text


@pytest.mark.parametrize(
    ("name", "extras"), [("requirements.txt", ["postgres"]), ("requirements-dev.txt", ["postgres", "test"])]
)
def test_requirements_hold_all_that_the_project_needs(name: str, extras: list[str]) -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    wanted = project["dependencies"] + [need for extra in extras for need in project["optional-dependencies"][extra]]
    names = {re.split(r"[\[><=]", need)[0].replace(".", "-").lower() for need in wanted}
    pinned = {pin.replace(".", "-").lower() for pin in re.findall(r"^([\w.-]+)==", text_of(ROOT / name), re.MULTILINE)}
    assert names - pinned == set(), "run `make requirements`"


def test_both_units_have_the_same_sandbox() -> None:
    def service(name: str) -> dict[str, str]:
        unit = configparser.RawConfigParser(strict=False, delimiters="=", comment_prefixes="#")
        unit.read_string(text_of(ROOT / "systemd" / name).replace("helpdesk/%i.toml", "helpdesk/config.toml"))
        return {key: value.replace("-%i", "") for key, value in unit["Service"].items()}

    assert service("helpdesk@.service") == service("helpdesk.service")


def test_units_that_systemd_knows_are_sound() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd here")
    units = sorted(str(path) for path in (ROOT / "systemd").iterdir())
    asked = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    # That the program is not installed where the units expect it is no fault of theirs.
    complaints = [line for line in asked.stderr.splitlines() if str(ROOT) in line or "helpdesk" in line]
    assert [line for line in complaints if "is not executable" not in line] == []

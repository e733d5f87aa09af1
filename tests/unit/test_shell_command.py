"""`helpdesk completion` and `helpdesk manual`: the Tab key, and the manual page."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from helpdesk.cli import FAMILIES, program

BIN = Path(sys.executable).parent  # where `helpdesk` is


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(program(arguments), list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("helpdesk que", {"queue"}),
        ("helpdesk queue --js", {"--json"}),
        ("helpdesk completion z", {"zsh"}),
    ],
)
def test_bash_completes_what_is_being_typed(line: str, expected: set[str]) -> None:
    words = " ".join(f"'{word}'" for word in line.split())
    asking = f"COMP_WORDS=({words}); COMP_CWORD={len(line.split()) - 1}; _helpdesk_completion helpdesk"
    script = f'{printed("completion", "bash")}\n{asking}; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["bash", "-c", script], env={"PATH": f"{BIN}:/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    assert {word.strip() for word in done.stdout.split()} == expected, done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script_too(shell: str) -> None:
    assert f"_HELPDESK_COMPLETE=complete_{shell}" in printed("completion", shell)


def test_the_manual_page_tells_of_every_command() -> None:
    page = printed("manual")
    for name in (name for names in FAMILIES.values() for name in names):
        assert f".SS helpdesk {name.replace('-', chr(92) + '-')}" in page, name
    assert page.startswith(".TH HELPDESK 1")


def test_man_has_nothing_to_complain_of() -> None:
    if shutil.which("groff") is None:
        pytest.skip("no groff here")
    page = printed("manual")
    done = subprocess.run(
        ["groff", "-man", "-Kutf8", "-Tutf8", "-ww", "-z"], input=page, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""

"""What is installed is complete: modules, templates, rule packs and migrations, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def files_below(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_all_that_the_program_reads(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    code = {f"helpdesk/{name}" for name in files_below(ROOT / "helpdesk")}
    templates = {f"helpdesk/templates/{name}" for name in files_below(ROOT / "templates")}
    assert packed == code | templates | {"helpdesk/config.example.toml"}


def test_the_wheel_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(installed), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    for folder in ("in/new", "in/cur", "in/tmp"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "config.toml").write_text(
        '[helpdesk]\nname = "Desk"\naddress = "desk@example.com"\n'
        '[[mailbox]]\nname = "in"\nkind = "maildir"\npath = "in"\n[smtp]\nkind = "maildir"\npath = "out"\n',
        encoding="utf-8",
    )

    def said(*command: str) -> str:
        """Of a Python that finds the installed program before the checkout."""
        environ = os.environ | {"PYTHONPATH": str(installed)}
        done = subprocess.run(
            [sys.executable, "-P", *command], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert said("-c", "import helpdesk; print(helpdesk.__file__)").startswith(str(installed))
    # Templates, packs and migrations are all needed for this; the example for the next.
    assert "every letter can be written" in said("-m", "helpdesk", "check")
    assert "[helpdesk]" in said("-c", "from helpdesk.config.first import example; print(example())")

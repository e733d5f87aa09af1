"""`helpdesk directory`: lists in and out, all or nothing; a known customer is not asked who he is."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from helpdesk.cli import program

DESK = """
[helpdesk]
name = "Support"
address = "support@example.com"
packs = ["asking.toml"]
[[mailbox]]
name = "support"
kind = "maildir"
path = "in"
[smtp]
kind = "maildir"
path = "out"
"""
ASKING = 'extends = "clarify"\nask_customer = true\n'
LETTER = (
    "From: {sender}\nTo: support@example.com\nSubject: Discounts\nMessage-ID: <{sender}>\n\nHow do I set them up?\n"
)


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    file = folder / "config.toml"
    file.write_text(DESK, "utf-8")
    (folder / "asking.toml").write_text(ASKING, "utf-8")
    result = CliRunner().invoke(program(arguments), ["--config", str(file), *arguments])
    return result.exit_code, result.output if result.exit_code == 0 else str(result.exception)


def test_a_directory_goes_in_and_comes_out(tmp_path: Path) -> None:
    sheet = tmp_path / "customers.csv"
    sheet.write_text("\ufeffaddress;name\nanna@shop.example;Anna\n@parts.example;=Parts\n", "utf-8")
    assert run(tmp_path, "directory", "import", "customers", str(sheet)) == (0, "customers: 2 entries.\n")
    assert run(tmp_path, "directory", "export", "customers") == (
        0,
        "address,name,product,organisation\nanna@shop.example,Anna,,\n'@parts.example,'=Parts,,\n",
    )
    assert '"name": "Anna"' in run(tmp_path, "directory", "find", "customers", "Anna@shop.example")[1]
    assert "customers: 2 entries (address*, name*, product, organisation)" in run(tmp_path, "directory", "list")[1]


def test_a_file_with_a_problem_changes_nothing(tmp_path: Path) -> None:
    sheet = tmp_path / "customers.csv"
    sheet.write_text("address,name\nanna@shop.example,Anna\n", "utf-8")
    run(tmp_path, "directory", "import", "customers", str(sheet))
    sheet.write_text("address,name\njan@shop.example,Jan\nnobody,\n", "utf-8")
    code, told = run(tmp_path, "directory", "import", "customers", str(sheet))
    assert code != 0
    assert 'customers.csv: line 3: address is "nobody"; want a mail address' in told
    assert "line 3: name is empty" in told
    assert "anna@shop.example" in run(tmp_path, "directory", "export", "customers")[1]


def test_a_registered_customer_is_not_asked_who_asks(tmp_path: Path) -> None:
    sheet = tmp_path / "customers.csv"
    sheet.write_text("address,name\n@shop.example,The shop\n", "utf-8")
    run(tmp_path, "directory", "import", "customers", str(sheet))
    for sender, missing in (("anna@shop.example", "[]"), ("jan@other.example", '["customer"]')):
        mail = tmp_path / f"{sender}.eml"
        mail.write_text(LETTER.format(sender=sender), "utf-8")
        told = run(tmp_path, "explain", "--json", str(mail))[1]
        assert f'"missing": {missing}' in told, told

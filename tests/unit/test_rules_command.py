"""`helpdesk rules`: packs on labelled letters, and changed packs on past mail."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

import pytest

from helpdesk import cli

CONFIG = """
[helpdesk]
name = "Support"
address = "support@help.test"
packs = ["ours.toml"]
database = "sqlite:///desk.db"

[[mailbox]]
name = "support"
kind = "maildir"
path = "in"

[smtp]
kind = "maildir"
path = "out"
"""
RETURNS = """
[[rule]]
name = "returns"
any = ["{word}"]
situation = "returns"
"""


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of the program with these arguments."""
    monkeypatch.setattr(sys, "argv", ["helpdesk", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def pack(folder: Path, name: str, *, word: str, letters: Sequence[str] = ()) -> Path:
    (folder / f"{name}.toml").write_text("bar = { recall = 80 }\n" + RETURNS.replace("{word}", word), "utf-8")
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "ru.toml").write_text(f"returns = {json.dumps(list(letters))}\n", "utf-8")
    return folder / f"{name}.toml"


def test_letters_below_the_bar_are_an_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = pack(tmp_path, "good", word="возврат*", letters=["возврат", "Возврата нет // где"])
    bad = pack(tmp_path, "bad", word="обмен", letters=["возврат", "обмен"])
    assert run(monkeypatch, "rules", "test", str(good)) == 0
    assert run(monkeypatch, "rules", "test", str(bad), "--json") == 65
    (report,) = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [(one["text"], one["seen"]) for one in report["wrong"]] == [("возврат", None)]


def test_recall_and_precision_are_a_table_of_situations_by_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = pack(tmp_path, "ours", word="возврат*", letters=["возврат", "возврата", "обмен", "вернуть"])
    (tmp_path / "ours" / "uk.toml").write_text('returns = ["возврат"]\nnone = ["возврата", "привіт"]\n', "utf-8")
    assert run(monkeypatch, "rules", "test", str(ours)) == 65
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line.strip("─ \n")]
    assert lines == [
        "ours: recall / precision in percent, promised 80 / 0 in every language",
        "situation letters ru uk all",
        "returns 5 50.0 / 100.0 100.0 / 50.0 60.0 / 75.0",
        "none of them 2 0 of 0 1 of 2 1 of 2",
        "all situations 5 50.0 / 100.0 100.0 / 50.0 60.0 / 75.0",
        "ru: returns taken for none (2)",
        "uk: none taken for returns (1)",
    ]


def test_signature_and_history_of_a_letter_count_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = pack(tmp_path, "good", word="возврат*")
    (tmp_path / "good" / "ru.toml").write_text(
        'returns = ["возврат"]\n[[letter]]\nsituation = ""\ntext = "Спасибо\\n\\n> возврат\\n-- \\nОтдел возврата"\n',
        "utf-8",
    )
    assert run(monkeypatch, "rules", "test", str(good)) == 0


def test_replay_tells_what_a_changed_pack_would_have_done_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pack(tmp_path, "ours", word="обмен")
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    (tmp_path / "in" / "new").mkdir(parents=True)
    desk = ("--config", str(tmp_path / "config.toml"))
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "anna@shop.test", "support@help.test", "Вопрос"
    letter["Message-ID"] = "<1@shop.test>"
    letter.set_content("Нужен возврат детали")
    (tmp_path / "one.eml").write_bytes(letter.as_bytes())
    assert run(monkeypatch, *desk, "ingest", str(tmp_path / "one.eml")) == 0
    (tmp_path / "new").mkdir()
    changed = pack(tmp_path / "new", "ours", word="возврат*")
    capsys.readouterr()
    for _ in range(2):
        assert run(monkeypatch, *desk, "rules", "replay", "--rules", str(changed), "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert told == {
            "ticket": 100001,
            "subject": "Вопрос",
            "changes": [{"what": "situation", "before": "none", "after": "returns"}],
            "reasons": ["returns: text: возврат"],
        }
    assert run(monkeypatch, *desk, "rules", "replay") == 0
    assert "1 mails looked at, 0 would have fared otherwise" in capsys.readouterr().out


def test_a_rule_that_names_somebody_unknown_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = pack(tmp_path, "ours", word="обмен")
    path.write_text(path.read_text("utf-8") + 'assignee = "Nobody"\n', "utf-8")
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    assert run(monkeypatch, "--config", str(tmp_path / "config.toml"), "queue") == 78
    assert 'ours.toml: rule "returns": assignee: is "Nobody"' in capsys.readouterr().err


def test_a_rule_that_names_an_acknowledgement_nobody_wrote_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = pack(tmp_path, "ours", word="обмен")
    path.write_text(path.read_text("utf-8") + 'template = "retruns"\n', "utf-8")
    (tmp_path / "words" / "pl").mkdir(parents=True)
    (tmp_path / "words" / "pl" / "opened-returns.txt").write_text("{{ number }}", "utf-8")
    (tmp_path / "config.toml").write_text(CONFIG.replace("packs =", 'templates = "words"\npacks ='), "utf-8")
    assert run(monkeypatch, "--config", str(tmp_path / "config.toml"), "queue") == 78
    assert 'rule "returns": template: is "retruns"; want one of returns' in capsys.readouterr().err

"""`helpdesk packs`: what ships, what is in it, does it hold, the beginning of a new one."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from helpdesk.cli import program
from helpdesk.packs import load_pack, shipped_packs


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(program(arguments), list(arguments))
    return result.exit_code, result.output if result.exit_code == 0 else str(result.exception)


def test_every_shipped_pack_is_listed_with_what_it_is_for() -> None:
    code, told = run("packs", "list")
    assert code == 0
    assert [line.partition(": ")[0] for line in told.splitlines()] == list(shipped_packs())
    assert all(line.partition(": ")[2] for line in told.splitlines())


def test_a_pack_is_shown_in_a_language() -> None:
    _, told = run("packs", "show", "warranty-acts", "--language", "ru")
    assert "form Гарантийный акт (act)" in told
    assert "    Серийный номер (если номера нет – Б/Н):" in told
    assert "state ОТКАЗ В ГО (refused, closed)" in told
    assert "follow-up after shipped" in told


def test_the_forms_of_a_pack_read_back() -> None:
    assert run("packs", "test", "warranty-acts") == (0, "warranty-acts: the form act reads back\n")


def test_a_new_pack_is_sound_and_keeps_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    code, told = run("packs", "new", str(file))
    assert (code, "helpdesk check" in told) == (0, True)
    pack = load_pack("ours.toml", tmp_path)
    assert [checklist.key for checklist in pack.checklists] == ["return", "returns"]
    assert [stage.key for stage in pack.stages] == ["on-the-way"]
    assert "is there already" in run("packs", "new", str(file))[1]
    assert 'ends with ".toml"' in run("packs", "new", str(tmp_path / "ours"))[1]


def test_a_web_shop_has_outages_first_and_asks_who_asks() -> None:
    shop, outages, clarify = (load_pack(name, None) for name in ("support-webshop", "outages", "clarify"))
    assert {rule.name for rule in shop.rules} == {rule.name for rule in outages.rules}
    assert [checklist.key for checklist in shop.checklists] == [checklist.key for checklist in clarify.checklists] + [
        checklist.key for checklist in shop.checklists if checklist.key not in {each.key for each in clarify.checklists}
    ]
    assert all(checklist.items[0].key == "customer" for checklist in shop.checklists)

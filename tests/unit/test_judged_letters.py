"""The letters that judge the recognition of outages are in order: enough of each kind, labelled, invented."""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from tests.outages.letters import FOLDERS, LANGUAGES, SITUATIONS, JudgedLetter, judged_letters

# In the set that judges, for each language: reports of each situation, and letters that report none.
REPORTS_OF_A_SITUATION, OTHER_LETTERS = 6, 52

# RFC 5737: addresses for documentation, which belong to nobody.
DOCUMENTATION = [ip_network(network) for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]

_IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_HOST = re.compile(r"(?:@|://|\bwww\.)[\w.-]*\w|\b[\w-]+\.(?:com|net|org|ru|su|ua|pl|uk|eu|io|рф|укр)\b", re.IGNORECASE)
# With a plus or an area code; nine digits and more are also how makers number their parts.
_PHONE = re.compile(r"\+\d(?:[ ()-]*\d){8,}|\(\d{3,}\)(?:[ -]*\d){6,}")

every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def words(letter: JudgedLetter) -> str:
    return f"{letter.subject}\n{letter.text}"


@every_folder
def test_every_file_of_letters_is_of_a_known_language(folder: Path) -> None:
    assert {path.stem for path in folder.iterdir()} == set(LANGUAGES)


@every_language
def test_there_are_enough_letters_of_every_kind_to_judge_by(language: str) -> None:
    kinds = Counter(letter.situation for letter in judged_letters(FOLDERS[0], language))
    other = kinds.pop("")

    assert set(kinds) == set(SITUATIONS)
    assert min(kinds.values()) >= REPORTS_OF_A_SITUATION
    assert other >= OTHER_LETTERS


@every_folder
@every_language
def test_a_letter_says_something_and_one_that_is_no_outage_says_why(folder: Path, language: str) -> None:
    for letter in judged_letters(folder, language):
        assert words(letter).strip(), letter
        assert bool(letter.why) == (not letter.situation), letter


def test_no_letter_stands_twice() -> None:
    letters = (one for folder in FOLDERS for language in LANGUAGES for one in judged_letters(folder, language))
    seen = Counter(" ".join(words(one).casefold().split()) for one in letters)
    assert [text for text, times in seen.items() if times > 1] == []


@every_folder
@every_language
def test_letters_name_no_address_or_phone_of_anybody(folder: Path, language: str) -> None:
    for letter in judged_letters(folder, language):
        hosts = _HOST.findall(words(letter))
        assert [host for host in hosts if not host.rstrip(".").endswith(".example")] == [], letter
        addresses = [ip_address(found) for found in _IP.findall(words(letter))]
        assert all(any(address in network for network in DOCUMENTATION) for address in addresses), letter
        assert not _PHONE.search(_IP.sub("", words(letter))), letter
